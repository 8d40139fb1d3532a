"""Apache Kafka: one node that is broker and controller, run from its published jars."""

import hashlib
import re
import secrets
import shutil
import signal
import socket
import struct
from base64 import urlsafe_b64encode
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from string import Template

from deploy.native.errors import NativeError
from deploy.native.home import draft, exclusive
from deploy.native.ports import HOST
from deploy.native.process import run
from deploy.native.programs import Programs

HERE = Path(__file__).parent
POM, JAR_SUMS, LOGGING = HERE / "pom.xml", HERE / "jars.sha256", HERE / "log4j2.properties"
OLDEST_JAVA = 17
HEAP = "-Xmx512m"


@dataclass(frozen=True, slots=True)
class Kafka:
    """A Kafka on two loopback ports: one for clients, one that it needs to talk to itself as controller."""

    directory: Path
    port: int
    controller_port: int
    cache: Path
    programs: Programs

    @property
    def user(self) -> str | None:
        return None

    @property
    def patience(self) -> float:
        return 90.0

    @property
    def stop_signal(self) -> signal.Signals:
        return signal.SIGTERM

    @property
    def logs(self) -> Path:
        return self.directory / "logs"

    def prepare(self) -> list[str]:
        """Write the settings, format the storage the first time; the command that starts the broker."""
        jars = fetch_jars(self.cache, self.programs)
        if not self.logs.exists():
            self._format(jars)
        settings = self._write_settings(self.directory / "server.properties", self.logs)
        return self._java(jars, HEAP, "-XX:+ExitOnOutOfMemoryError", "kafka.Kafka", str(settings))

    def answers(self) -> bool:
        """Whether it names itself as a live broker, which it does only once it serves clients."""
        try:
            return self.port in broker_ports(self.port)
        except (OSError, struct.error):
            return False

    def finish(self) -> None:
        """Nothing is left to do once it answers."""

    def erase(self) -> None:
        """Delete every topic, group and offset; the next start formats anew."""
        shutil.rmtree(self.logs, ignore_errors=True)

    def environment(self) -> dict[str, str]:
        return {"WAYMARK_KAFKA_URL": f"{HOST}:{self.port}"}

    def _format(self, jars: Path) -> None:
        # Kafka would neither start on a storage whose format was cut short nor format it again: hence the draft.
        with draft(self.directory) as made:
            settings = self._write_settings(made / "format.properties", made / "logs")
            cluster = urlsafe_b64encode(secrets.token_bytes(16)).decode().rstrip("=").replace("-", "A")
            tool = ["kafka.tools.StorageTool", "format", f"--cluster-id={cluster}", f"--config={settings}"]
            run(self._java(jars, "-Xmx128m", "-XX:TieredStopAtLevel=1", "-XX:+UseSerialGC", *tool))
            (made / "logs").rename(self.logs)

    def _write_settings(self, path: Path, logs: Path) -> Path:
        template = Template((HERE / "kafka.properties.template").read_text())
        path.write_text(template.substitute(port=self.port, controller_port=self.controller_port, logs=logs))
        return path

    def _java(self, jars: Path, *arguments: str) -> list[str]:
        scratch = self.directory / "tmp"
        scratch.mkdir(exist_ok=True)
        flags = [f"-Dlog4j2.configurationFile={LOGGING}", f"-Djava.io.tmpdir={scratch}", "-XX:-UsePerfData"]
        return [self.programs.path("java"), *flags, "-cp", f"{jars}/*", *arguments]


def fetch_jars(cache: Path, programs: Programs) -> Path:
    """The directory of Kafka's jars, fetched by Maven and checked against jars.sha256 the first time."""
    programs.require(needed_programs(cache))
    jars = jars_directory(cache)
    if jars.exists():
        return jars
    _check_java(run([programs.path("java"), "-version"]))
    # Commands side by side share the cache: whoever comes second finds the jars there.
    cache.mkdir(parents=True, exist_ok=True)
    with exclusive(cache), draft(cache) as made:
        if not jars.exists():
            _fetch(programs.path("mvn"), made)
            made.rename(jars)
    return jars


def jars_directory(cache: Path) -> Path:
    """Where the jars of this very version are, once fetched."""
    key = hashlib.sha256(POM.read_bytes() + JAR_SUMS.read_bytes()).hexdigest()[:16]
    return cache / f"kafka-{key}"


def needed_programs(cache: Path) -> list[str]:
    """What must be installed; Maven only until the jars are there."""
    return ["java"] if jars_directory(cache).exists() else ["java", "mvn"]


def broker_ports(port: int) -> set[int]:
    """Ask a broker which brokers are live (Metadata request, version 1, no topics) and return their ports.

    OSError if nobody answers within 2 seconds; struct.error if the answer is not Kafka's.
    """
    name = b"waymark"
    request = struct.pack(f">hhih{len(name)}si", 3, 1, 1, len(name), name, 0)
    with socket.create_connection((HOST, port), timeout=2) as line:
        line.sendall(struct.pack(">i", len(request)) + request)
        with line.makefile("rb") as answer:
            _, _, count = struct.unpack(">iii", answer.read(12))
            return {_read_broker_port(answer.read) for _ in range(count)}


def _read_broker_port(read: Callable[[int], bytes]) -> int:
    _, length = struct.unpack(">ih", read(6))
    read(length)
    port, rack = struct.unpack(">ih", read(6))
    read(max(rack, 0))
    return int(port)


def _fetch(maven: str, target: Path) -> None:
    options = ["--batch-mode", "--quiet", "--strict-checksums", f"--file={POM}"]
    wanted = ["-DincludeScope=runtime", f"-DoutputDirectory={target}"]
    run([maven, *options, "dependency:copy-dependencies", *wanted])
    want = {name: digest for digest, name in map(str.split, JAR_SUMS.read_text().splitlines())}
    have = {jar.name: hashlib.sha256(jar.read_bytes()).hexdigest() for jar in target.glob("*.jar")}
    if have != want:
        odd = sorted(name for name in want.keys() | have.keys() if want.get(name) != have.get(name))
        raise NativeError(f"Kafka's jars are not those of jars.sha256: {', '.join(odd)}.")


def _check_java(said: str) -> None:
    version = re.search(r'version "(\d+)', said)
    if version is None or int(version.group(1)) < OLDEST_JAVA:
        raise NativeError(f"Kafka needs Java {OLDEST_JAVA} or newer on the PATH; found: {said.splitlines()[0]}")
