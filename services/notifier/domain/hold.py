"""What does not go out at present, why, and when it is tried whether it would again (N-14, N-15, N-50, N-58)."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID, uuid5

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.notice import wording
from services.notifier.domain.notification import NAMESPACE, Channel, Notification

FAILURES_TO_OPEN = 5
WINDOW = timedelta(seconds=60)
PROBE_EVERY, PROBE_EVERY_MAX = timedelta(seconds=30), timedelta(minutes=5)
# The way out itself fails so; anything else is an answer, and shows that it works.
OWN = frozenset({Failure.TRANSIENT, Failure.AMBIGUOUS, Failure.AUTH})
# Enhanced codes 4.1 and 4.2 speak of one address and one mailbox, not of the server (RFC 3463); the last is intake's.
OF_ONE_RECIPIENT = re.compile(r"^(\d{3} 4\.[12]\.|intake-)")
# Nothing is wrong with the template: there is no gateway, or this one text did not fit.
OF_ONE_MESSAGE = frozenset({"no-gateway", "text-too-long"})
# A service's own system that is away says nothing of the others', so webhooks have no breaker.
SHARED_WAYS = frozenset({Channel.EMAIL, Channel.SMS})
GONE = "410"

WayNames = Mapping[Channel, str]


class Scope(StrEnum):
    """What a hold keeps back. `subject` is "" for everything, the name of a way or template, or a service's id."""

    EVERYTHING = "everything"
    WAY = "way"
    TEMPLATE = "template"
    SERVICE = "service"
    WEBHOOK = "webhook"


class Kind(StrEnum):
    """Who made a hold: BREAKER and PARKED the notifier itself, STOPPED a person. Only a BREAKER ends by itself."""

    BREAKER = "breaker"
    PARKED = "parked"
    STOPPED = "stopped"


@dataclass(frozen=True, slots=True)
class Hold:
    """One reason why messages wait. `reason` is a code, `code` the other side's figures, `by` who stopped it.

    A BREAKER lets one message through at `probe_at` to see; `probes` counts those. `address` is the URL of a WEBHOOK.
    """

    id: UUID
    scope: Scope
    subject: str
    kind: Kind
    reason: str
    since: datetime
    code: str | None = None
    by: str | None = None
    address: str = ""
    probe_at: datetime | None = None
    probes: int = 0


@dataclass(frozen=True, slots=True)
class Barred:
    """What some holds keep back, in terms of what is known of a message. `hooks` are pairs of service id and URL."""

    everything: bool = False
    channels: frozenset[Channel] = frozenset()
    templates: frozenset[str] = frozenset()
    services: frozenset[str] = frozenset()
    hooks: frozenset[tuple[str, str]] = field(default=frozenset())

    def keeps(self, message: Notification) -> bool:
        """Whether `message` does not go out."""
        return (
            self.everything
            or message.channel in self.channels
            or message.offer.service_id in self.services
            or wording(message) in self.templates
            or (message.channel is Channel.WEBHOOK and (message.offer.service_id, message.address) in self.hooks)
        )


NOTHING = Barred()


def barred(holds: Iterable[Hold], ways: WayNames) -> Barred:
    """What `holds` keep back where messages leave by `ways`: a hold on a way that is not in use keeps nothing."""
    subjects: dict[Scope, set[str]] = {scope: set() for scope in Scope}
    hooks = set()
    for hold in holds:
        subjects[hold.scope].add(hold.subject)
        if hold.scope is Scope.WEBHOOK:
            hooks.add((hold.subject, hold.address))
    return Barred(
        everything=bool(subjects[Scope.EVERYTHING]),
        channels=frozenset(channel for channel, way in ways.items() if way in subjects[Scope.WAY]),
        templates=frozenset(subjects[Scope.TEMPLATE]),
        services=frozenset(subjects[Scope.SERVICE]),
        hooks=frozenset(hooks),
    )


def a_hold(
    scope: Scope,
    subject: str,
    kind: Kind,
    reason: str,
    since: datetime,
    *,
    code: str | None = None,
    by: str | None = None,
    address: str = "",
    probe_at: datetime | None = None,
) -> Hold:
    """A hold that begins at `since`, with an id that follows from what it is."""
    hold_id = uuid5(NAMESPACE, f"hold|{scope}|{subject}|{address}|{kind}|{since.isoformat()}")
    return Hold(hold_id, scope, subject, kind, reason, since, code, by, address, probe_at)


def breaker(way: str, fault: SendFailed, now: datetime, probe_at: datetime | None = None) -> Hold:
    """The breaker that `fault` opens on a way; its first probe is due at `probe_at`, else as usual."""
    probe_at = probe_at or now + PROBE_EVERY
    return a_hold(Scope.WAY, way, Kind.BREAKER, fault.failure.value, now, code=fault.code, probe_at=probe_at)


def next_probe_at(hold: Hold, now: datetime) -> datetime:
    """When the probe after the one that begins now is due: every 30 s at first, growing to 5 min."""
    return now + min(PROBE_EVERY * (1 << min(hold.probes, 10)), PROBE_EVERY_MAX)


def is_of_the_way(channel: Channel, failure: str, code: str | None) -> bool:
    """Whether a failed attempt counts against the way that it took, and not against one recipient."""
    return channel in SHARED_WAYS and failure in OWN and not OF_ONE_RECIPIENT.match(code or "")


def parks(channel: Channel, fault: SendFailed) -> bool:
    """Whether nothing in the words of the message at hand can go before somebody has mended a setting (N-14)."""
    return channel in SHARED_WAYS and fault.failure is Failure.CONFIG and fault.code not in OF_ONE_MESSAGE


def is_gone(channel: Channel, fault: SendFailed) -> bool:
    """Whether a service's own system asked for nothing more at its URL."""
    return channel is Channel.WEBHOOK and fault.code == GONE
