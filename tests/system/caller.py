"""A call handler's system: submits referrals over HTTP, tries again when nobody answers, and watches them."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from shared.clock import new_id
from tests.eventually import eventually
from tests.system.people import Body
from tests.system.world import World

Json = dict[str, Any]  # JSON
REFERRALS = "/api/v1/referrals"
WITHIN_S = 60.0
AT_A_TIME = 12
TRY_AGAIN_S = 0.2
# What machines tell: a call waits for a person.
TOLD_BY_MACHINE = frozenset({"email", "sms", "portal"})


@dataclass(slots=True)
class Caller:
    """In bulk: `accepted` are the answers to what was taken, by Idempotency-Key; `put_off` those that said not now."""

    intake: httpx.AsyncClient
    router: httpx.AsyncClient
    accepted: dict[str, Json] = field(default_factory=dict)
    put_off: list[httpx.Response] = field(default_factory=list)

    @property
    def ids(self) -> list[str]:
        """The ids of all that was accepted in bulk."""
        return [receipt["id"] for receipt in self.accepted.values()]

    async def send(self, body: Body, *, key: str | None = None, correlation_id: str | None = None) -> httpx.Response:
        """One try."""
        headers = {"Idempotency-Key": key or str(new_id())}
        if correlation_id:
            headers["X-Correlation-Id"] = correlation_id
        return await self.intake.post(REFERRALS, json=body, headers=headers)

    async def submit(self, body: Body, *, key: str | None = None, correlation_id: str | None = None) -> Json:
        """The receipt of an accepted referral."""
        answer = await self.send(body, key=key, correlation_id=correlation_id)
        assert answer.status_code == 201, answer.text
        receipt: Json = answer.json()
        return receipt

    async def cancel(self, reference: str, reason: str) -> Json:
        """The receipt of a stopped referral."""
        answer = await self.try_to_cancel(reference, reason)
        assert answer.status_code == 200, answer.text
        receipt: Json = answer.json()
        return receipt

    async def try_to_cancel(self, reference: str, reason: str) -> httpx.Response:
        """What is answered to a wish to stop a referral."""
        headers = {"Idempotency-Key": str(new_id())}
        return await self.intake.post(f"{REFERRALS}/{reference}/cancel", json={"reason": reason}, headers=headers)

    async def try_to_reopen(self, reference: str, reason: str) -> httpx.Response:
        """What is answered to a wish to open a finished referral again."""
        headers = {"Idempotency-Key": str(new_id())}
        return await self.intake.post(f"{REFERRALS}/{reference}/reopen", json={"reason": reason}, headers=headers)

    async def see(self, reference: str) -> Json:
        """A referral as it stands."""
        answer = await self.intake.get(f"{REFERRALS}/{reference}")
        assert answer.status_code == 200, answer.text
        referral: Json = answer.json()
        return referral

    async def offers(self, reference: str) -> Sequence[Json]:
        """Its assignments as the router has them."""
        answer = await self.router.get("/api/v1/assignments", params={"referral": reference})
        assert answer.status_code == 200, answer.text
        offers: Sequence[Json] = answer.json()
        return offers

    async def settled(self, reference: str) -> Json:
        """The referral once it is decided and every service that a machine can tell has been told."""

        async def look() -> Json | None:
            referral = await self.see(reference)
            if referral["outcome"] is None:
                return None
            heard = {(a["id"], n["channel"]) for a in referral["assignments"] for n in a["notifications"]}
            offers = await self.offers(reference)
            due = {(offer["id"], channel) for offer in offers for channel in offer["channels"]}
            assigned = {need["code"] for need in referral["needs"] if need["state"] == "assigned"}
            offered = {code for a in referral["assignments"] for code in a["needs"]}
            is_told = {each for each in due if each[1] in TOLD_BY_MACHINE} <= heard
            return referral if is_told and assigned <= offered else None

        found = await eventually(look, lambda seen: seen is not None, within_s=WITHIN_S)
        assert found is not None
        return found

    async def submit_all(
        self, bodies: Sequence[Body], *, at: Mapping[int, Callable[[], Awaitable[None]]] | None = None
    ) -> None:
        """Have all accepted, several at a time, each tried until it is. `at` says what to do once so many are."""
        waiting = list(enumerate(bodies))
        faults = dict(at or {})
        batch = new_id().hex

        async def work() -> None:
            while waiting:
                number, body = waiting.pop(0)
                key = f"{batch}-{number}"
                self.accepted[key] = await self._insist(body, key)
                fault = faults.pop(len(self.accepted), None)
                if fault is not None:
                    await fault()

        await asyncio.gather(*(work() for _ in range(AT_A_TIME)))

    async def _insist(self, body: Body, key: str) -> Json:
        async def attempt() -> httpx.Response | None:
            try:
                answer = await self.send(body, key=key)
            except httpx.TransportError:
                return None
            # Something is away, or the same request is still being handled.
            if answer.status_code >= 500 or answer.status_code == 409:
                self.put_off.append(answer)
                return None
            return answer

        answer = await eventually(attempt, lambda seen: seen is not None, within_s=WITHIN_S, poll_s=TRY_AGAIN_S)
        assert answer is not None
        assert answer.status_code == 201, answer.text
        receipt: Json = answer.json()
        return receipt


@asynccontextmanager
async def calling(world: World) -> AsyncIterator[Caller]:
    """A caller of `world`."""
    limits = httpx.Limits(max_connections=2 * AT_A_TIME)
    async with (
        httpx.AsyncClient(base_url=world.url("intake"), timeout=20, limits=limits) as intake,
        httpx.AsyncClient(base_url=world.url("router"), timeout=20, limits=limits) as router,
    ):
        yield Caller(intake, router)
