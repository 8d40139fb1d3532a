"""Text from elsewhere is made harmless, or refused."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.router.openreferral import untrusted
from services.router.openreferral.untrusted import Unusable


@pytest.mark.parametrize(
    ("given_text", "taken"),
    [
        ("A <b>hot</b> meal", "A hot meal"),
        ("<p>One</p><p>Two</p>", "One Two"),
        ("<script>alert(1)</script>Meals", "Meals"),
        ("&lt;script&gt;alert(1)&lt;/script&gt;Meals", "Meals"),
        ("Tea &amp; toast, 2 < 3", "Tea & toast, 2 < 3"),
        ("line\r\nBcc: all@everyone.example", "line Bcc: all@everyone.example"),
        ("nu\x00ll and \u202eright to left\u200b", "null and right to left"),
        ("  many   spaces ", "many spaces"),
        ("Café", "Café"),
    ],
)
def test_text_is_plain_and_on_one_line(given_text: str, taken: str) -> None:
    assert untrusted.text(given_text, 100) == taken


@given(st.text(alphabet=st.sampled_from("ab &;<>/!-\"'lgtamp#x3\n\u202e"), max_size=60))
def test_making_text_harmless_twice_changes_nothing(given_text: str) -> None:
    once = untrusted.text(given_text, 100)
    assert untrusted.text(once, 100) == once
    assert "\n" not in once


@pytest.mark.parametrize("value", [None, 3, ["a"], "a" * 101, "<b>" * 1000])
def test_what_is_no_text_or_too_long_is_refused(value: object) -> None:
    with pytest.raises(Unusable):
        untrusted.text(value, 100)


def test_a_refusal_does_not_repeat_the_value() -> None:
    with pytest.raises(Unusable) as refused:
        untrusted.email("somebody at home")
    assert "somebody" not in str(refused.value)


@pytest.mark.parametrize(
    "value",
    [
        "javascript:alert(1)",
        "//there.example",
        "https://user:pass@there.example/",
        "https://[",
        "ftp://a.example",
        "x y",
    ],
)
def test_only_plain_web_addresses_are_taken(value: str) -> None:
    with pytest.raises(Unusable):
        untrusted.url(value)
    assert untrusted.url(" https://there.example/a?b=c ") == "https://there.example/a?b=c"


@pytest.mark.parametrize(
    ("value", "instant"),
    [
        ("2026-01-05T10:00:00Z", "2026-01-05T10:00:00.000Z"),
        ("2026-07-05T10:00:00.5+01:00", "2026-07-05T09:00:00.500Z"),
    ],
)
def test_instants_are_in_utc(value: str, instant: str) -> None:
    assert untrusted.instant(value) == instant


@pytest.mark.parametrize("value", ["2026-01-05", "2026-01-05T10:00:00", "yesterday", "2026-13-05T10:00:00Z"])
def test_an_instant_needs_a_zone_and_a_real_day(value: str) -> None:
    with pytest.raises(Unusable):
        untrusted.instant(value)


@pytest.mark.parametrize("value", [True, -1, 17.5, 1000, "18", float("nan"), float("inf")])
def test_an_age_is_in_whole_years(value: object) -> None:
    with pytest.raises(Unusable):
        untrusted.age(value)
    assert untrusted.age(18.0) == 18
