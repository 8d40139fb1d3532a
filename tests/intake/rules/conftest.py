"""The county's rule data and the made-up unit postcodes, loaded once."""

from pathlib import Path

import pytest
from hypothesis import settings

from services.intake.configuration import load_places, load_policy_from
from services.intake.domain.places import PlaceTable
from services.intake.domain.policy import Policy
from tests.intake.rules.builders import Rules

# How long an example takes says nothing on a busy machine.
settings.register_profile("patient", deadline=None)
settings.load_profile("patient")

COUNTY = Path(__file__).parents[3] / "deploy" / "derbyshire"


@pytest.fixture(scope="session")
def county() -> Path:
    return COUNTY


@pytest.fixture(scope="session")
def policy() -> Policy:
    return load_policy_from(COUNTY)


@pytest.fixture(scope="session")
def places() -> PlaceTable:
    return load_places(COUNTY)


@pytest.fixture(scope="session")
def rules(policy: Policy, places: PlaceTable) -> Rules:
    return Rules(policy, places)
