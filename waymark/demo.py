"""Sample referrals, submitted the first time the embedded system runs, and the table of what became of them."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import httpx
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.progress import track
from rich.table import Table

LONDON = ZoneInfo("Europe/London")
SETTLE_S = 60
# What each column takes of the width: characters, or a share of what is left.
COLUMNS: Mapping[str, Mapping[str, int]] = {
    "Reference": {"width": 9},
    "Needs": {"ratio": 3},
    "District": {"ratio": 2},
    "": {"width": 2},
    "Went to": {"ratio": 4},
    "Reply by": {"width": 9},
    "Told by": {"ratio": 2},
}
SETTLED = frozenset({"sent", "posted", "awaiting_call", "failed", "skipped"})


def read_samples(file: Path) -> list[dict[str, Any]]:  # JSON
    """The referrals of `file`, one JSON object a line."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines() if line.strip()]


@dataclass(frozen=True, slots=True)
class Demo:
    """Talks to the running system over HTTP, just as a call handler's system would."""

    client: httpx.AsyncClient
    console: Console

    async def run(self, samples: Sequence[dict[str, Any]]) -> None:  # JSON
        """Submit all `samples`, wait until each is routed and told, print the table."""
        references = []
        for number, body in track(
            list(enumerate(samples)), description="Submitting sample referrals", console=self.console
        ):
            references.append(await self._submit(number, body))
        referrals = [await self._settled(reference) for reference in references]
        self.console.print(table(referrals))

    async def _submit(self, number: int, body: dict[str, Any]) -> str:  # JSON
        headers = {"Idempotency-Key": f"demo-referral-{number:03d}"}
        answer = await self.client.post("/api/v1/referrals", json=body, headers=headers)
        answer.raise_for_status()
        reference: str = answer.json()["reference"]
        return reference

    async def _settled(self, reference: str) -> dict[str, Any]:  # JSON
        async with asyncio.timeout(SETTLE_S):
            while True:
                referral: dict[str, Any] = (await self.client.get(f"/api/v1/referrals/{reference}")).json()
                if is_settled(referral):
                    return referral
                await asyncio.sleep(0.1)


def is_settled(referral: dict[str, Any]) -> bool:  # JSON
    """Whether it is decided and every notice of every assignment has left, or is waiting for a person."""
    told = [notice["state"] for a in referral["assignments"] for notice in a["notifications"]]
    everyone = all(a["notifications"] for a in referral["assignments"])
    return referral["outcome"] is not None and everyone and all(state in SETTLED for state in told)


def table(referrals: Sequence[dict[str, Any]]) -> Table:  # JSON
    """One row for each assignment: reference, needs, district, priority, who it went to, by when, told how."""
    result = Table(title="Sample referrals and where they went", box=SIMPLE_HEAD, pad_edge=False, expand=True)
    for heading, space in COLUMNS.items():
        result.add_column(
            heading, no_wrap=True, overflow="ellipsis", ratio=space.get("ratio"), width=space.get("width")
        )
    for referral in referrals:
        for row in _rows(referral):
            result.add_row(*row)
    return result


def _rows(referral: dict[str, Any]) -> list[tuple[str, ...]]:  # JSON
    reference, district = referral["reference"], referral["district_name"] or "not known"
    if not referral["assignments"]:
        needs = ", ".join(need["code"] for need in referral["needs"])
        return [(reference, needs, district, "", f"nobody: {referral['outcome'].replace('_', ' ')}", "", "")]
    return [
        (
            reference,
            ", ".join(offer["needs"]),
            district,
            offer["priority"],
            offer["service_name"],
            datetime.fromisoformat(offer["due_at"]).astimezone(LONDON).strftime("%a %H:%M"),
            ", ".join(sorted({notice["channel"] for notice in offer["notifications"]})),
        )
        for offer in referral["assignments"]
    ]
