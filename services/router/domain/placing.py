"""Where a need outside section B goes inside the county: consent, place, track, service (sections C to E, and G)."""

from dataclasses import dataclass, replace

from services.router.domain.decision import Mark, Move, NeedDecision, Search
from services.router.domain.priority import Urgency
from services.router.domain.referral import Referral
from services.router.domain.selection import marks_of, rules_of, search
from services.router.domain.vocabulary import NeedState, Origin, ResultFlag, Rule


@dataclass(frozen=True, slots=True)
class Asked:
    """A need to be placed, why it is in the referral, and how urgent it is."""

    need: str
    origin: Origin
    urgency: Urgency


def given_to(service_id: str | None, asked: Asked, rules: tuple[str, ...]) -> NeedDecision:
    """The decision that gives a need to a service by these rules; None holds it for want of consent."""
    return NeedDecision(
        need=asked.need,
        origin=asked.origin,
        state=NeedState.ASSIGNED if service_id else NeedState.HELD,
        service_id=service_id,
        base_priority=asked.urgency.base,
        priority=asked.urgency.final,
        raised=asked.urgency.raised,
        searches=(),
        moves=(),
        marks=(),
        because=(Rule.BASE_PRIORITY, *asked.urgency.because, *rules),
    )


def held(asked: Asked, rules: tuple[str, ...]) -> NeedDecision:
    """The decision that holds a need because consent was refused (R24)."""
    decision = given_to(None, asked, rules)
    return replace(decision, marks=(Mark(ResultFlag.CONSENT_REFUSED, rules),))


def repeated(asked: Asked) -> NeedDecision:
    """The decision that leaves a need with the open referral that has it already (R11)."""
    return replace(given_to(None, asked, (Rule.REPEATS,)), state=NeedState.DUPLICATE)


def place_with_child(asked: Asked, referral: Referral) -> NeedDecision:
    """Everything that a child asks for alone goes to the service that takes the concern (R21)."""
    row = referral.rules.risk.child_alone
    urgent = replace(asked, urgency=asked.urgency.at_least(row.priority, row.rules))
    return given_to(row.service, urgent, row.rules)


def place_inside(asked: Asked, referral: Referral) -> NeedDecision:
    """Find a service inside the county, or where the place is not known, and see who may be told."""
    consent, need = referral.rules.consent, referral.county.needs[asked.need]
    refused = referral.facts.consent_status == "refused" and not referral.needs_no_consent
    if refused and need.default_track not in consent.refused_default_tracks:
        return held(asked, (Rule.REFUSED,))
    found = _keep_from_visiting(_find(asked, referral), referral)
    if referral.needs_no_consent:
        return replace(found, because=found.because + consent.not_needed_rules)
    return _ask_first(found, referral)


def _find(asked: Asked, referral: Referral) -> NeedDecision:
    """The service found, before anything moves the need elsewhere (R05, R06, R57)."""
    need, desk = referral.county.needs[asked.need], referral.rules.triage_desk
    if referral.load.refusals(asked.need) >= referral.rules.selection.declines_limit:
        decision = given_to(desk, asked, (Rule.CAPACITY,))
        return replace(decision, marks=(Mark(ResultFlag.DECLINED_THREE_TIMES, (Rule.CAPACITY,)),))
    if referral.district is not None:
        return _found(asked, (search(need, asked.urgency.final, referral.district, referral),), desk, ())
    place_rule = (Rule.STRADDLING if referral.candidates else Rule.NO_PLACE,)
    if not need.needs_district:
        return _found(asked, (search(need, asked.urgency.final, None, referral),), desk, place_rule)
    if not referral.candidates or not all(referral.county.is_inside(code) for code in referral.candidates):
        return given_to(desk, asked, place_rule)
    everywhere = tuple(search(need, asked.urgency.final, code, referral) for code in referral.candidates)
    return _found(asked, everywhere, desk, place_rule)


def _found(asked: Asked, searches: tuple[Search, ...], desk: str, rules: tuple[str, ...]) -> NeedDecision:
    """One service if every search ends there, else the triage desk (R05)."""
    services = {each.service_id for each in searches}
    service_id = services.pop() if len(services) == 1 else desk
    marks = marks_of(searches)
    by_marks = tuple(rule for mark in marks for rule in mark.rules)
    decision = given_to(service_id, asked, (*rules_of(searches), *rules, *by_marks))
    return replace(decision, searches=searches, marks=marks)


def _keep_from_visiting(found: NeedDecision, referral: Referral) -> NeedDecision:
    """Nobody is sent to a door where that is not safe: such needs go to the triage desk (R16, R20)."""
    track = _track(found, referral)
    for row in referral.rules.risk.kept_from_visiting:
        if track in row.tracks and row.when.holds(referral.case):
            return _moved(found, referral.rules.triage_desk, row.flag, row.rules)
    return found


def _ask_first(found: NeedDecision, referral: Referral) -> NeedDecision:
    """While consent is unknown, only the County's own public tasks go on (R25)."""
    consent = referral.rules.consent
    if referral.facts.consent_status != "unknown":
        return found
    if _track(found, referral) in consent.unknown_tracks:
        return found
    return _moved(found, consent.otherwise, ResultFlag.CONSENT_NEEDED, (Rule.UNKNOWN_CONSENT,))


def _track(found: NeedDecision, referral: Referral) -> str | None:
    return referral.county.services[found.service_id].track if found.service_id else None


def _moved(found: NeedDecision, to_service: str, flag: str, rules: tuple[str, ...]) -> NeedDecision:
    """The need at another service. What the search flagged no longer matters (R57)."""
    return replace(
        found,
        service_id=to_service,
        moves=(*found.moves, Move(found.service_id or "", to_service, rules)),
        marks=(Mark(flag, rules),),
        because=(*found.because, *rules),
    )
