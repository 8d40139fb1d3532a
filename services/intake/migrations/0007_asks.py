"""What the caller could still be asked."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import DOCUMENT

revision = "intake_0007"
down_revision = "intake_0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referral", sa.Column("asks", DOCUMENT))


def downgrade() -> None:
    op.drop_column("referral", "asks")
