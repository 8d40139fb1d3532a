"""What the people of a simulation mean to do, and when; and the doors through which they do it."""

from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from heapq import heappop, heappush
from random import Random
from typing import Any

import httpx

from shared.clock import NewId

Json = Mapping[str, Any]  # JSON
Act = Callable[[], Awaitable[None]]
SENT_TWICE = 0.05
# What may befall somebody whose picture of the referral is old.
OVERTAKEN = frozenset({409, 412})


@dataclass(slots=True)
class Agenda:
    """Acts in the order of their time."""

    _acts: list[tuple[datetime, int, Act]] = field(default_factory=list)
    _number: int = 0

    def at(self, when: datetime, act: Act) -> None:
        """Do `act` at `when`."""
        self._number += 1
        heappush(self._acts, (when, self._number, act))

    def next_due(self) -> datetime | None:
        """When the next act is due."""
        return self._acts[0][0] if self._acts else None

    async def act(self, now: datetime) -> None:
        """Do everything that is due at `now`."""
        while self._acts and self._acts[0][0] <= now:
            await heappop(self._acts)[2]()


@dataclass(slots=True)
class Doors:
    """HTTP as partners, staff and callers use it. `refused` counts answers that tell an old picture, by status; `wrong`
    names every other answer that is not a success."""

    client: httpx.AsyncClient
    fresh_id: NewId
    chance: Random
    refused: Counter[int] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    sent_twice: int = 0

    async def post(self, path: str, body: Json, *, again: float = SENT_TWICE, version: int | None = None) -> Json:
        """What is answered, empty when refused; at times the same request is sent twice."""
        headers = {"Idempotency-Key": str(self.fresh_id())}
        if version is not None:
            headers["If-Match"] = f'"{version}"'
        answer = await self.client.post(path, json=body, headers=headers)
        if answer.is_success and self.chance.random() < again:
            self.sent_twice += 1
            second = await self.client.post(path, json=body, headers=headers)
            if (second.status_code, second.json()) != (answer.status_code, answer.json()):
                self.wrong.append(f"{path}: the same request was answered otherwise the second time")
        found: Json = self._read(path, answer)
        return found

    async def get(self, path: str, **parameters: str) -> Any:  # JSON
        """What is answered."""
        return self._read(path, await self.client.get(path, params=parameters))

    def _read(self, path: str, answer: httpx.Response) -> Any:  # JSON
        if answer.is_success:
            return answer.json()
        if answer.status_code in OVERTAKEN:
            self.refused[answer.status_code] += 1
        else:
            self.wrong.append(f"{path}: {answer.status_code} {answer.json().get('code')}")
        return {}
