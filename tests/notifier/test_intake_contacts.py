"""Asking intake for an address over real HTTP: what is asked, and what each answer or silence means."""

import json
from collections.abc import Iterator

import pytest

from services.notifier.channels.intake_contacts import IntakeContacts, NoContacts
from services.notifier.domain.failure import Failure, NotAddressed, Withheld
from tests.notifier.http_server import Nothing, Reply, Script, nobody_listens, web_server
from tests.notifier.world import IDS

TOKEN = "a secret of tests"
SAM = "sam@riley.example"


@pytest.fixture
def script() -> Script:
    return Script()


@pytest.fixture
def contacts(script: Script) -> Iterator[IntakeContacts]:
    with web_server(script) as port:
        yield IntakeContacts(f"http://127.0.0.1:{port}", TOKEN)


def said(status: int, **body: str) -> Reply:
    return Reply(status, json.dumps(body).encode(), {"content-type": "application/json"})


async def test_intake_is_asked_with_the_secret_and_answers_with_the_address(
    contacts: IntakeContacts, script: Script
) -> None:
    script.replies.append(said(200, address=SAM))
    assert await contacts.address_for(IDS) == SAM
    [asked] = script.asked
    assert (asked.method, asked.path) == ("POST", f"/internal/v1/updates/{IDS}/contact")
    assert asked.headers["authorization"] == f"Bearer {TOKEN}"
    assert asked.body == b""


@pytest.mark.parametrize(
    ("reply", "reason"),
    [
        (said(409, code="not_to_be_told", reason="cancelled"), "cancelled"),
        (said(410, code="gone", reason="erased"), "erased"),
        (said(409, reason=f"{SAM} left"), "not_to_be_told"),
        (said(404, code="not_found"), "unknown"),
    ],
)
async def test_what_intake_withholds_is_not_told(
    contacts: IntakeContacts, script: Script, reply: Reply, reason: str
) -> None:
    script.replies.append(reply)
    with pytest.raises(Withheld) as withheld:
        await contacts.address_for(IDS)
    assert withheld.value.reason == reason


@pytest.mark.parametrize(
    ("reply", "failure", "code"),
    [
        (said(401, code="unauthorised"), Failure.AUTH, "intake-401"),
        (said(403), Failure.AUTH, "intake-403"),
        (said(503), Failure.TRANSIENT, "intake-503"),
        (said(429), Failure.TRANSIENT, "intake-429"),
        (said(302), Failure.TRANSIENT, "intake-302"),
        (Reply(404, b"nothing here"), Failure.TRANSIENT, "intake-404"),
        (Reply(200, b"<html>"), Failure.TRANSIENT, "intake-200"),
        (Reply(200, b"[]"), Failure.TRANSIENT, "intake-200"),
        (said(200), Failure.TRANSIENT, "intake-200"),
        (Nothing.BREAK_OFF, Failure.TRANSIENT, "intake-away"),
    ],
)
async def test_what_says_nothing_about_the_person_is_tried_again(
    contacts: IntakeContacts, script: Script, reply: Reply | Nothing, failure: Failure, code: str
) -> None:
    script.replies.append(reply)
    with pytest.raises(NotAddressed) as failed:
        await contacts.address_for(IDS)
    assert (failed.value.failure, failed.value.code) == (failure, code)


async def test_an_intake_that_is_away_is_asked_again_later() -> None:
    with pytest.raises(NotAddressed) as failed:
        await IntakeContacts(f"http://127.0.0.1:{nobody_listens()}", TOKEN).address_for(IDS)
    assert (failed.value.failure, failed.value.code) == (Failure.TRANSIENT, "intake-away")


async def test_where_no_intake_is_named_nobody_is_told_and_the_message_says_so() -> None:
    with pytest.raises(NotAddressed) as failed:
        await NoContacts().address_for(IDS)
    assert (failed.value.failure, failed.value.code) == (Failure.CONFIG, "intake-none")
