"""The page on which an offer is answered: what its e-mail says, a button to accept, and the reasons to decline."""

from collections.abc import Mapping

from services.router.domain.assignment import Move, allowed_in
from services.router.domain.county import County
from services.router.domain.links import Purpose
from services.router.pages.frame import Error, Reading
from services.router.pages.words import labels, offer_facts, reply_words
from services.router.use_cases.links import Answer, Seen
from shared.clock import Clock
from shared.links import Link

NEITHER = Error("answer", "Select whether you accept it or cannot help")
CHANGED = Error("answer", "This cannot be done as things stand. Check what you can do now, or phone us")
NO_REASON = Error("reason", "Select why you cannot help")


class AnswerForm:
    """Accepting and declining."""

    purpose = Purpose.ANSWER
    template = "link-answer.html"
    changed = CHANGED

    def values(self, link: Link, seen: Seen, county: County, now: Clock) -> Mapping[str, object]:
        """The reply is due when the link ends, which is what its e-mail says."""
        offer = seen.offer
        may_decline = Move.DECLINE in allowed_in(offer.state, at_desk=offer.service_id == county.rules.triage_desk)
        return {
            "reply": reply_words(offer, link.expires_at, now()),
            "facts": offer_facts(offer, county),
            "reasons": labels(county.rules.answers.decline) if may_decline else {},
        }

    def read(self, form: Mapping[str, str], seen: Seen, county: County) -> Reading:
        """An offer is answered once, so it does not matter which version of it was seen."""
        if form.get("answer") == "accept":
            return Reading(Answer(Move.ACCEPT))
        if form.get("answer") != "decline":
            return Reading(None, [NEITHER])
        reason = form.get("reason")
        if reason not in county.rules.answers.decline:
            return Reading(None, [NO_REASON])
        return Reading(Answer(Move.DECLINE, reason))
