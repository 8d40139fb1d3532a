"""What the directory says of each service, so that loading it again tells what has changed from what has not."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import INSTANT

revision = "router_0014"
down_revision = "router_0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "listing",
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("places", sa.Integer()),
        sa.Column("contact", sa.String(64), nullable=False),
        sa.Column("since", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("service_id", name="pk_listing"),
    )


def downgrade() -> None:
    op.drop_table("listing")
