"""The first page of the embedded system, and the lines printed when it starts: where to look."""

from pathlib import Path

import httpx
from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from shared.pages import renderer

PLACES = (
    ("/mailbox", "The e-mails and texts it “sent”, and the calls to make"),
    ("/docs", "The API, to read and to try"),
    ("/api/v1/assignments", "Who was asked to do what, by when"),
    ("/asyncapi.json", "The events between the services"),
    ("/readyz", "Whether all is well"),
    ("/metrics", "What it measures"),
)


def routes() -> APIRouter:
    """The home page."""
    router = APIRouter(include_in_schema=False)
    render = renderer(Path(__file__).parent / "templates")

    @router.get("/")
    async def home(request: Request) -> HTMLResponse:
        transport = httpx.ASGITransport(app=request.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://waymark.example") as client:
            return render("home.html", {"places": PLACES, "example": await example(client)})

    return router


async def example(client: httpx.AsyncClient) -> str | None:
    """The reference of a referral that was decided, to link to its reasons; None while there is none."""
    assignments = (await client.get("/api/v1/assignments")).json()
    return assignments[-1]["reference"] if assignments else None


def where_to_look(url: str, log_file: Path, example: str | None) -> str:
    """What is printed once all is up."""
    lines = [f"Waymark is up: {url}", ""]
    lines += [f"  {url + path:<40} {what}" for path, what in PLACES]
    if example:
        lines.append(f"  {f'{url}/decisions/{example}':<40} Why one referral went where it went")
    return "\n".join([*lines, "", f"Its log is {log_file}. Ctrl-C stops it; the data stays."])
