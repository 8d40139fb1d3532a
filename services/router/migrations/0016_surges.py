"""Surges: extra rules that a named authority switches on for a time."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, INSTANT

revision = "router_0016"
down_revision = "router_0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "surge",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("name", sa.String(32), nullable=False),
        sa.Column("authority", sa.String(120), nullable=False),
        sa.Column("switched_by", sa.String(64), nullable=False),
        sa.Column("reason", sa.String(400), nullable=False),
        sa.Column("began_at", INSTANT, nullable=False),
        sa.Column("until", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("ended_by", sa.String(64)),
        sa.Column("ended_reason", sa.String(400)),
        sa.PrimaryKeyConstraint("seq", name="pk_surge"),
        sa.CheckConstraint("until > began_at", name="ck_surge_ends"),
    )
    op.create_index(
        "ix_surge_running",
        "surge",
        ["name"],
        unique=True,
        postgresql_where=sa.text("ended_at IS NULL"),
        sqlite_where=sa.text("ended_at IS NULL"),
    )


def downgrade() -> None:
    op.drop_table("surge")
