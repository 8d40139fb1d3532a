"""One transaction on intake's database, as its use cases see it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from services.intake.domain.places import PlaceTable
from services.intake.domain.policy import Policy
from services.intake.store import places
from services.intake.store.referrals import ReferralTable
from services.intake.store.updates import UpdateTable
from shared.clock import Clock
from shared.db import Transaction
from shared.document_set import Documents
from shared.documents import Current
from shared.events import Event
from shared.vault import Vault


@dataclass(frozen=True, slots=True)
class County:
    """What was loaded for the county: the data of its rules, its sectors and outcodes, and names by district code."""

    policy: Policy
    areas: PlaceTable
    district_names: Mapping[str, str]


class CountyInForce:
    """The county's documents as read last; the database is asked for newer ones at most every `check_every`."""

    def __init__(self, read: Callable[[Documents], County], now: Clock, check_every: timedelta) -> None:
        self._current = Current(read)
        self._now = now
        self._check_every = check_every
        self._known: tuple[datetime, County] | None = None

    async def __call__(self, tx: Transaction) -> County:
        """The county in force. Raises Unavailable before anything was loaded."""
        now = self._now()
        if self._known is None or now - self._known[0] >= self._check_every:
            self._known = (now, await self._current(tx))
        return self._known[1]


class IntakeTransaction:
    """The stores of one open transaction (services/intake/ports.py)."""

    def __init__(self, tx: Transaction, vault: Vault, county: CountyInForce, first_patience: timedelta) -> None:
        self._tx = tx
        self._county = county
        self.referrals = ReferralTable(tx, vault, first_patience)
        self.updates = UpdateTable(tx)

    async def policy(self) -> Policy:
        """The rules' data in force. Raises Unavailable when none is loaded."""
        return (await self._county(self._tx)).policy

    async def places(self, codes: Sequence[str]) -> PlaceTable:
        """What the place data say of these codes. Raises Unavailable when none is loaded."""
        areas = (await self._county(self._tx)).areas
        return replace(areas, units=await places.units(self._tx, codes))

    async def district_name(self, code: str) -> str | None:
        """The name of a district, by its present or an earlier code. Raises Unavailable when none is loaded."""
        county = await self._county(self._tx)
        return county.district_names.get(county.policy.place.present_code(code))

    async def publish(self, event: Event) -> None:
        """Tell the others once the transaction has been kept."""
        await self._tx.publish(event)
