"""Keeps Kafka's client from flooding the log: in an outage it repeats itself a hundred times a second."""

import logging
from collections.abc import Callable
from time import monotonic

LIBRARIES = ("aiokafka", "faststream")
ONCE_IN_S = 60.0


def quieten_client_logs() -> None:
    """Let each place in the client's code speak once a minute. Safe to call twice."""
    for name in LIBRARIES:
        for handler in logging.getLogger(name).handlers:
            if not any(isinstance(one, OnceAMinute) for one in handler.filters):
                handler.addFilter(OnceAMinute())


class OnceAMinute(logging.Filter):
    """Passes a record unless the same line of code spoke within the last minute; `clock` reads seconds."""

    def __init__(self, clock: Callable[[], float] = monotonic) -> None:
        super().__init__()
        self._clock = clock
        self._spoke_at: dict[tuple[str, int], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Whether `record` is to be written."""
        place = (record.pathname, record.lineno)
        now = self._clock()
        if now - self._spoke_at.get(place, -ONCE_IN_S) < ONCE_IN_S:
            return False
        self._spoke_at[place] = now
        return True
