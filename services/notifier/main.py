"""The notifier, assembled: the only module that knows all of its parts."""

from asyncio import Event
from datetime import timedelta
from pathlib import Path
from random import SystemRandom

from services.notifier import api, pages
from services.notifier.channels.dry_run import DryRun
from services.notifier.channels.smtp import MailHeads, SmtpSender
from services.notifier.channels.templates import Templates
from services.notifier.channels.texts import FileTexts, NoTexts
from services.notifier.configuration import directory_of, documents_in
from services.notifier.consumers import subscriptions
from services.notifier.delivery import DeliverDue, Ways
from services.notifier.ports import Lane
from services.notifier.settings import NotifierSettings
from services.notifier.store.database import NotifierDatabase
from services.notifier.store.insist import InsistOnDatabase
from services.notifier.store.mailbox import Mailbox
from services.notifier.store.transactions import Transactions
from services.notifier.use_cases.attempts import ClaimDue, RecordOutcome
from services.notifier.use_cases.calls import RecordCall
from services.notifier.use_cases.planning import PlanOffer, RecallOffer, StopOffer, StopReferral
from shared.clock import Clock, NewId
from shared.db import Database
from shared.documents import Current, save_documents
from shared.envelope import Origin
from shared.service import Loop, Service

# Longer than an attempt may take, so that a lease runs out only for a worker that is gone.
LEASE = timedelta(seconds=150)
# Two lanes: what must be known within minutes never waits behind what may wait until tomorrow.
LANES = (Lane("urgent", ("P1",), width=4, lease=LEASE), Lane("all", ("P1", "P2", "P3", "P4"), width=8, lease=LEASE))
IDLE_S = 1.0


def build(settings: NotifierSettings, *, now: Clock, new_id: NewId) -> Service:
    """The notifier as one service, ready to be run. Raises TemplateFault when a text would not fit public_url."""
    database = NotifierDatabase(settings.notifier_database_url, now=now, new_id=new_id)
    transactions = Transactions(database, Current(directory_of))
    mailbox = Mailbox(database)
    templates = Templates(settings.public_url)
    routers = [api.routes(transactions, RecordCall())]
    if settings.delivery == "mailbox":
        routers.append(pages.routes(mailbox, transactions))
    loops = []
    for lane in LANES:
        deliver = DeliverDue(
            lane=lane,
            begin=transactions,
            claim_due=ClaimDue(),
            compose=templates,
            ways=_ways(settings, mailbox, now),
            record_outcome=RecordOutcome(SystemRandom().random),
            insist=InsistOnDatabase(),
            now=now,
        )
        bell = Event()
        database.bells.append(bell)
        loops.append(Loop(f"notifier.deliver-{lane.name}", deliver, IDLE_S, bell, deliver.ways.rest))
    return Service(
        name="notifier",
        database=database,
        routers=routers,
        subscriptions=subscriptions(transactions, PlanOffer(), RecallOffer(), StopOffer(), StopReferral()),
        loops=loops,
    )


async def load_directory(database: Database, directory: Path) -> str:
    """Put the county's files in `directory` in force and answer their version. Raises Refused when they are wrong."""
    documents = documents_in(directory)
    async with database.begin(Origin("load-directory")) as tx:
        return await save_documents(tx, documents)


def _ways(settings: NotifierSettings, mailbox: Mailbox, now: Clock) -> Ways:
    if settings.delivery == "mailbox":
        return Ways(mailbox, mailbox)
    if settings.delivery == "dry-run":
        return Ways(DryRun(), DryRun())
    heads = MailHeads(settings.mail_from, settings.mail_reply_to or settings.mail_from)
    texts = FileTexts(settings.texts_file) if settings.texts_file else NoTexts()
    return Ways(SmtpSender(settings.smtp_server(), heads, now), texts)
