"""Decides scenarios, one referral each with the state of the system before it, by the very code that routes live."""

import json
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Self, TextIO

from pydantic import BaseModel, ConfigDict, ValidationError, model_validator

from services.intake.configuration import load_places, load_policy_from
from services.intake.domain.assess import assess
from services.intake.domain.assessment import Assessment, OpenReferral
from services.intake.domain.duplicates import match_keys
from services.intake.domain.places import Places
from services.intake.domain.policy import Policy
from services.intake.domain.postcode import read
from services.intake.domain.referral import Consent, Person, Submission
from services.intake.facts import facts_of
from services.router.configuration import load_county
from services.router.domain.basis import Basis
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Assignment, Decision
from services.router.domain.explaining import Made
from services.router.domain.explaining import explain as explained
from services.router.domain.load import Load
from services.router.facts import domain_facts
from shared.errors import Refused
from shared.events import Facts

Json = dict[str, Any]  # what json.loads gives and json.dumps takes


@dataclass(frozen=True, slots=True)
class Ground:
    """All that decisions stand on: intake's rule data and places, and the router's county."""

    policy: Policy
    places: Places
    county: County

    @classmethod
    def load(cls, directory: Path, units: Path | None = None) -> Self:
        """A county's folder, with its sample units unless `units` names a file. Raises Refused for a bad file."""
        return cls(load_policy_from(directory), load_places(directory, units), load_county(directory))


def route_file(file: Path, *, directory: Path, places: Path | None, out: Path | None, explain: bool) -> None:
    """Write one result line for each scenario of `file`, `{"id": ..., "result": {...}}`, to `out` or standard output.

    An input of the wrong shape gives `"result": null` and an `"error"`; a line that is no scenario at all stops the
    file. Raises Refused naming the file and line, or the county's file, that is wrong.
    """
    ground = Ground.load(directory, places)
    with _sink(out) as sink:
        for scenario in read_scenarios(file):
            sink.write(json.dumps(_answer(scenario, ground, explain=explain)) + "\n")


def decide_scenario(given: object, ground: Ground, *, explain: bool = False) -> Json:
    """The result for one `input`, as plain JSON values; with `explain` also why, in words, and what the caller could be
    asked.

    Raises pydantic's ValidationError when `given` has not the shape of an input; what its texts say never matters.
    """
    taken = take_in(given, ground)
    if taken.assessment.missing:
        return _incomplete(taken.assessment, taken.facts.received_at, ground.county)
    decision = decide(domain_facts(taken.facts), ground.county, taken.load)
    result = _decided(decision, ground.policy)
    if not explain:
        return result
    made = Made(domain_facts(taken.facts), ground.county, decision, Basis(taken.load))
    questions = ground.county.rules.questions
    asks = [asdict(ask) | {"question": questions[ask.fact]} for ask in decision.asks]
    return result | {"explanation": asdict(explained(made)), "asks": asks}


@dataclass(frozen=True, slots=True)
class Taken:
    """What intake makes of an input, and how busy services are in it; with anything `missing` it is not decided."""

    assessment: Assessment
    facts: Facts
    load: Load


def take_in(given: object, ground: Ground) -> Taken:
    """Read an `input` as intake would. Raises ValidationError as above."""
    scenario = _Input.model_validate(given)
    received_at = scenario.received_at
    if received_at.tzinfo is None:
        received_at = received_at.replace(tzinfo=ground.policy.zone)
    submission = scenario.submission()
    earlier = [referral.known_as(ground) for referral in scenario.context.open_referrals]
    assessment = assess(submission, ground.policy, ground.places, earlier, received_at)
    load = Load(remaining=scenario.context.remaining_capacity, declined_by=scenario.context.declined_by)
    return Taken(assessment, facts_of(submission, assessment, received_at), load)


class _Part(BaseModel):
    """Part of an input: null counts as left out, half a surrogate pair as "?", and what no rule reads is ignored."""

    model_config = ConfigDict(extra="ignore", frozen=True, coerce_numbers_to_str=True)

    @model_validator(mode="before")
    @classmethod
    def _tidy(cls, given: object) -> object:
        if not isinstance(given, dict):
            return given
        return {key: _whole(value) for key, value in given.items() if value is not None}


class _Person(_Part):
    name: str | None = None
    age: int | None = None
    dob: str | None = None
    phone: str | None = None
    mobile: str | None = None
    email: str | None = None
    language: str | None = None


class _Consent(_Part):
    status: str = "unknown"
    by: str = "none"


class _OpenReferral(_Part):
    ref_id: str
    name: str | None = None
    postcode: str | None = None
    phone: str | None = None
    mobile: str | None = None
    needs: tuple[str, ...] = ()
    status: str = ""
    priority: str | None = None
    received_at: datetime

    def known_as(self, ground: Ground) -> OpenReferral:
        """The referral as intake would have kept it."""
        policy, received_at = ground.policy, self.received_at
        unit = read(self.postcode, ground.places, policy.place.never_corrected).unit
        return OpenReferral(
            reference=self.ref_id,
            keys=match_keys(self.name, unit, (self.phone, self.mobile)),
            needs=self.needs,
            status=self.status,
            priority=self.priority,
            received_at=received_at if received_at.tzinfo else received_at.replace(tzinfo=policy.zone),
        )


class _Context(_Part):
    open_referrals: tuple[_OpenReferral, ...] = ()
    remaining_capacity: Mapping[str, int] = {}
    declined_by: Mapping[str, frozenset[str]] = {}


class _Input(_Part):
    received_at: datetime
    channel: str = "phone"
    request_kind: str = "help"
    referrer_kind: str = "self"
    person: _Person = _Person()
    address: str | None = None
    postcode: str | None = None
    district_hint: str | None = None
    household_size: int | None = None
    consent: _Consent = _Consent()
    needs: tuple[str | None, ...] = ()
    flags: tuple[str | None, ...] = ()
    food_days_left: int | None = None
    meds_days_left: int | None = None
    requested_priority: str | None = None
    shield_list_match: bool | None = None
    notes: str | None = None
    context: _Context = _Context()

    def submission(self) -> Submission:
        """The referral itself, without the system's state before it."""
        fields = self.model_dump(exclude={"received_at", "context"})
        return Submission(
            **fields
            | {
                "person": Person(**self.person.model_dump()),
                "consent": Consent(**self.consent.model_dump()),
                "needs": tuple(need for need in self.needs if need is not None),
                "flags": tuple(flag for flag in self.flags if flag is not None),
            }
        )


def _whole(value: object) -> object:
    return value.encode(errors="replace").decode() if isinstance(value, str) else value


def _decided(decision: Decision, policy: Policy) -> Json:
    return {
        "outcome": decision.outcome,
        "district": decision.district,
        "district_method": decision.district_method,
        "priority": decision.priority,
        "assignments": [_assignment(assignment, policy) for assignment in decision.assignments],
        "held_needs": decision.held_needs,
        "duplicate_of": decision.duplicate_of,
        "missing": [],
        "flags": sorted(decision.flags),
        "because": sorted(decision.because),
    }


def _assignment(assignment: Assignment, policy: Policy) -> Json:
    return {
        "service": assignment.service_id,
        "org": assignment.organization_id,
        "track": assignment.track,
        "needs": assignment.needs,
        "priority": assignment.priority,
        "sla": assignment.sla,
        "due_at": assignment.due_at.astimezone(policy.zone).isoformat(),
        "notify": assignment.channels,
    }


def _incomplete(assessment: Assessment, received_at: datetime, county: County) -> Json:
    """R01: nothing is sent and nothing is decided; only what is missing, and how and when the referral came."""
    closed = not county.deadlines.in_hours(received_at)
    foreign = assessment.language != county.rules.people.usual_language
    noticed = [("out_of_hours", "R53")] * closed + [("interpreter", "R54")] * foreign
    return {
        "outcome": "incomplete",
        "district": None,
        "district_method": None,
        "priority": None,
        "assignments": [],
        "held_needs": [],
        "duplicate_of": None,
        "missing": assessment.missing,
        "flags": sorted({*assessment.quality, *(flag for flag, _ in noticed)}),
        "because": sorted({*assessment.because, *(rule for _, rule in noticed)}),
    }


def _answer(scenario: Json, ground: Ground, *, explain: bool) -> Json:
    try:
        return {"id": scenario["id"], "result": decide_scenario(scenario.get("input"), ground, explain=explain)}
    except ValidationError as error:
        # Where and what is wrong, never the value: it may be anything a person typed.
        problems = [f"input.{'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        return {"id": scenario["id"], "result": None, "error": "; ".join(problems)}


def read_scenarios(file: Path) -> Iterator[Json]:
    """Each line's object; blank lines are passed over. Raises Refused naming the line that is no scenario."""
    try:
        with file.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield _scenario(line, f"{file.name}: line {number}")
    except (OSError, UnicodeDecodeError) as error:
        raise Refused("bad_scenario", f"{file.name}: {error}") from error


def _scenario(line: str, where: str) -> Json:
    try:
        scenario = json.loads(line)
    except (ValueError, RecursionError) as error:
        raise Refused("bad_scenario", f"{where}: no JSON: {error}") from error
    if not isinstance(scenario, dict) or not isinstance(scenario.get("id"), str):
        raise Refused("bad_scenario", f'{where}: needs an object with a text "id"')
    return scenario


@contextmanager
def _sink(out: Path | None) -> Iterator[TextIO]:
    if out is None:
        yield sys.stdout
        return
    with out.open("w", encoding="utf-8") as file:
        yield file
