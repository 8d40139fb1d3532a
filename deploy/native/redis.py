"""Redis: settings, start, one question. It keeps nothing on disk, since nothing may depend on it."""

import signal
import socket
from dataclasses import dataclass
from pathlib import Path

from deploy.native.home import write_private
from deploy.native.ports import HOST
from deploy.native.programs import Programs


@dataclass(frozen=True, slots=True)
class Redis:
    """A Redis on one loopback port, with a password, for at most 128 MB of caches and counters."""

    directory: Path
    port: int
    password: str
    programs: Programs

    @property
    def user(self) -> str | None:
        return None

    @property
    def patience(self) -> float:
        return 20.0

    @property
    def stop_signal(self) -> signal.Signals:
        return signal.SIGTERM

    def prepare(self) -> list[str]:
        """Write the settings; the command that starts the server."""
        settings = self.directory / "redis.conf"
        write_private(
            settings,
            f'bind {HOST}\nport {self.port}\ndir "{self.directory}"\nrequirepass {self.password}\n'
            'daemonize no\nsave ""\nappendonly no\nmaxmemory 128mb\nmaxmemory-policy allkeys-lru\n',
        )
        return [self.programs.path("redis-server"), str(settings)]

    def answers(self) -> bool:
        """Whether it says PONG to one who knows the password."""
        try:
            with socket.create_connection((HOST, self.port), timeout=2) as line:
                line.sendall(f"AUTH {self.password}\r\nPING\r\nQUIT\r\n".encode())
                said = b""
                while chunk := line.recv(256):
                    said += chunk
        except OSError:
            return False
        return b"+PONG" in said

    def finish(self) -> None:
        """Nothing is left to do once it answers."""

    def erase(self) -> None:
        """Nothing was kept."""

    def environment(self) -> dict[str, str]:
        return {"WAYMARK_REDIS_URL": f"redis://:{self.password}@{HOST}:{self.port}/0"}
