"""Section A of the rules as one step: from a referral as received to what the router may know of it."""

import re
from collections.abc import Sequence
from datetime import date, datetime

from services.intake.domain import postcode
from services.intake.domain.age import age_on, birth_date
from services.intake.domain.assessment import Assessment, OpenReferral, Place
from services.intake.domain.contact import email_address, phone_number
from services.intake.domain.duplicates import match_keys, open_matches
from services.intake.domain.findings import Finding, flags_of, rules_of
from services.intake.domain.locate import locate
from services.intake.domain.places import Places
from services.intake.domain.policy import AgePolicy, Policy
from services.intake.domain.referral import Person, Submission
from services.intake.domain.text import is_blank

LANGUAGE_CODE = re.compile(r"[a-z]{2,3}")


def assess(
    submission: Submission, policy: Policy, places: Places, earlier: Sequence[OpenReferral], received_at: datetime
) -> Assessment:
    """Apply R01-R12 and the search of R19. `earlier` may hold any referrals, `received_at` is an aware instant.

    Never raises, whatever was typed; what is missing is in the result.
    """
    age, age_findings = _age(submission, policy.age, received_at.astimezone(policy.zone).date())
    contactable, contact_findings = _contact(submission, policy)
    red_flags = policy.lexicon.uncovered(submission.notes, submission.flags)
    alone = _asks_alone(submission, age, policy)
    at_risk = alone or bool(red_flags) or _calls_for_action(submission, policy)
    needs, need_findings = _needs(submission, policy)
    missing = () if at_risk else _missing(submission, policy, contactable=contactable)
    reading = postcode.read(submission.postcode, places, policy.place.never_corrected)
    place, place_findings = (
        (Place(), (Finding("R01"),)) if missing else locate(reading, submission.district_hint, places, policy.place)
    )
    # Different people may report one concern (R26), and no repeat may hide a child who asks alone (R21).
    unchecked = missing or alone or submission.request_kind == policy.concern_kind
    matches = () if unchecked else _matches(submission.person, reading, policy, earlier, received_at)
    found = (*_text(submission, policy), *age_findings, *contact_findings, *need_findings, *place_findings)
    return Assessment(
        missing=missing,
        needs=needs,
        flags=tuple(dict.fromkeys(flag for flag in submission.flags if flag in policy.flags)),
        age=age,
        language=_language(submission.person.language, policy),
        contactable=contactable,
        has_note=not is_blank(submission.notes),
        place=place,
        quality=flags_of(found),
        red_flags=red_flags,
        open_matches=matches,
        because=rules_of(found),
    )


def known_age(submission: Submission, policy: Policy, received_at: datetime) -> int | None:
    """The age on the day of receipt in years, None when it is not known (R10)."""
    return _age(submission, policy.age, received_at.astimezone(policy.zone).date())[0]


def is_at_risk(submission: Submission, policy: Policy, received_at: datetime) -> bool:
    """Whether what was ticked, chosen or written calls for an action of R13-R19 or R21."""
    age = known_age(submission, policy, received_at)
    red_flags = policy.lexicon.uncovered(submission.notes, submission.flags)
    return bool(red_flags) or _calls_for_action(submission, policy) or _asks_alone(submission, age, policy)


def _text(submission: Submission, policy: Policy) -> tuple[Finding, ...]:
    """R01 and R09: a name that is not there, and notes too long for a screen."""
    nameless = is_blank(submission.person.name) and submission.request_kind != policy.concern_kind
    long_notes = len(submission.notes or "") > policy.long_notes_over
    found = ((nameless, Finding("R01", "name_missing")), (long_notes, Finding("R09", "long_notes")))
    return tuple(finding for applies, finding in found if applies)


def _contact(submission: Submission, policy: Policy) -> tuple[bool, tuple[Finding, ...]]:
    """R08: whether a valid phone or e-mail is left, and what is wrong with those given."""
    person = submission.person
    phones = {text: phone_number(text) for text in (person.phone, person.mobile) if not is_blank(text)}
    emails = {text: email_address(text) for text in (person.email,) if not is_blank(text)}
    contactable = any(phones.values()) or any(emails.values())
    found = (
        (not all(phones.values()), Finding("R08", "phone_invalid")),
        (not all(emails.values()), Finding("R08", "email_invalid")),
        (not contactable and submission.request_kind != policy.concern_kind, Finding("R08", "no_valid_contact")),
    )
    return contactable, tuple(finding for applies, finding in found if applies)


def _missing(submission: Submission, policy: Policy, *, contactable: bool) -> tuple[str, ...]:
    """R01, for a referral without any action of section B."""
    has_need = any(not is_blank(need) for need in submission.needs) or not is_blank(submission.notes)
    reachable = (
        contactable
        or submission.request_kind == policy.concern_kind
        or not is_blank(submission.address)
        or not is_blank(submission.postcode)
    )
    return tuple(name for name, given in (("need", has_need), ("contact", reachable)) if not given)


def _age(submission: Submission, policy: AgePolicy, day: date) -> tuple[int | None, tuple[Finding, ...]]:
    """R10: the age on the day of receipt, and whether the flags contradict what is known."""
    person, household = submission.person, submission.household_size
    if is_blank(person.dob):
        given, age = person.age is not None, person.age
    else:
        born = birth_date(person.dob)
        given, age = True, age_on(day, born) if born else None
    if age is not None and not policy.lowest <= age <= policy.highest:
        age = None
    young_senior = policy.senior_flag in submission.flags and age is not None and age < policy.senior_age
    crowded = household is not None and household > policy.alone_household_size
    found = (
        (given and age is None, Finding("R10", "age_invalid")),
        (young_senior or (policy.alone_flag in submission.flags and crowded), Finding("R10", "contradictory_flags")),
    )
    return age, tuple(finding for applies, finding in found if applies)


def _asks_alone(submission: Submission, age: int | None, policy: Policy) -> bool:
    """R21: a child who asks for help without an adult."""
    return (
        age is not None
        and age < policy.risk.alone_under_age
        and submission.referrer_kind == policy.risk.alone_referrer_kind
        and submission.request_kind == policy.risk.alone_request_kind
    )


def _calls_for_action(submission: Submission, policy: Policy) -> bool:
    """Whether a ticked flag or chosen need alone calls for an action of R13-R18."""
    chosen = {need.strip() for need in submission.needs}
    return not (policy.risk.flags.isdisjoint(submission.flags) and policy.risk.needs.isdisjoint(chosen))


def _needs(submission: Submission, policy: Policy) -> tuple[tuple[str, ...], tuple[Finding, ...]]:
    """R12: the known codes, and one `unclassified_need` for whatever is unknown or a system code."""
    given = [need.strip() for need in submission.needs if not is_blank(need)]
    known = dict.fromkeys(need if need in policy.needs else policy.unclassified_need for need in given)
    return tuple(known), () if policy.needs.issuperset(given) else (Finding("R12", "unknown_need_code"),)


def _language(typed: str | None, policy: Policy) -> str:
    """R54: an ISO 639 code; nothing given counts as the default, and words that are no code as an unknown language."""
    if is_blank(typed):
        return policy.default_language
    code = re.split("[-_]", (typed or "").strip().lower())[0]
    return code if LANGUAGE_CODE.fullmatch(code) else policy.unknown_language


def _matches(
    person: Person, reading: postcode.Reading, policy: Policy, earlier: Sequence[OpenReferral], received_at: datetime
) -> tuple[OpenReferral, ...]:
    """R11: the open referrals of the same person."""
    keys = match_keys(person.name, reading.unit, (person.phone, person.mobile))
    return open_matches(keys, earlier, received_at, within=policy.duplicate_within, status=policy.duplicate_status)
