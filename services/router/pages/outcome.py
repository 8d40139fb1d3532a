"""What the page of a link says that cannot be used: what was decided, when, by whom, and what comes next."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.router.domain.assignment import AWAITING_ANSWER, UNDER_WAY, Actor, State
from services.router.domain.capacity import UNREACHABLE
from services.router.domain.county import County
from services.router.domain.links import Purpose, Standing
from services.router.use_cases.links import Seen, holder
from shared.links import Link
from shared.wording import moment_words

NOTHING_TO_DO = "You do not need to do anything more for it."
ASKED_AGAIN = "We have asked you about it again since. For that, use our newer message, or phone us."
# Others are asked, or a person looks at it first: that is the county's to say for each reason.
FROM_HERE = "We take it from here."
MISTAKE = "If that is a mistake, phone us."
PHONE = "To tell us more, phone us."
E_MAILED = (
    "To tell us how it goes, use the link in the e-mail that confirmed it to you. If you do not have that, phone us."
)


@dataclass(frozen=True, slots=True)
class Told:
    """One way that an offer went: the heading after the reference, the verb of who did it, and what comes next."""

    heading: str
    verb: str
    after: tuple[str, ...] = (NOTHING_TO_DO,)


DECIDED: Mapping[State, Told] = {
    State.ACCEPTED: Told("is accepted", "accepted it", ()),
    State.CONTACTED: Told("is accepted", "accepted it and reached the person", ()),
    State.DONE: Told("is done", "said how it ended"),
    State.DECLINED: Told("is declined", "said that you cannot help", (FROM_HERE, NOTHING_TO_DO, MISTAKE)),
    State.HANDED_BACK: Told("is handed back", "handed it back", (FROM_HERE, NOTHING_TO_DO)),
    State.EXPIRED: Told("has gone to others", "", (NOTHING_TO_DO,)),
    State.RECALLED: Told("is taken back", "", (NOTHING_TO_DO,)),
}
NOT_BY_THEM: Mapping[State, str] = {
    State.EXPIRED: "Nobody had answered, so we gave it to others",
    State.RECALLED: "We took it back",
}
# Nobody was asked in their place yet: a person looks first.
UNREACHED = Told("no longer waits for your answer", "", (FROM_HERE, NOTHING_TO_DO))
NOT_REACHED = "We could not be sure that our message had reached you, so we took it back"


def outcome(link: Link, seen: Seen, county: County) -> Mapping[str, object]:
    """The values of link-outcome.html: a heading, sentences, and whether an answer can still be given by phone."""
    state = seen.offer.state
    if seen.revoked_at is not None:
        sentences = [f"We switched this link off at {moment_words(seen.revoked_at)}."]
        return _values("does not open with this link", sentences, awaited=True)
    if state in AWAITING_ANSWER:
        sentences = [f"This link could be used until {moment_words(link.expires_at)}."]
        return _values("still waits for your answer", sentences, awaited=True)
    last = seen.last
    told, sentence = _ended(seen, last.actor, holder(link))
    reason = county.rules.answers.decline.get(last.reason or "") if state is State.DECLINED else None
    why = f", because: {reason.label}" if reason else ""
    after = told.after
    if seen.asked_again:
        after = tuple(ASKED_AGAIN if each is NOTHING_TO_DO else each for each in after)
    sentences = [f"{sentence} at {moment_words(last.at)}{why}.", *after]
    if state in UNDER_WAY and seen.standing is Standing.EXPIRED:
        is_e_mailed = link.purpose == Purpose.ANSWER and not seen.offer.safe_contact_only
        further = E_MAILED if is_e_mailed else PHONE
        sentences.append(f"This link could be used until {moment_words(link.expires_at)}. {further}")
    return _values(told.heading, sentences)


def _values(heading: str, sentences: list[str], *, awaited: bool = False) -> Mapping[str, object]:
    return {"heading": heading, "sentences": sentences, "awaited": awaited}


def _ended(seen: Seen, actor: Actor, by_this_link: Actor) -> tuple[Told, str]:
    state = seen.offer.state
    if state is State.EXPIRED and seen.last.reason == UNREACHABLE:
        return UNREACHED, NOT_REACHED
    told = DECIDED[state]
    return told, f"{_who(actor, by_this_link)} {told.verb}" if told.verb else NOT_BY_THEM[state]


def _who(actor: Actor, by_this_link: Actor) -> str:
    if actor == by_this_link:
        return "With this link you"
    return "With our staff, you" if actor.kind == "staff" else "Your organisation"
