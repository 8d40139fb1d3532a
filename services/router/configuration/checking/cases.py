"""Tests that a county writes into its own folder: referrals, and what must become of them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Annotated

from pydantic import AwareDatetime, Field

from services.router.configuration.checking.findings import Found, Severity
from services.router.configuration.codes import Codes
from services.router.configuration.directory_schema import Closed, Text
from services.router.configuration.rules_schema import ConsentBy, ConsentStatus, ReferrerKind, RequestKind
from services.router.domain.county import County
from services.router.domain.decide import decide
from services.router.domain.decision import Decision, NeedDecision
from services.router.domain.facts import Facts, Place
from services.router.domain.load import Load
from services.router.domain.vocabulary import Priority, ResultFlag

TESTS = "tests.yaml"
Number = Annotated[int, Field(ge=0)]


class GivenDoc(Closed):
    """A referral. `at` is when it comes, with an offset; `district` a short code, outside the county too."""

    at: Annotated[AwareDatetime, Field(strict=False)]
    needs: list[str] = Field(default_factory=list)
    flags: list[str] = Field(default_factory=list)
    age: Number | None = None
    district: Text | None = None
    outcode: Text | None = None
    ward: Text | None = None
    lsoa: Text | None = None
    consent: ConsentStatus = "given"
    consent_by: ConsentBy = "self"
    request_kind: RequestKind = "help"
    referrer_kind: ReferrerKind = "self"
    requested_priority: Priority | None = None
    food_days_left: Number | None = None
    meds_days_left: Number | None = None
    on_shielding_list: bool | None = None
    red_flag_words: bool = False


class PlacedDoc(Closed):
    """Where a need must go; without `service` it must be held or left with an open referral."""

    service: Text | None = None
    priority: Priority | None = None


class ExpectDoc(Closed):
    """All needs of the decision, and result flags that it must have."""

    needs: dict[str, PlacedDoc]
    flags: list[Annotated[ResultFlag, Field(strict=False)]] = Field(default_factory=list)


class TestDoc(Closed):
    """One test."""

    name: Text
    given: GivenDoc
    expect: ExpectDoc


class TestsDoc(Closed):
    """The file of tests."""

    version: Text
    tests: list[TestDoc]


@dataclass(frozen=True, slots=True)
class Cases:
    """The tests of one county."""

    county: County
    doc: TestsDoc

    def findings(self) -> Iterator[Found]:
        """Every test that does not come out as it says. Raises Refused for a code that does not exist."""
        for number, test in enumerate(self.doc.tests):
            path = f"tests[{number}]"
            self._check_codes(test, f"{TESTS}: {path}")
            decision = decide(self._facts(test.given), self.county, Load())
            for wrong in _differences(test.expect, decision):
                yield Found(Severity.ERROR, TESTS, f"{path}.expect", f"the test {test.name!r} fails: {wrong}")

    def _check_codes(self, test: TestDoc, place: str) -> None:
        county, places = self.county, [test.given.district] if test.given.district else []
        Codes("a need", frozenset(county.needs)).all((*test.given.needs, *test.expect.needs), place)
        Codes("a flag that may be ticked", county.rules.flags).all(test.given.flags, f"{place}.given.flags")
        Codes("the short code of a district", frozenset(self._districts())).all(places, f"{place}.given.district")
        services = [each.service for each in test.expect.needs.values() if each.service]
        Codes("a service", frozenset(county.services)).all(services, f"{place}.expect")

    def _districts(self) -> Mapping[str, str]:
        return {each.short_code: each.code for each in self.county.districts.values() if each.short_code}

    def _facts(self, given: GivenDoc) -> Facts:
        district = self._districts()[given.district] if given.district else None
        return Facts(
            received_at=given.at,
            channel="contact_centre",
            request_kind=given.request_kind,
            referrer_kind=given.referrer_kind,
            consent_status=given.consent,
            consent_by=given.consent_by,
            needs=tuple(given.needs),
            flags=tuple(given.flags),
            age=given.age,
            food_days_left=given.food_days_left,
            meds_days_left=given.meds_days_left,
            requested_priority=given.requested_priority,
            shield_list_match=given.on_shielding_list,
            red_flags=("words",) if given.red_flag_words else (),
            place=Place(district, "unit" if district else "none", (), given.outcode, given.ward, given.lsoa),
        )


def _differences(expect: ExpectDoc, decision: Decision) -> Iterator[str]:
    came = {each.need: each for each in decision.needs}
    for need in [*expect.needs, *(need for need in came if need not in expect.needs)]:
        wanted, got = expect.needs.get(need), came.get(need)
        if wanted is None or got is None:
            yield f"{need} is {'not expected, but goes to ' + _where(got) if got else 'missing from the decision'}"
        elif wanted.service != got.service_id:
            yield f"{need} goes to {_where(got)}, not {wanted.service or 'to nobody'}"
        elif wanted.priority is not None and wanted.priority != got.priority:
            yield f"{need} is {got.priority}, not {wanted.priority}"
    missing = [flag for flag in expect.flags if flag not in decision.flags]
    if missing:
        yield f"not flagged {', '.join(missing)}"


def _where(got: NeedDecision) -> str:
    return got.service_id or "nobody"
