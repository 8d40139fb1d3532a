"""The statements that every referral goes through, built once: building them anew costs more than running them."""

from functools import cache
from typing import Any

from sqlalchemy import ARRAY, BigInteger, ColumnElement, Interval, String, Table, bindparam, func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from services.intake.domain.progress import FINISHED
from services.intake.store.tables import SEALED, assignment, match_key, notice, referral, timeline, unit, unit_release
from shared.db import Instant

# Everything but the sealed columns: whoever follows a referral never reads the person.
PLAIN = tuple(column for column in referral.c if column.name not in SEALED)
MOVING = tuple(
    column.name
    for column in PLAIN
    if column.name not in ("id", "reference", "received_at", "facts", "listeners", "sweep_at", "updated_at")
)

ID_OF = select(referral.c.id).where(referral.c.reference == bindparam("reference"))
PROGRESS = select(*PLAIN).where(referral.c.id == bindparam("id"))
LOCKED_PROGRESS = PROGRESS.with_for_update()
SUBMISSION = select(*(referral.c[field] for field in SEALED)).where(referral.c.id == bindparam("id"))
INSERT_KEYS = match_key.insert().inline()
INSERT_ENTRY = timeline.insert().inline()
LOCK_KEYS = select(func.pg_advisory_xact_lock(func.unnest(bindparam("numbers", type_=ARRAY(BigInteger)))))
MATCHES = (
    select(match_key.c.key, referral.c.reference, referral.c.needs, referral.c.priority, referral.c.received_at)
    .join_from(match_key, referral)
    .where(
        match_key.c.key.in_(bindparam("keys", expanding=True)),
        referral.c.received_at >= bindparam("since"),
        referral.c.status.not_in([status.value for status in FINISHED]),
    )
    .order_by(referral.c.received_at, referral.c.id)
)
TIMELINE = (
    select(*(column for column in timeline.c if column.name not in ("seq", "referral_id")))
    .where(timeline.c.referral_id == bindparam("id"))
    .order_by(timeline.c.at, timeline.c.seq)
)
RELEASE_IN_FORCE = select(func.max(unit_release.c.id)).where(unit_release.c.loaded_at.is_not(None)).scalar_subquery()
UNITS = select(unit).where(unit.c.release_id == RELEASE_IN_FORCE, unit.c.code.in_(bindparam("codes", expanding=True)))


def _of_referral(table: Table) -> Any:  # a Select of the table's columns
    columns = (column for column in table.c if column.name != "referral_id")
    query = select(*columns).where(table.c.referral_id == bindparam("id"))
    return query.order_by(table.c.sequence, table.c.id)


ASSIGNMENTS = _of_referral(assignment)
NOTICES = _of_referral(notice)


@cache
def insert_referral(is_postgresql: bool) -> Any:  # the dialects' Insert classes share no base that has on_conflict_*
    """Insert one referral unless its reference is taken. `wait` is as `sweep_at` says."""
    names = [column.name for column in referral.c if column.name != "sweep_at"]
    values: dict[str, Any] = {name: bindparam(name) for name in names} | {"sweep_at": sweep_at(is_postgresql)}
    statement = _dialect(is_postgresql).insert(referral).values(values)
    return statement.on_conflict_do_nothing(index_elements=["reference"])


def _insert_referral_and_keys() -> Any:  # a Select with two INSERTs before it
    """PostgreSQL's way to do both in one journey: the id when stored, nothing when its reference is taken."""
    stored = insert_referral(is_postgresql=True).returning(referral.c.id).cte("stored")
    keys = select(func.unnest(bindparam("keys", type_=ARRAY(String))), stored.c.id)
    found_by = match_key.insert().from_select(["key", "referral_id"], keys).cte("found_by")
    return select(stored.c.id).add_cte(found_by)


@cache
def update_referral(is_postgresql: bool) -> Any:  # an Update
    """Change what news may change of the referral `of`."""
    values: dict[str, Any] = {name: bindparam(name) for name in (*MOVING, "updated_at")} | {
        "sweep_at": sweep_at(is_postgresql)
    }
    return update(referral).where(referral.c.id == bindparam("of")).values(values)


@cache
def put(table: Table, is_postgresql: bool) -> Any:  # see insert_referral
    """Insert one row of `table`, or replace the one with the same id."""
    statement = _dialect(is_postgresql).insert(table)
    changes = {column.name: statement.excluded[column.name] for column in table.c if column.name != "id"}
    return statement.on_conflict_do_update(index_elements=["id"], set_=changes)


def sweep_at(is_postgresql: bool) -> ColumnElement[Any]:  # an instant, by either route
    """When to sweep. PostgreSQL counts `wait`, a time span, from its own clock; to SQLite it is the instant itself."""
    if is_postgresql:
        return func.clock_timestamp() + bindparam("wait", type_=Interval)
    return bindparam("wait", type_=Instant)


def _dialect(is_postgresql: bool) -> Any:  # a module
    return postgresql if is_postgresql else sqlite


INSERT_REFERRAL_AND_KEYS = _insert_referral_and_keys()
