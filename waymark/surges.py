"""What people do with surges from the command line, by the use cases that the API calls."""

from datetime import datetime
from pathlib import Path

from services.router.configuration.surges import surges_in
from services.router.domain.publishing import in_force
from services.router.domain.surge import Surge
from services.router.ports import Transaction
from services.router.use_cases.publishing import Publishing, Word, documents_of
from waymark.rules import within


async def listed(data: Path | None) -> list[str]:
    """A line for each surge of the version in force, then one for each time that one was on."""

    async def read(tx: Transaction, _: Publishing) -> list[str]:
        present = await tx.rule_sets.present()
        current = in_force(await tx.rule_sets.history(), present)
        titles = surges_in(await documents_of(tx, current.version)) if current else {}
        switches = [_line(surge, present) for surge in await tx.surges.all()]
        return [*(f"{name}: {title}" for name, title in titles.items()), *switches] or ["There are none."]

    return await within(data, read)


async def switch_on(name: str, authority: str, word: Word, until: datetime, data: Path | None) -> list[str]:
    """Have a surge count until a time."""

    async def switched(tx: Transaction, publishing: Publishing) -> list[str]:
        present = await tx.rule_sets.present()
        surge = Surge(name, authority, word.by, word.reason, present, until)
        on = await publishing.switch_on(tx, surge)
        return [_line(on, on.began_at)]

    return await within(data, switched)


async def switch_off(name: str, word: Word, data: Path | None) -> list[str]:
    """End a surge before its time."""

    async def off(tx: Transaction, publishing: Publishing) -> list[str]:
        ended = await publishing.switch_off(tx, name, word.by, word.reason)
        return [_line(ended, await tx.rule_sets.present())]

    return await within(data, off)


def _line(surge: Surge, present: datetime) -> str:
    times = f"{surge.began_at:%Y-%m-%d %H:%M} to {surge.ends_at:%Y-%m-%d %H:%M} UTC"
    on = "  <- on" if surge.runs(present) else ""
    return f"{surge.name}  {times}  {surge.authority}, {surge.switched_by}: {surge.reason}{on}"
