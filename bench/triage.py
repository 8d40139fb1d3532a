"""Sixty triage rules: ours with what is open, beside generated two-valued Python and other engines."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from bench.generated import plain_python
from bench.measuring import Ratio, at_least, at_most, compared, same
from bench.peers import PEERS
from bench.workload import Record, Triage, triage

Given = TypeVar("Given")
REFERRALS, SLOW = 1_000, 50
FASTER = {"zen-engine table": at_least(5), "CEL in C++": at_least(5)}
"""How many times faster we mean to be; the others are for information."""


def measure(rounds: int) -> list[Ratio]:
    """Our time by the yardstick's, and the peers' times by ours.

    The yardstick knows no questions. Beside it stand ours for referrals that leave nothing open, where both do the same
    work, and for referrals as calls leave them, where ours also finds what is open. The peers get the latter.
    """
    ratios = []
    for name, answered, goal in (("generated", True, at_most(1.5)), ("generated.questions", False, None)):
        work = triage(REFERRALS, answered=answered)
        agree(work)
        yardstick = each(plain_python(work.rules), [unlisted(record) for record in work.records])
        ratio, took, other = compared(each(work.conditions.bits, work.cases), yardstick, rounds)
        note = f"{micro(took, REFERRALS)} against {micro(other, REFERRALS)}"
        ratios.append(Ratio(f"triage.{name}", ratio, goal, note))
    return [*ratios, *beside_peers(work, rounds)]


def beside_peers(work: Triage, rounds: int) -> list[Ratio]:
    """How many times faster ours is than each peer, on the first referrals."""
    ratios, plain = [], plain_python(work.rules)
    few, own = work.records[:SLOW], each(work.conditions.bits, work.cases[:SLOW])
    for name, make in PEERS.items():
        fired = make(work.rules)
        for number, record in enumerate(few):
            same(f"{name}, referral {number}", plain(record), fired(record))
        ratio, took, other = compared(own, each(fired, few), rounds)
        note = f"{micro(took, SLOW)} against {micro(other, SLOW)}"
        ratios.append(Ratio(f"triage.{name.replace(' ', '-')}", 1 / ratio, FASTER.get(name), note))
    return ratios


def agree(work: Triage) -> None:
    """Raises Different unless all ways say the same of every referral, test by test included."""
    ours, plain = work.conditions.bits, plain_python(work.rules)
    for number, (case, record) in enumerate(zip(work.cases, work.records, strict=True)):
        holds, left_open, _ = ours(case)
        alone = case.read_by(None)
        same(f"generated Python, referral {number}", plain(record), listed(holds, work))
        same(f"test by test, referral {number}", [rule.holds(alone) for rule in work.rules], truths(holds, work))
        judged = [rule.judge(alone) is None for rule in work.rules]
        same(f"questions test by test, referral {number}", judged, truths(left_open, work))


def truths(bits: int, work: Triage) -> list[bool]:
    """For each rule whether its bit is set."""
    return [bits & rule.bit != 0 for rule in work.rules]


def listed(bits: int, work: Triage) -> list[int]:
    """The numbers of the rules whose bits are set."""
    return [number for number, rule in enumerate(work.rules) if bits & rule.bit]


def unlisted(record: Record) -> Record:
    """The record with sets as Python would have them."""
    return {name: frozenset(value) if isinstance(value, list) else value for name, value in record.items()}


def each(work: Callable[[Given], object], given: Sequence[Given]) -> Callable[[], None]:
    """One pass over all of them."""

    def once() -> None:
        for one in given:
            work(one)

    return once


def micro(seconds: float, count: int) -> str:
    """The time of one of so many, in µs."""
    return f"{seconds / count * 1e6:.3g} µs"
