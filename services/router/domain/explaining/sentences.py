"""One sentence for a need, one for a whole decision, and one for what a decision follows."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from services.router.domain.decision import Assignment, Decision, NeedDecision
from services.router.domain.explaining.candidates import STEPS
from services.router.domain.explaining.shapes import Check, Looked, Row
from services.router.domain.explaining.words import Words, listed, lower_first
from services.router.domain.referral import Referral
from services.router.domain.vocabulary import NeedState, Origin, Outcome, Rule

OUTCOMES = {
    Outcome.EMERGENCY: "Emergency",
    Outcome.DUPLICATE: "In hand already",
    Outcome.OUT_OF_AREA: "Handed over outside the county",
    Outcome.HELD_NO_CONSENT: "Held, for want of consent",
    Outcome.TRIAGE_DESK: "A person decides",
    Outcome.PARTIALLY_ROUTED: "Routed in part",
    Outcome.ROUTED: "Routed",
}
NAMED_AT_MOST = 2
"""How many of the services that were passed over a sentence names."""


@dataclass(frozen=True, slots=True)
class Sentences:
    """Says what became of needs; `fired` are the rows that the decision went by."""

    referral: Referral
    decision: Decision
    fired: Sequence[Row]
    words: Words

    def whole(self) -> str:
        """What became of the referral, or of those of its needs that were decided."""
        parts = [self._sent(assignment) for assignment in self.decision.assignments]
        held, repeated = self._that_are(NeedState.HELD), self._that_are(NeedState.DUPLICATE)
        parts += [f"held for want of consent: {held}" if parts else held] if held else []
        parts += [f"{repeated} with open referral {self.decision.duplicate_of}"] if repeated else []
        return f"{OUTCOMES[self.decision.outcome]}: {'; '.join(parts) or 'nothing was decided'}."

    def of_need(self, need: NeedDecision, searches: Sequence[Looked]) -> str:
        """ "Food parcel → CRU food parcels (same day), because shielding is verified." """
        label = self.words.need(need.need)
        if need.state is NeedState.HELD:
            return f"{label} → held, because consent was refused and it is not information ({Rule.REFUSED})."
        if need.state is NeedState.DUPLICATE:
            return f"{label} → with open referral {self.decision.duplicate_of} already ({Rule.REPEATS})."
        went = f"{label} → {self.words.service(need.service_id or '')} ({self._soon(need)})"
        return f"{went}, because {self.why(need, searches)}."

    def _soon(self, need: NeedDecision) -> str:
        """The priority, and what raised it to that."""
        raised = any(each.priority == need.priority for each in need.raised)
        rows = [row for row in self.fired if row.table == "priorities" and row.need == need.need] if raised else []
        does = f"is at least {self.words.priority(need.priority)}"
        asked = dict.fromkeys(_clause(row.checks) for row in rows if row.checks and row.does.endswith(does))
        return ": ".join(filter(None, (self.words.priority(need.priority), "; ".join(asked))))

    def why(self, need: NeedDecision, searches: Sequence[Looked]) -> str:
        """Why a need that somebody has went there."""
        if need.moves:
            return "; ".join(self._moved(need, index) for index in range(len(need.moves)))
        if not searches:
            return self.named(need)
        found = searches[0]
        passed = _passed_over(searches)
        if len({search.service_id for search in searches}) > 1:
            places = listed((f"{search.place}: {self.words.service(search.service_id)}" for search in searches), "and")
            return f"the place is not certain, and not every district gives the same service ({places})"
        reason = self._row("tracks", need.need) or "that is its usual way"
        if not any(track.taken for track in found.tracks):
            return f"{reason} and nobody there can take it{passed}"
        return f"{reason}{passed}"

    def named(self, need: NeedDecision) -> str:
        """Why a need went to a service that was not looked for."""
        referral, because = self.referral, need.because
        if need.origin is Origin.RISK:
            told = self._row("risk", need.need)
            if not told:
                return "whoever takes over outside the county is closed, so somebody here looks at once"
            return f"{told}; it is handed over outside the county" if Rule.OUTSIDE in because else told
        texts = (
            (Rule.UNKNOWN_CONSENT in because, "nobody knows yet whether the person agrees"),
            (Rule.OUTSIDE in because, f"the place is in {self.words.district(referral.district)}, outside the county"),
            (referral.is_child_alone, "a child asks alone"),
            (Rule.STRADDLING in because, "the place may lie in several districts, not all of them in the county"),
            (Rule.NO_PLACE in because, "the place is not known, and who helps depends on it"),
            (Rule.CAPACITY in because, self._refusals(need)),
        )
        return next(words for applies, words in (*texts, (True, "the rules name it")) if applies)

    def _refusals(self, need: NeedDecision) -> str:
        count = self.referral.load.refusals(need.need)
        limit = self.referral.rules.selection.declines_limit
        return f"{count} services could not take it" if count >= limit else "enough services could not take it"

    def _moved(self, need: NeedDecision, index: int) -> str:
        move = need.moves[index]
        from_service = self.words.service(move.from_service)
        if Rule.UNKNOWN_CONSENT in move.rules:
            return f"nobody knows yet whether the person agrees that {from_service} is told"
        if Rule.CAPACITY in move.rules:
            return f"{from_service} would be asked again, and somebody has to look at it first"
        why = self._row("visits", need.need, move.rules) or self.words.named(move.rules)
        return f"{why}: nobody of {from_service} is sent to the door"

    def _row(self, table: str, need: str, rules: tuple[str, ...] | None = None) -> str:
        """What held in the rows of one table that decided on a need."""
        rows = [row for row in self.fired if row.table == table and row.need == need]
        rows = [row for row in rows if rules is None or row.rules == rules]
        asked = [_clause(row.checks) for row in rows if row.checks]
        if asked:
            return "; ".join(dict.fromkeys(asked))
        return f"that is its usual way ({self.words.named(rows[0].rules)})" if rows else ""

    def _sent(self, assignment: Assignment) -> str:
        needs = listed((lower_first(self.words.need(need)) for need in assignment.needs), "and")
        return f"{assignment.service_name} gets {needs} ({self.words.priority(assignment.priority)})"

    def _that_are(self, state: NeedState) -> str:
        needs = [lower_first(self.words.need(each.need)) for each in self.decision.needs if each.state is state]
        return listed(needs, "and") if needs else ""


def _passed_over(searches: Sequence[Looked]) -> str:
    """Who came first and could not take it."""
    looked_at = [each for search in searches for track in search.tracks for each in track.services]
    over = {each.service_id: f"{each.service} {each.reason}" for each in looked_at if each.verdict in STEPS}
    if not over:
        return ""
    named, more = list(over.values())[:NAMED_AT_MOST], len(over) - NAMED_AT_MOST
    others = (
        f"; so are {more} others passed over" if more > 1 else "; and one other is passed over" if more == 1 else ""
    )
    return f"; {'; '.join(named)}{others}"


def _clause(checks: Iterable[Check]) -> str:
    """Conditions in a sentence; one that counts an unknown fact says so."""
    asked = (each.asks if each.holds is not None else f"{each.asks} ({each.given})" for each in checks)
    return listed(asked, "and")
