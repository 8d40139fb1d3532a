"""Explaining the decisions of a referral, each by the version of the rules that it was made under."""

from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass, replace
from uuid import UUID

from services.router.domain.assignment import Move
from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.domain.explaining import Made, explain, why_not
from services.router.domain.explaining.shapes import Because, Explanation, WhyNot
from services.router.facts import decision_of, domain_facts
from services.router.ports import StoredDecision, Transaction
from shared.errors import NotFound
from shared.events import Facts


@dataclass(frozen=True, slots=True)
class Explained:
    """One decision and its explanation; None where the rules that it was made under are not kept."""

    stored: StoredDecision
    made: Made | None
    explanation: Explanation | None


@dataclass(frozen=True, slots=True)
class PassedOn:
    """Needs that a service gave on to another after it had taken them on, and why, in a sentence."""

    assignment_id: UUID
    service_id: str
    needs: tuple[str, ...]
    sentence: str


@dataclass(frozen=True, slots=True)
class Story:
    """Why a referral is where it is: its decisions, newest first, and what services passed on among themselves."""

    decisions: Sequence[Explained]
    passed_on: Sequence[PassedOn]

    def why_not(self, service_id: str, need: str | None) -> tuple[WhyNot, ...]:
        """Why a service does not have a need, or each of the needs, by the newest decision on it.

        Raises NotFound for a need that was never decided, and for a service that no directory had.
        """
        newest: dict[str, Made] = {}
        for made in (each.made for each in self.decisions if each.made is not None):
            for code in (each.need for each in made.decision.needs if need in (None, each.need)):
                newest.setdefault(code, made)
        if not newest:
            raise NotFound("not-found", "No decision of this referral that can be explained is about such a need.")
        told = [why_not(made, service_id, code) for code, made in newest.items() if service_id in made.county.services]
        if not told:
            raise NotFound("not-found", "There was no such service in the directory that this was decided by.")
        told.sort(key=lambda each: each.because is Because.OTHER_NEED)
        return tuple(map(self._since, told))

    def _since(self, told: WhyNot) -> WhyNot:
        """The same, where the service was given the need after the decision, by another."""
        for each in self.passed_on:
            if each.service_id == told.service_id and told.need in each.needs:
                words = f"{each.sentence} By the decision before that: {told.sentence}"
                return replace(told, because=Because.PASSED_ON, sentence=words, would_have=())
        return told


async def explain_referral(tx: Transaction, reference: str) -> Story:
    """Every decision of a referral, explained. Raises NotFound for a reference of which nothing was decided."""
    stored = await tx.decisions.all(reference)
    if not stored:
        raise NotFound("not-found", "There is no decision of a referral with this reference.")
    decisions = [_explained(each, await _county(tx, each.rule_set)) for each in stored]
    return Story(decisions, [each async for each in _passed_on(tx, reference)])


async def _county(tx: Transaction, version: str) -> County | None:
    try:
        return await tx.county_of(version)
    except NotFound:
        return None


def _explained(stored: StoredDecision, county: County | None) -> Explained:
    if county is None:
        return Explained(stored, None, None)
    facts = domain_facts(Facts.model_validate(stored.facts))
    cause = Cause(Trigger(stored.cause), stored.cause_words)
    made = Made(facts, county, decision_of(stored.document), stored.basis, cause)
    return Explained(stored, made, explain(made))


async def _passed_on(tx: Transaction, reference: str) -> AsyncIterator[PassedOn]:
    """Each time that a service gave needs on: no search was made, for it chose whom it gave them to."""
    offers = {offer.id: offer for offer in await tx.offers.find(reference=reference)}
    county = await tx.county()
    for child in sorted(offers.values(), key=lambda offer: offer.offered_at):
        parent = offers.get(child.parent_id) if child.parent_id else None
        if parent is None:
            continue
        moves = await tx.offers.history(parent.id)
        codes = (moved.reason for moved in moves if moved.move is Move.PASS_ON and moved.at == child.offered_at)
        reasons = county.rules.answers.pass_on
        why = next((reasons.get(code, code) for code in codes if code is not None), "no reason is known")
        labels = (county.needs[need].label if need in county.needs else need for need in child.needs)
        words = f"{parent.service_name} chose {child.service_name} for {' and '.join(labels)}: {why}."
        yield PassedOn(child.id, child.service_id, child.needs, words)
