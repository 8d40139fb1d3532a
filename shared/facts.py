"""What the router may know of a referral, as it travels in an event: codes and numbers, never who the person is."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, ConfigDict

Priority = Literal["P1", "P2", "P3", "P4"]
Channel = Literal["email", "sms", "phone", "portal", "webhook"]
DistrictMethod = Literal["unit", "sector", "outcode", "hint", "none"]


class Wire(BaseModel):
    """A part of an event. Unknown fields are ignored, so that a newer publisher does not stop an older consumer."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class PlaceFacts(Wire):
    """Where the person is, as far as intake could tell (rules R02-R07).

    `district` is one GSS code (which may lie outside the county) or None; `candidates` are the GSS codes of a
    straddling sector or outcode (R05), empty otherwise; `outcode` such as "SK13" when a usable postcode was given.
    `ward` and `lsoa` are GSS codes, only where the postcode is listed and the county's rules ask for them.
    """

    district: str | None = None
    method: DistrictMethod = "none"
    candidates: tuple[str, ...] = ()
    outcode: str | None = None
    ward: str | None = None
    lsoa: str | None = None


class OpenMatch(Wire):
    """An open referral of the same person received in the last seven days (R11), oldest first in the list."""

    reference: str
    needs: tuple[str, ...]
    priority: Priority | None
    received_at: datetime


class Facts(Wire):
    """What the router may know of a referral. No name, address, phone, e-mail, date of birth, postcode or note.

    `age` is in whole years or None when unknown (R10). `quality` holds the result flags that intake's own rules set
    (such as "postcode_corrected"), `because` the rules that set them. `red_flags` are the categories of phrases found
    in the notes that no ticked flag covers (R19). `flags` are the ticked ones, as given.
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
    place: PlaceFacts = PlaceFacts()
    open_matches: tuple[OpenMatch, ...] = ()
    quality: tuple[str, ...] = ()
    because: tuple[str, ...] = ()
