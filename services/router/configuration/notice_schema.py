"""The closed schema of how a service is told: the channels of each priority, and what is told by phone as well."""

from typing import Annotated

from pydantic import Field

from services.router.configuration.directory_schema import Closed
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


class NoticeDoc(Closed):
    """Section G: telling."""

    channels: ChannelsDoc
    safe_contact: ChoiceDoc
    also_by_phone: ByPhoneDoc
