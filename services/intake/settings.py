"""Intake's settings, from WAYMARK_ variables."""

from pathlib import Path

from pydantic import Field, SecretStr

from shared.settings import CommonSettings


class IntakeDatabase(CommonSettings):
    """Where intake's database is: all that a job on its schema or its directory needs."""

    intake_database_url: str = Field(description="intake's database, postgresql+asyncpg:// or sqlite+aiosqlite://")


class IntakeSettings(IntakeDatabase):
    """What intake needs besides the common settings."""

    keys_file: Path = Field(description="the key file that personal data is sealed with; nothing starts without it")
    requests_per_minute: int = Field(1_200, ge=1, description="how many referrals one caller may send in a minute")
    sweep_patience_s: float = Field(60.0, gt=0, description="how long news of a referral may take before it is swept")
    contacts_token: SecretStr | None = Field(
        None, description="secret by which the notifier asks where to reach a person; without it nobody is told"
    )
    intake_pool_size: int = Field(20, ge=5, description="connections to intake's database that a process may hold")
