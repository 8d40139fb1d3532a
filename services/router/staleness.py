"""Background work: counts the services whose details nobody has checked lately, and says so once a day."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from prometheus_client import Gauge

from services.router.domain.assurance import STALE
from services.router.openreferral.source import Source, read_source
from services.router.openreferral.stale import stale
from shared.clock import Clock
from shared.db import Database
from shared.documents import Current, current_version
from shared.envelope import Origin
from shared.log import get_logger

log = get_logger()
STALE_SERVICES = Gauge("waymark_directory_stale", "Services whose details want checking, by why.", ["state"])


def _sources() -> Current[Source]:
    return Current(read_source)


@dataclass(slots=True)
class Staleness:
    """Looks at the directory in force. The line in the log is for those who keep it; names are listed elsewhere."""

    database: Database
    now: Clock
    sources: Current[Source] = field(default_factory=_sources)
    told: tuple[str, date] | None = None

    async def run_once(self) -> bool:
        """Look once; there is never more to do at once. Before a directory is loaded there is nothing to do."""
        async with self.database.begin(Origin(str(self.database.new_id()))) as transaction:
            version = await current_version(transaction)
            source = await self.sources(transaction) if version is not None else None
        if version is None or source is None:
            return False
        today = source.county.today(self.now())
        counts = Counter(each.worth for each in stale(source, today))
        for state in sorted(STALE):
            STALE_SERVICES.labels(state=state.value).set(counts[state])
            if counts[state] and self.told != (version, today):
                log.warning("directory.stale_found", state=state.value, count=counts[state])
        self.told = version, today
        return False
