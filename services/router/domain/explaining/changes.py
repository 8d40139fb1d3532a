"""Single changes to a referral, or to how busy services are, that might give a need to another service."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from services.router.domain.conditions import AllOf, AnyOf, NoneOf, OneOf, Test, Within
from services.router.domain.directory import Service
from services.router.domain.explaining.words import Words, spoken
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.referral import Referral
from services.router.domain.vocabulary import PRIORITIES

FREE = "it had a place left that day"


@dataclass(frozen=True, slots=True)
class Change:
    """One thing that is otherwise, in words that follow "if", and the facts and the load with it."""

    words: str
    facts: Facts
    load: Load


@dataclass(frozen=True, slots=True)
class Changes:
    """Makes changes to one referral. None of them is promised to do anything: each is to be tried by deciding again."""

    referral: Referral
    words: Words

    def for_service(self, service: Service, need: str) -> Iterator[Change]:
        """What could make a service that was passed over able to take a need (R55 to R57)."""
        case, who = self.referral.case, service.eligibility
        if not who.accepts_age(case.age):
            yield self._age(_nearest(case.age, who.minimum_age, who.maximum_age))
        if who.flags_any and who.flags_any.isdisjoint(case.flags):
            yield from (self._flag(flag, ticked=True) for flag in sorted(who.flags_any))
        missing, there = who.flags_all - case.flags, who.flags_none & case.flags
        if len(missing) == 1:
            yield self._flag(*missing, ticked=True)
        if len(there) == 1:
            yield self._flag(*there, ticked=False)
        yield from self._load(service, need)

    def _load(self, service: Service, need: str) -> Iterator[Change]:
        load = self.referral.load
        if load.remaining.get(service.id, 1) <= 0:
            roomy = replace(load, remaining={**load.remaining, service.id: 1})
            yield self._busy("it had taken more that day" if service.id in load.shut else FREE, roomy)
        refusals = load.declined_by.get(need, frozenset())
        if service.id in refusals:
            willing = replace(load, declined_by={**load.declined_by, need: refusals - {service.id}})
            yield self._busy("it had not had this need before", willing)
        if service.id in load.limited:
            yield self._busy("it had confirmed its capacity", replace(load, limited=load.limited - {service.id}))

    def without(self, service_id: str) -> Change:
        """The service that was taken has no place."""
        load = self.referral.load
        full = replace(load, remaining={**load.remaining, service_id: 0})
        return self._busy(f"{self.words.service(service_id)} had no place left that day", full)

    def consent(self) -> Change:
        """The person agrees."""
        return self._fact("the person agreed", replace(self.referral.facts, consent_status="given"))

    def at(self, district: str) -> Change:
        """The place is known to be in one district."""
        place = replace(self.referral.facts.place, district=district, candidates=())
        name = self.words.district(district)
        return self._fact(f"the place was known to be in {name}", replace(self.referral.facts, place=place))

    def to_hold(self, test: Test, *, wanted: bool) -> Iterator[Change]:
        """What could make one condition hold, or not hold."""
        match test:
            case AnyOf() | AllOf() | NoneOf():
                yield from self._ticks(test, wanted=wanted)
            case OneOf("shielding"):
                yield from self._shielding()
            case OneOf("requested_priority" | "request_kind" | "referrer_kind") if wanted:
                yield from self._codes(test)
            case Within("markers") if wanted:
                markers = self.referral.rules.people.marker_flags - self.referral.case.flags
                yield from (self._flag(flag, ticked=True) for flag in sorted(markers))
            case Within():
                yield from self._number(test, wanted=wanted)

    def _ticks(self, test: AnyOf | AllOf | NoneOf, *, wanted: bool) -> Iterator[Change]:
        """One box ticked, or not ticked; a concern has one too."""
        codes, ticked = test.codes, self.referral.case.flags
        if test.field == "concerns":
            pairs = self.referral.rules.risk.concerns.items()
            codes = frozenset(flag for flag, need in pairs if need in codes)
        there, missing = sorted(codes & ticked), sorted(codes - ticked)
        if isinstance(test, NoneOf) is wanted:
            yield from (self._flag(flag, ticked=False) for flag in there if len(there) == 1 or isinstance(test, AllOf))
        elif isinstance(test, AnyOf | NoneOf) or len(missing) == 1:
            yield from (self._flag(flag, ticked=True) for flag in missing)

    def _codes(self, test: OneOf) -> Iterator[Change]:
        facts = self.referral.facts
        for code in sorted(test.codes):
            words = self.words.asks(OneOf(test.field, frozenset((code,)))).replace(" is ", " was ", 1)
            if test.field == "request_kind":
                yield self._fact(words, replace(facts, request_kind=code))
            elif test.field == "referrer_kind":
                yield self._fact(words, replace(facts, referrer_kind=code))
        asked = (priority for priority in PRIORITIES if test.field == "requested_priority" and priority in test.codes)
        for priority in asked:
            words = f"staff had asked for {self.words.priority(priority)}"
            yield self._fact(words, replace(facts, requested_priority=priority))

    def _shielding(self) -> Iterator[Change]:
        facts, flag = self.referral.facts, self.referral.rules.people.shielded_flag
        if flag not in facts.flags:
            yield self._flag(flag, ticked=True)
            return
        yield self._flag(flag, ticked=False)
        on_list = facts.shield_list_match is False
        told = "was" if on_list else "was not"
        yield self._fact(f"the person {told} on the list of shielded people", replace(facts, shield_list_match=on_list))

    def _number(self, test: Within, *, wanted: bool) -> Iterator[Change]:
        value = self.referral.case.numbers[test.field]
        last = None if test.below is None else test.below - 1
        if wanted:
            numbers = [_nearest(value or 0, test.least, last)]
        else:
            numbers = [number for number in (test.below, test.least and test.least - 1) if number is not None]
        for number in numbers:
            if test.field == "age":
                yield self._age(number)
            elif test.field == "food_days_left":
                yield self._fact(
                    f"food was left for {number} days", replace(self.referral.facts, food_days_left=number)
                )
            elif test.field == "meds_days_left":
                facts = replace(self.referral.facts, meds_days_left=number)
                yield self._fact(f"medicine was left for {number} days", facts)

    def _age(self, age: int) -> Change:
        return self._fact(f"the age was {age}", replace(self.referral.facts, age=age))

    def _flag(self, flag: str, *, ticked: bool) -> Change:
        facts = self.referral.facts
        others = tuple(each for each in facts.flags if each != flag)
        words = f"{spoken(flag)} was {'ticked' if ticked else 'not ticked'}"
        return self._fact(words, replace(facts, flags=(*others, flag) if ticked else others))

    def _fact(self, words: str, facts: Facts) -> Change:
        return Change(words, facts, self.referral.load)

    def _busy(self, words: str, load: Load) -> Change:
        return Change(words, self.referral.facts, load)


def _nearest(value: int, least: int | None, most: int | None) -> int:
    if least is not None and value < least:
        return least
    return most if most is not None and value > most else value
