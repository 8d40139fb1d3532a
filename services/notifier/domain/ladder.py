"""The ways of telling one service of one offer, in the order in which they are taken (N-21)."""

from collections.abc import Collection, Sequence
from datetime import datetime
from enum import StrEnum

from services.notifier.domain.arrival import Arrival
from services.notifier.domain.directory import Contact, Directory
from services.notifier.domain.failure import Failure
from services.notifier.domain.notification import Channel, Notification, Offer, State


class Wait(StrEnum):
    """What a message's clock waits for."""

    RECEIPT = "receipt"
    NO_RECEIPTS = "no_receipts"  # this way gives none; what has to be known today is told another way all the same
    CALL = "call"
    SENDING = "sending"


STANDING = frozenset({State.QUEUED, State.SENDING, State.AWAITING_CALL, State.SENT})
FAILURES = {
    Arrival.BOUNCED_HARD: Failure.PERMANENT_RECIPIENT,
    Arrival.BOUNCED_SOFT: Failure.TRANSIENT,
    Arrival.NOT_SENT: Failure.POLICY,
}
# What is the contact's own fault, and stays so.
UNUSABLE = frozenset({Failure.PERMANENT_RECIPIENT, Failure.SUPPRESSED, Failure.NO_CONTACT})


def rungs_of(directory: Directory, offer: Offer) -> list[Contact]:
    """The service's e-mail, its text number, its organisation's office, and last its telephone, which takes a person.

    Where contact must be safe (R59) nothing is written beyond what the router chose.
    """
    ways = contacts_of(directory, offer.service_id)
    return [way for way in ways if way.channel is Channel.PHONE or not offer.safe_contact_only]


def contacts_of(directory: Directory, service_id: str) -> list[Contact]:
    """Every contact by which a service can be told of an offer: what is posted for its own system to find is none."""
    ways = (
        directory.contact(service_id, Channel.EMAIL),
        directory.contact(service_id, Channel.SMS),
        directory.office(service_id),
        directory.contact(service_id, Channel.PHONE),
    )
    return [way for way in ways if way is not None]


def are_unusable(contacts: Sequence[Contact], suppressed: Collection[str], taken: Sequence[Notification]) -> bool:
    """Whether nothing can be told to any of `contacts` before somebody mends it: nothing may be sent there, or one of
    the messages `taken` found it wrong or switched off."""
    wrong = {(each.channel, each.address) for each in taken if failure_of(each) in UNUSABLE}
    return all(each.id in suppressed or (each.channel, each.address) in wrong for each in contacts)


def next_rung(ways: Sequence[Contact], taken: Sequence[Notification]) -> Contact | None:
    """The first of `ways` that was not taken, be it under another name; None when there is none left."""
    used = {(each.channel, each.contact) for each in taken} | {(each.channel, each.address) for each in taken}
    return next(
        (way for way in ways if (way.channel, way.id) not in used and (way.channel, way.address) not in used), None
    )


def clock_has_run_out(message: Notification, now: datetime) -> bool:
    """Whether the next way is to be taken because of this one."""
    return message.confirm_by is not None and message.confirm_by <= now and not message.moved_on


def is_standing(message: Notification) -> bool:
    """Whether it may still tell the service without another way being taken."""
    return message.state in STANDING and not message.moved_on


def has_told(message: Notification) -> bool:
    """Whether it is known to have arrived: by a receipt, a webhook's 2xx, or a call that reached somebody."""
    return message.receipt is Arrival.DELIVERED


def may_have_told(message: Notification) -> bool:
    """Whether it left by a way that never says whether it arrived, and nothing speaks against it."""
    return message.state is State.SENT and not message.confirms and message.receipt is None


def is_silent(message: Notification) -> bool:
    """Whether its time passed with nothing being known; else it has failed, and that is told already."""
    return message.state in STANDING and message.receipt is None


def failure_of(last: Notification) -> str:
    """The class of the fault of the last way."""
    if last.receipt in FAILURES:
        return FAILURES[last.receipt].value
    failed = last.state is State.FAILED and last.reason
    return failed or Failure.AMBIGUOUS.value


def waits_for(message: Notification) -> Wait | None:
    """Why its clock runs; None where none does."""
    if message.confirm_by is None or not (is_standing(message) and is_silent(message)):
        return None
    if message.state is State.SENT:
        return Wait.RECEIPT if message.confirms else Wait.NO_RECEIPTS
    return Wait.CALL if message.state is State.AWAITING_CALL else Wait.SENDING
