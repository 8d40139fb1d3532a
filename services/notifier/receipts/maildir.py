"""The loop that reads bounces from a maildir, into which the mail server delivers them."""

import os
from asyncio import to_thread
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

from services.notifier.domain.arrival import Report
from services.notifier.ports import Begin
from services.notifier.use_cases.receipts import KeepReports
from shared.envelope import Origin
from shared.log import get_logger

log = get_logger()
AT_ONCE = 50
SEEN = ":2,S"


@dataclass(slots=True)
class ReadMaildir:
    """Keeps what each new mail reports, then moves it from new/ to cur/. Other mail stays where it is."""

    folder: Path
    begin: Begin
    keep: KeepReports
    read: Callable[[bytes], Report | None]
    _left: set[str] = field(default_factory=set, init=False)

    async def run_once(self) -> bool:
        """Read at most fifty; whether there may be more. A mail read twice, after a crash, is kept once."""
        names = await to_thread(self._new)
        self._left &= names
        fresh = sorted(names - self._left)[:AT_ONCE]
        if not fresh:
            return False
        read = [(name, await to_thread(self._read, name)) for name in fresh]
        ours = [(name, report) for name, report in read if report is not None]
        async with self.begin(Origin("bounces")) as tx:
            await self.keep(tx, *(report for _, report in ours))
        for name, _ in ours:
            await to_thread(self._done, name)
        others = {name for name, report in read if report is None}
        self._left |= others
        log.info("mail.sorted", count=len(ours), waiting=len(others))
        return len(fresh) == AT_ONCE

    def _new(self) -> set[str]:
        with os.scandir(self.folder / "new") as entries:
            return {entry.name for entry in entries if entry.is_file(follow_symlinks=False)}

    def _read(self, name: str) -> Report | None:
        return self.read((self.folder / "new" / name).read_bytes())

    def _done(self, name: str) -> None:
        target = self.folder / "cur"
        target.mkdir(exist_ok=True)
        os.replace(self.folder / "new" / name, target / f"{name.partition(':')[0]}{SEEN}")
