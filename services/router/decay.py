"""Background work: lets words on capacity decay that nobody repeats."""

from collections.abc import Callable
from dataclasses import dataclass

from services.router.ports import Transaction
from services.router.use_cases.confirming import LetDecay
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.documents import current_version
from shared.envelope import Origin


@dataclass(frozen=True, slots=True)
class Decay:
    """All that is due in one transaction: a reminder and what tells of it are kept together, or neither is."""

    database: Database
    stores: Callable[[DatabaseTransaction], Transaction]
    let_decay: LetDecay

    async def run_once(self) -> bool:
        """Look once; there is never more to do at once. Before a directory is loaded there is nothing to do."""
        async with self.database.begin(Origin(str(self.database.new_id()))) as transaction:
            if await current_version(transaction) is not None:
                await self.let_decay(self.stores(transaction))
        return False
