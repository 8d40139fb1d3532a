"""Why a decision is what it is: derived on demand from its facts, the county that it was made by, and its load."""

from services.router.domain.explaining.candidates import STEPS
from services.router.domain.explaining.reading import Made, Reading
from services.router.domain.explaining.rows import cannot_tell, nearly_fired
from services.router.domain.explaining.shapes import Explanation, NearMiss, NeedExplained
from services.router.domain.explaining.why_not import why_not
from services.router.domain.explaining.words import listed
from services.router.domain.vocabulary import Verdict

__all__ = ["Made", "explain", "why_not"]


def explain(made: Made) -> Explanation:
    """The explanation of one decision: each sentence, every row, every service that was looked at."""
    reading = Reading.of(made)
    needs = []
    for need in made.decision.needs:
        label, searches = reading.words.need(need.need), reading.looked(need)
        sentence = reading.sentences.of_need(need, searches)
        needs.append(NeedExplained(need.need, label, need.state, need.service_id, sentence, searches))
    return Explanation(
        rule_set=made.decision.rule_set,
        sentence=reading.sentences.whole(),
        before=_before(reading),
        needs=tuple(needs),
        fired=reading.fired,
        cannot_tell=cannot_tell(reading.rows, reading.words),
        questions=tuple(made.county.rules.questions.get(ask.fact, ask.fact) for ask in made.decision.asks),
        nearest=(*_nearly_taken(needs), *nearly_fired(reading.rows, reading.words)),
        exact=reading.is_exact,
    )


def _nearly_taken(needs: list[NeedExplained]) -> list[NearMiss]:
    """The services that came first, and that one thing alone kept from being taken."""
    misses = (
        NearMiss(need.need, each.service, each.reason)
        for need in needs
        for search in need.searches
        for track in search.tracks
        for each in track.services
        if each.verdict in STEPS and len(each.in_the_way) == 1
    )
    return list(dict.fromkeys(misses))


def _before(reading: Reading) -> str:
    """What a later decision follows, and who was not asked again."""
    decision, words = reading.made.decision, reading.words
    if not reading.made.again:
        return ""
    said_no = {service for need in decision.needs for service in reading.referral.load.declined_by.get(need.need, ())}
    said_no |= {
        candidate.service_id
        for need in decision.needs
        for search in need.searches
        for tried in search.tracks
        for candidate in tried.candidates
        if candidate.verdict is Verdict.DECLINED
    }
    names = listed(sorted(map(words.service, said_no)), "and") if said_no else ""
    why = reading.made.cause.words
    return f"{why} Not asked again: {names}." if names else why
