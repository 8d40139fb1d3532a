"""The tables of the rules file, compiled for one county."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from services.router.configuration.codes import Vocabulary
from services.router.configuration.conditions import compile_condition
from services.router.configuration.documents import RULES, refused
from services.router.configuration.loop import compile_answers, compile_chase, compile_decay
from services.router.configuration.notice_schema import ChoiceDoc, NoticeDoc
from services.router.configuration.rules_schema import ActionDoc, PeopleDoc, RulesDoc, WhenDoc
from services.router.domain.compiled import Conditions
from services.router.domain.conditions import Condition
from services.router.domain.rule_set import (
    Action,
    Addition,
    ChannelChoice,
    Consent,
    FlagRow,
    Never,
    Notice,
    OutOfHours,
    Outside,
    People,
    RaiseRow,
    Risk,
    RuleIds,
    RuleSet,
    RuleText,
    Selection,
    TrackRow,
    TrackStop,
)
from services.router.domain.vocabulary import Rule


@dataclass(frozen=True, slots=True)
class RulesCompiler:
    """Turns the file of rules into tables of the domain; every unknown code is refused with its place."""

    doc: RulesDoc
    known: Vocabulary
    conditions: Conditions = field(default_factory=Conditions)

    def compile(self) -> RuleSet:
        """The rule set. Raises Refused."""
        doc, known = self.doc, self.known
        return RuleSet(
            texts={code: RuleText(rule.title, rule.text) for code, rule in doc.rules.items()},
            questions=doc.questions,
            conditions=self.conditions,
            flags=known.flags.known,
            people=self._people(doc.people),
            risk=self._risk(),
            marks=self._marks(),
            repeats_not_checked=self._when(doc.repeats.not_checked, "repeats.not_checked"),
            unclassified=known.needs.one(doc.unclassified, f"{RULES}: unclassified"),
            triage_desk=known.service(doc.triage_desk, f"{RULES}: triage_desk"),
            emergency_track=known.tracks.one(doc.emergency_track, f"{RULES}: emergency_track"),
            consent=self._consent(),
            outside=self._outside(),
            tracks=self._tracks(),
            additions=self._additions(),
            priorities=self._priorities(),
            selection=self._selection(),
            notice=self._notice(doc.notice),
            answers=compile_answers(doc.answers),
            chase=compile_chase(doc.chase),
            chased_before_due=frozenset(doc.chased_before_due),
            second_contact=frozenset(doc.second_contact),
            review=compile_chase(doc.review),
            decay=compile_decay(doc.capacity),
        )

    def _when(self, when: WhenDoc, place: str) -> Condition:
        return self.conditions.numbered(compile_condition(when, f"{RULES}: {place}", self.known))

    def _rules(self, rules: Iterable[str], place: str) -> RuleIds:
        return self.known.rules.all(rules, f"{RULES}: {place}.rules")

    def _people(self, doc: PeopleDoc) -> People:
        flags, place = self.known.flags, f"{RULES}: people"
        if any(when.most_vulnerable is not None for when in doc.most_vulnerable):
            raise refused(f"{place}.most_vulnerable", "this condition cannot ask for itself")
        return People(
            unknown_age=doc.unknown_age.counts_as,
            older_flag=flags.one(doc.unknown_age.with_flag, f"{place}.unknown_age"),
            unknown_age_if_older=doc.unknown_age.then,
            shielded_flag=flags.one(doc.shielded_flag, f"{place}.shielded_flag"),
            marker_flags=frozenset(flags.all(doc.markers.flags, f"{place}.markers")),
            aged_from=doc.markers.aged.least,
            aged_flag=flags.one(doc.markers.aged.or_flag, f"{place}.markers.aged"),
            most_vulnerable=tuple(
                self._when(when, f"people.most_vulnerable[{number}]") for number, when in enumerate(doc.most_vulnerable)
            ),
            usual_language=self.known.languages.one(doc.usual_language, f"{place}.usual_language"),
        )

    def _risk(self) -> Risk:
        doc, known = self.doc.risk, self.known
        known.flags.all(doc.always_acted_on, f"{RULES}: risk.always_acted_on")
        return Risk(
            concerns={known.flags.one(flag, f"{RULES}: risk.concerns"): need for flag, need in doc.concerns.items()},
            actions=tuple(self._action(row, f"risk.actions[{number}]") for number, row in enumerate(doc.actions)),
            child_alone=self._action(doc.child_alone, "risk.child_alone"),
            kept_from_visiting=tuple(
                TrackStop(
                    rules=self._rules(row.rules, f"risk.kept_from_visiting[{number}]"),
                    when=self._when(row.when, f"risk.kept_from_visiting[{number}].when"),
                    tracks=frozenset(known.tracks.all(row.tracks, f"{RULES}: risk.kept_from_visiting[{number}]")),
                    flag=row.flag,
                )
                for number, row in enumerate(doc.kept_from_visiting)
            ),
        )

    def _action(self, row: ActionDoc, place: str) -> Action:
        return Action(
            rules=self._rules(row.rules, place),
            need=self.known.needs.one(row.need, f"{RULES}: {place}.need"),
            service=self.known.service(row.service, f"{RULES}: {place}.service"),
            priority=row.priority,
            when=self._when(row.when, f"{place}.when"),
            flag=row.flag,
            answers=self.known.concerns.all(row.answers, f"{RULES}: {place}.answers"),
        )

    def _marks(self) -> tuple[FlagRow, ...]:
        return tuple(
            FlagRow(self._rules(row.rules, f"marks[{number}]"), self._when(row.when, f"marks[{number}].when"), row.flag)
            for number, row in enumerate(self.doc.marks)
        )

    def _consent(self) -> Consent:
        doc, place = self.doc.consent, f"{RULES}: consent"
        return Consent(
            not_needed=self._when(doc.not_needed.when, "consent.not_needed.when"),
            not_needed_rules=self._rules(doc.not_needed.rules, "consent.not_needed"),
            refused_default_tracks=frozenset(self.known.tracks.all(doc.refused.default_tracks, f"{place}.refused")),
            unknown_tracks=frozenset(self.known.tracks.all(doc.unknown.tracks, f"{place}.unknown")),
            otherwise=self.known.service(doc.unknown.otherwise, f"{place}.unknown.otherwise"),
        )

    def _outside(self) -> Outside:
        doc, place, known = self.doc.outside, f"{RULES}: outside", self.known
        track = known.tracks.one(doc.track, f"{place}.track")
        desks = [service for service in known.services.values() if service.track == track and service.active]
        handover: dict[str, str] = {}
        for service in sorted(desks, key=lambda each: (each.rank, each.id)):
            for code in service.areas.districts:
                handover.setdefault(code, service.id)
        closed = doc.when_closed
        return Outside(
            track=track,
            handover=handover,
            otherwise=known.service(doc.otherwise, f"{place}.otherwise"),
            stays_with=frozenset(known.service(service, f"{place}.stays_with") for service in doc.stays_with),
            when_closed=Action(
                rules=(Rule.OUTSIDE,),
                need=known.needs.one(closed.need, f"{place}.when_closed.need"),
                service=known.service(closed.service, f"{place}.when_closed.service"),
                priority=closed.priority,
                flag=closed.flag,
            ),
        )

    def _tracks(self) -> dict[str, tuple[TrackRow, ...]]:
        rows: dict[str, list[TrackRow]] = defaultdict(list)
        for number, doc in enumerate(self.doc.tracks):
            place = f"tracks[{number}]"
            rules, when = self._rules(doc.rules, place), self._when(doc.when, f"{place}.when")
            tracks = self.known.tracks.all(doc.tracks or (), f"{RULES}: {place}.tracks")
            first = tuple(self.known.service(service, f"{RULES}: {place}.first") for service in doc.first)
            for need in self.known.needs.matching(doc.needs, f"{RULES}: {place}.needs"):
                default = (self.known.needs.needs[need].default_track,)
                rows[need].append(TrackRow(rules, when, tracks or default, first))
        return {need: tuple(rows[need]) for need in rows}

    def _additions(self) -> tuple[Addition, ...]:
        return tuple(
            Addition(
                rules=self._rules(row.rules, f"additions[{number}]"),
                when=self._when(row.when, f"additions[{number}].when"),
                need=self.known.needs.one(row.need, f"{RULES}: additions[{number}].need"),
            )
            for number, row in enumerate(self.doc.additions)
        )

    def _priorities(self) -> dict[str, tuple[RaiseRow, ...]]:
        rows: dict[str, list[RaiseRow]] = defaultdict(list)
        for number, doc in enumerate(self.doc.priorities):
            place = f"priorities[{number}]"
            row = RaiseRow(self._rules(doc.rules, place), self._when(doc.when, f"{place}.when"), doc.at_least)
            for need in self.known.needs.matching(doc.needs, f"{RULES}: {place}.needs"):
                if self.known.needs.needs[need].essential or not doc.essential:
                    rows[need].append(row)
        return {need: tuple(rows[need]) for need in rows}

    def _selection(self) -> Selection:
        doc = self.doc.selection
        return Selection(
            declines_limit=doc.declines_limit,
            opening_checked=frozenset(doc.opening_checked),
            before_the_desk=tuple(
                TrackRow(
                    rules=self._rules(row.rules, f"selection.before_the_desk[{number}]"),
                    when=self._when(row.when, f"selection.before_the_desk[{number}].when"),
                    tracks=self.known.tracks.all(row.tracks, f"{RULES}: selection.before_the_desk[{number}].tracks"),
                )
                for number, row in enumerate(doc.before_the_desk)
            ),
            never=Never(
                needs=frozenset(self.known.needs.matching(doc.never.needs, f"{RULES}: selection.never.needs")),
                tracks=frozenset(self.known.tracks.all(doc.never.tracks, f"{RULES}: selection.never.tracks")),
                kinds=frozenset(doc.never.kinds),
            ),
        )

    def _notice(self, doc: NoticeDoc) -> Notice:
        channels = doc.channels
        return Notice(
            channels={
                "P1": _choice(channels.P1),
                "P2": _choice(channels.P2),
                "P3": _choice(channels.P3),
                "P4": _choice(channels.P4),
            },
            safe_contact=_choice(doc.safe_contact),
            by_phone_priorities=frozenset(doc.also_by_phone.priorities),
            by_phone_needs=frozenset(
                self.known.needs.matching(doc.also_by_phone.needs, f"{RULES}: notice.also_by_phone.needs")
            ),
            out_of_hours=OutOfHours(
                priorities=frozenset(doc.out_of_hours.priorities),
                tracks=frozenset(self.known.tracks.all(doc.out_of_hours.tracks, f"{RULES}: notice.out_of_hours")),
                by=tuple(doc.out_of_hours.by),
            ),
        )


def _choice(doc: ChoiceDoc) -> ChannelChoice:
    return ChannelChoice(tuple(doc.all_of), tuple(doc.otherwise))
