"""The page on which a partner without an account tells of the work: each attempt, and how it ended or why it cannot."""

from collections.abc import Mapping

from services.router.domain.assignment import UNDER_WAY, Move
from services.router.domain.county import County
from services.router.domain.links import Purpose
from services.router.pages.frame import Error, Reading
from services.router.pages.words import labels, need_names
from services.router.use_cases.links import Answer, Seen
from shared.clock import Clock
from shared.links import Link
from shared.wording import moment_words

NOTHING = Error("contact", "Select what you want to tell us")
CHANGED = Error("told", "This has changed since you opened the page. Check what we know now, then tell us again")


class ProgressForm:
    """Attempts, close codes and handing back. Each form has the version of the assignment that its page showed, so that
    one press counts once, and nobody tells twice what a colleague has told meanwhile."""

    purpose = Purpose.PROGRESS
    template = "link-progress.html"
    changed = CHANGED

    def values(self, link: Link, seen: Seen, county: County, now: Clock) -> Mapping[str, object]:
        """Needs are numbered in the forms: their codes may say what their public names do not."""
        answers, names = county.rules.answers, need_names(seen.offer, county)
        attempts = [(move.at, answers.contact.get(move.reason or "")) for move in seen.moves if move.to in UNDER_WAY]
        return {
            "version": seen.offer.version,
            "accepted": moment_words(attempts[0][0]),
            "until": moment_words(link.expires_at),
            # Where contact must be safe, nothing of the work is e-mailed.
            "is_confirmed": not seen.offer.safe_contact_only,
            "attempts": [f"{attempt.label}, at {moment_words(at)}" for at, attempt in attempts if attempt],
            "needs": {_field(number): names[need] for number, need in enumerate(seen.needs)},
            "is_shared": seen.is_shared,
            "contact": labels(answers.contact),
            "close": labels(answers.close),
            "hand_back": labels(answers.hand_back),
        }

    def read(self, form: Mapping[str, str], seen: Seen, county: County) -> Reading:
        """Which of the three forms was sent, and what it says."""
        answers, version = county.rules.answers, _version(form.get("version", ""))
        match form.get("tell"):
            case "contact" if form.get("contact") in answers.contact:
                return Reading(Answer(Move.CONTACT, form["contact"]), version=version)
            case "contact":
                return Reading(None, [Error("contact", "Select what came of it")])
            case "hand_back" if form.get("hand_back") in answers.hand_back:
                return Reading(Answer(Move.HAND_BACK, form["hand_back"]), version=version)
            case "hand_back":
                return Reading(None, [Error("hand_back", "Select why you hand it back")])
            case "complete":
                return _endings(form, seen, county, version)
        return Reading(None, [NOTHING])


def _endings(form: Mapping[str, str], seen: Seen, county: County, version: int) -> Reading:
    names = need_names(seen.offer, county)
    given = {need: form.get(_field(number), "") for number, need in enumerate(seen.needs)}
    errors = [
        Error(_field(number), f"Select how it ended: {names[need]}")
        for number, need in enumerate(seen.needs)
        if given[need] not in county.rules.answers.close
    ]
    return Reading(None, errors) if errors else Reading(Answer(Move.COMPLETE, outcomes=given), version=version)


def _field(number: int) -> str:
    return f"need-{number + 1}"


def _version(text: str) -> int:
    """The version that a form names; 0, which none is, for anything else."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 10 else 0
