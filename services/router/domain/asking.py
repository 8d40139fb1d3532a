"""What to ask the caller: facts that nobody gave, where the answer could change something that is not already so."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from services.router.domain.case import settled_by
from services.router.domain.conditions import ALWAYS, Case, Condition, Fact
from services.router.domain.county import Need
from services.router.domain.decision import Ask, NeedDecision, Search
from services.router.domain.referral import Referral
from services.router.domain.repeats import Repeats
from services.router.domain.rule_set import Action, RuleIds, TrackRow
from services.router.domain.vocabulary import NeedState, Origin, Rule

Matter = tuple[RuleIds, Iterable[Fact]]
"""Rules to which some facts could matter."""


def asks_of(referral: Referral, needs: tuple[NeedDecision, ...], repeats: Repeats) -> tuple[Ask, ...]:
    """Each fact that could matter to these needs or to the referral, with the rules, in the order of the questions.

    Exact in what it leaves out: where an answer alone would change the decision, it is asked for. A fact for which the
    county has no question is not.
    """
    rules: dict[Fact, set[str]] = defaultdict(set)
    for named, facts in _Asking(referral, needs, repeats).matters():
        for fact in facts:
            rules[fact].update(named)
    return tuple(Ask(fact, tuple(sorted(map(str, rules[fact])))) for fact in referral.rules.questions if fact in rules)


@dataclass(frozen=True, slots=True)
class _Asking:
    """One decided referral, looked through section by section."""

    referral: Referral
    needs: tuple[NeedDecision, ...]
    repeats: Repeats

    def matters(self) -> Iterator[Matter]:
        """Everything that could matter, in no order and more than once."""
        yield from self._of_risk()
        yield from self._of_place()
        yield from self._of_the_whole()
        for need in self.needs:
            if need.state is not NeedState.HELD:
                yield from self._of_priority(need)
            yield from self._of_visits(need)
            for search in need.searches:
                yield from self._of_search(self.referral.county.needs[need.need], search)

    def _of_risk(self) -> Iterator[Matter]:
        """Section B: an action that could be added, unless a certain one does the same."""
        risk, case = self.referral.rules.risk, self.referral.case
        certain = [action for action in risk.actions if action.when.judge(case)]
        for action in (*risk.actions, risk.child_alone):
            if action.when.judge(case) is None and not any(_includes(each, action) for each in certain):
                yield _open(action.rules, action.when, case)

    def _of_place(self) -> Iterator[Matter]:
        """R05, R06: an unknown place may lie anywhere; several possible ones matter unless all lead the same way."""
        referral = self.referral
        if referral.district is not None:
            return
        inside = referral.candidates and all(referral.county.is_inside(code) for code in referral.candidates)
        same = all(
            need.origin is Origin.RISK or len({search.service_id for search in need.searches}) == 1
            for need in self.needs
            if need.state is NeedState.ASSIGNED
        )
        if not inside or not same:
            yield (Rule.STRADDLING if referral.candidates else Rule.NO_PLACE,), ("place",)

    def _of_the_whole(self) -> Iterator[Matter]:
        """Result flags, needs that are added, and whether consent and repeats are asked for at all."""
        rules, case, facts = self.referral.rules, self.referral.case, self.referral.facts
        flagged = {row.flag for row in rules.marks if row.when.judge(case)}
        named = {need.need for need in self.needs if need.origin is not Origin.ADDED}
        rows = [(row.rules, row.when) for row in rules.marks if row.flag not in flagged]
        if facts.needs and not self.referral.is_outside:
            rows += [(row.rules, row.when) for row in rules.additions if row.need not in named | self.repeats.known]
        if facts.consent_status != "given":
            rows.append((rules.consent.not_needed_rules, rules.consent.not_needed))
        if facts.open_matches:
            rows.append(((Rule.REPEATS,), rules.repeats_not_checked))
        yield from (_open(named, when, case) for named, when in rows if when.judge(case) is None)

    def _of_priority(self, need: NeedDecision) -> Iterator[Matter]:
        """Section F: a row that would raise the need, or that alone has raised it."""
        case, rows = self.referral.case, self.referral.rules.priorities.get(need.need, ())
        certain = min((need.base_priority, *(row.at_least for row in rows if row.when.judge(case))))
        for row in rows:
            if row.at_least < (certain if row.when.holds(case) else need.priority) and row.when.judge(case) is None:
                yield _open(row.rules, row.when, case)

    def _of_visits(self, need: NeedDecision) -> Iterator[Matter]:
        """R16, R20: whether somebody may be sent to the door."""
        tracks = {self.referral.county.services[search.service_id].track for search in need.searches}
        for row in self.referral.rules.risk.kept_from_visiting:
            if not tracks.isdisjoint(row.tracks) and row.when.judge(self.referral.case) is None:
                yield _open(row.rules, row.when, self.referral.case)

    def _of_search(self, need: Need, search: Search) -> Iterator[Matter]:
        """Sections E and G: other tracks, those before the desk, and services nearer by or for another age."""
        referral, county = self.referral, self.referral.county
        case = referral.case_at(search.district)
        yield from _of_tracks(referral.rules.tracks.get(need.code, ()), need, case)
        if search.service_id == referral.rules.triage_desk:
            last = referral.rules.selection.before_the_desk
            yield from (_open(row.rules, row.when, case) for row in last if row.when.judge(case) is None)
        if case.codes["outcode"] is None and search.district is not None:
            outcodes = county.directory.with_outcodes
            if any((need.code, tried.track) in outcodes for tried in search.tracks):
                yield (Rule.SELECTION,), ("place",)
        if any(tried.unsure for tried in search.tracks):
            yield (Rule.ELIGIBILITY,), ("age",)


def _open(rules: RuleIds, when: Condition, case: Case) -> Matter:
    return rules, settled_by(when, case)


def _includes(done: Action, action: Action) -> bool:
    """Whether one action does already all that another would."""
    return (
        (done.need, done.service) == (action.need, action.service)
        and done.priority <= action.priority
        and action.flag in (None, done.flag)
        and set(action.answers) <= set(done.answers)
    )


def _of_tracks(rows: tuple[TrackRow, ...], need: Need, case: Case) -> Iterator[Matter]:
    """Rows of which any could turn out to be the first that holds, where they do not all lead to the same tracks."""
    possible: list[TrackRow] = []
    for row in (*rows, TrackRow((), ALWAYS, (need.default_track,))):
        judged = row.when.judge(case)
        if judged is not False:
            possible.append(row)
        if judged:
            break
    if len({(row.tracks, row.first) for row in possible}) > 1:
        yield from (_open(row.rules, row.when, case) for row in possible[:-1])
