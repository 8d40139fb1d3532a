"""One decision with everything it was made from, read once for all that is said of it."""

from dataclasses import dataclass, field

from services.router.domain.basis import Basis, derive
from services.router.domain.cause import RECEIVED, Cause, Trigger
from services.router.domain.county import County
from services.router.domain.decision import Decision, NeedDecision
from services.router.domain.explaining.candidates import Obstacles, Tracks
from services.router.domain.explaining.rows import Read, Rows, fired
from services.router.domain.explaining.sentences import Sentences
from services.router.domain.explaining.shapes import Looked, Row
from services.router.domain.explaining.words import Words
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from services.router.domain.referral import Referral, open_referral


@dataclass(frozen=True, slots=True)
class Made:
    """A decision, live or simulated, the facts and the county it was made from, and why it was made. `basis` is None
    where what it stood on besides was not kept."""

    facts: Facts
    county: County
    decision: Decision
    basis: Basis | None
    cause: Cause = RECEIVED

    @property
    def again(self) -> bool:
        """Whether some needs of a referral were placed once more."""
        return self.cause.trigger is not Trigger.SUBMITTED


@dataclass(frozen=True, slots=True)
class Reading:
    """A decision that has been read: the referral as it was, and the rows that it went by."""

    made: Made
    referral: Referral
    words: Words
    rows: tuple[Read, ...]
    fired: tuple[Row, ...]
    sentences: Sentences = field(repr=False)

    @classmethod
    def of(cls, made: Made) -> "Reading":
        """Read a decision."""
        again = made.basis.again if made.basis else None
        since = again.returned.waiting_since if again else None
        referral = open_referral(made.facts, made.county, made.basis.load if made.basis else Load(), since)
        words = Words(made.county, made.facts)
        rows = Rows(referral, made.decision, made.again).read()
        held = fired(rows, words)
        return cls(made, referral, words, rows, held, Sentences(referral, made.decision, held, words))

    @property
    def is_exact(self) -> bool:
        """Whether what room the services had is known."""
        return self.made.basis is not None

    def tracks_of(self, need: NeedDecision) -> Tracks:
        """What there is to say of a need's searches. Opening times were asked at the priority it has (R56)."""
        checked = need.priority in self.referral.rules.selection.opening_checked
        due_at = self.referral.due_at(need.priority) if checked else None
        obstacles = Obstacles(self.referral, need.need, due_at, self.words, self.is_exact)
        offered = self.made.county.directory.offering.get(need.need, 0)
        return Tracks(self.referral, need, obstacles, self.words, offered)

    def looked(self, need: NeedDecision) -> tuple[Looked, ...]:
        """How the searches of a need went."""
        tracks = self.tracks_of(need)
        return tuple(tracks.looked(search) for search in need.searches)

    def decided_again(self, facts: Facts, load: Load) -> Decision | None:
        """The decision that other facts and another load would have given; None where that cannot be known."""
        basis = self.made.basis
        return derive(facts, self.made.county, Basis(load, basis.again)) if basis else None
