"""Asks intake in the same process where a person is to be told, in place of a call to ourselves over HTTP."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.exc import DBAPIError

from services.intake.domain.updates import NotToBeTold
from services.notifier.domain.failure import Failure, NotAddressed, Withheld
from shared.errors import NotFound, Unavailable


@dataclass(frozen=True, slots=True)
class OwnContacts:
    """`services.notifier.ports.Contacts` by `contact`, which is `services.intake.main.contacts`."""

    contact: Callable[[UUID], Awaitable[str]]

    async def address_for(self, update_id: UUID) -> str:
        """The address. Raises Withheld, and NotAddressed(TRANSIENT) while intake's database is away."""
        try:
            return await self.contact(update_id)
        except NotFound:
            raise Withheld("unknown") from None
        except NotToBeTold as refusal:
            raise Withheld(refusal.reason) from None
        except (Unavailable, DBAPIError) as away:
            raise NotAddressed(Failure.TRANSIENT, "intake-away") from away
