"""Documents are in force from a time until the next ones'."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import INSTANT

revision = "notifier_0006"
down_revision = "notifier_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("configuration", sa.Column("effective_from", INSTANT))
    op.execute("UPDATE configuration SET effective_from = loaded_at")
    with op.batch_alter_table("configuration") as table:
        table.alter_column("effective_from", nullable=False)
    op.create_index("ix_configuration_effective_from", "configuration", ["effective_from", "seq"])


def downgrade() -> None:
    op.drop_index("ix_configuration_effective_from", "configuration")
    op.drop_column("configuration", "effective_from")
