"""What a partner answers to an offer, and what it tells of the work."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.router.domain.answers import FOR_A_PERSON, Reason, closes, known
from services.router.domain.assignment import Move
from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.ports import Offer, Transaction
from services.router.use_cases.family import outcomes_of_children, tell_parent_of_contact
from services.router.use_cases.given import Given, answerable
from services.router.use_cases.moving import Step, take
from services.router.use_cases.pausing import pause
from services.router.use_cases.rerouting import CameBack, PlaceAgain
from shared.clock import Clock

VERBS = {Trigger.DECLINED: "said no", Trigger.HANDED_BACK: "gave it back"}


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """Note that the service has looked at an offer."""

    now: Clock

    async def __call__(self, tx: Transaction, given: Given) -> Offer:
        """The assignment; to look again changes nothing. Raises NotFound, IllegalMove, Conflict (version-conflict)."""
        offer, to = await answerable(tx, await tx.county(), given, Move.OPEN)
        if to is offer.state:
            return offer
        return await take(tx, offer, Step(to, given.actor, self.now()))


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """The service takes the needs on."""

    now: Clock

    async def __call__(self, tx: Transaction, given: Given) -> Offer:
        """The assignment. Raises NotFound, IllegalMove, Conflict (version-conflict)."""
        offer, to = await answerable(tx, await tx.county(), given, Move.ACCEPT)
        return await take(tx, offer, Step(to, given.actor, self.now()))


@dataclass(frozen=True, slots=True)
class DeclineOffer:
    """The service says no; its needs are placed again at once."""

    now: Clock
    place_again: PlaceAgain

    async def __call__(self, tx: Transaction, given: Given, code: str) -> Offer:
        """The assignment. Raises NotFound, UnknownCode, IllegalMove, Conflict (version-conflict)."""
        county = await tx.county()
        reason = known(county.rules.answers.decline, code)
        offer, to = await answerable(tx, county, given, Move.DECLINE)
        step = Step(to, given.actor, self.now(), code)
        declined = await take(tx, offer, step)
        await _return(tx, county, declined, _Refusal(offer.needs, step, reason, Trigger.DECLINED), self.place_again)
        return declined


@dataclass(frozen=True, slots=True)
class HandBack:
    """The service gives back what it took on; its needs are placed again at once. What it passed on to others stays
    with them."""

    now: Clock
    place_again: PlaceAgain

    async def __call__(self, tx: Transaction, given: Given, code: str) -> Offer:
        """The assignment. Raises NotFound, UnknownCode, IllegalMove, Conflict (version-conflict)."""
        county = await tx.county()
        reason = known(county.rules.answers.hand_back, code)
        offer, to = await answerable(tx, county, given, Move.HAND_BACK)
        step, own = Step(to, given.actor, self.now(), code), await tx.offers.held_by(offer.id)
        back = await take(tx, offer, step)
        await _return(tx, county, back, _Refusal(own, step, reason, Trigger.HANDED_BACK), self.place_again)
        return back


@dataclass(frozen=True, slots=True)
class RecordContact:
    """The service tried to reach the resident."""

    now: Clock

    async def __call__(self, tx: Transaction, given: Given, code: str) -> Offer:
        """The assignment, which is CONTACTED once the resident was reached; an attempt in vain is kept and changes no
        state. Raises NotFound, UnknownCode, IllegalMove, Conflict (version-conflict)."""
        county = await tx.county()
        attempt = known(county.rules.answers.contact, code)
        offer, contacted = await answerable(tx, county, given, Move.CONTACT)
        to = contacted if attempt.reached else offer.state
        step = Step(to, given.actor, self.now(), code, reached=attempt.reached)
        moved = await take(tx, offer, step)
        if attempt.reached:
            await tell_parent_of_contact(tx, county, moved, step.at)
        return moved


@dataclass(frozen=True, slots=True)
class CompleteOffer:
    """The service is done; each need has an outcome."""

    now: Clock

    async def __call__(
        self, tx: Transaction, given: Given, outcomes: Mapping[str, str], reason: str | None = None
    ) -> Offer:
        """The assignment. `outcomes` are close codes by need, one for each that the assignment has itself: a need that
        was passed on takes its outcome from whoever had it. `reason` is why not to wait for those who still have some.

        Raises NotFound, UnknownCode, OutcomesMissing, ChildrenOpen, IllegalMove, Conflict (version-conflict).
        """
        county = await tx.county()
        answers = county.rules.answers
        if reason is not None:
            known(answers.leave_children, reason)
        offer, to = await answerable(tx, county, given, Move.COMPLETE)
        own = await tx.offers.held_by(offer.id)
        meanings = closes(answers, own, outcomes)
        passed_on = await outcomes_of_children(tx, answers, offer, reason)
        coded = {**passed_on, **{need: (outcomes[need], meanings[need]) for need in own}}
        done = await take(tx, offer, Step(to, given.actor, self.now(), reason, outcomes=coded))
        await tell_parent_of_contact(tx, county, done, self.now())
        return done


@dataclass(frozen=True, slots=True)
class _Refusal:
    """Which needs were sent back, how, and what the code means."""

    needs: tuple[str, ...]
    step: Step
    reason: Reason
    trigger: Trigger


async def _return(tx: Transaction, county: County, ended: Offer, no: _Refusal, place_again: PlaceAgain) -> None:
    """What the reason calls for: a pause of the service, and a new place for the needs."""
    at_desk = ended.service_id == county.rules.triage_desk
    if no.reason.pause is not None and no.step.reason is not None and not at_desk:
        await pause(tx, county, ended.service_id, no.step.reason, no.reason.pause, no.step.actor, no.step.at)
    cause = Cause(no.trigger, f"{ended.service_name} {VERBS[no.trigger]}: {no.reason.label}.")
    await place_again(tx, county, CameBack(ended, no.needs, no.step.at, cause, no.reason.then in FOR_A_PERSON))
