"""docs/events.md says what the code says: each event, its fields, who tells it and who hears it."""

import ast
import re
from pathlib import Path

import pytest

from shared.clock import new_id, utc_now
from shared.envelope import SWEEP_HEADER, Origin, headers_for
from shared.events import (
    CATALOGUE,
    AnyEvent,
    FactAsked,
    Facts,
    NeedPlaced,
    OpenMatch,
    PlaceFacts,
    ReferralDecided,
    Topic,
    Wire,
)
from tests.shared.world import a_cancellation

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "events.md").read_text()
TELLERS = {Topic.REFERRALS: "intake", Topic.ASSIGNMENTS: "router", Topic.NOTIFICATIONS: "notifier"}

every_event = pytest.mark.parametrize("event", CATALOGUE, ids=lambda event: event.type)


def section(event: type[AnyEvent]) -> str:
    """What the page says of `event`, its parts' tables included."""
    return PAGE.partition(f"### `{event.type}`")[2].partition("\n##")[0]


def tables(text: str) -> list[set[str]]:
    """The first column of each table of fields."""
    return [set(re.findall(r"^\| `([^`]+)` \|", rows, re.M)) for rows in text.split("| field | holds |")[1:]]


def subscribed(service: str) -> set[str]:
    """The names of the events in `Subscription(Event, …)`, read from the service's consumers.py."""
    tree = ast.parse((ROOT / "services" / service / "consumers.py").read_text())
    calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    named = [call for call in calls if isinstance(call.func, ast.Name) and call.func.id == "Subscription"]
    return {call.args[0].id for call in named if isinstance(call.args[0], ast.Name)}


def test_it_tells_of_each_event_under_its_topic_and_of_no_other() -> None:
    told = re.findall(r"^## (\w+)\n|^### `([^`]+)`", PAGE, re.M)
    topic, found = "", []
    for heading, kind in told:
        topic = heading or topic
        if kind:
            found.append((topic, kind))
    assert sorted(found) == sorted((str(event.topic), event.type) for event in CATALOGUE)


@every_event
def test_it_names_each_field_of_an_event(event: type[AnyEvent]) -> None:
    assert tables(section(event))[0] == set(event.model_fields)


@pytest.mark.parametrize(("part", "number"), [(Facts, 1), (PlaceFacts, 2), (OpenMatch, 3)])
def test_it_names_each_field_of_the_facts(part: type[Wire], number: int) -> None:
    assert tables(section(CATALOGUE[0]))[number] == set(part.model_fields)


def test_it_names_each_field_of_a_need_placed() -> None:
    assert tables(section(ReferralDecided))[1] == set(NeedPlaced.model_fields)


def test_it_names_each_field_of_a_fact_to_ask_for() -> None:
    assert tables(section(ReferralDecided))[2] == set(FactAsked.model_fields)


@every_event
def test_it_says_who_tells_an_event_and_who_hears_it(event: type[AnyEvent]) -> None:
    hearers = [service for service in ("intake", "router", "notifier") if event.__name__ in subscribed(service)]
    text = " ".join(section(event).split())
    assert f"Told by {TELLERS[event.topic]}; heard by {' and '.join(hearers)}." in text


def test_it_names_each_header() -> None:
    origin = Origin("request-1", new_id(), "00-trace")
    sent = headers_for(a_cancellation(new_id()), new_id(), "/waymark/intake", utc_now(), origin)
    told = set(re.findall(r"^\| `([^`]+)` \|", PAGE.partition("| header | holds |")[2].partition("\n\n")[0], re.M))
    assert told == set(sent) | {SWEEP_HEADER}
