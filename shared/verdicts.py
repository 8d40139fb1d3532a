"""What becomes of a received record: can it be read, and when its handler fails, is it worth another try."""

from dataclasses import dataclass
from typing import Literal

from pydantic import ValidationError

from shared.backoff import Backoff
from shared.envelope import SPEC_VERSION, Record
from shared.errors import Refused, WaymarkError
from shared.events import AnyEvent
from shared.log import where

ATTEMPTS_MAX = 8
FAULTS_TOLD_MAX = 5
BACKOFF = Backoff(first_s=0.5, ceiling_s=300, factor=4)


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """How often and how soon to try again: by default eight tries over some thirteen minutes."""

    attempts_max: int = ATTEMPTS_MAX
    backoff: Backoff = BACKOFF

    def delay_s(self, attempts: int) -> float:
        """Seconds up to the next try; none for an event that only waited for another."""
        return self.backoff.delay_s(attempts) if attempts else 0.0


@dataclass(frozen=True, slots=True)
class Verdict:
    """`state` as stored in the inbox, the tries made so far, and what went wrong, in words without personal data."""

    state: Literal["done", "retry", "dead"]
    attempts: int
    error: str | None = None


class Unreadable(Exception):
    """The record is not one of our events; `code` says what is wrong with it, never what it holds."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class Failed(Exception):
    """A record could not be handled; whatever was begun for it is to be undone, and `verdict` stored."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.error)
        self.verdict = verdict


def event_of(record: Record, kind: type[AnyEvent]) -> AnyEvent:
    """The event that `record` carries, of the type that its attributes promise. Raises Unreadable."""
    headers = record.headers
    if headers.get("ce_specversion") != SPEC_VERSION:
        raise Unreadable("ce_specversion is not 1.0")
    if headers.get("ce_id") != str(record.id):
        raise Unreadable("ce_id is missing or no UUID")
    if not headers.get("ce_source"):
        raise Unreadable("no ce_source")
    try:
        event = kind.model_validate_json(record.body)
    except ValidationError as error:
        raise Unreadable(_faults(error)) from None
    if event.key != record.key:
        # Under another key it may have overtaken, or been overtaken by, events of its subject.
        raise Unreadable("the key is not the id of its subject")
    return event


def verdict_on(error: Exception, attempts: int, policy: RetryPolicy) -> Verdict:
    """What to do after a handler raised `error` at try number `attempts`.

    Only a refusal is final. A fault of ours is tried again, for it may be mended meanwhile: treating it as final would
    empty a whole topic into the dead letters within seconds of a bad release.
    """
    final = isinstance(error, Refused) or attempts >= policy.attempts_max
    return Verdict("dead" if final else "retry", attempts, describe(error))


def describe(error: Exception) -> str:
    """The class and code of `error` and where it was raised; its text could quote what a person wrote."""
    if isinstance(error, WaymarkError):
        return f"{type(error).__name__}: {error.code}"
    return f"{type(error).__name__} at {' < '.join(reversed(where(error.__traceback__)[-3:]))}"


def _faults(error: ValidationError) -> str:
    """Field and kind of each fault, such as "facts.needs: missing"; never the value."""
    faults = error.errors(include_url=False, include_context=False, include_input=False)
    told = [f"{'.'.join(map(str, fault['loc']))}: {fault['type']}" for fault in faults[:FAULTS_TOLD_MAX]]
    return "; ".join(told)
