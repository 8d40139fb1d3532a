"""PostgreSQL: a cluster of its own, three databases, three roles, and the user that root must hand it to."""

import hashlib
import os
import pwd
import shutil
import signal
from dataclasses import dataclass
from pathlib import Path

from deploy.native.errors import NativeError
from deploy.native.home import draft, write_private
from deploy.native.ports import HOST
from deploy.native.process import run, runs
from deploy.native.programs import Programs, postgres_versions

ADMIN = "postgres"
DATABASES = ("intake", "router", "notifier")
DATABASES_SQL = Path(__file__).parents[1] / "postgres" / "databases.sql"
SYSTEM_USER = "postgres"
LONGEST_SOCKET_PATH = 100
# What was committed must survive SIGKILL even so (the kernel has it), if not a power cut: synchronous_commit stays on.
FAST = {"fsync": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Postgres:
    """A PostgreSQL on one loopback port. `fast` loses data in a power cut, but not in a crash: for tests."""

    directory: Path
    port: int
    passwords: dict[str, str]
    fast: bool
    programs: Programs

    @property
    def user(self) -> str | None:
        # PostgreSQL refuses to run as root.
        return SYSTEM_USER if os.geteuid() == 0 else None

    @property
    def patience(self) -> float:
        return 60.0

    @property
    def stop_signal(self) -> signal.Signals:
        # "Fast shutdown": sessions are ended, nothing is lost.
        return signal.SIGINT

    @property
    def files(self) -> Path:
        """Where the cluster is: here, or under /var/tmp if PostgreSQL's user may not enter here (root's home, say)."""
        if self.user is None or all(parent.stat().st_mode & 0o001 for parent in self.directory.resolve().parents):
            return self.directory
        digest = hashlib.sha256(str(self.directory.resolve()).encode()).hexdigest()[:16]
        return Path("/var/tmp") / f"waymark-postgres-{digest}"  # noqa: S108 its owner is checked before use

    @property
    def cluster(self) -> Path:
        return self.files / "cluster"

    def prepare(self) -> list[str]:
        """Create the cluster the first time; the command that starts the server."""
        self.programs.require(["postgres"])
        _own(self.files)
        if not self.cluster.exists():
            self._create_cluster()
        self._drop_stale_claim()
        sockets = self.files / "sockets"
        sockets.mkdir(mode=0o700)
        self._give(sockets)
        settings = {
            "listen_addresses": HOST,
            "port": str(self.port),
            "unix_socket_directories": str(sockets) if len(str(sockets)) < LONGEST_SOCKET_PATH else "",
            "max_connections": "200",
            "timezone": "UTC",
            "log_timezone": "UTC",
            **(FAST if self.fast else {}),
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        return [self._program("postgres"), "-D", str(self.cluster), *options]

    def answers(self) -> bool:
        """Whether an administrator's query is answered."""
        try:
            self._psql("--command=SELECT 1")
        except NativeError:
            return False
        return True

    def finish(self) -> None:
        """Create what is missing of the databases and roles, with the same SQL that the container runs."""
        self._psql(f"--file={DATABASES_SQL}")

    def erase(self) -> None:
        """Delete the cluster."""
        shutil.rmtree(self.files, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        return {f"WAYMARK_{name.upper()}_DATABASE_URL": self.url(name, name) for name in DATABASES}

    def url(self, role: str, database: str) -> str:
        password = self.passwords["admin" if role == ADMIN else role]
        return f"postgresql+asyncpg://{role}:{password}@{HOST}:{self.port}/{database}"

    def _create_cluster(self) -> None:
        with draft(self.files) as made:
            cluster, word = made / "cluster", made / "password"
            cluster.mkdir(mode=0o700)
            write_private(word, self.passwords["admin"])
            for path in (cluster, word):
                self._give(path)
            # The C locale sorts by bytes: the same order on every machine, and in the container.
            manner = ["--encoding=UTF8", "--locale=C", "--auth=scram-sha-256", f"--username={ADMIN}"]
            if self.fast:
                manner.append("--no-sync")
            initdb = [self._program("initdb"), f"--pgdata={cluster}", f"--pwfile={word}", *manner]
            run(initdb, user=self.user, cwd=cluster)
            cluster.rename(self.cluster)

    def _drop_stale_claim(self) -> None:
        """Remove the locks of a server that was killed.

        PostgreSQL does so itself, but not if the number is now another process's, or if nobody has collected the dead
        process yet, as happens in containers whose first process does not care.
        """
        claim = self.cluster / "postmaster.pid"
        if claim.exists():
            first = claim.read_text().partition("\n")[0].strip()
            if first.isdigit() and runs(int(first), "postgres"):
                raise NativeError(
                    f"Process {first} runs PostgreSQL on {self.cluster}; we did not start it, you stop it."
                )
            claim.unlink()
        shutil.rmtree(self.files / "sockets", ignore_errors=True)

    def _give(self, path: Path) -> None:
        if self.user is not None:
            account = pwd.getpwnam(self.user)
            os.chown(path, account.pw_uid, account.pw_gid)

    def _program(self, name: str) -> str:
        """The program that fits the cluster's version, or the newest for a new cluster."""
        installed = postgres_versions()
        marker = self.cluster / "PG_VERSION"
        version = int(marker.read_text()) if marker.exists() else max(installed, default=0)
        if version in installed:
            return str(installed[version] / name)
        found = shutil.which(name)
        if found is None:
            raise NativeError(f"PostgreSQL {version or ''} has no {name} here; install it, or `down --wipe` first.")
        return found

    def _psql(self, task: str) -> None:
        words = {f"WAYMARK_{name.upper()}_PASSWORD": self.passwords[name] for name in DATABASES}
        where = [f"--host={HOST}", f"--port={self.port}", f"--username={ADMIN}", "--dbname=postgres"]
        run(
            [self._program("psql"), *where, "--no-psqlrc", "--quiet", "--set=ON_ERROR_STOP=1", task],
            env={"PATH": os.defpath, "PGPASSWORD": self.passwords["admin"], "PGCONNECT_TIMEOUT": "2", **words},
        )


def _own(path: Path) -> None:
    """Make the directory, and refuse one that another user laid out for us."""
    path.mkdir(mode=0o711, exist_ok=True)
    facts = path.lstat()
    if path.is_symlink() or facts.st_uid != os.geteuid() or facts.st_mode & 0o022:
        raise NativeError(f"{path} belongs to another user or can be written by one; remove it and try again.")
