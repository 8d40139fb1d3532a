"""Which version is in force when: never none after the first, never two, and what one goes back to."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from services.router.domain.publishing import (
    Entry,
    Noted,
    Publication,
    RuleSet,
    Stage,
    before,
    in_force,
    is_kept_in_a_folder,
    scheduled,
    spans,
)
from tests.router.builders import NOON


def published(version: str, minute: int, *, entry: Entry = Entry.PUBLISHED, seq: int = 0) -> Publication:
    at = NOON + timedelta(minutes=minute)
    return Publication(version, entry, at, "lead-1", "A reason.", at, seq=seq or minute + 1)


HISTORY = (published("a", 0, entry=Entry.LOADED), published("b", 10), published("c", 20))
AT_ONCE_BACK = published("b", 25, entry=Entry.ROLLED_BACK)


def version_at(history: tuple[Publication, ...], minute: float) -> str | None:
    found = in_force(history, NOON + timedelta(minutes=minute))
    return found.version if found else None


def back_from(history: tuple[Publication, ...], minute: float) -> str | None:
    found = before(history, NOON + timedelta(minutes=minute))
    return found.version if found else None


def test_a_version_is_in_force_from_its_very_instant_until_the_next_ones() -> None:
    assert [version_at(HISTORY, minute) for minute in (-1, 0, 9.999, 10, 19.999, 20, 1e6)] == [
        None, "a", "a", "b", "b", "c", "c",
    ]  # fmt: skip


@given(minutes=st.lists(st.integers(0, 50), min_size=1, unique=True), withdrawn=st.sets(st.integers(0, 50)))
def test_there_is_neither_gap_nor_overlap(minutes: list[int], withdrawn: set[int]) -> None:
    history = [
        Publication(
            str(minute), Entry.PUBLISHED, NOON + timedelta(minutes=minute), "a", "b", NOON, seq,
            withdrawn_at=NOON if minute in withdrawn else None,
        )
        for seq, minute in enumerate(minutes)
    ]  # fmt: skip
    found = spans(history)
    assert len(found) == len(set(minutes) - withdrawn)
    assert [span.until for span in found[:-1]] == [span.publication.effective_from for span in found[1:]]
    assert [span.until for span in found[-1:]] == [None] * bool(found)
    for span in found:
        assert in_force(history, span.publication.effective_from) == span.publication


def test_what_is_scheduled_is_neither_in_force_nor_gone_back_to() -> None:
    assert [each.version for each in scheduled(HISTORY, NOON + timedelta(minutes=5))] == ["b", "c"]
    assert back_from(HISTORY, 5) is None
    assert back_from(HISTORY, 15) == "a"


def test_to_go_back_twice_leads_two_versions_back() -> None:
    history = (*HISTORY, AT_ONCE_BACK)
    assert version_at(history, 26) == "b"
    assert back_from(history, 26) == "a"
    assert back_from((*history, published("a", 30, entry=Entry.ROLLED_BACK)), 31) is None


def test_what_was_gone_back_from_may_be_published_again() -> None:
    history = (*HISTORY, AT_ONCE_BACK, published("c", 40))
    assert (version_at(history, 41), back_from(history, 41)) == ("c", "b")


def test_a_county_is_kept_in_a_folder_until_somebody_publishes() -> None:
    assert is_kept_in_a_folder((), NOON)
    assert is_kept_in_a_folder(HISTORY, NOON)
    assert not is_kept_in_a_folder(HISTORY, NOON + timedelta(minutes=10))


def test_only_what_is_without_errors_comes_to_be_approved() -> None:
    drafted = RuleSet("a", "A reason.", "lead-1", NOON, (Noted("error", "No."), Noted("warning", "Look.")))
    assert (drafted.stage, drafted.errors) == (Stage.DRAFT, 1)
    assert RuleSet("a", "A reason.", "lead-1", NOON, (), NOON).stage is Stage.CHECKED
    assert RuleSet("a", "A reason.", "lead-1", NOON, (), NOON, "lead-2", NOON).stage is Stage.APPROVED
