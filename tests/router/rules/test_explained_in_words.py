"""Explanations of real cases, word for word as a call handler or a triage lead reads them."""

from collections.abc import Mapping

import pytest

from services.router.domain.basis import Basis, derive
from services.router.domain.cause import Cause, Trigger
from services.router.domain.county import County
from services.router.domain.explaining import Made, explain, why_not
from services.router.domain.explaining.shapes import Explanation, WhyNot
from services.router.domain.facts import Facts
from services.router.domain.load import Load
from shared.errors import NotFound
from tests.router.rules.builders import (
    BOLSOVER,
    CHESTERFIELD,
    DERBY,
    EREWASH,
    FRIDAY_EVENING,
    HIGH_PEAK,
    a_referral,
    an_open_referral,
    in_district,
    straddling,
)

CRU = "Derbyshire County Council Community Response Unit (CRU)"
DESK = f"CRU triage desk (a person decides) ({CRU})"
DOORSTEP = "Volunteer doorstep help (shopping, prescriptions, pets)"
NETWORK = "Referral desk, befriending and local network"
LEAD_VA = "Lead local voluntary agency for the district and its network"
LIMIT = {"food.shopping": frozenset({"svc-av-doorstep", "svc-av-network", "svc-nhsvr-community"})}


def made(county: County, facts: Facts, load: Load, cause: Cause | None = None) -> Made:
    basis = Basis(load)
    decision = derive(facts, county, basis)
    return Made(facts, county, decision, basis, cause) if cause else Made(facts, county, decision, basis)


def told(county: County, facts: Facts, load: Load) -> Explanation:
    return explain(made(county, facts, load))


NOTHING = Load()
SENTENCES: Mapping[str, tuple[Facts, Load, list[str]]] = {
    "shielded": (
        a_referral("food.emergency_parcel", flags=("shielded",), shield_list_match=True),
        NOTHING,
        [
            f"Emergency food parcel → Emergency food parcel (free if shielded, otherwise charged) ({CRU}) (same "
            f"day: the "
            "person counts as most vulnerable), because shielding is verified."
        ],
    ),
    "charged": (
        a_referral("food.emergency_parcel", flags=("no_support_network", "lives_alone")),
        NOTHING,
        [
            f"Emergency food parcel → Emergency food parcel (free if shielded, otherwise charged) ({CRU}) (same "
            f"day: the "
            "person counts as most vulnerable), because no support network is ticked and markers of vulnerability are "
            "at least 2."
        ],
    ),
    "usual way": (
        a_referral("food.emergency_parcel", food_days_left=2),
        NOTHING,
        [
            f"Emergency food parcel → {DOORSTEP} (Amber Valley CVS) (next working day), because that is its usual way "
            "(R30 Emergency parcel)."
        ],
    ),
    "unknown age": (
        a_referral(flags=("modern_slavery",), age=None),
        NOTHING,
        [
            "Modern slavery or trafficking → Adult safeguarding front door (Call Derbyshire) (Derbyshire County "
            "Council "
            "Adult Social Care) (same day), because modern slavery or trafficking is a concern and age is at least 18 "
            "(unknown, counts as 40)."
        ],
    ),
    "under age": (
        a_referral("food.shopping", age=17, referrer_kind="family"),
        NOTHING,
        [
            "Food shopping (can pay) → Young people under 18: help and advice (Derbyshire County Council Children's "
            "Services (Starting Point)) (next working day), because that is its usual way (R32 Everyday help); "
            f"{DOORSTEP} (Amber Valley CVS) accepts ages from 18; given 17; {NETWORK} (Amber Valley CVS) accepts ages "
            "from 18; given 17; and one other is passed over."
        ],
    ),
    "Friday evening": (
        a_referral("food.shopping", food_days_left=1, received_at=FRIDAY_EVENING),
        NOTHING,
        [
            "Food shopping (can pay) → Community Response and Check-in and Chat (NHS Volunteer Responders) (same day: "
            f"food left is below 2 days), because that is its usual way (R32 Everyday help); {DOORSTEP} (Amber Valley "
            "CVS) does not open before the reply is due Fri 15 May 20:00; opens Sat 16 May 10:00; "
            f"{NETWORK} (Amber Valley CVS) does not open before the reply is due Fri 15 May 20:00; opens Sat 16 May "
            "10:00."
        ],
    ),
    "three refusals": (
        a_referral("food.shopping"),
        Load(declined_by=LIMIT),
        [f"Food shopping (can pay) → {DESK} (next working day), because 3 services could not take it."],
    ),
    "domestic abuse": (
        a_referral("food.shopping", flags=("domestic_abuse",)),
        NOTHING,
        [
            "Domestic abuse → Domestic abuse helpline, advocacy and refuge (Derbyshire domestic abuse helpline "
            "(illustrative)) (same day), because domestic abuse is a concern, age is at least 16 and the person agreed "
            "in person.",
            f"Food shopping (can pay) → {DESK} (next working day), because domestic abuse is a concern: nobody of "
            f"{DOORSTEP} (Amber Valley CVS) is sent to the door.",
        ],
    ),
    "consent unknown": (
        a_referral("social.befriending", consent="unknown", consent_by="none"),
        NOTHING,
        [
            f"Befriending call → CRU consent call-back ({CRU}) (routine), because nobody knows yet whether the person "
            f"agrees that {NETWORK} (Amber Valley CVS) is told."
        ],
    ),
    "consent refused": (
        a_referral("food.shopping", "info.general", consent="refused"),
        NOTHING,
        [
            "Food shopping (can pay) → held, because consent was refused and it is not information (R24).",
            f"General information → Information and signposting at first contact ({CRU}) (routine), because "
            f"that is its "
            "usual way (R47 Information).",
        ],
    ),
    "straddling": (
        a_referral("food.shopping", place=straddling(BOLSOVER, CHESTERFIELD)),
        NOTHING,
        [
            f"Food shopping (can pay) → {DESK} (next working day), because the place is not certain, and not every "
            f"district gives the same service (Bolsover: {DOORSTEP} (Bolsover Community and Voluntary Partnership "
            f"(CVP)) and Chesterfield: {DOORSTEP} (Derbyshire Voluntary Action (DVA)))."
        ],
    ),
    "outside": (
        a_referral("food.shopping", place=DERBY),
        NOTHING,
        [
            "Food shopping (can pay) → Derby City community response hub (Neighbouring authorities (handover "
            "contacts)) "
            "(next working day), because the place is in Derby, outside the county."
        ],
    ),
    "repeated": (
        a_referral("food.shopping", open_matches=(an_open_referral("4WJX-P7K", "food.shopping"),)),
        NOTHING,
        ["Food shopping (can pay) → with open referral 4WJX-P7K already (R11)."],
    ),
    "child alone": (
        a_referral("food.bank", age=14),
        NOTHING,
        [
            "Concern for a child → Starting Point (safeguarding) (Derbyshire County Council Children's Services "
            "(Starting Point)) (same day), because the request is help, the caller is the person and age is below 16.",
            "Cannot afford food → Starting Point (safeguarding) (Derbyshire County Council Children's Services "
            "(Starting Point)) (same day), because a child asks alone.",
        ],
    ),
    "Glossop": (
        a_referral("health.gp_access", place=in_district(HIGH_PEAK, "SK13")),
        NOTHING,
        [
            "Cannot reach GP or register → Glossopdale health co-ordination (NHS Tameside and Glossop CCG) "
            "(next working "
            "day), because the postcode begins with SK13."
        ],
    ),
}


@pytest.mark.parametrize("case", SENTENCES)
def test_each_need_has_one_sentence(county: County, case: str) -> None:
    facts, load, sentences = SENTENCES[case]
    assert [need.sentence for need in told(county, facts, load).needs] == sentences


def test_the_whole_has_one_sentence_that_names_who_gets_what(county: County) -> None:
    facts = a_referral("food.shopping", "info.general", consent="refused")
    assert told(county, facts, NOTHING).sentence == (
        "Routed in part: Information and signposting at first contact gets general information (routine); held "
        "for want "
        "of consent: food shopping (can pay)."
    )
    repeated = a_referral("food.shopping", open_matches=(an_open_referral("4WJX-P7K", "food.shopping"),))
    assert told(county, repeated, NOTHING).sentence == (
        "In hand already: food shopping (can pay) with open referral 4WJX-P7K."
    )


def lines(explanation: Explanation) -> list[str]:
    """Rows with their conditions as they are read: ✓, ✗ or ?, what is asked, and what was given."""
    signs = {True: "✓", False: "✗", None: "?"}
    return [
        " ".join(
            (*row.rules, row.title, *(f"{signs[each.holds]} {each.asks} (given: {each.given})" for each in row.checks))
        )
        for row in (*explanation.fired, *explanation.cannot_tell)
    ]


def test_conditions_are_marked_with_what_was_given_and_what_nobody_knows(county: County) -> None:
    explanation = told(county, a_referral(flags=("modern_slavery",), age=None), NOTHING)
    concern = "modern slavery or trafficking"
    assert lines(explanation) == [
        f"R18 Adult at risk ✓ {concern} is a concern (given: {concern}) ? age is at least 18 (given: unknown, "
        f"counts as 40)",
        f"R18 Adult at risk ✓ {concern} is a concern (given: {concern})",
        f"R17 R22 Child at risk ✓ adult abuse or neglect, {concern} or self-neglect or hoarding is a concern (given: "
        f"{concern}) ? age is below 18 (given: unknown, counts as 40)",
        "R21 Child asking alone ✓ the request is help (given: help) ✓ the caller is the person (given: the person) "
        "? age is below 16 (given: unknown, counts as 40)",
    ]
    assert "How old is the person?" in explanation.questions


def test_a_waterfall_says_how_many_were_lost_to_what(county: County) -> None:
    facts = a_referral("food.shopping", place=EREWASH)
    [need] = told(county, facts, Load(remaining={"svc-er-doorstep": 0})).needs
    [track] = need.searches[0].tracks
    assert (need.searches[0].offered, track.label, track.why) == (24, LEAD_VA, "R32 Everyday help")
    assert (track.listed, [(step.reason, step.count) for step in track.steps], track.eligible) == (3, [("full", 1)], 2)
    assert [each.reason for each in track.services] == [
        "is full today: 0 of 35 places left",
        "the first that can take it",
        f"comes after {NETWORK}: its rank is 90, that one's 50",
    ]


def test_what_one_condition_kept_from_happening_is_told(county: County) -> None:
    facts = a_referral("food.emergency_parcel", flags=("no_support_network",), food_days_left=2)
    explanation = told(county, facts, Load(remaining={"svc-av-doorstep": 0}))
    assert [(miss.what, miss.but) for miss in explanation.nearest] == [
        (f"{DOORSTEP} (Amber Valley CVS)", explanation.needs[0].searches[0].tracks[0].services[0].reason),
        ("the person counts as most vulnerable", "markers of vulnerability are at least 2 (given: 1)"),
        (
            f"R30 Emergency parcel: tries Direct CRU assistance, chiefly to shielded people then {LEAD_VA}",
            "markers of vulnerability are at least 2 (given: 1)",
        ),
        ("R50 Days left: Emergency food parcel is at least same day", "food left is below 2 days (given: 2)"),
    ]


def asked(county: County, service: str, facts: Facts, load: Load = NOTHING) -> WhyNot:
    return why_not(made(county, facts, load), service, facts.needs[0])


def test_why_not_names_the_row_that_decided_and_what_another_would_have_needed(county: County) -> None:
    answer = asked(county, "svc-cru-shopping", a_referral("food.shopping"))
    assert answer.sentence == (
        "R32 Everyday help decided; Direct CRU assistance, chiefly to shielded people is tried only where shielding is "
        "verified."
    )
    assert answer.would_have == ("shielded was ticked",)
    assert [(row.rules, [check.holds for check in row.checks]) for row in answer.rows] == [
        (("R32",), []),
        (("R28",), [False]),
    ]


@pytest.mark.parametrize(
    ("service", "facts", "load", "sentence", "would_have"),
    [
        (
            "svc-foodbank-bo", a_referral("food.bank", place=CHESTERFIELD), NOTHING,
            "Bolsover food bank works in Bolsover; the place is Chesterfield.", (),
        ),
        (
            "svc-av-doorstep", a_referral("food.shopping", age=17, referrer_kind="family"), NOTHING,
            f"{DOORSTEP} accepts ages from 18; given 17.", ("the age was 18",),
        ),
        (
            "svc-lgbt", a_referral("social.cultural"), NOTHING,
            "LGBT+ support and befriending is only for people with: prefers lgbt service; this is not ticked.",
            ("prefers lgbt service was ticked",),
        ),
        (
            "svc-er-doorstep", a_referral("food.shopping", place=EREWASH), Load(remaining={"svc-er-doorstep": 0}),
            f"{DOORSTEP} is full today: 0 of 35 places left.",
            ("it had a place left that day",),
        ),
        (
            "svc-er-doorstep", a_referral("food.shopping", place=EREWASH),
            Load(remaining={"svc-er-doorstep": 0}, shut=frozenset({"svc-er-doorstep"})),
            f"{DOORSTEP} takes nothing at present: it pauses, or said that it is full.",
            ("it had taken more that day",),
        ),
        (
            "svc-av-network", a_referral("food.shopping"), NOTHING,
            f"{NETWORK} comes after {DOORSTEP}: its rank is 50, that one's 10.",
            (f"{DOORSTEP} (Amber Valley CVS) had no place left that day",),
        ),
        (
            "svc-av-doorstep", a_referral("food.shopping", flags=("violence_risk",)), NOTHING,
            f"{DOORSTEP} comes first, but violence risk is ticked: nobody of {DOORSTEP} (Amber Valley CVS) is sent to "
            "the door.",
            ("violence risk was not ticked",),
        ),
        (
            "svc-av-doorstep", a_referral("food.shopping", consent="refused"), NOTHING,
            "Nobody was asked, because consent was refused (R24).", ("the person agreed",),
        ),
        (
            "svc-foodbank-bo", a_referral("mind.crisis"), NOTHING,
            "Bolsover food bank does not offer mental health crisis. It offers baby milk and nappies, cannot "
            "afford food, "
            "emergency food parcel.",
            (),
        ),
    ],
)  # fmt: skip
def test_why_not_is_answered_in_a_sentence_with_what_would_have_changed_it(
    county: County, service: str, facts: Facts, load: Load, sentence: str, would_have: tuple[str, ...]
) -> None:
    answer = asked(county, service, facts, load)
    assert (answer.sentence, answer.would_have) == (sentence, would_have)


def test_why_not_of_what_a_decision_knows_nothing_of_is_refused(county: County) -> None:
    subject = made(county, a_referral("food.shopping"), NOTHING)
    with pytest.raises(NotFound):
        why_not(subject, "svc-nobody", "food.shopping")
    with pytest.raises(NotFound):
        why_not(subject, "svc-av-doorstep", "food.bank")


def test_a_later_decision_says_what_it_follows_and_who_is_not_asked_again(county: County) -> None:
    load = Load(declined_by={"food.shopping": frozenset({"svc-av-doorstep"})})
    cause = Cause(Trigger.DECLINED, "Doorstep help said no: Out of area.")
    explanation = explain(made(county, a_referral("food.shopping"), load, cause))
    assert explanation.before == (
        f"Doorstep help said no: Out of area. Not asked again: {DOORSTEP} (Amber Valley CVS)."
    )
