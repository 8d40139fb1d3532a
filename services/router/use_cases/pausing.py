"""Services that are offered nothing for a while, by their own word or somebody's decision."""

from dataclasses import dataclass
from datetime import datetime

from services.router.domain.answers import Pause, known
from services.router.domain.assignment import Actor
from services.router.domain.capacity import Pausing
from services.router.domain.county import County
from services.router.domain.hours import MINUTES_OF_A_DAY
from services.router.ports import Transaction
from shared.clock import Clock
from shared.errors import NotFound


@dataclass(frozen=True, slots=True)
class PauseService:
    """Offer a service nothing more, for today or until it is resumed."""

    now: Clock

    async def __call__(self, tx: Transaction, service_id: str, code: str, length: Pause, actor: Actor) -> Pausing:
        """The pause. `code` is one of the county's reasons to decline. Raises NotFound, UnknownCode."""
        county = await tx.county()
        known(county.rules.answers.decline, code)
        return await pause(tx, _existing(county, service_id), service_id, code, length, actor, self.now())


@dataclass(frozen=True, slots=True)
class ResumeService:
    """Offer a service what comes its way again."""

    now: Clock

    async def __call__(self, tx: Transaction, service_id: str, actor: Actor) -> None:
        """To resume one that does not pause changes nothing. Raises NotFound."""
        _existing(await tx.county(), service_id)
        await tx.pauses.resume(service_id, actor, self.now())


async def pause(
    tx: Transaction, county: County, service_id: str, code: str, length: Pause, actor: Actor, at: datetime
) -> Pausing:
    """Pause it from `at` on: until local midnight, or until somebody resumes it."""
    calendar = county.deadlines.calendar
    until = calendar.instant(calendar.today(at), MINUTES_OF_A_DAY) if length is Pause.TODAY else None
    pausing = Pausing(service_id, code, actor, at, until)
    await tx.pauses.add(pausing)
    return pausing


def _existing(county: County, service_id: str) -> County:
    if service_id not in county.services:
        raise NotFound("not-found", "There is no service with this id.")
    return county
