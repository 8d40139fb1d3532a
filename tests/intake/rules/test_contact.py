"""Which phone numbers and e-mail addresses could work, and what is said of those that cannot (R08)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.contact import email_address, phone_number
from tests.intake.rules.builders import ADA, EMPTY, REFERRAL, Rules

DIALLED = st.one_of(st.text(), st.text("+0123456789() -.４", max_size=20))
ADDRESSED = st.one_of(st.text(), st.text("a@. \n", max_size=12))


@pytest.mark.parametrize(
    ("typed", "number"),
    [
        ("07700 900524", "07700900524"),
        ("(01632) 960-001", "01632960001"),
        ("+447700900524", "07700900524"),
        ("+44 7700 900524", "07700900524"),
        ("+44 (0)7700 900524", "07700900524"),
        ("+44(0) 7700 900524", "07700900524"),
        ("+44 07700 900524", "07700900524"),
        ("0044 7700 900524", "07700900524"),
        ("00 44 (0) 7700 900524", "07700900524"),
        ("(+44) 1632 960001", "01632960001"),
        ("０７７００　９００５２４", "07700900524"),
        ("01632.960.001", "01632960001"),
        ("02079460001", "02079460001"),
        ("0808 157 0001", "08081570001"),
        ("0303 123 4567", "03031234567"),
        ("016977 3555", "0169773555"),
    ],
)
def test_a_uk_number_is_known_however_it_is_written(typed: str, number: str) -> None:
    assert phone_number(typed) == number


@pytest.mark.parametrize(
    "typed",
    [
        "01632 96",
        "01632 9600",
        "07700 900524 1",
        "04700 900524",
        "05600 900524",
        "06700 900524",
        "09012 345678",
        "7700 900524",
        "447700900524",
        "+33 1 23 45 67 89",
        "+44 00 7700 900524",
        "07700 900524 ext 2",
        "ask the neighbour",
        "07700+900524",
        "-",
        "٠٧٧٠٠٩٠٠٥٢٤",
    ],
)
def test_anything_else_is_no_uk_number(typed: str) -> None:
    assert phone_number(typed) is None


@pytest.mark.parametrize(("more", "valid"), [(7, False), (8, True), (9, True), (10, False)])
def test_eight_or_nine_more_digits_follow(more: int, valid: bool) -> None:
    assert (phone_number("01" + "6" * more) is not None) == valid


@pytest.mark.parametrize("typed", ["a@b.example", " ada@post.example ", "ada+1@a.b.example", "ü@ü.example"])
def test_an_address_has_one_at_sign_no_spaces_and_a_dot_in_its_domain(typed: str) -> None:
    assert email_address(typed) == typed.strip()


@pytest.mark.parametrize(
    "typed", ["ada", "ada@", "@post.example", "ada@post", "a@b@c.example", "a da@post.example", "ada@post .example",
              "ada@post.", "ada@.example", "ada.example", "ada at post.example", "a\u00a0b@post.example"]
)  # fmt: skip
def test_anything_else_is_no_address(typed: str) -> None:
    assert email_address(typed) is None


def test_a_mobile_counts_as_a_phone(rules: Rules) -> None:
    found = rules.of_person(replace(ADA, phone=None, mobile="07700 900524"))
    assert (found.contactable, found.quality) == (True, ())


def test_a_bad_number_is_flagged_even_when_another_is_good(rules: Rules) -> None:
    found = rules.of_person(replace(ADA, phone="01632 96", mobile="07700 900524"))
    assert (found.contactable, found.quality, found.because[-1]) == (True, ("phone_invalid",), "R08")


def test_a_bad_address_is_flagged_even_when_a_number_is_good(rules: Rules) -> None:
    assert rules.of_person(replace(ADA, email="ada@post")).quality == ("email_invalid",)


def test_an_address_alone_is_enough(rules: Rules) -> None:
    assert rules.of_person(replace(ADA, phone=" ", email="ada@post.example")).quality == ()


def test_when_nothing_valid_is_left_the_referral_still_goes(rules: Rules) -> None:
    found = rules.of_person(replace(ADA, phone="01632 96", email="ada@"))
    assert found.quality == ("phone_invalid", "email_invalid", "no_valid_contact")
    assert (found.contactable, found.missing) == (False, ())


def test_a_concern_report_may_be_anonymous_but_a_bad_value_is_flagged(rules: Rules) -> None:
    report = replace(EMPTY, request_kind="concern_report", needs=("housing.rough_sleeper",))
    bad = replace(report, person=replace(report.person, phone="12"))
    assert rules.assess(report).quality == ("postcode_missing", "district_unresolved")
    assert rules.assess(bad).quality == ("phone_invalid", "postcode_missing", "district_unresolved")


def test_who_cannot_be_reached_at_all_is_flagged_once(rules: Rules) -> None:
    found = rules.assess(replace(REFERRAL, person=replace(ADA, phone=None)))
    assert found.quality == ("no_valid_contact",)


@given(DIALLED)
def test_any_text_is_a_number_or_none_and_a_number_stays_itself(text: str) -> None:
    number = phone_number(text)
    assert number is None or phone_number(number) == number


@given(ADDRESSED)
def test_any_text_is_an_address_or_none_and_an_address_stays_itself(text: str) -> None:
    address = email_address(text)
    assert address is None or email_address(address) == address
