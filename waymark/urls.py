"""Which database a command of the operator works on: the settings' or an embedded system's."""

from pathlib import Path

from services.intake.settings import IntakeDatabase
from services.notifier.settings import NotifierDatabase
from services.router.settings import RouterDatabase
from shared.settings import read_settings
from waymark.names import ServiceName


def embedded_url(data: Path, name: ServiceName) -> str:
    """The SQLite file of one service in the data folder of an embedded system."""
    return f"sqlite+aiosqlite:///{data / name}.db"


def database_url(name: ServiceName, data: Path | None = None) -> str:
    """The embedded one when `data` is given, else that of the settings.

    Only this setting is read: a job that migrates needs neither keys nor a mail server.
    """
    if data is not None:
        return embedded_url(data, name)
    match name:
        case ServiceName.INTAKE:
            return read_settings(IntakeDatabase).intake_database_url
        case ServiceName.ROUTER:
            return read_settings(RouterDatabase).router_database_url
        case ServiceName.NOTIFIER:
            return read_settings(NotifierDatabase).notifier_database_url
