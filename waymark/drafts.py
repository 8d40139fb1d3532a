"""A draft of the rules on past referrals, or on a file of scenarios, as operators run it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from pydantic import ValidationError

from services.router.configuration.versions import county_with
from services.router.domain.county import County
from services.router.domain.simulation.counting import report_of
from services.router.domain.simulation.history import History, HistoryBuilder
from services.router.domain.simulation.report import TABLES, Report, csv_of
from services.router.domain.simulation.simulator import Simulator
from services.router.domain.surge import running
from services.router.facts import domain_facts
from services.router.main import counties
from services.router.store.transaction import RouterTransaction
from services.router.use_cases.publishing import documents_of
from services.router.use_cases.simulating import past_decisions
from shared.db import Database
from shared.document_set import read_folder, version_of
from shared.envelope import Origin
from shared.errors import Refused
from waymark.rules import whole_name
from waymark.scenarios import Ground, read_scenarios, take_in

BATCH, WHOLE = 100, len(version_of({}))
Progress = Callable[[Iterable[int]], Iterable[int]]
"""Passes steps on, and shows how far they are."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What is compared: the draft in a `folder`, or else the stored version whose name begins with `name`, and the
    county in the folder `base`, or else the rules in force."""

    name: str
    folder: Path | None = None
    base: Path | None = None


async def on_decisions(database: Database, asked: Asked, days: int, most: int, progress: Progress) -> Report:
    """Simulate a draft on the newest decisions of so many days. Raises Refused for a draft that cannot be used."""
    async with database.reading(Origin("simulate")) as transaction:
        tx = RouterTransaction(transaction, counties())
        before, after = await _versions(tx, asked)
        history = await past_decisions(tx, database.now() - timedelta(days=days), most)
    return simulate(history, before, after, progress)


async def on_scenarios(database: Database, asked: Asked, file: Path, progress: Progress) -> Report:
    """Simulate a draft on a file of scenarios, which intake reads by the folder that is given. Raises Refused."""
    ground = asked.base or asked.folder
    if ground is None:
        raise Refused("folder-missing", "A folder is needed to read scenarios by: the draft's, or --base.")
    async with database.reading(Origin("simulate")) as transaction:
        before, after = await _versions(RouterTransaction(transaction, counties()), asked)
    return simulate(history_of(file, Ground.load(ground)), before, after, progress)


def folders_on_scenarios(draft: Path, base: Path, file: Path, progress: Progress) -> Report:
    """Compare two folders on a file of scenarios; this needs no database. Raises Refused."""
    return simulate(history_of(file, Ground.load(base)), _county(base), _county(draft), progress)


def history_of(file: Path, ground: Ground) -> History:
    """The scenarios of a file that are decided; the others are counted. Raises Refused for a line that is none."""
    builder = HistoryBuilder()
    for scenario in read_scenarios(file):
        try:
            taken = take_in(scenario.get("input"), ground)
        except ValidationError:
            builder.left_out["unreadable"] += 1
            continue
        if taken.assessment.missing:
            builder.left_out["incomplete"] += 1
        else:
            builder.add(scenario["id"], domain_facts(taken.facts), taken.load)
    return builder.build()


def simulate(history: History, before: County, after: County, progress: Progress) -> Report:
    """What `after` would change."""
    simulator = Simulator(history, before)
    for _ in progress(range(0, simulator.left, BATCH)):
        simulator.prepare(BATCH)
    return report_of(simulator.run(after))


def write_tables(report: Report, folder: Path) -> list[Path]:
    """Write each table of a report as a CSV file into a folder, which is made if need be; the files."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for table in TABLES:
        written.append(folder / f"{table}.csv")
        written[-1].write_text(csv_of(report, table), encoding="utf-8")
    return written


async def _versions(tx: RouterTransaction, asked: Asked) -> tuple[County, County]:
    """Surges that are on count for both, as they would if the draft were published now; beside a folder for neither."""
    if asked.base:
        return _county(asked.base), await _draft(tx, asked, ())
    on = running(await tx.surges.all(), await tx.rule_sets.present())
    return await tx.county(), await _draft(tx, asked, on)


async def _draft(tx: RouterTransaction, asked: Asked, on: Sequence[str]) -> County:
    if asked.folder:
        return _county(asked.folder, on)
    if len(asked.name) == WHOLE and await tx.rule_sets.find(asked.name) is None:
        # One that a surge made for a time is no rule set, and has that surge in it.
        return await tx.county_of(asked.name)
    return county_with(await documents_of(tx, await whole_name(tx, asked.name)), on)


def _county(folder: Path, on: Sequence[str] = ()) -> County:
    return county_with(read_folder(folder), on)
