"""Which needs of an assignment ended with it, so that those in nobody's hands can be found."""

import sqlalchemy as sa
from alembic import op

revision = "router_0006"
down_revision = "router_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment_need", sa.Column("done", sa.Boolean(), server_default=sa.false(), nullable=False))
    op.execute(
        "UPDATE assignment_need SET done = TRUE WHERE assignment_id IN (SELECT id FROM assignment WHERE state = 'done')"
    )


def downgrade() -> None:
    op.drop_column("assignment_need", "done")
