"""One message to one contact: what it tells of, the states it passes through, and the moves that are allowed."""

from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from services.notifier.domain.arrival import NEVER_ARRIVED, Arrival, furthest
from services.notifier.domain.clocks import SAME_DAY, again_at, ask_at, confirm_by
from services.notifier.domain.failure import Failure
from services.notifier.domain.message import Proof
from shared.errors import Conflict

NAMESPACE = UUID("6f0d5f0e-0d0c-5d55-9d0b-6b7a3c1f2a41")


class Channel(StrEnum):
    """How a contact is told (R59). A webhook is told besides, where a service has one."""

    EMAIL = "email"
    SMS = "sms"
    PHONE = "phone"
    PORTAL = "portal"
    WEBHOOK = "webhook"


class Purpose(StrEnum):
    """Why a contact is told."""

    OFFER = "offer"
    RECALL = "recall"
    REMINDER = "reminder"
    CAPACITY = "capacity"
    CONFIRMATION = "confirmation"
    RETURNED = "returned"
    LATE_CONTACT = "late_contact"  # what is late is told to the triage desk (domain/lateness.py)
    LATE_ANSWER = "late_answer"
    LATE_REVIEW = "late_review"
    RECEIVED = "received"  # and on: the steps that a resident or a referrer is told of (domain/update.py)
    LOOKED_AT = "looked_at"
    TAKEN_ON = "taken_on"
    DONE = "done"
    NOT_MET = "not_met"
    CANCELLED = "cancelled"


TO_BE_ANSWERED = frozenset({Purpose.OFFER, Purpose.REMINDER})  # of all that services are told
TO_THE_DESK = frozenset({Purpose.LATE_CONTACT, Purpose.LATE_ANSWER, Purpose.LATE_REVIEW})
OF_THE_WORK = frozenset({Purpose.CONFIRMATION, Purpose.RETURNED})  # told to whoever has accepted
TO_SERVICES = TO_BE_ANSWERED | TO_THE_DESK | OF_THE_WORK | {Purpose.RECALL, Purpose.CAPACITY}


class State(StrEnum):
    """Where a message stands. FAILED, SKIPPED and POSTED are final, and so is SENT but for one soft bounce."""

    QUEUED = "queued"
    SENDING = "sending"
    AWAITING_CALL = "awaiting_call"
    SENT = "sent"
    FAILED = "failed"
    SKIPPED = "skipped"
    POSTED = "posted"


class CallOutcome(StrEnum):
    """What came of ringing a contact; only REACHED and WRONG_NUMBER end the need to ring."""

    REACHED = "reached"
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    WRONG_NUMBER = "wrong_number"


MOVES: dict[State, frozenset[State]] = {
    State.QUEUED: frozenset({State.SENDING, State.SKIPPED, State.FAILED}),
    # SENDING follows itself when the lease of a dead worker has run out.
    State.SENDING: frozenset({State.SENDING, State.SENT, State.QUEUED, State.FAILED, State.SKIPPED}),
    State.AWAITING_CALL: frozenset({State.AWAITING_CALL, State.SENT, State.FAILED, State.SKIPPED}),
    State.SENT: frozenset({State.QUEUED}),  # once more after a soft bounce (N-13)
    State.FAILED: frozenset(),
    State.SKIPPED: frozenset(),
    State.POSTED: frozenset(),
}
STATE_AFTER_CALL = {
    CallOutcome.REACHED: State.SENT,
    CallOutcome.LEFT_MESSAGE: State.AWAITING_CALL,
    CallOutcome.NO_ANSWER: State.AWAITING_CALL,
    CallOutcome.WRONG_NUMBER: State.FAILED,
}


class IllegalMove(Conflict):
    """The message is not in a state that allows this."""

    def __init__(self, state: State, to: State) -> None:
        super().__init__("illegal-transition", f"A notification that is {state} cannot become {to}.")


@dataclass(frozen=True, slots=True)
class Offer:
    """What is offered to a service, as far as a notice may tell of it: nothing of the person.

    A notice about the service itself (CAPACITY) offers nothing: its two ids are one that stands for what the service is
    asked, `reference` is "" and `reply_by` when silence has its consequence.

    `needs` are need codes, `district` a GSS code or None, `reply_by` an instant: OF_THE_WORK, its link's end.
    """

    assignment_id: UUID
    referral_id: UUID
    reference: str
    service_id: str
    service_name: str
    priority: str
    needs: tuple[str, ...]
    district: str | None
    reply_by: datetime
    safe_contact_only: bool


@dataclass(frozen=True, slots=True)
class Notification:
    """One message. `contact` names the contact in the directory, `address` is where it was at planning.

    `attempts` counts tries, `unsure` those of which nobody knows whether the message was taken; `reason` says why it
    was skipped or what class of failure ended it; `template` is the name and version of what was sent.

    `receipt` is what is known of its arrival since `receipt_at`; `confirms` whether its way gives receipts. Without one
    by `confirm_by` the next way is taken: it has `moved_on`. Its provider is asked at `ask_at`. `resent`: once bounced.

    `occasion` tells apart what a contact is told of one assignment more than once; "" for what is told once.
    """

    id: UUID
    offer: Offer
    purpose: Purpose
    channel: Channel
    contact: str
    address: str
    state: State
    planned_at: datetime
    try_at: datetime
    attempts: int = 0
    unsure: int = 0
    sent_at: datetime | None = None
    reason: str | None = None
    template: str | None = None
    provider_reference: str | None = None
    receipt: Arrival | None = None
    receipt_at: datetime | None = None
    confirms: bool = False
    confirm_by: datetime | None = None
    moved_on: bool = False
    ask_at: datetime | None = None
    resent: bool = False
    occasion: str = ""

    @property
    def may_have_arrived(self) -> bool:
        """Whether the contact may know of it, so that taking it back needs telling."""
        return (self.state is State.SENT or self.unsure > 0) and self.receipt not in NEVER_ARRIVED

    @property
    def is_update(self) -> bool:
        """Whether it tells the resident or the referrer of a step, rather than a service of an offer."""
        return self.purpose not in TO_SERVICES

    @property
    def is_of_a_referral(self) -> bool:
        """Whether what becomes of it is news of a referral: that something is late was told by the router."""
        return self.purpose is not Purpose.CAPACITY and self.purpose not in TO_THE_DESK

    @property
    def recipient(self) -> str:
        """What a suppression names: a contact of the directory, or one person of one referral."""
        return f"{self.contact}:{self.offer.referral_id}" if self.is_update else self.contact

    @property
    def ends_with_its_offer(self) -> bool:
        """Whether nothing is left to tell once the offer is taken back, answered or done, or the referral stopped."""
        return self.purpose not in {Purpose.RECALL, Purpose.CANCELLED}

    def claimed(self) -> "Notification":
        """One more attempt begins; an attempt whose worker died counts as one nobody knows the end of."""
        unsure = self.unsure + (self.state is State.SENDING)
        return replace(self._moved(State.SENDING), attempts=self.attempts + 1, unsure=unsure)

    def timed(self, at: datetime) -> "Notification":
        """Its clock starts at `at`, where it has one: an offer that will be given a receipt, waits for a call, or
        has to be told today."""
        timed = self.confirms or self.state is State.AWAITING_CALL or self.offer.priority in SAME_DAY
        if self.purpose is not Purpose.OFFER or not timed:
            return replace(self, confirm_by=None)
        return replace(self, confirm_by=confirm_by(self.offer.priority, self.offer.reply_by, at))

    def sent(
        self,
        at: datetime,
        *,
        template: str | None = None,
        provider_reference: str | None = None,
        proof: Proof = Proof.NEVER,
        clock: datetime | None = None,
    ) -> "Notification":
        """The other side took it at `at`; its arrival becomes known by `proof`, its clock starts at `clock` or then."""
        sent = replace(
            self._moved(State.SENT),
            sent_at=at,
            template=template,
            provider_reference=provider_reference,
            reason=None,
            receipt=None,
            receipt_at=None,
            confirms=proof is not Proof.NEVER,
        )
        if proof is Proof.AT_ONCE:
            return sent.learned(Arrival.DELIVERED, at)
        asked = ask_at(self.offer.priority, at, at) if proof is Proof.LATER else None
        return replace(sent.timed(clock or at), ask_at=asked)

    def learned(self, arrival: Arrival, at: datetime) -> "Notification":
        """After a report, at `at`, of a message that had left (N-12, N-13). Reports move it forwards only (N-19).

        A soft bounce has it sent once more, if no other way was taken meanwhile; any other ends its clock at once.
        """
        receipt = furthest(self.receipt, arrival)
        if receipt is self.receipt:
            return self
        told = replace(self, receipt=receipt, receipt_at=at, ask_at=None)
        if receipt is Arrival.DELIVERED:
            # A copy that had bounced arrives after all, before the next one has left.
            state = State.SENT if self.state is State.QUEUED and self.resent else self.state
            return replace(told, state=state, confirm_by=None)
        if receipt is Arrival.UNKNOWN or self.state is not State.SENT:
            return told
        if receipt is Arrival.BOUNCED_SOFT and not (self.resent or self.moved_on):
            try_at = again_at(self.offer.priority, self.offer.reply_by, at)
            again = replace(told._moved(State.QUEUED), resent=True, try_at=try_at, unsure=0, confirm_by=None)
            return replace(again, reason=receipt.value)
        return told._given_up()

    def passed_on(self) -> "Notification":
        """The next way was taken because of this one, or need not be; its clock never runs out again."""
        return replace(self, moved_on=True)

    def postponed(self, failure: Failure, try_at: datetime) -> "Notification":
        """It goes back into the queue until `try_at`."""
        unsure = self.unsure + (failure is Failure.AMBIGUOUS)
        return replace(self._moved(State.QUEUED), try_at=try_at, unsure=unsure, reason=failure.value)

    def failed(self, failure: Failure) -> "Notification":
        """No further attempt will be made on this channel."""
        unsure = self.unsure + (failure is Failure.AMBIGUOUS and self.state is State.SENDING)
        return replace(self._moved(State.FAILED), unsure=unsure, reason=failure.value)._given_up()

    def skipped(self, reason: str) -> "Notification":
        """Nothing is left to tell; `reason` is a code such as "recalled"."""
        return replace(self._moved(State.SKIPPED), reason=reason, confirm_by=None)

    def held(self) -> "Notification":
        """It is queued behind a hold, and that was noticed: the next way is taken at once."""
        return replace(self, reason=Failure.HELD.value)._given_up()

    def put_back(self, reason: str, try_at: datetime) -> "Notification":
        """It was claimed and not tried: it waits until `try_at`, and the attempt does not count."""
        return replace(self._moved(State.QUEUED), attempts=self.attempts - 1, reason=reason, try_at=try_at)

    def queued_for(self, try_at: datetime, reason: str) -> "Notification":
        """It has waited long enough and goes at `try_at`."""
        return replace(self, reason=reason, try_at=try_at)

    def dropped(self) -> "Notification":
        """Somebody decided that it shall not go."""
        return replace(self._moved(State.FAILED), attempts=self.attempts + 1, reason=Failure.DROPPED.value)

    def dealt_with(self) -> "Notification":
        """Somebody has seen to what a message that failed was to do."""
        if self.state is not State.FAILED:
            raise Conflict("illegal-transition", f"A notification that is {self.state} needs nobody to deal with it.")
        return replace(self, attempts=self.attempts + 1)

    def rung(self, outcome: CallOutcome, at: datetime) -> "Notification":
        """Somebody rang the contact at `at`; of a message that was left nobody knows whether it is heard."""
        if self.state is not State.AWAITING_CALL:
            raise IllegalMove(self.state, STATE_AFTER_CALL[outcome])
        moved = replace(self._moved(STATE_AFTER_CALL[outcome]), attempts=self.attempts + 1)
        if moved.state is State.SENT:
            return replace(moved, sent_at=at, confirms=True).learned(Arrival.DELIVERED, at)
        if moved.state is State.FAILED:
            return replace(moved, reason=Failure.PERMANENT_RECIPIENT.value, unsure=0)._given_up()
        return replace(moved, unsure=moved.unsure + (outcome is CallOutcome.LEFT_MESSAGE))

    def _given_up(self) -> "Notification":
        """Nothing more can come of an offer's message: its clock has run out."""
        return replace(self, confirm_by=self.planned_at) if self.purpose is Purpose.OFFER else self

    def _moved(self, to: State) -> "Notification":
        if to not in MOVES[self.state]:
            raise IllegalMove(self.state, to)
        return replace(self, state=to)
