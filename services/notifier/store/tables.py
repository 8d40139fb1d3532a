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
    false,
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
    Column("occasion", String(40), nullable=False, server_default=""),
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
    Column("receipt", String(16)),
    Column("receipt_at", Instant),
    Column("confirms", Boolean, nullable=False, server_default=false()),
    Column("confirm_by", Instant),
    Column("moved_on", Boolean, nullable=False, server_default=false()),
    Column("ask_at", Instant),
    Column("resent", Boolean, nullable=False, server_default=false()),
    Column("correlation_id", String(64), nullable=False),
    Column("causation_id", Uuid),
    Column("traceparent", String(64)),
    UniqueConstraint("assignment_id", "purpose", "channel", "contact", "occasion"),
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
# The clocks that still run, and the messages that a provider is to be asked about.
CLOCK = text("confirm_by IS NOT NULL AND NOT moved_on")
Index("ix_notification_clock", notification.c.confirm_by, postgresql_where=CLOCK, sqlite_where=CLOCK)
Index("ix_notification_digest_id", notification.c.digest_id)
ASKED = text("ask_at IS NOT NULL")
Index("ix_notification_ask_at", notification.c.ask_at, postgresql_where=ASKED, sqlite_where=ASKED)

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

# What providers reported; `state` is waiting, applied, or quarantined where no message of ours was meant.
receipt = Table(
    "receipt",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("provider", String(16), nullable=False),
    Column("message_id", Uuid),
    Column("provider_id", String(96), nullable=False),
    Column("status", String(32), nullable=False),
    Column("arrival", String(16)),
    Column("is_complaint", Boolean, nullable=False),
    Column("code", String(32)),
    Column("at", Instant),
    Column("body", Text),
    Column("state", String(16), nullable=False),
    Column("kept_at", Instant, nullable=False),
    Column("look_at", Instant, nullable=False),
    UniqueConstraint("message_id", "provider_id", "status"),
)
LOOKED_AT = text("receipt.state = 'waiting'")
WAITING = text("state = 'waiting'")
Index("ix_receipt_look_at", receipt.c.look_at, postgresql_where=WAITING, sqlite_where=WAITING)

# Assignments that no further way is taken for: it was opened, or nothing was left.
ladder_end = Table(
    "ladder_end",
    metadata,
    Column("assignment_id", Uuid, primary_key=True),
    Column("reason", String(16), nullable=False),
    Column("ended_at", Instant, nullable=False),
)

# Contacts that nothing is sent to; one row in force for each, the lifted ones stay.
suppression = Table(
    "suppression",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("contact", String(96), nullable=False),
    Column("reason", String(16), nullable=False),
    Column("notification_id", Uuid, nullable=False),
    Column("since", Instant, nullable=False),
    Column("lifted_at", Instant),
    Column("lifted_by", String(32)),
    Column("lifted_because", String(32)),
)
IN_FORCE = text("lifted_at IS NULL")
Index(
    "uq_suppression_contact",
    suppression.c.contact,
    unique=True,
    postgresql_where=IN_FORCE,
    sqlite_where=IN_FORCE,
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
