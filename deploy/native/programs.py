"""Where the servers' programs are, and what to install when one is missing."""

import os
import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from deploy.native.errors import NativeError
from deploy.native.process import run

DEBIAN_PACKAGES = {
    "chromium": "chromium",
    "java": "default-jre-headless",
    "mvn": "maven",
    "postgres": "postgresql",
    "redis-server": "redis-server",
}
POSTGRES_HOMES = Path("/usr/lib/postgresql")
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\n# Waymark wrote this while installing packages; delete it if none is going on.\nexit 101\n"


@dataclass(frozen=True, slots=True)
class Programs:
    """Finds programs; with `install`, adds Debian's packages for missing ones when we are root."""

    install: bool

    def path(self, program: str) -> str:
        """The program's absolute path, installed first if need be. NativeError says what to install."""
        self.require([program])
        found = find(program)
        if found is None:
            raise NativeError(f"{program} is still missing after its package was installed.")
        return found

    def require(self, programs: Iterable[str]) -> None:
        """Make sure all are there, with one installation for all that are missing."""
        missing = [program for program in programs if find(program) is None]
        if not missing:
            return
        packages = [DEBIAN_PACKAGES[program] for program in missing]
        if shutil.which("apt-get") is None:
            raise NativeError(f"Install these programs and put them on the PATH: {', '.join(missing)}.")
        if os.geteuid() != 0 or not self.install:
            raise NativeError(f"Install what is missing with: sudo apt-get install {' '.join(packages)}")
        install_packages(packages)


def find(program: str) -> str | None:
    """The program's absolute path, or None."""
    if program == "postgres":
        versions = postgres_versions()
        return str(versions[max(versions)] / program) if versions else shutil.which(program)
    return shutil.which(program)


def postgres_versions() -> dict[int, Path]:
    """Debian keeps each major version's programs in a directory of its own; here they are by version."""
    homes = {int(home.name): home / "bin" for home in POSTGRES_HOMES.glob("*") if home.name.isdigit()}
    return {version: programs for version, programs in homes.items() if (programs / "postgres").exists()}


def install_packages(packages: list[str]) -> None:
    """Add Debian packages. The servers they bring are kept from starting by themselves on their usual ports."""
    ours = not POLICY.exists() or POLICY.read_text() == POLICY_TEXT
    if ours:
        POLICY.write_text(POLICY_TEXT)
        POLICY.chmod(0o755)
    quietly = ["/usr/bin/env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y"]
    try:
        run([*quietly, "update"])
        run([*quietly, "install", "--no-install-recommends", "--no-upgrade", *packages])
    finally:
        if ours:
            POLICY.unlink(missing_ok=True)
