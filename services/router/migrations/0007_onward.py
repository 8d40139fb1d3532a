"""Assignments that were passed on by another, and what was done where the states alone do not say it."""

import sqlalchemy as sa
from alembic import op

revision = "router_0007"
down_revision = "router_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment", sa.Column("parent_id", sa.Uuid()))
    op.create_index(
        "ix_assignment_parent_id",
        "assignment",
        ["parent_id"],
        postgresql_where=sa.text("parent_id IS NOT NULL"),
        sqlite_where=sa.text("parent_id IS NOT NULL"),
    )
    op.add_column("assignment_move", sa.Column("move", sa.String(16)))


def downgrade() -> None:
    op.drop_column("assignment_move", "move")
    op.drop_index("ix_assignment_parent_id", "assignment")
    op.drop_column("assignment", "parent_id")
