"""The router's settings."""

from pydantic import Field

from shared.settings import CommonSettings, LinkKeys


class RouterDatabase(CommonSettings):
    """Where the router's database is: all that a job on its schema or its directory needs."""

    router_database_url: str = Field(description="the router's database, postgresql+asyncpg:// or sqlite+aiosqlite://")


class RouterSettings(RouterDatabase):
    """What the router needs besides what every service does."""

    link_keys: LinkKeys
