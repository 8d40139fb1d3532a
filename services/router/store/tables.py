"""The router's tables: what it decided, what it offered to whom, and how much room each service has left."""

from sqlalchemy import (
    Boolean,
    CheckConstraint,
    Column,
    Date,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Uuid,
    false,
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

# One row for each referral the router has heard of; its lock orders everything done for that referral.
referral = Table(
    "referral",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("reference", String(16), nullable=False, unique=True),
    Column("sequence", Integer, nullable=False),
    Column("submitted_at", Instant, nullable=False),
    Column("cancelled_at", Instant),
    # The move after which refusals count: earlier ones were forgotten when it was opened again.
    Column("refusals_after", BIG, nullable=False, server_default="0"),
    # When somebody looks again at needs that nobody was given.
    Column("review_at", Instant),
    # When somebody was last asked to.
    Column("reviewed_at", Instant),
)
reviewed = referral.c.review_at.is_not(None)
Index("ix_referral_review_at", referral.c.review_at, postgresql_where=reviewed, sqlite_where=reviewed)

# A decision is never changed: what it was made from, rule-set version, and every candidate with why or why not.
decision = Table(
    "decision",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("referral_id", Uuid, nullable=False, index=True),
    Column("reference", String(16), nullable=False, index=True),
    Column("rule_set", String(64), nullable=False),
    Column("outcome", String(32), nullable=False),
    Column("facts", DOCUMENT, nullable=False),
    Column("document", DOCUMENT, nullable=False),
    Column("decided_at", Instant, nullable=False),
    Column("sequence", Integer, nullable=False, server_default="0"),
    Column("cause", String(16), nullable=False, server_default="submitted"),
    Column("cause_words", String(400), nullable=False, server_default=""),
    # "held" or else "duplicate", where it leaves such needs to nobody.
    Column("unplaced", String(16)),
    # What it was made from besides the facts and the county (domain/basis.py).
    Column("basis", DOCUMENT),
)
left_over = decision.c.unplaced.is_not(None)
Index("ix_decision_unplaced", decision.c.referral_id, postgresql_where=left_over, sqlite_where=left_over)

assignment = Table(
    "assignment",
    metadata,
    Column("id", Uuid, primary_key=True),
    Column("referral_id", Uuid, nullable=False, index=True),
    Column("reference", String(16), nullable=False, index=True),
    Column("decision_id", Uuid, nullable=False),
    Column("service_id", String(64), nullable=False),
    Column("service_name", String(200), nullable=False),
    Column("organization_id", String(64), nullable=False),
    Column("organization_name", String(200), nullable=False),
    Column("track", String(32), nullable=False),
    Column("needs", DOCUMENT, nullable=False),
    Column("priority", String(2), nullable=False),
    Column("sla", String(32), nullable=False),
    Column("district", String(16)),
    Column("channels", DOCUMENT, nullable=False),
    Column("safe_contact_only", Boolean, nullable=False),
    Column("state", String(16), nullable=False),
    Column("version", Integer, nullable=False),
    Column("offered_at", Instant, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("notified_at", Instant),
    Column("capacity_day", Date),
    Column("outcomes", DOCUMENT, nullable=False, server_default="{}"),
    Column("reason", String(400)),
    # The assignment whose service passed the needs on to this one.
    Column("parent_id", Uuid),
)
passed_on = assignment.c.parent_id.is_not(None)
Index("ix_assignment_parent_id", assignment.c.parent_id, postgresql_where=passed_on, sqlite_where=passed_on)
Index("ix_assignment_service_state", assignment.c.service_id, assignment.c.state, assignment.c.due_at)

# Who holds which need: the partial unique index is what makes a second live assignment of a need impossible.
assignment_need = Table(
    "assignment_need",
    metadata,
    Column("assignment_id", Uuid, primary_key=True),
    Column("need", String(64), primary_key=True),
    Column("referral_id", Uuid, nullable=False),
    Column("live", Boolean, nullable=False),
    # The work on it ended while this assignment had it.
    Column("done", Boolean, nullable=False, server_default=false()),
)
Index(
    "ix_assignment_need_live",
    assignment_need.c.referral_id,
    assignment_need.c.need,
    unique=True,
    postgresql_where=assignment_need.c.live,
    sqlite_where=assignment_need.c.live,
)

# Every move of an assignment: who, when, from, to, why.
assignment_move = Table(
    "assignment_move",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("assignment_id", Uuid, nullable=False, index=True),
    Column("actor_kind", String(16), nullable=False, server_default="router"),
    Column("actor", String(64), nullable=False),
    Column("at", Instant, nullable=False),
    Column("from_state", String(16)),
    Column("to_state", String(16), nullable=False),
    Column("reason", String(64)),
    # What was done, where the states alone do not say it.
    Column("move", String(16)),
)

# Places taken of a service's day (R57); a day nobody was sent anyone has no row.
capacity = Table(
    "capacity",
    metadata,
    Column("service_id", String(64), primary_key=True),
    Column("day", Date, primary_key=True),
    Column("taken", Integer, nullable=False),
)

# Services that are offered nothing for a while; rows of pauses that are over stay.
service_pause = Table(
    "service_pause",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("service_id", String(64), nullable=False),
    Column("reason", String(64), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("paused_at", Instant, nullable=False),
    Column("until", Instant),
    Column("resumed_at", Instant),
    Column("resumed_by_kind", String(16)),
    Column("resumed_by", String(64)),
)
Index(
    "ix_service_pause_running",
    service_pause.c.service_id,
    postgresql_where=service_pause.c.resumed_at.is_(None),
    sqlite_where=service_pause.c.resumed_at.is_(None),
)

# What services said of their capacity; the newest of each is in force.
confirmation = Table(
    "confirmation",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("service_id", String(64), nullable=False),
    Column("availability", String(16), nullable=False),
    Column("places", Integer),
    Column("actor_kind", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("confirmed_at", Instant, nullable=False),
)
Index("ix_confirmation_service_id", confirmation.c.service_id, confirmation.c.seq)

# What the directory says of each service, and since when it has said the same of its places; `contact` is a digest of
# its addresses.
listing = Table(
    "listing",
    metadata,
    Column("service_id", String(64), primary_key=True),
    Column("places", Integer),
    Column("contact", String(64), nullable=False),
    Column("since", Instant, nullable=False),
)

# Reminders to say it again, one of each step; `closed_at` once that was done, or the service was paused for want of it.
capacity_reminder = Table(
    "capacity_reminder",
    metadata,
    Column("service_id", String(64), primary_key=True),
    Column("step", String(16), primary_key=True),
    Column("since", Instant, primary_key=True),
    Column("reminded_at", Instant, nullable=False),
    Column("decays_at", Instant, nullable=False),
    Column("closed_at", Instant),
)

# What is waited for of an assignment, and until when (R53, R60).
clock = Table(
    "clock",
    metadata,
    Column("assignment_id", Uuid, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("due_at", Instant, nullable=False),
    Column("step", Integer, nullable=False),
    Column("state", String(16), nullable=False),
)
Index("ix_clock_state_due_at", clock.c.state, clock.c.due_at)

# Links of e-mails that are useless from now on; without a message, all of the assignment's. Links are not stored.
link_revocation = Table(
    "link_revocation",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("assignment_id", Uuid, nullable=False, index=True),
    Column("notification_id", Uuid),
    Column("reason", String(32), nullable=False),
    Column("actor_kind", String(16), nullable=False),
    Column("actor", String(64), nullable=False),
    Column("revoked_at", Instant, nullable=False),
)

# Versions of the rules: the texts of a county's files, named by their content, and who answers for them.
rule_set = Table(
    "rule_set",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("documents", DOCUMENT, nullable=False),
    Column("reason", String(400), nullable=False),
    Column("drafted_by", String(64), nullable=False),
    Column("drafted_at", Instant, nullable=False),
    Column("findings", DOCUMENT, nullable=False),
    Column("checked_at", Instant),
    Column("approved_by", String(64)),
    Column("approved_at", Instant),
    CheckConstraint("approved_by <> drafted_by", name="second_person"),
    CheckConstraint("approved_by IS NULL OR checked_at IS NOT NULL", name="checked_first"),
)

# Which version was put in force from when, by whom and why; nothing is ever taken out of this.
publication = Table(
    "publication",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("version", String(64), ForeignKey("rule_set.version"), nullable=False),
    Column("entry", String(16), nullable=False),
    Column("effective_from", Instant, nullable=False),
    Column("published_by", String(64), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("withdrawn_by", String(64)),
    Column("withdrawn_reason", String(400)),
    Column("withdrawn_at", Instant),
)
standing = publication.c.withdrawn_at.is_(None)
Index(
    "ix_publication_effective_from",
    publication.c.effective_from,
    unique=True,
    postgresql_where=standing,
    sqlite_where=standing,
)

# Each time that a surge was switched on; one of a name is on at most, and ends by itself.
surge = Table(
    "surge",
    metadata,
    Column("seq", BIG, primary_key=True, autoincrement=True),
    Column("name", String(32), nullable=False),
    Column("authority", String(120), nullable=False),
    Column("switched_by", String(64), nullable=False),
    Column("reason", String(400), nullable=False),
    Column("began_at", Instant, nullable=False),
    Column("until", Instant, nullable=False),
    Column("ended_at", Instant),
    Column("ended_by", String(64)),
    Column("ended_reason", String(400)),
    CheckConstraint("until > began_at", name="ends"),
)
on = surge.c.ended_at.is_(None)
Index("ix_surge_running", surge.c.name, unique=True, postgresql_where=on, sqlite_where=on)
