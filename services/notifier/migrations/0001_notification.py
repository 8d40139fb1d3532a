"""Messages with their attempts, what may no longer be told, and the mailbox of a deployment without a mail server."""

import sqlalchemy as sa
from alembic import op

from deploy.migrations.common import BIG, DOCUMENT, INSTANT, configuration, inbox, outbox

revision = "notifier_0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "outbox",
    "inbox",
    "configuration",
    "notification",
    "attempt",
    "closure",
    "referral_sequence",
    "mailbox",
)


def upgrade() -> None:
    outbox()
    inbox()
    configuration()
    _notification()
    _notification_indexes()
    _attempt()
    _closure()
    _referral_sequence()
    _mailbox()


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)


def _notification() -> None:
    op.create_table(
        "notification",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("reference", sa.String(16), nullable=False),
        sa.Column("service_id", sa.String(64), nullable=False),
        sa.Column("service_name", sa.String(200), nullable=False),
        sa.Column("priority", sa.String(2), nullable=False),
        sa.Column("needs", DOCUMENT, nullable=False),
        sa.Column("district", sa.String(16)),
        sa.Column("reply_by", INSTANT, nullable=False),
        sa.Column("safe_contact_only", sa.Boolean(), nullable=False),
        sa.Column("purpose", sa.String(16), nullable=False),
        sa.Column("channel", sa.String(16), nullable=False),
        sa.Column("contact", sa.String(96), nullable=False),
        sa.Column("address", sa.String(254), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("unsure", sa.Integer(), nullable=False),
        sa.Column("reason", sa.String(32)),
        sa.Column("template", sa.String(64)),
        sa.Column("provider_reference", sa.String(255)),
        sa.Column("planned_at", INSTANT, nullable=False),
        sa.Column("try_at", INSTANT, nullable=False),
        sa.Column("lease_until", INSTANT),
        sa.Column("sent_at", INSTANT),
        sa.Column("correlation_id", sa.String(64), nullable=False),
        sa.Column("causation_id", sa.Uuid()),
        sa.Column("traceparent", sa.String(64)),
        sa.PrimaryKeyConstraint("id", name="pk_notification"),
        sa.UniqueConstraint("assignment_id", "purpose", "channel", "contact", name="uq_notification_assignment_id"),
    )


def _notification_indexes() -> None:
    op.create_index(
        "ix_notification_open",
        "notification",
        ["priority", "planned_at"],
        postgresql_where=sa.text("state IN ('queued', 'sending')"),
        sqlite_where=sa.text("state IN ('queued', 'sending')"),
    )
    op.create_index("ix_notification_reference", "notification", ["reference"])
    op.create_index("ix_notification_referral_id", "notification", ["referral_id"])
    op.create_index("ix_notification_state", "notification", ["state", "planned_at"])


def _attempt() -> None:
    op.create_table(
        "attempt",
        sa.Column("notification_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("started_at", INSTANT, nullable=False),
        sa.Column("ended_at", INSTANT),
        sa.Column("outcome", sa.String(32)),
        sa.Column("code", sa.String(32)),
        sa.Column("rung_by", sa.String(32)),
        sa.ForeignKeyConstraint(
            ["notification_id"], ["notification.id"], name="fk_attempt_notification_id_notification"
        ),
        sa.PrimaryKeyConstraint("notification_id", "number", name="pk_attempt"),
    )


def _closure() -> None:
    op.create_table(
        "closure",
        sa.Column("subject_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(32), nullable=False),
        sa.Column("closed_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("subject_id", name="pk_closure"),
    )


def _referral_sequence() -> None:
    op.create_table(
        "referral_sequence",
        sa.Column("referral_id", sa.Uuid(), nullable=False),
        sa.Column("sequence", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("referral_id", name="pk_referral_sequence"),
    )


def _mailbox() -> None:
    op.create_table(
        "mailbox",
        sa.Column("seq", BIG, autoincrement=True, nullable=False),
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(8), nullable=False),
        sa.Column("recipient", sa.String(254), nullable=False),
        sa.Column("subject", sa.String(255)),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("html", sa.Text()),
        sa.Column("template", sa.String(64), nullable=False),
        sa.Column("kept_at", INSTANT, nullable=False),
        sa.PrimaryKeyConstraint("seq", name="pk_mailbox"),
        sa.UniqueConstraint("id", name="uq_mailbox_id"),
    )
