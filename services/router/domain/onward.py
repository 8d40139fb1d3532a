"""Passing needs on: whether a service that took them on may give them to another, and why not."""

from dataclasses import dataclass
from enum import StrEnum

from services.router.domain.assembling import assignment_of
from services.router.domain.county import County
from services.router.domain.decision import Assignment
from services.router.domain.directory import Service
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.placing import Asked, given_to
from services.router.domain.priority import Urgency
from services.router.domain.referral import Referral, open_referral
from services.router.domain.risk import risk_decisions
from services.router.domain.selection import Wanted
from services.router.domain.vocabulary import Origin, Priority, Verdict
from shared.errors import Conflict, Refused


class Objection(StrEnum):
    """Why a service may not be given a need; the first that applies, in this order, then those of `Verdict`."""

    UNKNOWN = "unknown"
    SAME_SERVICE = "same_service"
    TRIAGE_DESK = "triage_desk"
    STATUTORY = "statutory"
    UNSAFE_VISIT = "unsafe_visit"
    CONSENT = "consent"
    NOT_COVERED = "not_covered"


WHAT_TO_DO = {
    Objection.UNKNOWN: "There is no such service in the directory. Choose one of its ids.",
    Objection.SAME_SERVICE: "That service has these needs, or passed them on itself. Choose another one.",
    Objection.TRIAGE_DESK: "To have a person at the triage desk decide, hand the assignment back.",
    Objection.STATUTORY: "The rules keep this with statutory services. Choose one of those, or hand it back.",
    Objection.UNSAFE_VISIT: "The rules send no volunteers to that door. Choose a statutory service, or hand it back.",
    Objection.CONSENT: "The resident has not agreed to sharing with such a service. Ask for consent, or hand it back.",
    Objection.NOT_COVERED: "That service does not take this need at this place. Choose another one.",
    Verdict.NOT_ACTIVE: "That service is closed at present. Choose another one.",
    Verdict.AGE: "That service does not take people of this age. Choose another one.",
    Verdict.CIRCUMSTANCES: "That service is for other circumstances. Choose another one.",
    Verdict.DECLINED: "That service has said no to this need. Choose another one.",
    Verdict.FULL: "That service pauses or has no place left today. Choose another one.",
    Verdict.CLOSED: "That service does not open before the reply is due. Choose another one.",
}


class OnwardRefused(Refused):
    """The service may not be given the needs; `extensions` has the reason and the needs it is about (422)."""

    def __init__(self, why: Objection | Verdict, needs: tuple[str, ...]) -> None:
        super().__init__("onward-refused", WHAT_TO_DO[why])
        self.extensions = {"why": why.value, "needs": list(needs)}


class NeedsNotHeld(Conflict):
    """Not all of the needs are in the hands of the assignment; `extensions` names those that are (409)."""

    def __init__(self, held: tuple[str, ...]) -> None:
        super().__init__("needs-not-held", "Pass on only needs that the assignment still has itself: those in `held`.")
        self.extensions = {"held": list(held)}


@dataclass(frozen=True, slots=True)
class Onward:
    """Needs to be passed on: to which service, how urgent they are, and the services through whose hands they went."""

    needs: tuple[str, ...]
    service_id: str
    priority: Priority
    passed_by: frozenset[str]
    safe_contact_only: bool = False


def pass_on(facts: Facts, county: County, load: Load, onward: Onward) -> Assignment:
    """The offer of the needs to the service, as urgent as they were.

    `facts.received_at` is the present moment; `load` is as for a decision. Raises OnwardRefused.
    """
    referral = open_referral(facts, county, load)
    service = county.services.get(onward.service_id)
    if service is None:
        raise OnwardRefused(Objection.UNKNOWN, onward.needs)
    for need in onward.needs:
        why = _objection(need, service, onward, referral) or _verdict(need, service, onward, referral)
        if why is not None:
            raise OnwardRefused(why, (need,))
    urgency = Urgency(onward.priority, onward.priority)
    decisions = [given_to(service.id, Asked(need, Origin.CHOSEN, urgency), ()) for need in onward.needs]
    return assignment_of(referral, service.id, decisions, several=False, safe_contact_only=onward.safe_contact_only)


def _objection(need: str, service: Service, onward: Onward, referral: Referral) -> Objection | None:
    """What the rules have against it, whoever asks: no reason, and nobody's word, overrides any of these."""
    desk = referral.county.services[referral.rules.triage_desk]
    tests = (
        (Objection.SAME_SERVICE, service.id in onward.passed_by),
        (Objection.TRIAGE_DESK, service.track == desk.track),
        (Objection.STATUTORY, _is_voluntary(service, referral) and _is_kept_statutory(need, referral)),
        (Objection.UNSAFE_VISIT, _may_not_visit(need, service, referral)),
        (Objection.CONSENT, not _consent_allows(need, service, referral)),
        (Objection.NOT_COVERED, not _covers(need, service, referral)),
    )
    return next((objection for objection, applies in tests if applies), None)


def _verdict(need: str, service: Service, onward: Onward, referral: Referral) -> Verdict | None:
    """Why the service cannot take it, as in any search (R55 to R57)."""
    checked = onward.priority in referral.rules.selection.opening_checked
    due_at = referral.due_at(onward.priority) if checked else None
    verdict = Wanted(referral.county.needs[need], referral, due_at).verdict(service)
    return None if verdict is Verdict.TAKEN else verdict


def _is_voluntary(service: Service, referral: Referral) -> bool:
    never = referral.rules.selection.never
    kind = referral.county.organisations[service.organization_id].kind
    return service.track in never.tracks or kind in never.kinds


def _is_kept_statutory(need: str, referral: Referral) -> bool:
    """Whether the county keeps the need from volunteers, section B acts on such needs, or a child asks alone."""
    risk = referral.rules.risk
    acted_on = {each for action in (*risk.actions, risk.child_alone) for each in (action.need, *action.answers)}
    kept = referral.rules.selection.never.needs | acted_on | frozenset(risk.concerns.values())
    return need in kept or referral.is_child_alone


def _may_not_visit(need: str, service: Service, referral: Referral) -> bool:
    """Whether nobody of this service may be sent to the door (R16, R20)."""
    known = referral.county.needs.get(need)
    at_the_door = known is not None and known.doorstep and _is_voluntary(service, referral)
    rows = (row for row in referral.rules.risk.kept_from_visiting if row.when.holds(referral.case))
    return any(at_the_door or service.track in row.tracks for row in rows)


def _consent_allows(need: str, service: Service, referral: Referral) -> bool:
    """Whether the service may be told (R24 to R26); what section B acts on waits for no consent."""
    consent, status = referral.rules.consent, referral.facts.consent_status
    if status == "given" or referral.needs_no_consent or referral.is_child_alone:
        return True
    if need in {decision.need for decision in risk_decisions(referral)}:
        return True
    if status == "unknown":
        return service.track in consent.unknown_tracks
    known = referral.county.needs.get(need)
    return known is not None and {known.default_track, service.track} <= consent.refused_default_tracks


def _covers(need: str, service: Service, referral: Referral) -> bool:
    """Whether the service takes the need at the place, at each of them where several are possible (R05)."""
    directory, outcode = referral.county.directory, referral.facts.place.outcode
    if need not in referral.county.needs:
        return False
    districts = (referral.district,) if referral.district else referral.candidates or (None,)
    return need in service.needs and all(directory.listed(service.id, district, outcode) for district in districts)
