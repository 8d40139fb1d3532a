"""How urgent a need is: its own priority, and the rules that raise it (R48-R52)."""

from collections.abc import Iterable
from dataclasses import dataclass

from services.router.domain.decision import Raised
from services.router.domain.referral import Referral
from services.router.domain.vocabulary import Priority


@dataclass(frozen=True, slots=True)
class Urgency:
    """A need's base and final priority.

    `raised` are all rules that asked for more than the base, `because` those and the ones that asked for just that.
    """

    base: Priority
    final: Priority
    raised: tuple[Raised, ...] = ()
    because: tuple[str, ...] = ()

    def at_least(self, priority: Priority, rules: tuple[str, ...]) -> "Urgency":
        """The same, raised to this priority where it is lower."""
        if self.base < priority:
            return self
        raised = (Raised(priority, rules),) if priority < self.base else ()
        return Urgency(self.base, min(self.final, priority), self.raised + raised, self.because + rules)


def urgency_of(need: str, base: Priority, referral: Referral) -> Urgency:
    """The priority of a need of this referral; no rule can lower it (R48)."""
    urgency = Urgency(base, base)
    for row in referral.rules.priorities.get(need, ()):
        if row.when.holds(referral.case):
            urgency = urgency.at_least(row.at_least, row.rules)
    return urgency


def highest(priorities: Iterable[Priority]) -> Priority | None:
    """The most urgent of some priorities, None of none."""
    return min(priorities, default=None)
