"""Waymark's own processes as an operator runs them: started, killed, stopped, and their logs."""

import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from tests.eventually import eventually

WAYMARK = str(Path(sys.executable).parent / "waymark")
HOST = "127.0.0.1"
START_WITHIN_S = 60.0
STOP_WITHIN_S = 30.0
COMMAND_WITHIN_S = 90.0
TAIL_LINES = 40
# Nothing of the test run's own surroundings reaches them, and the code that they run is that beside these tests.
SURROUNDINGS = {
    "PATH": "/usr/local/bin:/usr/bin:/bin",
    "LANG": "C.UTF-8",
    "PYTHONUNBUFFERED": "1",
    "PYTHONPATH": str(Path(__file__).parents[2]),
}


@dataclass(slots=True)
class Process:
    """`waymark …` serving on `port`, run in `folder`. Its output is appended to `log`, over all its starts."""

    name: str
    arguments: tuple[str, ...]
    port: int
    folder: Path
    environment: Mapping[str, str] = field(default_factory=dict)
    _running: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://{HOST}:{self.port}"

    @property
    def log(self) -> Path:
        """All it has written."""
        return self.folder / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """The process id while it runs."""
        assert self._running is not None
        return self._running.pid

    def start(self) -> None:
        """Begin; `wait_until_ready` waits for it."""
        with self.log.open("ab") as out:
            self._running = subprocess.Popen(
                [WAYMARK, *self.arguments],
                cwd=self.folder,
                env={**SURROUNDINGS, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
            )

    async def wait_until_ready(self) -> None:
        """Return when /readyz says that work can be taken. Fails when it ends, or takes too long."""
        async with httpx.AsyncClient(base_url=self.url, timeout=5) as client:
            await eventually(lambda: self._is_ready(client), within_s=START_WITHIN_S)

    def kill(self) -> None:
        """End it at once, in the middle of whatever it does."""
        assert self._running is not None
        self._running.kill()
        self._running.wait(STOP_WITHIN_S)
        self._running = None

    def stop(self, by: signal.Signals = signal.SIGTERM) -> int:
        """Ask it to end; its exit code. Fails when it does not end."""
        assert self._running is not None
        self._running.send_signal(by)
        return self.ended()

    def ended(self) -> int:
        """Wait until it has ended; its exit code. Fails when it does not end."""
        assert self._running is not None
        code = self._running.wait(STOP_WITHIN_S)
        self._running = None
        return code

    def end(self) -> None:
        """Make sure that nothing is left of it, however the test went."""
        if self._running is not None:
            self.kill()

    def tail(self) -> str:
        """The last lines of its log."""
        lines = self.log.read_text(encoding="utf-8", errors="replace").splitlines() if self.log.exists() else []
        return "\n".join([f"--- {self.name}: last lines of {len(lines)}", *lines[-TAIL_LINES:]])

    async def _is_ready(self, client: httpx.AsyncClient) -> bool:
        assert self._running is not None
        code = self._running.poll()
        assert code is None, f"{self.name} ended with {code} at its start:\n{self.tail()}"
        try:
            return (await client.get("/readyz")).status_code == 200
        except httpx.TransportError:
            return False


def run(arguments: tuple[str, ...], folder: Path, environment: Mapping[str, str], given: bytes = b"") -> str:
    """What one command of `waymark` prints, `given` at its standard input. Fails when it fails."""
    ended = subprocess.run(
        [WAYMARK, *arguments],
        cwd=folder,
        env={**SURROUNDINGS, **environment},
        input=given,
        capture_output=True,
        timeout=COMMAND_WITHIN_S,
    )
    printed, complained = ended.stdout.decode(), ended.stderr.decode()
    assert ended.returncode == 0, f"waymark {' '.join(arguments)} failed:\n{printed}{complained}"
    return printed
