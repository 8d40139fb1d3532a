"""The command line: up, status, down, restart and kill of the native stack."""

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from deploy.native import stack
from deploy.native.errors import NativeError
from deploy.native.home import DEFAULT_PORTS, SERVICES, write_private

DEFAULT_DATA = Path(__file__).parents[2] / "var" / "native"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command. 0 when all is well, 1 when not, 2 for a wrong command line."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except NativeError as problem:
        print(problem, file=sys.stderr)
        return 1
    except OSError as problem:
        print(f"{problem}. Does the data directory belong to another user?", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130


def _run(options: argparse.Namespace) -> int:
    if options.command == "up":
        return _up(options)
    if options.command == "status":
        healths = stack.status(options.data, options.only)
        print("\n".join(map(str, healths)))
        return 0 if all(health.answers for health in healths) else 1
    if options.command == "down":
        stack.down(options.data, options.only, wipe=options.wipe)
    elif options.command == "restart":
        stack.restart(options.data, options.service)
    else:
        stack.kill(options.data, options.service)
    return 0


def _up(options: argparse.Namespace) -> int:
    ports = {service: getattr(options, f"{service}_port") for service in SERVICES}
    given = {service: port for service, port in ports.items() if port is not None}
    where = stack.up(
        options.data, options.only, given, fast=options.fast, install=not options.no_install, cache=options.cache
    )
    lines = "".join(f"{name}={value}\n" for name, value in where.environment.items())
    if options.env_file:
        write_private(options.env_file, lines)
    print(lines, end="")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python3 -m deploy.native", description="Kafka, PostgreSQL and Redis on 127.0.0.1, without containers."
    )
    commands = parser.add_subparsers(dest="command", required=True)
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--data", type=Path, default=DEFAULT_DATA, metavar="DIR", help="data directory (%(default)s)")
    some = argparse.ArgumentParser(add_help=False, parents=[shared])
    some.add_argument("--only", type=_services, default=SERVICES, metavar="A,B", help="of kafka,postgres,redis")
    up = commands.add_parser("up", parents=[some], help="start what does not run and print how to reach it")
    for service, port in DEFAULT_PORTS.items():
        up.add_argument(
            f"--{service}-port", type=_port, metavar="N", help=f"0 for any free one (else the last, or {port})"
        )
    up.add_argument("--fast", action="store_true", help="PostgreSQL that a power cut may ruin, for tests")
    up.add_argument("--env-file", type=Path, metavar="FILE", help="also write the printed lines to FILE, mode 600")
    up.add_argument("--no-install", action="store_true", help="say what is missing instead of installing it")
    up.add_argument("--cache", type=Path, metavar="DIR", help="where Kafka's jars are kept (~/.cache/waymark)")
    commands.add_parser("status", parents=[some], help="exit 0 only if all are healthy")
    down = commands.add_parser("down", parents=[some], help="stop what `up` started")
    down.add_argument("--wipe", action="store_true", help="delete the data as well")
    for name, does in (("restart", "stop one server and start it again"), ("kill", "end one server with SIGKILL")):
        commands.add_parser(name, parents=[shared], help=does).add_argument("service", choices=SERVICES)
    return parser


def _services(text: str) -> list[str]:
    services = [part.strip() for part in text.split(",") if part.strip()]
    unknown = [service for service in services if service not in SERVICES]
    if unknown or not services:
        raise argparse.ArgumentTypeError(f"choose from {', '.join(SERVICES)}")
    return services


def _port(text: str) -> int:
    if not text.isdigit() or not (int(text) == 0 or 1024 <= int(text) <= 65535):
        raise argparse.ArgumentTypeError("a port is 0, or 1024 to 65535")
    return int(text)
