"""From a postcode and the district that staff picked to the place a referral is decided for (R02-R07)."""

import re

from services.intake.domain.assessment import Place
from services.intake.domain.findings import Finding
from services.intake.domain.places import AreaPlace, Places
from services.intake.domain.policy import PlacePolicy
from services.intake.domain.postcode import Form, Reading

GSS_CODE = re.compile(r"[A-Z][0-9]{8}")
Located = tuple[Place, tuple[Finding, ...]]


def locate(reading: Reading, hint: str | None, places: Places, policy: PlacePolicy) -> Located:
    """The place, and the findings of R02-R07. A `hint` that is no GSS code counts as none given."""
    read = (Finding("R02", "postcode_corrected" if reading.corrected else None),)
    picked = _district_code(hint)
    place, found = _by_postcode(reading, picked, places, policy) or _by_hint_alone(reading, picked)
    return place, read + found


def _by_postcode(reading: Reading, hint: str | None, places: Places, policy: PlacePolicy) -> Located | None:
    """The answer of the first table that lists the postcode (R03, R04), None when no table does."""
    unit = places.unit(reading.unit) if reading.unit else None
    if unit:
        flag = "postcode_terminated" if unit.terminated else None
        conflict = _conflict(hint, (unit.district,), policy)
        ward, lsoa = (unit.ward if "ward" in policy.tells else None), (unit.lsoa if "lsoa" in policy.tells else None)
        return Place(unit.district, "unit", (), reading.outcode, ward, lsoa), (Finding("R03", flag), *conflict)
    sector = places.sector(reading.sector) if reading.sector else None
    if sector:
        return _by_area(sector, "sector", reading.outcode, hint, policy)
    outcode = places.outcode(reading.outcode) if reading.outcode else None
    if outcode:
        return _by_area(outcode, "outcode", reading.outcode, hint, policy)
    return None


def _by_area(area: AreaPlace, level: str, outcode: str | None, hint: str | None, policy: PlacePolicy) -> Located:
    """One district for the whole area (R04), or the candidates among which the hint may choose (R05)."""
    if area.resolved:
        conflict = _conflict(hint, (area.resolved,), policy)
        return Place(area.resolved, level, (), outcode), (Finding("R04", f"district_from_{level}"), *conflict)
    straddles = (Finding("R04"), Finding("R05"))
    candidates = tuple(district for district, share in area.shares if share >= policy.candidate_share)
    for district in candidates:
        if hint and policy.present_code(hint) == policy.present_code(district):
            return Place(district, "hint", (), outcode), (*straddles, Finding("R05", "district_from_hint"))
    conflict = _conflict(hint, candidates, policy)
    return Place(None, level, candidates, outcode), (*straddles, Finding("R05", "district_ambiguous"), *conflict)


def _by_hint_alone(reading: Reading, hint: str | None) -> Located:
    """No usable postcode: the hint, if staff gave one (R06)."""
    flags = {Form.MISSING: "postcode_missing", Form.INVALID: "postcode_invalid"}
    why = Finding("R06", flags.get(reading.form, "unknown_outcode"))
    if hint:
        return Place(hint, "hint"), (why, Finding("R06", "district_from_hint"))
    return Place(), (why, Finding("R06", "district_unresolved"))


def _conflict(hint: str | None, answers: tuple[str, ...], policy: PlacePolicy) -> tuple[Finding, ...]:
    """R07: the postcode's answer stands, whatever staff picked."""
    present = {policy.present_code(answer) for answer in answers}
    return (Finding("R07", "hint_conflict"),) if hint and policy.present_code(hint) not in present else ()


def _district_code(hint: str | None) -> str | None:
    code = (hint or "").strip().upper()
    return code if GSS_CODE.fullmatch(code) else None
