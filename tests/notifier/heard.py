"""Events as the router and intake tell them to the notifier, valid by default."""

from datetime import timedelta
from typing import Literal
from uuid import uuid5

from shared.clock import utc_now
from shared.events import (
    AssignmentMoved,
    AssignmentOffered,
    AssignmentRecalled,
    AssignmentReminded,
    Priority,
    ReferralCancelled,
    UpdateDue,
)
from shared.events import (
    Channel as WireChannel,
)
from tests.notifier.world import IDS, REFERRAL, SERVICE


def offered(
    *,
    name: str = "assignment",
    channels: tuple[WireChannel, ...] = ("email",),
    priority: Priority = "P3",
    service_id: str = SERVICE,
    safe_contact_only: bool = False,
    due_in: timedelta = timedelta(hours=24),
) -> AssignmentOffered:
    return AssignmentOffered(
        referral_id=REFERRAL,
        reference="7K3M-2QX",
        assignment_id=uuid5(IDS, name),
        service_id=service_id,
        service_name="Volunteer doorstep help",
        organization_id="org-dva",
        organization_name="Derbyshire Voluntary Action (DVA)",
        track="lead_va",
        needs=("food.shopping",),
        priority=priority,
        sla="next_working_day",
        offered_at=utc_now(),
        due_at=utc_now() + due_in,
        district="E07000034",
        channels=channels,
        safe_contact_only=safe_contact_only,
    )


def recalled(*, name: str = "assignment") -> AssignmentRecalled:
    return AssignmentRecalled(
        referral_id=REFERRAL,
        reference="7K3M-2QX",
        assignment_id=uuid5(IDS, name),
        service_id=SERVICE,
        service_name="Volunteer doorstep help",
        reason="cancelled",
        recalled_at=utc_now(),
    )


def moved(to_state: str, *, name: str = "assignment") -> AssignmentMoved:
    return AssignmentMoved(
        referral_id=REFERRAL,
        reference="7K3M-2QX",
        assignment_id=uuid5(IDS, name),
        service_id=SERVICE,
        service_name="Volunteer doorstep help",
        from_state="offered",
        to_state=to_state,
        reason=None,
        actor="partner",
        version=2,
        needs=("food.shopping",),
        moved_at=utc_now(),
    )


def reminded(
    *,
    channels: tuple[WireChannel, ...] = ("email",),
    answer_in: timedelta = timedelta(hours=20),
    service_id: str = SERVICE,
    safe_contact_only: bool = False,
    second_contact: bool = False,
) -> AssignmentReminded:
    return AssignmentReminded(
        referral_id=REFERRAL,
        reference="7K3M-2QX",
        assignment_id=uuid5(IDS, "assignment"),
        service_id=service_id,
        service_name="Volunteer doorstep help",
        needs=("food.shopping",),
        priority="P3",
        district="E07000034",
        channels=channels,
        safe_contact_only=safe_contact_only,
        answer_by=utc_now() + answer_in,
        second_contact=second_contact,
        reminded_at=utc_now(),
    )


def update_due(
    step: str = "received",
    *,
    name: str = "update",
    audience: str = "resident",
    channel: Literal["email", "sms"] = "email",
) -> UpdateDue:
    return UpdateDue(
        referral_id=REFERRAL,
        reference="7K3M-2QX",
        update_id=uuid5(IDS, name),
        audience=audience,
        step=step,
        channel=channel,
        due_at=utc_now(),
    )


def cancelled() -> ReferralCancelled:
    return ReferralCancelled(referral_id=REFERRAL, reference="7K3M-2QX", reason="resident", cancelled_at=utc_now())
