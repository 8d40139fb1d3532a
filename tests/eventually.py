"""Waits for a state, for a bounded time, and says what it saw last when the state never came."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import TypeVar

T = TypeVar("T")
POLL_S = 0.02


async def eventually(
    read: Callable[[], Awaitable[T]],
    wanted: Callable[[T], bool] = bool,
    *,
    within_s: float = 30.0,
    poll_s: float = POLL_S,
) -> T:
    """The first value of `read` that is `wanted`, looked for every `poll_s` seconds.

    Fails after `within_s` seconds, and says what it saw last.
    """
    clock = asyncio.get_running_loop().time
    deadline = clock() + within_s
    while not wanted(seen := await read()):
        if clock() > deadline:
            raise AssertionError(f"after {within_s} s it was still {seen!r}")
        await asyncio.sleep(poll_s)
    return seen
