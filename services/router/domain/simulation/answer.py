"""What a simulation shows of a decision: where each need went, how urgent it is, by when, and what was flagged."""

from dataclasses import dataclass

from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Decision, NeedDecision
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.vocabulary import NeedState, Outcome, Priority


@dataclass(frozen=True, slots=True)
class Placed:
    """One need. `due_by` is the priority of which its deadline is: that of the most urgent need in the same offer.

    `nobody` took it: every service looked at was passed over, or there was none.
    """

    need: str
    state: NeedState
    service_id: str | None
    priority: Priority
    due_by: Priority | None
    nobody: bool = False


@dataclass(frozen=True, slots=True)
class Answer:
    """What became of a referral; needs by code."""

    outcome: Outcome
    placed: tuple[Placed, ...]
    flags: tuple[str, ...]

    @property
    def services(self) -> frozenset[str]:
        """Who was offered something."""
        return frozenset(each.service_id for each in self.placed if each.service_id is not None)


@dataclass(frozen=True, slots=True)
class Past:
    """A referral of the past: what was known of it when it was first decided. Without a `load`, that was not kept."""

    reference: str
    facts: Facts
    load: Load | None = None


NOTHING_KNOWN = Load()


def answer_of(past: Past, county: County) -> Answer:
    """What a county's rules make of a referral of the past, with the room that services had then."""
    return shown(decide(past.facts, county, past.load or NOTHING_KNOWN))


def shown(decision: Decision) -> Answer:
    """The part of a decision that is compared."""
    due_by = {each.service_id: each.priority for each in decision.assignments}
    placed = (
        Placed(
            need=each.need,
            state=each.state,
            service_id=each.service_id,
            priority=each.priority,
            due_by=due_by[each.service_id] if each.service_id is not None else None,
            nobody=_nobody(each),
        )
        for each in decision.needs
    )
    return Answer(decision.outcome, tuple(sorted(placed, key=lambda each: each.need)), decision.flags)


def _nobody(need: NeedDecision) -> bool:
    """Whether a search found no service, and the triage desk has the need for that reason alone."""
    return not all(any(tried.taken for tried in search.tracks) for search in need.searches)
