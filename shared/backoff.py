"""How long to wait before trying again."""

import random
from dataclasses import dataclass

EXPONENT_MAX = 32


@dataclass(frozen=True, slots=True)
class Backoff:
    """Waits that grow by `factor` from `first_s` up to `ceiling_s`, both in seconds."""

    first_s: float
    ceiling_s: float
    factor: float = 2.0

    def delay_s(self, attempts: int) -> float:
        """The wait after `attempts` (1 or more) failures, spread by a fifth so that many do not return together."""
        delay_s = min(self.ceiling_s, self.first_s * self.factor ** min(attempts - 1, EXPONENT_MAX))
        return delay_s * random.uniform(0.8, 1.2)  # noqa: S311 - spreads load, guards no secret
