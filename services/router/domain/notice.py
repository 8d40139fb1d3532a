"""Over which channels a service is told (R59)."""

from services.router.domain.directory import Service
from services.router.domain.rule_set import ChannelChoice, Notice
from services.router.domain.vocabulary import Channel, Priority


def channels_for(
    service: Service, priority: Priority, needs: tuple[str, ...], notice: Notice, *, safe_contact_only: bool
) -> tuple[Channel, ...]:
    """The channels for one assignment; an urgent action of section B is told by phone as well, where there is one."""
    choice = notice.safe_contact if safe_contact_only else notice.channels[priority]
    channels = _chosen(choice, service.notify_channels)
    urgent = priority in notice.by_phone_priorities and not notice.by_phone_needs.isdisjoint(needs)
    if urgent and service.contact.phone and "phone" not in channels:
        return (*channels, "phone")
    return channels


def _chosen(choice: ChannelChoice, used: tuple[Channel, ...]) -> tuple[Channel, ...]:
    wanted = tuple(channel for channel in choice.all_of if channel in used)
    return wanted or tuple(channel for channel in choice.otherwise if channel in used)[:1]
