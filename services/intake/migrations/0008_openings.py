"""How often a referral was opened again, so that people are told of each opening's own steps."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0008"
down_revision = "intake_0007"
branch_labels = None
depends_on = None

UNIQUE = "uq_update_due_referral_id"
ONCE = ["referral_id", "audience", "step"]


def upgrade() -> None:
    op.add_column("referral", sa.Column("openings", sa.Integer(), server_default="0", nullable=False))
    with op.batch_alter_table("update_due") as table:
        table.add_column(sa.Column("opening", sa.Integer(), server_default="0", nullable=False))
        table.drop_constraint(UNIQUE, type_="unique")
        table.create_unique_constraint(UNIQUE, [*ONCE, "opening"])


def downgrade() -> None:
    op.execute("DELETE FROM update_due WHERE opening > 0")
    with op.batch_alter_table("update_due") as table:
        table.drop_constraint(UNIQUE, type_="unique")
        table.drop_column("opening")
        table.create_unique_constraint(UNIQUE, ONCE)
    op.drop_column("referral", "openings")
