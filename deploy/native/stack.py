"""The stack: Kafka, PostgreSQL and Redis on loopback, brought up, looked at, broken on purpose and taken down."""

import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from deploy.native.errors import NativeError
from deploy.native.home import CACHE, SERVICES, Home, Memory, exclusive, settle_port
from deploy.native.kafka import Kafka, fetch_jars, needed_programs
from deploy.native.postgres import ADMIN, Postgres
from deploy.native.process import Daemon, last_lines, wait_until
from deploy.native.programs import Programs
from deploy.native.redis import Redis
from deploy.native.server import Server


@dataclass(frozen=True, slots=True)
class Urls:
    """Where the running servers are, as the services' settings spell it."""

    environment: Mapping[str, str]
    admin_database: str

    def database(self, service: str) -> str:
        """`postgresql+asyncpg://…` of "intake", "router" or "notifier". NativeError if PostgreSQL is not up."""
        return self._of(f"WAYMARK_{service.upper()}_DATABASE_URL")

    @property
    def kafka(self) -> str:
        """`host:port`. NativeError if Kafka is not up."""
        return self._of("WAYMARK_KAFKA_URL")

    @property
    def redis(self) -> str:
        """`redis://…`. NativeError if Redis is not up."""
        return self._of("WAYMARK_REDIS_URL")

    def _of(self, name: str) -> str:
        if name not in self.environment:
            raise NativeError(f"{name} is unknown: that server is not up in this stack.")
        return self.environment[name]


@dataclass(frozen=True, slots=True)
class Health:
    """One server: its process, if it runs, and whether it serves."""

    service: str
    port: int | None
    pid: int | None
    answers: bool

    def __str__(self) -> str:
        if self.pid is None:
            return f"{self.service}: stopped"
        state = "healthy" if self.answers else "running but not answering"
        return f"{self.service}: {state} on 127.0.0.1:{self.port} (pid {self.pid})"


def up(
    data: Path,
    services: Iterable[str] = SERVICES,
    ports: Mapping[str, int] | None = None,
    *,
    fast: bool = False,
    install: bool = True,
    cache: Path | None = None,
) -> Urls:
    """Start what does not run yet and return once every server answers. Safe to repeat.

    `ports` gives a port by service name, 0 for any free one; without it a server keeps the port it had, or its
    default. `fast` makes PostgreSQL quick; a power cut, not a crash, then loses data. NativeError if something is
    missing, taken or fails.
    """
    if sys.platform != "linux":
        raise NativeError("The native stack needs Linux; use `docker compose up` elsewhere.")
    home, wanted = Home(data.absolute()), _known(services)
    programs = Programs(install)
    home.create()
    with exclusive(home.path):
        memory = home.recall()
        memory.cache = str((cache or Path(memory.cache)).absolute())
        # All at once, so that a person is told once what to install.
        needs = {"kafka": needed_programs(Path(memory.cache)), "postgres": ["postgres"], "redis": ["redis-server"]}
        programs.require(program for service in wanted for program in needs[service])
        _settle(home, memory, wanted, ports or {}, fast)
        home.remember(memory)
        servers = [_server(home, memory, service, programs) for service in wanted]
        with ThreadPoolExecutor() as pool:
            list(pool.map(_start, servers, [home.daemon(service) for service in wanted]))
        return _urls(home, memory)


def fetch(others: Iterable[str] = (), cache: Path = CACHE) -> None:
    """Install and fetch all that `up` would, and `others`, programs by their names, without starting anything.

    NativeError says what to install where we may not.
    """
    programs = Programs(install=True)
    programs.require([*needed_programs(cache), "postgres", "redis-server", *others])
    fetch_jars(cache, programs)


def urls(data: Path) -> Urls:
    """Where the servers are that run now."""
    home = Home(data.absolute())
    return _urls(home, home.recall())


def status(data: Path, services: Iterable[str] = SERVICES) -> list[Health]:
    """Each server's health, asked of the server itself."""
    home = Home(data.absolute())
    memory = home.recall()
    return [_health(home, memory, service) for service in _known(services)]


def down(data: Path, services: Iterable[str] = SERVICES, *, wipe: bool = False) -> None:
    """Stop what we started and nothing else; with `wipe`, delete the data as well. Safe to repeat."""
    home, wanted = Home(data.absolute()), _known(services)
    if not home.path.exists():
        return
    with exclusive(home.path):
        memory = home.recall()
        for service in wanted:
            server = _server(home, memory, service)
            home.daemon(service).stop(server.stop_signal, server.patience)
            if wipe:
                server.erase()
        if wipe and set(wanted) == set(SERVICES):
            home.forget()


def kill(data: Path, service: str) -> None:
    """End a server at once with SIGKILL, children included; its data stays. Bring it back with `restart`."""
    home = _existing(data)
    with exclusive(home.path):
        home.daemon(service).kill()


def restart(data: Path, service: str) -> Urls:
    """Stop a server if it runs, then start it again on the same port with the same data."""
    return _again(data, service, erase=False)


def wipe(data: Path, service: str) -> Urls:
    """Kill a server, delete everything it held, and start it empty on the same port."""
    kill(data, service)
    return _again(data, service, erase=True)


def _again(data: Path, service: str, *, erase: bool) -> Urls:
    home = _existing(data)
    with exclusive(home.path):
        memory = home.recall()
        server, daemon = _server(home, memory, service), home.daemon(service)
        daemon.stop(server.stop_signal, server.patience)
        if erase:
            server.erase()
        _start(server, daemon)
        return _urls(home, memory)


def _start(server: Server, daemon: Daemon) -> None:
    if not daemon.alive():
        server.directory.mkdir(mode=0o711 if server.user else 0o700, exist_ok=True)
        command = server.prepare()
        daemon.log.unlink(missing_ok=True)
        daemon.launch(command, cwd=server.directory, user=server.user)
    wait_until(lambda: server.answers() or not daemon.alive(), server.patience)
    if not server.answers() or not daemon.alive():
        what = "did not answer in time" if daemon.alive() else "ended right after its start"
        raise NativeError(f"{server.directory.name} {what}; {daemon.log} ends with:\n{_tail(daemon)}")
    server.finish()


def _tail(daemon: Daemon) -> str:
    return last_lines(daemon.log.read_text(errors="replace")) if daemon.log.exists() else "  (nothing)"


def _settle(home: Home, memory: Memory, services: list[str], ports: Mapping[str, int], fast: bool) -> None:
    """Decide the ports and the speed of what is about to start; what runs keeps its own."""
    for service in services:
        running = home.daemon(service).alive()
        memory.ports[service] = settle_port(memory, service, ports.get(service), running=running)
        if service == "kafka" and not running:
            memory.ports["controller"] = settle_port(memory, "controller", 0, running=False)
        if service == "postgres":
            if running and memory.fast != fast:
                state = "with" if memory.fast else "without"
                raise NativeError(f"postgres already runs {state} --fast; stop it first.")
            memory.fast = fast


def _server(home: Home, memory: Memory, service: str, programs: Programs | None = None) -> Server:
    programs = programs or Programs(install=False)
    directory, port = home.directory(service), memory.ports.get(service, 0)
    if service == "kafka":
        return Kafka(directory, port, memory.ports.get("controller", 0), Path(memory.cache), programs)
    if service == "postgres":
        return Postgres(directory, port, memory.passwords, memory.fast, programs)
    return Redis(directory, port, memory.passwords["redis"], programs)


def _health(home: Home, memory: Memory, service: str) -> Health:
    pid = home.daemon(service).pid()
    answers = pid is not None and _server(home, memory, service).answers()
    return Health(service, memory.ports.get(service), pid, answers)


def _urls(home: Home, memory: Memory) -> Urls:
    running = [service for service in SERVICES if home.daemon(service).alive()]
    environment = {k: v for s in running for k, v in _server(home, memory, s).environment().items()}
    port = memory.ports.get("postgres", 0)
    postgres = Postgres(home.directory("postgres"), port, memory.passwords, memory.fast, Programs(install=False))
    return Urls(environment, postgres.url(ADMIN, "postgres"))


def _known(services: Iterable[str]) -> list[str]:
    wanted = list(dict.fromkeys(services))
    unknown = [service for service in wanted if service not in SERVICES]
    if unknown or not wanted:
        raise NativeError(f"Unknown service {', '.join(unknown) or '(none)'}; choose from {', '.join(SERVICES)}.")
    return wanted


def _existing(data: Path) -> Home:
    home = Home(data.absolute())
    if not home.memory_file.exists():
        raise NativeError(f"There is no stack in {home.path}; start one with `up`.")
    return home
