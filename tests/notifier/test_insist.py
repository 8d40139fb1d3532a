"""Repeating a step while the database is away, and never for a fault of ours."""

from collections.abc import Awaitable, Callable

import pytest
from sqlalchemy.exc import IntegrityError, OperationalError

from services.notifier.store.insist import InsistOnDatabase

IMPATIENT = InsistOnDatabase(pause_min_s=0.001, pause_max_s=0.002)


def failing(*faults: Exception) -> tuple[list[int], Callable[[], Awaitable[None]]]:
    left, tries = list(faults), list[int]()

    async def step() -> None:
        tries.append(1)
        if left:
            raise left.pop(0)

    return tries, step


async def test_a_step_is_repeated_until_the_database_is_back() -> None:
    away = OperationalError("SELECT 1", {}, Exception("connection lost"))
    tries, step = failing(away, ConnectionRefusedError(), TimeoutError(), away)
    await IMPATIENT(step)
    assert len(tries) == 5


async def test_a_fault_of_ours_is_raised_at_once() -> None:
    tries, step = failing(IntegrityError("INSERT", {}, Exception("twice")))
    with pytest.raises(IntegrityError):
        await IMPATIENT(step)
    assert len(tries) == 1
