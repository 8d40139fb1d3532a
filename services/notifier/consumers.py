"""What the notifier does with each kind of event it hears: one use case for each."""

from collections.abc import Sequence

from services.notifier.store.transactions import Transactions
from services.notifier.use_cases.capacity import PlanCapacityReminder
from services.notifier.use_cases.confirming import ConfirmAcceptance
from services.notifier.use_cases.planning import PlanOffer, PlanReminder, RecallOffer, StopOffer, StopReferral
from services.notifier.use_cases.updating import PlanUpdate
from shared.db import Transaction
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentRecalled,
    AssignmentReminded,
    ReferralCancelled,
    ServiceUnconfirmed,
    UpdateDue,
)
from shared.transport import Subscription


def subscriptions(
    transactions: Transactions,
    plan_offer: PlanOffer,
    recall_offer: RecallOffer,
    stop_offer: StopOffer,
    stop_referral: StopReferral,
) -> Sequence[Subscription]:
    """The events heard, each with its handler, which works in the transaction that the processor opened."""

    async def on_offered(tx: Transaction, event: AssignmentOffered) -> None:
        await plan_offer(transactions.within(tx), event)

    async def on_recalled(tx: Transaction, event: AssignmentRecalled) -> None:
        await recall_offer(transactions.within(tx), event)

    async def on_moved(tx: Transaction, event: AssignmentMoved) -> None:
        await stop_offer(transactions.within(tx), event)
        await ConfirmAcceptance()(transactions.within(tx), event)

    async def on_reminded(tx: Transaction, event: AssignmentReminded) -> None:
        await PlanReminder()(transactions.within(tx), event)

    async def on_unconfirmed(tx: Transaction, event: ServiceUnconfirmed) -> None:
        await PlanCapacityReminder()(transactions.within(tx), event)

    async def on_cancelled(tx: Transaction, event: ReferralCancelled) -> None:
        await stop_referral(transactions.within(tx), event)

    async def on_update_due(tx: Transaction, event: UpdateDue) -> None:
        await PlanUpdate()(transactions.within(tx), event)

    return (
        Subscription(AssignmentOffered, on_offered),
        Subscription(AssignmentRecalled, on_recalled),
        Subscription(AssignmentMoved, on_moved),
        Subscription(AssignmentReminded, on_reminded),
        Subscription(ReferralCancelled, on_cancelled),
        Subscription(UpdateDue, on_update_due),
        Subscription(ServiceUnconfirmed, on_unconfirmed),
    )
