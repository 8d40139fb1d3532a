"""References can be said, typed and mistyped."""

import random
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.reference import ALPHABET, SPACE, read_reference, reference_of

numbers = st.integers(0, SPACE - 1)


@given(numbers)
def test_a_reference_is_read_as_it_is_written(number: int) -> None:
    reference = reference_of(number)
    assert len(reference) == 8
    assert reference[4] == "-"
    assert not set(reference) & set("ILOU")
    assert read_reference(reference) == reference


@given(numbers)
def test_case_hyphen_spaces_and_lookalikes_do_not_matter(number: int) -> None:
    reference = reference_of(number)
    for typed in (
        reference.lower(),
        reference.replace("-", ""),
        reference.replace("-", " "),
        f" {reference} ",
        reference.replace("0", "o").replace("1", "l"),
        reference.replace("0", "O").replace("1", "I"),
    ):
        assert read_reference(typed) == reference


@given(numbers)
def test_every_single_wrong_character_is_noticed(number: int) -> None:
    text = reference_of(number).replace("-", "")
    for place, right in enumerate(text):
        for wrong in ALPHABET.replace(right, ""):
            assert read_reference(text[:place] + wrong + text[place + 1 :]) is None


@given(numbers)
def test_every_two_swapped_characters_are_noticed(number: int) -> None:
    text = reference_of(number).replace("-", "")
    for first, second in combinations(range(len(text)), 2):
        swapped = list(text)
        swapped[first], swapped[second] = swapped[second], swapped[first]
        if text[first] != text[second]:
            assert read_reference("".join(swapped)) is None


def test_no_two_numbers_share_a_reference() -> None:
    drawn = random.Random(1).sample(range(SPACE), 20_000)
    assert len({reference_of(number) for number in drawn}) == len(drawn)


@pytest.mark.parametrize("typed", ["", "-", "3NQK-8N", "3NQK-8N11", "3NQU-8N1", "\u0660" * 7, "3NQK-8N\u00b9"])
def test_what_is_no_reference_is_none(typed: str) -> None:
    assert read_reference(typed) is None
