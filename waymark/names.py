"""The names of the three services, as the command line knows them."""

from enum import StrEnum


class ServiceName(StrEnum):
    """One of the three services."""

    INTAKE = "intake"
    ROUTER = "router"
    NOTIFIER = "notifier"
