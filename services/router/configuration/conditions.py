"""Conditions of the rules file, compiled into the tests of the domain."""

from collections.abc import Iterator, Sequence

from services.router.configuration.codes import Codes, Vocabulary
from services.router.configuration.documents import refused
from services.router.configuration.rules_schema import PlacedWhenDoc, RangeDoc, SetDoc, WhenDoc
from services.router.domain.conditions import (
    AllOf,
    AnyOf,
    CodeField,
    Condition,
    NoneOf,
    NumberField,
    OneOf,
    SetField,
    Test,
    Truth,
    TruthField,
    Within,
)


def compile_condition(when: WhenDoc, place: str, known: Vocabulary) -> Condition:
    """Raises Refused for an unknown flag, concern or district, and for a condition that asks nothing."""
    return Condition(
        (
            *_sets(when, place, known),
            *_codes(when, place, known),
            *_numbers(when, place),
            *_truths(when),
        )
    )


def _sets(when: WhenDoc, place: str, known: Vocabulary) -> Iterator[Test]:
    fields: tuple[tuple[SetField, SetDoc | None, Codes], ...] = (
        ("flags", when.flags, known.flags),
        ("concerns", when.concerns, known.concerns),
    )
    for field, asked, codes in fields:
        if asked is None:
            continue
        place_of_field = f"{place}.{field}"
        if asked.any_of is None and asked.all_of is None and asked.none_of is None:
            raise refused(place_of_field, "any, all or none is needed")
        if asked.any_of is not None:
            yield AnyOf(field, frozenset(codes.all(asked.any_of, place_of_field)))
        if asked.all_of is not None:
            yield AllOf(field, frozenset(codes.all(asked.all_of, place_of_field)))
        if asked.none_of is not None:
            yield NoneOf(field, frozenset(codes.all(asked.none_of, place_of_field)))


def _codes(when: WhenDoc, place: str, known: Vocabulary) -> Iterator[Test]:
    fields: list[tuple[CodeField, Sequence[str] | None]] = [
        ("consent", when.consent),
        ("consent_by", when.consent_by),
        ("shielding", when.shielding),
        ("request_kind", when.request_kind),
        ("referrer_kind", when.referrer_kind),
        ("requested_priority", when.requested_priority),
        ("ward", when.ward),
        ("lsoa", when.lsoa),
    ]
    if isinstance(when, PlacedWhenDoc):
        known.short_codes.all(when.district or (), f"{place}.district")
        fields += [("district", when.district), ("outcode", when.outcode)]
    for field, asked in fields:
        if asked is not None and not asked:
            raise refused(f"{place}.{field}", "at least one code is needed")
        if asked is not None:
            yield OneOf(field, frozenset(asked))


def _numbers(when: WhenDoc, place: str) -> Iterator[Test]:
    fields: tuple[tuple[NumberField, RangeDoc | None], ...] = (
        ("age", when.age),
        ("markers", when.markers),
        ("food_days_left", when.food_days_left),
        ("meds_days_left", when.meds_days_left),
    )
    for field, asked in fields:
        if asked is None:
            continue
        if asked.least is None and asked.below is None:
            raise refused(f"{place}.{field}", "from or below is needed")
        if asked.least is not None and asked.below is not None and asked.least >= asked.below:
            raise refused(f"{place}.{field}", "no number is from that on and below that")
        yield Within(field, asked.least, asked.below)


def _truths(when: WhenDoc) -> Iterator[Test]:
    fields: tuple[tuple[TruthField, bool | None], ...] = (
        ("own_consent", when.own_consent),
        ("red_flag_words", when.red_flag_words),
        ("most_vulnerable", when.most_vulnerable),
    )
    for field, asked in fields:
        if asked is not None:
            yield Truth(field, asked)
