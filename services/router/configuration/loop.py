"""What partners may answer, and how long silence may last and a word is believed, compiled for one county."""

from services.router.configuration.loop_schema import AnswersDoc, CapacityDoc, ChaseDoc, ReasonDoc, WaitDoc
from services.router.configuration.places import minutes
from services.router.domain.answers import Answers, Attempt, Close, Reason
from services.router.domain.capacity import Decay, Step
from services.router.domain.chase import Chase, Wait


def compile_answers(doc: AnswersDoc) -> Answers:
    """The codes of a county, in the order of its file."""
    return Answers(
        decline={code: _reason(row) for code, row in doc.decline.items()},
        hand_back={code: _reason(row) for code, row in doc.hand_back.items()},
        contact={code: Attempt(row.label, row.reached) for code, row in doc.contact.items()},
        close={code: Close(row.label, row.met, row.ends_referral) for code, row in doc.close.items()},
        pass_on={code: row.label for code, row in doc.pass_on.items()},
        leave_children={code: row.label for code, row in doc.leave_children.items()},
    )


def _reason(doc: ReasonDoc) -> Reason:
    return Reason(doc.label, doc.then, doc.pause)


def compile_chase(doc: ChaseDoc) -> Chase:
    """How long something is waited for, by priority."""
    return {"P1": _wait(doc.P1), "P2": _wait(doc.P2), "P3": _wait(doc.P3), "P4": _wait(doc.P4)}


def compile_decay(doc: CapacityDoc) -> Decay:
    """How long a word on capacity is believed."""
    days = {Step.LIMITED: doc.limited_after_days, Step.PAUSED: doc.paused_after_days}
    return Decay(days, doc.reminded_working_days_before)


def _wait(doc: WaitDoc) -> Wait:
    return Wait(
        minutes=doc.minutes or 0,
        open_minutes=doc.open_minutes or 0,
        working_days=doc.working_days or 0,
        by=minutes(doc.by) if doc.by is not None else None,
    )
