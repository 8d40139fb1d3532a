"""Days of the whole system on a clock that jumps: nobody is forgotten, told twice or given away; and the audit sees."""

import re
import sqlite3
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

import pytest
from rich.console import Console

from tests.system.county import COUNTY
from waymark.simulate.agenda import Doors
from waymark.simulate.audit import Audit, Findings
from waymark.simulate.mix import Requests, read_mix, read_units, residents
from waymark.simulate.month import Plan, Report, simulate
from waymark.simulate.planted import Resident, Search
from waymark.simulate.system import System, running

pytestmark = pytest.mark.timeout(600)
SPRING, AUTUMN, CHRISTMAS = date(2026, 3, 27), date(2026, 10, 23), date(2026, 12, 23)
MONDAY = datetime(2026, 3, 16, 10, tzinfo=UTC)
WAYMARK = Path(sys.executable).parent / "waymark"


async def played(plan: Plan, folder: Path) -> Report:
    with (folder / "bar").open("w") as nowhere:
        return await simulate(plan, folder / "data", COUNTY, Console(file=nowhere))


@pytest.mark.parametrize(
    "start", [SPRING, AUTUMN, CHRISTMAS], ids=["clocks go on, Easter", "clocks go back", "Christmas"]
)
async def test_every_referral_is_closed_or_with_the_triage_desk_for_a_reason(start: date, tmp_path: Path) -> None:
    report = await played(Plan(start, days=2, referrals=15, seed=start.toordinal()), tmp_path)
    assert report.faults() == []
    assert report.is_good
    assert len(report.outcome.closed) + len(report.outcome.triage_desk) >= 15
    assert {"messages", "accepted", "done"} <= set(report.tally.total)


async def test_a_seed_repeats_a_run(tmp_path: Path) -> None:
    reports = []
    for folder in (tmp_path / "one", tmp_path / "two"):
        folder.mkdir()
        reports.append(await played(Plan(AUTUMN, days=1, referrals=5, seed=11), folder))
    assert reports[0].line == reports[1].line
    assert reports[0].tally.weeks == reports[1].tally.weeks
    assert reports[0].what_went_wrong == reports[1].what_went_wrong


def test_the_command_ends_with_one_line_to_be_read_by_machine(tmp_path: Path) -> None:
    line = [str(WAYMARK), "simulate-month", "--days", "1", "--referrals", "4", "--seed", "1", "--start", "2026-03-16"]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert re.fullmatch(
        r"closed \d+, triage_desk \d+, unowned 0, repeated 0, leaked 0", done.stdout.rstrip().splitlines()[-1]
    )
    assert done.stdout.startswith("4 referrals over 1 days from 16 March 2026, seed 1\n")


def test_a_folder_that_is_in_use_is_left_alone(tmp_path: Path) -> None:
    (tmp_path / "precious").touch()
    line = [str(WAYMARK), "simulate-month", "--data", str(tmp_path)]
    done = subprocess.run(line, cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 1
    assert "is not empty" in done.stderr


# -- the audit ---------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Audited:
    """A system in which a few referrals were told to services, and whose books balance so far."""

    system: System
    folder: Path
    audit: Audit

    def execute(self, service: str, statement: str, *values: object) -> None:
        """Change something behind the service's back."""
        with closing(sqlite3.connect(self.folder / f"{service}.db", isolation_level=None)) as connection:
            assert connection.execute(statement, values).rowcount > 0

    def findings(self) -> Findings:
        """What the audit finds an hour later."""
        self.audit.hour(self.system.now() + timedelta(hours=1))
        return self.audit.findings


@pytest.fixture
async def audited(tmp_path: Path) -> AsyncIterator[Audited]:
    folder = tmp_path / "data"
    async with running(folder, COUNTY, MONDAY, 5) as system:
        doors = Doors(system.client, system.fresh_id, Random(1))
        requests = Requests(read_mix(COUNTY), read_units(COUNTY), Random(2))
        people = residents(Random(3))
        for _ in range(4):
            await doors.post("/api/v1/referrals", requests.one(next(people)))
        while (due := system.next_due()) is not None and due < MONDAY + timedelta(minutes=30):
            system.now.move_to(due)
            await system.settle()
        audit = Audit(system.books, Search({"S40 1US"}), system.log)
        audit.hour(system.now())
        assert not audit.findings
        yield Audited(system, folder, audit)


async def test_the_audit_sees_a_need_that_nobody_has(audited: Audited) -> None:
    audited.execute("router", "UPDATE assignment_need SET live = 0")
    assert all("is nobody's" in found for found in audited.findings().unowned)
    assert audited.findings().unowned


async def test_the_audit_sees_an_assignment_that_nobody_waits_for(audited: Audited) -> None:
    audited.execute("router", "DELETE FROM clock")
    assert all("has no clock" in found for found in audited.findings().unowned)
    assert audited.findings().unowned


async def test_a_clock_that_rang_counts_only_once_it_was_told(audited: Audited) -> None:
    audited.execute("router", "UPDATE clock SET state = 'breached'")
    assert audited.findings().unowned


async def test_the_audit_sees_a_referral_that_was_never_decided_and_is_not_swept(audited: Audited) -> None:
    doors = Doors(audited.system.client, audited.system.fresh_id, Random(1))
    requests = Requests(read_mix(COUNTY), read_units(COUNTY), Random(2))
    await doors.post("/api/v1/referrals", requests.one(Resident(99, 0.5)))
    assert not audited.findings()
    audited.execute("intake", "UPDATE referral SET sweep_at = NULL WHERE outcome IS NULL")
    assert len(audited.findings().unowned) == 1


async def test_the_audit_sees_a_message_that_left_after_its_offer_had_ended(audited: Audited) -> None:
    audited.execute(
        "notifier",
        "INSERT INTO closure SELECT assignment_id, 'answered', '2026-03-01 00:00:00' FROM notification LIMIT 1",
    )
    assert all("after its end" in found for found in audited.findings().repeated)
    assert audited.findings().repeated


async def test_the_audit_sees_a_step_back(audited: Audited) -> None:
    audited.execute("router", "UPDATE assignment SET version = 0")
    assert all("went back" in found for found in audited.findings().wrong)
    assert audited.findings().wrong


async def test_the_audit_sees_that_two_services_tell_different_stories(audited: Audited) -> None:
    audited.execute("intake", "UPDATE assignment SET state = 'recalled'")
    audited.audit.end("", ())
    assert audited.audit.findings.wrong


async def test_the_audit_sees_a_message_that_was_taken_twice(audited: Audited) -> None:
    audited.audit.end("", [(audited.system.fresh_id(), 2)])
    assert len(audited.audit.findings.repeated) == 1


PERSON = Resident(4711, 0.1)
SLIPS: dict[str, str] = {
    "name": PERSON.name.upper(),
    "phone": f"+44 {PERSON.phone[1:].replace(' ', '-')}",
    "e-mail": "somebody@planted.example",
    "address": PERSON.address,
    "date of birth": str(PERSON.person(80, with_phone=True)["dob"]),
    "note": "keeps 3 budgerigars",
    "postcode": "/referrals?near=S40+1US",
}


@pytest.mark.parametrize("kind", SLIPS)
def test_every_kind_of_personal_word_is_recognised(kind: str) -> None:
    line = f'{{"event": "slip.made", "code": "{SLIPS[kind]}"}}'
    assert Search({"S40 1US"}).traces(line) == [kind]


async def test_the_audit_sees_personal_words_in_the_log(audited: Audited) -> None:
    with audited.system.log.open("a", encoding="utf-8") as log:
        log.write(f"{PERSON.address}\n")
    assert list(audited.findings().leaked) == ["log tells the address of somebody"]


async def test_the_audit_sees_personal_words_in_a_table_an_event_and_a_figure(audited: Audited) -> None:
    audited.execute("notifier", "UPDATE mailbox SET text = ?", PERSON.name)
    audited.execute("router", "UPDATE outbox SET seq = seq + 1000, body = ?", f'{{"note": "{PERSON.name}"}}')
    audited.audit.end(f'waymark_x{{who="{PERSON.phone}"}} 1', ())
    told = " ".join(audited.findings().leaked)
    assert all(where in told for where in ("table notifier.mailbox", "event", "metrics tells the phone"))


def test_no_two_residents_share_a_word_that_could_be_searched_for() -> None:
    people = [Resident(number, 0.3) for number in range(8_000)]
    assert len({person.name for person in people}) == len({person.phone for person in people}) == 8_000
    search = Search(set())
    for person in people[::97]:
        assert search.traces(person.name) == ["name"]
        assert search.traces(person.phone) == ["phone"]


def test_the_county_itself_holds_no_such_word() -> None:
    search = Search(set())
    for file in COUNTY.glob("*.*"):
        assert search.traces(file.read_text(encoding="utf-8")) == [], file.name
