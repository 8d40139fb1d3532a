"""The books of a whole system: what was accepted against what was decided, placed and told, whatever happened."""

import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from tests.eventually import eventually
from tests.system.databases import SERVICES
from tests.system.world import World

QUIET_WITHIN_S = 100.0
LOOK_EVERY_S = 0.25
PLACED = {"assigned", "held", "duplicate"}
# How the message of each channel stands when no machine has anything left to do for it.
FINAL = {"email": "sent", "sms": "sent", "portal": "posted", "phone": "awaiting_call"}


@dataclass(frozen=True, slots=True)
class Books:
    """What the three databases and the post say. Ids are UUIDs, whatever the database keeps them as.

    `lost` and `repeated` name everything that is not as it must be; `copies` counts messages that arrived a second time
    under the same id, which a mail server can tell.
    """

    lost: Sequence[str]
    repeated: Sequence[str]
    copies: int


async def balanced(world: World, accepted: Iterable[str]) -> Books:
    """The books once nothing is under way any more, about the referrals with these ids. Fails when it never ends."""

    async def look() -> Mapping[str, int]:
        return under_way(world)

    async def lost() -> Sequence[str]:
        return books(world, ids).lost

    ids = [UUID(each) for each in accepted]
    await eventually(look, lambda left: not left, within_s=QUIET_WITHIN_S, poll_s=LOOK_EVERY_S)
    # What has left one service may not have arrived at the next yet.
    await eventually(lost, lambda faults: not faults, within_s=QUIET_WITHIN_S, poll_s=LOOK_EVERY_S)
    await eventually(look, lambda left: not left, within_s=QUIET_WITHIN_S, poll_s=LOOK_EVERY_S)
    return books(world, ids)


def under_way(world: World) -> Mapping[str, int]:
    """How much is known to be left to do, by kind; only kinds of which there is any."""
    queries = {
        **{f"{each} outbox": (each, "SELECT count(*) FROM outbox WHERE published_at IS NULL") for each in SERVICES},
        **{f"{each} retries": (each, "SELECT count(*) FROM inbox WHERE state = 'retry'") for each in SERVICES},
        "undecided": ("intake", "SELECT count(*) FROM referral WHERE outcome IS NULL"),
        "unsent": ("notifier", "SELECT count(*) FROM notification WHERE state IN ('queued', 'sending')"),
    }
    counts = {kind: int(str(world.rows(service, query)[0][0])) for kind, (service, query) in queries.items()}
    return {kind: count for kind, count in counts.items() if count}


def books(world: World, accepted: Sequence[UUID]) -> Books:
    """What they say now."""
    decisions = Counter(_id(row[0]) for row in world.rows("router", "SELECT referral_id FROM decision"))
    lost, repeated = _needs(world, accepted)
    offers, notices = _offers(world, accepted), _notices(world)
    for offer, channels in offers.items():
        for channel in channels:
            states = notices.get((offer, channel), [])
            if [state for _, state in states] != [FINAL[channel]]:
                (repeated if len(states) > 1 else lost).append(f"offer {offer} by {channel}: {states}")
    post = world.post
    arrived = Counter(UUID(each) for each in [mail.id for mail in post.letters()] + [text.id for text in post.texts()])
    sent = {notice for found in notices.values() for notice, state in found if state == "sent"}
    return Books(
        lost=[
            *lost,
            *(f"referral {each} was never decided" for each in accepted if not decisions[each]),
            *(f"message {each} never arrived" for each in sent - arrived.keys()),
        ],
        repeated=[
            *repeated,
            *(f"referral {each} was decided {times} times" for each, times in decisions.items() if times > 1),
            *(f"message {each} is nobody's" for each in arrived.keys() - _known(world)),
        ],
        copies=arrived.total() - len(arrived),
    )


def _needs(world: World, accepted: Sequence[UUID]) -> tuple[list[str], list[str]]:
    """Every need of an accepted referral is held, a duplicate, or in exactly one live assignment."""
    stored = {_id(row[0]): _json(row[1]) for row in world.rows("intake", "SELECT id, needs FROM referral")}
    query = "SELECT referral_id, need FROM assignment_need WHERE live"
    live = Counter((_id(referral), str(need)) for referral, need in world.rows("router", query))
    lost = [f"referral {each} is not stored" for each in accepted if each not in stored]
    repeated = [f"need {need} of {each} has {count} helpers" for (each, need), count in live.items() if count > 1]
    for each in accepted:
        for need in stored.get(each, ()):
            if need["placed"] not in PLACED or (need["placed"] == "assigned") != bool(live[each, need["code"]]):
                lost.append(f"need {need['code']} of {each} is {need['placed']}, live {live[each, need['code']]}")
    return lost, repeated


def _offers(world: World, accepted: Sequence[UUID]) -> dict[UUID, list[str]]:
    """The channels of each live offer of the accepted referrals."""
    query = "SELECT id, referral_id, channels FROM assignment WHERE state = 'offered'"
    wanted = set(accepted)
    return {_id(row[0]): list(_json(row[2])) for row in world.rows("router", query) if _id(row[1]) in wanted}


def _notices(world: World) -> Mapping[tuple[UUID, str], list[tuple[UUID, str]]]:
    """Id and state of the messages that tell of each offer by each channel."""
    found: dict[tuple[UUID, str], list[tuple[UUID, str]]] = defaultdict(list)
    query = "SELECT id, assignment_id, channel, state FROM notification WHERE purpose = 'offer'"
    for notice, offer, channel, state in world.rows("notifier", query):
        found[_id(offer), str(channel)].append((_id(notice), str(state)))
    return found


def _known(world: World) -> set[UUID]:
    return {_id(row[0]) for row in world.rows("notifier", "SELECT id FROM notification")}


def _id(kept: object) -> UUID:
    return UUID(str(kept))


def _json(kept: object) -> list[Any]:  # whatever the column holds
    # PostgreSQL's driver gives JSON parsed, SQLite's as text.
    found = json.loads(kept) if isinstance(kept, str) else kept
    assert isinstance(found, list)
    return found
