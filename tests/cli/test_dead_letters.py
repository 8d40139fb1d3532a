"""Dead letters at the command line: listed, shown and handed out again."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from uuid import UUID

import pytest

from services.router.store.tables import metadata
from shared.clock import new_id, utc_now
from shared.db import Database, Transaction
from shared.envelope import Origin, Record, headers_for
from shared.errors import NotFound
from shared.events import ReferralCancelled
from shared.inbox import Inbox
from shared.reference import reference_of
from shared.transport import Subscription
from tests.cli.running import assert_one_sentence, waymark
from waymark.embedded import prepare
from waymark.names import ServiceName
from waymark.urls import embedded_url


@pytest.fixture
def data(folder: Path) -> Path:
    """The data folder of an embedded system that has never run."""
    prepare(folder / "data")
    return folder / "data"


def give_up_an_event(data: Path) -> UUID:
    """Let the router refuse an event for good; its id."""
    event = ReferralCancelled(
        referral_id=new_id(), reference=reference_of(7), reason="died", cancelled_at=datetime(2026, 3, 2, tzinfo=UTC)
    )
    event_id = new_id()
    headers = headers_for(event, event_id, "/waymark/intake", utc_now(), Origin("test-request"))
    record = Record(event.topic, str(event.referral_id), event_id, event.model_dump_json(), headers)

    async def refuse(_: Transaction, __: ReferralCancelled) -> None:
        raise NotFound("not-found", "There is no such referral.")

    async def process() -> None:
        database = Database("router", embedded_url(data, ServiceName.ROUTER), metadata, now=utc_now, new_id=new_id)
        await Inbox(database, [Subscription(ReferralCancelled, refuse)]).process(record)
        await database.close()

    asyncio.run(process())
    return event_id


def test_where_no_event_was_given_up_there_is_nothing_to_list_or_replay(data: Path) -> None:
    for service in ("intake", "router", "notifier"):
        assert waymark("dead-letters", "list", service, "--data", data).stdout == "There are none.\n"
        assert waymark("dead-letters", "replay", service, "--data", data).stdout == "0 handed out again\n"


def test_an_event_that_was_given_up_is_listed_shown_and_handed_out_again(data: Path) -> None:
    event_id = give_up_an_event(data)
    listed = waymark("dead-letters", "list", "router", "--data", data)
    assert str(event_id) in listed.stdout
    assert "NotFound: not-found" in listed.stdout
    shown = waymark("dead-letters", "show", "router", str(event_id), "--data", data)
    assert '"reason": "died"' in shown.stdout
    assert waymark("dead-letters", "replay", "router", "--data", data).stdout == "1 handed out again\n"
    assert waymark("dead-letters", "list", "router", "--data", data).stdout == "There are none.\n"


def test_an_event_that_was_not_given_up_cannot_be_shown(data: Path) -> None:
    done = waymark("dead-letters", "show", "router", str(new_id()), "--data", data)
    assert_one_sentence(done, "waymark dead-letters list router")


def test_a_folder_without_data_is_told_in_one_sentence(folder: Path) -> None:
    assert_one_sentence(waymark("dead-letters", "list", "router", "--data", folder))
