"""The router, assembled: the only module that knows all of its parts."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from pathlib import Path

from services.router.api import answering, capacity, directory, explaining, pausing, reading, simulating
from services.router.api import links as links_api
from services.router.api import rule_sets as rule_sets_api
from services.router.api import surges as surges_api
from services.router.chaser import Chase, Reviews, Watchdog
from services.router.configuration import load_county_documents
from services.router.configuration.surges import surges_in, wanted
from services.router.configuration.versions import Reader, county_with, noted, usable, usable_overlay
from services.router.consumers import subscriptions
from services.router.decay import Decay
from services.router.domain.county import County
from services.router.domain.publishing import NOBODY
from services.router.pages import assignments, decisions, links
from services.router.settings import RouterDatabase, RouterSettings
from services.router.staleness import Staleness
from services.router.store.tables import metadata
from services.router.store.transaction import RouterTransaction
from services.router.use_cases.chasing import RingClock
from services.router.use_cases.confirming import LetDecay
from services.router.use_cases.explaining import Story, explain_referral
from services.router.use_cases.holding import ReviewHeld
from services.router.use_cases.listing import NoteDirectory
from services.router.use_cases.publishing import (
    ApproveRuleSet,
    DraftRuleSet,
    LoadRuleSet,
    Publishing,
    PublishRuleSet,
    RollBack,
    WithdrawRuleSet,
    Word,
)
from services.router.use_cases.rederiving import Rederived, rederive_sample
from services.router.use_cases.reopening import ReopenReferral
from services.router.use_cases.rerouting import PlaceAgain
from services.router.use_cases.routing import NoteTold, RecallReferral, RouteReferral
from services.router.use_cases.simulating import Workbench
from services.router.use_cases.surging import SwitchOff, SwitchOn
from services.router.use_cases.unreachable import NoteUnreachable
from shared.clock import Clock, NewId
from shared.db import Database, Transaction
from shared.document_set import Documents, read_folder, version_of
from shared.documents import PATIENCE_S, Current
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
FOLDER = Word(NOBODY, "The county's folder.")


@dataclass(frozen=True, slots=True)
class Loaded:
    """The version that a folder is, and whether it is in force."""

    version: str
    in_force: bool


def build(settings: RouterSettings, *, now: Clock, new_id: NewId, readers: Sequence[Reader] = ()) -> Service:
    """The router as one service, ready to be run; `readers` are what other services make of a county's documents."""
    database = Database("router", settings.router_database_url, metadata, now=now, new_id=new_id)
    county_in_force = counties(settings.rules_patience_s)
    idempotency = Idempotency(database, Unsealed())
    place_again = PlaceAgain(new_id)
    signer = LinkSigner(settings.link_keys.get_secret_value())

    def stores(transaction: Transaction) -> RouterTransaction:
        return RouterTransaction(transaction, county_in_force)

    people = publishing(settings, readers, now)
    once = rule_sets_api.Once(stores, idempotency)
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
            simulating.routes(database, stores, county_with, Workbench(), now),
            directory.routes(database, stores, now),
            rule_sets_api.routes(database, once, people),
            surges_api.routes(database, once, surges_in, people.switch_on, people.switch_off),
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


def publishing(settings: RouterDatabase, readers: Sequence[Reader], now: Clock) -> Publishing:
    """What can be done with versions of the rules, for the API and the command line alike."""
    use = partial(usable, readers=readers)
    return Publishing(
        check=partial(noted, readers=readers),
        draft=DraftRuleSet(now),
        approve=ApproveRuleSet(now),
        publish=PublishRuleSet(use, settings.rules_approvals, usable_overlay),
        withdraw=WithdrawRuleSet(usable_overlay),
        roll_back=RollBack(use, usable_overlay),
        switch_on=SwitchOn(wanted, usable_overlay),
        switch_off=SwitchOff(usable_overlay),
    )


def stores(tx: Transaction) -> RouterTransaction:
    """The router's view of a transaction, for a command that ends after it."""
    return RouterTransaction(tx, counties())


async def rederive(database: Database, days: int, most: int) -> Rederived:
    """Derive decisions of the last days again, at most so many of them by chance."""
    async with database.begin(Origin("rederive")) as tx:
        since = database.now() - timedelta(days=days)
        return await rederive_sample(stores(tx), since, most)


async def explain(database: Database, reference: str) -> Story:
    """Why a referral is where it is. Raises NotFound."""
    async with database.begin(Origin("explain")) as tx:
        return await explain_referral(RouterTransaction(tx, counties()), wanted_reference(reference))


def counties(patience_s: float = PATIENCE_S) -> Current[County]:
    """The county in force, compiled again only when another version of its documents was loaded."""
    return Current(load_county_documents, again=load_county_documents, patience_s=patience_s)


async def load_directory(database: Database, directory: Path) -> str:
    """Put the county's files in `directory` in force and answer their version. Raises Refused when they are wrong."""
    return (await load_documents(database, read_folder(directory), FOLDER)).version


async def load_documents(database: Database, documents: Documents, word: Word, *, take_over: bool = False) -> Loaded:
    """Put a folder's documents in force unless people publish versions; then they are drafted. Raises Refused."""
    load_county_documents(documents)
    async with database.begin(Origin("load-directory")) as tx:
        is_in_force = await LoadRuleSet(usable_overlay)(stores(tx), documents, word, take_over=take_over)
        if not is_in_force:
            await DraftRuleSet(database.now)(stores(tx), documents, noted(documents), word)
        return Loaded(version_of(documents), is_in_force)
