"""News of a referral in whatever order it comes, and however often: it ends where news in order would have ended."""

from collections.abc import Sequence
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake.domain.progress import NeedState, Progress, Status
from services.intake.domain.status import cancelled
from shared.errors import Conflict
from shared.events import (
    Event,
)
from tests.intake.builders import NOON, a_progress
from tests.intake.storyteller import NEEDS, Draw, Router, hear, nothing_moves_back


def end_of(progress: Progress) -> object:
    """What counts: in which order it was heard does not."""
    return (
        progress.status,
        progress.decision,
        sorted((need.code, need.placed, need.service_id, need.state) for need in progress.needs),
        sorted((replace(each, sequence=0) for each in progress.assignments), key=lambda each: each.id),
        sorted((each.id, each.state) for each in progress.notices),
    )


@st.composite
def stories(draw: Draw) -> tuple[Progress, Sequence[Event], bool]:
    """A referral, all that is told of it in order, and whether it was cancelled."""
    needs = NEEDS[: draw(st.integers(1, len(NEEDS)))]
    router = Router(a_progress(needs=needs))
    router.decide(*needs)
    for _ in range(draw(st.integers(0, 8))):
        router.move(draw(st.integers(0, 5)), draw(st.integers(0, 5)))
    is_cancelled = draw(st.integers(0, 3)) == 0
    if is_cancelled:
        router.recall()
    return router.progress, router.told, is_cancelled


@settings(deadline=None, max_examples=300)
@given(story=stories(), data=st.data())
def test_whatever_the_order_and_however_often_the_end_is_the_same(
    story: tuple[Progress, Sequence[Event], bool], data: st.DataObject
) -> None:
    progress, events, is_cancelled = story
    in_order = shuffled = cancelled(progress, "died", NOON) if is_cancelled else progress
    for event in events:
        in_order = hear(in_order, event)
    again = data.draw(st.lists(st.sampled_from(events), max_size=5))
    for event in data.draw(st.permutations([*events, *again])):
        before, shuffled = shuffled, hear(shuffled, event)
        nothing_moves_back(before, shuffled)
    assert end_of(shuffled) == end_of(in_order)


@settings(deadline=None, max_examples=200)
@given(story=stories(), at=st.integers(0, 40))
def test_a_referral_can_be_cancelled_at_any_moment_before_its_end_and_then_stays_so(
    story: tuple[Progress, Sequence[Event], bool], at: int
) -> None:
    progress, events, _ = story
    for number, event in enumerate(events):
        if number == at % len(events):
            try:
                progress = cancelled(progress, "resident_withdrew", NOON)
            except Conflict:
                assert all(need.state in {NeedState.DONE, NeedState.FAILED} for need in progress.needs)
        progress = hear(progress, event)
    if progress.cancellation is not None:
        assert progress.status is Status.CANCELLED
        assert {need.state for need in progress.needs} == {NeedState.CANCELLED}
