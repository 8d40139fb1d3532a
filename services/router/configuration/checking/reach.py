"""Who is there for whom: needs without a service somewhere, services that no rule reaches, flags that nothing reads."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from services.router.configuration import Compiled
from services.router.configuration.checking.example import described, example_of
from services.router.configuration.checking.findings import Found, Severity
from services.router.configuration.checking.possible import Tangled, World
from services.router.configuration.conditions import compile_condition
from services.router.configuration.documents import PARTNERS, RULES, TAXONOMY
from services.router.configuration.rules_schema import TrackDoc
from services.router.domain.conditions import ALWAYS, AllOf, AnyOf, Condition, NoneOf, OneOf, Test, Within
from services.router.domain.county import District
from services.router.domain.directory import Eligibility
from services.router.domain.reaching import tracks_reached


@dataclass(frozen=True, slots=True)
class ReachChecks:
    """The checks of one county's directory against its rules. `outcodes` are all there are, None if nobody says."""

    compiled: Compiled
    world: World
    outcodes: frozenset[str] | None

    def findings(self) -> Iterator[Found]:
        """Everything found."""
        try:
            yield from self._no_service()
        except Tangled:
            yield Found(
                Severity.WARNING, RULES, "tracks", "the conditions of tracks are too tangled to look for services"
            )
        yield from self._unreached()
        yield from self._idle_tracks()
        yield from self._unknown_outcodes()
        yield from self._unread_flags()

    def _no_service(self) -> Iterator[Found]:
        """By row of section E, the needs that no active service takes of somebody whom the row is for, by district."""
        before: dict[str, list[Condition]] = defaultdict(list)
        for number, doc in enumerate(self.compiled.rules.tracks):
            missing: dict[tuple[tuple[str, ...], str], list[str]] = defaultdict(list)
            when = compile_condition(doc.when, RULES, self.compiled.known)
            for code in self.compiled.known.needs.matching(doc.needs, RULES):
                for someone, places in self._without(code, doc, (when, *before[code])).items():
                    missing[places, someone].append(code)
                before[code].append(when)
            for (places, someone), codes in missing.items():
                row = f"{self.compiled.layout.name(f'tracks[{number}]')} ({', '.join(doc.rules)})"
                sentence = (
                    f"{row}: no active service takes {', '.join(codes)} in {', '.join(places)}, so the triage desk "
                    f"gets it; for example somebody {someone}"
                )
                yield Found(Severity.WARNING, RULES, f"tracks[{number}]", sentence)

    def _without(self, code: str, doc: TrackDoc, rows: Sequence[Condition]) -> dict[str, tuple[str, ...]]:
        """Who asks in vain, and in which districts, by name; `rows` are the row's condition and those before it."""
        county, need = self.compiled.county, self.compiled.county.needs[code]
        tracks = (*(doc.tracks or (need.default_track,)), *need.fallback_tracks)
        if need.system or county.services[county.rules.triage_desk].track in tracks:
            return {}
        asks_place = any(isinstance(test, OneOf) and test.field == "district" for row in rows for test in row.tests)
        districts = [each for each in county.districts.values() if each.inside and self._is_in(each, doc)]
        known: dict[tuple[tuple[Condition, ...], str | None], str | None] = {}
        found: dict[str, list[str]] = defaultdict(list)
        for each in districts:
            taken = tuple(dict.fromkeys(self._takes(code, tracks, each.code, doc)))
            at = each.short_code if asks_place else None
            if (taken, at) not in known:
                known[taken, at] = self._someone(rows, taken, at)
            someone = known[taken, at]
            if someone is not None:
                found[someone].append(each.name)
        whole = ("any of its districts",)
        return {one: tuple(names) if len(names) < len(districts) else whole for one, names in found.items()}

    def _is_in(self, district: District, doc: TrackDoc) -> bool:
        return doc.when.district is None or district.short_code in doc.when.district

    def _takes(self, code: str, tracks: Sequence[str], district: str, doc: TrackDoc) -> Iterator[Condition]:
        """Whom the services take that are tried for this need in a district, whichever of the row's outcodes it is."""
        county = self.compiled.county
        tried = [(track, ALWAYS) for track in tracks]
        tried += [(track, row.when) for row in county.rules.selection.before_the_desk for track in row.tracks]
        for track, when in tried:
            shelves = [
                {entry.service.id: entry.service for entry in county.directory.candidates(
                    code, track, district, outcode, county.rules.people.usual_language)}
                for outcode in doc.when.outcode or (None,)
            ]  # fmt: skip
            for service in shelves[0].values():
                if service.active and all(service.id in shelf for shelf in shelves):
                    yield Condition((*when.tests, *_accepted(service.eligibility)))

    def _someone(self, rows: Sequence[Condition], taken: Iterable[Condition], district: str | None) -> str | None:
        """Somebody for whom the first row holds and none of the others, and whom nobody takes, in words."""
        place = Condition((OneOf("district", frozenset((district,))),)) if district else ALWAYS
        box = self.world.find((rows[0], place), (*rows[1:], *taken))
        return None if box is None else described(replace(example_of(box, self.world), district=None))

    def _unreached(self) -> Iterator[Found]:
        """Active services that no rule names, and that share no track with any of their needs."""
        county = self.compiled.county
        reached, named = tracks_reached(county), self._named()
        for service in county.services.values():
            if not service.active or service.id in named or service.track == county.rules.outside.track:
                continue
            idle = [code for code in county.needs if code in service.needs and service.track not in reached[code]]
            path = f"service '{service.id}'"
            if len(idle) == len(service.needs):
                sentence = f"{service.id} can never be reached: no rule sends {', '.join(idle)} to {service.track}"
                yield Found(Severity.WARNING, PARTNERS, path, sentence, service.id)
            elif idle and len(service.needs) < len(county.needs):
                sentence = f"{service.id} also offers {', '.join(idle)}, which no rule sends to {service.track}"
                yield Found(Severity.INFO, PARTNERS, f"{path}: taxonomy_terms", sentence, idle[0])

    def _idle_tracks(self) -> Iterator[Found]:
        """Tracks to which nothing sends any need, and on which no service is that a rule names."""
        county = self.compiled.county
        busy = {county.services[service].track for service in self._named()}.union(*tracks_reached(county).values())
        for track in county.tracks:
            if track not in {*busy, county.rules.outside.track, county.rules.emergency_track}:
                sentence = f"no rule sends anything to the track {track}"
                yield Found(Severity.INFO, TAXONOMY, "tracks", sentence, track)

    def _named(self) -> set[str]:
        rules = self.compiled.county.rules
        actions = (*rules.risk.actions, rules.risk.child_alone, rules.outside.when_closed)
        single = {rules.triage_desk, rules.consent.otherwise, rules.outside.otherwise}
        return single.union((action.service for action in actions), rules.outside.handover.values())

    def _unknown_outcodes(self) -> Iterator[Found]:
        """Outcodes are no closed list in the rules; the file of sectors knows all that the county needs."""
        if self.outcodes is None:
            return
        for number, doc in enumerate(self.compiled.rules.tracks):
            for code in sorted({*(doc.when.outcode or ())} - self.outcodes):
                yield Found(Severity.ERROR, RULES, f"tracks[{number}].when.outcode",
                            f"{code!r} is not an outcode of the file of postcode sectors", code)  # fmt: skip
        for service in self.compiled.county.services.values():
            for code in sorted(service.areas.outcodes - self.outcodes):
                yield Found(Severity.ERROR, PARTNERS, f"service '{service.id}': service_areas",
                            f"{code!r} is not an outcode of the file of postcode sectors", code)  # fmt: skip

    def _unread_flags(self) -> Iterator[Found]:
        county = self.compiled.county
        read = {*county.rules.people.marker_flags, *county.rules.risk.concerns, county.rules.people.aged_flag}
        read |= {county.rules.people.older_flag, county.rules.people.shielded_flag}
        for service in county.services.values():
            read |= service.eligibility.flags_any | service.eligibility.flags_all | service.eligibility.flags_none
        for condition in self._conditions():
            for test in condition.tests:
                if isinstance(test, AnyOf | AllOf | NoneOf) and test.field == "flags":
                    read |= test.codes
        unread = [flag for flag in self.compiled.rules.flags if flag not in read]
        if unread:
            sentence = f"no rule and no service asks for {', '.join(unread)}: they are for information only"
            yield Found(Severity.INFO, RULES, "flags", sentence, unread[0])

    def _conditions(self) -> Iterator[Condition]:
        rules = self.compiled.county.rules
        tables = (rules.risk.actions, rules.risk.kept_from_visiting, rules.marks, rules.additions)
        yield from (row.when for table in tables for row in table)
        yield from (row.when for rows in rules.tracks.values() for row in rows)
        yield from (row.when for rows in rules.priorities.values() for row in rows)
        yield from (rules.risk.child_alone.when, rules.consent.not_needed, rules.repeats_not_checked)
        yield from rules.people.most_vulnerable


def _accepted(eligibility: Eligibility) -> Iterator[Test]:
    """Whom a service accepts, as tests of a condition."""
    least, most = eligibility.minimum_age, eligibility.maximum_age
    if least is not None or most is not None:
        yield Within("age", least, None if most is None else most + 1)
    if eligibility.flags_any:
        yield AnyOf("flags", eligibility.flags_any)
    if eligibility.flags_all:
        yield AllOf("flags", eligibility.flags_all)
    if eligibility.flags_none:
        yield NoneOf("flags", eligibility.flags_none)
