"""A county's files, read into the notifier's directory: closed in what is read, tolerant of everything else."""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, EmailStr, Field, StringConstraints, TypeAdapter, ValidationError

from services.notifier.domain.directory import PRIORITY_IN_TEXTS_MAX, SENDER_IN_TEXTS_MAX, Directory, Words
from services.notifier.domain.message import septets
from services.notifier.domain.notification import Channel
from services.notifier.domain.quiet import Arrangements, QuietHours
from shared.documents import Documents
from shared.errors import Refused
from shared.wording import line_hours_words

Priority = Literal["P1", "P2", "P3", "P4"]
PRIORITIES: tuple[Priority, ...] = ("P1", "P2", "P3", "P4")
Phone = Annotated[str, StringConstraints(pattern=r"^\+?[0-9][0-9 ]{5,20}$")]
Line = Annotated[str, StringConstraints(min_length=1, max_length=120, pattern=r"^[^\r\n{}<>]+$")]
Hour = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
PORT = "[1-5]?[0-9]{1,4}|6[0-4][0-9]{3}|65[0-4][0-9]{2}|655[0-2][0-9]|6553[0-5]"
# No credentials in it: it is shown, in part, to staff; a notification keeps at most 254 characters of an address.
HookUrl = Annotated[str, StringConstraints(pattern=rf"^https://[A-Za-z0-9.-]+(:({PORT}))?(/[!-~]*)?$", max_length=254)]
ADDRESSES = {"email", "sms", "phone", "webhook"}
T = TypeVar("T")


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
    """An organisation's services."""

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


def documents_in(folder: Path) -> Documents:
    """What the notifier needs of the county's files in `folder`, and nothing else, as named JSON documents.

    Raises Refused, with the file and the place in it, when something is missing or wrong. What does not concern the
    notifier may change without giving these documents another version.
    """
    partners = _checked(folder, "partners.yaml", PartnersFile)
    needs = _checked(folder, "need_taxonomy.yaml", NeedsFile)
    notices = _checked(folder, "notices.yaml", NoticesFile)
    calendar = _checked(folder, "calendar.yaml", CalendarFile)
    parts: dict[str, Any] = {  # JSON values
        "contacts": _contacts(partners),
        "needs": _labels(needs, notices.need_labels),
        "districts": _districts(folder),
        "priorities": {priority.code: priority.name for priority in needs.priorities},
        "priorities_in_texts": dict(notices.priorities_in_texts),
        "words": {
            "sender": notices.sender,
            "sender_in_texts": notices.sender_in_texts,
            "help_phone": notices.help_phone,
            "hours": _hours_words(calendar.cru_hours),
        },
        "arrangements": {
            "default": _quiet(notices.quiet_hours),
            "quiet": _by_service(partners, lambda contact: _quiet(contact.quiet_hours), "quiet_hours"),
            "digests": _by_service(partners, lambda contact: contact.digest, "digest"),
            "bank_holidays": [day.isoformat() for day in calendar.bank_holidays],
        },
    }
    _check_wording(parts)
    return {name: json.dumps(part, sort_keys=True, ensure_ascii=False) for name, part in parts.items()}


def directory_of(documents: Documents) -> Directory:
    """The directory that stored documents describe."""
    parts = {name: json.loads(text) for name, text in documents.items()}
    return Directory(
        addresses={
            service: {Channel(channel): address for channel, address in addresses.items()}
            for service, addresses in parts["contacts"].items()
        },
        needs=parts["needs"],
        districts=parts["districts"],
        priorities=parts["priorities"],
        priorities_in_texts=parts["priorities_in_texts"],
        words=Words(**parts["words"]),
        # Not there in what was loaded before there were any.
        arrangements=_arrangements(parts.get("arrangements", {})),
    )


def _contacts(partners: PartnersFile) -> dict[str, dict[str, str]]:
    contacts: dict[str, dict[str, str]] = {}
    for organization in partners.organizations:
        for service in organization.services:
            if service.id in contacts:
                raise _wrong("partners.yaml", f"{service.id} is there twice")
            contacts[service.id] = service.contact.model_dump(exclude_none=True, include=ADDRESSES)
    return contacts


def _by_service(partners: PartnersFile, of: Callable[[ContactFields], object], name: str) -> dict[str, object]:
    services = (service for organization in partners.organizations for service in organization.services)
    return {service.id: of(service.contact) for service in services if getattr(service.contact, name) is not None}


def _quiet(fields: QuietFields | Literal["none"] | None) -> dict[str, Any] | None:  # JSON values
    return fields.model_dump() if isinstance(fields, QuietFields) else None


def _arrangements(part: Mapping[str, Any]) -> Arrangements:  # JSON values
    return Arrangements(
        default=_quiet_hours(part.get("default")),
        quiet={service: _quiet_hours(hours) for service, hours in part.get("quiet", {}).items()},
        digests={service: time.fromisoformat(hour) for service, hour in part.get("digests", {}).items()},
        bank_holidays=frozenset(date.fromisoformat(day) for day in part.get("bank_holidays", ())),
    )


def _quiet_hours(part: Mapping[str, Any] | None) -> QuietHours | None:  # JSON values
    if part is None:
        return None
    return QuietHours(time.fromisoformat(part["begins"]), time.fromisoformat(part["ends"]), part["days_off"])


def _labels(needs: NeedsFile, instead: Mapping[str, str]) -> dict[str, str]:
    labels = {need.code: (group.code, need.label) for group in needs.groups for need in group.needs}
    unknown = instead.keys() - labels.keys() - {group.code for group in needs.groups}
    if unknown:
        raise _wrong("notices.yaml", f"need_labels: no such need or group: {', '.join(sorted(unknown))}")
    return {code: instead.get(code) or instead.get(group) or label for code, (group, label) in labels.items()}


def _districts(folder: Path) -> dict[str, str]:
    def rows(text: str) -> object:
        return list(csv.DictReader(text.splitlines()))

    districts = _parsed(folder, "districts.csv", rows, TypeAdapter(list[DistrictRow]))
    return {
        code: district.name
        for district in districts
        for code in (district.lad_code, *filter(None, district.historic_codes.split("|")))
    }


def _hours_words(hours: HoursFields) -> str:
    def minutes(opens_closes: tuple[str, str]) -> tuple[int, int]:
        opens, closes = (time.fromisoformat(hour) for hour in opens_closes)
        return opens.hour * 60 + opens.minute, closes.hour * 60 + closes.minute

    return line_hours_words(minutes(hours.weekday), minutes(hours.weekend_and_bank_holiday))


def _check_wording(parts: Mapping[str, Any]) -> None:  # JSON values
    for name in ("priorities", "priorities_in_texts"):
        missing = set(PRIORITIES) - parts[name].keys()
        if missing:
            raise _wrong("need_taxonomy.yaml or notices.yaml", f"{name}: {', '.join(sorted(missing))} missing")
    in_texts = [parts["words"]["sender_in_texts"], *parts["priorities_in_texts"].values()]
    if any(septets(words) != len(words) for words in in_texts):
        raise _wrong("notices.yaml", "words for texts must keep to plain letters, figures and punctuation")


def _checked(folder: Path, name: str, kind: type[T]) -> T:
    return _parsed(folder, name, lambda text: yaml.load(text, yaml.CSafeLoader), TypeAdapter(kind))


def _parsed(folder: Path, name: str, parse: Callable[[str], object], kind: TypeAdapter[T]) -> T:
    try:
        return kind.validate_python(parse((folder / name).read_text("utf-8-sig")))
    except OSError as error:
        raise _wrong(name, "cannot be read") from error
    except (yaml.YAMLError, csv.Error, UnicodeDecodeError) as error:
        raise _wrong(name, "is not well formed") from error
    except ValidationError as error:
        # The place and the reason, not the value: error texts stay free of what was typed.
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5]]
        raise _wrong(name, "; ".join(faults)) from None


def _wrong(name: str, what: str) -> Refused:
    return Refused("directory-invalid", f"{name}: {what}")
