"""One transaction on the router's database, as its use cases see it."""

from services.router.domain.county import County
from services.router.store.assignments import OfferTable
from services.router.store.capacity import CapacityTable
from services.router.store.clocks import ClockTable
from services.router.store.confirmations import ConfirmationTable
from services.router.store.decisions import DecisionTable, ReferralTable
from services.router.store.links import LinkTable
from services.router.store.pauses import PauseTable
from services.router.store.rule_sets import RuleSetTable
from services.router.store.surges import SurgeTable
from services.router.store.watch import WatchQueries
from shared.db import Transaction
from shared.document_set import Documents
from shared.documents import Current
from shared.events import AnyEvent


class RouterTransaction:
    """The stores of one open transaction (services/router/ports.py)."""

    def __init__(self, transaction: Transaction, counties: Current[County]) -> None:
        self._transaction = transaction
        self._counties = counties
        self.referrals = ReferralTable(transaction)
        self.decisions = DecisionTable(transaction)
        self.offers = OfferTable(transaction)
        self.capacity = CapacityTable(transaction)
        self.clocks = ClockTable(transaction)
        self.confirmations = ConfirmationTable(transaction)
        self.pauses = PauseTable(transaction)
        self.watch = WatchQueries(transaction)
        self.links = LinkTable(transaction)
        self.rule_sets = RuleSetTable(transaction)
        self.surges = SurgeTable(transaction)

    async def county(self) -> County:
        """The rules and the directory in force. Raises Unavailable when none is loaded."""
        return await self._counties(self._transaction)

    async def county_of(self, version: str) -> County:
        """The rules and the directory of a decision or of a draft. Raises NotFound."""

        async def find(tx: Transaction, version: str) -> Documents | None:
            return await self.rule_sets.documents(version)

        return await self._counties.of(self._transaction, version, find)

    async def publish(self, event: AnyEvent) -> None:
        """Tell the others once the transaction has been kept."""
        await self._transaction.publish(event)
