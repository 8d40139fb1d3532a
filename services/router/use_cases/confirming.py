"""What services say of their capacity, and what follows when nobody says it again (R57)."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.answers import Pause
from services.router.domain.assignment import Actor
from services.router.domain.capacity import (
    TAKES_NOTHING,
    UNCONFIRMED,
    Availability,
    Confirmation,
    Reminder,
    Step,
    is_watched,
)
from services.router.domain.county import County
from services.router.ports import Transaction
from services.router.use_cases.pausing import pause
from shared.clock import Clock
from shared.errors import NotFound
from shared.events import ServiceUnconfirmed

CLOCK = Actor("clock", "clock")


@dataclass(frozen=True, slots=True)
class Room:
    """What services have to give at one instant: `places` a day and `remaining` today by service, one that is absent
    counts none; `limited` are those to be asked after others; `paused` those that pause."""

    places: Mapping[str, int]
    remaining: Mapping[str, int]
    limited: frozenset[str]
    paused: frozenset[str]
    words: Mapping[str, Confirmation]
    reminders: tuple[Reminder, ...]


async def room(tx: Transaction, county: County, at: datetime) -> Room:
    """Whatever is to be known of capacity, for a decision or to be shown."""
    words = await tx.confirmations.in_force()
    reminders = tuple(await tx.confirmations.open_reminders())
    places = dict(county.capacities)
    places |= {word.service_id: word.places for word in words.values() if word.places is not None}
    taken = await tx.capacity.taken(county.today(at))
    remaining = {service: count - taken.get(service, 0) for service, count in places.items()}
    paused = await tx.pauses.in_force(at)
    said_no = {word.service_id for word in words.values() if word.availability in TAKES_NOTHING}
    said_limited = {word.service_id for word in words.values() if word.availability is Availability.LIMITED}
    decayed = {each.service_id for each in reminders if each.step is Step.LIMITED and each.decays_at <= at}
    return Room(
        places=places,
        remaining=remaining | dict.fromkeys(paused | said_no, 0),
        limited=frozenset(said_limited | decayed),
        paused=paused,
        words=words,
        reminders=reminders,
    )


@dataclass(frozen=True, slots=True)
class ConfirmCapacity:
    """Take a service's word on its capacity."""

    now: Clock

    async def __call__(
        self, tx: Transaction, service_id: str, availability: Availability, places: int | None, actor: Actor
    ) -> None:
        """It stands from now on, and ends a pause for want of it, and no other pause. Raises NotFound."""
        if service_id not in (await tx.county()).services:
            raise NotFound("not-found", "There is no service with this id.")
        now = self.now()
        await tx.confirmations.add(Confirmation(service_id, availability, places, actor, now))
        await tx.pauses.resume(service_id, actor, now, reason=UNCONFIRMED)


@dataclass(frozen=True, slots=True)
class LetDecay:
    """Remind the services whose word is about to decay, and pause those whose word has."""

    async def __call__(self, tx: Transaction) -> None:
        """Each reminder once, however many do this; nothing decays of which its service was not reminded."""
        county, present = await tx.county(), await tx.confirmations.present()
        words, loaded_at = await tx.confirmations.in_force(), await tx.confirmations.loaded_at()
        since = {
            service.id: words[service.id].at if service.id in words else loaded_at
            for service in county.services.values()
            if is_watched(service, words)
        }
        known = await tx.confirmations.open_reminders()
        for reminder in known:
            await _decay(tx, county, reminder, since, present)
        for service_id, at in sorted(since.items()):
            for step in Step:
                if present >= county.rules.decay.reminds_at(step, at, county.deadlines.calendar):
                    await _remind(tx, county, service_id, step, at, present)


async def _decay(
    tx: Transaction, county: County, reminder: Reminder, since: Mapping[str, datetime], present: datetime
) -> None:
    is_stale = since.get(reminder.service_id) != reminder.since
    is_over = reminder.step is Step.PAUSED and reminder.decays_at <= present
    if (is_stale or is_over) and await tx.confirmations.close(reminder, present) and not is_stale:
        await pause(tx, county, reminder.service_id, UNCONFIRMED, Pause.RESUMED, CLOCK, present)


async def _remind(
    tx: Transaction, county: County, service_id: str, step: Step, since: datetime, present: datetime
) -> None:
    service = county.services[service_id]
    reminder = county.rules.decay.reminder(service_id, step, since, present, county.deadlines.calendar)
    number = await tx.confirmations.remind(reminder)
    if not number:
        return
    await tx.publish(
        ServiceUnconfirmed(
            service_id=service_id,
            sequence=number,
            service_name=service.name,
            organization_id=service.organization_id,
            organization_name=county.organisations[service.organization_id].name,
            step=step.value,
            confirmed_at=since,
            decays_at=reminder.decays_at,
            reminded_at=present,
        )
    )
