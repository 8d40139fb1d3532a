"""When somebody looks again at needs that nobody was given: held for want of consent, or in hand elsewhere."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import INSTANT

revision = "router_0011"
down_revision = "router_0010"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referral", sa.Column("review_at", INSTANT))
    op.create_index(
        "ix_referral_review_at",
        "referral",
        ["review_at"],
        postgresql_where=sa.text("review_at IS NOT NULL"),
        sqlite_where=sa.text("review_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_index("ix_referral_review_at", "referral")
    op.drop_column("referral", "review_at")
