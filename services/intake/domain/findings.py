"""What a rule noticed about a referral: the flag it sets, if any, and its number."""

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Finding:
    """`rule` such as "R08" played a part; `flag` is the result flag it sets, None when it sets none."""

    rule: str
    flag: str | None = None


def flags_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The flags, each once, in the order found."""
    return tuple(dict.fromkeys(finding.flag for finding in findings if finding.flag))


def rules_of(findings: Iterable[Finding]) -> tuple[str, ...]:
    """The rules, each once, in the order of their numbers."""
    return tuple(sorted({finding.rule for finding in findings}))
