"""Who asks, when and for what, drawn by the weights of the county's load_mix.yaml."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict

from services.router.domain.hours import Calendar
from waymark.simulate.planted import Resident

MIX_FILE = "load_mix.yaml"
UNITS_FILE = "places/sample_units.csv"
WEEKDAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
Body = dict[str, Any]  # JSON
Weights = Mapping[str, float]
K = TypeVar("K")


class Bad(BaseModel):
    """Shares of all requests with something odd about them."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    postcode_missing: float
    postcode_typo: float
    out_of_county: float
    no_phone: float
    worrying_note: float
    repeated: float
    sent_twice: float
    cancelled: float


class Mix(BaseModel):
    """The weights; deploy/derbyshire/load_mix.yaml says what each means."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    hours: Mapping[int, float]
    overnight: float
    days: Weights
    channels: Weights
    districts: Weights
    how_many_needs: Mapping[int, float]
    needs: Weights
    request_kinds: Mapping[str, str]
    flags: Weights
    ages: Weights
    consent: Weights
    bad: Bad
    worrying_note: str


def read_mix(directory: Path) -> Mix:
    """The county's weights."""
    return Mix.model_validate(yaml.safe_load((directory / MIX_FILE).read_text(encoding="utf-8")))


def read_units(directory: Path) -> Mapping[str, Sequence[str]]:
    """Some unit postcodes by the code of their district, those outside the county too."""
    found: dict[str, list[str]] = {}
    for line in (directory / UNITS_FILE).read_text(encoding="utf-8").splitlines()[1:]:
        unit, _, ended, district = line.split(",")[:4]
        if not ended:
            found.setdefault(district, []).append(unit)
    return found


@dataclass(frozen=True, slots=True)
class Arrivals:
    """When people ask."""

    mix: Mix
    calendar: Calendar
    chance: Random

    def over(self, start: date, days: int, count: int) -> Sequence[datetime]:
        """`count` instants in UTC, in order, over so many local days."""
        dates = [start + timedelta(days=number) for number in range(days)]
        weights = [
            self.mix.days["SU" if day in self.calendar.bank_holidays else WEEKDAYS[day.weekday()]] for day in dates
        ]
        drawn = self.chance.choices(dates, weights, k=count)
        return sorted(self._time_of(day) for day in drawn)

    def _time_of(self, day: date) -> datetime:
        if self.chance.random() < self.mix.overnight:
            hour = self.chance.choice([hour for hour in range(24) if hour not in self.mix.hours])
        else:
            hour = drawn(self.chance, self.mix.hours)
        minute = hour * 60 + self.chance.randrange(60)
        return self.calendar.instant(day, minute) + timedelta(seconds=self.chance.randrange(60))


@dataclass(frozen=True, slots=True)
class Requests:
    """What they ask for."""

    mix: Mix
    units: Mapping[str, Sequence[str]]
    chance: Random

    def one(self, resident: Resident) -> Body:
        """A request of `resident` as it is typed in."""
        needs = self._needs()
        channel = drawn(self.chance, self.mix.channels)
        consent = drawn(self.chance, self.mix.consent)
        return {
            "channel": "phone" if channel == "professional" else channel,
            "request_kind": next(map(self.mix.request_kinds.get, needs), None) or "help",
            "referrer_kind": "professional" if channel == "professional" else "self",
            "person": resident.person(self._age(), with_phone=not self._has(self.mix.bad.no_phone)),
            "address": resident.address,
            "postcode": self._postcode(),
            "consent": {"status": consent, "by": "none" if consent == "unknown" else "self"},
            "needs": needs,
            "flags": [flag for flag, share in self.mix.flags.items() if self._has(share)],
            "food_days_left": self.chance.choice([None, None, 0, 1, 2, 3, 5]),
            "meds_days_left": self.chance.choice([None, None, 1, 2, 4, 7]),
            "notes": resident.note(self.mix.worrying_note if self._has(self.mix.bad.worrying_note) else None),
        }

    def _needs(self) -> list[str]:
        wanted = drawn(self.chance, self.mix.how_many_needs)
        return list(dict.fromkeys(drawn(self.chance, self.mix.needs) for _ in range(wanted)))

    def _age(self) -> int:
        least, most = map(int, drawn(self.chance, self.mix.ages).split("-"))
        return self.chance.randint(least, most)

    def _postcode(self) -> str | None:
        if self._has(self.mix.bad.postcode_missing):
            return None
        outside = [district for district in self.units if district not in self.mix.districts]
        district = (
            self.chance.choice(outside)
            if self._has(self.mix.bad.out_of_county)
            else drawn(self.chance, self.mix.districts)
        )
        unit = self.chance.choice(self.units[district])
        return unit.replace("0", "O", 1) if self._has(self.mix.bad.postcode_typo) else unit

    def _has(self, share: float) -> bool:
        return self.chance.random() < share


def drawn(chance: Random, weights: Mapping[K, float]) -> K:
    """One key, each as often as its weight says."""
    return chance.choices(list(weights), list(weights.values()))[0]


def residents(chance: Random) -> Iterator[Resident]:
    """People without end, each another."""
    number = 0
    while True:
        yield Resident(number, chance.random())
        number += 1
