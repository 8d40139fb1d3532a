"""Fetches what the tests need, once and before they start: `python -m tests.prepare`. They then run side by side."""

import sys

from deploy import native
from deploy.native.programs import Programs
from tests.servers import docker_answers


def main() -> None:
    """Install what is missing where we may; what stays missing costs the tests that need it, which say so."""
    try:
        if docker_answers():
            Programs(install=True).require(["chromium"])
        else:
            native.fetch(["chromium"])
    except native.NativeError as problem:
        print(f"Tests will be skipped: {problem}", file=sys.stderr)


main()
