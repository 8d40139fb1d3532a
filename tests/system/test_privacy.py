"""A recognisable person is referred in every way there is; then everything else is searched for any trace of them."""

import smtplib
from collections.abc import Mapping, Sequence

import httpx
import pytest

from shared.clock import new_id
from tests.eventually import eventually
from tests.system.broker import Sent
from tests.system.caller import REFERRALS, Caller, calling
from tests.system.search import Someone, answered, found_in, surfaces
from tests.system.world import Deployment, Embedded, World

pytestmark = pytest.mark.timeout(180)
PLANTED = Someone(
    first_name="Zebediah",
    last_name="Quillfeather",
    phone="01632 960777",
    mobile="07700 900777",
    email="zq.waxwing@planted.example",
    dob="1931-07-04",
    address="7 Larkspur Ginnel, Ambergate",
    postcode="DE55 4YE",
    phrase="keeps forty budgerigars",
)
CANARY = Someone(
    first_name="Peregrina",
    last_name="Thistlewood",
    phone="01632 960888",
    mobile="07700 900888",
    email="pt.linnet@canary.example",
    dob="1929-11-23",
    address="19 Cowslip Jitty, Heage",
    postcode="DE55 4XD",
    phrase="mends concertinas at night",
)
TOLD = Someone(
    first_name="Ottoline",
    last_name="Wrenmuir",
    phone="01632 960666",
    mobile="07700 900666",
    email="ow.dunnock@told.example",
    dob="1938-02-17",
    address="3 Teasel Twitchel, Holymoorside",
    postcode="DE55 4YA",
    phrase="teaches parrots to swear",
)
ASKING = Someone(
    first_name="Barnabus",
    last_name="Fenwhistle",
    phone="01632 960555",
    mobile="07700 900555",
    email="bf.siskin@asking.example",
    dob="1971-09-30",
    address="88 Bracken Snicket, Tansley",
    postcode="DE55 4YB",
    phrase="drives a hearse",
)
SHOWN = {
    "/metrics",
    "/api/v1/referrals/{reference}",
    "/api/v1/decisions/{reference}",
    "/api/v1/decisions/{reference}/explanation",
    "/api/v1/assignments",
    "/api/v1/assignments/{assignment_id}",
    "/api/v1/notifications",
    "/api/v1/notifications/{notification_id}",
    "/decisions/{reference}",
    "/assignments/{assignment_id}",
}
Body = dict[str, object]


def about(**changed: object) -> Body:
    """A referral with all that can be told of the person."""
    names = {"name": PLANTED.name, "dob": PLANTED.dob, "email": PLANTED.email}
    return {
        "person": {**names, "phone": PLANTED.phone, "mobile": PLANTED.mobile},
        "address": PLANTED.address,
        "postcode": PLANTED.postcode,
        "consent": {"status": "given", "by": "self"},
        "needs": ["food.shopping"],
        "food_days_left": 0,
        "notes": f"{PLANTED.name} {PLANTED.phrase}, ring {PLANTED.phone}.",
        **changed,
    }


def accepted() -> Mapping[str, Body]:
    """Referrals that are taken; some have the person where only codes belong."""
    return {
        "plain": about(),
        "again": about(needs=["food.shopping", "social.befriending"]),
        "no consent": about(consent={"status": "refused", "by": "self"}, needs=["mind.low_mood"]),
        "domestic abuse": about(flags=["domestic_abuse"], consent={"status": "unknown", "by": "none"}),
        "red flags": about(notes=f"{PLANTED.name} says there is no point living and {PLANTED.phrase}"),
        "note alone": about(needs=[], notes=f"{PLANTED.phrase}. {PLANTED.email}"),
        "far too much": about(notes=f"{PLANTED.name} {PLANTED.phrase}. " * 100),
        "no codes": about(
            needs=[f"help {PLANTED.name}"],
            flags=[PLANTED.name, PLANTED.phone],
            district_hint=PLANTED.last_name,
        ),
        "unreadable": about(
            person={"name": PLANTED.name, "language": PLANTED.last_name, "phone": f"{PLANTED.phone} ext"},
            postcode=f"{PLANTED.postcode} or near",
        ),
        "for somebody else": about(request_kind="concern_report", referrer_kind="neighbour", needs=["safe.concern"]),
    }


async def submit_everything(caller: Caller) -> tuple[list[str], str]:
    """The references of what was accepted, once told, and all that was answered, refusals included."""
    answers: list[httpx.Response] = []
    for body in accepted().values():
        answers.append(await caller.send(body, key=f"{PLANTED.last_name}-{new_id()}"))
        assert answers[-1].status_code == 201, answers[-1].text
    references: list[str] = [answer.json()["reference"] for answer in answers]
    for reference in references:
        await caller.settled(reference)
    await caller.cancel(references[0], "moved_away")
    refusals = await refused(caller, references[1])
    assert {answer.status_code for answer in refusals} >= {400, 404, 405, 413, 422}
    assert all(answer.status_code >= 400 for answer in refusals)
    return references, "\n".join(f"{each.headers} {each.text}" for each in (*answers, *refusals))


async def refused(caller: Caller, reference: str) -> Sequence[httpx.Response]:
    """Every way of being refused that quotes somebody."""
    intake, router, key = caller.intake, caller.router, str(new_id())
    headers = {"Idempotency-Key": key, "Content-Type": "application/json"}
    bodies: tuple[Body, ...] = (
        {"person": {"name": PLANTED.name, "dob": PLANTED.dob}},
        about(channel=PLANTED.name),
        about(food_days_left=PLANTED.phrase),
        about(person={"name": PLANTED.name, "age": PLANTED.phone}),
        about(person=PLANTED.name),
        about(consent={"status": PLANTED.last_name, "by": PLANTED.first_name}),
        {**about(), PLANTED.name: PLANTED.phone},
    )
    by_name = f"{REFERRALS}/{PLANTED.last_name}"
    return [
        *[await caller.send(body) for body in bodies],
        await intake.post(REFERRALS, content=f'{{"person": {{"name": "{PLANTED.name}", ', headers=headers),
        await intake.post(REFERRALS, content=f'"{PLANTED.name}"', headers=headers),
        await intake.post(REFERRALS, content=PLANTED.phrase * 20_000, headers=headers),
        await intake.post(REFERRALS, json=about(), headers={"Idempotency-Key": PLANTED.name}),
        await intake.post(f"{REFERRALS}/{reference}/cancel", json={"reason": PLANTED.phrase}, headers=headers),
        await intake.get(by_name),
        await intake.put(by_name, json=about()),
        await intake.get(f"/{PLANTED.first_name}/{PLANTED.last_name}"),
        await router.get("/api/v1/assignments", params={"referral": PLANTED.last_name}),
        await router.get("/api/v1/assignments", params={"state": PLANTED.email}),
        await router.get(f"/api/v1/decisions/{PLANTED.last_name}"),
        await router.get(f"/api/v1/assignments/{PLANTED.email}"),
    ]


async def test_nothing_but_the_sealed_fields_tells_who_the_person_is(world: World) -> None:
    async with calling(world) as caller:
        references, answers = await submit_everything(caller)
    seen = {"answers": answers, **await surfaces(world, references)}
    assert all(reference in seen["table intake.referral"] for reference in references)
    assert references[0] in seen["e-mails"]
    assert answered(seen) >= SHOWN
    assert found_in(seen, PLANTED) == {}


async def test_of_people_who_are_told_how_it_goes_only_the_mail_server_learns_an_address(world: World) -> None:
    body = about(
        person={"name": TOLD.name, "dob": TOLD.dob, "email": TOLD.email, "mobile": TOLD.mobile, "phone": TOLD.phone},
        address=TOLD.address,
        postcode=TOLD.postcode,
        notes=f"{TOLD.name} {TOLD.phrase}",
        referrer_kind="professional",
        referrer={"name": ASKING.name, "organisation": ASKING.address, "phone": ASKING.mobile},
        updates={"resident": True, "referrer": True},
    )

    async with calling(world) as caller:
        reference = (await caller.submit(body))["reference"]

        async def told() -> list[str]:
            timeline = (await caller.see(reference))["timeline"]
            return sorted(each["details"]["who"] for each in timeline if each["kind"] == "person_told")

        await caller.settled(reference)
        assert await eventually(told, lambda who: len(who) == 2) == ["referrer", "resident"]
        await caller.cancel(reference, "referrer_withdrew")
        assert await eventually(told, lambda who: len(who) == 4) == ["referrer", "referrer", "resident", "resident"]
    seen = await surfaces(world, [reference])
    assert f"resident of {reference}" in seen["e-mails"] or TOLD.email in seen["e-mails"]
    assert f"referrer of {reference}" in seen["texts"]
    assert found_in(seen, TOLD) == ({"e-mails": ["e-mail"]} if isinstance(world, Deployment) else {})
    assert found_in(seen, ASKING) == {}


async def test_the_search_would_find_them_wherever_they_were(deployment: Deployment) -> None:
    await deployment.broker.send([Sent("referrals", None, b"", (("x", f"+44 {CANARY.phone[1:]}".encode()),))])
    for service, process in deployment.services.items():
        with process.log.open("a", encoding="utf-8") as log:
            log.write(f"{service} {CANARY.email.upper()}\n")
    statement = f"INSERT INTO closure VALUES ('{new_id()}', '{CANARY.postcode.replace(' ', '-')}', now())"
    deployment.databases.execute("notifier", statement)
    with smtplib.SMTP("127.0.0.1", deployment.mail.port) as client:
        client.sendmail("a@test.example", ["b@test.example"], f"Subject: x\r\n\r\n{CANARY.phrase.upper()}\r\n")
    texts = deployment.post.texts_file
    with texts.open("a", encoding="utf-8") as file:
        file.write(f'{{"id": "{new_id()}", "to": "1", "text": "{CANARY.name}"}}\n')
    found = found_in(await surfaces(deployment, []), CANARY)
    assert found["events"] == ["phone"]
    assert all(found[f"log of {service}"] == ["e-mail"] for service in deployment.services)
    assert found["table notifier.closure"] == ["postcode"]
    assert found["e-mails"] == ["note"]
    assert found["texts"] == ["first name", "last name"]


async def test_the_search_would_find_them_in_the_embedded_system_too(embedded: Embedded) -> None:
    statement = f"INSERT INTO closure VALUES ('{new_id().hex}', '{CANARY.dob}', '2026-01-01 00:00:00')"
    embedded.execute("notifier", statement)
    with (embedded.data / "waymark.log").open("a", encoding="utf-8") as log:
        log.write(f"{CANARY.address}\n")
    found = found_in(await surfaces(embedded, []), CANARY)
    assert found == {
        "table notifier.closure": ["date of birth"],
        "file notifier.db-wal": ["date of birth"],
        "log file": ["address"],
    }
