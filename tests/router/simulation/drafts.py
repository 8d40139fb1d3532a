"""Random edits of a county, as somebody might make who drafts: rows, people, needs, services, districts."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TypeVar

from hypothesis import strategies as st

from services.router.domain.conditions import AllOf, AnyOf, Condition, NoneOf, OneOf, Test, Truth, Within
from services.router.domain.county import County, Need
from services.router.domain.directory import Areas, Eligibility, Service
from services.router.domain.rule_set import Action, Addition, FlagRow, RaiseRow, RuleSet, TrackRow, TrackStop
from services.router.domain.vocabulary import PRIORITIES, ResultFlag
from tests.router.rules.test_invariants import CHOSEN, COUNTY, KNOWN_DISTRICTS
from tests.router.simulation.builders import with_services

Draw = st.DrawFn
T = TypeVar("T")
FLAGS = sorted(COUNTY.rules.flags)
CONCERNS = sorted(set(COUNTY.rules.risk.concerns.values()))
TRACKS = sorted(COUNTY.tracks)
SERVICES = sorted(COUNTY.services)
SHORT_CODES = sorted(each.short_code for each in COUNTY.districts.values() if each.short_code)
RESULT_FLAGS = sorted(ResultFlag)
RULES = ("R90",)

flag_sets = st.frozensets(st.sampled_from(FLAGS), min_size=1, max_size=3)
concern_sets = st.frozensets(st.sampled_from(CONCERNS), min_size=1, max_size=2)
few_tracks = st.lists(st.sampled_from(TRACKS), min_size=1, max_size=2, unique=True).map(tuple)
priorities = st.sampled_from(PRIORITIES)
AREAS = ("E05003297", "E01019545")
bounds = st.sampled_from([None, 0, 1, 2, 16, 18, 40, 41, 70])
tests: st.SearchStrategy[Test] = st.one_of(
    st.builds(AnyOf, st.just("flags"), flag_sets),
    st.builds(AllOf, st.just("flags"), flag_sets),
    st.builds(NoneOf, st.just("flags"), flag_sets),
    st.builds(AnyOf, st.just("concerns"), concern_sets),
    st.builds(NoneOf, st.just("concerns"), concern_sets),
    st.builds(OneOf, st.just("consent"), st.frozensets(st.sampled_from(["given", "refused", "unknown"]), min_size=1)),
    st.builds(OneOf, st.just("shielding"), st.frozensets(st.sampled_from(["none", "verified", "unverified"]))),
    st.builds(OneOf, st.just("request_kind"), st.frozensets(st.sampled_from(["help", "concern_report"]), min_size=1)),
    st.builds(OneOf, st.just("requested_priority"), st.frozensets(priorities, min_size=1)),
    st.builds(OneOf, st.sampled_from(["ward", "lsoa"]), st.frozensets(st.sampled_from(AREAS), min_size=1)),
    st.builds(Within, st.sampled_from(["age", "markers", "food_days_left", "meds_days_left"]), bounds, bounds),
    st.builds(OneOf, st.just("district"), st.frozensets(st.sampled_from(SHORT_CODES), min_size=1, max_size=4)),
    st.builds(OneOf, st.just("outcode"), st.frozensets(st.sampled_from(["SK13", "S40"]), min_size=1)),
    st.builds(Truth, st.sampled_from(["own_consent", "red_flag_words", "most_vulnerable"]), st.booleans()),
)
conditions = st.lists(tests, max_size=2).map(tuple).map(Condition)
actions = st.builds(
    Action,
    st.just(RULES),
    st.sampled_from([*CONCERNS, "triage.red_flag", "risk.suicide"]),
    st.sampled_from(SERVICES),
    priorities,
    conditions,
    st.sampled_from([None, *RESULT_FLAGS]),
    st.lists(st.sampled_from(CONCERNS), max_size=2, unique=True).map(tuple),
)
track_rows = st.builds(
    TrackRow, st.just(RULES), conditions, few_tracks, st.lists(st.sampled_from(SERVICES), max_size=2).map(tuple)
)
raise_rows = st.builds(RaiseRow, st.just(RULES), conditions, priorities)
flag_rows = st.builds(FlagRow, st.just(RULES), conditions, st.sampled_from(RESULT_FLAGS))
additions = st.builds(Addition, st.just(RULES), conditions, st.sampled_from(CHOSEN))
stops = st.builds(TrackStop, st.just(RULES), conditions, few_tracks.map(frozenset), st.sampled_from(RESULT_FLAGS))


def changed(draw: Draw, rows: Sequence[T], new: st.SearchStrategy[T]) -> tuple[T, ...]:
    """A table with a row more, a row less, another row in its place, or two rows in another order."""
    rows = list(rows)
    place = draw(st.integers(0, max(len(rows) - 1, 0)))
    edit = draw(st.sampled_from(["add", "drop", "put", "swap"])) if rows else "add"
    if edit == "add":
        rows.insert(place, draw(new))
    elif edit == "drop":
        del rows[place]
    elif edit == "put":
        rows[place] = draw(new)
    else:
        rows.insert(draw(st.integers(0, len(rows) - 1)), rows.pop(place))
    return tuple(rows)


def edit_rules(draw: Draw, county: County) -> County:
    rules = county.rules
    table = draw(st.sampled_from(["marks", "additions", "repeats", "tracks", "priorities", "limit", "texts"]))
    if table == "marks":
        rules = replace(rules, marks=changed(draw, rules.marks, flag_rows))
    elif table == "additions":
        rules = replace(rules, additions=changed(draw, rules.additions, additions))
    elif table == "repeats":
        rules = replace(rules, repeats_not_checked=draw(conditions))
    elif table == "limit":
        rules = replace(rules, selection=replace(rules.selection, declines_limit=draw(st.integers(1, 4))))
    elif table == "texts":
        rules = replace(rules, texts={}, second_contact=frozenset())
    else:
        rules = _edit_of_needs(draw, rules, table)
    return replace(county, rules=rules)


def _edit_of_needs(draw: Draw, rules: RuleSet, table: str) -> RuleSet:
    for need in draw(st.lists(st.sampled_from(CHOSEN), min_size=1, max_size=12, unique=True)):
        if table == "tracks":
            rows = changed(draw, rules.tracks.get(need, ()), track_rows)
            rules = replace(rules, tracks={**rules.tracks, need: rows})
        else:
            raised = changed(draw, rules.priorities.get(need, ()), raise_rows)
            rules = replace(rules, priorities={**rules.priorities, need: raised})
    return rules


def edit_risk(draw: Draw, county: County) -> County:
    risk = county.rules.risk
    table = draw(st.sampled_from(["actions", "child_alone", "kept", "concerns"]))
    if table == "actions":
        risk = replace(risk, actions=changed(draw, risk.actions, actions))
    elif table == "child_alone":
        risk = replace(
            risk,
            child_alone=draw(st.one_of(actions, conditions.map(lambda when: replace(risk.child_alone, when=when)))),
        )
    elif table == "kept":
        risk = replace(risk, kept_from_visiting=changed(draw, risk.kept_from_visiting, stops))
    else:
        concerns = {**risk.concerns, draw(st.sampled_from(FLAGS)): draw(st.sampled_from(CONCERNS))}
        risk = replace(risk, concerns=concerns)
    return replace(county, rules=replace(county.rules, risk=risk))


def edit_consent(draw: Draw, county: County) -> County:
    consent, outside = county.rules.consent, county.rules.outside
    part = draw(st.sampled_from(["not_needed", "refused", "unknown", "otherwise", "outside", "stays"]))
    if part == "not_needed":
        consent = replace(consent, not_needed=draw(conditions))
    elif part == "refused":
        consent = replace(consent, refused_default_tracks=frozenset(draw(few_tracks)))
    elif part == "unknown":
        consent = replace(consent, unknown_tracks=frozenset(draw(few_tracks)))
    elif part == "otherwise":
        consent = replace(consent, otherwise=draw(st.sampled_from(SERVICES)))
    elif part == "outside":
        outside = replace(outside, otherwise=draw(st.sampled_from(SERVICES)), handover={})
    else:
        outside = replace(outside, stays_with=frozenset())
    return replace(county, rules=replace(county.rules, consent=consent, outside=outside))


def edit_people(draw: Draw, county: County) -> County:
    people = county.rules.people
    field = draw(
        st.sampled_from(["unknown_age", "aged_from", "marker_flags", "most_vulnerable", "shielded_flag", "language"])
    )
    if field == "unknown_age":
        people = replace(people, unknown_age=draw(st.sampled_from([10, 17, 40, 80])))
    elif field == "aged_from":
        people = replace(people, aged_from=draw(st.integers(30, 90)))
    elif field == "marker_flags":
        people = replace(people, marker_flags=draw(flag_sets))
    elif field == "most_vulnerable":
        people = replace(people, most_vulnerable=changed(draw, people.most_vulnerable, conditions))
    elif field == "shielded_flag":
        people = replace(people, shielded_flag=draw(st.sampled_from(FLAGS)))
    else:
        people = replace(people, usual_language="pl")
    return replace(county, rules=replace(county.rules, people=people))


def edit_needs(draw: Draw, county: County) -> County:
    code = draw(st.sampled_from(CHOSEN))
    need = county.needs[code]
    edits: tuple[Callable[[], Need], ...] = (
        lambda: replace(need, default_track=draw(st.sampled_from(TRACKS))),
        lambda: replace(need, default_priority=draw(priorities)),
        lambda: replace(need, fallback_tracks=draw(few_tracks)),
        lambda: replace(need, needs_district=not need.needs_district),
        lambda: replace(need, system=True),
        lambda: replace(need, label="Another label"),
        lambda: replace(need, code="no.such.need"),
    )
    edited = draw(st.sampled_from(edits))()
    return replace(county, needs={**county.needs, edited.code: edited})


def edit_services(draw: Draw, county: County) -> County:
    services = {**county.services}
    for code in draw(st.lists(st.sampled_from(SERVICES), min_size=1, max_size=6, unique=True)):
        edited = _edited(draw, services[code])
        services[edited.id] = edited
    return with_services(county, services.values())


def _edited(draw: Draw, service: Service) -> Service:
    edits: tuple[Callable[[], Service], ...] = (
        lambda: replace(service, active=not service.active),
        lambda: replace(service, rank=draw(st.integers(1, 100))),
        lambda: replace(service, id=f"{service.id}-2", rank=draw(st.integers(1, 100))),
        lambda: replace(service, track=draw(st.sampled_from(TRACKS))),
        lambda: replace(service, needs=draw(st.frozensets(st.sampled_from(CHOSEN), max_size=20))),
        lambda: replace(service, areas=Areas(county=True)),
        lambda: replace(
            service, areas=Areas(frozenset(draw(st.lists(st.sampled_from(KNOWN_DISTRICTS)))), frozenset({"S40"}))
        ),
        lambda: replace(service, areas=Areas(elsewhere=True)),
        lambda: replace(service, eligibility=Eligibility(draw(bounds), draw(bounds), flags_none=draw(flag_sets))),
        lambda: replace(service, eligibility=Eligibility(flags_any=draw(flag_sets), flags_all=draw(flag_sets))),
        lambda: replace(service, hours=replace(service.hours, week=((),) * 7)),
        lambda: replace(service, languages=("en", "pl")),
        lambda: replace(service, name="Another name"),
    )
    return draw(st.sampled_from(edits))()


def edit_places(draw: Draw, county: County) -> County:
    code = draw(st.sampled_from(sorted(county.districts)))
    district = county.districts[code]
    edits: tuple[Callable[[], County], ...] = (
        lambda: replace(county, districts={**county.districts, code: replace(district, inside=not district.inside)}),
        lambda: replace(county, districts={**county.districts, code: replace(district, short_code="AV")}),
        lambda: replace(county, renamed={**county.renamed, "L99999999": code}),
        lambda: replace(county, deadlines=replace(county.deadlines, p2_due=13 * 60)),
    )
    return draw(st.sampled_from(edits))()


EDITS: tuple[Callable[[Draw, County], County], ...] = (
    edit_rules, edit_rules, edit_risk, edit_consent, edit_people, edit_needs, edit_services, edit_services, edit_places
)  # fmt: skip


@st.composite
def drafts(draw: Draw) -> County:
    """The county with one to three edits."""
    county = COUNTY
    for edit in draw(st.lists(st.sampled_from(EDITS), min_size=1, max_size=3)):
        county = edit(draw, county)
    return replace(county, version="draft")
