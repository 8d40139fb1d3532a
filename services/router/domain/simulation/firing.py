"""How often each rule speaks: of how many past referrals one of its rows holds, read off the columns alone."""

from collections.abc import Iterator, Mapping

from services.router.domain.rule_set import RuleIds
from services.router.domain.simulation.reading import OWN_PLACE
from services.router.domain.simulation.rows import by_first
from services.router.domain.simulation.version import Version


def firing(version: Version) -> Mapping[str, int]:
    """By rule, the number of referrals for which a row of it counts.

    Of sections E and F only those who ask for a need that the row is about, and of section E the first row that holds.
    """
    found = dict.fromkeys(version.rules.texts, 0)
    for rules, bits in _rows(version):
        for rule in rules:
            found[rule] = found.get(rule, 0) | bits
    return {rule: bits.bit_count() for rule, bits in found.items()}


def _rows(version: Version) -> Iterator[tuple[RuleIds, int]]:
    rules, reading = version.rules, version.reading
    yield rules.consent.not_needed_rules, reading.holds(rules.consent.not_needed)
    yield from ((action.rules, reading.holds(action.when)) for action in (*rules.risk.actions, rules.risk.child_alone))
    yield from ((row.rules, reading.holds(row.when)) for row in rules.marks)
    yield from ((added.rules, reading.holds(added.when)) for added in rules.additions)
    for need in version.county.needs:
        asking = version.asking_for(need)
        rows = rules.tracks.get(need, ())
        for said, bits in by_first(rows, lambda row: row.rules, reading, OWN_PLACE).items():
            yield said or (), bits & asking
        for each in rules.priorities.get(need, ()):
            yield each.rules, reading.holds(each.when) & asking
