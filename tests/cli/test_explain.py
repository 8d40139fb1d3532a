"""`waymark explain`, as a triage lead reads it on a screen of 80 columns."""

import asyncio
from pathlib import Path

import pytest

from services.router.main import build, load_directory
from services.router.settings import RouterSettings
from shared.clock import new_id, utc_now
from shared.inbox import Inbox
from tests.cli.running import assert_one_sentence, waymark
from tests.links import LINK_KEYS
from tests.router.builders import a_reference, a_submission, facts_of
from tests.router.conftest import a_record
from tests.router.rules.builders import COUNTY_DIRECTORY
from waymark.embedded import prepare
from waymark.names import ServiceName
from waymark.urls import embedded_url

WIDTH = 80


@pytest.fixture
async def reference(folder: Path) -> str:
    """A referral that was routed by the system in `var`, of somebody too young for most."""
    await asyncio.to_thread(prepare, folder / "var")
    url = embedded_url(folder / "var", ServiceName.ROUTER)
    service = build(RouterSettings(router_database_url=url, link_keys=LINK_KEYS), now=utc_now, new_id=new_id)
    await load_directory(service.database, COUNTY_DIRECTORY)
    event = a_submission(facts=facts_of("food.shopping", age=17).model_copy(update={"referrer_kind": "family"}))
    await Inbox(service.database, service.subscriptions).process(a_record(event))
    await service.database.close()
    return event.reference


def test_a_decision_is_explained_on_80_columns(reference: str) -> None:
    done = waymark("explain", reference, "--data", "var", COLUMNS=str(WIDTH))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert max(map(len, lines)) <= WIDTH
    said = " ".join(done.stdout.split())
    assert "Routed: Young people under 18: help and advice gets food shopping (can pay)" in said
    assert "3 of 24 | age -3 | eligible 0" in said
    assert "accepts ages from 18; given 17" in said
    assert "✓ age is below 18 (given: 17)" in said
    assert "? food left is below 2 days (given: unknown)" in said
    assert "For how many days is there still food in the house?" in said


def test_it_says_why_not_another_service_and_what_would_have_changed_that(reference: str) -> None:
    asked = ("explain", reference, "--why-not", "svc-dva-doorstep", "--need", "food.shopping", "--data", "var")
    done = waymark(*asked, COLUMNS=str(WIDTH))
    said = " ".join(done.stdout.split())
    assert "accepts ages from 18; given 17." in said
    assert "It would have got it if - the age was 18" in said


def test_what_is_not_there_is_one_sentence(reference: str) -> None:
    assert_one_sentence(waymark("explain", a_reference(), "--data", "var"), "no decision")
    assert_one_sentence(waymark("explain", reference, "--why-not", "svc-nobody", "--data", "var"), "no such service")
