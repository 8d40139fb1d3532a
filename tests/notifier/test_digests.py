"""Digests: one e-mail for a contact, of what is still open, and each message's own record."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.hold import Kind, Scope
from services.notifier.domain.message import Email
from services.notifier.domain.notification import Purpose, State
from services.notifier.store.transactions import NotifierTransaction
from shared.clock import utc_now
from shared.document_set import Documents
from shared.envelope import Origin
from shared.events import NotificationSent
from tests.notifier.dying import Killed, die
from tests.notifier.heard import moved, offered
from tests.notifier.holding import AUTH, TRANSIENT, drain, make_probes_due, standing, stop
from tests.notifier.test_holds import CONFIG
from tests.notifier.world import EMAIL, EXPIRED, ORIGIN, SERVICE, ScriptedSender, World

DAYS = timedelta(days=20)


@pytest.fixture
async def daily(world: World, documents: Documents) -> World:
    """A world in which the service wants a digest at nine."""
    await world.arrange(documents, {"digests": {SERVICE: "09:00"}})
    return world


async def collect(world: World, *names: str, safe: bool = False) -> None:
    """Offers that now wait for a digest that is due."""
    await world.hear(*(offered(name=name, priority="P4", due_in=DAYS, safe_contact_only=safe) for name in names))
    alone = ScriptedSender()
    await drain(world, alone)
    assert alone.taken == []
    await world.make_due()


def emails(sender: ScriptedSender) -> list[Email]:
    return [message for message in sender.taken if isinstance(message, Email)]


async def test_two_hundred_offers_to_one_service_are_one_e_mail(daily: World) -> None:
    await collect(daily, *(f"offer {number}" for number in range(200)))
    sender = ScriptedSender()
    worker = daily.digests(sender)
    assert await worker.run_once()
    assert not await worker.run_once()
    [digest] = emails(sender)
    assert (digest.to, digest.template) == (EMAIL, "digest.email@2")
    assert digest.subject == "200 referrals for Volunteer doorstep help"
    stored = await daily.stored()
    assert {(one.state, one.provider_reference) for one in stored} == {(State.SENT, f"scripted:{digest.id}")}
    told = await daily.published()
    assert len(told) == 200
    assert {type(event) for event in told} == {NotificationSent}


async def test_before_its_hour_nothing_leaves(daily: World) -> None:
    await daily.hear(offered(priority="P4", due_in=DAYS))
    sender = ScriptedSender()
    await drain(daily, sender)
    assert not await daily.digests(sender).run_once()
    assert sender.taken == []
    [waiting] = await daily.stored()
    assert (waiting.state, waiting.reason, waiting.attempts) == (State.QUEUED, "digest", 0)
    assert waiting.try_at > utc_now()


@pytest.mark.parametrize("priority", ["P1", "P2"])
async def test_what_is_urgent_is_told_by_itself(daily: World, priority: str) -> None:
    await daily.hear(offered(due_in=DAYS).model_copy(update={"priority": priority}))
    sender = ScriptedSender()
    await drain(daily, sender)
    assert [message.template for message in sender.taken] == ["offer.email@2"]


async def test_what_was_accepted_between_claim_and_send_is_not_listed(daily: World) -> None:
    await collect(daily, "kept", "taken")
    sender = ScriptedSender()
    await replace(daily.digests(sender), begin=Accepting(daily)).run_once()
    [digest] = emails(sender)
    assert digest.subject == "1 referral for Volunteer doorstep help"
    offers = [stored for stored in await daily.stored() if stored.purpose is Purpose.OFFER]
    assert sorted(stored.state for stored in offers) == [State.SENT, State.SKIPPED]


@dataclass
class Accepting:
    """Opens transactions; the service accepts an offer once the first of them, which claims, has ended."""

    world: World
    opened: int = 0

    @asynccontextmanager
    async def __call__(self, origin: Origin) -> AsyncIterator[NotifierTransaction]:
        self.opened += 1
        async with self.world.begin(origin) as tx:
            yield tx
        if self.opened == 1:
            await self.world.hear(moved("accepted", name="taken"))


async def test_when_all_was_answered_nothing_is_sent(daily: World) -> None:
    await collect(daily, "one", "two")
    await daily.hear(moved("accepted", name="one"), moved("declined", name="two"))
    sender = ScriptedSender()
    assert not await daily.digests(sender).run_once()
    assert sender.taken == []


async def test_a_digest_lists_each_offer_and_of_those_to_be_kept_safe_only_the_reference(daily: World) -> None:
    await collect(daily, "plain")
    await collect(daily, "safe", safe=True)
    sender = ScriptedSender()
    await daily.digests(sender).run_once()
    [digest] = emails(sender)
    lines = digest.text.splitlines()
    assert "7K3M-2QX" in lines
    [plain] = [line for line in lines if line.startswith("7K3M-2QX:")]
    assert plain.startswith("7K3M-2QX: Food shopping (can pay), Chesterfield. Reply by ")
    assert digest.html.count("<li>") == 2
    assert digest.html.count("<a ") == 2
    assert digest.html.count("/r/") == digest.text.count("/r/") == 1


async def test_a_digest_that_fails_in_passing_is_sent_whole_later(daily: World) -> None:
    await collect(daily, "one", "two", "three", "four", "five", "six")
    sender = ScriptedSender([TRANSIENT])
    worker = daily.digests(sender)
    await worker.run_once()
    assert {stored.state for stored in await daily.stored()} == {State.QUEUED}
    # Six messages, but one failure of the way.
    assert await standing(daily) == []
    alone = ScriptedSender()
    await drain(daily, alone)
    assert alone.taken == []
    await daily.make_due()
    await worker.run_once()
    assert [digest.subject[:11] for digest in emails(sender)] == ["6 referrals"]


async def test_a_worker_killed_before_recording_leads_to_the_same_digest_again(daily: World) -> None:
    await collect(daily, "one", "two")
    before, after = ScriptedSender(), ScriptedSender()
    with pytest.raises(Killed):
        await daily.digests(before, insist=die, lane=EXPIRED).run_once()
    await daily.digests(after).run_once()
    assert [message.id for message in before.taken] == [message.id for message in after.taken]
    assert after.asked == [after.taken[0].id]
    assert {stored.state for stored in await daily.stored()} == {State.SENT}


async def test_two_workers_send_one_digest(daily: World, open_world: Callable[[], World]) -> None:
    await collect(daily, *(f"offer {number}" for number in range(20)))
    senders = [ScriptedSender(), ScriptedSender()]
    worlds = [daily, open_world()]
    await asyncio.gather(*(world.digests(sender).run_once() for world, sender in zip(worlds, senders, strict=True)))
    assert sum(len(sender.taken) for sender in senders) == 1


@pytest.mark.parametrize(
    ("scope", "subject"),
    [
        (Scope.EVERYTHING, ""),
        (Scope.WAY, "email-by-smtp"),
        (Scope.TEMPLATE, "digest.email"),
        (Scope.SERVICE, SERVICE),
    ],
)
async def test_holds_keep_digests_back(daily: World, scope: Scope, subject: str) -> None:
    await collect(daily, "one")
    held = await stop(daily, scope, subject)
    sender = ScriptedSender()
    assert not await daily.digests(sender).run_once()
    async with daily.begin(ORIGIN) as tx:
        await tx.holds.end(held.id, utc_now(), "mended", None)
    await daily.digests(sender).run_once()
    assert len(sender.taken) == 1


@pytest.mark.parametrize(
    ("fault", "subject", "kind"), [(AUTH, "email-by-smtp", Kind.BREAKER), (CONFIG, "digest.email", Kind.PARKED)]
)
async def test_a_digest_that_cannot_go_opens_its_hold_and_waits(
    daily: World, fault: SendFailed, subject: str, kind: Kind
) -> None:
    await collect(daily, "one", "two")
    sender = ScriptedSender([fault])
    worker = daily.digests(sender)
    await worker.run_once()
    await daily.make_due()
    assert not await worker.run_once()
    [held] = await standing(daily)
    assert (held.subject, held.kind) == (subject, kind)
    assert {stored.state for stored in await daily.stored()} == {State.QUEUED}


async def test_a_digest_to_a_wrong_address_fails_for_each_of_its_offers(daily: World) -> None:
    await collect(daily, "one", "two")
    await daily.digests(ScriptedSender([SendFailed(Failure.PERMANENT_RECIPIENT, "550 5.1.1")])).run_once()
    assert {(one.state, one.reason) for one in await daily.stored()} == {(State.FAILED, "permanent_recipient")}
    assert len(await daily.published()) == 2


async def test_a_breaker_behind_which_only_a_digest_waits_is_probed_with_it(daily: World) -> None:
    await collect(daily, "one")
    sender = ScriptedSender([AUTH, AUTH])
    worker = daily.digests(sender)
    await worker.run_once()
    await daily.make_due()
    await make_probes_due(daily)
    assert await worker.run_once()
    assert (sender.script, len(await standing(daily))) == ([], 1)
    assert not await worker.run_once()
    await make_probes_due(daily)
    await worker.run_once()
    assert (len(sender.taken), await standing(daily)) == (1, [])
