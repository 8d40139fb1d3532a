"""One message per service, and what became of the referral as a whole (R58)."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace

from services.router.domain.decision import Ask, Assignment, Decision, Mark, NeedDecision
from services.router.domain.notice import channels_for, out_of_hours
from services.router.domain.priority import highest
from services.router.domain.referral import Referral
from services.router.domain.repeats import Repeats
from services.router.domain.vocabulary import NeedState, Outcome, Priority, ResultFlag, Rule


@dataclass(frozen=True, slots=True)
class Beside:
    """What stands of a referral beside the needs being decided, so that its outcome, priority and flags speak of all of
    it: the tracks and priorities of what is live, needs that nobody was given, and what was flagged before."""

    tracks: tuple[str, ...] = ()
    priorities: tuple[Priority, ...] = ()
    held_needs: tuple[str, ...] = ()
    duplicate_needs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    duplicate_of: str | None = None


NOTHING_BESIDE = Beside()


def assemble(
    referral: Referral,
    needs: tuple[NeedDecision, ...],
    repeats: Repeats,
    referral_marks: Iterable[Mark],
    beside: Beside = NOTHING_BESIDE,
    asks: tuple[Ask, ...] = (),
) -> Decision:
    """Put the decisions on single needs together; `asks` is what the caller could still be asked."""
    facts = referral.facts
    needs = tuple(replace(need, because=_in_order(need.because)) for need in needs)
    marks = _each_once((*referral_marks, *repeats.marks, *(mark for need in needs for mark in need.marks)))
    flags = frozenset(str(flag) for flag in (*facts.quality, *beside.flags, *(mark.flag for mark in marks)))
    assignments = _assignments(referral, needs, safe_contact_only=ResultFlag.SAFE_CONTACT_ONLY in flags)
    rules = {*facts.because, *(rule for mark in marks for rule in mark.rules)}
    rules.update(rule for need in needs for rule in need.because)
    rules.update(rule for assignment in assignments for rule in assignment.because)
    return Decision(
        rule_set=referral.county.version,
        outcome=_outcome(referral, assignments, needs, beside),
        district=facts.place.district,
        district_method=facts.place.method,
        priority=highest((*beside.priorities, *(assignment.priority for assignment in assignments))),
        assignments=assignments,
        held_needs=_all_that_are(NeedState.HELD, needs, beside.held_needs),
        duplicate_needs=_all_that_are(NeedState.DUPLICATE, needs, beside.duplicate_needs),
        duplicate_of=repeats.duplicate_of or beside.duplicate_of,
        flags=tuple(sorted(flags)),
        because=_in_order(rules),
        needs=needs,
        marks=marks,
        asks=asks,
    )


def _assignments(
    referral: Referral, needs: tuple[NeedDecision, ...], *, safe_contact_only: bool
) -> tuple[Assignment, ...]:
    by_service: dict[str, list[NeedDecision]] = defaultdict(list)
    for need in needs:
        if need.service_id is not None:
            by_service[need.service_id].append(need)
    several = len(by_service) > 1
    assignments = (
        assignment_of(referral, service_id, decisions, several=several, safe_contact_only=safe_contact_only)
        for service_id, decisions in by_service.items()
    )
    return tuple(sorted(assignments, key=lambda each: (each.priority, each.service_id)))


def assignment_of(
    referral: Referral, service_id: str, decisions: list[NeedDecision], *, several: bool, safe_contact_only: bool
) -> Assignment:
    """The one offer of what was decided for a service (R58)."""
    county = referral.county
    service = county.services[service_id]
    needs = tuple(decision.need for decision in decisions)
    priority: Priority = min(decision.priority for decision in decisions)
    notice = referral.rules.notice
    channels = channels_for(service, priority, needs, notice, safe_contact_only=safe_contact_only)
    if not service.hours.is_open(referral.received_at, county.deadlines.calendar):
        channels = tuple(dict.fromkeys((*channels, *out_of_hours(service, priority, notice))))
    rules = {rule for decision in decisions for rule in decision.because}
    rules.update((Rule.CLOCK, Rule.NOTICE), (Rule.ONE_MESSAGE,) if several or len(needs) > 1 else ())
    return Assignment(
        service_id=service.id,
        service_name=service.name,
        organization_id=service.organization_id,
        organization_name=county.organisations[service.organization_id].name,
        track=service.track,
        needs=needs,
        priority=priority,
        sla=county.priorities[priority].sla,
        due_at=referral.due_at(priority),
        channels=channels,
        safe_contact_only=safe_contact_only,
        because=_in_order(rules),
    )


def _outcome(
    referral: Referral, assignments: tuple[Assignment, ...], needs: tuple[NeedDecision, ...], beside: Beside
) -> Outcome:
    """The first that applies, in the order of R58; an incomplete referral never comes this far."""
    rules = referral.rules
    desk = referral.county.services[rules.triage_desk].track
    tracks = [*beside.tracks, *(assignment.track for assignment in assignments)]
    is_held = bool(beside.held_needs) or any(need.state is NeedState.HELD for need in needs)
    tests = (
        (Outcome.EMERGENCY, rules.emergency_track in tracks),
        (Outcome.DUPLICATE, not tracks and not is_held),
        (Outcome.OUT_OF_AREA, rules.outside.track in tracks),
        (Outcome.HELD_NO_CONSENT, not tracks),
        (Outcome.TRIAGE_DESK, all(track == desk for track in tracks)),
        (Outcome.PARTIALLY_ROUTED, is_held or desk in tracks),
    )
    return next((outcome for outcome, applies in tests if applies), Outcome.ROUTED)


def _all_that_are(state: NeedState, needs: tuple[NeedDecision, ...], before: tuple[str, ...]) -> tuple[str, ...]:
    """The needs in this state: those that were `before` unless they are decided now, and those that are now."""
    decided = {need.need for need in needs}
    return (*(need for need in before if need not in decided), *(need.need for need in needs if need.state is state))


def _each_once(marks: Iterable[Mark]) -> tuple[Mark, ...]:
    """One mark for each flag, with all the rules that set it."""
    rules: dict[str, dict[str, None]] = defaultdict(dict)
    for mark in marks:
        rules[mark.flag].update(dict.fromkeys(mark.rules))
    return tuple(Mark(str(flag), _in_order(by)) for flag, by in sorted(rules.items()))


def _in_order(rules: Iterable[str]) -> tuple[str, ...]:
    """Each rule once, in the order of the sections, as plain text."""
    return tuple(str(rule) for rule in sorted(set(rules)))
