"""Services that pause, and the order of a referral's decisions."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, INSTANT

revision = "router_0003"
down_revision = "router_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("sequence", sa.Integer(), server_default="0", nullable=False))
    op.create_table(
        "service_pause",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(64), nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("paused_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT),
        sa.Column("resumed_at", INSTANT),
        sa.Column("resumed_by_kind", sa.String(16)),
        sa.Column("resumed_by", sa.String(64)),
        sa.PrimaryKeyConstraint("seq", name="pk_service_pause"),
    )
    op.create_index(
        "ix_service_pause_running",
        "service_pause",
        ["service_id"],
        postgresql_where=sa.text("resumed_at IS NULL"),
        sqlite_where=sa.text("resumed_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("service_pause")
    op.drop_column("decision", "sequence")
