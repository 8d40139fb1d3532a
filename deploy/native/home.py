"""The data directory: what it holds, the ports and passwords it remembers, and the lock that lets one command in."""

import fcntl
import json
import os
import secrets
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import IO

from deploy.native.errors import NativeError
from deploy.native.ports import find_free, is_free
from deploy.native.process import Daemon

SERVICES = ("kafka", "postgres", "redis")
DEFAULT_PORTS = {"kafka": 19092, "postgres": 15432, "redis": 16379}
PASSWORDS = ("admin", "intake", "router", "notifier", "redis")
PATIENCE = 300.0
CACHE = Path.home() / ".cache" / "waymark"


@dataclass(slots=True)
class Memory:
    """What `stack.json` keeps: a port per listener, a password per account, whether speed beats durability,
    and the directory of Kafka's jars."""

    ports: dict[str, int]
    passwords: dict[str, str]
    fast: bool
    cache: str


@dataclass(frozen=True, slots=True)
class Home:
    """One data directory. Nothing outside it is written, but for PostgreSQL's files where its user cannot enter."""

    path: Path

    def directory(self, service: str) -> Path:
        """Where one server's files are."""
        return self.path / service

    def daemon(self, service: str) -> Daemon:
        """One server's process, as last started."""
        directory = self.directory(service)
        return Daemon(record=directory / "process.json", log=directory / "server.log")

    @property
    def memory_file(self) -> Path:
        return self.path / "stack.json"

    def create(self) -> None:
        """Make the directory. NativeError if it already holds something else."""
        if self.path.is_dir() and not self.memory_file.exists() and any(self._strangers()):
            raise NativeError(f"{self.path} is not empty and holds no stack of ours; choose another --data directory.")
        self.path.mkdir(parents=True, exist_ok=True)
        # What is private is in closed files and directories; PostgreSQL's unprivileged user must get past this one.
        self.path.chmod(0o711 if os.geteuid() == 0 else 0o700)

    def _strangers(self) -> Iterator[Path]:
        return (entry for entry in self.path.iterdir() if entry.name not in (*SERVICES, "lock"))

    def recall(self) -> Memory:
        """What earlier commands decided; fresh passwords and no ports the first time."""
        passwords = {name: secrets.token_hex(24) for name in PASSWORDS}
        fresh = {"ports": {}, "passwords": passwords, "fast": False, "cache": str(CACHE)}
        kept = json.loads(self.memory_file.read_text()) if self.memory_file.exists() else {}
        return Memory(**(fresh | kept))

    def remember(self, memory: Memory) -> None:
        """Keep it, readable by its owner alone."""
        write_private(self.memory_file, json.dumps(asdict(memory), indent=2) + "\n")

    def forget(self) -> None:
        """Delete what is ours, and the directory if nothing else is in it."""
        self.memory_file.unlink(missing_ok=True)
        for service in SERVICES:
            shutil.rmtree(self.directory(service), ignore_errors=True)
        (self.path / "lock").unlink(missing_ok=True)
        if self.path.is_dir() and not any(self.path.iterdir()):
            self.path.rmdir()


def settle_port(memory: Memory, listener: str, wanted: int | None, *, running: bool) -> int:
    """The port a listener will have: the wanted one, or for 0 any free one, or for None the one it had or its default.

    NativeError when it runs on another port already, or when something else listens there.
    """
    had = memory.ports.get(listener)
    if running and had is not None:
        if wanted not in (None, 0, had):
            raise NativeError(f"{listener} already runs on port {had}; stop it first with `down`.")
        return had
    others = {port for name, port in memory.ports.items() if name != listener}
    if wanted == 0:
        return had if had is not None and had not in others and is_free(had) else find_free(others)
    port = wanted or had or DEFAULT_PORTS[listener]
    if port in others or not is_free(port):
        raise NativeError(
            f"Port {port} on 127.0.0.1 is in use by another program; give {listener} another one with "
            f"--{listener}-port N (0 finds a free one)."
        )
    return port


@contextmanager
def exclusive(directory: Path) -> Iterator[None]:
    """Let one command at a time change a directory. The kernel releases it if that command is killed."""
    deadline = time.monotonic() + PATIENCE
    while (file := _take_lock(directory / "lock")) is None:
        if time.monotonic() > deadline:
            raise NativeError(f"Another command has been working on {directory} for {PATIENCE:.0f} seconds.")
        time.sleep(0.1)
    with file:
        yield


@contextmanager
def draft(parent: Path) -> Iterator[Path]:
    """A directory to make something in that is then renamed into place, so that nothing half made is taken for whole.

    Its name is new each time: a killed command's helper may still be writing to the last one, which is deleted here.
    """
    for old in parent.glob("draft-*"):
        shutil.rmtree(old, ignore_errors=True)
    path = Path(tempfile.mkdtemp(prefix="draft-", dir=parent))
    path.chmod(0o711)
    try:
        yield path
    finally:
        shutil.rmtree(path, ignore_errors=True)


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read, in one step."""
    draft = path.with_name(path.name + ".new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)


def _take_lock(path: Path) -> IO[str] | None:
    """The open, locked file; None while another command holds it, or when it was deleted under us."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if path.exists() and os.path.samestat(os.fstat(file.fileno()), path.stat()):
            return file
    except BlockingIOError:
        pass
    file.close()
    return None
