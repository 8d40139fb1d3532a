"""Intake's tables: referrals with the sealed data of the person, what became of them, and the places of the county."""

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
)

from shared.db import BIG, DOCUMENT, NAMING, Instant
from shared.documents import configuration_table
from shared.idempotency import idempotency_table
from shared.inbox import inbox_table
from shared.outbox import outbox_table

metadata = MetaData(naming_convention=NAMING)
outbox = outbox_table(metadata)
inbox = inbox_table(metadata)
configuration = configuration_table(metadata)
idempotency = idempotency_table(metadata)

# What is sealed field by field; "submission" is the rest of the request as it came, codes and numbers included.
SEALED = ("name", "dob", "phone", "mobile", "email", "address", "postcode", "notes", "submission")

referral = Table(
    "referral",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("reference", String(8), nullable=False, unique=True),
    Column("status", String(16), nullable=False),
    Column("received_at", Instant, nullable=False),
    Column("updated_at", Instant, nullable=False),
    # What the router was told; holds no personal data.
    Column("facts", DOCUMENT, nullable=False),
    Column("needs", DOCUMENT, nullable=False),
    Column("decision_id", Uuid),
    Column("rule_set", String(64)),
    Column("outcome", String(32)),
    Column("district", String(16)),
    Column("priority", String(2)),
    Column("flags", DOCUMENT),
    Column("duplicate_of", String(8)),
    Column("decided_at", Instant),
    Column("decision_sequence", Integer),
    Column("asks", DOCUMENT),
    Column("cancel_reason", String(32)),
    Column("cancelled_at", Instant),
    Column("sequence", Integer, nullable=False),
    # Who is told how it goes, of which steps: codes, so that following a referral never opens what is sealed.
    Column("listeners", DOCUMENT, nullable=False, server_default="[]"),
    Column("sweeps", Integer, nullable=False),
    Column("openings", Integer, nullable=False, server_default="0"),
    Column("awaited", String(8), nullable=False, server_default="must"),
    # When to hand its events out again unless news comes first; empty when they will not be.
    Column("sweep_at", Instant),
    *(Column(field, Text) for field in SEALED),
)
swept = referral.c.sweep_at.is_not(None)
Index("ix_referral_sweep_at", referral.c.sweep_at, postgresql_where=swept, sqlite_where=swept)

# Blind indexes of who it may be (R11): HMACs, from which neither name nor number can be read back.
match_key = Table(
    "match_key",
    metadata,
    Column("key", String(96), primary_key=True),
    Column("referral_id", Uuid, ForeignKey("referral.id", ondelete="CASCADE"), primary_key=True),
)
Index("ix_match_key_referral_id", match_key.c.referral_id)

assignment = Table(
    "assignment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("referral_id", Uuid, ForeignKey("referral.id", ondelete="CASCADE"), nullable=False),
    Column("service_id", String(64), nullable=False),
    Column("service_name", String(200), nullable=False),
    Column("state", String(16), nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("organization_id", String(64)),
    Column("organization_name", String(200)),
    Column("track", String(32)),
    Column("needs", DOCUMENT, nullable=False),
    Column("priority", String(2)),
    Column("sla", String(32)),
    Column("offered_at", Instant),
    Column("due_at", Instant),
    Column("channels", DOCUMENT, nullable=False),
    Column("endings", DOCUMENT, nullable=False, server_default="[]"),
    Column("parent_id", Uuid),
)
Index("ix_assignment_referral_id", assignment.c.referral_id)

# One row for each message of the notifier. It may be heard of before its assignment: they come by different topics.
notice = Table(
    "notice",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("referral_id", Uuid, ForeignKey("referral.id", ondelete="CASCADE"), nullable=False),
    Column("assignment_id", Uuid, nullable=False),
    Column("channel", String(16), nullable=False),
    Column("purpose", String(32), nullable=False),
    Column("state", String(16), nullable=False),
    Column("failure", String(64)),
    Column("at", Instant, nullable=False),
    Column("sequence", Integer, nullable=False),
    Column("receipt", String(16)),
)
Index("ix_notice_referral_id", notice.c.referral_id)

# One row for each step that the resident or the referrer is to be told of, whoever finds it due first; each opening
# of a referral has steps of its own.
update_due = Table(
    "update_due",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("referral_id", Uuid, ForeignKey("referral.id", ondelete="CASCADE"), nullable=False),
    Column("audience", String(16), nullable=False),
    Column("step", String(16), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("opening", Integer, nullable=False, server_default="0"),
    UniqueConstraint("referral_id", "audience", "step", "opening"),
)

timeline = Table(
    "timeline",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("referral_id", Uuid, ForeignKey("referral.id", ondelete="CASCADE"), nullable=False),
    Column("at", Instant, nullable=False),
    Column("kind", String(32), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("before", String(16)),
    Column("after", String(16)),
    Column("details", DOCUMENT, nullable=False),
)
Index("ix_timeline_referral_id", timeline.c.referral_id)

# Each load of unit postcodes; the newest that was loaded to its end is in force.
unit_release = Table(
    "unit_release",
    metadata,
    Column("id", BIG, primary_key=True, autoincrement=True),
    Column("name", String(64), nullable=False),
    Column("units", Integer),
    Column("loaded_at", Instant),
)

# Unit postcodes of the ONS Postcode Directory, without their space. A release is added beside the one in force.
unit = Table(
    "unit",
    metadata,
    Column("release_id", BIG, primary_key=True, autoincrement=False),
    Column("code", String(7), primary_key=True),
    Column("district", String(9), nullable=False),
    Column("terminated", Boolean, nullable=False),
    Column("ward", String(9)),
    Column("lsoa", String(9)),
)
