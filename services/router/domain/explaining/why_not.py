"""Why a service does not have a need: the one reason that kept it from it, and what would have given it the need."""

from collections.abc import Iterable, Iterator

from services.router.domain.decision import NeedDecision
from services.router.domain.directory import Service
from services.router.domain.explaining.changes import Change, Changes
from services.router.domain.explaining.reading import Made, Reading
from services.router.domain.explaining.searched import Answer, Searched
from services.router.domain.explaining.shapes import Because, WhyNot
from services.router.domain.explaining.words import lower_first
from services.router.domain.vocabulary import NeedState, Origin, Rule
from shared.errors import NotFound

TRIED_AT_MOST = 24
"""How many changes are tried: each costs a decision."""
NAMED_AT_MOST = 4
"""How many of the needs that a service offers are named."""


def why_not(made: Made, service_id: str, need: str) -> WhyNot:
    """Why a service does not have a need of this decision. Raises NotFound for a service or a need not in it."""
    service = made.county.services.get(service_id)
    decided = next((each for each in made.decision.needs if each.need == need), None)
    if service is None:
        raise NotFound("not-found", "There is no such service in the directory that this was decided by.")
    if decided is None:
        raise NotFound("not-found", "This decision is not about that need.")
    reading = Reading.of(made)
    answer = _answer(reading, decided, service)
    words = reading.words
    return WhyNot(
        service_id=service_id,
        service=words.service(service_id),
        need=need,
        label=words.need(need),
        because=answer.because,
        sentence=answer.sentence,
        rows=answer.rows,
        would_have=tuple(dict.fromkeys(_would_have(reading, answer.changes, service_id, need))),
    )


def _would_have(reading: Reading, changes: Iterable[Change], service_id: str, need: str) -> Iterator[str]:
    """The changes by which the service gets the need: each is tried by deciding again, and none is promised untried."""
    made = reading.made
    unchanged = reading.decided_again(made.facts, reading.referral.load)
    if unchanged is None or unchanged.needs != made.decision.needs:
        return
    for change in tuple(changes)[:TRIED_AT_MOST]:
        decision = reading.decided_again(change.facts, change.load)
        needs = decision.needs if decision else ()
        if any(each.need == need and each.service_id == service_id for each in needs):
            yield change.words


def _answer(reading: Reading, need: NeedDecision, service: Service) -> Answer:
    """The first reason that applies, in the order of `Because`."""
    words = reading.words
    name, label = words.name(service.id), lower_first(words.need(need.need))
    if need.service_id == service.id:
        rows = tuple(row for row in reading.fired if row.need == need.need)
        return Answer(Because.HAS_IT, f"{name} was given {label}.", rows)
    if need.need not in service.needs and service.id != reading.referral.rules.triage_desk:
        offers = sorted(lower_first(words.need(code)) for code in service.needs)
        more = f" and {len(offers) - NAMED_AT_MOST} more" if len(offers) > NAMED_AT_MOST else ""
        told = f" It offers {', '.join(offers[:NAMED_AT_MOST])}{more}." if offers else ""
        return Answer(Because.OTHER_NEED, f"{name} does not offer {label}.{told}")
    if need.state is not NeedState.ASSIGNED:
        return _left_to_nobody(reading, need)
    if need.searches:
        return Searched(reading, need, service).answer()
    return _named_by_rules(reading, need, service)


def _left_to_nobody(reading: Reading, need: NeedDecision) -> Answer:
    changes = Changes(reading.referral, reading.words)
    if need.state is NeedState.HELD:
        told = f"Nobody was asked, because consent was refused ({Rule.REFUSED})."
        return Answer(Because.HELD, told, changes=(changes.consent(),))
    told = f"Nobody was asked, because open referral {reading.made.decision.duplicate_of} has it ({Rule.REPEATS})."
    return Answer(Because.REPEATED, told)


def _named_by_rules(reading: Reading, need: NeedDecision, service: Service) -> Answer:
    """Where no service was looked for, so that none was passed over."""
    referral, words = reading.referral, reading.words
    has_it = f"{words.name(need.service_id or '')} has it"
    kind, changes = Because.NO_PLACE, Changes(referral, words)
    if need.origin is Origin.RISK or referral.is_child_alone:
        kind, has_it = Because.RULE_NAMES, f"The rules name who has it, and nobody else is looked for: {has_it}"
    elif referral.is_outside:
        kind = Because.HANDED_OVER
    elif Rule.CAPACITY in need.because:
        kind = Because.REFUSALS
    districts = (code for code, each in words.county.districts.items() if each.inside)
    known = tuple(changes.at(code) for code in districts) if kind is Because.NO_PLACE else ()
    rows = tuple(row for row in reading.fired if row.need == need.need and row.table == "risk")
    return Answer(kind, f"{has_it}, because {reading.sentences.named(need)}.", rows, known)
