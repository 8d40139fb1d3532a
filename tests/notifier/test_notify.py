"""E-mails and texts through GOV.UK Notify: what it is told, and what each of its answers and silences means."""

import asyncio
import logging
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest

from services.notifier.channels.notify import Notify, NotifyEmails, NotifyTexts
from services.notifier.channels.templates import Templates
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Email
from services.notifier.domain.notification import Channel
from shared.clock import utc_now
from tests.links import SIGNER
from tests.notifier.http_server import Nothing, Reply, nobody_listens
from tests.notifier.notify_server import (
    TEMPLATES,
    TRIAL,
    VERSION,
    FakeNotify,
    Instead,
    refusal,
)
from tests.notifier.world import (
    DIRECTORY,
    EMAIL,
    MOBILE,
    NOON,
    PUBLIC_URL,
    a_notification,
    a_text,
    an_email,
)

VALIDATION, BAD_REQUEST, RECIPIENT = "400 ValidationError", "400 BadRequestError", "permanent_recipient"
TEAM = "Cannot send to this recipient using a team-only API key."
JSON = {"content-type": "application/json"}
INVALID = Reply(201, b"<html>Created</html>", {"content-type": "text/html"})
EDGE = b"<html>from something in between</html>"


@pytest.fixture
async def impatient(fake: FakeNotify) -> AsyncIterator[Notify]:
    """Waits hardly at all for an answer."""
    notify = Notify(fake.account(), utc_now, limits_s=(2, 0.05))
    yield notify
    await notify.rest()


def offer_email() -> Email:
    return Templates(PUBLIC_URL, SIGNER).email(a_notification(), DIRECTORY, NOON)


async def failed(notify: Notify) -> SendFailed:
    with pytest.raises(SendFailed) as fault:
        await NotifyEmails(notify).send(an_email())
    return fault.value


async def test_an_e_mail_is_handed_over_as_a_template_with_our_closed_placeholders(
    fake: FakeNotify, notify: Notify
) -> None:
    receipt = await NotifyEmails(notify).send(offer_email())
    [taken] = fake.taken
    assert taken["asked"] == {
        "email_address": EMAIL,
        "template_id": str(TEMPLATES["offer.email"]),
        "reference": str(a_notification().id),
        "personalisation": {
            "reference": "7K3M-2QX",
            "service": "Volunteer doorstep help",
            "district": "Chesterfield",
            "needs": "Food shopping (can pay)",
            "priority": "Next working day",
            "reply_by": "by 5pm tomorrow, Thursday 16 April",
            "link": offer_email().values["link"],
            "sender": DIRECTORY.words.sender,
            "sender_in_texts": DIRECTORY.words.sender_in_texts,
            "help_phone": DIRECTORY.words.help_phone,
            "hours": DIRECTORY.words.hours,
        },
    }
    assert receipt.template == f"notify:{TEMPLATES['offer.email']}@{VERSION}"
    assert receipt.theirs == f"notify:{taken['id']}"


async def test_a_text_is_handed_over_by_its_own_template(fake: FakeNotify, notify: Notify) -> None:
    text = Templates(PUBLIC_URL, SIGNER).text(a_notification(channel=Channel.SMS, address=MOBILE), DIRECTORY, NOON)
    await NotifyTexts(notify).send(text)
    [taken] = fake.taken
    assert (taken["type"], taken["asked"]["phone_number"]) == ("sms", MOBILE)
    assert taken["template"]["id"] == str(TEMPLATES["offer.text"])
    assert "needs" not in taken["asked"]["personalisation"]


@pytest.mark.parametrize(
    ("reply", "failure", "code"),
    [
        (refusal(400, "ValidationError", "email_address Not a valid email address"), RECIPIENT, VALIDATION),
        (refusal(400, "ValidationError", "phone_number Not enough digits"), RECIPIENT, VALIDATION),
        (refusal(400, "ValidationError", "phone_number is a required property"), "config", VALIDATION),
        (refusal(400, "ValidationError", "template_id is not a valid UUID"), "config", VALIDATION),
        (refusal(400, "ValidationError", "reference x is too long"), "config", VALIDATION),
        (refusal(400, "BadRequestError", "Template not found"), "config", BAD_REQUEST),
        (refusal(400, "BadRequestError", "email_reply_to_id x does not exist in database"), "config", BAD_REQUEST),
        (refusal(400, "BadRequestError", TRIAL), "config", BAD_REQUEST),
        (refusal(400, "BadRequestError", TEAM), "config", BAD_REQUEST),
        (Reply(400, EDGE), "config", "400"),
        (refusal(401, "AuthError", "Unauthorized"), "auth", "401 AuthError"),
        (refusal(403, "AuthError", "Invalid token: API key not found"), "auth", "403 AuthError"),
        (refusal(403, "BadRequestError", "Error: Your system clock must be accurate"), "auth", "403 BadRequestError"),
        (refusal(404, "NoResultFound", "No result found"), "config", "404 NoResultFound"),
        (refusal(429, "RateLimitError", "Exceeded rate limit for key type"), "rate", "429 RateLimitError"),
        (refusal(429, "TooManyRequestsError", "Exceeded send limits"), "daily_cap", "429 TooManyRequestsError"),
        (Reply(429, EDGE), "rate", "429"),
        (refusal(500, "Exception", "Internal server error"), "transient", "500 Exception"),
        (Reply(500, EDGE), "ambiguous", "500"),
        (Reply(502, EDGE), "ambiguous", "502"),
        (refusal(503, "Exception", "Service unavailable"), "transient", "503 Exception"),
        (Reply(503, EDGE), "ambiguous", "503"),
        (Reply(504, EDGE), "ambiguous", "504"),
        (INVALID, "ambiguous", "invalid-response"),
        (Reply(201, b"{}", JSON), "ambiguous", "invalid-response"),
        (Reply(201, b'["what"]', JSON), "ambiguous", "invalid-response"),
        (Reply(302, b"", {"location": "http://127.0.0.1:1/elsewhere"}), "transient", "302"),
        (Nothing.BREAK_OFF, "ambiguous", "no-answer"),
        (Nothing.STOP_IN_THE_MIDDLE, "ambiguous", "no-answer"),
    ],
    ids=str,
)  # fmt: skip
async def test_each_answer_has_its_class_and_only_figures_are_kept_of_it(
    fake: FakeNotify, notify: Notify, reply: Reply | Nothing, failure: str, code: str
) -> None:
    fake.script.append(Instead(reply))
    fault = await failed(notify)
    assert (fault.failure, fault.code) == (Failure(failure), code)
    assert fault.__cause__ is None


async def test_an_answer_that_does_not_come_leaves_open_whether_it_was_taken(
    fake: FakeNotify, impatient: Notify
) -> None:
    fake.script.append(Instead(Nothing.SILENCE))
    assert (await failed(impatient)).failure is Failure.AMBIGUOUS


async def test_an_answer_that_takes_too_long_as_a_whole_is_not_waited_for(fake: FakeNotify) -> None:
    notify = Notify(fake.account(), utc_now, limits_s=(2, 0.5), whole_limit_s=0.05)
    fake.script.append(Instead(Nothing.SILENCE))
    assert (await failed(notify)).failure is Failure.AMBIGUOUS
    await notify.rest()


async def test_a_server_that_is_away_cannot_have_taken_anything(fake: FakeNotify) -> None:
    away = Notify(fake.account(base_url=f"http://127.0.0.1:{nobody_listens()}"), utc_now)
    fault = await failed(away)
    await away.rest()
    assert (fault.failure, fault.code) == (Failure.TRANSIENT, "unreachable")


async def test_a_server_without_the_right_certificate_is_not_spoken_to(fake: FakeNotify) -> None:
    unencrypted = Notify(fake.account(base_url=f"https://127.0.0.1:{fake.port}"), utc_now)
    fault = await failed(unencrypted)
    await unencrypted.rest()
    assert (fault.failure, fault.code) == (Failure.AUTH, "untrusted")
    assert fake.sends == 0


async def test_a_revoked_key_is_refused_for_trust(fake: FakeNotify, notify: Notify) -> None:
    fake.secret = str(UUID(int=1))
    fault = await failed(notify)
    assert (fault.failure, fault.code) == (Failure.AUTH, "403 AuthError")
    assert fake.taken == []


async def test_a_wrong_number_is_a_wrong_number(fake: FakeNotify, notify: Notify) -> None:
    with pytest.raises(SendFailed) as fault:
        await NotifyTexts(notify).send(replace(a_text(), to="07700"))
    assert fault.value.failure is Failure.PERMANENT_RECIPIENT


async def test_a_template_that_lost_its_placeholder_or_is_not_set_is_our_fault(
    fake: FakeNotify, notify: Notify
) -> None:
    with pytest.raises(SendFailed) as fault:
        await NotifyEmails(notify).send(replace(an_email(), values={}))
    assert fault.value.code == BAD_REQUEST
    unset = Notify(fake.account(templates={}), utc_now)
    assert ((await failed(unset)).failure, (await failed(unset)).code) == (Failure.CONFIG, "no-template")
    assert fake.sends == 1


async def test_a_wait_that_notify_asks_for_is_kept(fake: FakeNotify, notify: Notify) -> None:
    fake.script.append(Instead(refusal(429, "RateLimitError", "Exceeded", {"Retry-After": "17"})))
    assert (await failed(notify)).retry_after == timedelta(seconds=17)


async def test_the_daily_limit_is_told_from_a_burst(fake: FakeNotify, notify: Notify) -> None:
    fake.daily_limit = 1
    await NotifyEmails(notify).send(offer_email())
    with pytest.raises(SendFailed) as fault:
        await NotifyEmails(notify).send(offer_email())
    assert fault.value.failure is Failure.DAILY_CAP


async def test_a_message_is_found_by_our_id(fake: FakeNotify, notify: Notify) -> None:
    fake.script.append(Instead(Nothing.BREAK_OFF, taken=True))
    await failed(notify)
    receipt = await NotifyEmails(notify).find(an_email().id)
    assert receipt is not None
    assert receipt.theirs == f"notify:{fake.taken[0]['id']}"
    assert receipt.template == f"notify:{TEMPLATES['offer.email']}@{VERSION}"


async def test_a_message_that_notify_does_not_have_is_absent(notify: Notify) -> None:
    for way in (NotifyEmails(notify), NotifyTexts(notify)):
        with pytest.raises(SendFailed) as fault:
            await way.find(an_email().id)
        assert fault.value.failure is Failure.ABSENT


@pytest.mark.parametrize("reply", [Nothing.BREAK_OFF, Reply(502, EDGE), Reply(200, b"{}", JSON), Reply(200, EDGE)])
async def test_a_look_up_that_fails_can_be_repeated(fake: FakeNotify, notify: Notify, reply: Reply | Nothing) -> None:
    fake.listing.append(reply)
    with pytest.raises(SendFailed) as fault:
        await NotifyEmails(notify).find(an_email().id)
    assert fault.value.failure is Failure.TRANSIENT


async def test_connections_are_kept_and_used_by_many_at_once(fake: FakeNotify, notify: Notify) -> None:
    await asyncio.gather(*(NotifyEmails(notify).send(replace(offer_email(), to=f"{n}@dva.example")) for n in range(8)))
    assert sorted(one["asked"]["email_address"] for one in fake.taken) == [f"{n}@dva.example" for n in range(8)]


@pytest.mark.parametrize(
    "reply", [refusal(400, "ValidationError", f"email_address {EMAIL} is wrong"), Reply(502, EDGE)]
)
async def test_what_notify_says_about_an_address_reaches_no_log_of_ours(
    fake: FakeNotify, notify: Notify, reply: Reply, caplog: pytest.LogCaptureFixture
) -> None:
    fake.script.append(Instead(reply))
    fault = await failed(notify)
    assert EMAIL not in f"{fault} {fault.code}"
    # The client's own logger quotes it; shared.log keeps that logger's place and drops its words.
    assert {record.name.partition(".")[0] for record in caplog.records if record.levelno >= logging.WARNING} == {
        "notifications_python_client"
    }
