"""Counties as large as one wants, and referrals to them: Derbyshire's rules and districts, and invented services."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from random import Random

from services.router.domain.conditions import ALWAYS, Condition, NoneOf, OneOf, Test, Truth
from services.router.domain.county import County, Need
from services.router.domain.directory import Areas, Contact, Eligibility, Service
from services.router.domain.facts import Facts, Place
from services.router.domain.hours import Hours, Span
from services.router.domain.index import directory_of
from services.router.domain.load import Load
from services.router.domain.vocabulary import Verdict

TRACKS = ("lead_va", "specialist", "health", "district_council", "volunteering")
NEEDS = 20
"""Invented services are for so many needs, of these tracks."""
RISKS = ("violence_risk", "suicidal_thoughts", "self_isolating", "dementia", "self_neglect", "learning_disability")
GROUPS = (
    "shielded",
    "no_support_network",
    "carer",
    "disability",
    "pregnant",
    "no_internet",
    "lives_alone",
    "no_income",
)
LANGUAGES = ("pl", "ro", "ur", "pa", "ar", "uk")
OUTCODES = tuple(f"S{number}" for number in range(40, 46)) + tuple(f"DE{number}" for number in range(1, 25))
MON_TO_FRI, SAT, SUN = (0, 1, 2, 3, 4), (5,), (6,)
WEEKS = tuple(
    Hours(tuple((Span(opens, closes),) if day in days else () for day in range(7)), "closed")
    for opens, closes in ((480, 960), (540, 1020), (540, 780), (600, 1200), (0, 1440))
    for days in (MON_TO_FRI, MON_TO_FRI[:3], MON_TO_FRI + SAT, MON_TO_FRI + SAT + SUN)
)
MORNING = datetime.fromisoformat("2020-05-06T09:30:00+00:00")


DEMANDS: Sequence[tuple[float, Test]] = (
    (0.6, Truth("own_consent", True)),
    (0.3, Truth("red_flag_words", False)),
    (0.3, OneOf("request_kind", frozenset(("help",)))),
    (0.2, OneOf("referrer_kind", frozenset(("self", "family")))),
    (0.1, OneOf("consent_by", frozenset(("self", "representative")))),
    (0.1, OneOf("consent", frozenset(("given",)))),
    (0.15, NoneOf("concerns", frozenset(("safe.domestic_abuse", "safe.child_concern")))),
    (0.1, NoneOf("flags", frozenset(("violence_risk", "self_neglect")))),
    (0.1, NoneOf("flags", frozenset(("suicidal_thoughts", "dementia", "learning_disability")))),
)
"""Further tests, and the share of services that make each: a dozen fields, as directories elsewhere have them."""


@dataclass(frozen=True, slots=True)
class Demanding(Eligibility):
    """What an eligibility with a field for everything would be."""

    more: Condition = ALWAYS

    def conditions(self) -> Mapping[Verdict, Condition]:
        """Age and flags, and all the rest."""
        usual = dict(Eligibility.conditions(self))
        usual[Verdict.CIRCUMSTANCES] = Condition(usual[Verdict.CIRCUMSTANCES].tests + self.more.tests)
        return usual


@dataclass(frozen=True)
class Invention:
    """One county's worth of chance. The same seed gives the same services and referrals."""

    county: County
    random: Random

    def service(self, number: int, needs: Sequence[Need]) -> Service:
        """One of 1 to 3 needs in 1 to 3 districts, or (8 %) all; each limits whom it takes by age and circumstances."""
        random = self.random
        wanted = random.choices(needs, [2 if need.essential else 1 for need in needs], k=random.choice((1, 1, 1, 2, 3)))
        return Service(
            id=f"svc-{number:06}",
            name=f"Service {number}",
            description="",
            organization_id=next(iter(self.county.organisations)),
            active=random.random() < 0.97,
            track=wanted[0].default_track,
            role="generalist",
            rank=random.randrange(1, 1000),
            needs=frozenset(need.code for need in wanted),
            areas=self._areas(),
            eligibility=self._eligibility(),
            hours=random.choice(WEEKS),
            capacity_per_day=random.choice((None, 1, 2, 5, 10, 40)),
            notify_channels=("email", "phone"),
            languages=("en", *random.sample(LANGUAGES, random.choice((0, 0, 0, 0, 2)))),
            contact=Contact(email="desk@invented.example", phone="01632 960990"),
        )

    def _areas(self) -> Areas:
        random = self.random
        inside = [code for code, district in self.county.districts.items() if district.inside]
        if random.random() < 0.08:
            return Areas(county=True)
        districts = frozenset(random.sample(inside, random.choices((1, 2, 3), (75, 17, 8))[0]))
        return Areas(districts, frozenset(random.sample(OUTCODES, 2) if random.random() < 0.01 else ()))

    def _eligibility(self) -> Eligibility:
        random = self.random
        return Demanding(
            minimum_age=random.choice((None, None, 16, 18, 18, 18, 50, 55, 60, 65)),
            maximum_age=random.choice((None,) * 8 + (24, 25, 64)),
            flags_any=frozenset(random.sample(GROUPS, 2) if random.random() < 0.1 else ()),
            flags_all=frozenset(random.sample(GROUPS, 1) if random.random() < 0.05 else ()),
            flags_none=frozenset(random.sample(RISKS, random.choices((0, 1, 2, 3), (40, 30, 20, 10))[0])),
            more=Condition(tuple(test for share, test in DEMANDS if random.random() < share)),
        )

    def referral(self, needs: Sequence[Need]) -> Facts:
        """One of 1 to 4 needs, at any hour of a week, with what callers usually say."""
        random = self.random
        inside = [code for code, district in self.county.districts.items() if district.inside]
        return Facts(
            received_at=MORNING + timedelta(minutes=random.randrange(7 * 24 * 60)),
            channel="phone",
            request_kind="help",
            referrer_kind=random.choice(("self", "self", "family", "professional")),
            consent_status="given",
            consent_by=random.choice(("self", "self", "self", "self", "representative")),
            needs=tuple(dict.fromkeys(need.code for need in random.choices(needs, k=random.choice((1, 1, 2, 2, 4))))),
            flags=tuple(random.sample(GROUPS, random.randrange(4)) + random.sample(RISKS, random.choice((0, 0, 0, 1)))),
            age=random.choice((None, *range(16, 95))),
            language=random.choice(("en",) * 9 + LANGUAGES[:1]),
            red_flags=random.choice(((), (), (), (), ("money",))),
            food_days_left=random.choice((None, None, 0, 1, 5)),
            place=Place(random.choice(inside), "unit", (), random.choice(OUTCODES)),
        )


def county_of(base: County, size: int, seed: int = 5) -> County:
    """`base` with as many invented services as make `size`; its own, which rules name, come after those."""
    needs = needs_of(base)
    kept = [replace(service, rank=service.rank + 1000) for service in base.services.values()]
    if size <= len(base.services):
        return base
    made = Invention(base, Random(seed))
    services = [*kept, *(made.service(number, needs) for number in range(size - len(kept)))]
    inside = [code for code, district in base.districts.items() if district.inside]
    return replace(base, directory=directory_of(base.organisations.values(), services, inside))


def referrals_of(county: County, count: int, seed: int = 6) -> Iterator[Facts]:
    """So many referrals to a county."""
    needs = needs_of(county)
    made = Invention(county, Random(seed))
    yield from (made.referral(needs) for _ in range(count))


def load_of(county: County, seed: int = 7) -> Load:
    """A busy day: one in ten services is full, a few have declined or want to be asked last."""
    random = Random(seed)
    ids = sorted(county.services)
    some = [service for service in ids if random.random() < 0.1]
    declined = {need: frozenset(random.sample(ids, 2)) for need in county.needs}
    return Load(dict.fromkeys(some, 0), declined, frozenset(random.sample(ids, len(ids) // 30)))


def needs_of(county: County) -> Sequence[Need]:
    """What invented services are for, and invented referrals ask for."""
    return [need for need in county.needs.values() if need.default_track in TRACKS and not need.system][:NEEDS]
