"""What the router knows of a referral when it decides: codes and numbers only, never who the person is."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from services.router.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person is (R02-R07).

    `district` is one GSS code, which may lie outside the county, or None; `candidates` the GSS codes of a straddling
    sector or outcode (R05); `outcode` the first half of the postcode, when a usable one was given; `ward` and `lsoa`
    the GSS codes of an exact postcode.
    """

    district: str | None = None
    method: str = "none"
    candidates: tuple[str, ...] = ()
    outcode: str | None = None
    ward: str | None = None
    lsoa: str | None = None


@dataclass(frozen=True, slots=True)
class OpenMatch:
    """An open referral of the same person received in the last seven days (R11). `received_at` is aware."""

    reference: str
    needs: tuple[str, ...]
    priority: Priority | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Facts:
    """One referral. `received_at` is an aware instant, `age` whole years or None when unknown (R10).

    `quality` holds the result flags set before routing, `because` the rules that set them; `red_flags` the categories
    of worrying words that no ticked flag covers (R19); `flags` and `needs` are the codes as given.
    """

    received_at: datetime
    channel: str
    request_kind: str
    referrer_kind: str
    consent_status: Literal["given", "refused", "unknown"]
    consent_by: Literal["self", "representative", "none"]
    needs: tuple[str, ...]
    flags: tuple[str, ...] = ()
    age: int | None = None
    language: str = "en"
    household_size: int | None = None
    food_days_left: int | None = None
    meds_days_left: int | None = None
    requested_priority: Priority | None = None
    shield_list_match: bool | None = None
    has_note: bool = False
    contactable: bool = True
    red_flags: tuple[str, ...] = ()
    place: Place = field(default_factory=Place)
    open_matches: tuple[OpenMatch, ...] = ()
    quality: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
