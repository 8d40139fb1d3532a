"""The time and new ids, handed in wherever they are needed: the only place that reads the clock."""

import os
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

Clock = Callable[[], datetime]
NewId = Callable[[], UUID]


def utc_now() -> datetime:
    """The present instant, aware, in UTC."""
    return datetime.now(UTC)  # noqa: TID251 - the one clock reading of the project


def new_id() -> UUID:
    """A fresh UUIDv7 (RFC 9562): sorts roughly by time, which keeps database indexes and write-ahead logs small.

    Not a secret and not an order: clocks differ between machines, so sequence numbers order events instead.
    """
    milliseconds = int(utc_now().timestamp() * 1000)
    noise = int.from_bytes(os.urandom(10), "big")
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (noise >> 68) << 64 | 0b10 << 62 | noise & (1 << 62) - 1)
