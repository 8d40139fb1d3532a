"""Valid things by default, a sender that does as it is told, and the notifier's parts put together as in main."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from services.notifier.channels.templates import Templates
from services.notifier.configuration import directory_of, documents_from
from services.notifier.consumers import subscriptions
from services.notifier.delivery import DeliverDue, Ways
from services.notifier.digests import DeliverDigests
from services.notifier.domain.arrival import Report
from services.notifier.domain.directory import Contact, Directory, Words
from services.notifier.domain.failure import SendFailed, Withheld
from services.notifier.domain.message import Email, Hook, Message, Proof, Receipt, Text
from services.notifier.domain.notification import Channel, Notification, Offer, Purpose, State
from services.notifier.domain.planning import notification_id
from services.notifier.ports import Attempt, Begin, Contacts, Insist, Lane, Search, Sender
from services.notifier.receipts.applying import ApplyReceipts
from services.notifier.receipts.climbing import ClimbDue
from services.notifier.store.database import NotifierDatabase
from services.notifier.store.insist import InsistOnDatabase
from services.notifier.store.notifications import NotificationStore
from services.notifier.store.tables import hold, notification, receipt
from services.notifier.store.transactions import NotifierTransaction, Transactions
from services.notifier.use_cases.attempts import ClaimDue, RecordOutcome
from services.notifier.use_cases.digests import ClaimDigest, HeedDigest, RecordPart
from services.notifier.use_cases.ladder import Climb
from services.notifier.use_cases.planning import PlanOffer, RecallOffer, StopOffer, StopReferral
from services.notifier.use_cases.receipts import ApplyReport, KeepReports
from services.notifier.use_cases.waiting import PutOff
from shared.clock import utc_now
from shared.db import Instant
from shared.document_set import Documents
from shared.documents import Current, save_documents
from shared.envelope import Origin
from shared.events import BY_TYPE, AnyEvent
from tests.links import SIGNER

NOON = datetime(2020, 4, 15, 11, 0, tzinfo=UTC)  # midday in London, a Wednesday
IDS = UUID("00000000-0000-4000-8000-000000000000")
REFERRAL = uuid5(IDS, "referral")
ASSIGNMENT = uuid5(IDS, "assignment")
CAUSE = uuid5(IDS, "cause")
ORIGIN = Origin("correlation-1", CAUSE)
PUBLIC_URL = "https://waymark.dales.example"
SERVICE = "svc-dva-doorstep"
EMAIL = "referrals+dva-doorstep@dva.example"
OFFICE = "office@dva.example"
MOBILE = "07700 900001"
PHONE = "01632 960001"
ALL = Lane("all", ("P1", "P2", "P3", "P4"), width=8, lease=timedelta(minutes=2))
# What a worker holds is anybody's at once, as if it had died.
EXPIRED = replace(ALL, lease=timedelta())

WAY_NAMES = {Channel.EMAIL: "email-by-smtp", Channel.SMS: "text-by-notify", Channel.WEBHOOK: "webhook"}
VALUES = {"reference": "7K3M-2QX", "reply_by": "by noon", "sender_in_texts": "Derbyshire CRU"}

DIRECTORY = Directory(
    addresses={
        SERVICE: {Channel.EMAIL: EMAIL, Channel.SMS: MOBILE, Channel.PHONE: PHONE},
        "svc-phone-only": {Channel.PHONE: "01632 960002"},
    },
    needs={"food.shopping": "Food shopping (can pay)", "money.debt": "Debt advice"},
    districts={"E07000034": "Chesterfield", "E07000134": "North West Leicestershire"},
    priorities={"P1": "Immediate", "P2": "Same day", "P3": "Next working day", "P4": "Routine"},
    priorities_in_texts={"P1": "urgent", "P2": "same day", "P3": "next day", "P4": "routine"},
    words=Words(
        sender="Derbyshire Community Response Unit",
        sender_in_texts="Derbyshire CRU",
        help_phone="0808 157 0199",
        hours="8am to 8pm Monday to Friday, and 9am to 4pm at weekends and on bank holidays",
    ),
    offices={SERVICE: Contact("org-dva:office", Channel.EMAIL, OFFICE)},
)


def an_offer(
    *,
    assignment_id: UUID = ASSIGNMENT,
    priority: str = "P3",
    needs: tuple[str, ...] = ("food.shopping",),
    district: str | None = "E07000034",
    reply_by: datetime = NOON + timedelta(hours=29),
    safe_contact_only: bool = False,
) -> Offer:
    return Offer(
        assignment_id=assignment_id,
        referral_id=REFERRAL,
        reference="7K3M-2QX",
        service_id=SERVICE,
        service_name="Volunteer doorstep help",
        priority=priority,
        needs=needs,
        district=district,
        reply_by=reply_by,
        safe_contact_only=safe_contact_only,
    )


def a_notification(
    *,
    offer: Offer | None = None,
    purpose: Purpose = Purpose.OFFER,
    channel: Channel = Channel.EMAIL,
    address: str = EMAIL,
    state: State = State.QUEUED,
    planned_at: datetime = NOON,
    attempts: int = 0,
    unsure: int = 0,
) -> Notification:
    offer = offer or an_offer()
    contact = f"{offer.service_id}:{channel}"
    return Notification(
        id=notification_id(offer.assignment_id, purpose, channel, contact),
        offer=offer,
        purpose=purpose,
        channel=channel,
        contact=contact,
        address=address,
        state=state,
        planned_at=planned_at,
        try_at=planned_at,
        attempts=attempts,
        unsure=unsure,
    )


def an_email(*, name: str = "one", to: str = EMAIL, text: str = "Hello\n") -> Email:
    return Email(uuid5(IDS, name), to, "Referral 7K3M-2QX", text, "<p>Hello</p>\n", "offer.email@1", VALUES)


def a_text(*, name: str = "one") -> Text:
    return Text(uuid5(IDS, name), MOBILE, "Derbyshire CRU: referral 7K3M-2QX", "offer.text@1", VALUES)


@dataclass(slots=True)
class ScriptedSender:
    """Takes messages; each failure in `script` is raised, in order, in place of taking one. `meanwhile` runs first.
    Asked after a message, it says what `known` holds, in order, then that it cannot tell."""

    script: list[SendFailed] = field(default_factory=list)
    meanwhile: Callable[[], Awaitable[object]] | None = None
    taken: list[Message | Hook] = field(default_factory=list)
    known: list[Receipt | SendFailed | None] = field(default_factory=list)
    proof: Proof = Proof.NEVER
    asked: list[UUID] = field(default_factory=list)

    async def send(self, message: Message | Hook) -> Receipt:
        if self.meanwhile is not None:
            await self.meanwhile()
        if self.script:
            raise self.script.pop(0)
        if message.id not in {taken.id for taken in self.taken}:
            self.taken.append(message)
        return Receipt(f"scripted:{message.id}", proof=self.proof)

    async def find(self, message_id: UUID) -> Receipt | None:
        self.asked.append(message_id)
        answer = self.known.pop(0) if self.known else None
        if isinstance(answer, SendFailed):
            raise answer
        return answer

    async def rest(self) -> None:
        pass


@dataclass(slots=True)
class ScriptedContacts:
    """Intake, as far as it gives addresses; each failure in `script` is raised, in order, in place of giving one."""

    address: str = "sam@riley.example"
    script: list[SendFailed | Withheld] = field(default_factory=list)

    async def address_for(self, update_id: UUID) -> str:
        if self.script:
            raise self.script.pop(0)
        return self.address


@dataclass(frozen=True, slots=True)
class Worker:
    """A lane's work, step by step."""

    deliver: DeliverDue

    async def run_once(self) -> bool:
        """Deliver what is due, at most as many as the lane is wide, each to its end."""
        try:
            return await self.deliver.run_once()
        finally:
            await self.deliver.settle()


@dataclass(slots=True)
class World:
    """The notifier on one database, with its events handed in by hand and its loops taken step by step."""

    database: NotifierDatabase
    transactions: Transactions

    @asynccontextmanager
    async def begin(self, origin: Origin = ORIGIN) -> AsyncIterator[NotifierTransaction]:
        async with self.transactions(origin) as tx:
            yield tx

    async def hear(self, *events: AnyEvent, origin: Origin = ORIGIN) -> None:
        heard = subscriptions(
            self.transactions, PlanOffer(), RecallOffer(), StopOffer(), StopReferral(), documents_from
        )
        handlers = {subscription.event: subscription.handle for subscription in heard}
        for event in events:
            async with self.database.begin(origin) as tx:
                await handlers[type(event)](tx, event)

    def worker(
        self,
        email: Sender[Email],
        text: Sender[Text] | None = None,
        hook: Sender[Hook] | None = None,
        *,
        lane: Lane = ALL,
        begin: Begin | None = None,
        contacts: Contacts | None = None,
        insist: Insist | None = None,
    ) -> Worker:
        deliver = DeliverDue(
            lane=lane,
            begin=begin or self.transactions,
            claim_due=ClaimDue(WAY_NAMES, PutOff(heeds_hours=True)),
            contacts=contacts or ScriptedContacts(),
            compose=Templates(PUBLIC_URL, SIGNER),
            ways=Ways(email, text or ScriptedSender(), hook or ScriptedSender()),
            record_outcome=RecordOutcome(lambda: 0.0, WAY_NAMES),
            insist=insist or InsistOnDatabase(),
            now=utc_now,
        )
        return Worker(deliver)

    def digests(self, email: Sender[Email], *, insist: Insist | None = None, lane: Lane = ALL) -> DeliverDigests:
        return DeliverDigests(
            lane=lane,
            begin=self.transactions,
            claim_digest=ClaimDigest(WAY_NAMES),
            compose=Templates(PUBLIC_URL, SIGNER),
            way=email,
            heed=HeedDigest(WAY_NAMES),
            record_part=RecordPart(RecordOutcome(lambda: 0.0, WAY_NAMES)),
            insist=insist or InsistOnDatabase(),
            now=utc_now,
        )

    async def arrange(self, documents: Documents, arrangements: Mapping[str, object]) -> None:
        """Put a directory in force whose contacts have these quiet hours and digests."""
        await keep_directory(self.database, {**documents, "arrangements": json.dumps(arrangements)})

    async def stored(self) -> list[Notification]:
        return [stored for stored, _ in await self.stored_with_attempts()]

    async def only(self) -> Notification:
        """The one message that there is."""
        [message] = await self.stored()
        return message

    async def stored_with_attempts(self) -> Sequence[tuple[Notification, Sequence[Attempt]]]:
        async with self.begin() as tx:
            return await tx.notifications.find(Search(limit=500))

    async def make_due(self) -> None:
        """As if every message's wait were over."""
        async with self.begin() as tx:
            due = notification.update().values(try_at=notification.c.planned_at)
            await tx.tx.connection.execute(due)

    async def pass_time(self, span: timedelta) -> None:
        """As if `span` had gone by since all that is stored."""
        for table in (notification, receipt, hold):
            instants = [column for column in table.c if isinstance(column.type, Instant)]
            async with self.begin() as tx:
                key = next(iter(table.primary_key))
                for row in (await tx.tx.connection.execute(table.select())).mappings().all():
                    earlier = {each.name: row[each.name] - span for each in instants if row[each.name] is not None}
                    change = table.update().where(key == row[key.name]).values(earlier)
                    await tx.tx.connection.execute(change)

    async def climb(self) -> None:
        """Take every way whose turn it is."""
        await ClimbDue(self.transactions, Climb()).run_once()

    async def report(self, *reports: Report) -> None:
        """Keep and apply what a provider reports."""
        async with self.begin() as tx:
            await KeepReports()(tx, *reports)
        await ApplyReceipts(self.transactions, ApplyReport()).run_once()

    async def published(self) -> list[AnyEvent]:
        outbox = self.database.outbox
        async with self.database.begin(ORIGIN) as tx:
            rows = await tx.connection.execute(outbox.select().order_by(outbox.c.seq))
            return [BY_TYPE[row.headers["ce_type"]].model_validate_json(row.body) for row in rows]


async def keep_directory(database: NotifierDatabase, documents: Documents) -> None:
    async with database.begin(ORIGIN) as tx:
        await save_documents(tx, documents)


def transactions_on(database: NotifierDatabase) -> Transactions:
    return Transactions(database, Current(directory_of))


def store_in(tx: NotifierTransaction) -> NotificationStore:
    return tx.notifications
