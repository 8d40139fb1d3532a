"""What every request gets: a correlation id, safe headers, a limit, one log line and one measurement."""

import json
from collections.abc import AsyncIterator

import pytest
from httpx import Response
from sqlalchemy import select

from shared.clock import new_id
from shared.http import BODY_MAX
from tests.shared.chassis import Chassis, notes

TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.fixture
async def chassis(sqlite_database: str) -> AsyncIterator[Chassis]:
    async with notes(sqlite_database) as running:
        yield running


async def headers_of_the_event(chassis: Chassis) -> dict[str, str]:
    async with chassis.database.engine.connect() as connection:
        headers: dict[str, str] = (await connection.execute(select(chassis.database.outbox.c.headers))).scalar_one()
        return headers


async def write(chassis: Chassis, **headers: str) -> Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    answer = await chassis.client.post("/notes", json={}, headers=named)
    assert answer.status_code == 201
    return answer


async def test_a_well_formed_correlation_id_is_kept_and_travels_with_the_event(chassis: Chassis) -> None:
    answer = await write(chassis, x_correlation_id="call-2020.05_01", traceparent=TRACEPARENT)
    assert answer.headers["x-correlation-id"] == "call-2020.05_01"
    told = await headers_of_the_event(chassis)
    assert (told["ce_correlationid"], told["ce_traceparent"]) == ("call-2020.05_01", TRACEPARENT)
    assert "ce_causationid" not in told
    [line] = chassis.lines("request.finished")
    assert line["correlation_id"] == "call-2020.05_01"


@pytest.mark.parametrize("given", ["short", "with blank in it", "x" * 65, "semi;colon;semi", "né-né-né-né", ""])
async def test_any_other_correlation_id_is_replaced(chassis: Chassis, given: str) -> None:
    answer = await chassis.client.post("/notes", json={}, headers=[(b"x-correlation-id", given.encode("latin-1"))])
    fresh = answer.headers["x-correlation-id"]
    assert len(fresh) == 36
    assert fresh != given
    assert (await headers_of_the_event(chassis))["ce_correlationid"] == fresh


@pytest.mark.parametrize("given", ["", "00-0", TRACEPARENT + "0", TRACEPARENT.replace("0af7", "zzzz"), "Maureen"])
async def test_a_trace_that_is_none_is_not_passed_on(chassis: Chassis, given: str) -> None:
    await write(chassis, traceparent=given)
    assert "ce_traceparent" not in await headers_of_the_event(chassis)


@pytest.mark.parametrize(
    "path", ["/notes/1", "/nowhere", "/notes/failing/bug", "/notes/failing/unavailable", "/livez", "/docs", "/metrics"]
)
async def test_every_answer_has_safe_headers(chassis: Chassis, path: str) -> None:
    headers = (await chassis.client.get(path)).headers
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cache-control"] == "no-store"
    assert "frame-ancestors 'none'" in headers["content-security-policy"]
    assert headers["x-correlation-id"]


async def test_only_the_documentation_of_the_api_may_run_scripts(chassis: Chassis) -> None:
    for path in ("/notes/1", "/nowhere", "/livez", "/docs/oauth2-redirect", "/static/waymark.css"):
        policy = (await chassis.client.get(path)).headers["content-security-policy"]
        assert policy.startswith("default-src 'none'")
        assert "script-src" not in policy
        assert "unsafe" not in policy
    policy = (await chassis.client.get("/docs")).headers["content-security-policy"]
    assert policy.startswith("default-src 'self'")
    assert "http" not in policy


def padded(size: int) -> bytes:
    """A body of exactly `size` bytes that is in order."""
    body = json.dumps({"kind": "one"}).encode()
    return body + b" " * (size - len(body))


async def test_a_body_of_just_the_limit_is_taken_and_one_byte_more_is_not(chassis: Chassis) -> None:
    headers = {"content-type": "application/json"}
    assert (await chassis.client.post("/notes", content=padded(BODY_MAX), headers=headers)).status_code == 201
    answer = await chassis.client.post("/notes", content=padded(BODY_MAX + 1), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


async def test_a_body_that_grows_beyond_the_limit_without_saying_so_is_not_read_to_its_end(chassis: Chassis) -> None:
    handed_over = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal handed_over
        for _ in range(1_000):
            handed_over += 64 * 1024
            yield b" " * 64 * 1024

    answer = await chassis.client.post("/notes", content=endless(), headers={"content-type": "application/json"})
    assert "content-length" not in answer.request.headers
    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")
    assert handed_over <= BODY_MAX + 64 * 1024


@pytest.mark.parametrize("declared", [str(BODY_MAX + 1), "9" * 18])
async def test_a_body_that_is_announced_as_too_large_is_refused_unread(chassis: Chassis, declared: str) -> None:
    handed_over: list[bytes] = []

    async def body() -> AsyncIterator[bytes]:
        handed_over.append(b"{}")
        yield b"{}"

    headers = {"content-type": "application/json", "content-length": declared}
    answer = await chassis.client.post("/notes", content=body(), headers=headers)
    assert answer.status_code == 413
    assert len(handed_over) <= 1


@pytest.mark.parametrize("declared", ["-1", "many", "²"])
async def test_a_length_that_is_no_number_changes_nothing(chassis: Chassis, declared: str) -> None:
    headers = [(b"content-type", b"application/json"), (b"content-length", declared.encode("latin-1"))]
    assert (await chassis.client.post("/notes", content=b"{}", headers=headers)).status_code == 201


async def test_a_request_is_logged_and_measured_by_its_pattern_never_by_its_path(chassis: Chassis) -> None:
    before = await measured(chassis)
    for path in (f"/notes/{new_id().int}", "/notes/7", "/somewhere/else"):
        await chassis.client.get(path)
    assert [(line["path"], line["status"]) for line in chassis.lines("request.finished")] == [
        ("/notes/{number}", 200),
        ("/notes/{number}", 200),
        ("unmatched", 404),
    ]
    after = await measured(chassis)
    read = 'waymark_http_seconds_count{method="GET",path="/notes/{number}",status="200"}'
    assert after[read] - before.get(read, 0) == 2
    assert not any("somewhere" in label for label in after)


async def measured(chassis: Chassis) -> dict[str, float]:
    text = (await chassis.client.get("/metrics")).text
    lines = (line.rpartition(" ") for line in text.splitlines() if line.startswith("waymark_http"))
    return {label: float(value) for label, _, value in lines}


async def test_what_machines_ask_every_few_seconds_is_not_logged(chassis: Chassis) -> None:
    for path in ("/livez", "/readyz", "/metrics"):
        await chassis.client.get(path)
    assert chassis.lines("request.finished") == []
