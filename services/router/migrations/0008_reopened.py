"""From where on refusals count, when a referral was opened again for everybody to be asked."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG

revision = "router_0008"
down_revision = "router_0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referral", sa.Column("refusals_after", BIG, server_default="0", nullable=False))


def downgrade() -> None:
    op.drop_column("referral", "refusals_after")
