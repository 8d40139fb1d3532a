"""Events in: for each kind, the one use case that notes it."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from services.intake.people import RecordUpdate
from services.intake.ports import Transaction
from services.intake.use_cases import (
    RecordDecision,
    RecordExhaustion,
    RecordMove,
    RecordNotification,
    RecordOffer,
    RecordRecall,
    RecordReceipt,
    RecordSilence,
)
from shared import db
from shared.document_set import Documents, unpacked
from shared.documents import save_documents
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentOverdue,
    AssignmentRecalled,
    AssignmentReminded,
    Event,
    NotificationBounced,
    NotificationCallAwaited,
    NotificationDelivered,
    NotificationExhausted,
    NotificationFailed,
    NotificationSent,
    NotificationUnconfirmed,
    ReferralDecided,
    ReferralReviewDue,
    RuleSetPublished,
    UpdateDropped,
    UpdateSent,
)
from shared.transport import Handler, Subscription

E = TypeVar("E", bound=Event)
Opened = Callable[[db.Transaction], Transaction]


def subscriptions(opened: Opened, documents_from: Callable[[Documents], Documents]) -> Sequence[Subscription]:
    """What intake hears of the router and the notifier. `opened` turns a transaction into the use cases' view of it;
    `documents_from` is what intake keeps of a county's files."""

    async def keep_rule_set(tx: db.Transaction, event: RuleSetPublished) -> None:
        await save_documents(tx, documents_from(unpacked(event.documents)), event.effective_from)

    record_notification, record_receipt = RecordNotification(), RecordReceipt()
    return (
        Subscription(ReferralDecided, _handler(opened, RecordDecision())),
        Subscription(AssignmentOffered, _handler(opened, RecordOffer())),
        Subscription(AssignmentRecalled, _handler(opened, RecordRecall())),
        Subscription(AssignmentMoved, _handler(opened, RecordMove())),
        Subscription(AssignmentReminded, _handler(opened, RecordSilence())),
        Subscription(AssignmentOverdue, _handler(opened, RecordSilence())),
        Subscription(ReferralReviewDue, _handler(opened, RecordSilence())),
        Subscription(NotificationSent, _handler(opened, record_notification)),
        Subscription(NotificationCallAwaited, _handler(opened, record_notification)),
        Subscription(NotificationFailed, _handler(opened, record_notification)),
        Subscription(NotificationDelivered, _handler(opened, record_receipt)),
        Subscription(NotificationBounced, _handler(opened, record_receipt)),
        Subscription(NotificationUnconfirmed, _handler(opened, record_receipt)),
        Subscription(NotificationExhausted, _handler(opened, RecordExhaustion())),
        Subscription(RuleSetPublished, keep_rule_set),
        Subscription(UpdateSent, _handler(opened, RecordUpdate())),
        Subscription(UpdateDropped, _handler(opened, RecordUpdate())),
    )


def _handler(opened: Opened, use_case: Callable[[Transaction, E], Awaitable[None]]) -> Handler:
    async def handle(tx: db.Transaction, event: E) -> None:
        await use_case(opened(tx), event)

    return handle
