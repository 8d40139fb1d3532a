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


def out_of_hours(service: Service, priority: Priority, notice: Notice) -> tuple[Channel, ...]:
    """The channel that reaches the people on duty of a service that is closed, which its inbox would not; none where
    the county asks for none. A person is never left to find an urgent need in the morning (R53)."""
    rule = notice.out_of_hours
    if priority not in rule.priorities or service.track not in rule.tracks:
        return ()
    return tuple(channel for channel in rule.by if getattr(service.contact, channel))[:1]


def _chosen(choice: ChannelChoice, used: tuple[Channel, ...]) -> tuple[Channel, ...]:
    wanted = tuple(channel for channel in choice.all_of if channel in used)
    return wanted or tuple(channel for channel in choice.otherwise if channel in used)[:1]
