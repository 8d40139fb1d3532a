"""The county that the tests of the rules decide by, and the way they ask it."""

from collections.abc import Callable, Mapping
from typing import Protocol

import pytest

from services.router.configuration import load_county, load_county_documents
from services.router.configuration.documents import read_documents
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Decision
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from tests.router.rules.builders import COUNTY_DIRECTORY


class Route(Protocol):
    """Decide one referral in Derbyshire."""

    def __call__(
        self,
        facts: Facts,
        *,
        remaining: Mapping[str, int] | None = None,
        declined_by: Mapping[str, frozenset[str]] | None = None,
        limited: frozenset[str] = frozenset(),
    ) -> Decision: ...


@pytest.fixture(scope="session")
def county() -> County:
    return load_county(COUNTY_DIRECTORY)


@pytest.fixture
def route(county: County) -> Route:
    def decide_one(
        facts: Facts,
        *,
        remaining: Mapping[str, int] | None = None,
        declined_by: Mapping[str, frozenset[str]] | None = None,
        limited: frozenset[str] = frozenset(),
    ) -> Decision:
        return decide(facts, county, Load(remaining or {}, declined_by or {}, limited))

    return decide_one


Edit = Callable[[str, str, str], County]


@pytest.fixture
def county_with() -> Edit:
    """A county made from the files with one piece of text in one of them replaced."""

    def load_edited(name: str, old: str, new: str) -> County:
        documents = read_documents(COUNTY_DIRECTORY)
        assert old in documents[name]
        return load_county_documents({**documents, name: documents[name].replace(old, new, 1)})

    return load_edited
