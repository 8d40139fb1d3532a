"""Events in: one function for each event, one use case for each function."""

from collections.abc import Callable, Sequence

from services.router.ports import Transaction
from services.router.use_cases.reopening import ReopenReferral
from services.router.use_cases.routing import NoteTold, RecallReferral, RouteReferral
from services.router.use_cases.unreachable import NoteReachable, NoteUnreachable
from shared.db import Transaction as DatabaseTransaction
from shared.events import (
    NotificationExhausted,
    NotificationSent,
    ReferralCancelled,
    ReferralReopened,
    ReferralSubmitted,
    ServiceReachable,
)
from shared.transport import Subscription

Stores = Callable[[DatabaseTransaction], Transaction]


def subscriptions(
    stores: Stores,
    route_referral: RouteReferral,
    recall_referral: RecallReferral,
    reopen_referral: ReopenReferral,
    note_told: NoteTold,
    note_unreachable: NoteUnreachable,
) -> Sequence[Subscription]:
    """What the router hears, and what it does about it."""

    async def on_submitted(transaction: DatabaseTransaction, event: ReferralSubmitted) -> None:
        await route_referral(stores(transaction), event)

    async def on_reopened(transaction: DatabaseTransaction, event: ReferralReopened) -> None:
        await reopen_referral(stores(transaction), event)

    async def on_cancelled(transaction: DatabaseTransaction, event: ReferralCancelled) -> None:
        await recall_referral(stores(transaction), event)

    async def on_sent(transaction: DatabaseTransaction, event: NotificationSent) -> None:
        await note_told(stores(transaction), event)

    async def on_exhausted(transaction: DatabaseTransaction, event: NotificationExhausted) -> None:
        await note_unreachable(stores(transaction), event)

    async def on_reachable(transaction: DatabaseTransaction, event: ServiceReachable) -> None:
        await NoteReachable()(stores(transaction), event)

    return (
        Subscription(ReferralSubmitted, on_submitted),
        Subscription(ReferralCancelled, on_cancelled),
        Subscription(ReferralReopened, on_reopened),
        Subscription(NotificationSent, on_sent),
        Subscription(NotificationExhausted, on_exhausted),
        Subscription(ServiceReachable, on_reachable),
    )
