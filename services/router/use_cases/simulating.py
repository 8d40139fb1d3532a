"""Simulating drafts of the rules on the decisions of the past."""

import asyncio
from collections.abc import Sequence
from datetime import datetime

from services.router.domain.cause import RECEIVED
from services.router.domain.county import County
from services.router.domain.simulation.counting import report_of
from services.router.domain.simulation.history import History, HistoryBuilder
from services.router.domain.simulation.report import Report
from services.router.domain.simulation.simulator import Simulator
from services.router.facts import domain_facts
from services.router.ports import FirstDecision, Transaction
from shared.events import Facts

# Referrals that are decided, or read, between two moments in which the process does something else.
BATCH = 200
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
