"""What the feed answers, as OpenAPI describes it: the page around lists, and the caching of every answer."""

import hashlib
import json
from collections.abc import Sequence
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime

from fastapi import Request, Response
from pydantic import BaseModel, ConfigDict, Field

from services.router.openreferral.publishing import Row

# A change is live within a minute; half of it may pass in somebody's cache.
MAX_AGE_S = 30


class ApiDetails(BaseModel):
    """What this API is, by the standard."""

    version: str = Field(examples=["HSDS-UK-3.0"])
    profile: str
    openapi_url: str


class Service(BaseModel):
    """A service as HSDS 3.0 has it; further fields as in its schema. `waymark_assurance` is ours, not of it."""

    model_config = ConfigDict(extra="allow")
    id: str
    name: str
    status: str
    waymark_assurance: str = Field(description="current, due, lapsed or never: what the last check of it is worth")


class Linked(BaseModel):
    """A service at a place, a taxonomy or one of its terms, as HSDS 3.0 has it."""

    model_config = ConfigDict(extra="allow")
    id: str


class Page(BaseModel):
    """One page of a list."""

    total_items: int
    total_pages: int
    page_number: int
    size: int = Field(description="how many there are on this page")
    first_page: bool
    last_page: bool
    empty: bool


class ServicePage(Page):
    """A page of services, with what there is once of each."""

    contents: list[Service]


class LinkedPage(Page):
    """A page of something else."""

    contents: list[Linked]


def page_of(rows: Sequence[Row], number: int, per_page: int) -> Row:
    """One page; numbers begin at 1, and a page behind the last is empty."""
    pages = max(1, -(-len(rows) // per_page))
    contents = list(rows[(number - 1) * per_page : number * per_page])
    return {
        "total_items": len(rows),
        "total_pages": pages,
        "page_number": number,
        "size": len(contents),
        "first_page": number == 1,
        "last_page": number >= pages,
        "empty": not contents,
        "contents": contents,
    }


def answered(request: Request, body: Row, modified: datetime) -> Response:
    """The body, or 304 when the caller has it already: by its ETag, or else by when the directory last changed."""
    content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode()
    tag = f'"{hashlib.sha256(content).hexdigest()[:32]}"'
    headers = {
        "ETag": tag,
        "Last-Modified": format_datetime(modified.astimezone(UTC), usegmt=True),
        "Cache-Control": f"public, max-age={MAX_AGE_S}",
    }
    if _is_known(request, tag, modified):
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type="application/json")


def _is_known(request: Request, tag: str, modified: datetime) -> bool:
    tags = request.headers.get("if-none-match")
    if tags is not None:
        return tags.strip() == "*" or tag in [each.strip().removeprefix("W/") for each in tags.split(",")]
    since = request.headers.get("if-modified-since")
    if since is None:
        return False
    try:
        return modified.replace(microsecond=0) <= parsedate_to_datetime(since)
    except (ValueError, TypeError):
        return False
