"""The ids of the standard, UUIDs, for what the county's files call by names."""

from dataclasses import dataclass
from uuid import UUID, uuid5

NAMESPACE = UUID("6f0b4c53-0b0c-5f0e-9c86-3d1d3f3f5a57")


@dataclass(frozen=True, slots=True)
class Ids:
    """The ids of one county, whose GSS code keeps them apart from every other's; the same names give the same ids."""

    county_code: str

    def of(self, kind: str, *names: str) -> str:
        """The id of a thing that has no id of its own from a source."""
        return str(uuid5(NAMESPACE, "\x1f".join((self.county_code, kind, *names))))

    def organisation(self, own: str, given: str | None) -> str:
        """The id of an organisation: the one that its source gave it, else its own."""
        return given or self.of("organization", own)

    def service(self, own: str, given: str | None) -> str:
        """The id of a service: the one that its source gave it, else its own."""
        return given or self.of("service", own)

    def need(self, code: str) -> str:
        """The id of the taxonomy term of a need, or of a group of needs."""
        return self.of("taxonomy_term", code)

    @property
    def taxonomy(self) -> str:
        """The id of the taxonomy of needs."""
        return self.of("taxonomy", "needs")
