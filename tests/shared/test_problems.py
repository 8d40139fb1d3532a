"""Every error that leaves us is a problem document, and none repeats what was sent."""

from collections.abc import AsyncIterator, Mapping
from typing import Any

import httpx
import pytest
from httpx import Response

from shared.problems import KINDS
from tests.shared.chassis import CANARY, PUBLIC_URL, Chassis, notes

WORDS = [CANARY, *CANARY.split(), "canary", "qwertz", "zzmaureen", "Zz"]


@pytest.fixture
async def chassis(sqlite_database: str) -> AsyncIterator[Chassis]:
    async with notes(sqlite_database) as running:
        yield running


def problem_of(answer: Response, status: int, code: str) -> Mapping[str, Any]:  # JSON
    assert (answer.status_code, answer.headers["content-type"]) == (status, "application/problem+json")
    problem: Mapping[str, Any] = answer.json()
    slug = code.replace("_", "-")
    assert (problem["status"], problem["code"], problem["type"]) == (status, code, f"{PUBLIC_URL}/problems/{slug}")
    assert problem["trace_id"] == answer.headers["x-correlation-id"]
    assert problem["instance"].startswith("urn:uuid:")
    assert problem["title"]
    return problem


def assert_silent(answer: Response, chassis: Chassis) -> None:
    """Neither answer nor log holds a trace of what was sent."""
    said = answer.text + str(answer.headers) + chassis.written.getvalue()
    assert [word for word in WORDS if word in said] == []


@pytest.mark.parametrize(
    ("how", "status", "code"),
    [
        ("refused", 422, "validation_failed"),
        ("conflict", 409, "illegal_transition"),
        ("missing", 404, "not_found"),
        ("unavailable", 503, "configuration_missing"),
        ("unlisted", 409, "something_of_its_own"),
    ],
)
async def test_an_expected_failure_is_told_with_its_code_and_how_to_mend_it(
    chassis: Chassis, how: str, status: int, code: str
) -> None:
    answer = await chassis.client.get(f"/notes/failing/{how}")
    assert problem_of(answer, status, code)["detail"].endswith(".")
    assert ("retry-after" in answer.headers) is (status == 503)
    assert chassis.lines("request.failed") == []


async def test_an_address_that_does_not_exist_is_told_so(chassis: Chassis) -> None:
    problem_of(await chassis.client.get("/nowhere"), 404, "not_found")
    problem_of(await chassis.client.get("/static/nothing.css"), 404, "not_found")


async def test_a_method_that_is_not_allowed_is_told_with_those_that_are(chassis: Chassis) -> None:
    answer = await chassis.client.delete("/notes/1")
    problem_of(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET"


@pytest.mark.parametrize(
    "body",
    [b"{", b"\xff\xfe\x00", b"[" * 100_000, f'{{"name": "{CANARY}'.encode(), b""],
    ids=["cut off", "no text", "too deep", "cut off inside a name", "nothing"],
)
async def test_what_is_not_json_is_refused_and_not_repeated(chassis: Chassis, body: bytes) -> None:
    answer = await chassis.client.post("/notes", content=body, headers={"content-type": "application/json"})
    assert answer.headers["content-type"] == "application/problem+json"
    if body:
        problem_of(answer, 400, "malformed_json")
    else:
        assert problem_of(answer, 422, "validation_failed")["errors"][0]["code"] == "missing"
    assert_silent(answer, chassis)


@pytest.mark.parametrize(
    ("body", "pointers"),
    [
        ({"name": CANARY}, ["#/name"]),
        ({"name": "a" * 11}, ["#/name"]),
        ({"age": CANARY}, ["#/age"]),
        ({"id": CANARY}, ["#/id"]),
        ({"id": "Zz" * 16}, ["#/id"]),
        ({"mail": CANARY}, ["#/mail"]),
        ({"mail": f"{CANARY}@waymark.example"}, ["#/mail"]),
        ({"mail": "Zz@Zz_Zz.example"}, ["#/mail"]),
        ({"kind": CANARY}, ["#/kind"]),
        ({"tags": {CANARY: CANARY}}, ["#/tags/?"]),
        ({CANARY: 1}, ["#/?"]),
        ({"Zzmaureen": 1}, ["#/?"]),
        ({"nmae": CANARY}, ["#/nmae"]),
        ({"age": "x", "kind": 3}, ["#/age", "#/kind"]),
        ([CANARY], ["#"]),
        (CANARY, ["#"]),
    ],
)
async def test_what_is_not_as_expected_is_named_by_its_place_and_not_repeated(
    chassis: Chassis, body: object, pointers: list[str]
) -> None:
    answer = await chassis.client.post("/notes", json=body)
    problem = problem_of(answer, 422, "validation_failed")
    assert [error["pointer"] for error in problem["errors"]] == pointers
    assert all(error["code"] and error["detail"] for error in problem["errors"])
    assert_silent(answer, chassis)


@pytest.mark.parametrize("path", ["/notes/Zzmaureen", "/notes/1?page=Zzmaureen", "/notes/1?Zzmaureen=1&page=Zzmaureen"])
async def test_an_address_is_not_repeated(chassis: Chassis, path: str) -> None:
    answer = await chassis.client.get(path)
    problem_of(answer, 422, "validation_failed")
    assert_silent(answer, chassis)


@pytest.mark.parametrize(
    "headers",
    [
        {"x-number": "Zzmaureen"},
        {"x-number": "x", "x-correlation-id": CANARY},
        {"x-number": "x", "traceparent": CANARY},
        {"x-number": "x", "user-agent": CANARY, "cookie": CANARY, "authorization": CANARY},
    ],
)
async def test_headers_are_not_repeated(chassis: Chassis, headers: dict[str, str]) -> None:
    answer = await chassis.client.get("/notes/1", headers=headers)
    assert problem_of(answer, 422, "validation_failed")["errors"][0]["pointer"] == "#/header/x-number"
    assert_silent(answer, chassis)


async def test_a_method_of_the_callers_own_making_is_not_repeated(chassis: Chassis) -> None:
    answer = await chassis.client.request("ZZMAUREEN", "/notes/1")
    problem_of(answer, 405, "method_not_allowed")
    assert [line["method"] for line in chassis.lines("request.finished")] == ["other"]
    assert "ZZMAUREEN" not in (await chassis.client.get("/metrics")).text


async def test_a_fault_of_ours_is_told_without_its_words_and_can_be_found_in_the_log(chassis: Chassis) -> None:
    answer = await chassis.client.get("/notes/failing/bug", headers={"x-correlation-id": "call-0001"})
    assert "detail" not in problem_of(answer, 500, "internal_error")
    [line] = chassis.lines("request.failed")
    assert (line["error"], line["path"]) == ("ZeroDivisionError", "/notes/failing/{how}")
    assert line["correlation_id"] == answer.json()["trace_id"] == "call-0001"
    assert any("chassis.py" in place for place in line["where"])
    assert_silent(answer, chassis)


@pytest.mark.parametrize("how", ["database", "network"])
async def test_a_database_that_is_away_is_told_as_something_that_will_pass(chassis: Chassis, how: str) -> None:
    answer = await chassis.client.get(f"/notes/failing/{how}")
    problem_of(answer, 503, "dependency_unavailable")
    assert answer.headers["retry-after"] == "5"
    assert len(chassis.lines("request.failed")) == 1
    assert_silent(answer, chassis)


async def test_half_an_answer_is_broken_off_rather_than_ended_as_if_it_were_whole(chassis: Chassis) -> None:
    transport = httpx.ASGITransport(app=chassis.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test") as client:
        with pytest.raises(ZeroDivisionError):
            await client.get("/notes/half")
    assert len(chassis.lines("request.failed")) == 1


async def test_every_kind_of_problem_is_explained_at_its_address(chassis: Chassis) -> None:
    for code, kind in KINDS.items():
        told = (await chassis.client.get(f"/problems/{code}")).json()
        assert told == {"code": code.replace("-", "_"), "title": kind.title, "status": kind.status}
    problem_of(await chassis.client.get("/problems/of-no-kind"), 404, "not_found")
