"""What a county's tables must guarantee together, beyond each code being known."""

from collections.abc import Iterable

from services.router.configuration.documents import PARTNERS, RULES, refused
from services.router.configuration.places import Places
from services.router.configuration.rules_schema import NeverDoc
from services.router.domain.county import County
from services.router.domain.directory import Service
from services.router.domain.rule_set import TrackRow
from services.router.domain.vocabulary import Priority


def check_county(county: County, never: NeverDoc, never_needs: Iterable[str], places: Places) -> None:
    """Raises Refused when a need could be lost, reach volunteers against R57, or a service could not be told."""
    _check_every_need_has_a_rule(county)
    _check_every_concern_is_answered(county)
    _check_never(county, frozenset(never.tracks), never_needs)
    for service in county.services.values():
        _check_places(service, county, places)
        _check_can_be_told(service, county)


def _check_every_need_has_a_rule(county: County) -> None:
    for need in county.needs.values():
        rows = county.rules.tracks.get(need.code, ())
        if not need.system and not any(not row.when.tests for row in rows):
            raise refused(
                f"{RULES}: tracks", f"no row without a condition says which rule sends {need.code!r} anywhere"
            )


def _check_every_concern_is_answered(county: County) -> None:
    risk = county.rules.risk
    answered = {need for action in risk.actions for need in (action.need, *action.answers)}
    for flag, need in risk.concerns.items():
        if need not in answered:
            raise refused(f"{RULES}: risk.actions", f"nothing is done about {need!r} ({flag})")


def _check_never(county: County, tracks: frozenset[str], needs: Iterable[str]) -> None:
    rules = county.rules
    default: tuple[TrackRow, ...] = ()
    for code in needs:
        need = county.needs[code]
        rows = (*rules.tracks.get(code, default), *rules.selection.before_the_desk)
        reached = {track for row in rows for track in row.tracks}.union((need.default_track,), need.fallback_tracks)
        named = [action.service for action in (*rules.risk.actions, rules.risk.child_alone) if action.need == code]
        reached.update(county.services[service].track for service in named)
        if reached & tracks:
            sentence = f"{code!r} may never reach {', '.join(sorted(reached & tracks))}, but a table sends it there"
            raise refused(f"{RULES}: selection.never", sentence)


def _check_places(service: Service, county: County, places: Places) -> None:
    """A district that nobody knows would leave a service unused without a word; handover desks may name any."""
    if service.track == county.rules.outside.track:
        return
    for code in sorted(service.areas.districts):
        if code not in places.districts:
            raise refused(f"{PARTNERS}: service {service.id!r}", f"{code!r} is not a district of this county's list")


def _check_can_be_told(service: Service, county: County) -> None:
    notice = county.rules.notice
    choices = [notice.channels[priority] for priority in _priorities(county)] + [notice.safe_contact]
    for choice in choices:
        if not {*choice.all_of, *choice.otherwise} & set(service.notify_channels):
            raise refused(
                f"{PARTNERS}: service {service.id!r}", "there is a kind of notice that no channel of it takes"
            )


def _priorities(county: County) -> tuple[Priority, ...]:
    return tuple(county.rules.notice.channels)
