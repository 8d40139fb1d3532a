"""Answers of partners: who moved an assignment, how its needs ended, and answers to requests sent twice."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import DOCUMENT, INSTANT

revision = "router_0002"
down_revision = "router_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment", sa.Column("outcomes", DOCUMENT, server_default="{}", nullable=False))
    op.add_column("assignment", sa.Column("reason", sa.String(400)))
    op.add_column("assignment_move", sa.Column("actor_kind", sa.String(16), server_default="router", nullable=False))
    op.execute("UPDATE assignment_move SET actor_kind = actor")
    op.create_table(
        "idempotency",
        sa.Column("scope", sa.String(96), nullable=False),
        sa.Column("fingerprint", sa.String(64), nullable=False),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("expires_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("scope", name="pk_idempotency"),
    )
    op.create_index("ix_idempotency_expires_at", "idempotency", ["expires_at"])


def downgrade() -> None:
    op.drop_table("idempotency")
    op.drop_column("assignment_move", "actor_kind")
    op.drop_column("assignment", "reason")
    op.drop_column("assignment", "outcomes")
