"""What intake makes of the receipts for messages to services, on stores in memory."""

from datetime import timedelta

import pytest

from services.intake.configuration import load_places, load_policy_from
from services.intake.domain.progress import Notice, Progress
from services.intake.use_cases import (
    FindReferral,
    RecordDecision,
    RecordExhaustion,
    RecordNotification,
    RecordOffer,
    RecordReceipt,
    SubmitReferral,
)
from shared.clock import new_id
from shared.events import (
    AssignmentOffered,
    NotificationBounced,
    NotificationDelivered,
    NotificationExhausted,
    NotificationUnconfirmed,
)
from tests.intake.builders import NOON, SHOPPING, a_decision, a_message_sent, a_reference, about_a_message, an_offer
from tests.intake.conftest import COUNTY, Hands
from tests.intake.fakes import FakeTransaction

MESSAGE = new_id()


@pytest.fixture
async def told(clock: Hands) -> tuple[FakeTransaction, Progress, AssignmentOffered]:
    """A referral whose service was sent a message."""
    tx = FakeTransaction(load_policy_from(COUNTY), load_places(COUNTY))
    progress = await SubmitReferral(clock, new_id, a_reference)(tx, SHOPPING)
    offer = an_offer(progress)
    await RecordDecision()(tx, a_decision(progress))
    await RecordOffer()(tx, offer)
    await RecordNotification()(tx, a_message_sent(offer, notification_id=MESSAGE))
    return tx, progress, offer


def delivered(offer: AssignmentOffered, *, sequence: int = 2) -> NotificationDelivered:
    about = about_a_message(offer, sequence, MESSAGE)
    return NotificationDelivered(**about, delivered_at=NOON + timedelta(minutes=1))


def bounced(offer: AssignmentOffered, *, sequence: int = 3) -> NotificationBounced:
    about = about_a_message(offer, sequence, MESSAGE)
    return NotificationBounced(**about, bounce="hard", bounced_at=NOON + timedelta(minutes=2))


def unconfirmed(offer: AssignmentOffered, *, final: bool, sequence: int = 2) -> NotificationUnconfirmed:
    about = about_a_message(offer, sequence, MESSAGE)
    return NotificationUnconfirmed(**about, final=final, unconfirmed_at=NOON + timedelta(minutes=15))


async def notice_in(tx: FakeTransaction, progress: Progress) -> Notice:
    [notice] = (await tx.referrals.progress(progress.id)).notices
    return notice


Told = tuple[FakeTransaction, Progress, AssignmentOffered]


async def test_a_delivered_message_stays_sent_and_says_that_it_arrived(told: Told) -> None:
    tx, progress, offer = told
    before = (await tx.referrals.progress(progress.id)).status
    await RecordReceipt()(tx, delivered(offer))
    notice = await notice_in(tx, progress)
    assert (notice.state, notice.receipt, notice.failure) == ("sent", "delivered", None)
    found = await FindReferral()(tx, progress.reference)
    assert found.progress.status == before
    assert (found.timeline[-1].kind, found.timeline[-1].details["channel"]) == ("delivered", "email")


async def test_what_arrived_has_arrived_whatever_is_heard_later(told: Told) -> None:
    tx, progress, offer = told
    await RecordReceipt()(tx, delivered(offer))
    await RecordReceipt()(tx, bounced(offer))
    await RecordNotification()(tx, a_message_sent(offer, notification_id=MESSAGE, sequence=4))
    assert (await notice_in(tx, progress)).receipt == "delivered"


async def test_a_bounce_says_of_which_kind(told: Told) -> None:
    tx, progress, offer = told
    await RecordReceipt()(tx, bounced(offer))
    notice = await notice_in(tx, progress)
    assert (notice.receipt, notice.failure) == ("bounced", "hard")
    found = await FindReferral()(tx, progress.reference)
    assert (found.timeline[-1].kind, found.timeline[-1].details["bounce"]) == ("bounced", "hard")


@pytest.mark.parametrize(
    ("final", "receipt", "kind"), [(False, "unconfirmed", "unconfirmed"), (True, "unknown", "arrival_unknown")]
)
async def test_silence_is_shown_and_a_late_receipt_takes_its_place(
    told: Told, final: bool, receipt: str, kind: str
) -> None:
    tx, progress, offer = told
    await RecordReceipt()(tx, unconfirmed(offer, final=final))
    assert (await notice_in(tx, progress)).receipt == receipt
    assert (await FindReferral()(tx, progress.reference)).timeline[-1].kind == kind
    await RecordReceipt()(tx, delivered(offer, sequence=3))
    assert (await notice_in(tx, progress)).receipt == "delivered"


async def test_older_news_of_an_arrival_changes_nothing(told: Told) -> None:
    tx, progress, offer = told
    await RecordReceipt()(tx, bounced(offer, sequence=5))
    await RecordReceipt()(tx, unconfirmed(offer, final=False, sequence=4))
    assert (await notice_in(tx, progress)).receipt == "bounced"


async def test_a_service_that_nothing_is_left_to_tell_by_stands_in_the_timeline(told: Told) -> None:
    tx, progress, offer = told
    exhausted = NotificationExhausted(
        referral_id=offer.referral_id,
        reference=offer.reference,
        sequence=9,
        assignment_id=offer.assignment_id,
        service_id=offer.service_id,
        failure="permanent_recipient",
        exhausted_at=NOON + timedelta(hours=1),
    )
    await RecordExhaustion()(tx, exhausted)
    line = (await FindReferral()(tx, progress.reference)).timeline[-1]
    assert (line.kind, line.details["failure"]) == ("not_reached", "permanent_recipient")
