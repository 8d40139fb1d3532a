"""What partners may answer, compiled for one county."""

from services.router.configuration.loop_schema import AnswersDoc, ReasonDoc
from services.router.domain.answers import Answers, Attempt, Close, Reason


def compile_answers(doc: AnswersDoc) -> Answers:
    """The codes of a county, in the order of its file."""
    return Answers(
        decline={code: _reason(row) for code, row in doc.decline.items()},
        hand_back={code: _reason(row) for code, row in doc.hand_back.items()},
        contact={code: Attempt(row.label, row.reached) for code, row in doc.contact.items()},
        close={code: Close(row.label, row.met) for code, row in doc.close.items()},
    )


def _reason(doc: ReasonDoc) -> Reason:
    return Reason(doc.label, doc.then, doc.pause)
