"""The index of services answers what a scan of all of them would, and is built anew only where something changed."""

from collections.abc import Iterable
from dataclasses import replace

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from services.router.configuration import load_county
from services.router.domain.bitsets import bitsets_of
from services.router.domain.case import read_case
from services.router.domain.conditions import ALWAYS, Condition, Within
from services.router.domain.county import County
from services.router.domain.decision import TrackTried
from services.router.domain.directory import Areas, Contact, Eligibility, Service
from services.router.domain.facts import Facts, Place
from services.router.domain.hours import Hours, Span
from services.router.domain.index import Directory, directory_of
from services.router.domain.load import Load
from services.router.domain.referral import open_referral
from services.router.domain.rule_set import TrackRow
from services.router.domain.selection import SHORT, SHOWN, search
from services.router.domain.vocabulary import PRIORITIES, Priority, Verdict
from tests.router.rules.builders import (
    AMBER_VALLEY,
    BOLSOVER,
    COUNTY_DIRECTORY,
    FRIDAY_EVENING,
    WEDNESDAY_MORNING,
    a_referral,
)
from tests.router.rules.plain_scan import Asked, Found, scan
from tests.router.rules.test_judging import ASKED, UNASKED

COUNTY = load_county(COUNTY_DIRECTORY)
DESK = COUNTY.services[COUNTY.rules.triage_desk]
DISTRICTS = (AMBER_VALLEY, BOLSOVER)
NEEDS = ("food.shopping", "practical.post")
TRACKS = ("lead_va", "specialist")
IDS = tuple(f"svc-{number}" for number in range(40))
FLAGS = ("shielded", "carer", "violence_risk")
OUTCODES = ("S40", "SK13")
LANGUAGES = ("en", "pl")


def some(values: Iterable[str]) -> st.SearchStrategy[frozenset[str]]:
    return st.frozensets(st.sampled_from(tuple(values)))


WEEKS = st.sampled_from(((), (Span(540, 1020),))).map(lambda spans: Hours((spans,) * 7))
AGES = st.sampled_from(((None, None), (18, None), (45, None), (46, 80), (None, 44), (None, 45), (45, 45)))
ELIGIBILITY = st.builds(
    Eligibility,
    flags_any=some(FLAGS),
    flags_all=st.sampled_from((frozenset(), frozenset(("shielded",)))),
    flags_none=st.sampled_from((frozenset(), frozenset(("violence_risk",)))),
)
LIMITED = st.tuples(ELIGIBILITY, AGES).map(
    lambda drawn: replace(drawn[0], minimum_age=drawn[1][0], maximum_age=drawn[1][1])
)
SERVICES = st.builds(
    Service,
    id=st.just(""),
    name=st.just("A service"),
    description=st.just(""),
    organization_id=st.just("org-cru"),
    active=st.sampled_from((True, True, True, False)),
    track=st.sampled_from(TRACKS[:1] + TRACKS),
    role=st.just("generalist"),
    rank=st.sampled_from((10, 20)),
    needs=st.sampled_from((frozenset(NEEDS), frozenset(NEEDS), frozenset(NEEDS[:1]), frozenset())),
    areas=st.builds(Areas, some(DISTRICTS), some(OUTCODES), st.booleans(), st.booleans()),
    eligibility=st.just(Eligibility()) | LIMITED,
    hours=WEEKS,
    capacity_per_day=st.none(),
    notify_channels=st.just(("phone",)),
    languages=some(LANGUAGES).map(lambda spoken: tuple(sorted(spoken))),
    contact=st.just(Contact()),
)
DIRECTORIES = (st.lists(SERVICES, max_size=6) | st.lists(SERVICES, min_size=30, max_size=len(IDS))).map(
    lambda services: [replace(service, id=each) for service, each in zip(services, IDS, strict=False)]
)
LOADS = st.builds(
    Load,
    remaining=st.dictionaries(st.sampled_from(IDS), st.integers(0, 1)),
    declined_by=st.dictionaries(st.sampled_from(NEEDS), some(IDS)),
    limited=some(IDS),
)
REFERRALS = st.builds(
    a_referral,
    flags=some(FLAGS).map(tuple),
    age=st.sampled_from((None, 17, 44, 45, 46, 81)),
    place=st.builds(Place, st.none() | st.sampled_from(DISTRICTS), outcode=st.none() | st.sampled_from(OUTCODES)),
    received_at=st.sampled_from((WEDNESDAY_MORNING, FRIDAY_EVENING)),
    language=st.sampled_from(("en", "pl", "ro")),
)
FIRST = st.lists(st.sampled_from(IDS), max_size=2, unique=True).map(tuple)
slowly = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=60)


def county_of(services: Iterable[Service], first: tuple[str, ...] = ()) -> County:
    """A county of these services, whose needs try both tracks."""
    row = TrackRow((), ALWAYS, TRACKS, first)
    directory = directory_of(COUNTY.organisations.values(), [DESK, *services], DISTRICTS)
    rules = replace(COUNTY.rules, tracks=dict.fromkeys(NEEDS, (row,)))
    return replace(COUNTY, directory=directory, rules=rules)


def agrees(tried: TrackTried, found: Found) -> None:
    """The same service for the same reasons; of a long list only the part about the one taken is kept."""
    assert (tried.taken, tried.passed_over, tried.tally) == (found.taken, found.passed_over, found.tally)
    assert tried.unsure is found.unsure
    if len(found.candidates) <= SHORT:
        assert tried.candidates == found.candidates
        return
    not_for = {Verdict.NOT_ACTIVE, Verdict.AGE, Verdict.CIRCUMSTANCES}
    looked_at = [each for each, alone in zip(found.candidates, found.alone, strict=True) if alone not in not_for]
    end = next((place for place, each in enumerate(looked_at, 1) if each.verdict is Verdict.TAKEN), len(looked_at))
    assert tried.candidates == tuple(looked_at[max(0, end - SHOWN) : end + SHOWN])


@slowly
@given(services=DIRECTORIES, load=LOADS, facts=REFERRALS, need=st.sampled_from(NEEDS),
       priority=st.sampled_from(PRIORITIES), first=FIRST)  # fmt: skip
def test_a_search_ends_as_if_every_service_had_been_looked_at(
    services: list[Service], load: Load, facts: Facts, need: str, priority: Priority, first: tuple[str, ...]
) -> None:
    county = county_of(services, first)
    referral = open_referral(facts, county, load)
    district = referral.district
    answer = search(county.needs[need], priority, district, referral)
    looked = [scan(services, Asked(need, track, priority, district, first), referral) for track in TRACKS]
    for tried, found in zip(answer.tracks, looked, strict=False):
        agrees(tried, found)
    taken = next((found.taken for found in looked if found.taken), DESK.id)
    assert answer.service_id == taken
    listed = county.directory.candidates(need, TRACKS[0], district, facts.place.outcode, referral.language, first)
    assert [entry.service.id for entry in listed] == [each.service_id for each in looked[0].candidates]


@slowly
@given(before=DIRECTORIES, after=DIRECTORIES, kept=some(IDS))
def test_a_directory_changed_cell_by_cell_is_the_one_built_at_once(
    before: list[Service], after: list[Service], kept: frozenset[str]
) -> None:
    old = directory_of((), before, DISTRICTS)
    now = {service.id: service for service in after} | {each.id: each for each in before if each.id in kept}
    copied = [replace(service) for service in now.values()]
    changed = directory_of((), copied, DISTRICTS, old)
    assert changed == directory_of((), copied, DISTRICTS)


def test_only_the_cells_of_a_changed_service_are_built_anew() -> None:
    one = COUNTY.services["svc-av-doorstep"]
    others = [service for service in COUNTY.services.values() if service is not one]
    old = directory_of((), [one, *others], DISTRICTS)
    changed = directory_of((), [replace(one, rank=one.rank + 1), *others], DISTRICTS, old)
    anew = {key for key, cell in changed.cells.items() if old.cells.get(key) is not cell}
    assert anew
    assert anew == {key for key, cell in old.cells.items() if any(entry.service is one for entry in cell.rows)}


def test_for_other_districts_everything_is_built_anew() -> None:
    old = directory_of((), COUNTY.services.values(), DISTRICTS)
    fewer: Directory = directory_of((), COUNTY.services.values(), DISTRICTS[:1], old)
    assert fewer == directory_of((), COUNTY.services.values(), DISTRICTS[:1])
    assert all(place != BOLSOVER for _, _, place in fewer.cells)


@slowly
@given(facts=UNASKED, conditions=st.lists(ASKED, max_size=8), district=st.none() | st.just("AV"))
def test_bitsets_hold_and_judge_as_each_condition_does(
    facts: Facts, conditions: list[Condition], district: str | None
) -> None:
    tests = [test for each in conditions for test in each.tests]
    assume(all(test.has(test.least or 0) for test in tests if isinstance(test, Within)))
    case = read_case(facts, COUNTY.rules).at(district, None)
    bits = bitsets_of((condition, 1 << number) for number, condition in enumerate(conditions))
    rows, (certain, possible) = bits.rows(case), bits.judged(case)
    for number, condition in enumerate(conditions):
        judged = condition.judge(case)
        assert bool(rows >> number & 1) is condition.holds(case)
        assert (bool(certain >> number & 1), bool(possible >> number & 1)) == (judged is True, judged is not False)
