"""How the work on each need of an assignment ended."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import DOCUMENT

revision = "intake_0002"
down_revision = "intake_0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("assignment", sa.Column("endings", DOCUMENT, server_default="[]", nullable=False))


def downgrade() -> None:
    op.drop_column("assignment", "endings")
