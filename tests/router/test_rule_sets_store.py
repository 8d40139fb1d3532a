"""What any store of versions must do: the real one on both databases, and the fake that other tests use."""

from dataclasses import replace
from datetime import timedelta

import pytest

from services.router.domain.publishing import Entry, Noted, Publication, RuleSet
from shared.document_set import version_of
from tests.router.builders import NOON
from tests.router.conftest import Begin

DOCUMENTS = {"rules.yaml": "a: 1", "surges/snow.yaml": "b: ä"}
VERSION = version_of(DOCUMENTS)
DRAFTED = RuleSet(VERSION, "Snow is coming.", "lead-1", NOON)
CHECKED = replace(DRAFTED, findings=(Noted("warning", "Look at this.", "rules.yaml", 3, 1),), checked_at=NOON)
PUBLISHED = Publication(VERSION, Entry.PUBLISHED, NOON, "lead-1", "Snow.", NOON)


async def draft(begin: Begin, *drafted: RuleSet) -> None:
    async with begin() as tx:
        for each in drafted:
            await tx.rule_sets.draft(each, DOCUMENTS)


async def test_a_version_is_kept_with_its_documents(begin: Begin) -> None:
    await draft(begin, CHECKED)
    async with begin() as tx:
        assert await tx.rule_sets.find(VERSION) == CHECKED
        assert await tx.rule_sets.documents(VERSION) == DOCUMENTS
        assert await tx.rule_sets.find("0" * 64) is None
        assert await tx.rule_sets.documents("0" * 64) is None


async def test_who_drafted_first_stays_so_and_what_the_check_found_is_kept_anew(begin: Begin) -> None:
    await draft(begin, DRAFTED, replace(CHECKED, drafted_by="lead-2", reason="Another."))
    async with begin() as tx:
        assert await tx.rule_sets.find(VERSION) == CHECKED


async def test_a_version_is_approved_once_and_then_nothing_of_it_changes(begin: Begin) -> None:
    await draft(begin, CHECKED)
    async with begin() as tx:
        assert await tx.rule_sets.approve(VERSION, "lead-2", NOON)
        assert not await tx.rule_sets.approve(VERSION, "lead-3", NOON)
    await draft(begin, DRAFTED)
    async with begin() as tx:
        assert await tx.rule_sets.find(VERSION) == replace(CHECKED, approved_by="lead-2", approved_at=NOON)


async def test_versions_are_listed_newest_first(begin: Begin) -> None:
    later = RuleSet("f" * 64, "Later.", "lead-1", NOON + timedelta(hours=1))
    await draft(begin, DRAFTED, later)
    async with begin() as tx:
        assert list(await tx.rule_sets.all()) == [later, DRAFTED]


async def test_what_was_withdrawn_stays_in_the_history(begin: Begin) -> None:
    await draft(begin, DRAFTED)
    async with begin() as tx:
        first = await tx.rule_sets.add(PUBLISHED)
        second = await tx.rule_sets.add(replace(PUBLISHED, effective_from=NOON + timedelta(days=1)))
    async with begin() as tx:
        await tx.rule_sets.withdraw(second, "lead-2", "Too early.", NOON)
    async with begin() as tx:
        withdrawn = replace(second, withdrawn_by="lead-2", withdrawn_at=NOON)
        assert list(await tx.rule_sets.history()) == [first, withdrawn]
    assert first.seq < second.seq


@pytest.mark.parametrize("store_url", ["sqlite", pytest.param("postgresql", marks=pytest.mark.real)], indirect=True)
async def test_documents_come_into_force_at_their_time_by_the_databases_clock(begin: Begin) -> None:
    async with begin() as tx:
        present = await tx.rule_sets.present()
        await tx.rule_sets.put_in_force({"rules.yaml": "now"}, present)
        await tx.rule_sets.put_in_force({"rules.yaml": "later"}, present + timedelta(hours=1))
        assert await tx.rule_sets.hold() >= present
