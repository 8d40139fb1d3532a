"""What section A of the rules makes of a submission: the facts the router may have, or what is missing."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Place:
    """Where the person is (R02-R07); the meaning of each field is that of `shared.events.PlaceFacts`."""

    district: str | None = None
    method: str = "none"
    candidates: tuple[str, ...] = ()
    outcode: str | None = None
    ward: str | None = None
    lsoa: str | None = None


@dataclass(frozen=True, slots=True)
class OpenReferral:
    """An earlier referral, as far as R11 needs it. `keys` are its match keys, `received_at` an aware instant."""

    reference: str
    keys: frozenset[str]
    needs: tuple[str, ...]
    status: str
    priority: str | None
    received_at: datetime


@dataclass(frozen=True, slots=True)
class Assessment:
    """The outcome of section A.

    `missing` ("need", "contact") is empty unless the referral is incomplete (R01); then there is no place and there are
    no matches. `needs` are the known codes, with one `info.unclassified` for all that are not (R12); `flags` the known
    ones of those ticked. `age` in years, None when unknown (R10). `contactable`: a valid phone or e-mail is left (R08).
    `quality` are the flags set by section A, `because` the rules that played a part, `red_flags` the uncovered
    categories of R19, `open_matches` the open referrals of the same person (R11), oldest first, in the order given
    among equals.
    """

    missing: tuple[str, ...]
    needs: tuple[str, ...]
    flags: tuple[str, ...]
    age: int | None
    language: str
    contactable: bool
    has_note: bool
    place: Place
    quality: tuple[str, ...]
    red_flags: tuple[str, ...]
    open_matches: tuple[OpenReferral, ...]
    because: tuple[str, ...]
