"""When two referrals are about the same person, and which earlier ones count (R11)."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta

from services.intake.domain.assessment import OpenReferral
from services.intake.domain.contact import phone_number
from services.intake.domain.postcode import full_code

STROKED_LETTERS = str.maketrans({"ł": "l", "ø": "o", "đ": "d"})


def match_keys(name: str | None, postcode: str | None, phones: Iterable[str | None]) -> frozenset[str]:
    """Keys such as "maureenoharakent|pc:DE656WE"; two referrals are about one person if they share a key.

    `postcode` is the unit code after R02 (`postcode.Reading.unit`), or the text as typed where nothing was corrected;
    `phones` as typed. A blank or invalid value, or a part of a postcode, gives no key.
    """
    folded = folded_name(name)
    unit = full_code(postcode)
    numbers = {number for number in map(phone_number, phones) if number}
    places = {f"pc:{unit}"} if unit else set()
    return frozenset(f"{folded}|{key}" for key in places | {f"tel:{n}" for n in numbers}) if folded else frozenset()


def folded_name(name: str | None) -> str:
    """Letters and digits only, without case and accents, Ł Ø Đ as L O D; "" when nothing is left."""
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", name or "").casefold())
    return "".join(c for c in decomposed.translate(STROKED_LETTERS) if c.isalnum() or _is_vowel_sign(c))


def open_matches(
    keys: frozenset[str], earlier: Sequence[OpenReferral], received_at: datetime, *, within: timedelta, status: str
) -> tuple[OpenReferral, ...]:
    """Those of `earlier` that share a key, have `status` and came at most `within` elapsed time ago, oldest first."""
    now = received_at.astimezone(UTC)
    matches = (
        referral
        for referral in earlier
        if referral.status == status
        and timedelta() <= now - referral.received_at.astimezone(UTC) <= within
        and not keys.isdisjoint(referral.keys)
    )
    return tuple(sorted(matches, key=lambda referral: referral.received_at.astimezone(UTC)))


def _is_vowel_sign(character: str) -> bool:
    # In Indic and other scripts a mark that does not combine as an accent is part of the spelling: two names of one
    # household may differ by nothing else.
    return unicodedata.category(character) in ("Mc", "Mn") and not unicodedata.combining(character)
