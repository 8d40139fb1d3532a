"""Brings up genuine Kafka, PostgreSQL and Redis on loopback without containers: for development, tests and CI.

Uses nothing but the standard library, so that any python3 from 3.11 can run it before anything is installed.
"""

from deploy.native.errors import NativeError
from deploy.native.stack import Health, Urls, down, fetch, kill, restart, status, up, urls, wipe

__all__ = ["Health", "NativeError", "Urls", "down", "fetch", "kill", "restart", "status", "up", "urls", "wipe"]
