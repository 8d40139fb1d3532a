"""The digest that is to tell of a message, and the texts that a number had in the last hour."""

import sqlalchemy as sa
from alembic import op

revision = "notifier_0003"
down_revision = "notifier_0002"
branch_labels = None
depends_on = None

IS_TEXT = sa.text("channel = 'sms'")


def upgrade() -> None:
    op.add_column("notification", sa.Column("digest_id", sa.Uuid()))
    op.create_index(
        "ix_notification_texts", "notification", ["address", "sent_at"], postgresql_where=IS_TEXT, sqlite_where=IS_TEXT
    )


def downgrade() -> None:
    op.drop_index("ix_notification_texts", "notification")
    op.drop_column("notification", "digest_id")
