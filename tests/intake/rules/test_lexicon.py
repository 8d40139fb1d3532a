"""Worrying words in notes (R19)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.lexicon import Category, Lexicon, plain_text
from tests.intake.rules.builders import REFERRAL, Rules

LEXICON = Lexicon.of(
    [
        Category(
            "suicide",
            frozenset({"suicidal_now", "suicidal_thoughts"}),
            ("kill myself", "self harm", "self-harm", "suicide"),
        ),
        Category("abuse", frozenset({"domestic_abuse"}), ("hits me", "won't let me leave", "raped")),
        Category("medical", frozenset({"immediate_danger"}), ("can't breathe", "collapsed")),
    ]
)


@pytest.mark.parametrize(
    ("notes", "category"),
    [
        ("I will kill myself.", "suicide"),
        ("KILL MYSELF", "suicide"),
        ("kill   \n myself", "suicide"),
        ("kill, myself", "suicide"),
        ("kill…myself", "suicide"),
        ("«kill myself»", "suicide"),
        ("(self–harm)", "suicide"),
        ("self\u2011harm", "suicide"),
        ("self-harm", "suicide"),
        ("suicide's", "suicide"),
        ("suicide-", "suicide"),
        ("sui\u00adcide", "suicide"),
        ("ＳＵＩＣＩＤＥ", "suicide"),
        ("She won’t let me leave", "abuse"),
        ("she won‘t let me leave", "abuse"),
        ("she won`t let me leave", "abuse"),
        ("He hits me!He", "abuse"),
        ("can’t breathe 🙏", "medical"),
        ("🙏collapsed🙏", "medical"),
    ],
)
def test_a_phrase_is_found_however_it_is_written(notes: str, category: str) -> None:
    assert LEXICON.found(notes) == {category}


@pytest.mark.parametrize(
    "notes",
    [
        None, "", "skill myself", "kill myselfs", "kill_myself", "kill myself_", "_kill myself", "suicides", "suicide2",
        "suicideé", "éraped", "drapede", "self - harm", "kill-myself", "kill'myself", "cant breathe", "can t breathe",
        "collapse d", "2collapsed",
    ],
)  # fmt: skip
def test_part_of_a_word_is_no_phrase(notes: str | None) -> None:
    assert LEXICON.found(notes) == frozenset()


def test_there_is_no_handling_of_negation() -> None:
    assert LEXICON.found("He has not collapsed.") == {"medical"}


def test_a_category_that_a_ticked_flag_covers_is_passed_over() -> None:
    notes = "He hits me and I want to kill myself"
    assert LEXICON.uncovered(notes, ()) == ("suicide", "abuse")
    assert LEXICON.uncovered(notes, ("suicidal_thoughts", "carer")) == ("abuse",)
    assert LEXICON.uncovered(notes, ("suicidal_now", "domestic_abuse")) == ()


def test_a_chosen_need_covers_nothing(rules: Rules) -> None:
    told = replace(REFERRAL, needs=("safe.domestic_abuse",), notes="He hits her")
    assert rules.assess(told).red_flags == ("abuse",)
    assert rules.assess(replace(told, flags=("domestic_abuse",))).red_flags == ()


def test_every_phrase_of_the_county_is_found_in_a_sentence(rules: Rules) -> None:
    lexicon = rules.policy.lexicon
    missed = [
        phrase
        for category in lexicon.categories
        for phrase in category.phrases
        if category.code not in lexicon.found(f"Caller said: “{phrase.upper().replace(chr(39), '’')}”, then rang off.")
    ]
    assert missed == []


def test_a_phrase_without_a_word_is_refused() -> None:
    with pytest.raises(ValueError, match="abuse"):
        Lexicon.of([Category("abuse", frozenset(), ("...",))])


@given(st.text())
def test_any_note_can_be_searched_and_plain_text_stays_plain(notes: str) -> None:
    assert LEXICON.found(notes) <= {"suicide", "abuse", "medical"}
    assert plain_text(plain_text(notes)) == plain_text(notes)


@given(st.text(), st.text(), st.sampled_from(["kill myself", "won't let me leave", "collapsed"]))
def test_a_phrase_with_a_gap_on_either_side_is_always_found(before: str, after: str, phrase: str) -> None:
    assert LEXICON.found(f"{before} {phrase} {after}")
