"""What services say of their capacity, and reminders to say it again."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, INSTANT

revision = "router_0010"
down_revision = "router_0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "confirmation",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("availability", sa.String(16), nullable=False),
        sa.Column("places", sa.Integer()),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("confirmed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_confirmation"),
    )
    op.create_index("ix_confirmation_service_id", "confirmation", ["service_id", "seq"])
    op.create_table(
        "capacity_reminder",
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.Column("reminded_at", INSTANT, nullable=False),
        sa.Column("decays_at", INSTANT, nullable=False),
        sa.Column("closed_at", INSTANT),
        sa.PrimaryKeyConstraint("service_id", "step", "since", name="pk_capacity_reminder"),
    )


def downgrade() -> None:
    op.drop_table("capacity_reminder")
    op.drop_table("confirmation")
