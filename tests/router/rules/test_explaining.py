"""What an explanation says agrees with what the decision did, for every referral there could be."""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import get_args

from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.again import Returned
from services.router.domain.assembling import NOTHING_BESIDE
from services.router.domain.basis import Again, Basis, derive
from services.router.domain.cause import RECEIVED, Cause, Trigger
from services.router.domain.conditions import CodeField, NumberField, SetField, TruthField
from services.router.domain.decision import Candidate, Decision, NeedDecision, Search
from services.router.domain.explaining import Made, explain, why_not
from services.router.domain.explaining.shapes import Because, Explanation, WhyNot
from services.router.domain.explaining.words import CODES, NUMBERS, TRUTHS
from services.router.domain.facts import Facts, Place
from services.router.domain.load import Load
from services.router.domain.vocabulary import NeedState, Priority, Verdict
from tests.router.rules.test_invariants import CHOSEN, COUNTY, everything, loads, referrals

PASSED_OVER = {
    Verdict.NOT_ACTIVE, Verdict.AGE, Verdict.CIRCUMSTANCES, Verdict.DECLINED, Verdict.FULL, Verdict.CLOSED,
}  # fmt: skip
NO_SEARCH = {Because.RULE_NAMES, Because.HANDED_OVER, Because.REFUSALS, Because.NO_PLACE}
limits = st.frozensets(st.sampled_from(sorted(COUNTY.services)), max_size=20)
busy = st.builds(replace, loads, limited=limits)
RETURNED = [*CHOSEN[::7], "food.shopping", "safe.domestic_abuse", "left.the_list"]
services = st.lists(st.sampled_from(sorted(COUNTY.services)), min_size=5, max_size=5, unique=True)


first_or_again = st.one_of(
    st.none(), st.builds(Returned, st.dictionaries(st.sampled_from(RETURNED), st.just("P3"), min_size=1, max_size=3),
                         st.booleans()),
)  # fmt: skip


Past = tuple[Facts, Basis]


@st.composite
def pasts(draw: st.DrawFn) -> Past:
    """A decision on a whole referral, or on some needs that came back."""
    facts, load, returned = draw(referrals), draw(busy), draw(first_or_again)
    if returned is not None:
        facts = replace(facts, needs=(*facts.needs, *returned.needs))
    return facts, Basis(load, Again(returned, NOTHING_BESIDE) if returned else None)


def made(past: Past) -> Made:
    facts, basis = past
    cause = Cause(Trigger.DECLINED, "Somebody said no.") if basis.again else RECEIVED
    return Made(facts, COUNTY, derive(facts, COUNTY, basis), basis, cause)


def candidates(need: NeedDecision) -> Iterator[Candidate]:
    return (each for search in need.searches for tried in search.tracks for each in tried.candidates)


def test_every_field_that_a_condition_can_ask_has_words() -> None:
    fields = {*get_args(SetField), *get_args(CodeField), *get_args(NumberField), *get_args(TruthField)}
    assert {*get_args(SetField), *CODES, *NUMBERS, *TRUTHS} == fields


def listed_in(search: Search) -> set[str]:
    return {each.service_id for tried in search.tracks for each in tried.candidates}


@everything
@given(past=pasts())
def test_every_waterfall_adds_up_and_ends_with_who_was_taken(past: Past) -> None:
    subject = made(past)
    told = explain(subject)
    assert [(need.need, need.service_id) for need in told.needs] == [
        (need.need, need.service_id) for need in subject.decision.needs
    ]
    for need in told.needs:
        for search in need.searches:
            taken = [track.taken for track in search.tracks if track.taken is not None]
            assert taken[:1] in ([], [search.service_id])
            for track in search.tracks:
                assert track.listed - sum(step.count for step in track.steps) == track.eligible
                assert (track.eligible > 0) is (track.taken is not None)
                assert len(track.services) == track.listed


@everything
@given(past=pasts())
def test_the_reason_for_passing_a_service_over_is_the_first_thing_in_its_way(past: Past) -> None:
    subject = made(past)
    for need in explain(subject).needs:
        for each in (each for search in need.searches for track in search.tracks for each in track.services):
            if each.verdict in PASSED_OVER:
                assert each.in_the_way[0] == each.reason
            elif each.verdict in (Verdict.TAKEN, Verdict.LIMITED):
                assert each.in_the_way == ()


@everything
@given(past=pasts())
def test_rows_that_fired_are_among_the_reasons_and_others_could_still_hold(past: Past) -> None:
    subject = made(past)
    told = explain(subject)
    assert {rule for row in told.fired for rule in row.rules} <= set(subject.decision.because)
    for row in told.fired:
        assert all(check.holds is not False for check in row.checks)
    for row in told.cannot_tell:
        assert {check.holds for check in row.checks} in ({None}, {None, True})
    for need in subject.decision.needs:
        deciding = {row.rules for row in told.fired if row.table == "tracks" and row.need == need.need}
        assert {search.tracks[0].rules for search in need.searches if search.tracks[0].rules} <= deciding


@everything
@given(past=pasts())
def test_every_sentence_is_whole_and_names_its_service(past: Past) -> None:
    subject = made(past)
    told = explain(subject)
    for sentence in sentences(told):
        assert sentence.strip() == sentence != ""
        assert not re.search(r"  |None|\(\)|\{| ,|because[ .]*$", sentence), sentence
    for need in told.needs:
        if need.service_id is not None:
            assert COUNTY.services[need.service_id].name in need.sentence


def sentences(told: Explanation) -> Iterator[str]:
    yield told.sentence
    for need in told.needs:
        yield need.sentence
        yield from (each.reason for search in need.searches for track in search.tracks for each in track.services)
    for row in (*told.fired, *told.cannot_tell):
        yield row.does
        yield from (words for check in row.checks for words in (check.asks, check.given))
    for miss in told.nearest:
        yield from (miss.what, miss.but)


@everything
@given(past=pasts(), asked=services)
def test_why_not_a_service_agrees_with_what_the_decision_did(past: Past, asked: list[str]) -> None:
    subject = made(past)
    for need in subject.decision.needs:
        looked_at = {each.service_id for each in candidates(need)}
        for service_id in {*asked, *looked_at, COUNTY.rules.triage_desk, need.service_id or asked[0]}:
            agrees(why_not(subject, service_id, need.need), need)


def agrees(told: WhyNot, need: NeedDecision) -> None:
    service = COUNTY.services[told.service_id]
    verdicts = {each.verdict for each in candidates(need) if each.service_id == service.id}
    ended = [search.service_id for search in need.searches]
    not_listed = any(service.id not in listed_in(search) for search in need.searches)
    tried = {tried.track for search in need.searches for tried in search.tracks}
    is_desk = service.id == COUNTY.rules.triage_desk
    expected = {
        Because.HAS_IT: need.service_id == service.id,
        Because.OTHER_NEED: need.need not in service.needs and not is_desk,
        Because.HELD: need.state is NeedState.HELD,
        Because.REPEATED: need.state is NeedState.DUPLICATE,
        Because.MOVED: bool(need.moves) and set(ended) == {service.id},
        Because.SEVERAL_PLACES: service.id in ended and len(set(ended)) > 1,
        Because.NOT_HERE: not_listed,
        Because.PASSED_OVER: bool(verdicts & {*PASSED_OVER, Verdict.LIMITED}),
        Because.RANKED_AFTER: Verdict.RANKED_AFTER in verdicts,
        Because.EARLIER_TRACK: bool(ended) and (is_desk or service.track not in tried),
        Because.OTHER_ROW: not_listed,
        **dict.fromkeys(NO_SEARCH, need.state is NeedState.ASSIGNED and not ended),
    }
    assert expected[told.because], told
    assert told.sentence.endswith(".")
    if told.because is not Because.HAS_IT:
        assert need.service_id != service.id


@everything
@given(past=pasts(), asked=services)
def test_what_would_have_given_it_the_need_does(past: Past, asked: list[str]) -> None:
    subject = made(past)
    for need in subject.decision.needs:
        for service_id in {*asked, *(each.service_id for each in candidates(need))}:
            for words in why_not(subject, service_id, need.need).would_have:
                assert subject.basis is not None
                basis = replace(subject.basis, load=busier(subject.basis.load, words, service_id, need))
                decision = derive(changed(subject.facts, words), COUNTY, basis)
                assert went_to(decision, need.need) == service_id, words


def went_to(decision: Decision, code: str) -> str | None:
    return next((need.service_id for need in decision.needs if need.need == code), None)


def changed(facts: Facts, words: str) -> Facts:
    """The facts after what the words say, read without the code that wrote them."""
    number = int(found[0]) if (found := re.search(r"\d+", words)) else 0
    flag = words.removesuffix(" was ticked").removesuffix(" was not ticked").replace(" ", "_")
    others = tuple(each for each in facts.flags if each != flag)
    kind = words.partition(" was ")[2].replace(" ", "_")
    names = {priority: terms.name.lower() for priority, terms in COUNTY.priorities.items()}
    readings: list[tuple[str, Callable[[], Facts]]] = [
        (r"the age was \d+", lambda: replace(facts, age=number)),
        (r"food was left for .*", lambda: replace(facts, food_days_left=number)),
        (r"medicine was left for .*", lambda: replace(facts, meds_days_left=number)),
        (r".* was ticked", lambda: replace(facts, flags=(*others, flag))),
        (r".* was not ticked", lambda: replace(facts, flags=others)),
        (r"the person agreed", lambda: replace(facts, consent_status="given")),
        (r"the person was (not )?on the list of .*", lambda: replace(facts, shield_list_match=" not " not in words)),
        (r"the request was .*", lambda: replace(facts, request_kind=kind)),
        (r"the caller was .*", lambda: replace(facts, referrer_kind=kind.replace("the_person", "self"))),
        (r"staff had asked for .*", lambda: replace(facts, requested_priority=code_of(names, words.split(" for ")[1]))),
        (r"the place was known to be in .*", lambda: replace(facts, place=place_in(facts, words.split(" in ")[1]))),
        (r".*(a|no) place left that day|it had .*", lambda: facts),
    ]
    return next(read() for pattern, read in readings if re.fullmatch(pattern, words))


def code_of(names: dict[Priority, str], name: str) -> Priority:
    return next(priority for priority, each in names.items() if each == name)


def place_in(facts: Facts, name: str) -> Place:
    code = next(each.code for each in COUNTY.districts.values() if each.name == name)
    return replace(facts.place, district=code, candidates=())


def busier(load: Load, words: str, service_id: str, need: NeedDecision) -> Load:
    """The load after what the words say."""
    if words == "it had a place left that day":
        return replace(load, remaining={**load.remaining, service_id: 1})
    if words == "it had not had this need before":
        refusals = load.declined_by.get(need.need, frozenset()) - {service_id}
        return replace(load, declined_by={**load.declined_by, need.need: refusals})
    if words == "it had confirmed its capacity":
        return replace(load, limited=load.limited - {service_id})
    if words.endswith(" had no place left that day"):
        ended = {search.service_id for search in need.searches}
        full = next(each for each in ended if words.startswith(f"{called(each)} had"))
        return replace(load, remaining={**load.remaining, full: 0})
    return load


def called(service_id: str) -> str:
    service = COUNTY.services[service_id]
    return f"{service.name} ({COUNTY.organisations[service.organization_id].name})"
