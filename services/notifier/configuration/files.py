"""The county's files as far as the notifier reads them: closed in what is read, tolerant of everything else."""

from datetime import date
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints

from services.notifier.domain.directory import PRIORITY_IN_TEXTS_MAX, SENDER_IN_TEXTS_MAX

Priority = Literal["P1", "P2", "P3", "P4"]
PRIORITIES: tuple[Priority, ...] = ("P1", "P2", "P3", "P4")
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ]{5,20}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\r\n{}<>]+$")]
Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
PORT = "[1-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
# No credentials in it: it is shown, in part, to staff; a notification keeps at most 254 characters of an address.
HookUrl = Annotated[str, StringConstraints(pattern=rf"^https://[A-Za-z0-9.-]+(:({PORT}))?(/[!-~]*)?$", max_length=254)]


class _Read(BaseModel):
    """A part of a file of which other services read more."""

    model_config = ConfigDict(frozen=True, extra="ignore")


class _Whole(BaseModel):
    """A part of which every field must be known: a slip of the pen here would leave somebody untold."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class QuietFields(_Whole):
    """When e-mails and texts that can wait do: at night, and all day at weekends and on bank holidays."""

    begins: Hour
    ends: Hour
    days_off: bool = True


class ContactFields(_Whole):
    """How one service is reached. The portal is our own inbox, so its address is not used; `webhook` is the URL of
    the service's own system, told besides the channels of R59. `quiet_hours` take the place of the county's, and
    `digest` is the hour of one e-mail for all that can wait until then."""

    email: EmailStr | None = None
    sms: Phone | None = None
    phone: Phone | None = None
    portal: str | None = None
    webhook: HookUrl | None = None
    quiet_hours: QuietFields | Literal["none"] | None = None
    digest: Hour | None = None


class ServiceFields(_Read):
    """A service and its contacts."""

    id: Line
    contact: ContactFields = ContactFields()


class OrganizationFields(_Read):
    """An organisation, its office's address, and its services."""

    id: Line
    email: EmailStr | None = None
    services: tuple[ServiceFields, ...] = ()


class PartnersFile(_Read):
    """partners.yaml."""

    organizations: tuple[OrganizationFields, ...]


class NeedFields(_Read):
    """A need's code and label."""

    code: Line
    label: Line


class GroupFields(_Read):
    """A group of needs."""

    code: Line
    needs: tuple[NeedFields, ...]


class PriorityFields(_Read):
    """A priority's code and name."""

    code: Priority
    name: Line


class NeedsFile(_Read):
    """need_taxonomy.yaml."""

    priorities: tuple[PriorityFields, ...]
    groups: tuple[GroupFields, ...]


class HoursFields(_Read):
    """Opening and closing time of the county's line, on two kinds of day."""

    weekday: tuple[Hour, Hour]
    weekend_and_bank_holiday: tuple[Hour, Hour]


class CalendarFile(_Read):
    """calendar.yaml."""

    cru_hours: HoursFields
    bank_holidays: tuple[date, ...] = ()


class DistrictRow(_Read):
    """One row of districts.csv; `historic_codes` are separated by "|"."""

    lad_code: Line
    name: Line
    historic_codes: str = ""


class NoticesFile(_Whole):
    """notices.yaml: what notices call the sender, the priorities in texts, needs that must not be named, quiet hours.

    `need_labels` is by need code or by group; a code wins over its group.
    """

    version: str
    sender: Line
    sender_in_texts: Annotated[Line, Field(max_length=SENDER_IN_TEXTS_MAX)]
    help_phone: Phone
    priorities_in_texts: dict[Priority, Annotated[Line, Field(max_length=PRIORITY_IN_TEXTS_MAX)]]
    need_labels: dict[str, Line] = {}
    quiet_hours: QuietFields | None = None
