"""Needs, districts and the calendar of a county, compiled from their files."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from services.router.configuration.codes import Codes
from services.router.configuration.directory_schema import CalendarDoc, DistrictDoc, GroupDoc, NeedDoc, TaxonomyDoc
from services.router.configuration.documents import CALENDAR, DISTRICTS, NOTICES, TAXONOMY, refused
from services.router.configuration.notice_schema import WordsDoc
from services.router.domain.county import District, Need, PublicWords
from services.router.domain.deadlines import Deadlines
from services.router.domain.hours import Calendar, Span
from services.router.domain.vocabulary import PRIORITIES
from shared.wording import line_hours_words


@dataclass(frozen=True, slots=True)
class Places:
    """The districts by present GSS code, the present code of each old one, and the county's own code."""

    districts: Mapping[str, District]
    renamed: Mapping[str, str]
    county_code: str

    @property
    def inside(self) -> tuple[str, ...]:
        """The GSS codes of the county's own districts."""
        return tuple(district.code for district in self.districts.values() if district.inside)


def compile_districts(rows: Sequence[DistrictDoc]) -> Places:
    """Raises Refused for a code given twice, and unless all districts inside have a short code and one county."""
    districts: dict[str, District] = {}
    renamed: dict[str, str] = {}
    counties: set[str] = set()
    for number, row in enumerate(rows, start=2):
        place, inside = f"{DISTRICTS}, line {number}", row.in_scope == "true"
        old_codes = row.historic_codes.split("|") if row.historic_codes else []
        for code in (row.lad_code, *old_codes):
            if code in districts or code in renamed:
                raise refused(place, f"{code!r} is given twice")
            renamed[code] = row.lad_code
        if inside and not row.short_code:
            raise refused(place, f"{row.name} is inside the county and needs a short code")
        if row.short_code and any(row.short_code == known.short_code for known in districts.values()):
            raise refused(place, f"the short code {row.short_code!r} is given twice")
        districts[row.lad_code] = District(row.lad_code, row.short_code or None, row.name, inside)
        counties.update([row.county_code] if inside else [])
    if len(counties) != 1:
        raise refused(DISTRICTS, "the districts inside the county must all have the same county code")
    return Places(districts, renamed, counties.pop())


def compile_needs(taxonomy: TaxonomyDoc) -> dict[str, Need]:
    """Raises Refused for unknown tracks and areas, codes given twice, and needs outside their group."""
    tracks = Codes("a track", frozenset(track.code for track in taxonomy.tracks))
    areas = Codes("an impact area", frozenset(area.code for area in taxonomy.impact_areas))
    if sorted(priority.code for priority in taxonomy.priorities) != list(PRIORITIES):
        raise refused(f"{TAXONOMY}: priorities", f"exactly {', '.join(PRIORITIES)} are needed")
    needs: dict[str, Need] = {}
    for group in taxonomy.groups:
        for row in group.needs:
            place = f"{TAXONOMY}: need {row.code!r}"
            if row.code in needs or not row.code.startswith(f"{group.code}."):
                raise refused(place, f"it is given twice, or does not begin with {group.code + '.'!r}")
            tracks.all((row.default_track, *row.fallback_tracks), place)
            areas.one(row.impact_area, place)
            needs[row.code] = _need(row, group)
    return needs


def _need(row: NeedDoc, group: GroupDoc) -> Need:
    return Need(
        code=row.code,
        label=row.label,
        group=group.code,
        impact_area=row.impact_area,
        default_track=row.default_track,
        default_priority=row.default_priority,
        fallback_tracks=tuple(row.fallback_tracks),
        essential=row.essential,
        needs_district=row.needs_district,
        doorstep=row.doorstep,
        system=row.system,
    )


def compile_deadlines(calendar: CalendarDoc) -> Deadlines:
    """Raises Refused for an unknown time zone or date, and for hours by which a due time could lie in the past."""
    try:
        zone = ZoneInfo(calendar.timezone)
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise refused(f"{CALENDAR}: timezone", f"{calendar.timezone!r} is not a time zone") from error
    last, p2_due = calendar.last_minutes_count_as_after_hours, minutes(calendar.p2_after_hours_due)
    hours = calendar.cru_hours
    spans = {}
    for name, (opens, closes) in (
        ("weekday", hours.weekday),
        ("weekend_and_bank_holiday", hours.weekend_and_bank_holiday),
    ):
        spans[name] = span(opens, closes, f"{CALENDAR}: cru_hours.{name}")
        if spans[name].closes - spans[name].opens <= last or spans[name].opens > p2_due:
            raise refused(f"{CALENDAR}: cru_hours.{name}", "the hours are too short, or begin after p2_after_hours_due")
    return Deadlines(
        calendar=Calendar(zone, frozenset(_date(day) for day in calendar.bank_holidays)),
        weekday=spans["weekday"],
        other_day=spans["weekend_and_bank_holiday"],
        last_minutes=last,
        p1_minutes=calendar.p1_minutes,
        p2_due=p2_due,
        p3_due=minutes(calendar.p3_due),
        p3_working_days=calendar.p3_working_days,
        p4_working_days=calendar.p4_working_days,
    )


def compile_words(doc: WordsDoc, needs: Mapping[str, Need], deadlines: Deadlines) -> PublicWords:
    """Raises Refused for a label of something that is neither a need nor a group."""
    known = Codes("a need or a group", frozenset(needs) | {need.group for need in needs.values()})
    known.all(doc.need_labels, f"{NOTICES}: need_labels")
    instead = doc.need_labels
    return PublicWords(
        needs={code: instead.get(code) or instead.get(need.group) or need.label for code, need in needs.items()},
        help_phone=doc.help_phone,
        hours=line_hours_words(*((span.opens, span.closes) for span in (deadlines.weekday, deadlines.other_day))),
    )


def minutes(time_of_day: str) -> int:
    """Minutes after midnight of "HH:MM"; "24:00" is the end of the day."""
    hours, rest = time_of_day.split(":")
    return int(hours) * 60 + int(rest)


def span(opens: str, closes: str, place: str) -> Span:
    """Raises Refused unless it opens before it closes, on one day."""
    result = Span(minutes(opens), minutes(closes))
    if result.opens >= result.closes:
        raise refused(place, f"it closes at {closes}, which is not after {opens}; end a night at 24:00 and begin anew")
    return result


def _date(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise refused(f"{CALENDAR}: bank_holidays", f"{text!r} is not a date") from error
