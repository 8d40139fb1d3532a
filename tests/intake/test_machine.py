"""A referral under any order of news, stops and re-openings: its state follows from its needs and from nothing else."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from itertools import islice

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from services.intake.domain.progress import FINISHED, NeedState, Progress, Status
from services.intake.domain.reopening import reopened
from services.intake.domain.status import cancelled
from shared.errors import Conflict
from shared.events import AssignmentMoved, AssignmentOffered, Event, ReferralDecided
from tests.intake.builders import NOON, a_progress
from tests.intake.storyteller import NEEDS, Router, hear, nothing_moves_back

# What a move by the partner means for the needs of its assignment; done and failed follow from the outcomes.
MEANS = {
    "opened": NeedState.ASSIGNED,
    "accepted": NeedState.IN_PROGRESS,
    "contacted": NeedState.IN_PROGRESS,
    "declined": NeedState.ROUTING,
    "expired": NeedState.ROUTING,
    "handed_back": NeedState.ROUTING,
}
ANY = st.integers(0, 99)
MUCH = 12


def where_needs_are(told: Sequence[Event]) -> Mapping[str, NeedState]:
    """Where each need is by what the router told, put in its own order."""
    needs: dict[str, NeedState] = {}
    for event in sorted(told, key=lambda each: each.sequence):
        if isinstance(event, ReferralDecided):
            needs |= {need.code: NeedState.ASSIGNED for need in event.needs}
        elif isinstance(event, AssignmentOffered):
            needs |= dict.fromkeys(event.needs, NeedState.ASSIGNED)
        elif isinstance(event, AssignmentMoved) and event.outcomes:
            needs |= {each.need: NeedState.DONE if each.met else NeedState.FAILED for each in event.outcomes}
        elif isinstance(event, AssignmentMoved):
            needs |= dict.fromkeys(event.needs, MEANS[event.to_state])
    return needs


def status_of(states: set[NeedState]) -> Status:
    """Where a referral is whose needs are there."""
    if NeedState.IN_PROGRESS in states:
        return Status.IN_PROGRESS
    if NeedState.ASSIGNED in states:
        return Status.ASSIGNED
    if states & {NeedState.ROUTING, NeedState.WAITING}:
        return Status.ROUTING
    return Status.COMPLETED if NeedState.DONE in states else Status.FAILED


class ReferralMachine(RuleBasedStateMachine):
    """Intake hears what the router tells in any order and more than once, while people stop or re-open the referral."""

    router: Router
    progress: Progress

    @initialize(count=st.integers(1, len(NEEDS)))
    def submit(self, count: int) -> None:
        self.router = Router(a_progress(needs=NEEDS[:count]))
        self.progress = self.router.progress
        self.under_way: list[Event] = []
        self.heard: list[Event] = []
        self._tell(lambda: self.router.decide(*NEEDS[:count]))

    def _tell(self, act: Callable[[], None]) -> None:
        before = len(self.router.told)
        act()
        self.under_way += islice(self.router.told, before, None)

    def _hear(self, event: Event) -> None:
        before, self.progress = self.progress, hear(self.progress, event)
        nothing_moves_back(before, self.progress)

    @rule(answers=st.lists(st.tuples(ANY, ANY), min_size=1, max_size=4))
    def partners_answer(self, answers: list[tuple[int, int]]) -> None:
        for which, how in answers:
            self._tell(partial(self.router.move, which, how))

    @precondition(lambda self: self.under_way)
    @rule(which=ANY)
    def news_arrives(self, which: int) -> None:
        event = self.under_way.pop(which % len(self.under_way))
        self.heard.append(event)
        self._hear(event)

    @precondition(lambda self: self.heard)
    @rule(which=ANY)
    def news_arrives_again(self, which: int) -> None:
        self._hear(self.heard[which % len(self.heard)])

    @rule()
    def all_news_arrives(self) -> None:
        while self.under_way:
            self.news_arrives(-1)

    # Not too early: what is stopped has little more to tell.
    @precondition(lambda self: len(self.heard) > MUCH)
    @rule()
    def somebody_stops_it(self) -> None:
        try:
            self.progress = cancelled(self.progress, "resident_withdrew", NOON)
        except Conflict:
            assert self.progress.status in FINISHED
        else:
            self._tell(self.router.recall)

    @rule()
    def somebody_opens_it_again(self) -> None:
        try:
            self.progress, needs = reopened(self.progress, None)
        except Conflict:
            assert self.progress.status not in FINISHED - {Status.CANCELLED}
        else:
            assert self.progress.status is Status.ROUTING
            self._tell(lambda: self.router.decide(*needs))

    @invariant()
    def its_state_is_that_of_its_needs(self) -> None:
        states = {need.state for need in self.progress.needs}
        if self.progress.cancellation is not None:
            assert (self.progress.status, states) == (Status.CANCELLED, {NeedState.CANCELLED})
        elif self.progress.decision is not None:
            assert self.progress.status is status_of(states)

    @invariant()
    def its_needs_are_where_the_news_that_was_heard_leaves_them(self) -> None:
        if self.progress.cancellation is None:
            known = where_needs_are(self.heard)
            placed = {need.code: need.state for need in self.progress.needs if need.placed == "assigned"}
            assert placed == {code: known[code] for code in placed}

    def teardown(self) -> None:
        """Once all has been heard, intake knows what the router knows."""
        if not hasattr(self, "under_way"):
            return
        self.all_news_arrives()
        if self.progress.cancellation is None:
            assert {need.code: need.state for need in self.progress.needs} == where_needs_are(self.router.told)
        self.its_state_is_that_of_its_needs()


TestReferral = ReferralMachine.TestCase
TestReferral.settings = settings(deadline=None, max_examples=250, stateful_step_count=50)
