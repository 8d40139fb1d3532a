"""The router as it tells of a referral, and intake as it hears one piece of news."""

from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import UUID

from hypothesis import strategies as st

from services.intake import news
from services.intake.domain.progress import LIVE, Progress, Status
from services.intake.domain.status import decided, moved, offered, told
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
from tests.intake.builders import a_decision, a_message_sent, a_move, a_recall, an_offer

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
    since = {need.code: need.since for need in after.needs}
    assert all(since[need.code] >= need.since for need in before.needs if need.placed is not None)
