"""Referrals that are ordinary unless a test says otherwise, and short ways of reading a decision."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo

from services.router.domain.decision import Assignment, Decision, NeedDecision
from services.router.domain.facts import Facts, OpenMatch, Place
from services.router.domain.vocabulary import Priority

COUNTY_DIRECTORY = Path(__file__).parents[3] / "deploy" / "derbyshire"
LONDON = ZoneInfo("Europe/London")

AMBER_VALLEY = "E07000032"
BOLSOVER = "E07000033"
CHESTERFIELD = "E07000034"
DERBYSHIRE_DALES = "E07000035"
EREWASH = "E07000036"
HIGH_PEAK = "E07000037"
NORTH_EAST = "E07000038"
SOUTH_DERBYSHIRE = "E07000039"
DERBY = "E06000015"
SHEFFIELD = "E08000039"
SHEFFIELD_BEFORE_2025 = "E08000019"


def london(text: str) -> datetime:
    """The instant of a local time such as "2020-05-05 10:30"."""
    return datetime.fromisoformat(text).replace(tzinfo=LONDON).astimezone(UTC)


WEDNESDAY_MORNING = london("2020-05-06 10:30")
FRIDAY_EVENING = london("2020-05-15 18:00")
THE_SUNDAY_BEFORE = london("2020-05-03 09:00")


def in_district(code: str | None, outcode: str | None = None) -> Place:
    """A place that was found, or one that was not."""
    return Place(district=code, method="unit" if code else "none", outcode=outcode)


def straddling(*candidates: str) -> Place:
    """A sector that lies in several districts."""
    return Place(district=None, method="sector", candidates=candidates)


def a_referral(
    *needs: str,
    flags: tuple[str, ...] = (),
    age: int | None = 45,
    place: Place | str = AMBER_VALLEY,
    received_at: datetime = WEDNESDAY_MORNING,
    consent: Literal["given", "refused", "unknown"] = "given",
    consent_by: Literal["self", "representative", "none"] = "self",
    request_kind: str = "help",
    referrer_kind: str = "self",
    language: str = "en",
    food_days_left: int | None = None,
    meds_days_left: int | None = None,
    requested_priority: Priority | None = None,
    shield_list_match: bool | None = None,
    red_flags: tuple[str, ...] = (),
    open_matches: tuple[OpenMatch, ...] = (),
    quality: tuple[str, ...] = (),
) -> Facts:
    """An adult in Amber Valley who rings on a Wednesday morning and agrees to sharing."""
    return Facts(
        received_at=received_at,
        channel="phone",
        request_kind=request_kind,
        referrer_kind=referrer_kind,
        consent_status=consent,
        consent_by=consent_by,
        needs=needs,
        flags=flags,
        age=age,
        language=language,
        food_days_left=food_days_left,
        meds_days_left=meds_days_left,
        requested_priority=requested_priority,
        shield_list_match=shield_list_match,
        has_note=not needs,
        red_flags=red_flags,
        place=in_district(place) if isinstance(place, str) else place,
        open_matches=open_matches,
        quality=quality,
        because=("R03",),
    )


def an_open_referral(
    reference: str, *needs: str, priority: Priority | None = "P4", received_at: datetime = THE_SUNDAY_BEFORE
) -> OpenMatch:
    """An earlier referral of the same person that is still open."""
    return OpenMatch(reference=reference, needs=needs, priority=priority, received_at=received_at)


def given(decision: Decision) -> dict[str, set[str]]:
    """Which needs each service was given."""
    return {assignment.service_id: set(assignment.needs) for assignment in decision.assignments}


def assigned_to(decision: Decision, service_id: str) -> Assignment:
    """The one assignment of a service."""
    [assignment] = [each for each in decision.assignments if each.service_id == service_id]
    return assignment


def need_of(decision: Decision, code: str) -> NeedDecision:
    """What became of one need."""
    [need] = [each for each in decision.needs if each.need == code]
    return need
