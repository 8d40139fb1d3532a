"""What the index has to answer: every service of a directory looked at, one after the other, as R54 to R57 say it."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from services.router.domain.conditions import Within
from services.router.domain.decision import Candidate
from services.router.domain.directory import Service
from services.router.domain.referral import Referral
from services.router.domain.vocabulary import Priority, Verdict


@dataclass(frozen=True)
class Found:
    """Each service that covers the need, in order, with what is said of it; and what it would be said alone."""

    candidates: tuple[Candidate, ...]
    alone: tuple[Verdict, ...]
    unsure_of: frozenset[str]

    @property
    def unsure(self) -> bool:
        """Whether somebody who was refused before the choice, or the choice itself, would depend on a missing fact."""
        asked = (Verdict.AGE, Verdict.CIRCUMSTANCES, Verdict.TAKEN)
        return any(each.verdict in asked and each.service_id in self.unsure_of for each in self.candidates)

    @property
    def taken(self) -> str | None:
        return next((each.service_id for each in self.candidates if each.verdict is Verdict.TAKEN), None)

    @property
    def passed_over(self) -> tuple[Verdict, ...]:
        reasons = {each.verdict for each in self.candidates} - {Verdict.TAKEN, Verdict.RANKED_AFTER}
        return tuple(sorted(reasons))

    @property
    def tally(self) -> dict[Verdict, int]:
        """Those not for the person count wherever they stand, all others as far as they were looked at."""
        not_for = {Verdict.NOT_ACTIVE, Verdict.AGE, Verdict.CIRCUMSTANCES}
        counts = Counter(
            alone if alone in not_for else each.verdict for each, alone in zip(self.candidates, self.alone, strict=True)
        )
        return {verdict: counts[verdict] for verdict in Verdict if counts[verdict]}


@dataclass(frozen=True)
class Asked:
    """A need for which a service of one track is looked for at a place."""

    need: str
    track: str
    priority: Priority
    district: str | None
    first: tuple[str, ...] = ()


def scan(services: Iterable[Service], asked: Asked, referral: Referral) -> Found:
    """Look at every service."""
    listed = [(order, service) for service in services if (order := _order(service, asked, referral)) is not None]
    in_order = [service for _, service in sorted(listed, key=lambda pair: pair[0])]
    alone = tuple(_verdict(service, asked, referral) for service in in_order)
    able = [service.id for service, verdict in zip(in_order, alone, strict=True) if verdict is Verdict.TAKEN]
    taken = next((each for each in able if each not in referral.load.limited), able[0] if able else None)
    candidates: list[Candidate] = []
    for service, verdict in zip(in_order, alone, strict=True):
        after = any(each.verdict is Verdict.TAKEN for each in candidates)
        spare = verdict is Verdict.TAKEN and service.id != taken
        candidates.append(
            Candidate(service.id, Verdict.RANKED_AFTER if after else Verdict.LIMITED if spare else verdict)
        )
    unsure_of = frozenset(service.id for service in in_order if _depends(service, referral))
    return Found(tuple(candidates), alone, unsure_of)


def _depends(service: Service, referral: Referral) -> bool:
    """Whether somebody accepted could be refused, or the other way round, once the age is known."""
    who, case = service.eligibility, referral.case
    below = None if who.maximum_age is None else who.maximum_age + 1
    any_ticked = not who.flags_any or who.flags_any & case.flags
    flags = any_ticked and who.flags_all <= case.flags and not who.flags_none & case.flags
    return bool(flags) and Within("age", who.minimum_age, below).judge(case) is None


def _order(service: Service, asked: Asked, referral: Referral) -> tuple[int, int, bool, int, str] | None:
    """Its place in the order, None where it does not cover the need there."""
    areas, outcode, district = service.areas, referral.facts.place.outcode, asked.district
    if service.track != asked.track or asked.need not in service.needs:
        return None
    if district and outcode in areas.outcodes:
        narrowness = 0
    elif district and district in areas.districts:
        narrowness = 1
    elif areas.county:
        narrowness = 2
    elif areas.elsewhere and not district:
        narrowness = 3
    else:
        return None
    named = asked.first.index(service.id) if service.id in asked.first else len(asked.first)
    return named, service.rank, referral.language not in service.languages, narrowness, service.id


def _verdict(service: Service, asked: Asked, referral: Referral) -> Verdict:
    case, who, load = referral.case, service.eligibility, referral.load
    checked = asked.priority in referral.rules.selection.opening_checked
    span = referral.received_at, referral.due_at(asked.priority), referral.county.deadlines.calendar
    old_enough = who.minimum_age is None or case.age >= who.minimum_age
    young_enough = who.maximum_age is None or case.age <= who.maximum_age
    any_ticked = not who.flags_any or who.flags_any & case.flags
    reasons = (
        (Verdict.NOT_ACTIVE, not service.active),
        (Verdict.AGE, not (old_enough and young_enough)),
        (Verdict.CIRCUMSTANCES, not any_ticked or who.flags_all - case.flags or who.flags_none & case.flags),
        (Verdict.DECLINED, service.id in load.declined_by.get(asked.need, ())),
        (Verdict.FULL, load.remaining.get(service.id, 1) <= 0),
        (Verdict.CLOSED, checked and not service.hours.opens_between(*span)),
    )
    return next((verdict for verdict, applies in reasons if applies), Verdict.TAKEN)
