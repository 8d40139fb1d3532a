"""What intake does: take a referral, show it, stop it, and follow what the router and the notifier make of it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from services.intake import news
from services.intake.domain.assess import assess
from services.intake.domain.duplicates import match_keys
from services.intake.domain.people import due_when_late, listeners, newly_due
from services.intake.domain.places import PlaceTable
from services.intake.domain.policy import Policy
from services.intake.domain.postcode import candidates, read
from services.intake.domain.progress import FINISHED, Need, Progress, Status, TimelineEntry
from services.intake.domain.referral import Submission
from services.intake.domain.reopening import REOPEN_REASONS, reopened
from services.intake.domain.status import cancelled, confirmed, decided, moved, offered, told
from services.intake.domain.updates import Listener
from services.intake.facts import facts_of
from services.intake.keeping import keep, stop
from services.intake.people import INTAKE, tell_people
from services.intake.ports import NewReferral, Transaction
from shared.clock import Clock, NewId
from shared.errors import Refused, Unavailable
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentOverdue,
    AssignmentRecalled,
    Facts,
    NotificationExhausted,
    ReferralDecided,
    ReferralReopened,
    ReferralSubmitted,
)
from shared.log import get_logger
from shared.reference import wanted_reference

log = get_logger()
REFERENCE_DRAWS = 5
MISSING = {
    "need": "at least one need, or a note that says what is wanted",
    "contact": "a way to reach the person: a phone number, an e-mail address, an address or a postcode",
}


class Incomplete(Refused):
    """Too little to act on (R01)."""

    status = 422

    def __init__(self, missing: Sequence[str]) -> None:
        wanted = " and ".join(MISSING[part] for part in missing)
        super().__init__("incomplete", f"Add {wanted}, then send it again.")
        self.extensions = {"missing": list(missing)}


@dataclass(frozen=True, slots=True)
class Found:
    """A referral as it stands, how it came to that, oldest first, and by fact what the caller could still be asked."""

    progress: Progress
    timeline: tuple[TimelineEntry, ...]
    district_name: str | None
    questions: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class SubmitReferral:
    """Take a referral: check it by section A of the rules, store it, and hand its facts to the router."""

    now: Clock
    new_id: NewId
    draw_reference: Callable[[], str]

    async def __call__(self, tx: Transaction, submission: Submission) -> Progress:
        """The stored referral. Raises Incomplete (R01), and Unavailable before a directory was loaded."""
        received_at = self.now()
        policy = await tx.policy()
        places = await tx.places(candidates(submission.postcode))
        keys = keys_of(submission, places, policy)
        earlier = await tx.referrals.matching(keys, received_at - policy.duplicate_within) if keys else ()
        assessment = assess(submission, policy, places, earlier, received_at)
        if assessment.missing:
            raise Incomplete(assessment.missing)
        facts = facts_of(submission, assessment, received_at)
        heard_by = listeners(submission, policy, received_at)
        progress = await self._store(tx, submission, facts, keys, heard_by)
        submitted = ReferralSubmitted(
            referral_id=progress.id, reference=progress.reference, sequence=progress.sequence, facts=facts
        )
        await tx.publish(submitted)
        if heard_by:
            progress = await tell_people(tx, progress, newly_due(None, progress, received_at))
            await tx.referrals.save(progress)
        log.info("referral.submitted", referral_id=str(progress.id), reference=progress.reference)
        return progress

    async def _store(
        self,
        tx: Transaction,
        submission: Submission,
        facts: Facts,
        keys: frozenset[str],
        heard_by: tuple[Listener, ...],
    ) -> Progress:
        for _ in range(REFERENCE_DRAWS):
            progress = Progress(
                id=self.new_id(),
                reference=self.draw_reference(),
                received_at=facts.received_at,
                needs=tuple(Need(code) for code in facts.needs),
                quality=facts.quality,
                listeners=heard_by,
            )
            if await tx.referrals.add(NewReferral(progress, submission, facts, keys)):
                return progress
        raise Unavailable("dependency-unavailable", "No free reference was found. Send it again.")


@dataclass(frozen=True, slots=True)
class FindReferral:
    """Show a referral without the person."""

    async def __call__(self, tx: Transaction, typed: str) -> Found:
        """What is known of the referral whose reference was typed. Raises NotFound."""
        referral_id = await tx.referrals.id_of(wanted_reference(typed))
        progress = await tx.referrals.progress(referral_id)
        came = TimelineEntry(at=progress.received_at, kind="submitted", actor=INTAKE, after=Status.SUBMITTED)
        district = progress.decision.district if progress.decision else None
        name = await tx.district_name(district) if district else None
        words = (await tx.policy()).questions if progress.asks else {}
        questions = {fact: words[fact] for fact in progress.asks if fact in words}
        return Found(progress, (came, *await tx.referrals.timeline(referral_id)), name, questions)


@dataclass(frozen=True, slots=True)
class CancelReferral:
    """Stop a referral; the router recalls whatever is open."""

    now: Clock

    async def __call__(self, tx: Transaction, typed: str, reason: str) -> Progress:
        """The stopped referral. `reason` is one of CANCEL_REASONS. Raises NotFound, Conflict when it is finished."""
        before = await tx.referrals.lock(await tx.referrals.id_of(wanted_reference(typed)))
        now = self.now()
        after = cancelled(before, reason, now)
        await stop(tx, before, after, reason, now)
        return after


@dataclass(frozen=True, slots=True)
class ReopenReferral:
    """Open a finished referral again; the router places its needs once more."""

    now: Clock

    async def __call__(
        self, tx: Transaction, typed: str, reason: str, wanted: tuple[str, ...] | None = None
    ) -> Progress:
        """The referral, being routed. `reason` is one of REOPEN_REASONS; `wanted` None are all needs that have ended.

        Raises NotFound, NotFinished, NeedsNotEnded.
        """
        before = await tx.referrals.lock(await tx.referrals.id_of(wanted_reference(typed)))
        now = self.now()
        after, needs = reopened(before, wanted)
        await keep(tx, before, after, TimelineEntry(now, "reopened", INTAKE, details={"reason": reason}))
        event = ReferralReopened(
            referral_id=after.id,
            reference=after.reference,
            sequence=after.sequence,
            reason=reason,
            needs=needs,
            ask_everyone=REOPEN_REASONS[reason].ask_everyone,
            reopened_at=now,
        )
        await tx.publish(event)
        log.info("referral.reopened", referral_id=str(after.id), reference=after.reference, reason=reason)
        return after


@dataclass(frozen=True, slots=True)
class RecordDecision:
    """Note what the router decided."""

    async def __call__(self, tx: Transaction, event: ReferralDecided) -> None:
        """Raises NotFound for a referral that was never ours."""
        before = await tx.referrals.lock(event.referral_id)
        after = decided(before, news.decision_of(event), news.needs_of(event))
        await keep(tx, before, after, news.decided_entry(event))


@dataclass(frozen=True, slots=True)
class RecordOffer:
    """Note that needs were offered to a service."""

    async def __call__(self, tx: Transaction, event: AssignmentOffered) -> None:
        """Raises NotFound for a referral that was never ours."""
        before = await tx.referrals.lock(event.referral_id)
        await keep(tx, before, offered(before, news.offer_of(event)), news.offered_entry(event))


@dataclass(frozen=True, slots=True)
class RecordRecall:
    """Note that an offer was taken back."""

    async def __call__(self, tx: Transaction, event: AssignmentRecalled) -> None:
        """Raises NotFound for a referral that was never ours."""
        before = await tx.referrals.lock(event.referral_id)
        await keep(tx, before, moved(before, news.recall_of(event)), news.recalled_entry(event))


@dataclass(frozen=True, slots=True)
class RecordMove:
    """Note what a service answered, that it said nothing, or how its work went; what ends the referral cancels it."""

    async def __call__(self, tx: Transaction, event: AssignmentMoved) -> None:
        """Raises NotFound for a referral that was never ours."""
        before = await tx.referrals.lock(event.referral_id)
        move, entry, end = news.move_of(event), news.moved_entry(event), news.end_of(event)
        if end is None or before.status in FINISHED:
            await keep(tx, before, moved(before, move), entry)
            return
        await tx.referrals.note(before.id, entry)
        # Both at once, so that nobody is told of the outcome in between.
        after = moved(cancelled(before, end, event.moved_at), move)
        await stop(tx, before, after, end, event.moved_at)


@dataclass(frozen=True, slots=True)
class RecordSilence:
    """Note that a service was reminded, a deadline passed, or needs should be looked at; none moves the referral."""

    async def __call__(self, tx: Transaction, event: news.Chased) -> None:
        """Raises NotFound for a referral that was never ours."""
        progress = await tx.referrals.lock(event.referral_id)
        after = progress
        # A review means no delay: somebody of ours should look how it goes.
        if isinstance(event, AssignmentOverdue) and event.clock != "review":
            after = await tell_people(tx, progress, due_when_late(progress, event.overdue_at))
        await keep(tx, progress, after, news.chased_entry(event))


@dataclass(frozen=True, slots=True)
class RecordNotification:
    """Note that a service was told of an assignment, has to be rung, or could not be told."""

    async def __call__(self, tx: Transaction, event: news.Told) -> None:
        """Raises NotFound for a referral that was never ours."""
        before = await tx.referrals.lock(event.referral_id)
        await keep(tx, before, told(before, news.notice_of(event)), news.told_entry(event))


@dataclass(frozen=True, slots=True)
class RecordReceipt:
    """Note what became known of a message's arrival; the referral's state does not hang on it."""

    async def __call__(self, tx: Transaction, event: news.ReceiptNews) -> None:
        """Raises NotFound for a referral that was never ours."""
        before = await tx.referrals.lock(event.referral_id)
        await keep(tx, before, confirmed(before, news.receipt_of(event)), news.receipt_entry(event))


@dataclass(frozen=True, slots=True)
class RecordExhaustion:
    """Note that no way was left to tell a service; what follows is the router's to say."""

    async def __call__(self, tx: Transaction, event: NotificationExhausted) -> None:
        """Raises NotFound for a referral that was never ours."""
        progress = await tx.referrals.lock(event.referral_id)
        await tx.referrals.note(progress.id, news.exhausted_entry(event))


def keys_of(submission: Submission, places: PlaceTable, policy: Policy) -> frozenset[str]:
    """The match keys of R11 of what was sent."""
    person = submission.person
    reading = read(submission.postcode, places, policy.place.never_corrected)
    return match_keys(person.name, reading.unit, (person.phone, person.mobile))
