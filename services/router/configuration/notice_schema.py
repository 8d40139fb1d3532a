"""The closed schema of how a service is told, and of what may be said to anyone who reads it (R59)."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from services.router.configuration.directory_schema import Closed, Text
from services.router.domain.vocabulary import Channel, Priority


class ChoiceDoc(Closed):
    """All of some channels, else the first of others."""

    all_of: list[Channel]
    otherwise: list[Channel] = Field(alias="else")


class ChannelsDoc(Closed):
    """The choice for each priority."""

    P1: ChoiceDoc
    P2: ChoiceDoc
    P3: ChoiceDoc
    P4: ChoiceDoc


class ByPhoneDoc(Closed):
    """What is told by phone as well."""

    priorities: list[Priority]
    needs: Annotated[list[str], Field(min_length=1)]


class OutOfHoursDoc(Closed):
    """Who is told at once while closed, for such priorities, by the first of these channels that it has."""

    priorities: list[Priority]
    tracks: Annotated[list[str], Field(min_length=1)]
    by: Annotated[list[Channel], Field(min_length=1)]


class NoticeDoc(Closed):
    """Section G: telling."""

    channels: ChannelsDoc
    safe_contact: ChoiceDoc
    also_by_phone: ByPhoneDoc
    out_of_hours: OutOfHoursDoc


class WordsDoc(BaseModel):
    """What our own pages need of notices.yaml; the notifier, whose file it is, refuses whatever else is wrong in it.

    `need_labels` is by need or by group; a need's own line wins over its group's.
    """

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True)

    help_phone: Text
    need_labels: dict[str, Text] = {}
