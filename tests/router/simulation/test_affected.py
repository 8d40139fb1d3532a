"""What is found by columns is exactly what deciding every referral under both versions finds."""

from collections import Counter
from collections.abc import Sequence
from datetime import date

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from services.router.domain.county import County
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.simulation.answer import answer_of
from services.router.domain.simulation.compare import Side, compare
from services.router.domain.simulation.history import History
from services.router.domain.simulation.simulator import Simulator
from tests.router.rules.test_invariants import COUNTY, loads, referrals
from tests.router.simulation.builders import history_of
from tests.router.simulation.drafts import drafts

pasts = st.lists(st.tuples(referrals, st.one_of(st.none(), loads)), min_size=1, max_size=40)


@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(pasts=pasts, draft=drafts())
def test_columns_find_exactly_what_deciding_everyone_finds(
    pasts: list[tuple[Facts, Load | None]], draft: County
) -> None:
    history = history_of(pasts)
    simulator = Simulator(history, COUNTY)
    simulator.prepare(len(pasts))
    simulation = simulator.run(draft)

    befores = [Side(COUNTY, answer_of(past, COUNTY)) for past in history.past]
    afters = [Side(draft, answer_of(past, draft)) for past in history.past]
    compared = [compare(*each) for each in zip(history.past, befores, afters, strict=True)]
    by_reference = sorted(simulation.changes, key=lambda each: each.reference)
    assert by_reference == [change for change in compared if change is not None]
    assert simulation.before.taken == offers_of(history, befores)
    assert +simulation.after.taken == offers_of(history, afters)


def offers_of(history: History, sides: Sequence[Side]) -> Counter[tuple[str, date]]:
    days = [COUNTY.today(past.facts.received_at) for past in history.past]
    return Counter((service, day) for day, side in zip(days, sides, strict=True) for service in side.answer.services)
