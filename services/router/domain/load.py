"""How busy the services are at the moment of a decision, and who has said no."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Load:
    """`remaining`: places left today by service, one that is absent has room; `declined_by`: services by need;
    `limited`: services to be asked after the others of their track (R57)."""

    remaining: Mapping[str, int] = field(default_factory=dict)
    declined_by: Mapping[str, frozenset[str]] = field(default_factory=dict)
    limited: frozenset[str] = frozenset()
