"""What partners answered and what clocks rang is heard of by everyone, also when the broker has lost it."""

from collections.abc import AsyncIterator, Mapping, Sequence

import pytest

from shared.clock import new_id
from tests.eventually import eventually
from tests.system.caller import Caller, calling
from tests.system.ledger import under_way
from tests.system.people import a_referral
from tests.system.world import Deployment

pytestmark = [pytest.mark.real, pytest.mark.timeout(240)]
WITHIN_S = 60.0
LISTENERS = ("intake", "notifier")


@pytest.fixture
async def caller(deployment: Deployment) -> AsyncIterator[Caller]:
    async with calling(deployment) as client:
        yield client


async def answered(caller: Caller, offer: str, move: str, **more: str) -> None:
    headers = {"Idempotency-Key": str(new_id())}
    answer = await caller.router.post(
        f"/api/v1/assignments/{offer}/{move}", json={"by": "desk-1", **more}, headers=headers
    )
    assert answer.status_code == 200, answer.text


async def rings(deployment: Deployment, caller: Caller, reference: str, offer: str, state: str) -> None:
    """Let the clock of the answer to `offer` ring now, and wait until its assignment or the clock is in `state`."""
    deployment.databases.execute(
        "router",
        f"UPDATE clock SET due_at = now() WHERE kind = 'respond' AND assignment_id = '{offer}'",
    )

    async def states() -> set[str]:
        (found,) = [each for each in await caller.offers(reference) if each["id"] == offer]
        return {found["state"], *(each["state"] for each in found["clocks"])}

    await eventually(states, lambda now: state in now, within_s=WITHIN_S)


async def as_intake_sees_it(caller: Caller, references: Sequence[str]) -> Mapping[str, object]:
    """By reference: its status, and where its assignments stand in the order of their offers."""
    seen = {}
    for reference in references:
        referral = await caller.see(reference)
        offers = sorted(referral["assignments"], key=lambda each: str(each["offered_at"]))
        seen[reference] = (referral["status"], [each["state"] for each in offers])
    return seen


def untold(deployment: Deployment) -> set[str]:
    """Offers of which the notifier never planned a message."""
    offers = {str(row[0]) for row in deployment.rows("router", "SELECT id FROM assignment")}
    return offers - {str(row[0]) for row in deployment.rows("notifier", "SELECT assignment_id FROM notification")}


async def test_answers_and_silence_that_the_broker_lost_reach_intake_and_the_notifier(
    deployment: Deployment, caller: Caller
) -> None:
    receipts = [await caller.submit(a_referral(30_000 + number)) for number in range(3)]
    references = [receipt["reference"] for receipt in receipts]
    offers = [(await caller.settled(reference))["assignments"][0]["id"] for reference in references]
    before = await as_intake_sees_it(caller, references)
    for each in LISTENERS:
        deployment.services[each].kill()
    accepted, declined, silent = offers
    await answered(caller, accepted, "accept")
    await answered(caller, declined, "decline", reason="not_eligible")
    await rings(deployment, caller, references[2], silent, "warned")
    await rings(deployment, caller, references[2], silent, "expired")

    async def left() -> bool:
        return "router outbox" not in under_way(deployment)

    await eventually(left)
    await deployment.broker.forget()
    for each in LISTENERS:
        deployment.services[each].start()
        await deployment.services[each].wait_until_ready()
    assert await as_intake_sees_it(caller, references) == before
    assert len(untold(deployment)) == 2
    # Silence may last a quarter of an hour, which the test lets pass at once.
    deployment.databases.execute("intake", "UPDATE referral SET sweep_at = now() WHERE sweep_at IS NOT NULL")

    async def now() -> Mapping[str, object]:
        return await as_intake_sees_it(caller, references)

    healed = {
        references[0]: ("in_progress", ["accepted"]),
        references[1]: ("assigned", ["declined", "offered"]),
        references[2]: ("assigned", ["expired", "offered"]),
    }
    await eventually(now, lambda seen: seen == healed, within_s=WITHIN_S)

    async def lacking() -> set[str]:
        return untold(deployment)

    await eventually(lacking, lambda found: not found, within_s=WITHIN_S)
