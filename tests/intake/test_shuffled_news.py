"""News of a referral in whatever order it comes, and however often: it ends where news in order would have ended."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from services.intake import news
from services.intake.domain.progress import LIVE, NeedState, Progress, Status
from services.intake.domain.status import cancelled, decided, moved, offered, told
from shared.errors import Conflict
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentRecalled,
    Event,
    NeedOutcome,
    NeedPlaced,
    NotificationSent,
    ReferralDecided,
)
from tests.intake.builders import NOON, a_decision, a_message_sent, a_move, a_progress, a_recall, an_offer

NEEDS = ("food.shopping", "money.debt", "social.befriending")
PLACED_AGAIN = ("declined", "expired", "handed_back")
NEXT = {
    "offered": ("opened", "accepted", "declined", "expired"),
    "opened": ("accepted", "declined", "expired"),
    "accepted": ("accepted", "contacted", "done", "handed_back"),
    "contacted": ("contacted", "done", "handed_back"),
}
Draw = Callable[[st.SearchStrategy[int]], int]


@dataclass
class Router:
    """Tells a story as the router would: decisions, offers, moves, and at last perhaps a recall of all that is live."""

    progress: Progress
    sequence: int = 0
    told: list[Event] = field(default_factory=list)
    live: dict[UUID, tuple[AssignmentOffered, str]] = field(default_factory=dict)

    def next(self) -> int:
        self.sequence += 1
        return self.sequence

    def decide(self, *needs: str) -> None:
        placed = tuple(NeedPlaced(code=need, state="assigned", service_id="svc-help", priority="P2") for need in needs)
        self.told.append(a_decision(self.progress, *placed, sequence=self.next()))
        for need in needs:
            offer = an_offer(self.progress, needs=(need,), service="svc-help", sequence=self.next())
            self.told.append(offer)
            self.told.append(a_message_sent(offer, sequence=len(self.told)))
            self.live[offer.assignment_id] = (offer, "offered")

    def move(self, which: int, how: int) -> None:
        if not self.live:
            return
        offer, state = list(self.live.values())[which % len(self.live)]
        to = NEXT[state][how % len(NEXT[state])]
        met = how % 2 == 0
        ends = tuple(NeedOutcome(need=need, outcome="met" if met else "died", met=met) for need in offer.needs)
        outcomes = ends if to == "done" else ()
        self.told.append(a_move(offer, to, from_state=state, sequence=self.next(), outcomes=outcomes))
        self.live[offer.assignment_id] = (offer, to)
        if to not in NEXT:
            del self.live[offer.assignment_id]
        if to in PLACED_AGAIN:
            self.decide(*offer.needs)

    def recall(self) -> None:
        for offer, _ in self.live.values():
            self.told.append(a_recall(offer, sequence=self.next()))
        self.live.clear()


def hear(progress: Progress, event: Event) -> Progress:
    match event:
        case ReferralDecided():
            return decided(progress, news.decision_of(event), news.needs_of(event))
        case AssignmentOffered():
            return offered(progress, news.offer_of(event))
        case AssignmentMoved():
            return moved(progress, news.move_of(event))
        case AssignmentRecalled():
            return moved(progress, news.recall_of(event))
        case NotificationSent():
            return told(progress, news.notice_of(event))
    raise AssertionError(event)


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


def nothing_moves_back(before: Progress, after: Progress) -> None:
    known = {each.id: each for each in after.assignments}
    for assignment in before.assignments:
        now = known[assignment.id]
        assert now.sequence >= assignment.sequence
        assert assignment.state in LIVE or now.state is assignment.state
    assert before.status is not Status.CANCELLED or after.status is Status.CANCELLED
    if before.decision is not None:
        assert after.decision is not None
        assert after.decision.sequence >= before.decision.sequence


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
