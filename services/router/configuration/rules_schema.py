"""The closed schema of the file of rules: every table, every column and every condition it may use."""

from collections.abc import Mapping
from typing import Annotated, Literal, get_args

from pydantic import Field

from services.router.configuration.directory_schema import Closed, Kind, Text
from services.router.configuration.loop_schema import AnswersDoc, CapacityDoc, ChaseDoc
from services.router.configuration.notice_schema import NoticeDoc
from services.router.domain.conditions import Fact
from services.router.domain.vocabulary import PRIORITIES, Priority, ResultFlag

RuleId = Annotated[str, Field(pattern=r"^R\d{2}$")]
RuleIds = Annotated[list[RuleId], Field(min_length=1)]
Flag = Annotated[ResultFlag, Field(strict=False)]
Codes = Annotated[list[str], Field(min_length=1)]
# Of a ward or an LSOA; which there are is in the ONS's files alone.
Areas = Annotated[list[Annotated[str, Field(pattern=r"^[EWSN]\d{8}$")]], Field(min_length=1)]
Years = Annotated[int, Field(ge=0)]
ConsentStatus = Literal["given", "refused", "unknown"]
ConsentBy = Literal["self", "representative", "none"]
Shielding = Literal["none", "verified", "unverified"]
RequestKind = Literal["help", "volunteer_offer", "org_support", "concern_report"]
ReferrerKind = Literal[
    "self", "family", "friend", "neighbour", "professional", "partner", "public", "landlord", "staff_outbound"
]
CODES: Mapping[str, frozenset[str | None]] = {
    "consent": frozenset(get_args(ConsentStatus)),
    "consent_by": frozenset(get_args(ConsentBy)),
    "shielding": frozenset(get_args(Shielding)),
    "request_kind": frozenset(get_args(RequestKind)),
    "referrer_kind": frozenset(get_args(ReferrerKind)),
    "requested_priority": frozenset((None, *PRIORITIES)),
}
"""Every code that a field of a referral may have; None where it may have none."""


class SetDoc(Closed):
    """What a set must have: any of these, all of these, none of these."""

    any_of: Codes | None = Field(default=None, alias="any")
    all_of: Codes | None = Field(default=None, alias="all")
    none_of: Codes | None = Field(default=None, alias="none")


class RangeDoc(Closed):
    """From this number on, and below that one."""

    least: int | None = Field(default=None, alias="from")
    below: int | None = None


class WhenDoc(Closed):
    """Conditions on a referral, all of which must hold."""

    flags: SetDoc | None = None
    concerns: SetDoc | None = None
    age: RangeDoc | None = None
    markers: RangeDoc | None = None
    food_days_left: RangeDoc | None = None
    meds_days_left: RangeDoc | None = None
    consent: list[ConsentStatus] | None = None
    consent_by: list[ConsentBy] | None = None
    shielding: list[Shielding] | None = None
    request_kind: list[RequestKind] | None = None
    referrer_kind: list[ReferrerKind] | None = None
    requested_priority: list[Priority] | None = None
    ward: Areas | None = None
    lsoa: Areas | None = None
    own_consent: bool | None = None
    red_flag_words: bool | None = None
    most_vulnerable: bool | None = None


class PlacedWhenDoc(WhenDoc):
    """Conditions that may ask for the place too: short codes of districts, and outcodes."""

    district: Codes | None = None
    outcode: Codes | None = None


class UnknownAgeDoc(Closed):
    """What an unknown age counts as, in years."""

    counts_as: Years
    with_flag: Text
    then: Years


class AgedDoc(Closed):
    """The marker of age."""

    least: Years = Field(alias="from")
    or_flag: Text


class MarkersDoc(Closed):
    """The markers of R49."""

    aged: AgedDoc
    flags: Codes


class PeopleDoc(Closed):
    """How a person is read."""

    unknown_age: UnknownAgeDoc
    shielded_flag: Text
    markers: MarkersDoc
    most_vulnerable: list[WhenDoc]
    usual_language: Text


class ActionDoc(Closed):
    """A row of section B."""

    rules: RuleIds
    when: WhenDoc = WhenDoc()
    need: Text
    service: Text
    priority: Priority
    flag: Flag | None = None
    answers: list[str] = Field(default_factory=list)


class OutsideActionDoc(Closed):
    """What is done when the handover desk is closed."""

    need: Text
    service: Text
    priority: Priority
    flag: Flag


class TrackStopDoc(Closed):
    """Who is kept from visiting."""

    rules: RuleIds
    when: WhenDoc
    tracks: Codes
    flag: Flag


class RiskDoc(Closed):
    """Section B."""

    concerns: dict[str, str]
    always_acted_on: list[str] = Field(default_factory=list)
    actions: list[ActionDoc]
    child_alone: ActionDoc
    kept_from_visiting: list[TrackStopDoc]


class FlagDoc(Closed):
    """A result flag of the whole referral."""

    rules: RuleIds
    when: WhenDoc
    flag: Flag


class RepeatsDoc(Closed):
    """When repeated needs are not looked for."""

    not_checked: WhenDoc


class NotNeededDoc(Closed):
    """When consent is not needed."""

    rules: RuleIds
    when: WhenDoc


class RefusedDoc(Closed):
    """What goes on when consent is refused."""

    default_tracks: list[str]


class UnknownDoc(Closed):
    """What goes on while consent is unknown, and who asks for it."""

    tracks: list[str]
    otherwise: Text


class ConsentDoc(Closed):
    """Section C."""

    not_needed: NotNeededDoc
    refused: RefusedDoc
    unknown: UnknownDoc


class OutsideDoc(Closed):
    """Section D."""

    track: Text
    otherwise: Text
    stays_with: list[str]
    when_closed: OutsideActionDoc


class TrackDoc(Closed):
    """A row of section E."""

    rules: RuleIds
    needs: Codes
    when: PlacedWhenDoc = PlacedWhenDoc()
    tracks: Codes | None = None
    first: list[str] = Field(default_factory=list)


class AdditionDoc(Closed):
    """A need that is added."""

    rules: RuleIds
    when: WhenDoc
    need: Text


class RaiseDoc(Closed):
    """A row of section F."""

    rules: RuleIds
    needs: Codes
    essential: bool = False
    when: WhenDoc
    at_least: Priority


class BeforeDeskDoc(Closed):
    """Tracks tried before the triage desk."""

    rules: RuleIds
    when: WhenDoc
    tracks: Codes


class NeverDoc(Closed):
    """Tracks that some needs may never reach, and kinds of organisation to which nobody may pass them on."""

    rules: RuleIds
    tracks: Codes
    kinds: list[Kind]
    needs: Codes


class SelectionDoc(Closed):
    """Section G: choosing."""

    declines_limit: Annotated[int, Field(ge=1)]
    opening_checked: list[Priority]
    before_the_desk: list[BeforeDeskDoc]
    never: NeverDoc


class RuleTextDoc(Closed):
    """What an explanation says of a rule."""

    title: Text
    text: Text


class RulesDoc(Closed):
    """The file of rules."""

    version: Text
    flags: Codes
    people: PeopleDoc
    risk: RiskDoc
    marks: list[FlagDoc]
    repeats: RepeatsDoc
    unclassified: Text
    triage_desk: Text
    emergency_track: Text
    consent: ConsentDoc
    outside: OutsideDoc
    tracks: list[TrackDoc]
    additions: list[AdditionDoc]
    priorities: list[RaiseDoc]
    selection: SelectionDoc
    notice: NoticeDoc
    answers: AnswersDoc
    chase: ChaseDoc
    chased_before_due: list[Priority]
    second_contact: list[Priority]
    review: ChaseDoc
    capacity: CapacityDoc
    questions: dict[Fact, Text] = Field(default_factory=dict)
    rules: dict[RuleId, RuleTextDoc]
