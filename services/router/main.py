"""The router, assembled: the only module that knows all of its parts."""

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from services.router.api import answering, capacity, directory, explaining, pausing, reading, simulating
from services.router.api import links as links_api
from services.router.chaser import Chase, Reviews, Watchdog
from services.router.configuration import load_county_documents
from services.router.configuration.documents import read_documents
from services.router.consumers import subscriptions
from services.router.decay import Decay
from services.router.domain.county import County
from services.router.pages import assignments, decisions, links
from services.router.settings import RouterSettings
from services.router.staleness import Staleness
from services.router.store.tables import metadata
from services.router.store.transaction import RouterTransaction
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.confirming import LetDecay
from services.router.use_cases.explaining import Story, explain_referral
from services.router.use_cases.holding import ReviewHeld
from services.router.use_cases.listing import NoteDirectory
from services.router.use_cases.rederiving import Rederived, rederive_sample
from services.router.use_cases.reopening import ReopenReferral
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import NoteTold, RecallReferral, RouteReferral
from services.router.use_cases.simulating import Workbench
from services.router.use_cases.unreachable import NoteUnreachable
from shared.clock import Clock, NewId
from shared.db import Database, Transaction
from shared.documents import Current, save_documents
from shared.envelope import Origin
from shared.idempotency import Expiry, Idempotency, Unsealed
from shared.links import LinkSigner
from shared.reference import wanted_reference
from shared.service import Loop, Service

EXPIRE_EVERY_S = 600.0
CHASE_EVERY_S = 5.0
WATCH_EVERY_S = 60.0
DECAY_EVERY_S = 60.0
STALE_EVERY_S = 3600.0


def build(settings: RouterSettings, *, now: Clock, new_id: NewId) -> Service:
    """The router as one service, ready to be run."""
    database = Database("router", settings.router_database_url, metadata, now=now, new_id=new_id)
    county_in_force = counties()
    idempotency = Idempotency(database, Unsealed())
    place_again = PlaceAgain(new_id)
    signer = LinkSigner(settings.link_keys.get_secret_value())

    def stores(transaction: Transaction) -> RouterTransaction:
        return RouterTransaction(transaction, county_in_force)

    return Service(
        name="router",
        database=database,
        routers=(
            reading.routes(database, stores),
            explaining.routes(database, stores),
            answering.routes(stores, idempotency, now, new_id, place_again),
            pausing.routes(database, stores, idempotency, now),
            links_api.routes(stores, idempotency, now),
            decisions.routes(database, stores),
            assignments.routes(database, stores, now),
            links.routes(database, stores, signer, now, place_again),
            capacity.routes(database, stores, idempotency, now),
            simulating.routes(database, stores, load_county_documents, Workbench(), now),
            directory.routes(database, stores, now),
        ),
        subscriptions=subscriptions(
            stores,
            RouteReferral(now, new_id),
            RecallReferral(now),
            ReopenReferral(now, new_id),
            NoteTold(),
            NoteUnreachable(now, place_again),
        ),
        loops=_loops(database, stores, now, place_again),
    )


def _loops(
    database: Database, stores: Callable[[Transaction], RouterTransaction], now: Clock, place_again: PlaceAgain
) -> tuple[Loop, ...]:
    return (
        Loop("router.chase", Chase(database, stores, RingClock(place_again)), CHASE_EVERY_S),
        Loop("router.reviews", Reviews(database, stores, ReviewHeld()), WATCH_EVERY_S),
        Loop("router.watchdog", Watchdog(database, stores), WATCH_EVERY_S),
        Loop("router.capacity", Decay(database, stores, LetDecay(), NoteDirectory()), DECAY_EVERY_S),
        Loop("router.staleness", Staleness(database, now), STALE_EVERY_S),
        Loop("router.idempotency", Expiry(database), EXPIRE_EVERY_S),
    )


async def rederive(database: Database, days: int, most: int) -> Rederived:
    """Derive decisions of the last days again, at most so many of them by chance."""
    async with database.begin(Origin("rederive")) as tx:
        since = database.now() - timedelta(days=days)
        return await rederive_sample(RouterTransaction(tx, counties()), since, most)


async def explain(database: Database, reference: str) -> Story:
    """Why a referral is where it is. Raises NotFound."""
    async with database.begin(Origin("explain")) as tx:
        return await explain_referral(RouterTransaction(tx, counties()), wanted_reference(reference))


def counties() -> Current[County]:
    """The county in force, compiled again only when another version of its documents was loaded."""
    return Current(load_county_documents)


async def load_directory(database: Database, directory: Path) -> str:
    """Put the county's files in `directory` in force and answer their version. Raises Refused when they are wrong."""
    documents = read_documents(directory)
    load_county_documents(documents)
    async with database.begin(Origin("load-directory")) as tx:
        return await save_documents(tx, documents)
