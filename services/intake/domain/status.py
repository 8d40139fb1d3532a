"""How news moves a referral on: its status, the state of each need, and whether anything is still to be heard."""

from dataclasses import replace
from datetime import datetime, timedelta

from services.intake.domain.progress import (
    AWAITING_ANSWER,
    FINISHED,
    IN_HAND,
    LIVE,
    REOPENED,
    UNDER_WAY,
    Assignment,
    AssignmentState,
    Awaited,
    Cancellation,
    Decision,
    Need,
    NeedState,
    Notice,
    Progress,
    Status,
)
from shared.errors import Conflict

LONGEST_PATIENCE = timedelta(hours=1)
DELIVERED = "delivered"
# The router's first word of a referral is the decision of all its needs.
FIRST_WORD = 1
# Partners answer in minutes at best; the deadlines that ring in silence are a quarter of an hour away or more (R53).
SILENCE = 15
LONGEST_SILENCE = timedelta(days=1)
STATE_OF_NEED = {
    AssignmentState.DONE: NeedState.DONE,
    AssignmentState.FAILED: NeedState.FAILED,
    **dict.fromkeys(AWAITING_ANSWER, NeedState.ASSIGNED),
    **dict.fromkeys(UNDER_WAY, NeedState.IN_PROGRESS),
}
SENT_BACK = frozenset(
    {AssignmentState.DECLINED, AssignmentState.EXPIRED, AssignmentState.HANDED_BACK, AssignmentState.RECALLED}
)
# Somebody took the assignment's needs on, whatever came of it.
TAKEN_ON = UNDER_WAY | {AssignmentState.DONE, AssignmentState.FAILED, AssignmentState.HANDED_BACK}
# The first state that any need is in decides where the whole referral stands.
STATUS_OF_NEEDS = (
    (NeedState.IN_PROGRESS, Status.IN_PROGRESS),
    (NeedState.ASSIGNED, Status.ASSIGNED),
    (NeedState.ROUTING, Status.ROUTING),
    (NeedState.WAITING, Status.ROUTING),
    (NeedState.HELD, Status.ON_HOLD),
    (NeedState.DONE, Status.COMPLETED),
    (NeedState.FAILED, Status.FAILED),
    (NeedState.DUPLICATE, Status.CLOSED),
)


def decided(progress: Progress, decision: Decision, needs: tuple[Need, ...]) -> Progress:
    """After a decision. Each need stands as the newest decision that speaks of it left it: a later one may speak only
    of needs that had to be placed again, and may be heard before the first."""
    # What was asked for and the first decision does not name, it has replaced.
    is_first = decision.sequence == FIRST_WORD
    placed = {need.code: need for need in progress.needs if need.placed is not None or not is_first}
    for need in needs:
        known = placed.get(need.code)
        if known is None or known.placed is None or known.since < decision.sequence:
            placed[need.code] = replace(need, since=decision.sequence)
    newest = progress.decision
    if newest is None or newest.sequence <= decision.sequence:
        newest = decision
    return derived(replace(progress, decision=newest, needs=tuple(placed.values())))


def offered(progress: Progress, offer: Assignment) -> Progress:
    """After an offer; one that arrives after its own recall, or a second time, only adds what it tells."""
    known = _assignment(progress, offer)
    if known is not None:
        offer = replace(offer, state=known.state, sequence=max(known.sequence, offer.sequence), endings=known.endings)
    return derived(_with_assignment(progress, offer))


def moved(progress: Progress, news: Assignment) -> Progress:
    """After an answer or a recall; one older than what is known of the assignment, or of one that has ended, changes
    nothing."""
    known = _assignment(progress, news)
    if known is None:
        return derived(_with_assignment(progress, news))
    if known.state not in LIVE or news.sequence < known.sequence:
        return progress
    now = replace(known, state=news.state, sequence=news.sequence, endings=news.endings)
    return derived(_with_assignment(progress, now))


def told(progress: Progress, notice: Notice) -> Progress:
    """After news of a message; news older than what is known of that message changes nothing."""
    known = next((other for other in progress.notices if other.id == notice.id), None)
    if known is not None and notice.sequence < known.sequence:
        return progress
    if known is not None and notice.receipt is None and known.receipt == DELIVERED:
        notice = replace(notice, receipt=known.receipt)
    return _with_notice(progress, notice)


def confirmed(progress: Progress, news: Notice) -> Progress:
    """After news of a message's arrival. What arrived has arrived: nothing that is heard later takes that back."""
    known = next((other for other in progress.notices if other.id == news.id), None)
    if known is None:
        return _with_notice(progress, news)
    if news.sequence < known.sequence or known.receipt == DELIVERED:
        return progress
    return _with_notice(progress, replace(news, state=known.state, failure=news.failure or known.failure, at=known.at))


def cancelled(progress: Progress, reason: str, at: datetime) -> Progress:
    """After it was stopped. Raises Conflict when it is finished already."""
    if progress.status in FINISHED:
        raise Conflict("illegal-transition", f"This referral is {progress.status}, so it cannot be cancelled.")
    return derived(replace(progress, cancellation=Cancellation(reason, at), sequence=progress.sequence + 1))


def is_settled(progress: Progress) -> bool:
    """Whether all news that must follow has been heard: a decision, its offers, and for each offer that its service was
    told; after a cancellation, that every live offer was recalled."""
    if progress.cancellation is not None:
        return all(assignment.state not in LIVE for assignment in progress.assignments)
    if progress.decision is None or any(need.placed == REOPENED for need in progress.needs):
        return False
    offers_heard = {(assignment.service_id, code) for assignment in progress.assignments for code in assignment.needs}
    all_offered = all(
        (need.service_id, need.code) in offers_heard for need in progress.needs if need.placed == "assigned"
    )
    return all_offered and all(_is_told(progress, assignment) for assignment in progress.assignments)


def awaited(progress: Progress) -> Awaited:
    """Which news is still to come. While a service has an assignment in hand its answers and its clocks tell, when they
    please: silence may be theirs, or the broker has lost what they told."""
    if not is_settled(progress):
        return Awaited.MUST
    live = any(assignment.state in LIVE for assignment in progress.assignments)
    return Awaited.MAY if live else Awaited.NONE


def patience(first: timedelta, sweeps: int, of: Awaited = Awaited.MUST) -> timedelta | None:
    """How long to wait for news after `sweeps` sweeps in vain: doubling, so that an outage is not made worse.

    `first` is for news that must come; for other news it is SILENCE times as long. None is for ever: where nothing is
    awaited, one sweep makes sure that all have heard of it.
    """
    if of is Awaited.NONE and sweeps:
        return None
    wait, longest = (first, LONGEST_PATIENCE) if of is Awaited.MUST else (first * SILENCE, LONGEST_SILENCE)
    # Past 2^17 every first patience of a second or more has reached the longest.
    return min(wait * (1 << min(sweeps, 17)), longest)


def needs_in_hand(needs: tuple[Need, ...]) -> tuple[str, ...]:
    """The needs that a further referral of the same person should not have assigned again (R11)."""
    return tuple(need.code for need in needs if need.state in IN_HAND)


def derived(progress: Progress) -> Progress:
    """The same with the state and the holder of each need, and the status, as they follow from the rest."""
    needs = tuple(
        replace(need, state=_state_of(need, progress), service_id=_service_of(need, progress))
        for need in progress.needs
    )
    return replace(progress, needs=needs, status=_status_of(replace(progress, needs=needs)))


def _status_of(progress: Progress) -> Status:
    if progress.cancellation is not None:
        return Status.CANCELLED
    if progress.decision is None:
        return Status.SUBMITTED
    taken_on = any(assignment.state in TAKEN_ON for assignment in progress.assignments)
    if progress.decision.outcome == "out_of_area" and not taken_on:
        return Status.OUT_OF_AREA
    states = {need.state for need in progress.needs}
    # Without any need there is a note that nobody may read yet (R24): a person has to look at it.
    status = next((status for state, status in STATUS_OF_NEEDS if state in states), Status.ON_HOLD)
    waits_for_a_person = progress.decision.outcome == "triage_desk" and status is Status.ASSIGNED
    return Status.ON_HOLD if waits_for_a_person else status


def _state_of(need: Need, progress: Progress) -> NeedState:
    if progress.cancellation is not None:
        return NeedState.CANCELLED
    if need.placed is None:
        return NeedState.WAITING
    if need.placed == REOPENED:
        return NeedState.ROUTING
    if need.placed != "assigned":
        return NeedState(need.placed)
    newest = _holder_of(need, progress)
    if newest is None:
        return NeedState.ASSIGNED
    ending = next((ending for ending in newest.endings if ending.need == need.code), None)
    if newest.state is AssignmentState.DONE and ending is not None:
        return NeedState.DONE if ending.met else NeedState.FAILED
    return STATE_OF_NEED.get(newest.state, NeedState.ROUTING)


def _holder_of(need: Need, progress: Progress) -> Assignment | None:
    """The assignment that has the need, or had it last; one that passed it on is asked only once it came back."""
    holders = [each for each in progress.assignments if need.code in each.needs and each.sequence > need.since]
    passed_on = {each.parent_id for each in holders if each.state not in SENT_BACK}
    return max((each for each in holders if each.id not in passed_on), key=lambda each: each.sequence, default=None)


def _service_of(need: Need, progress: Progress) -> str | None:
    holder = _holder_of(need, progress) if need.placed == "assigned" else None
    return holder.service_id if holder is not None and holder.state in LIVE else need.service_id


def _is_told(progress: Progress, assignment: Assignment) -> bool:
    if assignment.state is not AssignmentState.OFFERED or not assignment.channels:
        return True
    return any(notice.assignment_id == assignment.id for notice in progress.notices)


def _assignment(progress: Progress, wanted: Assignment) -> Assignment | None:
    return next((assignment for assignment in progress.assignments if assignment.id == wanted.id), None)


def _with_notice(progress: Progress, notice: Notice) -> Progress:
    others = tuple(other for other in progress.notices if other.id != notice.id)
    return replace(progress, notices=(*others, notice))


def _with_assignment(progress: Progress, assignment: Assignment) -> Progress:
    others = tuple(other for other in progress.assignments if other.id != assignment.id)
    return replace(progress, assignments=(*others, assignment))
