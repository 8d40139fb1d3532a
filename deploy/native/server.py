"""What the stack asks of each kind of server."""

import signal
from pathlib import Path
from typing import Protocol


class Server(Protocol):
    """One server of the stack: how to prepare, start, question and stop it, and what it adds to the environment."""

    @property
    def directory(self) -> Path: ...

    @property
    def port(self) -> int: ...

    @property
    def user(self) -> str | None:
        """The account it runs as; None for ours."""

    @property
    def patience(self) -> float:
        """Seconds it may take to start, and to stop."""

    @property
    def stop_signal(self) -> signal.Signals: ...

    def prepare(self) -> list[str]:
        """Make everything ready and return the command. Safe to repeat, also after being cut short."""

    def answers(self) -> bool:
        """Whether it serves clients now."""

    def finish(self) -> None:
        """What has to be done through the running server. Safe to repeat."""

    def erase(self) -> None:
        """Delete its data; it does not run."""

    def environment(self) -> dict[str, str]:
        """WAYMARK_ variables that lead to it."""
