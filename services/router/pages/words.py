"""What pages say of an offer to whoever was told of it, which is what its notice may say and no more (R59)."""

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Protocol

from services.router.domain.county import County
from services.router.ports import Offer
from shared.wording import reply_by_words

TEMPLATES = Path(__file__).parents[1] / "templates"
# As notices call a need that has left the list.
SOME_NEED = "Help"


class Labelled(Protocol):
    """A code of the county's, which has a label."""

    @property
    def label(self) -> str: ...


def reply_words(offer: Offer, reply_by: datetime, now: datetime) -> str:
    """Until when an answer is awaited, "" where contact must be safe."""
    return "" if offer.safe_contact_only else f"Reply {reply_by_words(reply_by, now)}."


def offer_facts(offer: Offer, county: County) -> Mapping[str, str]:
    """What is asked of whom, where and how soon; nothing at all where contact must be safe."""
    if offer.safe_contact_only:
        return {}
    return {
        "For": f"{offer.service_name}, {offer.organization_name}",
        "Help needed": ", ".join(dict.fromkeys(_public_name(offer, county, need) for need in offer.needs)),
        "District": district_name(county, offer.district),
        "How soon": county.priorities[offer.priority].name,
    }


def need_names(offer: Offer, county: County) -> Mapping[str, str]:
    """What each need is called where anybody may read it, by code; the same for none of them."""
    called = {need: _public_name(offer, county, need) for need in offer.needs}
    alike = {name: [need for need in called if called[need] == name] for name in called.values()}
    return {
        need: name if len(alike[name]) == 1 else f"{name} ({alike[name].index(need) + 1} of {len(alike[name])})"
        for need, name in called.items()
    }


def _public_name(offer: Offer, county: County, need: str) -> str:
    return SOME_NEED if offer.safe_contact_only else county.words.needs.get(need, SOME_NEED)


def labels(codes: Mapping[str, Labelled]) -> Mapping[str, str]:
    """What each of the county's codes is called."""
    return {code: meaning.label for code, meaning in codes.items()}


def line(county: County) -> Mapping[str, str]:
    """Whom to ring, and when."""
    return {"help_phone": county.words.help_phone, "hours": county.words.hours}


def district_name(county: County, code: str | None) -> str:
    """A district's name; its code where it has left the list, and words for none."""
    if code is None:
        return "not known"
    known = county.districts.get(code)
    return known.name if known else code
