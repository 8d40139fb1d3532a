"""What every way out promises, whichever is chosen: the same tests for all of them, the tests' own sender included."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from httpx import AsyncHTTPTransport
from structlog.testing import capture_logs

from services.notifier.channels.dry_run import DryRun
from services.notifier.channels.gateway import GatewayTexts
from services.notifier.channels.notify import Notify, NotifyEmails, NotifyTexts
from services.notifier.channels.pace import Pace, Paced
from services.notifier.channels.posting import Posting
from services.notifier.channels.smtp import MailHeads, SmtpSender
from services.notifier.channels.smtp_address import Security, SmtpServer
from services.notifier.channels.texts import FileTexts, NoTexts
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Email, Text
from services.notifier.ports import Sender
from services.notifier.store.mailbox import Mailbox
from shared.clock import utc_now
from tests.notifier.http_server import Script, web_server
from tests.notifier.notify_server import notify_server
from tests.notifier.smtp_server import mail_server
from tests.notifier.world import MOBILE, ScriptedSender, World, a_text, an_email


@pytest.fixture(params=["smtp", "notify", "mailbox", "dry run", "scripted"])
async def email_sender(request: pytest.FixtureRequest, world: World) -> AsyncIterator[Sender[Email]]:
    match request.param:
        case "mailbox":
            yield Mailbox(world.database)
        case "dry run":
            yield DryRun()
        case "scripted":
            yield ScriptedSender()
        case "notify":
            with notify_server() as fake:
                notify = Notify(fake.account(), utc_now)
                yield NotifyEmails(notify)
                await notify.rest()
        case _:
            async with mail_server() as running:
                server = SmtpServer("127.0.0.1", running.port, Security.NONE)
                sender = SmtpSender(server, MailHeads("CRU <no-reply@cru.example>", "desk@cru.example"), utc_now)
                yield sender
                await sender.rest()


@pytest.fixture(params=["file", "notify", "gateway", "paced gateway", "mailbox", "dry run", "scripted"])
async def text_sender(request: pytest.FixtureRequest, world: World, tmp_path: Path) -> AsyncIterator[Sender[Text]]:
    with notify_server() as fake, web_server(Script()) as port:
        notify = Notify(fake.account(), utc_now)
        gateway = GatewayTexts(f"http://127.0.0.1:{port}/", "token", Posting(utc_now, AsyncHTTPTransport))
        senders: dict[str, Sender[Text]] = {
            "file": FileTexts(tmp_path / "texts.jsonl"),
            "notify": NotifyTexts(notify),
            "gateway": gateway,
            "paced gateway": Paced(gateway, Pace(50, 50, utc_now)),
            "mailbox": Mailbox(world.database),
            "dry run": DryRun(),
            "scripted": ScriptedSender(),
        }
        yield senders[request.param]
        await notify.rest()
        await gateway.rest()


async def test_an_e_mail_that_was_taken_has_a_receipt_that_names_its_id(email_sender: Sender[Email]) -> None:
    receipt = await email_sender.send(an_email())
    assert str(an_email().id) in receipt.reference
    assert an_email().to not in receipt.reference


async def test_the_same_e_mail_twice_has_the_same_receipt(email_sender: Sender[Email]) -> None:
    first, again, other = [await email_sender.send(an_email(name=name)) for name in ("one", "one", "two")]
    assert first == again != other


async def test_a_sender_that_is_asked_after_a_message_says_that_it_is_not_there_or_cannot_tell(
    email_sender: Sender[Email], text_sender: Sender[Text]
) -> None:
    for sender in (email_sender, text_sender):
        told: object
        try:
            told = await sender.find(an_email(name="never sent").id)
        except SendFailed as failed:
            told = failed.failure
        assert told in {None, Failure.ABSENT}


async def test_an_e_mail_sender_can_rest_at_any_time_and_go_on(email_sender: Sender[Email]) -> None:
    await email_sender.rest()
    await email_sender.send(an_email())
    await email_sender.rest()
    await email_sender.rest()
    assert await email_sender.send(an_email(name="two")) != await email_sender.send(an_email())


async def test_a_text_that_was_taken_has_a_receipt_that_names_its_id_and_not_the_number(
    text_sender: Sender[Text],
) -> None:
    receipt = await text_sender.send(a_text())
    await text_sender.rest()
    assert str(a_text().id) in receipt.reference
    assert MOBILE not in receipt.reference


async def test_without_a_gateway_no_text_is_believed_to_be_sent() -> None:
    with pytest.raises(SendFailed) as failed:
        await NoTexts().send(a_text())
    assert (failed.value.failure, failed.value.code) == (Failure.CONFIG, "no-gateway")


async def test_texts_are_appended_to_their_file(tmp_path: Path) -> None:
    texts = FileTexts(tmp_path / "texts.jsonl")
    for name in ("one", "two"):
        await texts.send(a_text(name=name))
    lines = [json.loads(line) for line in (tmp_path / "texts.jsonl").read_text().splitlines()]
    assert lines[0] == {"id": str(a_text().id), "to": MOBILE, "text": a_text().text}
    assert len(lines) == 2


async def test_a_file_that_cannot_be_written_is_a_passing_failure(tmp_path: Path) -> None:
    with pytest.raises(SendFailed) as failed:
        await FileTexts(tmp_path).send(a_text())
    assert failed.value.failure is Failure.TRANSIENT


async def test_a_rehearsal_tells_the_log_no_address_and_no_words() -> None:
    with capture_logs() as lines:
        await DryRun().send(an_email())
        await DryRun().send(a_text())
    assert [(line["event"], line["channel"]) for line in lines] == [
        ("message.rehearsed", "email"),
        ("message.rehearsed", "sms"),
    ]
    told = json.dumps(lines)
    assert an_email().to not in told
    assert MOBILE not in told
    assert "Referral" not in told


async def test_the_mailbox_keeps_a_message_once_and_shows_the_newest_first(world: World) -> None:
    mailbox = Mailbox(world.database)
    for message in (an_email(), an_email(), a_text(name="two")):
        await mailbox.send(message)
    kept = await mailbox.newest(10)
    assert [(one.kind, one.recipient) for one in kept] == [("text", MOBILE), ("email", an_email().to)]
    assert (await mailbox.newest(1)) == kept[:1]
    one = await mailbox.get(an_email().id)
    assert one is not None
    assert (one.subject, one.html) == (an_email().subject, an_email().html)
    assert await mailbox.get(a_text(name="none").id) is None
