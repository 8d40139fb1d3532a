"""The closed schema of the files on partners, needs, districts and the calendar: every key they may have."""

from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from services.router.domain.vocabulary import Channel, Priority

TimeOfDay = Annotated[str, Field(pattern=r"^(([01]\d|2[0-3]):[0-5]\d|24:00)$")]
IsoDate = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}$")]
# As the field's standard writes instants: RFC 3339 in UTC.
IsoInstant = Annotated[str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,6})?Z$")]
HsdsId = Annotated[str, Field(pattern=r"^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$")]
GssCode = Annotated[str, Field(pattern=r"^[A-Z]\d{8}$")]
OptionalGssCode = Annotated[str, Field(pattern=r"^([A-Z]\d{8})?$")]
Text = Annotated[str, Field(min_length=1)]


class Closed(BaseModel):
    """A part of a file: no key that is not named here, and no value that has to be guessed at."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AreaDoc(Closed):
    """Where a service works; `code` is "*" for `elsewhere`."""

    type: Literal["lad", "county", "outcode", "elsewhere"]
    code: Text
    name: str | None = None


class EligibilityDoc(Closed):
    """Whom a service accepts."""

    minimum_age: Annotated[int, Field(ge=0)] | None
    maximum_age: Annotated[int, Field(ge=0)] | None
    flags_any: list[str]
    flags_all: list[str]
    flags_none: list[str]


class ScheduleDoc(Closed):
    """Weekly hours; `byday` as in RFC 5545, such as "MO,WE"."""

    freq: Literal["WEEKLY"]
    byday: Annotated[str, Field(pattern=r"^(MO|TU|WE|TH|FR|SA|SU)(,(MO|TU|WE|TH|FR|SA|SU))*$")]
    opens_at: TimeOfDay
    closes_at: TimeOfDay


class ContactDoc(Closed):
    """How a service is reached. What is posted to its `webhook`, and when it wants to be told of what can wait, is the
    notifier's business and decides nothing here."""

    email: Text | None = None
    sms: Text | None = None
    phone: Text | None = None
    portal: Text | None = None
    webhook: Text | None = None
    quiet_hours: dict[str, Text | bool] | Text | None = None
    digest: Text | None = None


class PhoneDoc(Closed):
    """A telephone number for the public."""

    number: Text
    description: str | None = None


class LocationDoc(Closed):
    """Premises that the public may visit; degrees as in WGS 84. `uprn` is the Unique Property Reference Number."""

    hsds_id: HsdsId | None = None
    name: Text
    address: Text
    city: Text
    postcode: Text
    latitude: Annotated[float, Field(ge=-90, le=90, strict=False)] | None = None
    longitude: Annotated[float, Field(ge=-180, le=180, strict=False)] | None = None
    uprn: Annotated[str, Field(pattern=r"^\d{1,12}$")] | None = None


class ListingDoc(Closed):
    """What the public is told of a service besides its name, description, hours, places, ages and needs."""

    url: Text | None = None
    email: Text | None = None
    phones: list[PhoneDoc] = Field(default_factory=list)
    fees: Text | None = None
    accreditations: Text | None = None
    alert: Text | None = None
    locations: list[LocationDoc] = Field(default_factory=list)


class AssuranceDoc(Closed):
    """After how many days a service's details should be looked at again, and after how many they count as unchecked."""

    due_after_days: Annotated[int, Field(ge=1)] = 180
    lapses_after_days: Annotated[int, Field(ge=1)] = 365

    @model_validator(mode="after")
    def lapses_last(self) -> Self:
        """A check is due before it has lapsed."""
        if self.lapses_after_days <= self.due_after_days:
            raise ValueError("lapses_after_days must be more than due_after_days")
        return self


class AssuredDoc(Closed):
    """Where a service's details come from and who looked at them when. `hsds_id` is the id that the source gave it;
    without one it is derived. `source` is the name under which they are imported."""

    hsds_id: HsdsId | None = None
    source: Text | None = None
    assured_date: IsoDate | None = None
    assurer_email: Text | None = None
    last_modified: IsoInstant | None = None


class ServiceDoc(AssuredDoc):
    """One service; the names are those of Open Referral UK, with the router's own beside them. Without `listing` it is
    in no feed and no export."""

    listing: ListingDoc | None = None
    id: Text
    organization_id: Text
    name: Text
    description: str
    status: Literal["active", "inactive", "temporarily closed", "defunct"]
    basis: str
    track: Text
    role: Literal["lead", "statutory", "specialist", "fallback"]
    rank: Annotated[int, Field(ge=0)]
    taxonomy_terms: Annotated[list[str], Field(min_length=1)]
    service_areas: Annotated[list[AreaDoc], Field(min_length=1)]
    eligibility: EligibilityDoc
    schedules: Annotated[list[ScheduleDoc], Field(min_length=1)]
    public_holidays: Literal["open", "closed", "as_sunday"]
    capacity_per_day: Annotated[int, Field(ge=0)] | None
    accepts_from: list[Literal["contact_centre", "web_form", "professional", "partner"]]
    notify_channels: Annotated[list[Channel], Field(min_length=1)]
    languages: Annotated[list[Annotated[str, Field(pattern=r"^([a-z]{2,3}|any)$")]], Field(min_length=1)]
    contact: ContactDoc


Kind = Literal["voluntary", "statutory", "nhs", "pharmacy", "social enterprise", "private"]


class OrganisationDoc(Closed):
    """One organisation with its services."""

    id: Text
    name: Text
    kind: Kind
    name_basis: Literal["document", "public name", "public", "generic"]
    description: str
    email: Text
    website: str | None
    services: list[ServiceDoc]
    hsds_id: HsdsId | None = None
    public_email: Text | None = None


class NewOrganisationDoc(Closed):
    """The organisation of a service that nobody has given routing fields yet."""

    hsds_id: HsdsId
    name: Text
    description: str
    website: str | None = None
    email: Text | None = None


class UnroutedDoc(AssuredDoc):
    """A service as it was imported: nothing is offered to it until somebody moves it to an organisation's services and
    says there how it is to be used. `terms` are the kinds of help that its source names and we do not know."""

    name: Text
    description: str
    status: Literal["active", "inactive", "temporarily closed", "defunct"]
    organization: NewOrganisationDoc
    taxonomy_terms: list[str]
    terms: list[str] = Field(default_factory=list)
    service_areas: list[AreaDoc]
    minimum_age: Annotated[int, Field(ge=0)] | None
    maximum_age: Annotated[int, Field(ge=0)] | None
    schedules: list[ScheduleDoc]
    languages: list[str]
    listing: ListingDoc


class PartnersDoc(Closed):
    """The file on partners."""

    version: Text
    assurance: AssuranceDoc = AssuranceDoc()
    organizations: list[OrganisationDoc]
    unrouted: list[UnroutedDoc] = Field(default_factory=list)


class CodeDoc(Closed):
    """A code and what people call it."""

    code: Text
    label: Text


class PriorityDoc(Closed):
    """One of the four priorities."""

    code: Priority
    name: Text
    sla: Text
    description: Text


class NeedDoc(Closed):
    """One need."""

    code: Text
    label: Text
    impact_area: Text
    default_track: Text
    default_priority: Priority
    fallback_tracks: list[str]
    essential: bool
    needs_district: bool
    doorstep: bool
    system: bool
    synonyms: list[str]


class GroupDoc(Closed):
    """A group of needs; each need's code starts with the group's and a dot."""

    code: Text
    label: Text
    needs: list[NeedDoc]


class TaxonomyDoc(Closed):
    """The file on needs."""

    version: Text
    source: str
    impact_areas: list[CodeDoc]
    tracks: list[CodeDoc]
    priorities: list[PriorityDoc]
    groups: list[GroupDoc]


class CruHoursDoc(Closed):
    """When the contact centre is open: opening and closing time."""

    weekday: Annotated[list[TimeOfDay], Field(min_length=2, max_length=2)]
    weekend_and_bank_holiday: Annotated[list[TimeOfDay], Field(min_length=2, max_length=2)]


class CalendarDoc(Closed):
    """The file on hours, clocks and bank holidays."""

    version: Text
    timezone: Text
    cru_hours: CruHoursDoc
    last_minutes_count_as_after_hours: Annotated[int, Field(ge=0)]
    p1_minutes: Annotated[int, Field(ge=1)]
    p2_after_hours_due: TimeOfDay
    p3_due: TimeOfDay
    p3_working_days: Annotated[int, Field(ge=1)] = 1
    p4_working_days: Annotated[int, Field(ge=1)]
    bank_holidays: Annotated[list[IsoDate], Field(min_length=1)]


class DistrictDoc(Closed):
    """One row of the file on districts; lists are separated by "|", old GSS codes included."""

    lad_code: GssCode
    short_code: str
    name: Text
    council_name: Text
    kind: Text
    county_code: OptionalGssCode
    county_name: str
    in_scope: Literal["true", "false"]
    lead_voluntary_agency: str
    neighbours: str
    neighbour_names: str
    main_places: str
    historic_codes: Annotated[str, Field(pattern=r"^([A-Z]\d{8}(\|[A-Z]\d{8})*)?$")]
    note: str
