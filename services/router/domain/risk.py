"""Section B: risk comes before everything else, and nothing that comes later blocks it (R13-R21)."""

from dataclasses import replace

from services.router.domain.decision import Mark, NeedDecision
from services.router.domain.priority import highest, urgency_of
from services.router.domain.referral import Referral
from services.router.domain.rule_set import Action
from services.router.domain.vocabulary import NeedState, Origin


def risk_decisions(referral: Referral) -> tuple[NeedDecision, ...]:
    """One decision for each need that section B acts on, each for the service that the rules name."""
    risk = referral.rules.risk
    actions = [action for action in risk.actions if action.when.holds(referral.case)]
    if referral.is_child_alone:
        actions.append(risk.child_alone)
    by_need: dict[str, NeedDecision] = {}
    for action in actions:
        by_need[action.need] = _with_action(by_need.get(action.need), action, referral)
    return tuple(by_need.values())


def _with_action(known: NeedDecision | None, action: Action, referral: Referral) -> NeedDecision:
    """A need that several rules act on is one action, with the highest of their priorities."""
    if known is None:
        return acted_on(action, referral)
    base = highest((known.base_priority, action.priority)) or action.priority
    urgency = urgency_of(action.need, base, referral)
    return replace(
        known,
        base_priority=base,
        priority=urgency.final,
        raised=urgency.raised,
        marks=known.marks + _marks(action),
        because=known.because + action.rules + urgency.because,
        answers=known.answers + _answers(action, referral),
    )


def acted_on(action: Action, referral: Referral) -> NeedDecision:
    """The decision that one row makes: age, area, capacity, declines and opening are not checked."""
    urgency = urgency_of(action.need, action.priority, referral)
    return NeedDecision(
        need=action.need,
        origin=Origin.RISK,
        state=NeedState.ASSIGNED,
        service_id=action.service,
        base_priority=urgency.base,
        priority=urgency.final,
        raised=urgency.raised,
        searches=(),
        moves=(),
        marks=_marks(action),
        because=action.rules + urgency.because,
        answers=_answers(action, referral),
    )


def _marks(action: Action) -> tuple[Mark, ...]:
    return (Mark(action.flag, action.rules),) if action.flag else ()


def _answers(action: Action, referral: Referral) -> tuple[str, ...]:
    return tuple(need for need in action.answers if need in referral.case.concerns)
