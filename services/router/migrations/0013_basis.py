"""What each decision was made from besides its facts and its rules, so that it can be derived again."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import DOCUMENT

revision = "router_0013"
down_revision = "router_0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("decision", sa.Column("basis", DOCUMENT))


def downgrade() -> None:
    op.drop_column("decision", "basis")
