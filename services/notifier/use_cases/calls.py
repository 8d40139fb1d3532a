"""Ticking off the calls that a person has to make."""

from dataclasses import dataclass
from uuid import UUID

from services.notifier.domain.notification import CallOutcome, Notification, State
from services.notifier.ports import Attempt, Transaction
from services.notifier.use_cases.telling import tell_delivered, tell_failed, tell_sent
from shared.errors import NotFound

NOT_FOUND = "There is no notification with this id."


@dataclass(frozen=True, slots=True)
class RecordCall:
    """Notes that somebody rang a contact, and what came of it."""

    async def __call__(
        self, tx: Transaction, notification_id: UUID, rung_by: str, outcome: CallOutcome
    ) -> Notification:
        """The message as it now stands. Raises NotFound, and IllegalMove when no call is awaited.

        `rung_by` is the code of a member of staff or a desk. Reaching the contact ends it, a wrong number fails it,
        anything else leaves it to be rung again.
        """
        notification = await tx.notifications.get(notification_id)
        if notification is None:
            raise NotFound("not-found", NOT_FOUND)
        now = await tx.present()
        rung = notification.rung(outcome, now)
        attempt = Attempt(rung.attempts, now, now, outcome.value, None, rung_by)
        await tx.notifications.add_call(rung, attempt)
        if rung.state is State.SENT:
            await tell_sent(tx, rung, now)
            await tell_delivered(tx, rung, now)
        elif rung.state is State.FAILED:
            await tell_failed(tx, rung, now)
        return rung
