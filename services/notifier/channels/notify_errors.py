"""What GOV.UK Notify's refusals and silences mean: the class of failure behind each (its published error tables)."""

import re
from datetime import datetime, timedelta

from notifications_python_client.errors import APIError, InvalidResponse
from requests import ConnectionError as Unconnected
from requests import ConnectTimeout, Response
from requests.exceptions import SSLError
from urllib3.exceptions import MaxRetryError

from services.notifier.channels.posting import retry_after
from services.notifier.domain.failure import Failure, SendFailed

# Notify asks not to rely on the words of a message; its first word, though, is the name of the field that we sent.
RECIPIENT_FIELDS = ("phone_number ", "email_address ")
OUR_SLIP = "is a required property"
TYPE = re.compile(r"^[A-Za-z]{1,24}$")
BY_STATUS = {
    # A key that is wrong or revoked, or a clock that is off: nothing is lost once it is mended.
    401: Failure.AUTH,
    403: Failure.AUTH,
    408: Failure.TRANSIENT,
    500: Failure.TRANSIENT,
    503: Failure.TRANSIENT,
    # From what stands before Notify: the request may have gone through.
    502: Failure.AMBIGUOUS,
    504: Failure.AMBIGUOUS,
}


def classify(error: APIError, now: datetime) -> SendFailed:
    """The failure behind what the client raised. Its code holds a status and a type, never Notify's words."""
    if isinstance(error, InvalidResponse):
        # A 2xx whose body cannot be read: probably accepted.
        return SendFailed(Failure.AMBIGUOUS, "invalid-response")
    response: Response | None = error.response
    if response is None:
        return _unanswered(error.__cause__)
    kind, words = _first_error(response)
    code = f"{response.status_code} {kind}".strip()
    return SendFailed(_by_answer(response.status_code, kind, words), code, _retry_after(response, now))


def _unanswered(cause: BaseException | None) -> SendFailed:
    """The client calls timeouts and refused connections 503 alike; only what is underneath tells them apart."""
    if isinstance(cause, SSLError):
        return SendFailed(Failure.AUTH, "untrusted")
    never_connected = isinstance(cause, Unconnected) and any(isinstance(arg, MaxRetryError) for arg in cause.args)
    if isinstance(cause, ConnectTimeout) or never_connected:
        return SendFailed(Failure.TRANSIENT, "unreachable")
    return SendFailed(Failure.AMBIGUOUS, "no-answer")


def _by_answer(status: int, kind: str, words: str) -> Failure:
    if status == 429:
        return Failure.DAILY_CAP if kind == "TooManyRequestsError" else Failure.RATE
    if status == 400:
        wrong_recipient = kind == "ValidationError" and words.startswith(RECIPIENT_FIELDS) and OUR_SLIP not in words
        return Failure.PERMANENT_RECIPIENT if wrong_recipient else Failure.CONFIG
    if status >= 500 and not kind:
        # Not in Notify's own form, so perhaps not from Notify itself.
        return Failure.AMBIGUOUS
    # A redirect is not followed: whoever set the address has to look at it, and the message can wait.
    return BY_STATUS.get(status, Failure.CONFIG if 400 <= status < 500 else Failure.TRANSIENT)


def _first_error(response: Response) -> tuple[str, str]:
    """The type and words of the first error, both "" where the body is not in Notify's form."""
    try:
        first = response.json()["errors"][0]
        kind, words = str(first["error"]), str(first["message"])
    except (ValueError, LookupError, TypeError):
        return "", ""
    return (kind, words) if TYPE.match(kind) else ("", "")


def _retry_after(response: Response, now: datetime) -> timedelta | None:
    return retry_after(response.headers.get("Retry-After"), now)
