"""What the notifier does with each kind of event it hears: one use case for each."""

from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from services.notifier.ports import Transaction
from services.notifier.store.transactions import Transactions
from services.notifier.use_cases.capacity import PlanCapacityReminder
from services.notifier.use_cases.confirming import ConfirmAcceptance
from services.notifier.use_cases.lateness import PlanLateNotice
from services.notifier.use_cases.planning import PlanOffer, PlanReminder, RecallOffer, StopOffer, StopReferral
from services.notifier.use_cases.returning import PlanReturn
from services.notifier.use_cases.updating import PlanUpdate
from shared import db
from shared.document_set import Documents, unpacked
from shared.documents import save_documents
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentOverdue,
    AssignmentRecalled,
    AssignmentReminded,
    ReferralCancelled,
    RuleSetPublished,
    ServiceUnconfirmed,
    UpdateDue,
)
from shared.transport import Handler, Subscription

E = TypeVar("E")


def subscriptions(
    transactions: Transactions,
    plan_offer: PlanOffer,
    recall_offer: RecallOffer,
    stop_offer: StopOffer,
    stop_referral: StopReferral,
    documents_from: Callable[[Documents], Documents],
) -> Sequence[Subscription]:
    """The events heard, each with its handler, which works in the transaction that the processor opened;
    `documents_from` is what the notifier keeps of a county's files."""

    def handler(*use_cases: Callable[[Transaction, E], Awaitable[None]]) -> Handler:
        async def handle(tx: db.Transaction, event: E) -> None:
            for use_case in use_cases:
                await use_case(transactions.within(tx), event)

        return handle

    async def keep_rule_set(tx: db.Transaction, event: RuleSetPublished) -> None:
        await save_documents(tx, documents_from(unpacked(event.documents)), event.effective_from)

    return (
        Subscription(AssignmentOffered, handler(plan_offer)),
        Subscription(AssignmentRecalled, handler(recall_offer)),
        Subscription(AssignmentMoved, handler(stop_offer, ConfirmAcceptance(), PlanReturn())),
        Subscription(AssignmentReminded, handler(PlanReminder())),
        Subscription(AssignmentOverdue, handler(PlanLateNotice())),
        Subscription(ReferralCancelled, handler(stop_referral)),
        Subscription(UpdateDue, handler(PlanUpdate())),
        Subscription(RuleSetPublished, keep_rule_set),
        Subscription(ServiceUnconfirmed, handler(PlanCapacityReminder())),
    )
