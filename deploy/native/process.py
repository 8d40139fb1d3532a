"""Programs that run on after us: started, recognised beyond doubt, asked to stop, killed."""

import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from deploy.native.errors import NativeError

LAUNCHER = Path(__file__).with_name("launch.py")


def run(
    command: Sequence[str],
    *,
    user: str | None = None,
    env: dict[str, str] | None = None,
    cwd: Path | None = None,
) -> str:
    """Run a program to its end and return what it printed. NativeError with its last words if it fails."""
    done = subprocess.run(  # noqa: S603 the lists come from this package, never from a shell
        command,
        user=user,
        group=user,
        extra_groups=None if user is None else [],
        env=env,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        check=False,
    )
    if done.returncode:
        raise NativeError(f"{command[0]} failed (exit {done.returncode}):\n{last_lines(done.stdout)}")
    return done.stdout


def last_lines(text: str, count: int = 15) -> str:
    """The end of a log, indented, for an error message."""
    return "\n".join(f"  {line}" for line in text.strip().splitlines()[-count:])


@dataclass(frozen=True, slots=True)
class Daemon:
    """One program and the record of its process: pid, start time in clock ticks, and the boot they belong to."""

    record: Path
    log: Path

    def launch(self, command: Sequence[str], *, cwd: Path, user: str | None = None) -> None:
        """Start the program. NativeError if it cannot be executed; an early death shows in `alive`."""
        self.record.unlink(missing_ok=True)
        spec = {
            "command": list(command),
            "record": str(self.record),
            "log": str(self.log),
            "cwd": str(cwd),
            "user": user,
        }
        try:
            run([sys.executable, "-I", str(LAUNCHER), json.dumps(spec)])
        except NativeError as problem:
            raise NativeError(f"{command[0]} could not be started: {str(problem).splitlines()[-1].strip()}") from None

    def pid(self) -> int | None:
        """The process id, if the very process that was recorded still runs."""
        handle = self._open()
        if handle is None:
            return None
        pid, descriptor = handle
        os.close(descriptor)
        return pid

    def alive(self) -> bool:
        """Whether that very process still runs."""
        return self.pid() is not None

    def stop(self, number: signal.Signals, seconds: float) -> None:
        """Ask it to end, wait, and kill it when it has not. Returns once it is gone."""
        handle = self._open()
        if handle is not None:
            pid, descriptor = handle
            try:
                with suppress(ProcessLookupError):
                    signal.pidfd_send_signal(descriptor, number)
                if not _ended(descriptor, seconds):
                    _kill_with_children(pid, descriptor)
            finally:
                os.close(descriptor)
        self.record.unlink(missing_ok=True)

    def kill(self) -> None:
        """End it and its children at once, as a power cut would. Returns once it is gone."""
        handle = self._open()
        if handle is not None:
            pid, descriptor = handle
            try:
                _kill_with_children(pid, descriptor)
            finally:
                os.close(descriptor)
        self.record.unlink(missing_ok=True)

    def _open(self) -> tuple[int, int] | None:
        """Pid and a descriptor that stays with that process even if its number is given to another one."""
        try:
            record = json.loads(self.record.read_text())
            pid, started, boot = int(record["pid"]), int(record["started"]), record["boot"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            return None
        try:
            descriptor = os.pidfd_open(pid)
        except ProcessLookupError:
            return None
        if boot == _boot() and _stat(pid).get("started") == started and not _ended(descriptor, 0):
            return pid, descriptor
        os.close(descriptor)
        return None


def wait_until(condition: Callable[[], bool], seconds: float) -> bool:
    """Ask again and again, for at most `seconds`; True as soon as the answer is yes."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def runs(pid: int, name: str) -> bool:
    """Whether that process is a running program of that name, and not just the trace of an ended one."""
    try:
        return bool(_stat(pid)) and Path(f"/proc/{pid}/comm").read_text().strip() == name
    except (FileNotFoundError, ProcessLookupError):
        return False


def _ended(descriptor: int, seconds: float) -> bool:
    poll = select.poll()
    poll.register(descriptor, select.POLLIN)
    return bool(poll.poll(seconds * 1000))


def _kill_with_children(pid: int, descriptor: int) -> None:
    children: list[int] = []
    with suppress(ProcessLookupError):
        # Stopped first, so that it cannot have another child between our list and our signal.
        signal.pidfd_send_signal(descriptor, signal.SIGSTOP)
        children = [child for child in _pids() if _stat(child).get("parent") == pid]
        signal.pidfd_send_signal(descriptor, signal.SIGKILL)
    for child in children:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    _ended(descriptor, 10)
    wait_until(lambda: not any(_stat(child).get("parent") for child in children), 10)


def _pids() -> list[int]:
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def _stat(pid: int) -> dict[str, int]:
    """`parent` and `started` of a process that runs; empty for one that has ended, reaped or not."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return {}
    return {} if fields[0] in "ZX" else {"parent": int(fields[1]), "started": int(fields[19])}


def _boot() -> str:
    return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
