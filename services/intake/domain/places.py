"""What the place data say: the district of a unit postcode, and how sectors and outcodes are shared (R03, R04)."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, slots=True)
class UnitPlace:
    """One row of the ONS Postcode Directory. `district` is a GSS code, also a pseudo code such as M99999999 (R03); so
    are `ward` and `lsoa`, None where the file has none."""

    district: str
    terminated: bool = False
    ward: str | None = None
    lsoa: str | None = None


@dataclass(frozen=True, slots=True)
class AreaPlace:
    """A sector or outcode. `shares` are (GSS code, share of its unit postcodes from 0 to 1), largest first.

    `resolved` is the one district that stands for the whole area (R04, column auto_resolve), None when it straddles.
    """

    shares: tuple[tuple[str, float], ...]
    resolved: str | None = None


class Places(Protocol):
    """Look-ups by code as `postcode.read` gives them: a unit "DE656WE", a sector "DE65 6", an outcode "DE65"."""

    def unit(self, code: str) -> UnitPlace | None:
        """The unit postcode, live or terminated, or None when it is not listed."""

    def sector(self, code: str) -> AreaPlace | None:
        """The sector, or None when it is in no table."""

    def outcode(self, code: str) -> AreaPlace | None:
        """The outcode, or None when it is in no table: then it is not "known" in the sense of R02."""


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """Places in memory: a whole file, or just the rows that `postcode.candidates` names."""

    units: Mapping[str, UnitPlace]
    sectors: Mapping[str, AreaPlace]
    outcodes: Mapping[str, AreaPlace]

    def unit(self, code: str) -> UnitPlace | None:
        """See `Places.unit`."""
        return self.units.get(code)

    def sector(self, code: str) -> AreaPlace | None:
        """See `Places.sector`."""
        return self.sectors.get(code)

    def outcode(self, code: str) -> AreaPlace | None:
        """See `Places.outcode`."""
        return self.outcodes.get(code)
