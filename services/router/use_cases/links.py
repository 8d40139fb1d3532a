"""What whoever holds a link from an e-mail may see and do, and revoking links."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from services.router.domain.assignment import LIVE, UNDER_WAY, Actor, Move, State
from services.router.domain.links import Purpose, Revocation, Revoked, Standing, standing_of
from services.router.ports import Moved, Offer, Transaction
from services.router.use_cases.answering import AcceptOffer, CompleteOffer, DeclineOffer, HandBack, RecordContact
from services.router.use_cases.given import Given
from services.router.use_cases.rerouting import PlaceAgain
from shared.clock import Clock
from shared.errors import NotFound
from shared.links import PROGRESS_LASTS, Link

# An attempt in vain leaves the state, so it is its code that tells it from the acceptance.
LEADS_TO: Mapping[Move, frozenset[State]] = {
    Move.ACCEPT: frozenset({State.ACCEPTED}),
    Move.DECLINE: frozenset({State.DECLINED}),
    Move.CONTACT: UNDER_WAY,
    Move.COMPLETE: frozenset({State.DONE}),
    Move.HAND_BACK: frozenset({State.HANDED_BACK}),
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What stands behind a link: its assignment, everything that was done with it, and whether it can be used.

    `needs` are those that it has itself, all of them once it has ended; `is_shared` while others have some of them;
    `asked_again` while its service has a later offer of the same referral.
    """

    offer: Offer
    moves: Sequence[Moved]
    standing: Standing
    revoked_at: datetime | None
    needs: Sequence[str]
    is_shared: bool
    asked_again: bool

    @property
    def last(self) -> Moved:
        """The move that brought the assignment into its state."""
        return next(move for move in reversed(self.moves) if move.to is self.offer.state is not move.before)

    def progress(self, link: Link) -> Link:
        """The link to tell of the work by, for whoever has `link`; the assignment was accepted."""
        accepted = next(move for move in self.moves if move.to is State.ACCEPTED)
        return Link(
            Purpose.PROGRESS, self.offer.id, self.offer.service_id, link.notification_id, accepted.at + PROGRESS_LASTS
        )


@dataclass(frozen=True, slots=True)
class Answer:
    """What is said by a link: a move that partners make, with its code where it has one.

    To COMPLETE gives a close code for each need in place of one code.
    """

    move: Move
    code: str | None = None
    outcomes: Mapping[str, str] = field(default_factory=dict)


def holder(link: Link) -> Actor:
    """Who acts by a link: as far as we know, whoever got the message that it was sent in."""
    return Actor("partner", f"link-{link.notification_id}")


@dataclass(frozen=True, slots=True)
class LookAtLink:
    """Tell what stands behind a link. Changes nothing: programs follow links too (N-27)."""

    now: Clock

    async def __call__(self, tx: Transaction, link: Link) -> Seen:
        """Raises NotFound where the link's assignment is not with the link's service."""
        found = await tx.offers.find(assignment_id=link.assignment_id)
        if not found or found[0].service_id != link.service_id:
            raise NotFound("not-found", "There is no such link.")
        offer = found[0]
        revoked_at = await tx.links.revoked_at(link.assignment_id, link.notification_id)
        is_revoked = revoked_at is not None
        standing = standing_of(Purpose(link.purpose), offer.state, link.expires_at, self.now(), revoked=is_revoked)
        return Seen(
            offer=offer,
            moves=await tx.offers.history(offer.id),
            standing=standing,
            revoked_at=revoked_at,
            needs=await tx.offers.held_by(offer.id) if offer.state in LIVE else offer.needs,
            is_shared=any(child.state in LIVE for child in await tx.offers.children_of(offer.id)),
            asked_again=any(
                each.state in LIVE and each.offered_at > offer.offered_at
                for each in await tx.offers.find(service=offer.service_id, reference=offer.reference)
            ),
        )


@dataclass(frozen=True, slots=True)
class AnswerByLink:
    """Answer an offer, or tell of the work, by a link."""

    now: Clock
    place_again: PlaceAgain

    async def __call__(
        self, tx: Transaction, link: Link, answer: Answer, version: int | None = None
    ) -> tuple[Seen, bool]:
        """What then stands behind the link, and whether that answer was given, now or by an equal request before.

        `version` is the one that was seen when the answer was given, None is any.

        Raises NotFound, UnknownCode, OutcomesMissing, ChildrenOpen, and IllegalMove for what the triage desk cannot do.
        """
        look = LookAtLink(self.now)
        # Whoever answers or revokes at the same time has to wait, so that nothing changes under what is seen here.
        await tx.offers.lock(link.assignment_id)
        seen = await look(tx, link)
        if seen.standing is Standing.OPEN and version in (None, seen.offer.version):
            await self._do(tx, Given(link.assignment_id, holder(link)), answer)
            return await look(tx, link), True
        if version is None:
            return seen, any(_is(move, answer, seen.offer) for move in seen.moves)
        # The move that followed a version is what was answered to it.
        following = seen.moves[version : version + 1]
        return seen, any(move.actor == holder(link) and _is(move, answer, seen.offer) for move in following)

    async def _do(self, tx: Transaction, given: Given, answer: Answer) -> None:
        code = answer.code or ""
        match answer.move:
            case Move.ACCEPT:
                await AcceptOffer(self.now)(tx, given)
            case Move.DECLINE:
                await DeclineOffer(self.now, self.place_again)(tx, given, code)
            case Move.CONTACT:
                await RecordContact(self.now)(tx, given, code)
            case Move.COMPLETE:
                await CompleteOffer(self.now)(tx, given, answer.outcomes)
            case _:
                await HandBack(self.now, self.place_again)(tx, given, code)


@dataclass(frozen=True, slots=True)
class RevokeLinks:
    """Make links of an assignment useless."""

    now: Clock

    async def __call__(
        self, tx: Transaction, assignment_id: UUID, notification_id: UUID | None, why: Revocation, actor: Actor
    ) -> Revoked:
        """Those of one message, or with None all of the assignment, later ones included. Raises NotFound."""
        await tx.offers.lock(assignment_id)
        revoked = Revoked(assignment_id, notification_id, why, actor, self.now())
        await tx.links.revoke(revoked)
        return revoked


def _is(move: Moved, answer: Answer, offer: Offer) -> bool:
    """Whether `move` came of an answer that says the same."""
    if not answer.outcomes.items() <= offer.outcomes.items():
        return False
    return move.to in LEADS_TO[answer.move] and move.reason == answer.code
