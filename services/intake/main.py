"""Intake, assembled here: the only module that knows every part of it."""

import csv
import secrets
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from io import StringIO
from pathlib import Path
from uuid import UUID

from services.intake.api import routes
from services.intake.configuration import POLICY_FILES, SECTORS_FILE, areas_in, load_policy
from services.intake.consumers import subscriptions
from services.intake.internal_api import internal_routes
from services.intake.people import DiscloseContact
from services.intake.settings import IntakeSettings
from services.intake.store.places import AREAS_DOCUMENT, areas_document, read_areas
from services.intake.store.resealing import reseal_some
from services.intake.store.sweeps import SweepTable
from services.intake.store.tables import metadata
from services.intake.store.transaction import County, CountyInForce, IntakeTransaction
from services.intake.sweeper import Sweeper
from services.intake.use_cases import CancelReferral, FindReferral, ReopenReferral, SubmitReferral
from shared.clock import Clock, NewId
from shared.db import Database, Transaction
from shared.document_set import Documents, read_folder
from shared.documents import save_documents
from shared.envelope import Origin
from shared.errors import Refused
from shared.idempotency import Expiry, Idempotency
from shared.rate_limit import RateLimit
from shared.reference import SPACE, reference_of
from shared.service import Loop, Service
from shared.vault import Vault

NAME = "intake"
DISTRICTS_FILE = "districts.csv"
CHECK_COUNTY_EVERY = timedelta(seconds=3)
SWEEP_EVERY_S = 5.0
EXPIRE_EVERY_S = 600.0
RESEAL_ROWS = 200


def open_database(settings: IntakeSettings, *, now: Clock, new_id: NewId) -> Database:
    """Intake's database, not yet connected."""
    return Database(
        NAME, settings.intake_database_url, metadata, now=now, new_id=new_id, pool_size=settings.intake_pool_size
    )


def draw_reference() -> str:
    """A reference nobody can guess from another."""
    return reference_of(secrets.randbelow(SPACE))


def build(
    settings: IntakeSettings, *, now: Clock, new_id: NewId, draw_reference: Callable[[], str] = draw_reference
) -> Service:
    """Intake, ready for the chassis. Raises Refused, in one sentence, when the key file is missing or unusable."""
    vault = Vault.from_file(settings.keys_file)
    database = open_database(settings, now=now, new_id=new_id)
    first_patience = timedelta(seconds=settings.sweep_patience_s)
    opened = _opening(vault, settings, now)
    limit = RateLimit(settings.requests_per_minute, settings.redis_url, now=now, disguise=vault.blind)
    router = routes(
        database,
        opened,
        Idempotency(database, vault),
        limit,
        SubmitReferral(now, new_id, draw_reference),
        FindReferral(),
        CancelReferral(now),
        ReopenReferral(now),
    )
    internal = internal_routes(database, opened, DiscloseContact(now), settings.contacts_token)
    sweeper = Sweeper(database, partial(SweepTable, first_patience=first_patience))
    return Service(
        NAME,
        database,
        routers=(router, internal),
        subscriptions=subscriptions(opened, documents_from),
        loops=(
            Loop("intake.sweeper", sweeper, SWEEP_EVERY_S),
            Loop("intake.idempotency", Expiry(database), EXPIRE_EVERY_S),
        ),
        close=limit.close,
    )


def contacts(service: Service, settings: IntakeSettings, *, now: Clock) -> Callable[[UUID], Awaitable[str]]:
    """The address for an update by its id, for a process that runs intake's `service` and the notifier side by side.

    What it gives raises NotFound, NotToBeTold and Unavailable.
    """
    opened = _opening(Vault.from_file(settings.keys_file), settings, now)
    disclose = DiscloseContact(now)

    async def contact(update_id: UUID) -> str:
        async with service.database.begin(_by_hand(service.database)) as tx:
            return await disclose(opened(tx), update_id)

    return contact


async def load_directory(database: Database, directory: Path) -> str:
    """Make a county's folder the one in force, once all of it has been checked; its version. Raises Refused, naming
    file and line. The unit postcodes stay as they are."""
    documents = documents_from(read_folder(directory))
    async with database.begin(_by_hand(database)) as tx:
        return await save_documents(tx, documents)


def documents_from(texts: Documents) -> Documents:
    """What intake keeps of the texts of a county's files, once all of it has been checked. Raises Refused, naming file
    and line."""
    for name in (*POLICY_FILES, SECTORS_FILE):
        if name not in texts:
            raise Refused("bad_configuration", f"{name}: there is no such file")
    areas = areas_in(SECTORS_FILE, StringIO(texts[SECTORS_FILE], newline=""))
    documents = {name: texts[name] for name in POLICY_FILES} | {AREAS_DOCUMENT: areas_document(areas)}
    read_county(documents)
    return documents


async def reseal(database: Database, keys_file: Path) -> int:
    """Put every referral under the active key of `keys_file`; how many were not. Intake may go on meanwhile."""
    vault = Vault.from_file(keys_file)
    total = 0
    while True:
        async with database.begin(_by_hand(database)) as tx:
            count = await reseal_some(tx, vault, RESEAL_ROWS)
        total += count
        if count < RESEAL_ROWS:
            return total


def read_county(documents: Documents) -> County:
    """What the stored documents mean. Raises Refused."""
    names = {row["lad_code"]: row["name"] for row in csv.DictReader(documents[DISTRICTS_FILE].splitlines())}
    return County(load_policy(documents), read_areas(documents[AREAS_DOCUMENT]), names)


def _opening(vault: Vault, settings: IntakeSettings, now: Clock) -> Callable[[Transaction], IntakeTransaction]:
    """Turns a transaction into the use cases' view of it."""
    county = CountyInForce(read_county, now, CHECK_COUNTY_EVERY)
    first_patience = timedelta(seconds=settings.sweep_patience_s)

    def opened(tx: Transaction) -> IntakeTransaction:
        return IntakeTransaction(tx, vault, county, first_patience)

    return opened


def _by_hand(database: Database) -> Origin:
    return Origin(correlation_id=str(database.new_id()))
