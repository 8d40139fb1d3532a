"""Reading another directory's feed over HTTP."""

from collections.abc import Callable

import httpx
import pytest

from services.router.openreferral.fetching import fetch, getter
from shared.errors import Refused
from tests.router.openreferral.samples import Tree, a_service

Answer = Callable[[httpx.Request], httpx.Response]


async def fetched(answer: Answer, url: str = "https://there.example/v3") -> list[object]:
    async with httpx.AsyncClient(transport=httpx.MockTransport(answer)) as client:
        return await fetch(url, getter(client))


def a_feed(count: int) -> Answer:
    """A feed of so many services, whose lists hold only names."""
    services: dict[str, Tree] = {row["id"]: row for row in (a_service(number) for number in range(1, count + 1))}

    def answer(request: httpx.Request) -> httpx.Response:
        own = request.url.path.removeprefix("/v3/services").strip("/")
        if own:
            return httpx.Response(200, json=services[own])
        page = int(request.url.params["page"])
        rows = [{"id": own, "name": row["name"]} for own, row in services.items()][(page - 1) * 100 : page * 100]
        return httpx.Response(200, json={"contents": rows, "total_items": count})

    return answer


@pytest.mark.parametrize(
    "url", ["https://there.example/v3", "https://there.example/v3/", "https://there.example/v3/services?page=3"]
)
async def test_every_page_is_read_and_every_service_whole(url: str) -> None:
    rows = await fetched(a_feed(203), url)
    assert rows == [a_service(number) for number in range(1, 204)]


async def test_a_feed_whose_last_page_is_full_ends_with_the_empty_one() -> None:
    assert len(await fetched(a_feed(200))) == 200


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (lambda _: httpx.Response(500), "answered 500"),
        (lambda _: httpx.Response(302, headers={"Location": "http://10.0.0.1/"}), "answered 302"),
        (lambda _: httpx.Response(200, text="<html>"), "is not JSON"),
        (lambda _: httpx.Response(200, json={"contents": []}), "has no services"),
        (lambda _: httpx.Response(200, content=b" " * 20_000_001), "more than 20000000 bytes"),
    ],
)
async def test_a_feed_that_does_not_answer_as_one_is_refused(answer: Answer, said: str) -> None:
    with pytest.raises(Refused, match=said):
        await fetched(answer)


async def test_a_feed_that_fails_half_way_is_refused_whole() -> None:
    whole = a_feed(150)

    def answer(request: httpx.Request) -> httpx.Response:
        return httpx.Response(503) if request.url.params.get("page") == "2" else whole(request)

    with pytest.raises(Refused, match="answered 503"):
        await fetched(answer)


@pytest.mark.parametrize("url", ["http://there.example/v3", "ftp://there.example", "there.example"])
async def test_a_feed_is_read_over_https_alone(url: str) -> None:
    with pytest.raises(Refused, match="https"):
        await fetched(a_feed(1), url)
