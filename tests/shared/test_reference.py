"""A reference that somebody asks for: read loosely, and never taken for another."""

import pytest

from shared.errors import NotFound
from shared.reference import reference_of, wanted_reference


@pytest.mark.parametrize("number", [0, 1, 31, 32, 123_456_789, 32**6 - 1])
def test_what_is_asked_for_is_found_however_it_is_typed(number: int) -> None:
    reference = reference_of(number)
    loosely = reference.replace("-", " ").replace("0", "o").replace("1", "l").lower()
    assert wanted_reference(loosely) == wanted_reference(reference) == reference


@pytest.mark.parametrize("typed", ["", "3NQK", "3NQK-8N2", "3NQK-8N1-1", "maureen!", "\x00", "٣NQK-8N1"])
def test_what_can_be_no_reference_is_not_found_and_not_repeated(typed: str) -> None:
    with pytest.raises(NotFound) as refusal:
        wanted_reference(typed)
    assert not typed or typed not in refusal.value.detail.replace("3NQK-8N1", "")
