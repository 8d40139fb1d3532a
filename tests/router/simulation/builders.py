"""Histories of referrals, and simulations of a draft on them."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace

from services.router.domain.county import County
from services.router.domain.directory import Service
from services.router.domain.facts import Facts
from services.router.domain.index import directory_of
from services.router.domain.load import Load
from services.router.domain.rule_set import Action, FlagRow
from services.router.domain.simulation.counting import report_of
from services.router.domain.simulation.history import History, HistoryBuilder
from services.router.domain.simulation.report import Report
from services.router.domain.simulation.simulator import Simulator


def history_of(pasts: Sequence[tuple[Facts, Load | None]]) -> History:
    """These referrals, with the references R0000 and so on."""
    builder = HistoryBuilder()
    for number, (facts, load) in enumerate(pasts):
        builder.add(f"R{number:04d}", facts, load)
    return builder.build()


def simulated(before: County, after: County, *pasts: Facts | tuple[Facts, Load]) -> Report:
    """What `after` would change for these referrals, for which every service had room where nothing else is said."""
    history = history_of([past if isinstance(past, tuple) else (past, Load()) for past in pasts])
    simulator = Simulator(history, before)
    simulator.prepare(len(pasts))
    return report_of(simulator.run(after))


def with_services(county: County, services: Iterable[Service]) -> County:
    """The county with this directory."""
    inside = [district.code for district in county.districts.values() if district.inside]
    directory = directory_of(county.organisations.values(), services, inside)
    return replace(county, directory=directory)


def with_actions(county: County, actions: Iterable[Action]) -> County:
    """The county with these rows of section B."""
    risk = replace(county.rules.risk, actions=tuple(actions))
    return replace(county, rules=replace(county.rules, risk=risk))


def with_crisis(county: County, change: Callable[[Action], Action]) -> County:
    """The county with another row for a crisis of mental health."""
    actions = county.rules.risk.actions
    return with_actions(county, (change(row) if row.rules == ("R15",) else row for row in actions))


def with_marks(county: County, marks: Iterable[FlagRow]) -> County:
    """The county with these flags of a referral as a whole."""
    return replace(county, rules=replace(county.rules, marks=tuple(marks)))


def without_track(county: County, need: str, track: str) -> County:
    """The county whose rows of section E for a need leave a track out."""
    rows = (replace(row, tracks=tuple(each for each in row.tracks if each != track))
            for row in county.rules.tracks[need])  # fmt: skip
    return replace(county, rules=replace(county.rules, tracks={**county.rules.tracks, need: tuple(rows)}))
