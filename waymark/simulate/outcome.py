"""Where every referral has ended: closed, or with the triage desk for a reason, or, which may not be, elsewhere."""

import json
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from services.intake.domain.progress import FINISHED
from services.router.domain.assignment import LIVE
from waymark.simulate.ledger import Ledger

LIVE_STATES = ", ".join(f"'{state}'" for state in sorted(LIVE))
ON_THE_DESK = f"""SELECT a.referral_id, a.needs, a.reason, d.document FROM assignment a
    JOIN decision d ON d.id = a.decision_id WHERE a.service_id = ? AND a.state IN ({LIVE_STATES})"""  # noqa: S608


@dataclass(slots=True)
class Outcome:
    """Ids of referrals by where they have ended; `unexplained` are with the triage desk without a reason in words."""

    closed: list[str] = field(default_factory=list)
    triage_desk: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    unexplained: list[str] = field(default_factory=list)


def outcome_of(books: Ledger, desk: str, texts: Mapping[str, str]) -> Outcome:
    """Sorts every referral that intake has; `texts` are what the rules say in words."""
    held_by: dict[str, set[str]] = defaultdict(set)
    query = f"SELECT referral_id, service_id FROM assignment WHERE state IN ({LIVE_STATES})"  # noqa: S608 - constants
    for referral, service in books.rows("router", query):
        held_by[referral].add(service)
    outcome = Outcome()
    for referral, status in books.rows("intake", "SELECT id, status FROM referral"):
        if status in FINISHED:
            outcome.closed.append(referral)
        elif held_by[referral] == {desk}:
            outcome.triage_desk.append(referral)
        else:
            outcome.open.append(referral)
    for referral, needs, reason, document in books.rows("router", ON_THE_DESK, desk):
        if not reason and not _says_why(json.loads(needs), json.loads(document), texts):
            outcome.unexplained.append(referral)
    return outcome


def _says_why(needs: list[str], document: Mapping[str, list[Mapping[str, object]]], texts: Mapping[str, str]) -> bool:
    """Whether the decision names, for each of these needs, a rule that says something."""
    rules = {str(need["need"]): need["because"] for need in document["needs"]}
    return all(any(texts.get(str(rule)) for rule in _list(rules.get(need))) for need in needs)


def _list(value: object) -> list[object]:
    return value if isinstance(value, list) else []
