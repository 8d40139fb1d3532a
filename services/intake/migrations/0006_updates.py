"""Who is told how a referral goes, and what they were to be told."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import DOCUMENT, INSTANT

revision = "intake_0006"
down_revision = "intake_0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("referral", sa.Column("listeners", DOCUMENT, server_default="[]", nullable=False))
    op.create_table(
        "update_due",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("audience", sa.String(16), nullable=False),
        sa.Column("step", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("due_at", INSTANT, nullable=False),
        sa.ForeignKeyConstraint(
            ["referral_id"], ["referral.id"], name=op.f("fk_update_due_referral_id_referral"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_update_due")),
        sa.UniqueConstraint("referral_id", "audience", "step", name=op.f("uq_update_due_referral_id")),
    )


def downgrade() -> None:
    op.drop_table("update_due")
    op.drop_column("referral", "listeners")
