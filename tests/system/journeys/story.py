"""One referral followed through the whole loop: what is done about it, and what each party then sees."""

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass, field

import httpx

from shared.clock import new_id
from tests.eventually import eventually
from tests.system.caller import Caller, Json, calling
from tests.system.partner import PartnerSystem
from tests.system.people import Body
from tests.system.search import bare
from tests.system.world import Timed

# The order in which help with shopping is looked for in Chesterfield.
DOORSTEP, NETWORK, NATIONAL, DESK = "svc-dva-doorstep", "svc-dva-network", "svc-nhsvr-community", "svc-cru-triage"
ASSIGNMENTS = "/api/v1/assignments"
# Messages come and arrive when they do; the notifier and the post tell of them.
OF_MESSAGES = frozenset({"told", "not_told", "call_awaited", "delivered", "bounced", "unconfirmed", "arrival_unknown"})
UNDER_WAY = frozenset({"queued", "sending"})
BY_POST = frozenset({"email", "sms"})
WORDS = {
    "offer": "referral",
    "reminder": "reminder",
    "recall": "withdrawn",
    "confirmation": "is accepted",
    "returned": "with you again",
    "late_contact": "late",
    "late_answer": "not answered",
    "late_review": "review due",
}


@dataclass(frozen=True, slots=True)
class Seen:
    """What the parties see of one referral.

    `status`, `needs` and `timeline` are intake's ("kind service (reason)"); `moves` the router's by service ("actor:
    state (reason)"), `clocks` its clocks by service ("respond stopped, first_contact running"); `messages` the
    notifier's ("service: purpose channel state"), sorted; `hooks` what the partner's own system took, sorted.
    """

    status: str
    needs: Mapping[str, str]
    timeline: Sequence[str]
    moves: Mapping[str, Sequence[str]]
    clocks: Mapping[str, str]
    messages: Sequence[str]
    hooks: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Story:
    """A system with everybody around it: the caller, the partners and their system, the post. `told` is what a call
    handler was told of each person, by reference."""

    world: Timed
    partner: PartnerSystem
    caller: Caller
    notifier: httpx.AsyncClient
    told: dict[str, Body] = field(default_factory=dict)

    async def refer(self, body: Body) -> str:
        """The reference of an accepted referral."""
        receipt = await self.caller.submit(body)
        reference: str = receipt["reference"]
        self.told[reference] = body
        return reference

    async def offer(self, reference: str, service: str, state: str = "offered") -> Json:
        """The assignment of a service, once it is in `state` and the service has been told of it by every channel."""

        async def look() -> Json | None:
            offers = await self.caller.offers(reference)
            found = next((each for each in offers if (each["service_id"], each["state"]) == (service, state)), None)
            if found is None:
                return None
            told = [each for each in await self.messages(reference) if each["assignment_id"] == found["id"]]
            is_told = {each["channel"] for each in told if each["state"] not in UNDER_WAY} >= set(found["channels"])
            return found if is_told and all(each["state"] not in UNDER_WAY for each in told) else None

        offer = await eventually(look, lambda found: found is not None)
        assert offer is not None
        return offer

    async def answer(self, offer: Json, move: str, **said: object) -> Json:
        """The assignment after what the partner says."""
        given = await self.try_to(offer, move, **said)
        assert given.status_code == 200, given.text
        after: Json = given.json()
        if move == "accept" and "email" in offer["channels"]:
            await self._confirmed(after)
        return after

    async def _confirmed(self, offer: Json) -> None:
        """Wait until whoever accepted has it in writing."""

        async def states() -> Sequence[str]:
            messages = await self.messages(offer["reference"])
            of_it = [each for each in messages if each["assignment_id"] == offer["id"]]
            return [str(each["state"]) for each in of_it if each["purpose"] == "confirmation"]

        await eventually(states, lambda found: found == ["sent"])

    async def try_to(self, offer: Json, move: str, **said: object) -> httpx.Response:
        """What the partner is answered."""
        headers = {"Idempotency-Key": str(new_id())}
        body = {"by": "desk-1", **said}
        return await self.caller.router.post(f"{ASSIGNMENTS}/{offer['id']}/{move}", json=body, headers=headers)

    async def status(self, reference: str, wanted: str) -> None:
        """Wait until intake has heard what makes the referral's status `wanted`."""

        async def look() -> str:
            status: str = (await self.caller.see(reference))["status"]
            return status

        await eventually(look, lambda found: found == wanted)

    async def let_ring(self, offer: Json, kind: str, state: str) -> None:
        """Let time pass until a clock of an assignment rings, which puts the clock into `state`."""
        await self.world.let_ring(offer["id"], kind)

        async def stands() -> str:
            clocks = (await self.history(offer))["clocks"]
            [found] = [str(clock["state"]) for clock in clocks if clock["kind"] == kind]
            return found

        await eventually(stands, lambda found: found == state)

    async def history(self, offer: Json) -> Json:
        """An assignment with its moves and clocks."""
        answer = await self.caller.router.get(f"{ASSIGNMENTS}/{offer['id']}")
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def messages(self, reference: str) -> Sequence[Json]:
        """What the notifier has of a referral."""
        answer = await self.notifier.get("/api/v1/notifications", params={"referral": reference, "limit": 500})
        assert answer.status_code == 200, answer.text
        found: Sequence[Json] = answer.json()["notifications"]
        return found

    async def all_sent(self, reference: str, purpose: str) -> None:
        """Wait until every message of this purpose has been sent."""

        async def states() -> set[str]:
            return {str(each["state"]) for each in await self.messages(reference) if each["purpose"] == purpose}

        await eventually(states, lambda found: found == {"sent"})

    async def becomes(self, reference: str, wanted: Seen) -> None:
        """Wait until all see what is `wanted`. Then look through the post."""

        async def differences() -> Sequence[str]:
            seen = asdict(await self.seen(reference))
            return [f"{name}: {seen[name]}" for name, expected in asdict(wanted).items() if seen[name] != expected]

        await eventually(differences, lambda found: not found, within_s=20)
        self.check_post(reference, await self.messages(reference))

    async def ends(self, reference: str, *lines: str) -> None:
        """Wait until the timeline ends with `lines`."""

        async def last() -> Sequence[str]:
            return (await self.seen(reference)).timeline[-len(lines) :]

        await eventually(last, lambda found: found == list(lines), within_s=20)

    async def seen(self, reference: str) -> Seen:
        """What all see now."""
        referral = await self.caller.see(reference)
        offers = [await self.history(offer) for offer in await self.caller.offers(reference)]
        messages = await self.messages(reference)
        return Seen(
            status=referral["status"],
            needs={need["code"]: need["state"] for need in referral["needs"]},
            timeline=[_line(entry) for entry in referral["timeline"] if entry["kind"] not in OF_MESSAGES],
            moves={offer["service_id"]: [_move(move) for move in offer["moves"]] for offer in offers},
            clocks={offer["service_id"]: _clocks(offer["clocks"]) for offer in offers},
            messages=sorted(f"{m['service_id']}: {m['purpose']} {m['channel']} {m['state']}" for m in messages),
            hooks=sorted(f"{service}: {kind}" for service, kind in self.partner.told_of(reference)),
        )

    def check_post(self, reference: str, messages: Sequence[Json]) -> None:
        """Everything sent arrived once, at the first try, in the words of its purpose, and tells of nobody."""
        post = self.world.post
        arrived = [(letter.id, f"{letter.subject}\n{letter.raw}") for letter in post.letters()]
        arrived += [(text.id, text.text) for text in post.texts()]
        words = dict(arrived)
        for message in messages:
            copies = [message_id for message_id, _ in arrived].count(message["id"])
            assert copies == (message["state"] == "sent" and message["channel"] in BY_POST), message
            if copies:
                assert reference in words[message["id"]]
                assert WORDS[message["purpose"]] in words[message["id"]].lower(), message
                assert [attempt["outcome"] for attempt in message["attempts"]] == ["sent"]
        person = self.told[reference]["person"]
        assert isinstance(person, dict)
        secrets = [bare(str(person[name])) for name in ("name", "phone")]
        hooks = [json.dumps(hook) for hook in self.partner.taken.values()]
        assert [secret for secret in secrets for text in (*words.values(), *hooks) if secret in bare(text)] == []
        assert self.partner.refused == 0


@asynccontextmanager
async def story(world: Timed, partner: PartnerSystem) -> AsyncIterator[Story]:
    """Everybody around `world`."""
    async with calling(world) as caller, httpx.AsyncClient(base_url=world.url("notifier"), timeout=20) as notifier:
        yield Story(world, partner, caller, notifier)


def _line(entry: Json) -> str:
    details = entry["details"]
    parts = [entry["kind"], details.get("service_id", ""), _reason(details.get("reason"))]
    return " ".join(filter(None, parts))


def _move(move: Json) -> str:
    return f"{move['actor']}: {move['to']} {_reason(move['reason'])}".strip()


def _reason(code: str | None) -> str:
    return f"({code})" if code else ""


def _clocks(clocks: Sequence[Json]) -> str:
    states = {clock["kind"]: clock["state"] for clock in clocks}
    return ", ".join(f"{kind} {states[kind]}" for kind in ("respond", "first_contact", "review") if kind in states)
