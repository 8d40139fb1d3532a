"""Everything of a whole system that others may see, as text, and whether anything in it tells of a person."""

import re
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass

import httpx
from redis import Redis

from tests.system.caller import Json, calling
from tests.system.databases import SERVICES
from tests.system.world import Deployment, Embedded, World

# Public place data: every postcode of the county stands there, whoever lives in it.
PUBLIC = {("intake", "unit")}
# Besides the documented routes: pages and what machines ask for. Not every service has all of them.
UNDOCUMENTED = (
    "/", "/asyncapi.json", "/metrics", "/livez", "/readyz", "/problems/validation-failed",
    "/decisions/{reference}", "/assignments/{assignment_id}", "/mailbox", "/mailbox/{notification_id}",
    "/mailbox/{notification_id}/html", "/nowhere/{reference}",
)  # fmt: skip
HELD = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True)
class Someone:
    """A person whom a search would recognise. `note` has a phrase in it that nobody else would say."""

    first_name: str
    last_name: str
    phone: str
    mobile: str
    email: str
    dob: str
    address: str
    postcode: str
    phrase: str

    @property
    def name(self) -> str:
        """Both names."""
        return f"{self.first_name} {self.last_name}"

    def traces(self) -> Mapping[str, str]:
        """What to look for, spelt in one way only: small letters and figures."""
        year, month, day = self.dob.split("-")
        found = {
            "first name": self.first_name,
            "last name": self.last_name,
            "phone": self.phone.removeprefix("0"),
            "mobile": self.mobile.removeprefix("0"),
            "e-mail": self.email,
            "date of birth": self.dob,
            "date of birth, day first": f"{day}{month}{year}",
            "address": self.address,
            "postcode": self.postcode,
            "note": self.phrase,
        }
        return {what: bare(text) for what, text in found.items()}


def bare(text: str) -> str:
    """`text` without case, blanks and punctuation."""
    return re.sub(r"[^a-z0-9]", "", text.lower())


def found_in(surfaces: Mapping[str, str], someone: Someone) -> Mapping[str, Sequence[str]]:
    """By surface, what it tells of `someone`; only surfaces that tell anything."""
    traces = someone.traces()
    told = {
        surface: [what for what, trace in traces.items() if trace in spelt]
        for surface, spelt in ((surface, bare(text)) for surface, text in surfaces.items())
    }
    return {surface: found for surface, found in told.items() if found}


async def surfaces(world: World, references: Sequence[str]) -> Mapping[str, str]:
    """All there is to see after these referrals, by where it is."""
    seen = {
        **{f"log of {process.name}": process.log.read_text("utf-8") for process in world.processes},
        **{f"table {service}.{table}": text for service, table, text in _tables(world)},
        "e-mails": "\n".join(f"{each.to} {each.subject} {each.plain} {each.raw}" for each in world.post.letters()),
        "texts": "\n".join(f"{each.to} {each.text}" for each in world.post.texts()),
        **await _answers(world, references),
    }
    if isinstance(world, Deployment):
        records = await world.broker.records()
        seen["events"] = "\n".join(f"{each.key!r} {each.value!r} {each.headers!r}" for each in records)
        seen["redis"] = _redis(world)
    if isinstance(world, Embedded):
        seen["log file"] = (world.data / "waymark.log").read_text("utf-8")
        # Also what was deleted, and what is on its way into the file.
        for file in (*world.data.glob("router.db*"), *world.data.glob("notifier.db*")):
            seen[f"file {file.name}"] = file.read_bytes().decode("latin-1")
    return seen


def answered(seen: Mapping[str, str]) -> set[str]:
    """The routes of which some process showed something."""
    return {where.split()[2] for where, text in seen.items() if where.startswith("GET ") and text.startswith("200 ")}


def _redis(world: Deployment) -> str:
    with Redis.from_url(world.redis_url) as client:
        return "\n".join(f"{key!r} {client.dump(key)!r}" for key in client.scan_iter())


def _tables(world: World) -> Iterator[tuple[str, str, str]]:
    """Service, table, and all its rows with all columns as text."""
    for service in SERVICES:
        for table in _names(world, service):
            if (service, table) not in PUBLIC:
                yield service, table, "\n".join(_rows(world, service, table))


def _names(world: World, service: str) -> Sequence[str]:
    if isinstance(world, Deployment):
        return world.databases.tables(service)
    return [str(name) for (name,) in world.rows(service, "SELECT name FROM sqlite_master WHERE type = 'table'")]


def _rows(world: World, service: str, table: str) -> Sequence[str]:
    if isinstance(world, Deployment):
        return world.databases.content(service, table)
    assert isinstance(world, Embedded)
    with closing(sqlite3.connect(f"file:{world.data / service}.db?mode=ro", uri=True)) as connection:
        return [repr(row) for row in connection.execute(f'SELECT * FROM "{table}"')]


async def _answers(world: World, references: Sequence[str]) -> Mapping[str, str]:
    """Every GET route of every service for every referral, headers and body."""
    seen: dict[str, str] = {}
    async with calling(world) as caller:
        offers: list[Json] = [offer for reference in references for offer in await caller.offers(reference)]
    notices = [str(row[0]) for row in world.rows("notifier", "SELECT id FROM notification")]
    values = {
        "reference": references,
        "assignment_id": [offer["id"] for offer in offers],
        "notification_id": notices,
        "version": [str(row[0]) for row in world.rows("router", "SELECT version FROM rule_set")],
    }
    for process in world.processes:
        async with httpx.AsyncClient(base_url=process.url, timeout=20) as client:
            for path in await _paths(client, process.name):
                for filled in _filled(path, values):
                    answer = await client.get(filled)
                    text = f"{answer.status_code} {answer.headers} {answer.text}"
                    seen[f"GET {process.name} {path}"] = seen.get(f"GET {process.name} {path}", "") + text
    return seen


async def _paths(client: httpx.AsyncClient, process: str) -> list[str]:
    # Three services behind one front door each have a place of their own for their documentation.
    behind = f"/{process}" if process in SERVICES else ""
    own = (f"{behind}/docs", f"{behind}/openapi.json")
    documented = (await client.get(own[-1])).json()["paths"]
    return [*(path for path, methods in documented.items() if "get" in methods), *own, *UNDOCUMENTED]


def _filled(path: str, values: Mapping[str, Sequence[str]]) -> Sequence[str]:
    """`path` with each value of the one parameter it has."""
    held = HELD.findall(path)
    if not held:
        return [path]
    (name,) = held
    return [path.replace(f"{{{name}}}", value) for value in values[name]]
