"""Background work: lets words on capacity decay that nobody repeats."""

from collections.abc import Callable
from dataclasses import dataclass, field

from services.router.ports import Transaction
from services.router.use_cases.confirming import LetDecay
from services.router.use_cases.listing import NoteDirectory
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.documents import current_version
from shared.envelope import Origin
from shared.log import get_logger, where

log = get_logger()


@dataclass(slots=True)
class Decay:
    """All that is due: of each service a reminder and what tells of it are kept together, or neither is."""

    database: Database
    stores: Callable[[DatabaseTransaction], Transaction]
    let_decay: LetDecay
    note_directory: NoteDirectory
    _noted: str | None = field(default=None, init=False)

    async def run_once(self) -> bool:
        """Look once; there is never more to do at once. Before a directory is loaded there is nothing to do."""
        async with self.database.begin(Origin(str(self.database.new_id()))) as transaction:
            version = await current_version(transaction)
            if version is None:
                return False
            tx = self.stores(transaction)
            if version != self._noted:
                await self.note_directory(tx)
            for waning in await self.let_decay.waning(tx):
                try:
                    async with transaction.connection.begin_nested():
                        await self.let_decay(tx, waning)
                except Exception as error:  # one service that cannot be reminded must not keep the others waiting
                    place = where(error.__traceback__)[-3:]
                    kind = type(error).__name__
                    log.warning("capacity.failed", service_id=waning.service_id, error=kind, where=place)
        self._noted = version
        return False
