"""Planning what the resident and the referrer are told."""

from dataclasses import dataclass

from services.notifier.domain.notification import State
from services.notifier.domain.update import Update, update_notification
from services.notifier.ports import Transaction
from services.notifier.use_cases.telling import tell_skipped
from shared.events import UpdateDue


@dataclass(frozen=True, slots=True)
class PlanUpdate:
    """One message for each update, stored before anything is sent (N-01); whom it reaches is known to intake alone."""

    async def __call__(self, tx: Transaction, event: UpdateDue) -> None:
        """Plan once: what was planned before is left as it is."""
        now = await tx.present()
        closed = (await tx.closures.reasons((event.referral_id,))).get(event.referral_id)
        planned = update_notification(_update(event), closed, now)
        if not await tx.notifications.add(planned):
            return
        if planned.state is State.SKIPPED:
            await tell_skipped(tx, planned, now)
        else:
            tx.wake_delivery()


def _update(event: UpdateDue) -> Update:
    return Update(
        id=event.update_id,
        referral_id=event.referral_id,
        reference=event.reference,
        audience=event.audience,
        step=event.step,
        channel=event.channel,
    )
