"""What tells apart the messages that a contact gets about one assignment for one purpose, one after the other."""

import sqlalchemy as sa
from alembic import op

revision = "notifier_0005"
down_revision = "notifier_0004"
branch_labels = None
depends_on = None

UNIQUE = "uq_notification_assignment_id"
ONCE = ["assignment_id", "purpose", "channel", "contact"]


def upgrade() -> None:
    with op.batch_alter_table("notification") as table:
        table.add_column(sa.Column("occasion", sa.String(40), server_default="", nullable=False))
        table.drop_constraint(UNIQUE, type_="unique")
        table.create_unique_constraint(UNIQUE, [*ONCE, "occasion"])


def downgrade() -> None:
    with op.batch_alter_table("notification") as table:
        table.drop_constraint(UNIQUE, type_="unique")
        table.drop_column("occasion")
        table.create_unique_constraint(UNIQUE, ONCE)
