"""Webhooks over real HTTPS: thin, signed, and what each answer means."""

import json
import ssl
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from services.notifier.channels.webhook_signature import webhook_id
from services.notifier.domain.failure import Failure
from services.notifier.domain.hold import GONE
from services.notifier.domain.message import Hook
from services.notifier.domain.notification import Purpose
from shared.clock import utc_now
from tests.notifier.http_server import Nothing, Reply, Script, nobody_listens
from tests.notifier.partner import (
    SECRET,
    Partner,
    a_hook,
    failed,
    is_genuine,
    leading_here,
    sender_by,
)
from tests.notifier.world import NOON, SERVICE, an_offer


def test_an_offer_is_told_in_ids_and_codes() -> None:
    body = json.loads(a_hook().body)
    assert body == {
        "type": "assignment.offered",
        "timestamp": "2020-04-15T11:00:00Z",
        "data": {
            "assignment_id": str(an_offer().assignment_id),
            "referral_id": str(an_offer().referral_id),
            "reference": "7K3M-2QX",
            "service_id": SERVICE,
            "priority": "P3",
            "reply_by": "2020-04-16T16:00:00Z",
        },
    }


@pytest.mark.parametrize(
    "hook", [a_hook(purpose=Purpose.RECALL), a_hook(offer=an_offer(safe_contact_only=True))], ids=["recall", "safe"]
)
def test_a_recall_and_an_offer_with_safe_contact_are_told_in_ids_alone(hook: Hook) -> None:
    assert set(json.loads(hook.body)["data"]) == {"assignment_id", "referral_id", "reference", "service_id"}


async def test_a_message_arrives_signed_under_its_name(partner: Partner) -> None:
    hook = partner.hook()
    receipt = await partner.sender.send(hook)
    [asked] = partner.script.asked
    assert (asked.method, asked.path, asked.query) == ("POST", "/hook", {"from": ["waymark"]})
    assert asked.headers["host"] == f"partner.example:{partner.port}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["webhook-id"] == webhook_id(hook.id)
    assert "." not in asked.headers["webhook-id"]
    assert asked.body == hook.body
    assert is_genuine()(SECRET, asked.headers, asked.body, utc_now().timestamp())
    assert receipt.reference == f"webhook:{hook.id}"


async def test_each_attempt_has_the_same_id_and_body_and_its_own_time(partner: Partner) -> None:
    instants = iter((NOON, NOON + timedelta(minutes=5)))
    sender = replace(partner.sender, now=lambda: next(instants))
    for _ in range(2):
        await sender.send(partner.hook())
    first, second = partner.script.asked
    assert (first.headers["webhook-id"], first.body) == (second.headers["webhook-id"], second.body)
    assert int(second.headers["webhook-timestamp"]) - int(first.headers["webhook-timestamp"]) == 300


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
async def test_any_success_is_success(partner: Partner, status: int) -> None:
    partner.script.replies.append(Reply(status))
    await partner.sender.send(partner.hook())


@pytest.mark.parametrize(
    ("reply", "failure", "code", "wait_s"),
    [
        (Reply(301, headers={"location": "https://elsewhere.example/"}), "transient", "301", None),
        (Reply(400), "transient", "400", None),
        (Reply(401), "transient", "401", None),
        (Reply(404), "transient", "404", None),
        (Reply(429), "rate", "429", 60),
        (Reply(429, headers={"retry-after": "300"}), "rate", "429", 300),
        (Reply(500), "transient", "500", None),
        (Reply(502), "rate", "502", 60),
        (Reply(503, headers={"retry-after": "30"}), "transient", "503", 30),
        (Reply(504), "rate", "504", 60),
        (Nothing.BREAK_OFF, "transient", "no-answer", None),
    ],
)
async def test_each_answer_has_its_class_and_no_redirect_is_followed(
    partner: Partner, reply: Reply | Nothing, failure: str, code: str, wait_s: int | None
) -> None:
    partner.script.replies.append(reply)
    fault = await failed(partner.sender, partner.hook())
    assert (fault.failure, fault.code) == (Failure(failure), code)
    assert fault.retry_after == (None if wait_s is None else timedelta(seconds=wait_s))
    assert len(partner.script.asked) == 1


async def test_an_endpoint_that_says_it_is_gone_is_known_by_its_code(partner: Partner) -> None:
    partner.script.replies.append(Reply(410))
    fault = await failed(partner.sender, partner.hook())
    assert (fault.failure, fault.code) == (Failure.PERMANENT_RECIPIENT, GONE)


async def test_an_endpoint_that_does_not_answer_is_left_after_its_time(
    port: int, script: Script, trust: tuple[ssl.SSLContext, Path]
) -> None:
    script.replies.append(Nothing.SILENCE)
    sender = sender_by(leading_here(trust[1]), limit_s=0.3)
    fault = await failed(sender, a_hook(to=f"https://partner.example:{port}/"))
    await sender.rest()
    assert (fault.failure, fault.code) == (Failure.TRANSIENT, "no-answer")


async def test_without_a_secret_nothing_is_posted(partner: Partner) -> None:
    fault = await failed(replace(partner.sender, keys={}), partner.hook())
    assert (fault.failure, fault.code, partner.script.asked) == (Failure.CONFIG, "no-secret", [])


async def test_a_body_that_is_too_long_is_not_posted(partner: Partner) -> None:
    fault = await failed(partner.sender, replace(partner.hook(), body=b"x" * 20_000))
    assert (fault.failure, partner.script.asked) == (Failure.CONFIG, [])


async def test_the_certificate_must_be_that_of_the_name(partner: Partner) -> None:
    fault = await failed(partner.sender, a_hook(to=f"https://another.example:{partner.port}/hook"))
    assert (fault.failure, fault.code, partner.script.asked) == (Failure.AUTH, "untrusted", [])


async def test_a_partner_that_is_away_is_tried_again(trust: tuple[ssl.SSLContext, Path]) -> None:
    sender = sender_by(leading_here(trust[1]))
    fault = await failed(sender, a_hook(to=f"https://partner.example:{nobody_listens()}/"))
    await sender.rest()
    assert (fault.failure, fault.code) == (Failure.TRANSIENT, "unreachable")


async def test_nothing_is_ever_posted_unencrypted(partner: Partner) -> None:
    fault = await failed(partner.sender, a_hook(to=f"http://partner.example:{partner.port}/"))
    assert (fault.failure, partner.script.asked) == (Failure.TRANSIENT, [])


async def test_a_url_that_is_none_is_our_fault(partner: Partner) -> None:
    assert (await failed(partner.sender, a_hook(to="https://partner.example:port/"))).failure is Failure.CONFIG
