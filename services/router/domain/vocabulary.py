"""The closed words of a decision: priorities, channels, outcomes, result flags, and the rules that are code."""

from enum import StrEnum
from typing import Literal

Priority = Literal["P1", "P2", "P3", "P4"]
Channel = Literal["email", "sms", "phone", "portal"]

PRIORITIES: tuple[Priority, ...] = ("P1", "P2", "P3", "P4")


class Word(StrEnum):
    """A word that is hashed as the text it is: the hash of an enumeration would be a call for each look into a set."""

    __hash__ = str.__hash__


class Outcome(StrEnum):
    """What became of a referral as a whole, in the order in which R58 looks for the first that applies."""

    EMERGENCY = "emergency"
    DUPLICATE = "duplicate"
    OUT_OF_AREA = "out_of_area"
    HELD_NO_CONSENT = "held_no_consent"
    TRIAGE_DESK = "triage_desk"
    PARTIALLY_ROUTED = "partially_routed"
    ROUTED = "routed"


class NeedState(StrEnum):
    """What became of one need: given to a service, held for want of consent, or in an open referral already."""

    ASSIGNED = "assigned"
    HELD = "held"
    DUPLICATE = "duplicate"


class Origin(StrEnum):
    """Why a need is in a decision: it was chosen, section B acts on it, a rule added it, or nothing was classified."""

    CHOSEN = "chosen"
    RISK = "risk"
    ADDED = "added"
    UNCLASSIFIED = "unclassified"


class Verdict(Word):
    """Why a service was or was not taken for a need; the first that applies, in this order."""

    NOT_ACTIVE = "not_active"
    AGE = "age"
    CIRCUMSTANCES = "circumstances"
    DECLINED = "declined"
    FULL = "full"
    CLOSED = "closed"
    LIMITED = "limited"
    TAKEN = "taken"
    RANKED_AFTER = "ranked_after"


class ResultFlag(Word):
    """Everything a result may flag; those set before routing (place, contact, text) come with the facts."""

    POSTCODE_CORRECTED = "postcode_corrected"
    POSTCODE_MISSING = "postcode_missing"
    POSTCODE_INVALID = "postcode_invalid"
    POSTCODE_TERMINATED = "postcode_terminated"
    UNKNOWN_OUTCODE = "unknown_outcode"
    DISTRICT_FROM_SECTOR = "district_from_sector"
    DISTRICT_FROM_OUTCODE = "district_from_outcode"
    DISTRICT_FROM_HINT = "district_from_hint"
    DISTRICT_AMBIGUOUS = "district_ambiguous"
    DISTRICT_UNRESOLVED = "district_unresolved"
    HINT_CONFLICT = "hint_conflict"
    PHONE_INVALID = "phone_invalid"
    EMAIL_INVALID = "email_invalid"
    NO_VALID_CONTACT = "no_valid_contact"
    NAME_MISSING = "name_missing"
    LONG_NOTES = "long_notes"
    AGE_INVALID = "age_invalid"
    CONTRADICTORY_FLAGS = "contradictory_flags"
    UNKNOWN_NEED_CODE = "unknown_need_code"
    MOST_VULNERABLE = "most_vulnerable"
    SHIELDING_UNVERIFIED = "shielding_unverified"
    INTERPRETER = "interpreter"
    HUMAN_CHECK = "human_check"
    SAFE_CONTACT_ONLY = "safe_contact_only"
    HOLD_SAFE_CONTACT = "hold_safe_contact"
    NO_DOORSTEP_VOLUNTEERS = "no_doorstep_volunteers"
    UNACCOMPANIED_MINOR = "unaccompanied_minor"
    CONSENT_REFUSED = "consent_refused"
    CONSENT_NEEDED = "consent_needed"
    REPRESENTATIVE_CONSENT = "representative_consent"
    CAPACITY_FALLBACK = "capacity_fallback"
    DECLINED_FALLBACK = "declined_fallback"
    DECLINED_THREE_TIMES = "declined_three_times"
    UNREACHABLE_FALLBACK = "unreachable_fallback"
    OUT_OF_HOURS = "out_of_hours"
    RAISE_EXISTING_PRIORITY = "raise_existing_priority"


class Rule(Word):
    """The rules whose meaning is code; their texts, like all others, are the county's."""

    STRADDLING = "R05"
    NO_PLACE = "R06"
    REPEATS = "R11"
    UNCLASSIFIED = "R12"
    REFUSED = "R24"
    UNKNOWN_CONSENT = "R25"
    OUTSIDE = "R27"
    BASE_PRIORITY = "R48"
    CLOCK = "R53"
    SELECTION = "R54"
    ELIGIBILITY = "R55"
    OPEN_IN_TIME = "R56"
    CAPACITY = "R57"
    ONE_MESSAGE = "R58"
    NOTICE = "R59"
