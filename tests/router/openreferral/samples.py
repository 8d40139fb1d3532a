"""The county's directory, changed as a test needs it, and services as another directory would publish them."""

from collections.abc import Callable
from copy import deepcopy
from datetime import date
from functools import cache
from typing import Any
from uuid import UUID

import yaml

from services.router.configuration.documents import PARTNERS, read_documents
from services.router.openreferral.publishing import Publisher
from services.router.openreferral.source import Source, read_source
from tests.router.rules.builders import COUNTY_DIRECTORY

Tree = dict[str, Any]  # YAML or JSON
TODAY = date(2026, 3, 2)
BASE = "https://feed.example"
FOOD_BANK = "svc-foodbank-ch"
REFUGE = "svc-da-helpline"
PREMISES: Tree = {
    "name": "Saint Thomas hall",
    "address": "1 Chatsworth Road",
    "city": "Chesterfield",
    "postcode": "S40 2AH",
    "latitude": 53.2344,
    "longitude": -1.4419,
    "uprn": "10001234567",
}
LISTING: Tree = {
    "url": "https://foodbanks.example/chesterfield",
    "email": "hello@foodbanks.example",
    "phones": [{"number": "01632 960900", "description": "Answered on weekdays"}],
    "fees": "Free",
    "alert": "Closed on the first Monday in May.",
    "locations": [PREMISES],
}


def service_in(tree: Tree, own: str) -> Tree:
    """One service of a file on partners."""
    return next(service for each in tree["organizations"] for service in each["services"] if service["id"] == own)


def well_listed(tree: Tree) -> None:
    """The food bank in Chesterfield with everything that can be told of a service."""
    checked = {"assured_date": "2026-02-01", "assurer_email": "desk@foodbanks.example"}
    service_in(tree, FOOD_BANK).update(listing=deepcopy(LISTING), last_modified="2026-02-01T09:00:00.000Z", **checked)


def partners(*edits: Callable[[Tree], None]) -> Tree:
    """The county's file on partners after these edits."""
    tree: Tree = yaml.load((COUNTY_DIRECTORY / PARTNERS).read_text("utf-8"), yaml.CSafeLoader)
    for edit in edits:
        edit(tree)
    return tree


def documents(tree: Tree) -> dict[str, str]:
    """The county's documents with this file on partners."""
    return {**read_documents(COUNTY_DIRECTORY), PARTNERS: yaml.dump(tree, Dumper=_Dumper, sort_keys=False)}


def source(tree: Tree) -> Source:
    """The directory that a file on partners makes."""
    return _source(yaml.dump(tree, Dumper=_Dumper, sort_keys=False))


class _Dumper(yaml.CSafeDumper):
    """YAML without references to other parts, which a county's files may not have."""

    def ignore_aliases(self, data: object) -> bool:
        return True


@cache
def _source(text: str) -> Source:
    return read_source({**read_documents(COUNTY_DIRECTORY), PARTNERS: text})


def published(found: Source, today: date = TODAY) -> list[Tree]:
    """Its public services, by name and id."""
    return list(Publisher(found, BASE).services(today))


def an_id(number: int) -> str:
    """An id that another directory gave."""
    return str(UUID(int=number, version=4))


def a_service(number: int = 1, **fields: object) -> Tree:
    """A service as another directory publishes it."""
    return {
        "id": an_id(number),
        "name": f"Lunch club {number}",
        "description": "A hot meal and company.",
        "url": "https://lunch.example/club",
        "status": "active",
        "last_modified": "2026-01-05T10:00:00.000Z",
        "schedules": [{"id": an_id(900), "freq": "WEEKLY", "byday": "TU", "opens_at": "12:00", "closes_at": "14:00"}],
        "service_areas": [
            {"id": an_id(901), "uri": "http://statistics.data.gov.uk/id/statistical-geography/E07000034"}
        ],
        "organization": {"id": an_id(800), "name": "Lunch together", "description": "Clubs for everybody."},
        **fields,
    }
