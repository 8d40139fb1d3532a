"""Who may be told how a referral goes, when, and at which address (R16, R59, N-04); asking for it is not enough."""

import re
from datetime import datetime

from services.intake.domain.assess import is_at_risk, known_age
from services.intake.domain.contact import email_address, phone_number
from services.intake.domain.policy import Policy
from services.intake.domain.progress import FINISHED, UNDER_WAY, Progress, Status
from services.intake.domain.referral import Submission
from services.intake.domain.updates import Audience, Channel, Listener, NotToBeTold, Step, Update, update_id

ADULT_AGE = 18
CHANNELS: tuple[Channel, ...] = ("email", "sms")
EMAIL_MAX = 254
# Stricter than R08, which only asks whether somebody may be reached: what goes into a mail header is of these signs.
SENDABLE = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")
MOBILE = re.compile(r"07(?:[1-57-9][0-9]|624)[0-9]{6,7}")
MOBILE_LENGTH = 11
# Who refers as part of their work; anybody else may be the one from whom a person at risk must be kept safe (R16).
OFFICIAL = frozenset({"professional", "partner", "staff_outbound"})
GIVERS = frozenset({"self", "representative"})
# What a referrer may know of a request of their own without the resident's consent: that it came, and that it ended.
OWN_STEPS = (Step.RECEIVED, Step.CANCELLED)
SAFE_CONTACT = frozenset({"safe_contact_only", "hold_safe_contact"})
# After these a message to the resident would hurt, or reach somebody who never asked.
SILENT_REASONS = frozenset({"died", "consent_withdrawn", "entered_in_error"})
LAST_STEPS = {Status.COMPLETED: Step.DONE, Status.FAILED: Step.NOT_MET, Status.CANCELLED: Step.CANCELLED}


def listeners(
    submission: Submission, policy: Policy, received_at: datetime, *, is_held_safe: bool = False
) -> tuple[Listener, ...]:
    """Those who asked to be told and may be. `received_at` is an aware instant, `is_held_safe` whether the router found
    that contact must be safe."""
    wishes = submission.updates
    if not (wishes.resident or wishes.referrer):
        return ()
    is_unsafe = is_held_safe or is_at_risk(submission, policy, received_at)
    heard = {
        Audience.RESIDENT: _residents_steps(submission, policy, received_at) if not is_unsafe else (),
        Audience.REFERRER: _referrers_steps(submission, policy, is_unsafe=is_unsafe),
    }
    found = ((audience, _channel(submission, audience), steps) for audience, steps in heard.items() if steps)
    return tuple(Listener(audience, channel, steps) for audience, channel, steps in found if channel)


def newly_due(before: Progress | None, after: Progress, at: datetime) -> tuple[Update, ...]:
    """The updates that became due at `at`; `before` is None when the referral has just been received."""
    known = _reached(before) if before else frozenset()
    return _updates(after, tuple(step for step in Step if step in _reached(after) - known), at)


def due_when_late(progress: Progress, at: datetime) -> tuple[Update, ...]:
    """What is due when a deadline has passed: a person looks at it now, unless it has ended."""
    return _updates(progress, () if progress.status in FINISHED else (Step.LOOKED_AT,), at)


def contact_for(update: Update, submission: Submission, progress: Progress, policy: Policy) -> str:
    """The address for `update` as things stand now (N-04). Raises NotToBeTold."""
    if _has_passed(update, progress):
        raise NotToBeTold("cancelled" if progress.cancellation else "outdated")
    allowed = listeners(submission, policy, progress.received_at, is_held_safe=_is_held_safe(progress))
    if not any(each.audience is update.audience and update.step in each.steps for each in allowed):
        raise NotToBeTold("not_agreed")
    address = _address(submission, update.audience, update.channel)
    if address is None:
        raise NotToBeTold("no_contact")
    return address


def _residents_steps(submission: Submission, policy: Policy, received_at: datetime) -> tuple[Step, ...]:
    age = known_age(submission, policy, received_at)
    is_grown_up = age is None or age >= ADULT_AGE or submission.consent.by == "representative"
    is_wanted = submission.updates.resident and submission.request_kind != policy.concern_kind
    return tuple(Step) if is_wanted and is_grown_up and _is_agreed(submission) else ()


def _referrers_steps(submission: Submission, policy: Policy, *, is_unsafe: bool) -> tuple[Step, ...]:
    kind = submission.referrer_kind
    if not submission.updates.referrer or kind == "self" or (is_unsafe and kind not in OFFICIAL):
        return ()
    knows_more = _is_agreed(submission) and submission.request_kind != policy.concern_kind
    return tuple(Step) if knows_more else OWN_STEPS


def _is_agreed(submission: Submission) -> bool:
    return submission.consent.status == "given" and submission.consent.by in GIVERS


def _channel(submission: Submission, audience: Audience) -> Channel | None:
    """The channel that was wished for, or the first that works. Never another one: somebody else may read there."""
    wished = submission.updates.by
    possible = [channel for channel in CHANNELS if wished in (None, channel)]
    return next((channel for channel in possible if _address(submission, audience, channel)), None)


def _address(submission: Submission, audience: Audience, channel: str) -> str | None:
    person, referrer = submission.person, submission.referrer
    if audience is Audience.RESIDENT:
        return _sendable(person.email) if channel == "email" else _mobile(person.mobile) or _mobile(person.phone)
    return _sendable(referrer.email) if channel == "email" else _mobile(referrer.phone)


def _sendable(text: str | None) -> str | None:
    address = email_address(text)
    is_sound = address and len(address) <= EMAIL_MAX and SENDABLE.fullmatch(address) and ".." not in address
    return address if is_sound else None


def _mobile(text: str | None) -> str | None:
    number = phone_number(text)
    return number if number and len(number) == MOBILE_LENGTH and MOBILE.fullmatch(number) else None


def _reached(progress: Progress) -> frozenset[Step]:
    if progress.status in LAST_STEPS:
        return frozenset({Step.RECEIVED, LAST_STEPS[progress.status]})
    reached = {Step.RECEIVED}
    if any(assignment.state in UNDER_WAY for assignment in progress.assignments):
        reached.add(Step.TAKEN_ON)
    if progress.status is Status.ON_HOLD:
        reached.add(Step.LOOKED_AT)
    return frozenset(reached)


def _updates(progress: Progress, steps: tuple[Step, ...], at: datetime) -> tuple[Update, ...]:
    return tuple(
        update
        for step in steps
        for listener in progress.listeners
        for update in (_update(progress, listener, step, at),)
        if step in listener.steps and not _has_passed(update, progress) and not _is_withheld(update, progress)
    )


def _update(progress: Progress, listener: Listener, step: Step, at: datetime) -> Update:
    found = update_id(progress.id, listener.audience, step, progress.openings)
    return Update(found, progress.id, listener.audience, step, listener.channel, at, progress.openings)


def _has_passed(update: Update, progress: Progress) -> bool:
    """Whether the referral has ended since in a way that leaves this untold, or was opened again."""
    if update.opening != progress.openings:
        return True
    if progress.cancellation is not None and progress.cancellation.reason in SILENT_REASONS:
        return update.audience is Audience.RESIDENT or update.step is not Step.CANCELLED
    return progress.status in LAST_STEPS and update.step is not LAST_STEPS[progress.status]


def _is_withheld(update: Update, progress: Progress) -> bool:
    return update.audience is Audience.RESIDENT and _is_held_safe(progress)


def _is_held_safe(progress: Progress) -> bool:
    return progress.decision is not None and not SAFE_CONTACT.isdisjoint(progress.decision.flags)
