"""The router's settings."""

from typing import Literal

from pydantic import Field

from shared.settings import CommonSettings, LinkKeys


class RouterDatabase(CommonSettings):
    """Where the router's database is: all that a job on its schema or its directory needs."""

    router_database_url: str = Field(description="the router's database, postgresql+asyncpg:// or sqlite+aiosqlite://")
    rules_approvals: Literal[0, 1] = Field(
        1, description="how many people besides its author must approve a version of the rules before it is published"
    )


class FeedSettings(RouterDatabase):
    """What the public feed needs: no key, and no secret but the way to the directory."""

    feed_url: str = Field("http://127.0.0.1:8010", description="where everybody reaches the public feed")
    feed_requests_per_minute: int = Field(600, ge=1, description="how often one caller may ask the feed in a minute")


class RouterSettings(RouterDatabase):
    """What the router needs besides what every service does."""

    link_keys: LinkKeys
    rules_patience_s: float = Field(
        2, gt=0, description="how long a request waits for other rules to be read, before it goes by those before"
    )
