"""Over the API: an urgent referral in the night is with the people on duty at once, and their notice is told."""

import pytest

from services.router.domain.county import County
from shared.documents import save_documents
from shared.envelope import Origin
from shared.events import AssignmentOffered, ReferralDecided
from tests.router.builders import CREATIVE, LEAD, a_submission, documents_with_places, facts_of
from tests.router.conftest import World
from tests.router.rules.builders import london
from tests.router.test_answering import told
from tests.router.test_api import assignments


@pytest.mark.parametrize("night", ["2020-05-06 23:50", "2020-12-24 22:00", "2020-12-31 23:30", "2020-10-25 00:30"])
async def test_it_is_offered_to_the_desk_by_a_channel_that_is_heard_in_the_night(
    world: World, county: County, night: str
) -> None:
    async with world.database.begin(Origin("test-request")) as transaction:
        await save_documents(transaction, documents_with_places({CREATIVE: 0, LEAD: 0}))
    world.clock.at = london(night)
    facts = facts_of("mind.creative_wellbeing", received_at=london(night))
    event = a_submission(facts=facts.model_copy(update={"requested_priority": "P2"}))
    await world.hear(event)
    [assignment] = await assignments(world.client, referral=event.reference)
    assert (assignment["service_id"], assignment["priority"]) == (county.rules.triage_desk, "P2")
    assert assignment["channels"] == ["portal", "sms"]
    decided, offered = await told(world)
    assert isinstance(decided, ReferralDecided)
    assert {"capacity_fallback", "out_of_hours"} <= set(decided.flags)
    assert isinstance(offered, AssignmentOffered)
    assert offered.channels == ("portal", "sms")
