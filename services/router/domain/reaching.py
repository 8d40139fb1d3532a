"""Where the rules can send each need at all, whoever asks and wherever."""

from collections.abc import Mapping

from services.router.domain.county import County


def tracks_reached(county: County) -> Mapping[str, frozenset[str]]:
    """The tracks to which anything sends each need: section E, the need's fallbacks, and what comes before the desk."""
    rules = county.rules
    last = {track for row in rules.selection.before_the_desk for track in row.tracks}
    reached = {}
    for code, need in county.needs.items():
        rows = rules.tracks.get(code, ())
        own = {track for row in rows for track in row.tracks} if rows else {need.default_track}
        reached[code] = frozenset(own.union(need.fallback_tracks, last))
    return reached
