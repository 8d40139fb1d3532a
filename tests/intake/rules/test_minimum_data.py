"""What a referral needs at the least, and what is made of text and codes (R01, R09, R12, R21)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.assessment import Place
from services.intake.domain.referral import Person, Submission
from tests.intake.rules.builders import ADA, EMPTY, REFERRAL, Rules

ANYTHING = st.one_of(st.none(), st.text())
PERSONS = st.builds(
    Person, name=ANYTHING, age=st.none() | st.integers(), dob=ANYTHING, phone=ANYTHING, mobile=ANYTHING, email=ANYTHING,
    language=ANYTHING,
)  # fmt: skip
SUBMISSIONS = st.builds(
    Submission,
    request_kind=st.sampled_from(["help", "concern_report"]) | st.text(),
    referrer_kind=st.text(),
    person=PERSONS,
    address=ANYTHING,
    postcode=ANYTHING,
    district_hint=ANYTHING,
    household_size=st.none() | st.integers(),
    needs=st.lists(st.text() | st.sampled_from(["food.shopping", "mind.crisis"]), max_size=3).map(tuple),
    flags=st.lists(st.text() | st.sampled_from(["over_70", "suicidal_now"]), max_size=3).map(tuple),
    notes=ANYTHING,
)


def test_nothing_at_all_lacks_both(rules: Rules) -> None:
    found = rules.assess(EMPTY)
    assert found.missing == ("need", "contact")
    assert found.place == Place()
    assert found.quality == ("name_missing", "no_valid_contact")


@pytest.mark.parametrize(
    "wanted",
    [
        replace(EMPTY, needs=("food.shopping",)),
        replace(EMPTY, needs=("no.such",)),
        replace(EMPTY, notes="Rang about a parcel"),
    ],
)
def test_a_need_or_a_note_says_what_is_wanted(rules: Rules, wanted: Submission) -> None:
    assert rules.assess(wanted).missing == ("contact",)


@pytest.mark.parametrize("notes", ["", "  \n", "\u200b"])
def test_a_blank_note_and_a_blank_need_say_nothing(rules: Rules, notes: str) -> None:
    assert rules.assess(replace(REFERRAL, needs=("", " "), notes=notes)).missing == ("need",)


@pytest.mark.parametrize(
    "reached",
    [
        replace(EMPTY, person=Person(phone="01632 960001")),
        replace(EMPTY, person=Person(mobile="07700 900001")),
        replace(EMPTY, person=Person(email="ada@post.example")),
        replace(EMPTY, address="Flat above the ironmonger"),
        replace(EMPTY, postcode="DE65 6WE"),
        replace(EMPTY, postcode="??"),
    ],
)
def test_any_one_way_to_the_person_is_enough(rules: Rules, reached: Submission) -> None:
    assert rules.assess(replace(reached, needs=("food.shopping",))).missing == ()
    assert rules.assess(reached).missing == ("need",)


@pytest.mark.parametrize(
    "unreached",
    [
        replace(EMPTY, person=Person(phone="01632 96", email="ada@")),
        replace(EMPTY, address=" ", postcode=" "),
        replace(EMPTY, district_hint="E07000034"),
    ],
)
def test_an_invalid_contact_is_no_way_to_the_person(rules: Rules, unreached: Submission) -> None:
    assert rules.assess(replace(unreached, needs=("food.shopping",))).missing == ("contact",)


def test_a_concern_report_needs_no_contact_but_says_what_is_seen(rules: Rules) -> None:
    report = replace(EMPTY, request_kind="concern_report")
    assert rules.assess(report).missing == ("need",)
    assert rules.assess(replace(report, needs=("cohesion.tension",))).missing == ()
    assert "name_missing" not in rules.assess(report).quality


@pytest.mark.parametrize(
    "flag",
    ["immediate_danger", "suicidal_now", "suicidal_thoughts", "domestic_abuse", "child_at_risk", "adult_at_risk",
     "self_neglect", "modern_slavery"],
)  # fmt: skip
def test_a_flag_that_calls_for_action_needs_nothing_else(rules: Rules, flag: str) -> None:
    assert rules.assess(replace(EMPTY, flags=(flag,))).missing == ()


@pytest.mark.parametrize(
    "need",
    ["mind.crisis", "safe.domestic_abuse", "safe.child_concern", "safe.adult_abuse", "safe.self_neglect",
     "safe.modern_slavery"],
)  # fmt: skip
def test_a_need_that_calls_for_action_needs_nothing_else(rules: Rules, need: str) -> None:
    assert rules.assess(replace(EMPTY, needs=(need,))).missing == ()


@pytest.mark.parametrize("need", ["safe.scam", "risk.suicide", "triage.red_flag"])
def test_other_needs_of_danger_still_want_a_contact(rules: Rules, need: str) -> None:
    assert rules.assess(replace(EMPTY, needs=(need,))).missing == ("contact",)


def test_a_risk_to_visitors_alone_is_no_action(rules: Rules) -> None:
    assert rules.assess(replace(EMPTY, flags=("violence_risk",))).missing == ("need", "contact")


def test_red_flag_words_need_nothing_else(rules: Rules) -> None:
    told = replace(EMPTY, notes="He said he wants to die")
    assert rules.assess(told).missing == ()
    assert rules.assess(replace(told, notes="He said hello")).missing == ("contact",)


def test_a_child_who_asks_alone_needs_nothing_else(rules: Rules) -> None:
    child = replace(EMPTY, person=Person(age=15))
    assert rules.assess(child).missing == ()
    for older in (
        replace(child, person=Person(age=16)),
        replace(child, referrer_kind="friend"),
        replace(child, request_kind="volunteer_offer"),
        replace(child, person=Person(age=15, dob="unknown")),
    ):
        assert rules.assess(older).missing == ("need", "contact")


def test_an_incomplete_referral_keeps_what_was_noticed_of_text_contact_and_age(rules: Rules) -> None:
    found = rules.assess(
        replace(
            EMPTY, person=Person(phone="1", age=200), notes="  " + " " * 2000, postcode="", district_hint="E07000034"
        )
    )
    assert found.quality == ("name_missing", "long_notes", "age_invalid", "phone_invalid", "no_valid_contact")
    assert set(found.because) == {"R01", "R08", "R09", "R10"}


@pytest.mark.parametrize("name", [None, "", " "])
def test_a_missing_name_is_only_noted(rules: Rules, name: str | None) -> None:
    found = rules.of_person(replace(ADA, name=name))
    assert (found.missing, found.quality) == ((), ("name_missing",))


@pytest.mark.parametrize(("length", "flags"), [(2000, ()), (2001, ("long_notes",))])
def test_notes_are_long_from_2001_characters(rules: Rules, length: int, flags: tuple[str, ...]) -> None:
    assert rules.assess(replace(REFERRAL, notes="🙏" * length)).quality == flags


def test_unknown_and_system_codes_become_one_unclassified_need(rules: Rules) -> None:
    found = rules.assess(replace(REFERRAL, needs=("food.shoping", "food.shopping", "risk.suicide", "food.shopping")))
    assert found.needs == ("info.unclassified", "food.shopping")
    assert found.quality == ("unknown_need_code",)
    assert "R12" in found.because


def test_a_note_alone_names_no_need(rules: Rules) -> None:
    found = rules.assess(replace(REFERRAL, needs=(), notes="Was not sure what she was asking for"))
    assert (found.needs, found.has_note, found.quality) == ((), True, ())


def test_only_known_flags_go_on(rules: Rules) -> None:
    found = rules.assess(replace(REFERRAL, flags=("carer", "lives with Bert", "carer", "over_70"), person=ADA))
    assert found.flags == ("carer", "over_70")


@pytest.mark.parametrize(
    ("typed", "code"),
    [
        (None, "en"),
        ("", "en"),
        ("en", "en"),
        (" PL ", "pl"),
        ("en-GB", "en"),
        ("pt_BR", "pt"),
        ("Polish", "und"),
        ("?", "und"),
    ],
)
def test_a_language_is_a_code_and_english_when_none_is_given(rules: Rules, typed: str | None, code: str) -> None:
    assert rules.of_person(replace(ADA, language=typed)).language == code


@given(SUBMISSIONS)
def test_any_submission_can_be_assessed_and_only_codes_go_on(rules: Rules, submission: Submission) -> None:
    found = rules.assess(submission)
    assert set(found.needs) <= rules.policy.needs
    assert set(found.flags) <= rules.policy.flags
    assert set(found.missing) <= {"need", "contact"}
