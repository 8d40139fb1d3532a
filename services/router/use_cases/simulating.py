"""Simulating drafts of the rules on the decisions of the past."""

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime

from services.router.domain.cause import RECEIVED
from services.router.domain.county import County
from services.router.domain.simulation.counting import report_of
from services.router.domain.simulation.history import History, HistoryBuilder
from services.router.domain.simulation.report import Report
from services.router.domain.simulation.simulator import Simulator
from services.router.facts import domain_facts
from services.router.ports import FirstDecision, Transaction
from shared.errors import Unavailable
from shared.events import Facts

# Referrals that are decided, or read, between two moments in which the process does something else.
BATCH = 200
# How long the past is kept for the next draft.
KEPT_S = 600.0
BEYOND_THE_LIMIT = "beyond_the_limit"


async def past_decisions(tx: Transaction, since: datetime, most: int) -> History:
    """The newest referrals that were decided since then, at most so many.

    What followed their first decision depends on who answered what, and is left out and counted by its cause.
    """
    builder = HistoryBuilder()
    async for page in tx.decisions.first_ones(since, most):
        await asyncio.to_thread(_take_up, builder, page)
    causes = await tx.decisions.causes(since)
    builder.left_out.update({cause: count for cause, count in causes.items() if cause != RECEIVED.trigger})
    if (more := causes.get(RECEIVED.trigger, 0) - len(builder)) > 0:
        builder.left_out[BEYOND_THE_LIMIT] = more
    return builder.build()


async def prepared(history: History, county: County) -> Simulator:
    """A simulator that has decided the past by the rules in force; meanwhile the process does other things too."""
    simulator = await asyncio.to_thread(Simulator, history, county)
    while simulator.left:
        await asyncio.to_thread(simulator.prepare, BATCH)
    return simulator


async def simulated(simulator: Simulator, draft: County) -> Report:
    """What a draft would change, counted; meanwhile the process does other things too."""
    return await asyncio.to_thread(lambda: report_of(simulator.run(draft)))


def _take_up(builder: HistoryBuilder, page: Sequence[FirstDecision]) -> None:
    for each in page:
        builder.add(each.reference, domain_facts(Facts.model_validate(each.facts)), each.load)


class SimulationRunning(Unavailable):
    """Another draft is being simulated; one at a time is what a process that routes can spare (503)."""

    def __init__(self) -> None:
        super().__init__("simulation-running", "Another draft is being simulated. Try again in a few seconds.")


class Workbench:
    """Simulations in a process that routes: one at a time, on a past that is kept a while for the next draft."""

    def __init__(self) -> None:
        self._is_busy = False
        self._kept: dict[tuple[str, int], Simulator] = {}
        self._forgetting: asyncio.TimerHandle | None = None

    @contextmanager
    def taken(self) -> Iterator[None]:
        """Simulate inside this block. Raises SimulationRunning while somebody else does."""
        if self._is_busy:
            raise SimulationRunning
        self._is_busy = True
        try:
            yield
        finally:
            self._is_busy = False

    def known(self, in_force: County, days: int) -> Simulator | None:
        """The simulator that was last kept, if it is for these rules and so many days."""
        return self._kept.get((in_force.version, days))

    def keep(self, simulator: Simulator, in_force: County, days: int) -> Simulator:
        """Keep this simulator, and no other, until its past is too old; the same."""
        if self._forgetting is not None:
            self._forgetting.cancel()
        self._kept = {(in_force.version, days): simulator}
        self._forgetting = asyncio.get_running_loop().call_later(KEPT_S, self._kept.clear)
        return simulator
