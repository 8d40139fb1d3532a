"""Histories of referrals, and simulations of a draft on them."""

from collections.abc import Sequence

from services.router.domain.county import County
from services.router.domain.facts import Facts
from services.router.domain.load import Load
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
