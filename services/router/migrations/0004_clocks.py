"""Clocks of assignments."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import INSTANT

revision = "router_0004"
down_revision = "router_0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "clock",
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.PrimaryKeyConstraint("assignment_id", "kind", name="pk_clock"),
    )
    op.create_index("ix_clock_state_due_at", "clock", ["state", "due_at"])


def downgrade() -> None:
    op.drop_table("clock")
