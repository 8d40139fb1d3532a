"""The work that is measured: sixty rules in the county's language, and referrals drawn at random from a seed."""

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import yaml
from pydantic import TypeAdapter

from services.router.configuration import Compiled, compile_county
from services.router.configuration.conditions import compile_condition
from services.router.configuration.documents import read_documents
from services.router.configuration.rules_schema import PlacedWhenDoc
from services.router.domain.case import read_case
from services.router.domain.compiled import Conditions
from services.router.domain.conditions import Case, Condition
from services.router.domain.county import County
from services.router.domain.facts import Facts, Place

FOLDER = Path(__file__).parent
COUNTY = FOLDER.parent / "deploy" / "derbyshire"
SEED = 20200401
FIRST = datetime(2020, 4, 1, 8, tzinfo=UTC)
OUTCODES = ("S40", "S41", "S42", "S43", "S44", "DE4", "DE5", "DE7", "DE55", "DE56", "SK13", "SK17", "NG10")
LONG = 999
"""Days left for one who was not asked, to an engine that cannot hold what is unknown: never below any limit."""

Record = Mapping[str, object]
"""A referral as other engines take it: one flat record of lists, texts, numbers and truths, derived values included."""


@dataclass(frozen=True, slots=True)
class Triage:
    """The rules, numbered as one rule set, and referrals both as our cases and as records."""

    conditions: Conditions
    rules: tuple[Condition, ...]
    cases: Sequence[Case]
    records: Sequence[Record]


def compiled() -> Compiled:
    """The county's files, compiled."""
    return compile_county(read_documents(COUNTY))


def triage(count: int, *, answered: bool = False) -> Triage:
    """The sixty rules and so many referrals, of which nothing is left unknown if so asked."""
    known = compiled()
    docs = TypeAdapter(list[PlacedWhenDoc]).validate_python(yaml.safe_load((FOLDER / "triage.yaml").read_text()))
    conditions = Conditions()
    rules = tuple(conditions.numbered(compile_condition(doc, "triage.yaml", known.known)) for doc in docs)
    county = known.county
    drawn = [_answered(facts) if answered else facts for facts in referrals(county, count)]
    cases = [read_case(facts, county.rules, county.short_code(facts.place.district)) for facts in drawn]
    return Triage(conditions, rules, [case.read_by(conditions) for case in cases], list(map(record, cases)))


def _answered(facts: Facts) -> Facts:
    return replace(
        facts,
        age=45 if facts.age is None else facts.age,
        food_days_left=7 if facts.food_days_left is None else facts.food_days_left,
        meds_days_left=14 if facts.meds_days_left is None else facts.meds_days_left,
        shield_list_match=bool(facts.shield_list_match),
        place=Place(facts.place.district or "E07000034", "unit", (), facts.place.outcode or "S40", "ward", "lsoa"),
    )


def record(case: Case) -> Record:
    """A case as a record; an unknown code is an empty text."""
    flat: dict[str, object] = {name: truth for name, truth in case.truths.items()}  # noqa: C416 - of wider types
    flat.update((name, sorted(codes)) for name, codes in case.sets.items())
    flat.update((name, code or "") for name, code in case.codes.items())
    flat.update((name, LONG if number is None else number) for name, number in case.numbers.items())
    return flat


def referrals(county: County, count: int) -> list[Facts]:
    """Referrals as calls were, with about as much left unknown; always the same for the same count."""
    draw = random.Random(SEED)
    flags = sorted(county.rules.flags)
    needs = sorted(need.code for need in county.needs.values() if not need.system)
    districts = sorted(code for code, district in county.districts.items() if district.inside)
    return [_referral(draw, number, flags, needs, districts) for number in range(count)]


def _referral(draw: random.Random, number: int, flags: list[str], needs: list[str], districts: list[str]) -> Facts:
    some = draw.choices
    listed = draw.random() < 0.92
    return Facts(
        received_at=FIRST + timedelta(minutes=7 * (number % 9_000)),
        channel="phone",
        request_kind=some(("help", "volunteer_offer", "org_support", "concern_report"), (92, 3, 2, 3))[0],
        referrer_kind=some(("self", "family", "professional", "partner", "neighbour"), (50, 20, 15, 10, 5))[0],
        consent_status=some(("given", "unknown", "refused"), (90, 7, 3))[0],
        consent_by=some(("self", "representative", "none"), (80, 12, 8))[0],
        needs=tuple(draw.sample(needs, some((1, 2, 3, 4), (50, 30, 15, 5))[0])),
        flags=tuple(draw.sample(flags, some((0, 1, 2, 3, 5), (25, 30, 25, 15, 5))[0])),
        age=some((draw.randint(18, 69), draw.randint(70, 100), draw.randint(5, 17), None), (50, 32, 6, 12))[0],
        food_days_left=some((draw.randint(0, 9), None), (50, 50))[0],
        meds_days_left=some((draw.randint(0, 28), None), (40, 60))[0],
        requested_priority=some((None, "P1", "P2", "P3"), (80, 2, 8, 10))[0],
        shield_list_match=some((None, True, False), (40, 40, 20))[0],
        red_flags=("words",) if draw.random() < 0.02 else (),
        place=Place(draw.choice(districts), "unit", (), draw.choice(OUTCODES)) if listed else Place(),
    )
