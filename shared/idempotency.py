"""Requests that may be sent twice and count once: the first answer is kept with the effect and given again.

After draft-ietf-httpapi-idempotency-key-header. A key is held by the very transaction that does the work, so that a
worker that dies lets go of it as its connection ends, well before any lease would; what the key's first request wrote
and the answer to it become durable together or not at all. A refused request (4xx) keeps nothing: the corrected one may
use the same key.
"""

import hashlib
import json
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Protocol

from fastapi import Request, Response
from sqlalchemy import (
    BigInteger,
    Column,
    ColumnElement,
    Index,
    Interval,
    MetaData,
    RowMapping,
    Select,
    String,
    Table,
    Text,
    bindparam,
    func,
    literal,
    select,
)
from sqlalchemy.dialects import postgresql, sqlite

from shared.db import Database, Instant, Transaction
from shared.envelope import Origin
from shared.errors import Conflict, Refused

HEADER = "Idempotency-Key"
REPLAYED = "Idempotency-Replayed"
KEPT_FOR = timedelta(hours=24)
VISIBLE_ASCII = re.compile(r"[\x21-\x7e]{8,255}")
QUOTED = re.compile(r'"((?:[^"\\]|\\["\\])*)"')
PURGE_ROWS = 1_000
# For OpenAPI: the header of every call that is safe to send twice, and what may be wrong with it.
KEY_PARAMETER = {
    "name": HEADER,
    "in": "header",
    "required": True,
    "description": "A new UUID for each new request, 8 to 255 visible characters, quoted or bare. The same request "
    "sent again within 24 hours gets the same answer (`Idempotency-Replayed: true`) and has no second effect. A "
    "refused request (4xx) keeps no key: correct it and send it under the same one.",
    "schema": {"type": "string", "minLength": 8, "maxLength": 255},
    "example": "0f8e2e0c-6f0c-4f5e-9d0a-6f2a7d3c1b9e",
}
UNUSABLE_KEY = ("idempotency-key-missing", "idempotency-key-invalid")


class KeyMissing(Refused):
    """The call needs a key and has none, or one that is not well formed."""

    status = 400


class InProgress(Conflict):
    """The same key is being worked on at this moment."""

    headers: Mapping[str, str] = {"Retry-After": "1"}


@dataclass(frozen=True, slots=True)
class Answer:
    """What is sent back and kept: status, JSON values, and where the thing made can be found."""

    status: int
    content: Mapping[str, Any]  # JSON values
    location: str | None = None


Work = Callable[[Transaction], Awaitable[Answer]]


class Sealing(Protocol):
    """How a kept answer is protected where it is stored: a service with personal data gives its vault."""

    def blind(self, value: str) -> str:
        """What is stored of a key, so that an equal one can be found again."""

    def seal(self, value: str, *, row: str, field: str) -> str:
        """`value` as it is stored, for this row and field only."""

    def open(self, sealed: str, *, row: str, field: str) -> str:
        """What was sealed."""


class Unsealed:
    """Sealing for a service without keys, whose answers hold ids and codes only: keys are hashed, answers are kept as
    they are."""

    def blind(self, value: str) -> str:
        """SHA-256, hexadecimal."""
        return hashlib.sha256(value.encode()).hexdigest()

    def seal(self, value: str, *, row: str, field: str) -> str:
        """The value."""
        return value

    def open(self, sealed: str, *, row: str, field: str) -> str:
        """The value."""
        return sealed


def idempotency_table(metadata: MetaData) -> Table:
    """Answers by key. `scope` stands for client, method, path and key; `answer` is sealed (see Sealing)."""
    table = Table(
        "idempotency",
        metadata,
        Column("scope", String(96), primary_key=True),
        Column("fingerprint", String(64), nullable=False),
        Column("answer", Text, nullable=False),
        Column("expires_at", Instant, nullable=False),
    )
    Index("ix_idempotency_expires_at", table.c.expires_at)
    return table


class Idempotency:
    """Does the work of a request once for each client, method, path and key; later requests get the kept answer."""

    def __init__(self, database: Database, sealing: Sealing) -> None:
        self._database = database
        self._sealing = sealing
        table = database.metadata.tables["idempotency"]
        self._look = _look(table, database.is_postgresql)
        self._write = _write(table, database.is_postgresql)
        self._running: set[str] = set()

    async def __call__(self, request: Request, client: str, origin: Origin, work: Work) -> Response:
        """The answer of `work`, done in a transaction of its own, or the answer that an equal request got before.

        `client` is who sent it. Raises KeyMissing (400), Refused (422, same key with another body), InProgress (409),
        and whatever `work` raises, after rolling everything back.
        """
        key = key_of(request.headers.get(HEADER))
        path = request.url.path
        template = getattr(request.scope.get("route"), "path", path)
        scope = self._sealing.blind("\n".join((client, request.method, template, key)))
        fingerprint = fingerprint_of(request.method, path, await request.body())
        if scope in self._running:
            raise _in_progress()
        self._running.add(scope)
        try:
            try:
                return await self._once(scope, fingerprint, origin, work)
            except _Overtaken:
                # Another process finished the same request after we had looked: its answer is there now.
                return await self._once(scope, fingerprint, origin, work)
        finally:
            self._running.discard(scope)

    async def _once(self, scope: str, fingerprint: str, origin: Origin, work: Work) -> Response:
        async with self._database.begin(origin) as tx:
            kept = await self._kept(tx, scope)
            if kept is not None:
                return self._replay(kept, fingerprint)
            answer = await work(tx)
            await self._keep(tx, scope, fingerprint, answer)
        return _response(answer)

    async def _kept(self, tx: Transaction, scope: str) -> RowMapping | None:
        """The kept answer, if any. Holds the key until the transaction ends, or raises InProgress."""
        given: dict[str, object] = {"scope": scope}
        if self._database.is_postgresql:
            given["number"] = int.from_bytes(hashlib.sha256(scope.encode()).digest()[:8], "big", signed=True)
        else:
            given["now"] = self._database.now()
        row = (await tx.connection.execute(self._look, given)).mappings().first()
        if row is not None and not row["held"]:
            raise _in_progress()
        return row if row is not None and row["scope"] is not None else None

    async def _keep(self, tx: Transaction, scope: str, fingerprint: str, answer: Answer) -> None:
        kept = json.dumps({"status": answer.status, "content": answer.content, "location": answer.location})
        row: dict[str, object] = {
            "scope": scope,
            "fingerprint": fingerprint,
            "answer": self._sealing.seal(kept, row=scope, field="answer"),
        }
        if not self._database.is_postgresql:
            row["now"] = self._database.now()
            row["then"] = self._database.now() + KEPT_FOR
        if (await tx.connection.execute(self._write, row)).first() is None:
            raise _Overtaken

    def _replay(self, kept: RowMapping, fingerprint: str) -> Response:
        if kept["fingerprint"] != fingerprint:
            detail = "This Idempotency-Key belongs to another request. Send a new key with a new request."
            raise Refused("idempotency-key-reused", detail)
        opened = json.loads(self._sealing.open(kept["answer"], row=kept["scope"], field="answer"))
        response = _response(Answer(**opened))
        response.headers[REPLAYED] = "true"
        return response


@dataclass(frozen=True, slots=True)
class Expiry:
    """Deletes answers whose time is over, some at a time."""

    database: Database

    async def run_once(self) -> bool:
        """Delete at most one batch; whether there may be more."""
        table = self.database.metadata.tables["idempotency"]
        async with self.database.engine.begin() as connection:
            old = select(table.c.scope).where(table.c.expires_at <= self.database.instant).limit(PURGE_ROWS)
            result = await connection.execute(table.delete().where(table.c.scope.in_(old)))
        return result.rowcount == PURGE_ROWS


class _Overtaken(Exception):
    """The same request was finished elsewhere between our look and our write."""


def key_of(header: str | None) -> str:
    """The key in a header: a structured-field string, or bare; 8 to 255 visible ASCII characters. Raises KeyMissing."""
    if header is None or not header.strip():
        detail = "Send an Idempotency-Key header, a new UUID for each new request, so that sending it twice is safe."
        raise KeyMissing("idempotency-key-missing", detail)
    text = header.strip()
    quoted = QUOTED.fullmatch(text)
    key = quoted[1].replace('\\"', '"').replace("\\\\", "\\") if quoted else text
    if not VISIBLE_ASCII.fullmatch(key):
        raise KeyMissing("idempotency-key-invalid", "An Idempotency-Key has 8 to 255 visible ASCII characters.")
    return key


def fingerprint_of(method: str, path: str, body: bytes) -> str:
    """SHA-256, hexadecimal, of what was asked; the order of a JSON object's members and its spaces do not count."""
    try:
        canonical = json.dumps(json.loads(body), sort_keys=True, separators=(",", ":")).encode()
    except ValueError:
        canonical = body
    return hashlib.sha256(b"\n".join((method.encode(), path.encode(), canonical))).hexdigest()


def _look(table: Table, is_postgresql: bool) -> Select[Any]:  # the table's columns and `held`
    """Finds the answer kept for `scope`; on PostgreSQL it also takes the key, or says that another request has it."""
    if not is_postgresql:
        # One process, whose requests `_running` keeps apart.
        alive = table.c.expires_at > bindparam("now", type_=Instant)
        return select(literal(True).label("held"), table).where(table.c.scope == bindparam("scope"), alive)
    lock = select(func.pg_try_advisory_xact_lock(bindparam("number", type_=BigInteger)).label("held")).subquery()
    match = (table.c.scope == bindparam("scope")) & (table.c.expires_at > func.clock_timestamp())
    return select(lock.c.held, table).select_from(lock.outerjoin(table, match))


def _write(table: Table, is_postgresql: bool) -> Any:  # the dialects' Insert classes share no base with on_conflict_*
    """Keeps an answer unless a valid one is there; answers the scope when it was kept."""
    statement = (postgresql if is_postgresql else sqlite).insert(table)
    now: ColumnElement[Any] = func.clock_timestamp() if is_postgresql else bindparam("now", type_=Instant)
    then = (
        func.clock_timestamp() + literal(KEPT_FOR, type_=Interval)
        if is_postgresql
        else bindparam("then", type_=Instant)
    )
    names = ("scope", "fingerprint", "answer")
    statement = statement.values({name: bindparam(name) for name in names} | {"expires_at": then})
    new = {name: statement.excluded[name] for name in ("fingerprint", "answer", "expires_at")}
    statement = statement.on_conflict_do_update(index_elements=["scope"], set_=new, where=table.c.expires_at <= now)
    return statement.returning(table.c.scope)


def _in_progress() -> InProgress:
    return InProgress("request-in-progress", "The same request is still being handled. Ask again in a second.")


def _response(answer: Answer) -> Response:
    headers = {"Location": answer.location} if answer.location else None
    content = json.dumps(answer.content, ensure_ascii=False, separators=(",", ":"))
    return Response(content, answer.status, headers, media_type="application/json")
