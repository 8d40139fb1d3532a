"""What a partner answers to an offer, and what it tells of the work."""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from services.router.domain.answers import FOR_A_PERSON, Reason, closes, known
from services.router.domain.assignment import Actor, Move, State, after
from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.ports import Offer, Transaction
from services.router.use_cases.moving import Step, take
from services.router.use_cases.pausing import pause
from services.router.use_cases.rerouting import CameBack, PlaceAgain
from shared.clock import Clock
from shared.errors import Conflict

VERBS = {Trigger.DECLINED: "said no", Trigger.HANDED_BACK: "gave it back"}


@dataclass(frozen=True, slots=True)
class Given:
    """To which assignment an answer was given, by whom, and the version that was read; None is whichever it is."""

    assignment_id: UUID
    actor: Actor
    version: int | None = None


@dataclass(frozen=True, slots=True)
class OpenOffer:
    """Note that the service has looked at an offer."""

    now: Clock

    async def __call__(self, tx: Transaction, given: Given) -> Offer:
        """The assignment; to look again changes nothing. Raises NotFound, IllegalMove, Conflict (version-conflict)."""
        offer, to = await _answerable(tx, await tx.county(), given, Move.OPEN)
        if to is offer.state:
            return offer
        return await take(tx, offer, Step(to, given.actor, self.now()))


@dataclass(frozen=True, slots=True)
class AcceptOffer:
    """The service takes the needs on."""

    now: Clock

    async def __call__(self, tx: Transaction, given: Given) -> Offer:
        """The assignment. Raises NotFound, IllegalMove, Conflict (version-conflict)."""
        offer, to = await _answerable(tx, await tx.county(), given, Move.ACCEPT)
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
        offer, to = await _answerable(tx, county, given, Move.DECLINE)
        step = Step(to, given.actor, self.now(), code)
        declined = await take(tx, offer, step)
        await _return(tx, county, declined, _Refusal(step, reason, Trigger.DECLINED), self.place_again)
        return declined


@dataclass(frozen=True, slots=True)
class HandBack:
    """The service gives back what it took on; its needs are placed again at once."""

    now: Clock
    place_again: PlaceAgain

    async def __call__(self, tx: Transaction, given: Given, code: str) -> Offer:
        """The assignment. Raises NotFound, UnknownCode, IllegalMove, Conflict (version-conflict)."""
        county = await tx.county()
        reason = known(county.rules.answers.hand_back, code)
        offer, to = await _answerable(tx, county, given, Move.HAND_BACK)
        step = Step(to, given.actor, self.now(), code)
        back = await take(tx, offer, step)
        await _return(tx, county, back, _Refusal(step, reason, Trigger.HANDED_BACK), self.place_again)
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
        offer, contacted = await _answerable(tx, county, given, Move.CONTACT)
        to = contacted if attempt.reached else offer.state
        return await take(tx, offer, Step(to, given.actor, self.now(), code))


@dataclass(frozen=True, slots=True)
class CompleteOffer:
    """The service is done; each need has an outcome."""

    now: Clock

    async def __call__(self, tx: Transaction, given: Given, outcomes: Mapping[str, str]) -> Offer:
        """The assignment. `outcomes` are close codes by need, one for each need of the assignment.

        Raises NotFound, UnknownCode, OutcomesMissing, IllegalMove, Conflict (version-conflict).
        """
        county = await tx.county()
        offer, to = await _answerable(tx, county, given, Move.COMPLETE)
        meanings = closes(county.rules.answers, offer.needs, outcomes)
        coded = {need: (outcomes[need], meanings[need]) for need in offer.needs}
        return await take(tx, offer, Step(to, given.actor, self.now(), outcomes=coded))


@dataclass(frozen=True, slots=True)
class _Refusal:
    """How needs were sent back, and what the code means."""

    step: Step
    reason: Reason
    trigger: Trigger


async def _return(tx: Transaction, county: County, ended: Offer, no: _Refusal, place_again: PlaceAgain) -> None:
    """What the reason calls for: a pause of the service, and a new place for the needs."""
    at_desk = ended.service_id == county.rules.triage_desk
    if no.reason.pause is not None and no.step.reason is not None and not at_desk:
        await pause(tx, county, ended.service_id, no.step.reason, no.reason.pause, no.step.actor, no.step.at)
    cause = Cause(no.trigger, f"{ended.service_name} {VERBS[no.trigger]}: {no.reason.label}.")
    await place_again(tx, county, CameBack(ended, no.step.at, cause, no.reason.then in FOR_A_PERSON))


async def _answerable(tx: Transaction, county: County, given: Given, move: Move) -> tuple[Offer, State]:
    """The assignment, locked, and the state that `move` leads to."""
    offer = await tx.offers.lock(given.assignment_id)
    if given.version not in (None, offer.version):
        raise Conflict("version-conflict", "This assignment has changed since it was read. Read it again.")
    return offer, after(offer.state, move, at_desk=offer.service_id == county.rules.triage_desk)
