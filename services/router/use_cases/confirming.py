"""What services say of their capacity, and what follows when nobody says it again (R57)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from services.router.domain.answers import Pause
from services.router.domain.assignment import Actor
from services.router.domain.capacity import (
    TAKES_NOTHING,
    UNCONFIRMED,
    Availability,
    Confirmation,
    Listing,
    Reminder,
    Step,
    Waning,
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
    counts none; `limited` are those to be asked after others; `paused` those that pause; `shut` those, and others that
    said that they take nothing."""

    places: Mapping[str, int]
    remaining: Mapping[str, int]
    limited: frozenset[str]
    paused: frozenset[str]
    shut: frozenset[str]
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
    shut = paused | {word.service_id for word in words.values() if word.availability in TAKES_NOTHING}
    said_limited = {word.service_id for word in words.values() if word.availability is Availability.LIMITED}
    decayed = {each.service_id for each in reminders if each.step is Step.LIMITED and each.decays_at <= at}
    return Room(
        places=places,
        remaining=remaining | dict.fromkeys(shut, 0),
        limited=frozenset(said_limited | decayed),
        paused=paused,
        shut=shut,
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


async def counted_from(tx: Transaction, county: County) -> Mapping[str, datetime]:
    """By service, when its capacity was last given: by its own word, else by the directory's entry. To resume one that
    paused since nobody had given it says that it takes what comes."""
    words, listed = await tx.confirmations.in_force(), await tx.confirmations.listed()
    resumed, loaded_at = await tx.pauses.resumed(UNCONFIRMED), await tx.confirmations.loaded_at()
    since = {
        service_id: words[service_id].at if service_id in words else _listed_since(listed.get(service_id), loaded_at)
        for service_id in county.services
    }
    return {service_id: max(at, resumed.get(service_id, at)) for service_id, at in since.items()}


def _listed_since(listing: Listing | None, loaded_at: datetime) -> datetime:
    return listing.since if listing else loaded_at


@dataclass(frozen=True, slots=True)
class LetDecay:
    """Remind the services whose word is about to decay, and pause those whose word has."""

    async def waning(self, tx: Transaction) -> Sequence[Waning]:
        """Every service of which a word is needed, or has been until a reminder went out."""
        county, words = await tx.county(), await tx.confirmations.in_force()
        counted, reminders = await counted_from(tx, county), await tx.confirmations.open_reminders()
        watched = {service.id for service in county.services.values() if is_watched(service, words)}
        return [
            Waning(
                service_id,
                counted[service_id] if service_id in watched else None,
                tuple(each for each in reminders if each.service_id == service_id),
            )
            for service_id in sorted(watched | {each.service_id for each in reminders})
        ]

    async def __call__(self, tx: Transaction, waning: Waning) -> None:
        """Each reminder once, however many do this; nothing decays of which its service was not reminded."""
        county, present = await tx.county(), await tx.confirmations.present()
        for reminder in waning.reminders:
            await _decay(tx, county, reminder, waning.since, present)
        if waning.since is None:
            return
        for step in Step:
            if present >= county.rules.decay.reminds_at(step, waning.since, county.deadlines.calendar):
                await _remind(tx, county, waning.service_id, step, waning.since, present)


async def _decay(
    tx: Transaction, county: County, reminder: Reminder, since: datetime | None, present: datetime
) -> None:
    is_stale = since != reminder.since
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
