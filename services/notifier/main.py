"""The notifier, assembled: the only module that knows all of its parts."""

from asyncio import Event
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from random import SystemRandom

from fastapi import APIRouter
from httpx import AsyncHTTPTransport
from sqlalchemy import select

from services.notifier import api, operations, pages
from services.notifier.channels.bounces import read_bounce
from services.notifier.channels.dry_run import DryRun
from services.notifier.channels.gateway import GatewayTexts
from services.notifier.channels.intake_contacts import IntakeContacts, NoContacts
from services.notifier.channels.notify import Notify, NotifyEmails, NotifyTexts
from services.notifier.channels.notify_receipts import NotifyQuestions, read_callback
from services.notifier.channels.notify_templates import NotifyTemplates
from services.notifier.channels.pace import Pace, Paced
from services.notifier.channels.posting import Posting
from services.notifier.channels.public_only import PublicOnly, public_only
from services.notifier.channels.smtp import MailHeads, SmtpSender
from services.notifier.channels.templates import Templates, placeholders
from services.notifier.channels.texts import FileTexts, NoTexts
from services.notifier.channels.webhook import WebhookSender
from services.notifier.configuration import directory_of, documents_from, documents_in
from services.notifier.consumers import subscriptions
from services.notifier.delivery import DeliverDue, Ways
from services.notifier.digests import DeliverDigests
from services.notifier.domain.hold import WayNames
from services.notifier.domain.message import Email, Text
from services.notifier.domain.notification import Channel
from services.notifier.ports import Contacts, Lane, Sender
from services.notifier.receipts import callback, suppressed
from services.notifier.receipts.applying import ApplyReceipts, AskAfterSilence
from services.notifier.receipts.climbing import ClimbDue
from services.notifier.receipts.maildir import ReadMaildir
from services.notifier.settings import NotifierSettings
from services.notifier.store.database import NotifierDatabase
from services.notifier.store.insist import InsistOnDatabase
from services.notifier.store.mailbox import Mailbox
from services.notifier.store.receipts import ReceiptStore
from services.notifier.store.transactions import Transactions
from services.notifier.upkeep import EndQuiet, Figures, WatchTemplates
from services.notifier.use_cases.attempts import ClaimDue, RecordOutcome
from services.notifier.use_cases.calls import RecordCall
from services.notifier.use_cases.digests import ClaimDigest, HeedDigest, RecordPart
from services.notifier.use_cases.ladder import Climb
from services.notifier.use_cases.planning import PlanOffer, RecallOffer, StopOffer, StopReferral
from services.notifier.use_cases.receipts import ApplyReport, KeepReports
from services.notifier.use_cases.waiting import PutOff
from shared.clock import Clock, NewId
from shared.db import Database
from shared.documents import Current, save_documents
from shared.envelope import Origin
from shared.idempotency import Expiry, Idempotency, Unsealed
from shared.links import LinkSigner
from shared.service import Loop, Service

# Longer than an attempt may take, so that a lease runs out only for a worker that is gone.
LEASE = timedelta(seconds=150)
# Two lanes: what must be known within minutes never waits behind what may wait until tomorrow.
LANES = (Lane("urgent", ("P1",), width=4, lease=LEASE), Lane("all", ("P1", "P2", "P3", "P4"), width=8, lease=LEASE))
IDLE_S = 1.0
DIGESTS = Lane("digests", ("P3", "P4"), width=1, lease=LEASE)
DIGESTS_EVERY_S, QUIET_EVERY_S = 15.0, 5.0
FIGURES_EVERY_S = 15.0
TEMPLATES_EVERY_S = 3600.0
EXPIRE_EVERY_S = 600.0
# News of a receipt has a minute to reach the referral's page.
ASKING_EVERY_S, BOUNCES_EVERY_S = 30.0, 20.0
# Of a minute's sends, what may leave at once: more would trip limits that are counted over seconds.
BURST = 1 / 60


def build(settings: NotifierSettings, *, now: Clock, new_id: NewId, contacts: Contacts | None = None) -> Service:
    """The notifier, ready to run; with `contacts` intake is not asked over HTTP. Raises TemplateFault for a text that
    does not fit public_url."""
    database = NotifierDatabase(settings.notifier_database_url, now=now, new_id=new_id)
    transactions = Transactions(database, Current(directory_of))
    mailbox = Mailbox(database)
    templates = Templates(settings.public_url, LinkSigner(settings.link_keys.get_secret_value()))
    names = _way_names(settings)
    routers = _routers(settings, database, transactions, names)
    if settings.delivery == "mailbox":
        routers.append(pages.routes(mailbox, transactions))
    notify_pace = _pace(settings.notify_per_minute, now)
    new_ways, contacts = _ways(settings, mailbox, notify_pace, now), contacts or _contacts(settings)
    # A mailbox and a rehearsal disturb nobody.
    put_off = PutOff(heeds_hours=settings.delivery == "live")
    return Service(
        name="notifier",
        database=database,
        routers=routers,
        subscriptions=subscriptions(
            transactions, PlanOffer(), RecallOffer(), StopOffer(), StopReferral(), documents_from
        ),
        loops=(
            *_delivering(database, transactions, templates, new_ways, names, put_off, contacts),
            Loop("notifier.quiet-hours", EndQuiet(transactions), QUIET_EVERY_S),
            Loop("notifier.figures", Figures(transactions), FIGURES_EVERY_S),
            Loop("notifier.idempotency", Expiry(database), EXPIRE_EVERY_S),
            *_watching(settings, transactions, now),
            *_following(settings, transactions, notify_pace, now),
        ),
    )


def _delivering(
    database: NotifierDatabase,
    transactions: Transactions,
    templates: Templates,
    new_ways: Callable[[], Ways],
    names: WayNames,
    put_off: PutOff,
    contacts: Contacts,
) -> Iterator[Loop]:
    """The loops by which messages leave: one for each lane, and one for digests."""
    record = RecordOutcome(SystemRandom().random, names)
    for lane in LANES:
        deliver = DeliverDue(
            lane=lane,
            begin=transactions,
            claim_due=ClaimDue(names, put_off),
            contacts=contacts,
            compose=templates,
            ways=new_ways(),
            record_outcome=record,
            insist=InsistOnDatabase(),
            now=database.now,
        )
        bell = Event()
        database.bells.append(bell)
        yield Loop(f"notifier.deliver-{lane.name}", deliver, IDLE_S, bell, deliver.close)
    digests = DeliverDigests(
        lane=DIGESTS,
        begin=transactions,
        claim_digest=ClaimDigest(names),
        compose=templates,
        way=new_ways().email,
        heed=HeedDigest(names),
        record_part=RecordPart(record),
        insist=InsistOnDatabase(),
        now=database.now,
    )
    yield Loop("notifier.digests", digests, DIGESTS_EVERY_S, close=digests.way.rest)


def _watching(settings: NotifierSettings, transactions: Transactions, now: Clock) -> Iterator[Loop]:
    """The loop that compares the templates at GOV.UK Notify, where it is used."""
    if settings.uses_notify():
        account = settings.notify_account()
        templates = NotifyTemplates(Notify(account, now), placeholders(), settings.notify_template_versions)
        yield Loop("notifier.templates", WatchTemplates(transactions, templates), TEMPLATES_EVERY_S)


def _routers(
    settings: NotifierSettings, database: Database, transactions: Transactions, names: WayNames
) -> list[APIRouter]:
    idempotency = Idempotency(database, Unsealed())
    once = operations.Once(transactions.within, idempotency)
    return [
        api.routes(transactions, transactions.within, idempotency, RecordCall()),
        operations.routes(transactions, once, names),
        callback.routes(transactions, KeepReports(), read_callback, settings.callback_tokens()),
        suppressed.routes(transactions, once),
    ]


async def load_directory(database: Database, directory: Path) -> str:
    """Put the county's files in `directory` in force and answer their version. Raises Refused when they are wrong."""
    documents = documents_in(directory)
    async with database.begin(Origin("load-directory")) as tx:
        return await save_documents(tx, documents)


def _way_names(settings: NotifierSettings) -> WayNames:
    """What the ways out are called in holds and on the operations list: "email-by-smtp"."""
    live = settings.delivery == "live"
    emails, texts = (settings.emails_by, settings.texts_by) if live else (settings.delivery, settings.delivery)
    return {Channel.EMAIL: f"email-by-{emails}", Channel.SMS: f"text-by-{texts}", Channel.WEBHOOK: "webhook"}


async def keep_bounce(database: Database, mail: bytes) -> bool:
    """Keep what `mail` reports of a message of ours, for the running notifier to apply; False for any other mail."""
    report = read_bounce(mail)
    if report is None:
        return False
    async with database.begin(Origin("bounce")) as tx:
        present = (await tx.connection.execute(select(tx.instant))).scalar_one()
        await ReceiptStore(tx).add(report, present)
    return True


def _following(settings: NotifierSettings, transactions: Transactions, notify_pace: Pace, now: Clock) -> list[Loop]:
    """What follows on a message that has left: receipts and bounces are applied, silence leads to the next way."""
    account = settings.notify_account()
    questions = NotifyQuestions(Notify(account, now), notify_pace) if settings.uses_notify() else None
    asking = AskAfterSilence(transactions, questions, KeepReports())
    loops = [
        Loop("notifier.receipts", ApplyReceipts(transactions, ApplyReport()), IDLE_S),
        Loop("notifier.ladder", ClimbDue(transactions, Climb()), IDLE_S),
        Loop("notifier.asking", asking, ASKING_EVERY_S, close=questions.rest if questions else None),
    ]
    if settings.bounces_maildir is not None:
        bounces = ReadMaildir(settings.bounces_maildir, transactions, KeepReports(), read_bounce)
        loops.append(Loop("notifier.bounces", bounces, BOUNCES_EVERY_S))
    return loops


def _pace(per_minute: int, now: Clock) -> Pace:
    return Pace(per_minute / 60, max(1.0, per_minute * BURST), now)


def _ways(settings: NotifierSettings, mailbox: Mailbox, notify_pace: Pace, now: Clock) -> Callable[[], Ways]:
    """Makes the ways out, anew for each lane: connections are a lane's own, a provider's limits are for all of them."""
    if settings.delivery == "mailbox":
        return lambda: Ways(mailbox, mailbox, DryRun())
    if settings.delivery == "dry-run":
        return lambda: Ways(DryRun(), DryRun(), DryRun())
    gateway_pace = _pace(settings.text_gateway_per_minute, now)
    keys = settings.webhook_keys()

    def to_partners() -> PublicOnly:
        return public_only(settings.webhook_private_hosts, settings.webhook_ca_file)

    def new() -> Ways:
        hooks = WebhookSender(keys, Posting(now, to_partners), now)
        return Ways(_emails(settings, notify_pace, now), _texts(settings, notify_pace, gateway_pace, now), hooks)

    return new


def _contacts(settings: NotifierSettings) -> Contacts:
    access = settings.intake_access()
    return IntakeContacts(*access) if access else NoContacts()


def _emails(settings: NotifierSettings, notify_pace: Pace, now: Clock) -> Sender[Email]:
    if settings.emails_by == "notify":
        return Paced(NotifyEmails(Notify(settings.notify_account(), now)), notify_pace)
    heads = MailHeads(settings.mail_from, settings.mail_reply_to or settings.mail_from)
    return SmtpSender(settings.smtp_server(), heads, now)


def _texts(settings: NotifierSettings, notify_pace: Pace, gateway_pace: Pace, now: Clock) -> Sender[Text]:
    if settings.texts_by == "notify":
        return Paced(NotifyTexts(Notify(settings.notify_account(), now)), notify_pace)
    if settings.texts_by == "gateway":
        url, token = settings.text_gateway()
        return Paced(GatewayTexts(url, token, Posting(now, AsyncHTTPTransport)), gateway_pace)
    return FileTexts(settings.texts_file) if settings.texts_file else NoTexts()
