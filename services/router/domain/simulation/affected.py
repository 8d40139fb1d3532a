"""Which past referrals a draft might decide otherwise: all of those, and as few others as columns can tell."""

from collections.abc import Callable, Hashable, Iterable, Iterator
from dataclasses import dataclass, fields, replace

from services.router.domain.conditions import Condition
from services.router.domain.county import County, District, Need
from services.router.domain.directory import Contact, Service
from services.router.domain.rule_set import Action, Consent, Outside, Risk, RuleSet
from services.router.domain.simulation.columns import any_of
from services.router.domain.simulation.reading import CANDIDATE, OWN_PLACE
from services.router.domain.simulation.rows import (
    K,
    R,
    by_any,
    by_each,
    by_first,
    differing,
    differing_in_order,
)
from services.router.domain.simulation.version import Version
from services.router.domain.vocabulary import PRIORITIES

# What an answer does not show: words, how a service is told, and what follows once a need is placed; and the generated
# code of all conditions, which are compared where they stand.
UNSEEN = frozenset({
    "texts", "questions", "conditions", "flags", "notice", "answers", "chase", "chased_before_due", "second_contact",
    "review", "decay",
})  # fmt: skip
UNSEEN_OF_COUNTY = frozenset({"version", "groups", "tracks", "priorities", "words"})
# What is compared row by row, or value by value, below; any other difference may affect everyone.
LOOKED_INTO = frozenset({
    "people", "risk", "marks", "repeats_not_checked", "consent", "outside", "tracks", "additions", "priorities",
    "selection",
})  # fmt: skip
LOOKED_INTO_OF_COUNTY = frozenset({"needs", "districts", "renamed", "directory", "rules"})
LOOKED_INTO_OF_PEOPLE = frozenset({
    "unknown_age", "older_flag", "unknown_age_if_older", "shielded_flag", "marker_flags", "aged_from", "aged_flag",
    "most_vulnerable",
})  # fmt: skip
LOOKED_INTO_OF_RISK = frozenset({"concerns", "actions", "child_alone", "kept_from_visiting"})
LOOKED_INTO_OF_CONSENT = frozenset({
    "not_needed", "not_needed_rules", "refused_default_tracks", "unknown_tracks", "otherwise",
})  # fmt: skip
LOOKED_INTO_OF_SELECTION = frozenset({"before_the_desk", "never"})
UNSEEN_OF_NEED = frozenset({"label", "group", "impact_area", "essential", "doorstep"})


def affected(before: Version, after: Version) -> int:
    """Whoever might be decided otherwise; whoever is left out is certainly given the same by both."""
    if _differs_for_all(before, after):
        return before.columns.everyone
    both = Both(before, after)
    return any_of((*both.people(), *both.places(), *both.sections(), *both.needs(), *both.services()))


def _differs_for_all(before: Version, after: Version) -> bool:
    one, other = before.rules, after.rules
    return (
        _differ(before.county, after.county, UNSEEN_OF_COUNTY | LOOKED_INTO_OF_COUNTY)
        or _differ(one, other, UNSEEN | LOOKED_INTO)
        or _differ(one.people, other.people, LOOKED_INTO_OF_PEOPLE)
        or _differ(one.risk, other.risk, LOOKED_INTO_OF_RISK)
        or _differ(one.consent, other.consent, LOOKED_INTO_OF_CONSENT)
        or _differ(one.selection, other.selection, LOOKED_INTO_OF_SELECTION)
    )


def _differ(one: object, other: object, but: frozenset[str]) -> bool:
    """Whether two values of one dataclass differ in any field but these."""
    names = (field.name for field in fields(one) if field.name not in but)  # type: ignore[arg-type]  # a dataclass
    return any(getattr(one, name) != getattr(other, name) for name in names)


@dataclass(frozen=True, slots=True)
class Both:
    """Two versions side by side; each method gives columns of those for whom something differs."""

    before: Version
    after: Version

    def people(self) -> Iterator[int]:
        """Where ages are counted otherwise, or another concern is seen: services and section B look at these."""
        if self.before.reading is not self.after.reading:
            for name in ("age", "concerns"):
                yield differing(*(each.reading.values(name) for each in (self.before, self.after)))

    def places(self) -> Iterator[int]:
        """Where a district is another one now, has another name, or has come to lie outside or inside."""
        one, other = self.before.county, self.after.county
        if one.districts == other.districts and one.renamed == other.renamed:
            return
        for name in ("district", "candidates"):
            for code, bits in self.before.columns.of(name).items():
                if isinstance(code, str) and _district(one, code) != _district(other, code):
                    yield bits

    def sections(self) -> Iterator[int]:
        """Sections B to D, repeats, flags, additions, and what is tried before the triage desk."""
        yield from self._risk(self.before.rules.risk, self.after.rules.risk)
        yield from self._consent(self.before.rules.consent, self.after.rules.consent)
        yield self._outside(self.before.rules.outside, self.after.rules.outside)
        yield self._condition(lambda rules: rules.repeats_not_checked)
        yield self._rows(lambda rules: rules.marks, lambda row: row.flag)
        yield self._rows(lambda rules: rules.additions, lambda row: row.need)
        yield self._rows_in_order(lambda rules: rules.selection.before_the_desk, lambda row: row.tracks)

    def _risk(self, before: Risk, after: Risk) -> Iterator[int]:
        yield self._rows_in_order(lambda rules: rules.risk.actions, _does)
        yield self._condition(lambda rules: rules.risk.child_alone.when)
        if _does(before.child_alone) != _does(after.child_alone):
            yield self._either(lambda each: each.reading.holds(each.rules.risk.child_alone.when))
        for track in {track for row in (*before.kept_from_visiting, *after.kept_from_visiting) for track in row.tracks}:
            yield differing(*(
                by_first((row for row in each.rules.risk.kept_from_visiting if track in row.tracks),
                         lambda row: row.flag, each.reading)
                for each in (self.before, self.after)
            ))  # fmt: skip

    def _consent(self, before: Consent, after: Consent) -> Iterator[int]:
        columns = self.before.columns
        yield self._condition(lambda rules: rules.consent.not_needed)
        if before.refused_default_tracks != after.refused_default_tracks:
            yield columns.having("consent", "refused")
        if (before.unknown_tracks, before.otherwise) != (after.unknown_tracks, after.otherwise):
            yield columns.having("consent", "unknown")

    def _outside(self, before: Outside, after: Outside) -> int:
        if before.track != after.track:
            return self.before.columns.everyone
        return self._either(lambda each: each.outside) if before != after else 0

    def needs(self) -> Iterator[int]:
        """Where a need is another one now, or rows of sections E and F send or raise it otherwise."""
        one, other = self.before.county.needs, self.after.county.needs
        for code in one.keys() | other.keys():
            if _differ_seen(one.get(code), other.get(code)):
                yield self._asking_for(code) | self.before.columns.having("needs", code)
            elif found := self._sent(code) | self._raised(code):
                yield found & self._asking_for(code)

    def _asking_for(self, need: str) -> int:
        return self.before.asking_for(need) | self.after.asking_for(need)

    def _sent(self, need: str) -> int:
        if self._same(lambda rules: rules.tracks.get(need)):
            return 0
        found = 0
        for at in dict.fromkeys((*self.before.places_asked(need), *self.after.places_asked(need))):
            there = self.before.columns.having("candidates", at.removeprefix(CANDIDATE))
            differs = differing(self.before.sent_by(need, at), self.after.sent_by(need, at))
            found |= differs if at == OWN_PLACE else differs & there
        return found

    def _raised(self, need: str) -> int:
        if self._same(lambda rules: rules.priorities.get(need)):
            return 0
        one, other = (
            by_any(each.rules.priorities.get(need, ()), lambda row: row.at_least, each.reading)
            for each in (self.before, self.after)
        )
        found = before = after = 0
        for priority in PRIORITIES:
            before |= one.get(priority, 0)
            after |= other.get(priority, 0)
            found |= before ^ after
        return found

    def services(self) -> Iterator[int]:
        """Where a service that is new, gone, or another one now might be given a need."""
        one, other = self.before.county.services, self.after.county.services
        for code in one.keys() | other.keys():
            if one.get(code) != other.get(code) and _as_seen(one.get(code)) != _as_seen(other.get(code)):
                found = (each.reached_by(each.county.services[code]) for each in (self.before, self.after)
                         if code in each.county.services)  # fmt: skip
                yield any_of(found)

    def _rows(self, table: Callable[[RuleSet], Iterable[R]], says: Callable[[R], K]) -> int:
        if self._same(table):
            return 0
        return differing(*(by_any(table(each.rules), says, each.reading) for each in (self.before, self.after)))

    def _rows_in_order(self, table: Callable[[RuleSet], Iterable[R]], says: Callable[[R], K]) -> int:
        if self._same(table):
            return 0
        one, other = (by_each(table(each.rules), says, each.reading) for each in (self.before, self.after))
        return differing_in_order(one, other)

    def _condition(self, of: Callable[[RuleSet], Condition]) -> int:
        if self._same(of):
            return 0
        return self.before.reading.holds(of(self.before.rules)) ^ self.after.reading.holds(of(self.after.rules))

    def _same(self, part: Callable[[RuleSet], object]) -> bool:
        """Whether a part of the rules is the same, and is read the same way."""
        return self.before.reading is self.after.reading and part(self.before.rules) == part(self.after.rules)

    def _either(self, whom: Callable[[Version], int]) -> int:
        return whom(self.before) | whom(self.after)


def _does(action: Action) -> Hashable:
    return action.need, action.service, action.priority, action.flag, action.answers


def _district(county: County, code: str) -> tuple[str, District | None]:
    present = county.present_code(code)
    return present, county.districts.get(present)


def _differ_seen(one: Need | None, other: Need | None) -> bool:
    return one is None or other is None or _differ(one, other, UNSEEN_OF_NEED)


def _as_seen(service: Service | None) -> Service | None:
    """The service without what no answer shows."""
    if service is None:
        return None
    return replace(service, name="", description="", organization_id="", role="", capacity_per_day=None,
                   notify_channels=(), contact=Contact())  # fmt: skip
