"""Who is there for a need in a district at which hours: directory and rules, gone through without a referral."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum

from services.router.domain.county import County, District, Need
from services.router.domain.deadlines import Deadlines
from services.router.domain.directory import Service
from services.router.domain.facts import Facts, Place
from services.router.domain.hours import MINUTES_OF_A_DAY, SUNDAY, Hours, Span
from services.router.domain.index import DISTRICT
from services.router.domain.load import Load
from services.router.domain.referral import Referral, open_referral
from services.router.domain.risk import risk_decisions
from services.router.domain.selection import tracks_to_try

# Any moment: no rule asks for the time, and opening hours are looked at apart.
SOME_DAY = datetime(2020, 1, 8, 12, tzinfo=UTC)
LATE = 22 * 60
MONDAY, FRIDAY, SATURDAY = 0, 4, 5
HOLIDAY = 7
GROWN_UP = 18


class Band(StrEnum):
    """Hours that commissioners ask about. In hours are the contact centre's on working days, the evening follows until
    ten; on other days it is from the same morning hour until ten; the night is the rest, of every day."""

    IN_HOURS = "in_hours"
    EVENING = "evening"
    NIGHT = "night"
    WEEKEND = "weekend"
    BANK_HOLIDAY = "bank_holiday"


class Cover(StrEnum):
    """Who is open: LOCAL one that works in this district, COUNTY_WIDE only who works everywhere, DESK only the triage
    desk, NOBODY not even that."""

    LOCAL = "local"
    COUNTY_WIDE = "county_wide"
    DESK = "desk"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Cell:
    """One need in one district in one band. `open` are the services that take it and are open in some of these hours,
    `closed` those that take it and are not, both in the order in which they are asked; `share` is the part of these
    hours, from 0 to 1, in which at least one of `open` is."""

    district: District
    need: Need
    band: Band
    cover: Cover
    open: tuple[str, ...]
    closed: tuple[str, ...]
    share: float


# Eight days, the last a Monday that is a bank holiday; each a number with one bit for each minute.
Minutes = tuple[int, ...]


def coverage(county: County, age: int | None = None) -> Iterator[Cell]:
    """Every need that people may have in every district of the county, for somebody of this age, in years, of whom
    nothing else is known and who agrees; None is the age that the rules take an unknown one for."""
    windows = bands(county.deadlines)
    opened = {service.id: _minutes(service.hours) for service in county.services.values()}
    desk = opened[county.rules.triage_desk]
    for district in county.districts.values():
        if not district.inside:
            continue
        for need in county.needs.values():
            # What nobody could make out is for the desk, which is no gap.
            if not need.system and need.code != county.rules.unclassified:
                takers = tuple(takers_of(county, need, district.code, age))
                for band, window in windows.items():
                    yield _cell(district, need, band, window, takers, opened, desk)


def takers_of(county: County, need: Need, district: str, age: int | None = None) -> Iterator[tuple[str, bool]]:
    """The services that take a need, in the order in which they are asked whatever the time, and whether each works in
    this district rather than everywhere. Without the triage desk, which takes what nobody does."""
    referral = _referral(county, need, district, age)
    named = [each.service_id for each in risk_decisions(referral) if need.code in (each.need, *each.answers)]
    if not named and referral.is_child_alone:
        named = [county.rules.risk.child_alone.service]
    if named:
        services = (county.services[own] for own in named if own is not None)
        yield from ((each.id, not each.areas.county) for each in services if each.id != county.rules.triage_desk)
        return
    desk, case = county.services[county.rules.triage_desk], referral.case.at(county.short_code(district), None)
    seen: set[str] = set()
    for track, row in tracks_to_try(need, case, referral):
        if track == desk.track:
            return
        for entry in county.directory.candidates(need.code, track, district, None, referral.language, row.first):
            if _takes(entry.service, referral) and entry.service.id not in seen:
                seen.add(entry.service.id)
                yield entry.service.id, entry.narrowness <= DISTRICT


def bands(deadlines: Deadlines) -> dict[Band, Minutes]:
    """The minutes of each band in a week and a bank holiday; those that have none are left out."""
    opens, closes = deadlines.weekday.opens, deadlines.weekday.closes
    late = max(LATE, closes)
    working = range(MONDAY, FRIDAY + 1)
    by_day = {
        Band.IN_HOURS: {day: _bits(opens, closes) for day in working},
        Band.EVENING: {day: _bits(closes, late) for day in working},
        Band.NIGHT: {day: _bits(0, opens) | _bits(late, MINUTES_OF_A_DAY) for day in range(HOLIDAY)},
        Band.WEEKEND: {day: _bits(opens, late) for day in (SATURDAY, SUNDAY)},
        Band.BANK_HOLIDAY: {HOLIDAY: _bits(opens, late)},
    }
    found = {band: tuple(days.get(day, 0) for day in range(HOLIDAY + 1)) for band, days in by_day.items()}
    return {band: minutes for band, minutes in found.items() if any(minutes)}


def _cell(district: District, need: Need, band: Band, window: Minutes, takers: tuple[tuple[str, bool], ...],
          opened: dict[str, Minutes], desk: Minutes) -> Cell:  # fmt: skip
    there = [(own, is_local) for own, is_local in takers if _share((opened[own],), window)]
    open_ones = tuple(own for own, _ in there)
    if there:
        cover = Cover.LOCAL if any(is_local for _, is_local in there) else Cover.COUNTY_WIDE
    else:
        cover = Cover.DESK if _share((desk,), window) else Cover.NOBODY
    closed = tuple(own for own, _ in takers if own not in open_ones)
    return Cell(district, need, band, cover, open_ones, closed, _share([opened[own] for own in open_ones], window))


def _referral(county: County, need: Need, district: str, age: int | None) -> Referral:
    # A child is asked for by somebody: one who asks alone is a concern, whatever the need (R21).
    is_grown_up = age is None or age >= GROWN_UP
    facts = Facts(
        received_at=SOME_DAY,
        channel="phone",
        request_kind="help",
        referrer_kind="self" if is_grown_up else "family",
        consent_status="given",
        consent_by="self" if is_grown_up else "representative",
        needs=(need.code,),
        age=age,
        language=county.rules.people.usual_language,
        place=Place(district=district, method="district"),
    )
    return open_referral(facts, county, Load())


def _takes(service: Service, referral: Referral) -> bool:
    case, eligibility = referral.case, service.eligibility
    return service.active and eligibility.accepts_age(case.age) and eligibility.accepts_flags(case.flags)


def _minutes(hours: Hours) -> Minutes:
    week = [_spans(spans) for spans in hours.week]
    holiday = {"open": week[MONDAY], "closed": 0, "as_sunday": week[SUNDAY]}[hours.public_holidays]
    return (*week, holiday)


def _spans(spans: Iterable[Span]) -> int:
    minutes = 0
    for span in spans:
        minutes |= _bits(span.opens, span.closes)
    return minutes


def _bits(opens: int, closes: int) -> int:
    return ((1 << max(0, closes - opens)) - 1) << opens


def _share(opened: Sequence[Minutes], window: Minutes) -> float:
    found = 0
    for day, minutes in enumerate(window):
        together = 0
        for each in opened:
            together |= each[day]
        found += (together & minutes).bit_count()
    return found / sum(minutes.bit_count() for minutes in window)
