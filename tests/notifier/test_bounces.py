"""Bounces as mail servers write them, and as nobody should; from a maildir and from a pipe."""

from email.message import EmailMessage
from pathlib import Path
from uuid import uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.notifier.channels.bounces import SIZE_MAX, read_bounce
from services.notifier.domain.arrival import Arrival
from services.notifier.domain.notification import State
from services.notifier.main import keep_bounce
from services.notifier.receipts.maildir import ReadMaildir
from services.notifier.use_cases.receipts import KeepReports
from shared.events import NotificationBounced
from tests.notifier.heard import offered
from tests.notifier.world import IDS, ScriptedSender, World

OURS = uuid5(IDS, "ours")
REPORT = """Return-Path: <>
From: Mail Delivery System <MAILER-DAEMON@mx.example>
To: no-reply@waymark.example
Subject: Undelivered Mail Returned to Sender
MIME-Version: 1.0
Message-Id: <20200415110002.9C1A@mx.example>
Content-Type: multipart/report; report-type=delivery-status; boundary="=_b"

--=_b
Content-Type: text/plain; charset=us-ascii

I'm sorry to have to inform you that your message could not be delivered.

--=_b
Content-Type: message/delivery-status

Reporting-MTA: dns; mx.example
Arrival-Date: Wed, 15 Apr 2020 11:00:00 +0000

Final-Recipient: rfc822; referrals+dva-doorstep@dva.example
Original-Recipient: rfc822;referrals+dva-doorstep@dva.example
Action: {action}
Status: {status}
Diagnostic-Code: smtp; 550 {status} said the other side

--=_b
Content-Type: {returned}

Message-ID: <{ours}@waymark.example>
Subject: Referral 7K3M-2QX

--=_b--
"""


def a_bounce(
    action: str = "failed", status: str = "5.1.1", *, ours: object = OURS, returned: str = "message/rfc822"
) -> bytes:
    return REPORT.format(action=action, status=status, ours=ours, returned=returned).encode()


@pytest.mark.parametrize(
    ("action", "status", "arrival"),
    [
        ("failed", "5.1.1", Arrival.BOUNCED_HARD),
        ("failed", "5.1.10", Arrival.BOUNCED_HARD),
        ("Failed", "5.2.1 (disabled)", Arrival.BOUNCED_HARD),
        ("failed", "5.0.0", Arrival.BOUNCED_HARD),
        ("failed", "5.2.2", Arrival.BOUNCED_SOFT),
        ("failed", "4.4.7", Arrival.BOUNCED_SOFT),
        ("failed", "nonsense", Arrival.BOUNCED_SOFT),
        ("failed", "5.7.1", Arrival.NOT_SENT),
        ("failed", "5.3.4", Arrival.NOT_SENT),
        ("delivered", "2.0.0", Arrival.DELIVERED),
        ("relayed", "2.0.0", None),
        ("delayed", "4.4.1", None),
    ],
)
@pytest.mark.parametrize("returned", ["message/rfc822", "text/rfc822-headers"])
def test_a_report_means_what_its_action_and_status_say(
    action: str, status: str, arrival: Arrival | None, returned: str
) -> None:
    report = read_bounce(a_bounce(action, status, returned=returned))
    assert report is not None
    assert (report.message_id, report.arrival) == (OURS, arrival)


def test_a_report_without_the_message_names_it_in_its_own_fields() -> None:
    without = a_bounce(returned="text/plain", ours="x").replace(
        b"Arrival-Date:", f"Original-Message-ID: <{OURS}@waymark.example>\nArrival-Date:".encode()
    )
    report = read_bounce(without)
    assert report is not None
    assert report.message_id == OURS


def test_no_address_is_kept_of_a_report() -> None:
    assert "dva.example" not in repr(read_bounce(a_bounce()))


def test_the_same_mail_is_one_report_and_a_resent_copys_is_another() -> None:
    again = a_bounce().replace(b"11:00:00", b"13:00:00")
    names = [report.provider_id for report in map(read_bounce, (a_bounce(), a_bounce(), again)) if report]
    assert (names[0] == names[1], names[1] == names[2]) == (True, False)


def test_a_mail_of_a_person_is_no_report() -> None:
    mail = EmailMessage()
    mail["From"] = "rota@dva.example"
    mail["In-Reply-To"] = f"<{OURS}@waymark.example>"
    mail.set_content("Action: failed\nStatus: 5.1.1\n")
    assert read_bounce(bytes(mail)) is None
    assert read_bounce(a_bounce(ours="20200415.of.somebody.else")) is None
    assert read_bounce(a_bounce() + b"x" * SIZE_MAX) is None


@given(st.binary(max_size=2_000))
def test_no_bytes_make_it_fail(raw: bytes) -> None:
    assert read_bounce(raw) is None


@given(st.data())
def test_no_report_with_parts_broken_makes_it_fail(data: st.DataObject) -> None:
    raw = bytearray(a_bounce())
    for _ in range(data.draw(st.integers(1, 12))):
        start = data.draw(st.integers(0, len(raw)))
        raw[start : start + data.draw(st.integers(0, 60))] = data.draw(st.binary(max_size=60))
    report = read_bounce(bytes(raw))
    assert report is None or report.provider == "mail"


def test_parts_within_parts_without_end_make_it_give_up() -> None:
    nested = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(2_000))
    assert read_bounce(nested.encode()) is None
    assert read_bounce(b"Content-Type: message/rfc822\n\n" * 5_000) is None


# -- a maildir ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "new").mkdir()
    return tmp_path


def reader(world: World, folder: Path) -> ReadMaildir:
    return ReadMaildir(folder, world.transactions, KeepReports(), read_bounce)


async def sent(world: World) -> str:
    """The id of a message that a relay has taken."""
    await world.hear(offered(channels=("email",)))
    await world.worker(ScriptedSender()).run_once()
    return str((await world.only()).id)


async def test_a_bounce_in_the_maildir_is_applied_and_other_mail_stays(world: World, folder: Path) -> None:
    (folder / "new" / "1.bounce").write_bytes(a_bounce(ours=await sent(world)))
    (folder / "new" / "2.person").write_bytes(b"From: rota@dva.example\n\nThanks\n")
    read = reader(world, folder)
    for _ in range(2):
        assert await read.run_once() is False
    await world.report()
    message = await world.only()
    assert (message.state, message.receipt) == (State.SENT, Arrival.BOUNCED_HARD)
    assert [path.name for path in (folder / "new").iterdir()] == ["2.person"]
    assert [path.name for path in (folder / "cur").iterdir()] == ["1.bounce:2,S"]


async def test_a_bounce_read_again_after_a_crash_counts_once(world: World, folder: Path) -> None:
    mail = a_bounce(status="4.4.7", ours=await sent(world))
    for name in ("1.bounce", "1.again"):
        (folder / "new" / name).write_bytes(mail)
        await reader(world, folder).run_once()
        await world.report()
    told = [event for event in await world.published() if isinstance(event, NotificationBounced)]
    assert [event.bounce for event in told] == ["soft"]
    assert (await world.only()).state is State.QUEUED


async def test_a_bounce_through_the_pipe_is_kept_for_the_running_notifier(world: World) -> None:
    assert await keep_bounce(world.database, a_bounce(ours=await sent(world)))
    assert not await keep_bounce(world.database, b"From: rota@dva.example\n\nThanks\n")
    await world.report()
    assert (await world.only()).receipt is Arrival.BOUNCED_HARD
