"""Assignments that were passed on by another."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0005"
down_revision = "intake_0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment", sa.Column("parent_id", sa.Uuid()))


def downgrade() -> None:
    op.drop_column("assignment", "parent_id")
