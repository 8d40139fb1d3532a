"""Who is the same person, and which earlier referrals count (R11)."""

from dataclasses import replace
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.assessment import OpenReferral
from services.intake.domain.duplicates import folded_name, match_keys
from services.intake.domain.referral import Person
from tests.intake.rules.builders import ADA, LONDON, NOON, REFERRAL, Rules

KEYS = match_keys("Ada Holloway", "DE656WE", ())


def earlier(
    reference: str = "REF-1",
    *,
    keys: frozenset[str] = KEYS,
    status: str = "open",
    received_at: datetime = NOON - timedelta(days=1),
) -> OpenReferral:
    return OpenReferral(reference, keys, ("food.shopping",), status, "P3", received_at)


def same_person(name: str | None, postcode: str | None, phones: tuple[str | None, ...]) -> bool:
    known = match_keys("Maureen O'Hara-Kent", "DE65 6WE", ("07700 900524", "01632 960001"))
    return not known.isdisjoint(match_keys(name, postcode, phones))


@pytest.mark.parametrize(
    "name",
    ["maureen ohara kent", "MAUREEN O’HARA–KENT", " Maureen  O'Hara Kent.", "Máureen Ö'Hàra-Kent", "Maureen OHarakent",
     "Ｍaureen O'Hara-Kent"],
)  # fmt: skip
def test_case_accents_punctuation_and_spacing_of_a_name_do_not_matter(name: str) -> None:
    assert same_person(name, "de65 6we", ())


@pytest.mark.parametrize("name", ["Maureen O'Hara", "Kent Maureen O'Hara", "", None, " ' "])
def test_another_name_or_none_is_another_person(name: str | None) -> None:
    assert not same_person(name, "DE65 6WE", ("07700 900524",))


@pytest.mark.parametrize(("name", "plain"), [("Łukasz", "lukasz"), ("Ørsted", "orsted"), ("Đorđe", "dorde")])
def test_stroked_letters_are_read_as_the_plain_ones(name: str, plain: str) -> None:
    assert folded_name(name) == plain


def test_vowel_signs_are_letters_and_not_accents() -> None:
    assert folded_name("राम") != folded_name("रमा")


@pytest.mark.parametrize("phone", ["07700900524", "+44 (0)7700 900524", "01632 960001"])
def test_any_shared_number_will_do(phone: str) -> None:
    assert same_person("Maureen O'Hara-Kent", "S40 1US", (None, phone))


@pytest.mark.parametrize(
    ("postcode", "phone"),
    [
        (None, None),
        ("", ""),
        ("?", "-"),
        ("DE65 6", None),
        ("DE65", None),
        ("ZZ99 3VZ", "12"),
        ("S40 1US", "07700 900525"),
    ],
)
def test_a_name_alone_is_not_enough(postcode: str | None, phone: str | None) -> None:
    assert not same_person("Maureen O'Hara-Kent", postcode, (phone,))


@pytest.mark.parametrize(("postcode", "phone"), [(None, None), ("", ""), ("unknown", "unknown"), ("DE65 6", "999")])
def test_blank_and_invalid_values_match_nothing_not_even_themselves(postcode: str | None, phone: str | None) -> None:
    assert match_keys("Ada Holloway", postcode, (phone,)) == frozenset()


def test_the_keys_say_which_value_is_shared() -> None:
    assert match_keys("Ada Holloway", "de65 6we", ("07700 900524", None)) == {
        "adaholloway|pc:DE656WE",
        "adaholloway|tel:07700900524",
    }


def test_a_corrected_postcode_is_the_one_compared(rules: Rules) -> None:
    known = earlier(keys=match_keys("Ada Holloway", "DE45 1ZN", ()))
    mistyped = replace(REFERRAL, postcode="DE45 IZN", person=replace(ADA, phone=None))
    assert rules.assess(mistyped, earlier=[known]).open_matches == (known,)


@pytest.mark.parametrize(
    ("ago", "counts"),
    [
        (timedelta(0), True),
        (timedelta(hours=168), True),
        (timedelta(hours=168, seconds=1), False),
        (timedelta(seconds=-1), False),
    ],
)
def test_a_referral_counts_for_seven_days(rules: Rules, ago: timedelta, counts: bool) -> None:
    found = rules.assess(REFERRAL, earlier=[earlier(received_at=NOON - ago)])
    assert bool(found.open_matches) == counts


def test_seven_days_are_elapsed_hours_also_when_the_clocks_change(rules: Rules) -> None:
    # The clocks went forward on 29 March 2020: noon to noon is 167 hours, and 11:00 to noon is 168.
    now = datetime(2020, 4, 1, 12, 0, tzinfo=LONDON)
    inside, outside = datetime(2020, 3, 25, 11, 0, tzinfo=LONDON), datetime(2020, 3, 25, 10, 59, tzinfo=LONDON)
    matches = rules.assess(
        REFERRAL, at=now, earlier=[earlier("IN", received_at=inside), earlier("OUT", received_at=outside)]
    ).open_matches
    assert [match.reference for match in matches] == ["IN"]


@pytest.mark.parametrize("status", ["closed", "completed", "", "OPEN"])
def test_only_an_open_referral_counts(rules: Rules, status: str) -> None:
    assert rules.assess(REFERRAL, earlier=[earlier(status=status)]).open_matches == ()


def test_matches_come_oldest_first_and_as_given_among_equals(rules: Rules) -> None:
    at = (NOON - timedelta(days=2)).astimezone(ZoneInfo("UTC"))
    given_order = [earlier("B"), earlier("A", received_at=at), earlier("C", received_at=at), earlier("D")]
    matches = rules.assess(REFERRAL, earlier=given_order).open_matches
    assert [match.reference for match in matches] == ["A", "C", "B", "D"]


def test_a_match_by_phone_alone_is_the_same_person(rules: Rules) -> None:
    moved = replace(REFERRAL, postcode=None)
    known = earlier(keys=match_keys("ada holloway", "S40 1US", ("+44 1632 960001",)))
    assert rules.assess(moved, earlier=[known]).open_matches == (known,)


def test_different_people_at_one_address_are_not_duplicates(rules: Rules) -> None:
    known = earlier(keys=match_keys("Bert Holloway", "DE65 6WE", ("01632 960001",)))
    assert rules.assess(REFERRAL, earlier=[known]).open_matches == ()


def test_concern_reports_are_not_checked(rules: Rules) -> None:
    assert rules.assess(replace(REFERRAL, request_kind="concern_report"), earlier=[earlier()]).open_matches == ()


def test_a_child_who_asks_alone_is_not_checked(rules: Rules) -> None:
    child = replace(REFERRAL, person=replace(ADA, age=15))
    assert rules.assess(child, earlier=[earlier()]).open_matches == ()
    assert rules.assess(replace(child, referrer_kind="family"), earlier=[earlier()]).open_matches != ()


def test_an_incomplete_referral_is_not_checked(rules: Rules) -> None:
    nothing_wanted = replace(REFERRAL, needs=())
    assert rules.assess(nothing_wanted, earlier=[earlier()]).open_matches == ()


def test_nobody_without_a_name_matches(rules: Rules) -> None:
    nameless = replace(REFERRAL, person=Person(phone="01632 960001"))
    assert rules.assess(nameless, earlier=[earlier(keys=frozenset())]).open_matches == ()


@given(st.text())
def test_any_name_can_be_folded_and_stays_so(name: str) -> None:
    assert folded_name(folded_name(name)) == folded_name(name)


@given(st.text(), st.text(), st.lists(st.none() | st.text(), max_size=2))
def test_keys_are_text_that_can_be_stored(name: str, postcode: str, phones: list[str | None]) -> None:
    for key in match_keys(name, postcode, phones):
        assert key.encode().decode() == key
