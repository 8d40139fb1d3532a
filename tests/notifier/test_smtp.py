"""E-mail over a real mail server: what arrives, what a refusal means, and what is never sent in the clear."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from services.notifier.channels.smtp import MailHeads, SmtpSender
from services.notifier.channels.smtp_address import Security, SmtpServer, parse_smtp_url
from services.notifier.channels.smtp_replies import Stage, classify, figures
from services.notifier.domain.failure import Failure, SendFailed
from services.notifier.domain.message import Email
from shared.clock import utc_now
from tests.notifier.heard import offered
from tests.notifier.smtp_server import BREAK_OFF, PASSWORD, USER, Running, mail_server, self_signed
from tests.notifier.world import (
    EMAIL,
    World,
    an_email,
)

HEADS = MailHeads("Derbyshire CRU <no-reply@cru.example>", "desk@cru.example")


def sender_to(port: int, security: Security = Security.NONE, **trust: object) -> SmtpSender:
    server = SmtpServer("127.0.0.1", port, security, **trust)  # type: ignore[arg-type]  # named as the fields are
    return SmtpSender(server, HEADS, utc_now, reply_limit_s=5, take_limit_s=5)


@pytest.fixture
async def running() -> AsyncIterator[Running]:
    async with mail_server() as server:
        yield server


@pytest.fixture
async def sender(running: Running) -> AsyncIterator[SmtpSender]:
    sender = sender_to(running.port)
    yield sender
    await sender.rest()


async def failure_of(sender: SmtpSender, email: Email | None = None) -> tuple[Failure, str | None]:
    with pytest.raises(SendFailed) as failed:
        await sender.send(email or an_email())
    return failed.value.failure, failed.value.code


async def test_an_e_mail_arrives_with_all_its_headers_and_both_parts(sender: SmtpSender, running: Running) -> None:
    email = an_email()
    receipt = await sender.send(email)
    [mail] = running.behaviour.taken
    assert mail["From"] == "Derbyshire CRU <no-reply@cru.example>"
    assert mail["To"] == EMAIL
    assert mail["Reply-To"] == "desk@cru.example"
    assert mail["Subject"] == email.subject
    assert mail["Message-ID"] == receipt.reference == f"<{email.id}@cru.example>"
    assert mail["Auto-Submitted"] == "auto-generated"
    assert abs((mail["Date"].datetime - utc_now()).total_seconds()) < 60
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["List-Unsubscribe"] is None


async def test_lines_that_begin_with_a_dot_and_letters_beyond_ascii_arrive_unharmed(
    sender: SmtpSender, running: Running
) -> None:
    text = "First\n.\n..second – “quoted” £5\n"
    await sender.send(an_email(text=text))
    [mail] = running.behaviour.taken
    body = mail.get_body(("plain",))
    assert body is not None
    assert body.get_content().replace("\r\n", "\n") == text
    assert running.behaviour.raw[0].isascii()


async def test_one_connection_carries_many_messages_and_is_closed_at_rest(sender: SmtpSender, running: Running) -> None:
    for name in ("one", "two", "three"):
        await sender.send(an_email(name=name))
    assert running.behaviour.connections == 1
    await sender.rest()
    await sender.send(an_email(name="four"))
    assert running.behaviour.connections == 2
    assert len(running.behaviour.taken) == 4


async def test_a_connection_that_the_server_dropped_meanwhile_is_replaced_unnoticed(
    sender: SmtpSender, running: Running
) -> None:
    await sender.send(an_email(name="one"))
    running.behaviour.mail = [BREAK_OFF]
    await sender.send(an_email(name="two"))
    assert (running.behaviour.connections, len(running.behaviour.taken)) == (2, 2)


async def test_after_a_refusal_the_connection_serves_the_next_message(sender: SmtpSender, running: Running) -> None:
    running.behaviour.rcpt = ["550 5.1.1 no such user"]
    await failure_of(sender)
    await sender.send(an_email())
    assert (running.behaviour.connections, len(running.behaviour.taken)) == (1, 1)


@pytest.mark.parametrize(
    ("stage", "answer", "failure", "code"),
    [
        ("mail", "451 4.3.0 try later", Failure.TRANSIENT, "451 4.3.0"),
        ("mail", "553 5.1.8 bad sender", Failure.CONFIG, "553 5.1.8"),
        ("rcpt", "450 4.7.1 greylisted", Failure.TRANSIENT, "450 4.7.1"),
        ("rcpt", "550 5.1.1 <referrals@dva.example> unknown", Failure.PERMANENT_RECIPIENT, "550 5.1.1"),
        ("rcpt", "550 no such user", Failure.PERMANENT_RECIPIENT, "550"),
        ("rcpt", "552 5.2.2 mailbox full", Failure.TRANSIENT, "552 5.2.2"),
        ("before_data", "554 5.7.1 not from you", Failure.POLICY, "554 5.7.1"),
        ("data", "452 4.3.1 no room", Failure.TRANSIENT, "452 4.3.1"),
        ("data", "550 5.7.26 unauthenticated mail", Failure.POLICY, "550 5.7.26"),
        ("data", "552 5.3.4 too big", Failure.CONFIG, "552 5.3.4"),
    ],
)
async def test_a_refusal_is_classed_by_its_figures_and_keeps_only_them(
    sender: SmtpSender, running: Running, stage: str, answer: str, failure: Failure, code: str
) -> None:
    setattr(running.behaviour, stage, [answer])
    assert await failure_of(sender) == (failure, code)


@pytest.mark.parametrize("stage", ["mail", "rcpt", "before_data"])
async def test_a_connection_lost_before_the_message_was_asked_for_is_a_passing_failure(
    sender: SmtpSender, running: Running, stage: str
) -> None:
    setattr(running.behaviour, stage, [BREAK_OFF])
    assert (await failure_of(sender))[0] is Failure.TRANSIENT
    assert running.behaviour.taken == []


async def test_a_connection_lost_after_the_final_dot_leaves_it_open_whether_it_was_taken(
    sender: SmtpSender, running: Running
) -> None:
    running.behaviour.data = [BREAK_OFF]
    assert await failure_of(sender) == (Failure.AMBIGUOUS, "lost-after-data")
    assert len(running.behaviour.taken) == 1


async def test_no_reply_after_the_final_dot_leaves_it_open_whether_it_was_taken(running: Running) -> None:
    sender = sender_to(running.port)
    sender.take_limit_s = 0.0
    assert (await failure_of(sender))[0] is Failure.AMBIGUOUS


async def test_a_server_that_is_away_is_a_passing_failure(running: Running) -> None:
    async with mail_server() as gone:
        port = gone.port
    assert await failure_of(sender_to(port)) == (Failure.TRANSIENT, "unreachable")


async def test_lost_after_the_dot_the_same_message_is_sent_once_more_and_no_third_time(
    world: World, running: Running
) -> None:
    running.behaviour.data = [BREAK_OFF]
    await world.hear(offered())
    sender = sender_to(running.port)
    await world.worker(sender).run_once()
    [first] = running.behaviour.taken
    [waiting] = await world.stored()
    assert waiting.try_at > waiting.planned_at
    async with world.begin() as tx:
        table = world.database.metadata.tables["notification"]
        await tx.tx.connection.execute(table.update().values(try_at=waiting.planned_at))
    await world.worker(sender).run_once()
    await sender.rest()
    assert [mail["Message-ID"] for mail in running.behaviour.taken] == [first["Message-ID"]] * 2
    [(sent, attempts)] = await world.stored_with_attempts()
    assert [attempt.outcome for attempt in attempts] == ["ambiguous", "sent"]
    assert sent.provider_reference == first["Message-ID"]


async def test_with_starttls_a_trusted_server_gets_the_message_and_the_password(tmp_path: Path) -> None:
    tls, trusted = self_signed(tmp_path)
    async with mail_server(tls=tls, sign_in=True) as running:
        sender = sender_to(running.port, Security.STARTTLS, username=USER, password=PASSWORD, ca_file=trusted)
        await sender.send(an_email())
        await sender.rest()
        assert len(running.behaviour.taken) == 1


async def test_encrypted_from_the_first_byte_a_trusted_server_gets_the_message(tmp_path: Path) -> None:
    tls, trusted = self_signed(tmp_path)
    async with mail_server(tls=tls, from_the_first_byte=True) as running:
        sender = sender_to(running.port, Security.TLS, ca_file=trusted)
        await sender.send(an_email())
        await sender.rest()
        assert len(running.behaviour.taken) == 1


async def test_a_wrong_password_is_a_matter_of_trust_and_nothing_is_sent(tmp_path: Path) -> None:
    tls, trusted = self_signed(tmp_path)
    async with mail_server(tls=tls, sign_in=True) as running:
        sender = sender_to(running.port, Security.STARTTLS, username=USER, password="wrong", ca_file=trusted)
        assert (await failure_of(sender))[0] is Failure.AUTH
        assert running.behaviour.taken == []


@pytest.mark.parametrize("security", [Security.STARTTLS, Security.TLS])
async def test_a_certificate_that_is_not_trusted_is_refused(tmp_path: Path, security: Security) -> None:
    tls, _ = self_signed(tmp_path)
    async with mail_server(tls=tls, from_the_first_byte=security is Security.TLS) as running:
        assert await failure_of(sender_to(running.port, security)) == (Failure.AUTH, "untrusted")
        assert running.behaviour.taken == []


async def test_a_server_without_starttls_gets_nothing_in_the_clear(running: Running) -> None:
    assert await failure_of(sender_to(running.port, Security.STARTTLS)) == (Failure.AUTH, "untrusted")
    assert running.behaviour.taken == []


async def test_a_server_that_cannot_encrypt_from_the_first_byte_gets_nothing(running: Running) -> None:
    failure, _ = await failure_of(sender_to(running.port, Security.TLS))
    assert failure in {Failure.AUTH, Failure.TRANSIENT}
    assert running.behaviour.taken == []


@pytest.mark.parametrize(
    ("url", "server"),
    [
        ("smtps://u%40x:p%3Aw@mail.example", SmtpServer("mail.example", 465, Security.TLS, "u@x", "p:w")),
        ("smtp+starttls://mail.example:2587", SmtpServer("mail.example", 2587, Security.STARTTLS)),
        ("smtp://127.0.0.1:1025", SmtpServer("127.0.0.1", 1025, Security.NONE)),
        ("smtp://mailpit", SmtpServer("mailpit", 25, Security.NONE)),
    ],
)
def test_an_address_of_a_mail_server_says_how_it_is_trusted(url: str, server: SmtpServer) -> None:
    assert parse_smtp_url(url, plaintext_hosts=("127.0.0.1", "mailpit")) == server


@pytest.mark.parametrize(
    ("url", "allowed"),
    [
        ("smtp://127.0.0.1", ()),
        ("smtp://mail.example", ("mail.example",)),
        ("smtp://10.0.0.5", ("10.0.0.5",)),
        ("smtp://user:secret@mailpit", ("mailpit",)),
        ("http://mail.example", ()),
        ("smtps://", ()),
    ],
)
def test_an_address_that_would_send_in_the_clear_is_refused(url: str, allowed: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"must|only"):
        parse_smtp_url(url, plaintext_hosts=allowed)


@pytest.mark.parametrize("stage", list(Stage))
@pytest.mark.parametrize("code", [421, 450, 451, 452, 454])
def test_every_four_hundred_is_a_passing_failure(code: int, stage: Stage) -> None:
    assert classify(code, "4.7.1 later", stage) is Failure.TRANSIENT


@pytest.mark.parametrize(
    ("code", "words", "failure"),
    [
        (535, "5.7.8 bad credentials", Failure.AUTH),
        (530, "5.7.0 must issue STARTTLS", Failure.AUTH),
        (550, "5.1.2 bad domain", Failure.PERMANENT_RECIPIENT),
        (550, "5.1.6 moved", Failure.PERMANENT_RECIPIENT),
        (550, "5.2.1 disabled", Failure.PERMANENT_RECIPIENT),
        (552, "5.2.3 too big", Failure.CONFIG),
        (550, "5.4.4 no route", Failure.TRANSIENT),
        (552, "too much", Failure.CONFIG),
        (550, "5.1.10 null MX", Failure.PERMANENT_RECIPIENT),
    ],
)
def test_enhanced_codes_decide(code: int, words: str, failure: Failure) -> None:
    assert classify(code, words, Stage.RCPT) is failure


def test_figures_never_hold_a_servers_words() -> None:
    assert figures(550, "5.1.1 <someone@dva.example>: unknown") == "550 5.1.1"
    assert figures(550, "someone@dva.example unknown") == "550"
