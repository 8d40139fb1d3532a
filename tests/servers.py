"""Where tests find real servers: those that were named, else containers, else genuine ones brought up natively."""

import os
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import docker
import docker.errors
import pytest
from testcontainers.community.kafka import KafkaContainer
from testcontainers.community.postgres import PostgresContainer
from testcontainers.community.redis import RedisContainer
from testcontainers.core.container import DockerContainer

from deploy import native

NAMED: Mapping[str, str] = {
    "postgres": "WAYMARK_TEST_POSTGRES_URL",
    "kafka": "WAYMARK_TEST_KAFKA_URL",
    "redis": "WAYMARK_TEST_REDIS_URL",
}


class Servers(Protocol):
    """One way to get servers; each is started when it is first asked for."""

    def url(self, kind: str) -> str:
        """The address of "postgres" (as its superuser), "kafka" or "redis"."""

    def kill(self, kind: str) -> None:
        """End it at once; its data stays."""

    def start_again(self, kind: str) -> None:
        """Bring it back on the same address with the same data."""

    def stop(self) -> None:
        """Stop whatever was started."""


@dataclass(slots=True)
class Native:
    """Genuine servers from the operating system's packages and Kafka's own jars."""

    data: Path
    started: set[str] = field(default_factory=set)

    def url(self, kind: str) -> str:
        """See Servers."""
        urls = native.up(self.data, [kind], {kind: 0} if kind not in self.started else None, fast=True)
        self.started.add(kind)
        return {"postgres": lambda: urls.admin_database, "kafka": lambda: urls.kafka, "redis": lambda: urls.redis}[
            kind
        ]()

    def kill(self, kind: str) -> None:
        """See Servers."""
        native.kill(self.data, kind)

    def start_again(self, kind: str) -> None:
        """See Servers."""
        native.restart(self.data, kind)

    def stop(self) -> None:
        """See Servers."""
        native.down(self.data, wipe=True)


@dataclass(slots=True)
class Containers:
    """The same servers from their images, where a Docker engine answers."""

    running: dict[str, DockerContainer] = field(default_factory=dict)

    def url(self, kind: str) -> str:
        """See Servers."""
        if kind not in self.running:
            self.running[kind] = _container(kind).start()
        return _address(self.running[kind])

    def kill(self, kind: str) -> None:
        """See Servers."""
        self.running[kind].get_wrapped_container().kill()

    def start_again(self, kind: str) -> None:
        """See Servers."""
        self.running[kind].get_wrapped_container().start()

    def stop(self) -> None:
        """See Servers."""
        for container in self.running.values():
            container.stop()


@dataclass(slots=True)
class Chosen:
    """For each kind the server that was named in the environment, else one of `others`."""

    others: Servers
    named: Mapping[str, str]

    def url(self, kind: str) -> str:
        """See Servers."""
        return self.named.get(kind) or self.others.url(kind)

    def kill(self, kind: str) -> None:
        """See Servers. A named server is not ours to kill."""
        if kind in self.named:
            pytest.skip(f"{NAMED[kind]} names a server that is not ours to kill")
        self.others.kill(kind)

    def start_again(self, kind: str) -> None:
        """See Servers."""
        self.others.start_again(kind)

    def stop(self) -> None:
        """See Servers."""
        self.others.stop()


def choose_servers(data: Path) -> Servers:
    """The servers of this test run; `data` is an empty folder for them."""
    named = {kind: value for kind, variable in NAMED.items() if (value := os.environ.get(variable))}  # noqa: TID251
    return Chosen(Containers() if docker_answers() else Native(data), named)


def docker_answers() -> bool:
    """Whether there is a Docker engine."""
    # Asked first, because the client leaves a socket open when it finds nobody.
    if not (os.environ.get("DOCKER_HOST") or Path("/var/run/docker.sock").exists()):  # noqa: TID251
        return False
    try:
        client = docker.from_env(timeout=3)
    except docker.errors.DockerException:
        return False
    try:
        return bool(client.ping())
    except docker.errors.DockerException:
        return False
    finally:
        client.close()


def _container(kind: str) -> DockerContainer:
    # On a fixed port, so that a server which is killed comes back on the address it had.
    port = _free_port()
    match kind:
        case "postgres":
            return PostgresContainer("postgres:17.6", driver="asyncpg").with_bind_ports(5432, port)
        case "kafka":
            image = KafkaContainer("confluentinc/cp-kafka:7.9.1").with_kraft().with_bind_ports(9093, port)
            return image.with_env("KAFKA_AUTO_CREATE_TOPICS_ENABLE", "false")
        case _:
            return RedisContainer("redis:7.2.8-alpine").with_bind_ports(6379, port)


def _address(container: DockerContainer) -> str:
    if isinstance(container, PostgresContainer):
        return container.get_connection_url()
    if isinstance(container, KafkaContainer):
        return container.get_bootstrap_server()
    return f"redis://{container.get_container_host_ip()}:{container.get_exposed_port(6379)}"


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
