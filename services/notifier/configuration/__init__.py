"""A county's files, read into the notifier's directory: what other services read of them may change freely."""

import csv
import json
from collections.abc import Callable, Mapping
from datetime import date, time
from pathlib import Path
from typing import Any, Literal, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from services.notifier.configuration.files import (
    PRIORITIES,
    CalendarFile,
    ContactFields,
    DistrictRow,
    HoursFields,
    NeedsFile,
    NoticesFile,
    PartnersFile,
    QuietFields,
)
from services.notifier.domain.directory import Contact, Directory, Words
from services.notifier.domain.message import septets
from services.notifier.domain.notification import Channel
from services.notifier.domain.quiet import Arrangements, QuietHours
from shared.document_set import Documents
from shared.errors import Refused
from shared.wording import line_hours_words

ADDRESSES = {"email", "sms", "phone", "webhook"}
T = TypeVar("T")


Reading = Callable[[str], str]


def documents_in(folder: Path) -> Documents:
    """`documents_from` the files of a folder."""
    return _documents(lambda name: (folder / name).read_text("utf-8-sig"))


def documents_from(texts: Documents) -> Documents:
    """What the notifier needs of the texts of a county's files, and nothing else, as named JSON documents.

    Raises Refused, with the file and the place in it, when something is missing or wrong. What does not concern the
    notifier may change without giving these documents another version.
    """
    return _documents(texts.__getitem__)


def _documents(read: Reading) -> Documents:
    partners = _checked(read, "partners.yaml", PartnersFile)
    needs = _checked(read, "need_taxonomy.yaml", NeedsFile)
    notices = _checked(read, "notices.yaml", NoticesFile)
    calendar = _checked(read, "calendar.yaml", CalendarFile)
    parts: dict[str, Any] = {  # JSON values
        "contacts": _contacts(partners),
        "offices": _offices(partners),
        "needs": _labels(needs, notices.need_labels),
        "districts": _districts(read),
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
        offices={
            service: Contact(office["id"], Channel(office["channel"]), office["address"])
            for service, office in parts.get("offices", {}).items()
        },
    )


def _offices(partners: PartnersFile) -> dict[str, dict[str, str]]:
    return {
        service.id: {"id": f"{each.id}:office", "channel": Channel.EMAIL.value, "address": each.email}
        for each in partners.organizations
        if each.email
        for service in each.services
    }


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


def _districts(read: Reading) -> dict[str, str]:
    def rows(text: str) -> object:
        return list(csv.DictReader(text.splitlines()))

    districts = _parsed(read, "districts.csv", rows, TypeAdapter(list[DistrictRow]))
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


def _checked(read: Reading, name: str, kind: type[T]) -> T:
    return _parsed(read, name, lambda text: yaml.load(text, yaml.CSafeLoader), TypeAdapter(kind))


def _parsed(read: Reading, name: str, parse: Callable[[str], object], kind: TypeAdapter[T]) -> T:
    try:
        return kind.validate_python(parse(read(name)))
    except (OSError, KeyError) as error:
        raise _wrong(name, "cannot be read") from error
    except (yaml.YAMLError, csv.Error, UnicodeDecodeError) as error:
        raise _wrong(name, "is not well formed") from error
    except ValidationError as error:
        # The place and the reason, not the value: error texts stay free of what was typed.
        faults = [f"{'.'.join(map(str, fault['loc']))}: {fault['msg']}" for fault in error.errors()[:5]]
        raise _wrong(name, "; ".join(faults)) from None


def _wrong(name: str, what: str) -> Refused:
    return Refused("directory-invalid", f"{name}: {what}")
