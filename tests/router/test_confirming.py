"""What services say of their capacity is believed for a time, and decays after reminders when nobody repeats it."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from structlog.testing import capture_logs

from services.router.domain.assignment import Actor
from services.router.domain.capacity import UNCONFIRMED, Availability, Confirmation, Listing, Pausing, Reminder, Step
from shared.documents import save_documents
from shared.envelope import Origin
from shared.events import BY_TYPE, ServiceUnconfirmed
from shared.service import Work
from tests.router.builders import CREATIVE, LEAD, NOON, documents_with_places
from tests.router.conftest import Begin, World
from tests.router.test_api import assert_problem
from tests.router.test_pausing import SERVICES, post, service_of_the_next

DESK = Actor("staff", "cru-2")
Json = dict[str, Any]  # JSON
# Counted from Wednesday 6 May 2020, with the bank holidays of 8 and 25 May.
DECAYS = (datetime(2020, 5, 20, 11, tzinfo=UTC), datetime(2020, 6, 3, 11, tzinfo=UTC))
REMINDS = (datetime(2020, 5, 15, 8, tzinfo=UTC), datetime(2020, 5, 29, 8, tzinfo=UTC))


def decay(world: World) -> Work:
    [loop] = [loop for loop in world.service.loops if loop.name == "router.capacity"]
    return loop.work


async def let_decay(world: World, at: datetime) -> None:
    world.clock.at = at
    await decay(world).run_once()


async def reminders(world: World, service: str = CREATIVE) -> list[tuple[str, datetime]]:
    """The step and the instant of the decay of each reminder told, in their order."""
    outbox = world.database.outbox
    async with world.database.engine.connect() as connection:
        rows = (await connection.execute(outbox.select().order_by(outbox.c.seq))).mappings().all()
    events = [BY_TYPE[row["headers"]["ce_type"]].model_validate_json(row["body"]) for row in rows]
    told = [event for event in events if isinstance(event, ServiceUnconfirmed) and event.service_id == service]
    assert [event.sequence for event in told] == list(range(1, len(told) + 1))
    return [(event.step, event.decays_at) for event in told]


async def shown(world: World, service: str = CREATIVE) -> Json:
    found: list[Json] = (await world.client.get("/api/v1/capacity")).json()
    [view] = [view for view in found if view["service_id"] == service]
    return view


async def confirm(world: World, state: str = "open", places: int | None = None) -> Json:
    answer = await post(world, f"{SERVICES}/{CREATIVE}/capacity", state=state, places=places)
    assert answer.status_code == 200, answer.text
    view: Json = answer.json()
    return view


async def test_a_fresh_directory_counts_as_confirmed_when_it_was_loaded(world: World) -> None:
    await let_decay(world, NOON)
    assert await reminders(world) == []
    view = await shown(world)
    assert (view["state"], view["confirmed_at"], view["confirmed_by"]) == ("open", "2020-05-06T11:00:00Z", None)
    assert view["decays_at"] == "2020-05-20T11:00:00Z"


async def test_a_service_is_reminded_three_working_days_before_each_step_and_once(world: World) -> None:
    for at in (REMINDS[0] - timedelta(seconds=1), REMINDS[0], REMINDS[0] + timedelta(hours=1)):
        await let_decay(world, at)
    assert await reminders(world) == [("limited", DECAYS[0])]
    for at in (REMINDS[1] - timedelta(seconds=1), REMINDS[1], REMINDS[1] + timedelta(hours=1)):
        await let_decay(world, at)
    assert await reminders(world) == [("limited", DECAYS[0]), ("paused", DECAYS[1])]


async def test_nothing_decays_before_its_service_has_had_the_days_that_its_reminder_promises(world: World) -> None:
    late = datetime(2020, 9, 7, 9, tzinfo=UTC)
    await let_decay(world, late)
    promised = datetime(2020, 9, 10, 8, tzinfo=UTC)
    assert await reminders(world) == [("limited", promised), ("paused", promised)]
    await let_decay(world, promised - timedelta(seconds=1))
    assert (await shown(world))["state"] == "open"
    await let_decay(world, promised)
    assert (await shown(world))["state"] == "paused"


async def test_after_two_weeks_it_counts_as_limited_and_after_four_it_pauses(world: World) -> None:
    await let_decay(world, REMINDS[0])
    await let_decay(world, DECAYS[0])
    view = await shown(world)
    assert (view["state"], view["decays_at"]) == ("limited", "2020-06-03T11:00:00Z")
    await post(world, f"{SERVICES}/{LEAD}/capacity", state="open")
    await let_decay(world, REMINDS[1])
    await let_decay(world, DECAYS[1])
    view = await shown(world)
    assert (view["state"], view["decays_at"]) == ("paused", None)
    assert await service_of_the_next(world) == LEAD


async def test_to_confirm_resumes_what_paused_for_want_of_it_and_begins_the_time_anew(world: World) -> None:
    await let_decay(world, REMINDS[1])
    await let_decay(world, DECAYS[1] + timedelta(days=3))
    assert (await shown(world))["state"] == "paused"
    view = await confirm(world)
    assert (view["state"], view["confirmed_by"], view["role"]) == ("open", "cru-2", "staff")
    assert view["decays_at"] == "2020-06-20T11:00:00Z"
    assert await service_of_the_next(world) == CREATIVE
    await decay(world).run_once()
    assert len(await reminders(world)) == 2


async def test_to_confirm_ends_no_pause_that_somebody_asked_for(world: World) -> None:
    await post(world, f"{SERVICES}/{CREATIVE}/pause", reason="partner_closed")
    assert (await confirm(world))["state"] == "paused"


async def test_somebody_who_resumes_it_by_hand_is_not_overruled_before_it_has_decayed_anew(world: World) -> None:
    await let_decay(world, REMINDS[1])
    await let_decay(world, DECAYS[1] + timedelta(days=3))
    await post(world, f"{SERVICES}/{CREATIVE}/resume")
    await decay(world).run_once()
    view = await shown(world)
    assert (view["state"], view["confirmed_at"], view["decays_at"]) == (
        "open",
        "2020-06-06T11:00:00Z",
        "2020-06-20T11:00:00Z",
    )
    await let_decay(world, DECAYS[1] + timedelta(days=28))
    await let_decay(world, DECAYS[1] + timedelta(days=34))
    assert (await shown(world))["state"] == "paused"
    assert [step for step, _ in await reminders(world)] == ["limited", "paused"] * 2


async def test_to_load_the_directory_again_begins_the_time_anew_only_where_places_have_changed(world: World) -> None:
    await let_decay(world, NOON)
    world.clock.at = NOON + timedelta(days=7)
    async with world.database.begin(Origin("test-request")) as tx:
        await save_documents(tx, documents_with_places({LEAD: 3}))
    await decay(world).run_once()
    assert (await shown(world))["confirmed_at"] == "2020-05-06T11:00:00Z"
    assert (await shown(world, LEAD))["confirmed_at"] == "2020-05-13T11:00:00Z"
    await let_decay(world, REMINDS[0])
    assert await reminders(world) == [("limited", DECAYS[0])]
    assert await reminders(world, LEAD) == []


async def test_a_service_that_cannot_be_reminded_keeps_no_other_waiting(world: World) -> None:
    async with world.database.begin(Origin("test-request")) as tx:
        await tx.connection.exec_driver_sql(
            f"CREATE TRIGGER broken BEFORE INSERT ON capacity_reminder WHEN NEW.service_id = '{CREATIVE}' "
            "BEGIN SELECT RAISE(ABORT, 'broken'); END"
        )
    with capture_logs() as logs:
        await let_decay(world, REMINDS[0])
    failed = {(each["event"], each["service_id"]) for each in logs if each["log_level"] == "warning"}
    assert failed == {("capacity.failed", CREATIVE)}
    assert await reminders(world) == []
    assert await reminders(world, LEAD) != []
    async with world.database.begin(Origin("test-request")) as tx:
        await tx.connection.exec_driver_sql("DROP TRIGGER broken")
    await decay(world).run_once()
    assert await reminders(world) == [("limited", DECAYS[0])]


@pytest.mark.parametrize("state", ["waitlist", "full"])
async def test_a_service_that_says_it_takes_nothing_is_passed_over(world: World, state: str) -> None:
    assert (await confirm(world, state))["state"] == state
    assert await service_of_the_next(world) == LEAD


async def test_places_that_were_confirmed_count_instead_of_the_directorys(world: World) -> None:
    assert (await confirm(world, places=1))["left"] == 1
    assert [await service_of_the_next(world) for _ in range(2)] == [CREATIVE, LEAD]
    view = await shown(world)
    assert (view["places"], view["taken"], view["left"], view["state"]) == (1, 1, 0, "full")
    assert (await confirm(world, places=2))["left"] == 1
    assert await service_of_the_next(world) == CREATIVE


async def test_an_unknown_service_or_state_is_refused(world: World) -> None:
    assert_problem(await post(world, f"{SERVICES}/svc-nobody/capacity", state="open"), 404, "not_found")
    assert_problem(await post(world, f"{SERVICES}/{CREATIVE}/capacity", state="paused"), 422, "validation_failed")


async def test_the_late_list_is_asked_for_by_clock(world: World) -> None:
    await service_of_the_next(world)
    listed = [len((await world.client.get("/api/v1/assignments", params={"clock": each})).json())
              for each in ("warned", "breached")]  # fmt: skip
    assert listed == [0, 0]
    [chase] = [loop.work for loop in world.service.loops if loop.name == "router.chase"]
    world.clock.at += timedelta(days=30)
    await chase.run_once()
    await chase.run_once()
    [warned] = (await world.client.get("/api/v1/assignments", params={"clock": "warned"})).json()
    states = {each["kind"]: each["state"] for each in warned["clocks"]}
    assert states == {"respond": "warned", "first_contact": "breached"}


def a_reminder(step: Step, since: datetime = NOON) -> Reminder:
    return Reminder(CREATIVE, step, since, NOON, NOON + timedelta(days=3))


async def test_a_reminder_is_kept_once_and_ended_once(begin: Begin) -> None:
    async with begin() as tx:
        kept = [await tx.confirmations.remind(a_reminder(step)) for step in (Step.LIMITED, Step.LIMITED, Step.PAUSED)]
        assert kept == [1, 0, 2]
        assert {each.step for each in await tx.confirmations.open_reminders()} == set(Step)
        ended = [await tx.confirmations.close(a_reminder(Step.PAUSED), NOON) for _ in range(2)]
        assert ended == [True, False]
        assert [each.step for each in await tx.confirmations.open_reminders()] == [Step.LIMITED]


async def test_the_newest_word_stands_and_answers_every_reminder(begin: Begin) -> None:
    words = [Confirmation(CREATIVE, each, places, DESK, NOON) for each, places in
             ((Availability.OPEN, None), (Availability.LIMITED, 3))]  # fmt: skip
    async with begin() as tx:
        await tx.confirmations.remind(a_reminder(Step.LIMITED))
        for word in words:
            await tx.confirmations.add(word)
        assert await tx.confirmations.in_force() == {CREATIVE: words[-1]}
        assert await tx.confirmations.open_reminders() == []


async def test_pauses_can_be_ended_for_one_reason_alone(begin: Begin) -> None:
    async with begin() as tx:
        for reason in (UNCONFIRMED, "partner_closed"):
            await tx.pauses.add(Pausing(CREATIVE, reason, DESK, NOON, None))
        await tx.pauses.resume(CREATIVE, DESK, NOON, reason=UNCONFIRMED)
        assert [each.reason for each in await tx.pauses.running(NOON)] == ["partner_closed"]


async def test_when_a_pause_last_ended_is_known_by_its_reason(begin: Begin) -> None:
    async with begin() as tx:
        for day in range(2):
            await tx.pauses.add(Pausing(CREATIVE, UNCONFIRMED, DESK, NOON, None))
            await tx.pauses.resume(CREATIVE, DESK, NOON + timedelta(days=day))
        await tx.pauses.add(Pausing(LEAD, "partner_closed", DESK, NOON, None))
        await tx.pauses.add(Pausing(LEAD, UNCONFIRMED, DESK, NOON, None))
        await tx.pauses.resume(LEAD, DESK, NOON, reason="partner_closed")
        assert await tx.pauses.resumed(UNCONFIRMED) == {CREATIVE: NOON + timedelta(days=1)}


async def test_what_the_directory_says_is_noted_in_place_of_what_it_said_before(begin: Begin) -> None:
    first = Listing(CREATIVE, None, "a-digest", NOON)
    async with begin() as tx:
        assert await tx.confirmations.listed() == {}
        for listing in (first, replace(first, places=4), replace(first, service_id=LEAD)):
            await tx.confirmations.note(listing)
        listed = await tx.confirmations.listed()
    assert listed == {CREATIVE: replace(first, places=4), LEAD: replace(first, service_id=LEAD)}
