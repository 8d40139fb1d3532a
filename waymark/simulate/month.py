"""A simulated month from its first call to its last open referral, and the sentence that says how it ended."""

import json
import random
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from services.router import main as router
from services.router.configuration import load_county
from services.router.domain.county import County
from waymark.databases import opened
from waymark.names import ServiceName
from waymark.simulate.agenda import Agenda, Doors
from waymark.simulate.audit import Audit, Findings
from waymark.simulate.callers import Callers
from waymark.simulate.mix import Arrivals, Requests, read_mix, read_units, residents
from waymark.simulate.outcome import Outcome, outcome_of
from waymark.simulate.partners import Offer, Partners
from waymark.simulate.planted import Search
from waymark.simulate.staff import Staff
from waymark.simulate.system import System, running
from waymark.simulate.tally import Tally

HOUR = timedelta(hours=1)
# After the last call the others go on until only the triage desk has anything; then what is on its way arrives.
AFTER_DAYS = 60
EVER_DAYS, MANY = 36_500, 1_000_000
QUIET_DAYS = 3
NEW_OFFERS = "SELECT rowid, id, service_id, needs, priority FROM assignment WHERE rowid > ? ORDER BY rowid"


@dataclass(frozen=True, slots=True)
class Plan:
    """What to simulate: `referrals` requests over `days` local days from `start` on, all chance drawn from `seed`."""

    start: date
    days: int
    referrals: int
    seed: int


@dataclass(frozen=True, slots=True)
class Report:
    """How it ended."""

    outcome: Outcome
    findings: Findings
    tally: Tally
    what_went_wrong: dict[str, int]

    @property
    def line(self) -> str:
        """The last line."""
        found = self.findings
        return (
            f"closed {len(self.outcome.closed)}, triage_desk {len(self.outcome.triage_desk)}, "
            f"unowned {len(found.unowned)}, repeated {len(found.repeated)}, leaked {len(found.leaked)}"
        )

    @property
    def is_good(self) -> bool:
        """Whether everybody has ended where they may, and the books balance."""
        return not (self.findings or self.outcome.open or self.outcome.unexplained)

    def faults(self) -> list[str]:
        """Everything that is not as it must be."""
        found = self.findings
        return [
            *found.unowned,
            *found.repeated,
            *found.leaked,
            *found.wrong,
            *(f"referral {each} is neither closed nor with the triage desk" for each in self.outcome.open),
            *(f"referral {each} is with the triage desk, nobody knows why" for each in self.outcome.unexplained),
        ]


@dataclass(slots=True)
class Month:
    """Everybody in it, on one clock."""

    system: System
    county: County
    agenda: Agenda
    staff: Staff
    partners: Partners
    audit: Audit
    _offers_seen: int = field(default=0)

    async def until(self, end: datetime, each_hour: Progress | None = None) -> None:
        """Go from one thing that is due to the next, and look at the books every hour."""
        now = self.system.now
        hour = now().replace(minute=0, second=0, microsecond=0) + HOUR
        while hour <= end:
            dues = [due for due in (self.agenda.next_due(), self.system.next_due()) if due is not None]
            now.move_to(min([*dues, hour]))
            if now() >= hour:
                await self.staff.hour()
            await self.agenda.act(now())
            await self._settle(hour.hour if now() >= hour else None)
            if now() >= hour:
                self.audit.hour(now())
                hour += HOUR
                if each_hour is not None:
                    each_hour.advance(each_hour.task_ids[0])

    async def _settle(self, hour: int | None) -> None:
        await self.system.settle(hour=hour)
        for row, offer_id, service_id, needs, priority in self.system.books.rows(
            "router", NEW_OFFERS, self._offers_seen
        ):
            self._offers_seen = row
            if service_id != self.county.rules.triage_desk:
                self.partners.hear(Offer(offer_id, service_id, tuple(json.loads(needs)), priority))

    def outcome(self) -> Outcome:
        """Where every referral is now."""
        texts = {code: rule.text for code, rule in self.county.rules.texts.items()}
        return outcome_of(self.system.books, self.county.rules.triage_desk, texts)


async def simulate(plan: Plan, data: Path, directory: Path, console: Console) -> Report:
    """Run `plan` in the empty folder `data` by the county's files in `directory`."""
    county = load_county(directory)
    calendar = county.deadlines.calendar
    start = calendar.instant(plan.start, 0).astimezone(UTC)
    # The services' back-off draws from here, and nothing else does.
    random.seed(plan.seed)
    async with running(data, directory, start, plan.seed) as system:
        month, callers, tally = _everybody(system, county, plan, directory)
        arrivals = Arrivals(callers.requests.mix, calendar, Random(f"{plan.seed} arrivals"))
        for when in arrivals.over(plan.start, plan.days, plan.referrals):
            month.agenda.at(when, callers.ask)
        with Progress(
            TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=console
        ) as bar:
            bar.add_task(f"{plan.days} days", total=plan.days * 24)
            await month.until(start + timedelta(days=plan.days), bar)
            bar.add_task("until all are closed", total=None)
            await _until_all_are_closed(month)
        metrics = (await system.client.get("/metrics")).text
        month.audit.end(metrics, system.post.taken.items())
        month.audit.findings.wrong |= dict.fromkeys(month.partners.doors.wrong)
        month.audit.findings.wrong |= await _not_derived_again(data)
        return Report(month.outcome(), month.audit.findings, tally, _what_went_wrong(month))


async def _not_derived_again(data: Path) -> dict[str, None]:
    """The decisions of the whole time that do not come out again as they were kept."""
    async with opened(ServiceName.ROUTER, data) as database:
        found = await router.rederive(database, EVER_DAYS, most=MANY)
    unknown = {f"of {found.unknown} decisions it is not known what they were made from": None} if found.unknown else {}
    return unknown | {f"decision {each.id} does not come out again": None for each in found.different}


async def _until_all_are_closed(month: Month) -> None:
    """The triage desk keeps what it cannot solve; what else is open goes on."""
    for _ in range(AFTER_DAYS):
        if not month.outcome().open:
            break
        await month.until(month.system.now() + timedelta(days=1))
    # Whatever was still on its way arrives.
    await month.until(month.system.now() + timedelta(days=QUIET_DAYS))


def _everybody(system: System, county: County, plan: Plan, directory: Path) -> tuple[Month, Callers, Tally]:
    def chance(of: str) -> Random:
        return Random(f"{plan.seed} {of}")

    now, agenda, calendar, desk = system.now, Agenda(), county.deadlines.calendar, county.rules.triage_desk
    doors = Doors(system.client, system.fresh_id, chance("doors"))
    partners = Partners(now, agenda, doors, system.books, county.rules.answers, plan.seed, chance("partners"))
    staff = Staff(now, agenda, doors, partners, desk, calendar, chance("staff"))
    requests = Requests(read_mix(directory), read_units(directory), chance("requests"))
    callers = Callers(now, agenda, doors, staff, requests, residents(chance("residents")), chance("callers"))
    tally = Tally(desk, calendar.zone)
    audit = Audit(system.books, Search(callers.postcodes), system.log)
    audit.heard.append(tally.hear)
    return Month(system, county, agenda, staff, partners, audit), callers, tally


def _what_went_wrong(month: Month) -> dict[str, int]:
    """What chance did to the services, by kind: figures that would be 0 on a good day."""
    system, doors = month.system, month.partners.doors
    return {
        "events that came again": system.carrier.again,
        "requests sent twice": doors.sent_twice,
        **{f"answers refused with {status}": count for status, count in sorted(doors.refused.items())},
        **{f"attempts that ended {kind}": count for kind, count in sorted(system.post.failed.items())},
        **{f"failed steps of {loop}": count for loop, count in sorted(system.failures.items())},
    }
