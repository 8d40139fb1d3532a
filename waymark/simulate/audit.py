"""Whether the books of the three services balance: every need owned, nobody told twice, nothing told of anybody."""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from services.intake.domain.progress import FINISHED
from services.router.domain.assignment import LIVE
from shared.events import AssignmentOverdue
from waymark.names import ServiceName
from waymark.simulate.ledger import Ledger, instant
from waymark.simulate.planted import Search

# Background work is looked at every hour; a clock that has been ringing for longer rings in vain.
LATE = timedelta(hours=2)
LIVE_STATES = ", ".join(f"'{state}'" for state in sorted(LIVE))
TOLD_AFTER_ITS_END = """SELECT n.assignment_id, n.purpose, n.channel FROM mailbox m
    JOIN notification n ON n.id = m.id JOIN closure c ON c.subject_id IN (n.assignment_id, n.referral_id)
    WHERE n.purpose <> 'recall' AND n.purpose NOT LIKE 'late%'
    AND NOT (n.purpose IN ('confirmation', 'returned') AND c.reason = 'answered')
    AND m.kept_at > c.closed_at"""
TOLD_TWICE = """SELECT n.assignment_id, n.purpose, n.channel, count(*) FROM mailbox m JOIN notification n ON n.id = m.id
    GROUP BY n.assignment_id, n.purpose, n.channel, n.occasion, m.recipient HAVING count(*) > 1"""
FOUND_BY_THE_WATCHDOG = "referral.unowned"
TWO_HELPERS = "SELECT referral_id, need, count(*) FROM assignment_need WHERE live GROUP BY 1, 2 HAVING count(*) > 1"


@dataclass(slots=True)
class Findings:
    """What is not as it must be, each in words, once: needs that are nobody's, what was told or placed twice, personal
    words where none may be, and whatever else is wrong."""

    unowned: dict[str, None] = field(default_factory=dict)
    repeated: dict[str, None] = field(default_factory=dict)
    leaked: dict[str, None] = field(default_factory=dict)
    wrong: dict[str, None] = field(default_factory=dict)

    def __bool__(self) -> bool:
        return bool(self.unowned or self.repeated or self.leaked or self.wrong)


@dataclass(slots=True)
class Audit:
    """Reads the ledgers and nothing else. `heard` is called with service, type and body of each event, once."""

    books: Ledger
    search: Search
    log: Path
    findings: Findings = field(default_factory=Findings)
    heard: list[Callable[[str, datetime, dict[str, object]], None]] = field(default_factory=list)
    _read_to: Counter[str] = field(default_factory=Counter)
    _placed: dict[str, dict[str, str]] = field(default_factory=lambda: defaultdict(dict))
    _overdue_told: set[tuple[str, str]] = field(default_factory=set)
    _versions: dict[str, int] = field(default_factory=dict)
    _ended: dict[str, str] = field(default_factory=dict)

    def hour(self, now: datetime) -> None:
        """What must hold at every moment."""
        self._read_events()
        self._read_decisions()
        self._read_log()
        self._find_needs_of_nobody(now)
        self._find_clocks_of_nobody(now)
        self._find_repeated()
        self._find_steps_back()

    def end(self, metrics: str, taken: Iterable[tuple[UUID, int]]) -> None:
        """What must hold besides once nothing is under way: `metrics` as served, and how often each message was taken
        by the other side."""
        for message, times in taken:
            if times > 1:
                self.findings.repeated[f"message {message} was taken {times} times"] = None
        self._look_at("metrics", metrics)
        for service in ServiceName:
            for table, text in self.books.tables(service):
                if (service, table) != (ServiceName.INTAKE, "unit"):
                    self._look_at(f"table {service}.{table}", text)
            for [count] in self.books.rows(service, "SELECT count(*) FROM inbox WHERE state <> 'done'"):
                if count:
                    self.findings.wrong[f"{count} events were not handled by {service}"] = None
        self._compare_views()

    def _read_events(self) -> None:
        for service in ServiceName:
            query = "SELECT seq, body, headers FROM outbox WHERE seq > ? ORDER BY seq"
            for seq, body, headers in self.books.rows(service, query, self._read_to[service]):
                self._read_to[service] = seq
                self._look_at(f"event {seq} of {service}", f"{body} {headers}")
                attributes, event = json.loads(headers), json.loads(body)
                if attributes["ce_type"] == AssignmentOverdue.type:
                    self._overdue_told.add((UUID(event["assignment_id"]).hex, event["clock"]))
                for listener in self.heard:
                    listener(attributes["ce_type"], datetime.fromisoformat(attributes["ce_time"]), event)

    def _read_decisions(self) -> None:
        query = "SELECT rowid, referral_id, document FROM decision WHERE rowid > ? ORDER BY rowid"
        for row, referral, document in self.books.rows("router", query, self._read_to["decisions"]):
            self._read_to["decisions"] = row
            self._placed[referral] |= {need["need"]: need["state"] for need in json.loads(document)["needs"]}

    def _read_log(self) -> None:
        with self.log.open(encoding="utf-8") as log:
            log.seek(self._read_to["log"])
            said = log.read()
            self._read_to["log"] = log.tell()
        self._look_at("log", said)
        if FOUND_BY_THE_WATCHDOG in said:
            self.findings.unowned[f"the router itself says {FOUND_BY_THE_WATCHDOG}"] = None

    def _look_at(self, where: str, text: str) -> None:
        for kind in self.search.traces(text):
            self.findings.leaked[f"{where} tells the {kind} of somebody"] = None

    def _find_needs_of_nobody(self, now: datetime) -> None:
        """Every need that was placed is live or done; what the router has not heard of has a sweep to come."""
        owned = set(self.books.rows("router", "SELECT referral_id, need FROM assignment_need WHERE live OR done"))
        known = self.books.pairs("router", "SELECT id, cancelled_at FROM referral")
        for referral, placed in self._placed.items():
            for need, state in placed.items():
                if state == "assigned" and known.get(referral) is None and (referral, need) not in owned:
                    self.findings.unowned[f"need {need} of {referral} is nobody's since {now:%d %b %H:%M} UTC"] = None
        waiting = self.books.rows("intake", "SELECT id FROM referral WHERE sweep_at IS NULL AND outcome IS NULL")
        for [referral] in waiting:
            if referral not in known:
                self.findings.unowned[f"referral {referral} is nobody's: never decided, and no sweep to come"] = None

    def _find_clocks_of_nobody(self, now: datetime) -> None:
        """Every live assignment has a clock that ticks, or one that rang and was told."""
        query = f"SELECT id, state FROM assignment WHERE state IN ({LIVE_STATES})"  # noqa: S608 - constants
        live = self.books.pairs("router", query)
        watched: set[str] = set()
        for assignment, kind, state, due_at in self.books.rows(
            "router", "SELECT assignment_id, kind, state, due_at FROM clock WHERE state <> 'stopped'"
        ):
            due = instant(due_at)
            ticks = state in ("running", "warned") and due is not None and due + LATE > now
            if ticks or (state == "breached" and (assignment, kind) in self._overdue_told):
                watched.add(assignment)
        for assignment in live.keys() - watched:
            self.findings.unowned[f"assignment {assignment} ({live[assignment]}) has no clock"] = None

    def _find_repeated(self) -> None:
        for referral, need, count in self.books.rows("router", TWO_HELPERS):
            self.findings.repeated[f"need {need} of {referral} has {count} helpers"] = None
        for assignment, purpose, channel, count in self.books.rows("notifier", TOLD_TWICE):
            self.findings.repeated[f"{purpose} of {assignment} by {channel} was told {count} times"] = None
        for assignment, purpose, channel in self.books.rows("notifier", TOLD_AFTER_ITS_END):
            self.findings.repeated[f"{purpose} of {assignment} by {channel} was told after its end"] = None

    def _find_steps_back(self) -> None:
        for assignment, version in self.books.rows("router", "SELECT id, version FROM assignment"):
            if version < self._versions.get(assignment, 0):
                self.findings.wrong[f"assignment {assignment} went back to version {version}"] = None
            self._versions[assignment] = version
        for referral, status in self.books.rows("intake", "SELECT id, status FROM referral"):
            if self._ended.get(referral, status) != status:
                self.findings.wrong[f"referral {referral} went from {self._ended[referral]} to {status}"] = None
            if status in FINISHED:
                self._ended[referral] = status

    def _compare_views(self) -> None:
        """What intake has heard of each assignment is how it stands."""
        heard = self.books.pairs("intake", "SELECT id, state FROM assignment")
        for assignment, state in self.books.rows("router", "SELECT id, state FROM assignment"):
            seen = "done" if heard.get(assignment) == "failed" else heard.get(assignment)
            if seen != state:
                self.findings.wrong[f"assignment {assignment} is {state}, and intake has it as {seen}"] = None
