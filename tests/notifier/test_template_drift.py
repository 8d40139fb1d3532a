"""Templates at GOV.UK Notify that no longer go with ours are parked, and let go once they do again."""

from collections.abc import Mapping

import pytest

from services.notifier.channels.notify import Notify
from services.notifier.channels.notify_templates import NotifyTemplates
from services.notifier.channels.templates import placeholders
from services.notifier.domain.hold import Kind, Scope
from services.notifier.upkeep import WatchTemplates
from tests.notifier.heard import offered
from tests.notifier.holding import drain, standing
from tests.notifier.notify_server import NAMES, VERSION, FakeNotify, as_at_notify
from tests.notifier.world import (
    ScriptedSender,
    World,
)


def templates(notify: Notify, versions: Mapping[str, int] | None = None) -> NotifyTemplates:
    return NotifyTemplates(notify, placeholders(), versions or {})


def test_each_of_our_templates_is_known_by_what_it_may_hold() -> None:
    assert {*NAMES, "digest.email"} <= placeholders().keys()
    assert {"items", "count", "help_phone"} <= placeholders()["digest.email"]
    assert "link" not in placeholders()["digest.email"]


async def test_templates_that_hold_what_ours_do_have_not_drifted(fake: FakeNotify, notify: Notify) -> None:
    assert await templates(notify, dict.fromkeys(NAMES, VERSION)).check() == dict.fromkeys(NAMES)
    assert fake.template_looks == len(NAMES)


@pytest.mark.parametrize(
    ("change", "drift"),
    [
        ({"body": "Dear ((first name)), referral ((reference))"}, "placeholders"),
        ({"body": "((priority??Urgent: ))((Reference))"}, None),
        ({"body": "((urgent??yes))((reference))"}, "placeholders"),
        ({"subject": "For ((nhs_number))"}, "placeholders"),
        ({"subject": None}, None),
        ({"version": VERSION + 1}, "version"),
        ({"type": "sms"}, "type"),
    ],
)
async def test_each_way_of_drifting_has_its_word(
    fake: FakeNotify, notify: Notify, change: dict[str, object], drift: str | None
) -> None:
    fake.templates["offer.email"].update(change)
    checked = await templates(notify, {"offer.email": VERSION}).check()
    assert checked["offer.email"] == drift
    assert {name for name, found in checked.items() if found} <= {"offer.email"}


async def test_a_template_that_was_deleted_is_missing(fake: FakeNotify, notify: Notify) -> None:
    del fake.templates["recall.text"]
    assert (await templates(notify).check())["recall.text"] == "missing"


async def test_a_template_that_drifted_is_parked_until_it_is_mended(
    world: World, fake: FakeNotify, notify: Notify
) -> None:
    watch = WatchTemplates(world.transactions, templates(notify))
    fake.templates["offer.email"]["body"] = "((surname))"
    await watch.run_once()
    await watch.run_once()
    [parked] = await standing(world)
    assert (parked.scope, parked.subject, parked.kind) == (Scope.TEMPLATE, "offer.email", Kind.PARKED)
    assert (parked.reason, parked.code) == ("template_drift", "placeholders")
    await world.hear(offered(name="plain"), offered(name="safe", safe_contact_only=True))
    sender = ScriptedSender()
    await drain(world, sender)
    assert [message.template.partition("@")[0] for message in sender.taken] == ["offer-safe.email"]
    fake.templates["offer.email"] = as_at_notify("offer.email")
    await watch.run_once()
    assert await standing(world) == []
    await drain(world, sender)
    assert len(sender.taken) == 2


async def test_while_notify_cannot_be_asked_nothing_is_parked(world: World, fake: FakeNotify, notify: Notify) -> None:
    fake.secret = "another"
    assert not await WatchTemplates(world.transactions, templates(notify)).run_once()
    assert await standing(world) == []
