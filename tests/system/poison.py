"""Records that no service of ours would send."""

from collections.abc import Sequence
from dataclasses import replace

from shared.clock import new_id, utc_now
from shared.envelope import Origin, headers_for
from shared.events import AssignmentRecalled, Event, NotificationSent, ReferralCancelled, Topic
from tests.system.broker import Sent

SOMEONE = "4WJX-P7K"


def unreadable(topic: Topic) -> Sequence[Sent]:
    """One record for each way to be none of our events: every consumer of `topic` has to give each of them up."""
    whole = a_whole_one(topic)
    return (
        replace(a_whole_one(topic), value=b"\xff\xfe\x00\x01"),
        replace(a_whole_one(topic), value=b'{"referral_id": "'),
        replace(a_whole_one(topic), value=b"[" * 50_000),
        replace(a_whole_one(topic), value=None),
        a_whole_one(topic).with_header("ce_specversion", "9.9"),
        replace(a_whole_one(topic), key=None),
        replace(whole, headers=()),
        replace(whole, headers=(*whole.headers[:-1], ("ce_source", b"\xff\xfe"), ("ce_id", b"\xff"))),
    )


def of_a_later_version(topic: Topic) -> Sent:
    """An event of a version that nobody here handles yet."""
    return a_whole_one(topic).with_header("ce_type", f"org.waymark.{topic.value}.told.v99")


def a_whole_one(topic: Topic) -> Sent:
    """A record of a type that both consumers of `topic` handle, about a referral that nobody knows."""
    event = _event(topic)
    headers = headers_for(event, new_id(), "/waymark/stranger", utc_now(), Origin("stranger-1"))
    named = tuple((name, text.encode()) for name, text in headers.items())
    return Sent(topic, str(event.referral_id).encode(), event.model_dump_json().encode(), named)


def _event(topic: Topic) -> Event:
    who, now = new_id(), utc_now()
    if topic is Topic.REFERRALS:
        return ReferralCancelled(referral_id=who, reference=SOMEONE, reason="other", cancelled_at=now)
    if topic is Topic.ASSIGNMENTS:
        return AssignmentRecalled(
            referral_id=who,
            reference=SOMEONE,
            assignment_id=new_id(),
            service_id="svc-nowhere",
            service_name="Nowhere",
            reason="other",
            recalled_at=now,
        )
    return NotificationSent(
        referral_id=who,
        reference=SOMEONE,
        notification_id=new_id(),
        assignment_id=new_id(),
        service_id="svc-nowhere",
        channel="email",
        purpose="offer",
        sent_at=now,
    )
