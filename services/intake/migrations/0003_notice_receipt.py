"""What is known of the arrival of each message."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0003"
down_revision = "intake_0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("notice", sa.Column("receipt", sa.String(16)))


def downgrade() -> None:
    op.drop_column("notice", "receipt")
