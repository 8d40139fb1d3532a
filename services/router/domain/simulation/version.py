"""One version of a county over past referrals: whom each need, track, place and service is about."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from services.router.domain.county import County, Need
from services.router.domain.directory import Areas, Eligibility, Service
from services.router.domain.rule_set import Action, RuleSet, TrackRow
from services.router.domain.simulation.columns import Columns, any_of
from services.router.domain.simulation.reading import CANDIDATE, OWN_PLACE, Reading
from services.router.domain.simulation.rows import by_first

Sent = tuple[tuple[str, ...], tuple[str, ...]]
"""Tracks to try, and services that come first in them."""
NO_ROWS: tuple[TrackRow, ...] = ()


@dataclass(frozen=True)
class Version:
    """A county and how it reads the past. Each answer covers all whom it is about, and may cover more, never fewer."""

    county: County
    reading: Reading

    @property
    def rules(self) -> RuleSet:
        """The county's rules."""
        return self.county.rules

    @property
    def columns(self) -> Columns:
        """The referrals as they were given."""
        return self.reading.columns

    def asking_for(self, need: str) -> int:
        """Whoever has this need: chosen, added, acted on, or because nothing else could be read."""
        added = any_of(self.reading.holds(row.when) for row in self.rules.additions if row.need == need)
        acted_on = any_of(self.acted_on(action) for action in self.actions if action.need == need)
        unread = self.unread if need == self.rules.unclassified else 0
        return self.columns.having("needs", need) | added | acted_on | unread

    @property
    def actions(self) -> Iterator[Action]:
        """Every row of section B."""
        risk = self.rules.risk
        yield from (*risk.actions, risk.child_alone, self.rules.outside.when_closed)

    def acted_on(self, action: Action) -> int:
        """Whom a row of section B is about."""
        return self.outside if action is self.rules.outside.when_closed else self.reading.holds(action.when)

    @cached_property
    def unread(self) -> int:
        """Whoever chose nothing, or something that may not be chosen (R12)."""
        return any_of(bits for need, bits in self.columns.of("needs").items() if not self._may_be_chosen(need))

    def _may_be_chosen(self, need: object) -> bool:
        known = self.county.needs.get(need) if isinstance(need, str) else None
        return known is not None and not known.system

    @cached_property
    def outside(self) -> int:
        """Whoever is in a district outside the county (R27)."""
        county, districts = self.county, self.columns.of("district")
        return any_of(
            bits
            for code, bits in districts.items()
            if isinstance(code, str) and code and not county.is_inside(county.present_code(code))
        )

    def sent_by(self, need: str, at: str = OWN_PLACE) -> Mapping[Sent | None, int]:
        """What section E has tried for a need: tracks and, of each, who comes first; None is the need's default."""
        rows = self.rules.tracks.get(need, NO_ROWS)
        return by_first(rows, lambda row: (row.tracks, row.first), self.reading, at)

    def trying(self, need: Need, track: str) -> int:
        """Whoever has this need looked for on this track, early or late."""
        if track in need.fallback_tracks:
            return self.columns.everyone
        last = (row for row in self.rules.selection.before_the_desk if track in row.tracks)
        found = any_of(self.reading.holds(row.when) for row in last)
        rows = self.rules.tracks.get(need.code, NO_ROWS)
        for at in self.places_asked(need.code):
            for tracks, bits in by_first(rows, lambda row: row.tracks, self.reading, at).items():
                if track in ((need.default_track,) if tracks is None else tracks):
                    found |= bits
        return found

    def places_asked(self, need: str) -> list[str]:
        """Where section E is asked of a need: also in each of several possible districts, if that can matter (R05)."""
        tests = (test for row in self.rules.tracks.get(need, NO_ROWS) for test in row.when.tests)
        if any(test.field == "district" for test in tests):
            return [OWN_PLACE, *(f"{CANDIDATE}{code}" for code in self.columns.of("candidates"))]
        return [OWN_PLACE]

    def reached_by(self, service: Service) -> int:
        """Whoever this service might be given a need of, because it is found or because a rule names it."""
        able = self._within(service.areas) & self._eligible(service.eligibility) if service.active else 0
        found = 0
        for code in service.needs if able else ():
            wanting = self.asking_for(code) & able
            if wanting:
                found |= wanting & self.trying(self.county.needs[code], service.track)
        return found | self._named(service.id)

    def _within(self, areas: Areas) -> int:
        county, columns = self.county, self.columns
        codes = ((code, bits) for name in ("district", "candidates") for code, bits in columns.of(name).items())
        found = any_of(
            bits
            for code, bits in codes
            if isinstance(code, str) and code and (areas.county or county.present_code(code) in areas.districts)
        )
        nowhere = (
            any_of(columns.having("district", none) for none in (None, "")) if areas.county or areas.elsewhere else 0
        )
        return found | nowhere | any_of(columns.having("outcode", outcode) for outcode in areas.outcodes)

    def _eligible(self, asked: Eligibility) -> int:
        ticked = self.columns.of("flags")
        found = self.reading.aged(asked.minimum_age, asked.maximum_age)
        if asked.flags_any:
            found &= any_of(ticked.get(flag, 0) for flag in asked.flags_any)
        for flag in asked.flags_all:
            found &= ticked.get(flag, 0)
        return found & ~any_of(ticked.get(flag, 0) for flag in asked.flags_none)

    def _named(self, service: str) -> int:
        """Whoever a rule gives a need to this service, without looking for others."""
        rules = self.rules
        if service == rules.triage_desk:
            return self.columns.everyone
        acted_on = any_of(self.acted_on(action) for action in self.actions if action.service == service)
        outside = {rules.outside.otherwise, *rules.outside.handover.values(), *rules.outside.stays_with}
        asked_first = self.columns.having("consent", "unknown") if service == rules.consent.otherwise else 0
        return acted_on | asked_first | (self.outside if service in outside else 0)
