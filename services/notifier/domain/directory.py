"""Whom to reach at each service, and the county's words for needs, districts, priorities and hours."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from services.notifier.domain.notification import Channel
from services.notifier.domain.quiet import Arrangements

LABELS_MAX = 3
SENDER_IN_TEXTS_MAX = 14
PRIORITY_IN_TEXTS_MAX = 8
NO_DISTRICT = "not known yet"


@dataclass(frozen=True, slots=True)
class Contact:
    """One way to reach one service: an e-mail address or a phone number as written in the directory."""

    id: str
    channel: Channel
    address: str


@dataclass(frozen=True, slots=True)
class Words:
    """What a county calls itself and its line: `sender_in_texts` is short, `hours` reads "8am to 8pm Monday to …"."""

    sender: str
    sender_in_texts: str
    help_phone: str
    hours: str


@dataclass(frozen=True, slots=True)
class Directory:
    """The notifier's own copy of what it needs of a county.

    `addresses` is by service id and channel; `needs` by need code, `districts` by GSS code (historic ones included),
    `priorities` and `priorities_in_texts` by "P1" to "P4"; `offices` is the e-mail of each service's organisation.
    """

    addresses: Mapping[str, Mapping[Channel, str]]
    needs: Mapping[str, str]
    districts: Mapping[str, str]
    priorities: Mapping[str, str]
    priorities_in_texts: Mapping[str, str]
    words: Words
    arrangements: Arrangements = field(default_factory=Arrangements)
    offices: Mapping[str, Contact] = field(default_factory=dict)

    def contact(self, service_id: str, channel: Channel) -> Contact | None:
        """The contact of a service on a channel, None where it has none."""
        address = self.addresses.get(service_id, {}).get(channel)
        return Contact(f"{service_id}:{channel}", channel, address) if address else None

    def office(self, service_id: str) -> Contact | None:
        """Whom to ask at the service's organisation, None where it has no office."""
        return self.offices.get(service_id)

    def services_of(self, contact_id: str) -> tuple[str, ...]:
        """The services that are reached by a contact: several, where it is their organisation's office."""
        of_office = tuple(service for service, office in self.offices.items() if office.id == contact_id)
        service_id = contact_id.rpartition(":")[0]
        return of_office or ((service_id,) if service_id in self.addresses else ())

    def district(self, code: str | None) -> str:
        """A district's name; words for "not known" where there is none."""
        return self.districts.get(code or "", NO_DISTRICT)

    def needs_in_words(self, codes: tuple[str, ...]) -> str:
        """The labels of `codes`, each once, at most three: "Food shopping, Debt advice and 2 more"."""
        labels = list(dict.fromkeys(self.needs.get(code, "Help") for code in codes)) or ["Help"]
        if len(labels) > LABELS_MAX:
            return f"{', '.join(labels[:LABELS_MAX])} and {len(labels) - LABELS_MAX} more"
        return " and ".join([*[", ".join(labels[:-1])] * (len(labels) > 1), labels[-1]])
