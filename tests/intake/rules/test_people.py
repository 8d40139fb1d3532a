"""Who may be told how a referral goes: whatever is combined, nobody who did not ask or is not safe (R16, R59)."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.domain.people import contact_for, listeners, newly_due
from services.intake.domain.policy import Policy
from services.intake.domain.progress import CANCEL_REASONS, Cancellation, Decision, Progress, Status
from services.intake.domain.referral import Consent, Person, Referrer, Submission, Updates
from services.intake.domain.updates import Audience, Channel, Listener, NotToBeTold, Step, Update, update_id
from shared.clock import new_id
from tests.intake.rules.builders import NOON, REFERRAL

ADA = Person(name="Ada Holloway", age=50, phone="01632 960001", mobile="07700 900524", email="ada@riley.example")
NURSE = Referrer(name="Bo Marsh", organisation="Surgery", email="bo.marsh@surgery.example", phone="07700 900111")
ASKED = replace(REFERRAL, person=ADA, consent=Consent("given", "self"), updates=Updates(resident=True))
BY_NURSE = replace(ASKED, referrer_kind="professional", referrer=NURSE, updates=Updates(resident=True, referrer=True))
ALL = tuple(Step)
DANGERS = (
    "immediate_danger", "suicidal_now", "suicidal_thoughts", "domestic_abuse", "child_at_risk", "adult_at_risk",
    "self_neglect", "modern_slavery",
)  # fmt: skip
STRANGERS = ("family", "friend", "neighbour", "public", "landlord")

texts = st.one_of(st.none(), st.sampled_from(["", "a@b.example", "07700 900524", "+44 7700 900524", "x"]), st.text())
submissions = st.builds(
    Submission,
    request_kind=st.sampled_from(["help", "volunteer_offer", "concern_report"]),
    referrer_kind=st.sampled_from(["self", "professional", "partner", "staff_outbound", *STRANGERS]),
    person=st.builds(
        Person,
        age=st.one_of(st.none(), st.integers(-5, 130)),
        dob=st.sampled_from([None, "2004-05-14", "13/05/2002", "1950-01-01", "unreadable"]),
        phone=texts,
        mobile=texts,
        email=texts,
    ),
    consent=st.builds(
        Consent, st.sampled_from(["given", "refused", "unknown"]), st.sampled_from(["self", "representative", "none"])
    ),
    needs=st.lists(st.sampled_from(["food.shopping", "safe.domestic_abuse", "mind.crisis", "safe.scam"])).map(tuple),
    flags=st.lists(st.sampled_from([*DANGERS, "over_70", "carer"]), max_size=3).map(tuple),
    notes=st.sampled_from([None, "Rings back.", "She says there is no point living."]),
    referrer=st.builds(Referrer, name=texts, email=texts, phone=texts),
    updates=st.builds(Updates, st.booleans(), st.booleans(), st.sampled_from([None, "email", "sms"])),
)


def a_progress(
    heard_by: tuple[Listener, ...],
    *,
    status: Status = Status.SUBMITTED,
    decision: Decision | None = None,
    cancellation: Cancellation | None = None,
) -> Progress:
    return Progress(
        id=new_id(),
        reference="3NQK-8N1",
        received_at=NOON,
        needs=(),
        status=status,
        decision=decision,
        cancellation=cancellation,
        listeners=heard_by,
    )


def a_decision(*flags: str) -> Decision:
    return Decision(new_id(), "rules-1", "routed", None, "P2", flags, None, NOON, 1)


def an_update(progress: Progress, audience: Audience, step: Step, channel: Channel = "email") -> Update:
    return Update(update_id(progress.id, audience, step), progress.id, audience, step, channel, NOON)


@given(submissions)
def test_nobody_is_told_who_did_not_ask_or_is_not_safe(policy: Policy, submission: Submission) -> None:
    told = {listener.audience: listener for listener in listeners(submission, policy, NOON)}
    is_dangerous = bool({*DANGERS} & {*submission.flags}) or "no point" in (submission.notes or "")
    is_dangerous = is_dangerous or bool({"safe.domestic_abuse", "mind.crisis"} & {*submission.needs})
    if Audience.RESIDENT in told:
        assert submission.updates.resident
        assert (submission.consent.status, submission.consent.by) in {("given", "self"), ("given", "representative")}
        assert not is_dangerous
        assert submission.request_kind != "concern_report"
    if Audience.REFERRER in told:
        assert submission.updates.referrer
        assert submission.referrer_kind != "self"
        assert not (is_dangerous and submission.referrer_kind in STRANGERS)
        knows_all = told[Audience.REFERRER].steps == ALL
        assert not knows_all or submission.consent.status == "given"


@given(submissions)
def test_whoever_is_told_can_be_reached_by_the_way_they_wished_for(policy: Policy, submission: Submission) -> None:
    progress = a_progress(listeners(submission, policy, NOON))
    for listener in progress.listeners:
        assert submission.updates.by in (None, listener.channel)
        update = an_update(progress, listener.audience, Step.RECEIVED, listener.channel)
        address = contact_for(update, submission, progress, policy)
        assert address.isascii()
        assert address.isprintable()
        assert " " not in address
        assert ("@" in address) is (listener.channel == "email")


@given(submissions, st.sampled_from(["safe_contact_only", "hold_safe_contact"]), st.sampled_from(ALL))
def test_where_the_router_finds_that_contact_must_be_safe_nothing_goes_to_the_resident(
    policy: Policy, submission: Submission, flag: str, step: Step
) -> None:
    safe = a_progress(listeners(submission, policy, NOON), decision=a_decision(flag), status=Status.COMPLETED)
    assert [each for each in newly_due(None, safe, NOON) if each.audience is Audience.RESIDENT] == []
    with pytest.raises(NotToBeTold):
        contact_for(an_update(safe, Audience.RESIDENT, step), submission, safe, policy)


@given(submissions, st.sampled_from(sorted(CANCEL_REASONS)), st.sampled_from(list(Audience)), st.sampled_from(ALL))
def test_after_a_cancellation_only_that_is_told_and_nothing_to_a_resident_who_died_or_withdrew_consent(
    policy: Policy, submission: Submission, reason: str, audience: Audience, step: Step
) -> None:
    heard_by = listeners(submission, policy, NOON)
    stopped = a_progress(heard_by, status=Status.CANCELLED, cancellation=Cancellation(reason, NOON))
    may_be = step is Step.CANCELLED and (
        audience is Audience.REFERRER or reason not in {"died", "consent_withdrawn", "entered_in_error"}
    )
    due = newly_due(None, stopped, NOON)
    assert {each.step for each in due} <= {Step.CANCELLED}
    if not may_be:
        assert (audience, step) not in {(each.audience, each.step) for each in due}
        with pytest.raises(NotToBeTold):
            contact_for(an_update(stopped, audience, step), submission, stopped, policy)


def test_a_resident_who_asks_and_agrees_is_told_of_every_step(policy: Policy) -> None:
    assert listeners(ASKED, policy, NOON) == (Listener(Audience.RESIDENT, "email", ALL),)


def test_nobody_is_told_unless_asked(policy: Policy) -> None:
    assert listeners(replace(BY_NURSE, updates=Updates()), policy, NOON) == ()


def test_resident_and_referrer_are_told_apart(policy: Policy) -> None:
    assert listeners(BY_NURSE, policy, NOON) == (
        Listener(Audience.RESIDENT, "email", ALL),
        Listener(Audience.REFERRER, "email", ALL),
    )


def test_without_consent_a_referrer_hears_only_that_it_came_and_that_it_ended(policy: Policy) -> None:
    unknown = replace(BY_NURSE, consent=Consent("unknown", "none"))
    assert listeners(unknown, policy, NOON) == (Listener(Audience.REFERRER, "email", (Step.RECEIVED, Step.CANCELLED)),)


def test_of_a_concern_for_somebody_else_too(policy: Policy) -> None:
    concern = replace(BY_NURSE, request_kind="concern_report", referrer_kind="neighbour")
    assert listeners(concern, policy, NOON) == (Listener(Audience.REFERRER, "email", (Step.RECEIVED, Step.CANCELLED)),)


def test_where_there_is_danger_only_who_refers_as_part_of_their_work_is_told(policy: Policy) -> None:
    danger = replace(BY_NURSE, flags=("domestic_abuse",))
    assert [each.audience for each in listeners(danger, policy, NOON)] == [Audience.REFERRER]
    assert listeners(replace(danger, referrer_kind="family"), policy, NOON) == ()


@pytest.mark.parametrize(
    ("person", "by", "told"),
    [
        (replace(ADA, age=17), "self", False),
        (replace(ADA, age=18), "self", True),
        (replace(ADA, age=17), "representative", True),
        (replace(ADA, age=None), "self", True),
        (replace(ADA, dob="2004-05-14"), "self", False),
    ],
)
def test_a_child_is_told_only_through_whoever_speaks_for_it(
    policy: Policy, person: Person, by: str, told: bool
) -> None:
    child = replace(ASKED, person=person, consent=Consent("given", by))
    assert bool(listeners(child, policy, NOON)) is told


@pytest.mark.parametrize(
    ("person", "wish", "channel"),
    [
        (ADA, None, "email"),
        (ADA, "sms", "sms"),
        (replace(ADA, email=None), None, "sms"),
        (replace(ADA, email=None), "email", None),
        (replace(ADA, mobile=None), "sms", None),
        (replace(ADA, mobile=None, phone="+44 7700 900524", email=None), None, "sms"),
        (replace(ADA, mobile="070 1234 5678"), "sms", None),
        (replace(ADA, email="ada@riley"), "email", None),
        (replace(ADA, email="ada\r\nbcc:eve@riley.example"), "email", None),
        (replace(ADA, email="zoë@riley.example"), "email", None),
        (replace(ADA, email="<ada@riley.example>"), "email", None),
    ],
)
def test_the_way_is_the_one_wished_for_or_the_first_that_works_and_never_another(
    policy: Policy, person: Person, wish: str | None, channel: str | None
) -> None:
    wished = replace(ASKED, person=person, updates=Updates(resident=True, by=wish))
    assert [each.channel for each in listeners(wished, policy, NOON)] == ([channel] if channel else [])


def test_a_step_that_came_too_late_to_matter_is_not_told(policy: Policy) -> None:
    finished = a_progress(listeners(ASKED, policy, NOON), status=Status.COMPLETED)
    with pytest.raises(NotToBeTold) as refusal:
        contact_for(an_update(finished, Audience.RESIDENT, Step.TAKEN_ON), ASKED, finished, policy)
    assert refusal.value.reason == "outdated"
    assert contact_for(an_update(finished, Audience.RESIDENT, Step.DONE), ASKED, finished, policy) == ADA.email


def test_an_address_that_has_gone_since_is_not_made_up(policy: Policy) -> None:
    progress = a_progress(listeners(ASKED, policy, NOON))
    update = an_update(progress, Audience.RESIDENT, Step.RECEIVED)
    without = replace(ASKED, person=replace(ADA, email=None))
    with pytest.raises(NotToBeTold) as refusal:
        contact_for(update, without, progress, policy)
    assert refusal.value.reason == "no_contact"
    assert str(refusal.value) == "This is not to be told, or no longer."
