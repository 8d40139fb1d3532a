"""A referral that is stopped, for one of the reasons there are."""

import pytest
from httpx import AsyncClient

from services.intake.domain.progress import CANCEL_REASONS
from shared.events import ReferralCancelled
from tests.intake.calling import REFERRALS, post, submitted, told
from tests.intake.conftest import World


async def test_a_cancelled_referral_tells_the_router_and_says_why(world: World) -> None:
    progress = await submitted(world)
    answer = await post(world.client, {"reason": "died"}, f"{REFERRALS}/{progress.reference}/cancel")
    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    kind, event = (await told(world))[-1]
    assert kind == ReferralCancelled.type
    assert (event["reason"], event["sequence"]) == ("died", 2)
    shown = (await world.client.get(f"{REFERRALS}/{progress.reference}")).json()
    assert (shown["cancel_reason"], shown["needs"][0]["state"]) == ("died", "cancelled")
    assert (shown["timeline"][-1]["before"], shown["timeline"][-1]["after"]) == ("submitted", "cancelled")


async def test_a_cancelled_referral_cannot_be_cancelled_again(world: World) -> None:
    path = f"{REFERRALS}/{(await submitted(world)).reference}/cancel"
    await post(world.client, {"reason": "moved_away"}, path)
    again = await post(world.client, {"reason": "moved_away"}, path)
    assert (again.status_code, again.json()["code"]) == (409, "illegal_transition")
    assert len(await told(world)) == 2


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "because Maureen said so"}])
async def test_a_cancellation_needs_one_of_the_reasons(world: World, body: dict[str, str]) -> None:
    answer = await post(world.client, body, f"{REFERRALS}/{(await submitted(world)).reference}/cancel")
    assert answer.status_code == 422
    assert "Maureen" not in answer.text


@pytest.mark.parametrize("reason", CANCEL_REASONS)
async def test_every_listed_reason_cancels(world: World, reason: str) -> None:
    answer = await post(world.client, {"reason": reason}, f"{REFERRALS}/{(await submitted(world)).reference}/cancel")
    assert answer.status_code == 200


async def test_cancelling_what_does_not_exist_is_not_found(client: AsyncClient) -> None:
    answer = await post(client, {"reason": "died"}, f"{REFERRALS}/3NQK-8N1/cancel")
    assert answer.status_code == 404
