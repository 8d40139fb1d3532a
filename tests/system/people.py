"""Fictional residents, and referrals for them."""

import json
from collections.abc import Sequence

from tests.system.county import COUNTY

Body = dict[str, object]  # a request as JSON
# Ofcom's numbers for drama.
PHONES = 1_000
REPEAT_EVERY = 20


def a_person(number: int) -> dict[str, object]:
    """Someone whom no other number gives."""
    return {"name": f"Resident Number-{number}", "age": 71, "phone": f"01632 960{number % PHONES:03d}"}


def a_referral(number: int, **changed: object) -> Body:
    """Shopping for someone in Chesterfield with nothing to eat, which is told by e-mail and text."""
    return {
        "channel": "phone",
        "person": a_person(number),
        "postcode": "S40 1US",
        "consent": {"status": "given", "by": "self"},
        "needs": ["food.shopping"],
        "flags": ["lives_alone"],
        "food_days_left": 0,
        **changed,
    }


def many(first: int, count: int) -> Sequence[Body]:
    """`count` referrals of every kind that the county's samples have. Each twentieth is a repeat of the one before."""
    lines = (COUNTY / "demo.jsonl").read_text(encoding="utf-8").splitlines()
    samples: list[Body] = [json.loads(line) for line in lines]
    bodies = [samples[number % len(samples)] | {"person": a_person(first + number)} for number in range(count)]
    return [bodies[at - 1] if at % REPEAT_EVERY == REPEAT_EVERY - 1 else body for at, body in enumerate(bodies)]
