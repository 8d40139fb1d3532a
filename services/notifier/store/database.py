"""The notifier's database: one that rings the delivery loops' bells once a planned message can be seen."""

from asyncio import Event
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from services.notifier.store.tables import metadata
from shared.clock import Clock, NewId
from shared.db import Database, Transaction
from shared.envelope import Origin


class NotifierDatabase(Database):
    """`bells` are set after each commit of a transaction that asked for it, never before: a loop that is woken while
    the message is not yet to be seen would go back to sleep."""

    def __init__(self, url: str, *, now: Clock, new_id: NewId, pool_size: int = 10) -> None:
        super().__init__("notifier", url, metadata, now=now, new_id=new_id, pool_size=pool_size)
        self.bells: list[Event] = []
        self._asked: set[int] = set()

    def ring_after(self, tx: Transaction) -> None:
        """Ring once `tx` has committed."""
        self._asked.add(id(tx))

    @asynccontextmanager
    async def begin(self, origin: Origin) -> AsyncIterator[Transaction]:
        """A transaction for one piece of work."""
        key: int | None = None
        try:
            async with super().begin(origin) as tx:
                key = id(tx)
                yield tx
            if key in self._asked:
                for bell in self.bells:
                    bell.set()
        finally:
            self._asked.discard(key or 0)
