"""Which news of a referral is still to come, so that silence after its offers is noticed too."""

import sqlalchemy as sa
from alembic import op

revision = "intake_0004"
down_revision = "intake_0003"
branch_labels = None
depends_on = None

IN_HAND = """
UPDATE referral SET awaited = 'may'
WHERE awaited = 'none'
  AND id IN (SELECT referral_id FROM assignment WHERE state IN ('offered', 'opened', 'accepted', 'contacted'))
"""


def upgrade() -> None:
    op.add_column("referral", sa.Column("awaited", sa.String(8), server_default="must", nullable=False))
    op.execute("UPDATE referral SET awaited = 'none', sweep_at = received_at WHERE sweep_at IS NULL")
    op.execute(IN_HAND)


def downgrade() -> None:
    op.drop_column("referral", "awaited")
