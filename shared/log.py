"""JSON logs with a closed vocabulary: what may be said, and that nothing of a person is ever said."""

import logging
import sys
from collections.abc import MutableMapping
from traceback import extract_tb
from types import TracebackType
from typing import Any

import structlog
from structlog.typing import EventDict, FilteringBoundLogger, WrappedLogger

# Every key a log line may carry; others are dropped and counted, so a slip cannot leak a person's data.
KEYS = frozenset(
    {
        "event", "level", "timestamp", "logger", "service", "correlation_id", "request_id", "event_id", "event_type",
        "referral_id", "reference", "assignment_id", "notification_id", "decision_id", "service_id", "topic",
        "consumer", "partition", "loop", "method", "path", "status", "duration_ms", "count", "attempts", "outcome",
        "priority", "channel", "purpose", "state", "failure", "error", "where", "version", "code", "seconds", "lag",
        "port", "dropped_keys", "waiting", "reason", "hold_id", "scope", "subject", "kind",
    }
)  # fmt: skip
LIBRARIES = (
    "uvicorn.error", "uvicorn.access", "aiokafka", "faststream", "sqlalchemy", "alembic", "asyncio",
    "httpx", "httpcore", "urllib3", "notifications_python_client",
)  # fmt: skip


def get_logger() -> FilteringBoundLogger:
    """A logger whose calls read `log.info("noun.past_verb", key=id_or_code)`."""
    logger: FilteringBoundLogger = structlog.get_logger()
    return logger


def set_up_logging(level: str = "info", *, stream: Any = None) -> None:  # any text stream, sys.stderr's type included
    """Send our log lines, and the libraries' warnings, to `stream` (standard error) as one JSON object a line."""
    threshold = getattr(logging, level.upper())
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            _name_the_error,
            _keep_vocabulary,
            structlog.processors.JSONRenderer(),
        ],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.WriteLoggerFactory(file=stream or sys.stderr),
        cache_logger_on_first_use=False,
    )
    for name in LIBRARIES:
        library = logging.getLogger(name)
        library.handlers = [_Libraries()]
        library.setLevel(logging.WARNING)
        library.propagate = False


def where(trace: TracebackType | None) -> list[str]:
    """The stack as "file:line function". No source line and no message: they could quote what a person wrote."""
    return [
        f"{frame.filename.rpartition('site-packages/')[2]}:{frame.lineno} {frame.name}" for frame in extract_tb(trace)
    ]


def _name_the_error(_: WrappedLogger, __: str, line: EventDict) -> EventDict:
    fault = line.pop("exc_info", None)
    if isinstance(fault, BaseException):
        line.update(error=type(fault).__name__, where=where(fault.__traceback__)[-12:])
    return line


def _keep_vocabulary(_: WrappedLogger, __: str, line: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    strangers = line.keys() - KEYS
    if strangers:
        line = {key: value for key, value in line.items() if key in KEYS} | {"dropped_keys": len(strangers)}
    return line


class _Libraries(logging.Handler):
    """What a library has to say, by its name and place only: its words may quote a statement or a message."""

    def emit(self, record: logging.LogRecord) -> None:
        """One line for each record; the exception's class and place are kept, its text is not."""
        fault = record.exc_info[1] if record.exc_info else None
        log = get_logger().bind(logger=record.name, code=f"{record.module}:{record.lineno}")
        log.log(record.levelno, "library.warned", exc_info=fault)
