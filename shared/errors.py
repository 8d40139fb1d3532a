"""The expected failures, sorted by who must act; anything else is a fault of ours.

WaymarkError
├── Refused          the caller must change something   422, dead letter at once
│   ├── NotFound     there is no such thing, or it is not theirs   404
│   └── Conflict     it is not in a state that allows this   409
└── Unavailable      try again later   503 with Retry-After, retried with back-off
"""


class WaymarkError(Exception):
    """An expected failure: `code` is a stable slug, `detail` a sentence for the person, without personal data."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(detail)
        self.code = code
        self.detail = detail


class Refused(WaymarkError):
    """The caller must change something; trying the same again cannot help."""


class NotFound(Refused):
    """There is no such thing, or it is not the caller's to see."""


class Conflict(Refused):
    """The thing is not in a state that allows this."""


class Unavailable(WaymarkError):
    """Something we depend on is away; the same call may work later."""
