"""What `waymark simulate-month` says: the seed it used, the table, every fault, and the last line."""

import asyncio
import secrets
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rich.console import Console

from shared.errors import Refused
from waymark.simulate.month import Plan, simulate

SEEDS = 1_000_000
# Where there is memory to write to: nothing of it has to outlive the run, and a disk is waited for at every commit.
IN_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder is made in it that nobody else can open
WIDTH = 150


def draw_seed() -> int:
    """One that nobody chose."""
    return secrets.randbelow(SEEDS)


def run(plan: Plan, *, data: Path | None, directory: Path) -> bool:
    """Simulate `plan` and say how it ended; whether all is well. Raises Refused when `data` is not an empty folder."""
    console = Console(width=WIDTH, highlight=False)
    console.print(f"{plan.referrals} referrals over {plan.days} days from {plan.start:%d %B %Y}, seed {plan.seed}")
    with _folder(data) as folder:
        report = asyncio.run(simulate(plan, folder, directory, console))
    console.print(report.tally.table())
    console.print(", ".join(f"{kind} {count}" for kind, count in report.what_went_wrong.items()))
    for fault in report.faults():
        console.print(fault, style="red", markup=False)
    # The very last line, as it is, for whoever reads it by machine.
    print(report.line)
    return report.is_good


@contextmanager
def _folder(data: Path | None) -> Iterator[Path]:
    if data is None:
        with tempfile.TemporaryDirectory(dir=IN_MEMORY if IN_MEMORY.is_dir() else None) as folder:
            yield Path(folder)
        return
    if data.exists() and any(data.iterdir()):
        raise Refused("folder-in-use", f"{data} is not empty. Name a folder that is, or that does not exist yet.")
    yield data
