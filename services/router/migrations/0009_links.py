"""Links that were revoked."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, INSTANT

revision = "router_0009"
down_revision = "router_0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "link_revocation",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("notification_id", sa.Uuid()),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("actor_kind", sa.String(16), nullable=False),
        sa.Column("actor", sa.String(64), nullable=False),
        sa.Column("revoked_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_link_revocation"),
    )
    op.create_index("ix_link_revocation_assignment_id", "link_revocation", ["assignment_id"])


def downgrade() -> None:
    op.drop_table("link_revocation")
