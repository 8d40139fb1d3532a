"""Settings that every service shares, read once at the start from WAYMARK_ variables; secrets have no default."""

from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, Field, SecretStr, ValidationError, ValidationInfo, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from shared.links import keys_in

DRIVERS = ("postgresql+asyncpg://", "sqlite+aiosqlite://")


def _checked_keys(keys: SecretStr) -> SecretStr:
    keys_in(keys.get_secret_value())
    return keys


# What links in notices are signed with: the same for the service that writes them and the one that reads them.
LinkKeys = Annotated[
    SecretStr,
    AfterValidator(_checked_keys),
    Field(
        description="keys that links are signed with, newest first, with commas between; each of 32 hex digits or more"
    ),
]


class CommonSettings(BaseSettings):
    """What all three services need. Each service adds its own in its settings.py; .env.example lists them all."""

    model_config = SettingsConfigDict(env_prefix="WAYMARK_", env_file=".env", extra="ignore", frozen=True)

    kafka_url: str | None = Field(None, description="Kafka's bootstrap servers, host:port; none when run embedded")
    redis_url: str | None = Field(None, description="Redis, redis://host:port; without it limits count per process")
    public_url: str = Field(
        "http://127.0.0.1:8000", description="where people reach Waymark; links in notices start so"
    )
    log_level: Literal["debug", "info", "warning", "error"] = Field("info", description="least level that is logged")

    @field_validator("*")
    @classmethod
    def _databases_have_a_driver_of_ours(cls, value: object, field: ValidationInfo) -> object:
        is_database = (field.field_name or "").endswith("_database_url")
        if is_database and not str(value).startswith(DRIVERS):
            raise ValueError(f"must begin with {' or '.join(DRIVERS)}")
        return value


S = TypeVar("S", bound=BaseSettings)


def read_settings(kind: type[S], **given: Any) -> S:  # whatever the fields of `kind` take
    """The settings of `kind`; `given` wins over the environment. Wrong ones end the program with a sentence."""
    try:
        return kind(**given)
    except ValidationError as error:
        # The values themselves may be secrets, so only names and reasons are told.
        faults = [f"WAYMARK_{'_'.join(map(str, e['loc'])).upper()}: {e['msg']}" for e in error.errors()]
        raise SystemExit("These settings are wrong or missing (see .env.example):\n  " + "\n  ".join(faults)) from None
