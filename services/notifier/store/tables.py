"""The notifier's tables, on PostgreSQL and SQLite alike."""

from sqlalchemy import (
    Boolean,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
    UniqueConstraint,
    Uuid,
    text,
)

from shared.db import BIG, DOCUMENT, NAMING, Instant
from shared.documents import configuration_table
from shared.idempotency import idempotency_table
from shared.inbox import inbox_table
from shared.outbox import outbox_table

metadata = MetaData(naming_convention=NAMING)
outbox_table(metadata)
inbox_table(metadata)
configuration_table(metadata)
idempotency_table(metadata)

notification = Table(
    "notification",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("assignment_id", Uuid, nullable=False),
    Column("referral_id", Uuid, nullable=False),
    Column("reference", String(16), nullable=False),
    Column("service_id", String(64), nullable=False),
    Column("service_name", String(200), nullable=False),
    Column("priority", String(2), nullable=False),
    Column("needs", DOCUMENT, nullable=False),
    Column("district", String(16)),
    Column("reply_by", Instant, nullable=False),
    Column("safe_contact_only", Boolean, nullable=False),
    Column("purpose", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("contact", String(96), nullable=False),
    Column("wording", String(64), nullable=False),
    Column("address", String(254), nullable=False),
    Column("state", String(16), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("unsure", Integer, nullable=False),
    Column("reason", String(32)),
    Column("template", String(64)),
    Column("provider_reference", String(255)),
    Column("planned_at", Instant, nullable=False),
    Column("try_at", Instant, nullable=False),
    Column("lease_until", Instant),
    Column("digest_id", Uuid),
    Column("sent_at", Instant),
    Column("correlation_id", String(64), nullable=False),
    Column("causation_id", Uuid),
    Column("traceparent", String(64)),
    UniqueConstraint("assignment_id", "purpose", "channel", "contact"),
    Index("ix_notification_referral_id", "referral_id"),
    Index("ix_notification_reference", "reference"),
    Index("ix_notification_state", "state", "planned_at"),
)
# Written out, here and in the query: a bound value could not be matched with the partial index.
OPEN = text("state IN ('queued', 'sending')")
Index(
    "ix_notification_open",
    notification.c.priority,
    notification.c.reply_by,
    postgresql_where=OPEN,
    sqlite_where=OPEN,
)

IS_TEXT = text("channel = 'sms'")
Index(
    "ix_notification_texts",
    notification.c.address,
    notification.c.sent_at,
    postgresql_where=IS_TEXT,
    sqlite_where=IS_TEXT,
)

FAILED_BY_THE_WAY = text("outcome IN ('transient', 'ambiguous', 'auth')")
attempt = Table(
    "attempt",
    metadata,
    Column("notification_id", Uuid, ForeignKey("notification.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("started_at", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("outcome", String(32)),
    Column("code", String(32)),
    Column("rung_by", String(32)),
)

Index(
    "ix_attempt_failed",
    attempt.c.ended_at,
    postgresql_where=FAILED_BY_THE_WAY,
    sqlite_where=FAILED_BY_THE_WAY,
)

hold = Table(
    "hold",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("scope", String(16), nullable=False),
    Column("subject", String(96), nullable=False),
    Column("address", String(254), nullable=False),
    Column("kind", String(16), nullable=False),
    Column("reason", String(32), nullable=False),
    Column("code", String(32)),
    Column("stopped_by", String(32)),
    Column("since", Instant, nullable=False),
    Column("probe_at", Instant),
    Column("probes", Integer, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(32)),
    Column("ended_reason", String(32)),
)
Index(
    "ix_hold_standing",
    hold.c.scope,
    hold.c.subject,
    hold.c.address,
    hold.c.kind,
    unique=True,
    postgresql_where=hold.c.ended_at.is_(None),
    sqlite_where=hold.c.ended_at.is_(None),
)

closure = Table(
    "closure",
    metadata,
    Column("subject_id", Uuid, primary_key=True),
    Column("reason", String(32), nullable=False),
    Column("closed_at", Instant, nullable=False),
)

referral_sequence = Table(
    "referral_sequence",
    metadata,
    Column("referral_id", Uuid, primary_key=True),
    Column("sequence", Integer, nullable=False),
)

mailbox = Table(
    "mailbox",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("id", Uuid, nullable=False, unique=True),
    Column("kind", String(8), nullable=False),
    Column("recipient", String(254), nullable=False),
    Column("subject", String(255)),
    Column("text", Text, nullable=False),
    Column("html", Text),
    Column("template", String(64), nullable=False),
    Column("kept_at", Instant, nullable=False),
)
