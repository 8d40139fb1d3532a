"""The router's settings."""

from pydantic import Field

from shared.settings import CommonSettings


class RouterSettings(CommonSettings):
    """What the router needs besides what every service does."""

    router_database_url: str = Field(description="the router's database, postgresql+asyncpg:// or sqlite+aiosqlite://")
