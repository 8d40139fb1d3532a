"""A referral as it is given: the person, what they need, and what the caller said."""

from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Person:
    """Who needs help, as typed. `age` in years, `dob` as typed, `language` an ISO 639-1 code."""

    name: str | None = None
    age: int | None = None
    dob: str | None = None
    phone: str | None = None
    mobile: str | None = None
    email: str | None = None
    language: str | None = None


@dataclass(frozen=True, slots=True)
class Consent:
    """Whether the person agreed to share: `status` given, refused or unknown; `by` self, representative or none."""

    status: str = "unknown"
    by: str = "none"


@dataclass(frozen=True, slots=True)
class Referrer:
    """Who asks for somebody else, as typed; all empty where the resident asks."""

    name: str | None = None
    organisation: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class Updates:
    """Who wishes to be told how it goes: nobody unless asked. `by` is "email" or "sms", None for whichever works."""

    resident: bool = False
    referrer: bool = False
    by: str | None = None


@dataclass(frozen=True, slots=True)
class Submission:
    """One request for one person, exactly as received; nothing here has been checked or corrected yet.

    `needs` and `flags` are codes; `district_hint` a GSS code picked by staff; `food_days_left` and `meds_days_left` in
    days; `requested_priority` P1-P4; `notes` free text in any language, kept as received (R09).
    """

    channel: str = "phone"
    request_kind: str = "help"
    referrer_kind: str = "self"
    person: Person = field(default_factory=Person)
    address: str | None = None
    postcode: str | None = None
    district_hint: str | None = None
    household_size: int | None = None
    consent: Consent = field(default_factory=Consent)
    needs: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    food_days_left: int | None = None
    meds_days_left: int | None = None
    requested_priority: str | None = None
    shield_list_match: bool | None = None
    notes: str | None = None
    referrer: Referrer = field(default_factory=Referrer)
    updates: Updates = field(default_factory=Updates)
