"""One referral out of many that are alike, and how it is described to people."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

from services.router.configuration.checking.possible import MARKED, Box, World
from services.router.domain.facts import Facts, Place

AT = datetime(2020, 1, 6, 12, tzinfo=UTC)
ANY_AGE = 45
PLACE = ("district", "outcode", "ward", "lsoa")
USUAL = {"consent": "given", "consent_by": "self", "request_kind": "help", "referrer_kind": "self"}


@dataclass(frozen=True, slots=True)
class Example:
    """A referral with its place: the district's short code, and the outcode."""

    facts: Facts
    district: str | None
    outcode: str | None


def example_of(box: Box, world: World) -> Example:
    """A referral in the box; whatever the box leaves open is as usual."""
    codes = {field: _code(box, field) for field in (*USUAL, "requested_priority", *PLACE)}
    numbers = {field: _number(box, field) for field in ("age", "food_days_left", "meds_days_left")}
    if not {"age", "age known"} & {*box.between, *box.among}:
        numbers["age"] = ANY_AGE
    return Example(
        Facts(
            received_at=AT,
            channel="contact_centre",
            needs=tuple(sorted(_named(box, "need "))),
            flags=tuple(sorted(_flags(box, world))),
            shield_list_match=False if box.is_only("on the list", False) else None,
            red_flags=("a worrying word",) if box.is_only("red_flag_words", True) else (),
            consent_status=codes["consent"],  # type: ignore[arg-type]  # one of World.codes["consent"]
            consent_by=codes["consent_by"],  # type: ignore[arg-type]  # one of World.codes["consent_by"]
            request_kind=codes["request_kind"] or "",
            referrer_kind=codes["referrer_kind"] or "",
            requested_priority=codes["requested_priority"],  # type: ignore[arg-type]  # a priority or None
            age=numbers["age"],
            food_days_left=numbers["food_days_left"],
            meds_days_left=numbers["meds_days_left"],
            place=Place(ward=codes["ward"], lsoa=codes["lsoa"]),
        ),
        codes["district"],
        codes["outcode"],
    )


def _named(box: Box, kind: str) -> Iterator[str]:
    return (key.removeprefix(kind) for key in box.among if key.startswith(kind) and box.is_only(key, True))


def _flags(box: Box, world: World) -> set[str]:
    """What must be ticked, and as many more markers as are needed."""
    flags = set(_named(box, "flag "))
    markers = world.people.marker_flags
    free = sorted(flag for flag in markers if f"flag {flag}" not in box.among)
    missing = box.between.get(MARKED, (0, 0))[0] - len(flags & markers)
    return flags.union(free[: max(missing, 0)])


def _code(box: Box, field: str) -> str | None:
    usual = USUAL.get(field)
    values = box.among.get(field, {usual})
    return usual if usual in values else min((str(value) for value in values if value is not None), default=None)


def _number(box: Box, field: str) -> int | None:
    return box.between[field][0] if field in box.between and not box.is_only(f"{field} known", False) else None


def described(example: Example) -> str:
    """Such as "aged 15, ticked: no_income; asks for mind.crisis; consent given by self"."""
    facts = example.facts
    parts = ["age unknown" if facts.age is None else f"aged {facts.age}"]
    parts += [f"ticked: {', '.join(facts.flags)}"] if facts.flags else []
    parts += [f"asks for {', '.join(facts.needs)}"] if facts.needs else []
    parts += ["not on the shielding list"] if facts.shield_list_match is False else []
    parts += ["worrying words in the note"] if facts.red_flags else []
    parts += [f"food for {facts.food_days_left} days"] if facts.food_days_left is not None else []
    parts += [f"medicine for {facts.meds_days_left} days"] if facts.meds_days_left is not None else []
    parts += [f"{field} {getattr(facts, name)}" for field, name in NAMES if getattr(facts, name) != USUAL.get(field)]
    places = (example.district, example.outcode, facts.place.ward, facts.place.lsoa)
    parts += [f"in {place}" for place in places if place]
    return "; ".join(parts)


NAMES = (
    ("consent", "consent_status"),
    ("consent_by", "consent_by"),
    ("request_kind", "request_kind"),
    ("referrer_kind", "referrer_kind"),
    ("requested_priority", "requested_priority"),
)
