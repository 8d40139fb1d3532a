"""HTTP in: the public directory, for everybody, as Open Referral UK asks: no key, no cookie, nothing that changes."""

from collections.abc import Awaitable, Callable
from typing import Annotated

from fastapi import APIRouter, Depends, Path, Query, Request, Response

from services.router.openreferral import filters
from services.router.openreferral.answers import ApiDetails, Linked, LinkedPage, Service, ServicePage, answered, page_of
from services.router.openreferral.exporting import PROFILE, VERSION
from services.router.openreferral.filters import Find, Spot, is_near
from services.router.openreferral.publishing import Row, listed_only
from services.router.openreferral.snapshot import Snapshot, listed_place
from shared.errors import NotFound, Refused
from shared.problems import documented

Now = Callable[[], Awaitable[Snapshot]]
WORDS_MAX = 200
PER_PAGE, PER_PAGE_MAX, PAGE_MAX = 50, 500, 100_000
DAYS = r"^(?i:mo|tu|we|th|fr|sa|su)[a-zA-Z]{0,7}$"
TIME = r"^([01]\d|2[0-3]):[0-5]\d(:[0-5]\d)?$"
Uuid = Annotated[str, Path(max_length=36)]
Number = Annotated[int, Query(ge=1, le=PAGE_MAX, description="Which page; the first is 1.")]
PerPage = Annotated[int, Query(ge=1, le=PER_PAGE_MAX, description="How many on a page.")]


def asked(
    search: Annotated[str | None, Query(max_length=WORDS_MAX, description="Words, all of which must appear.")] = None,
    taxonomy_term_id: Annotated[str | None, Query(max_length=36, description="A term, or a group of terms.")] = None,
    taxonomy_id: Annotated[str | None, Query(max_length=36)] = None,
    minimum_age: Annotated[float | None, Query(ge=0, le=200, description="Their minimum age is at least this.")] = None,
    maximum_age: Annotated[float | None, Query(ge=0, le=200, description="Their maximum age is at most this.")] = None,
    start_time: Annotated[str | None, Query(pattern=TIME, description="They open at this time or later.")] = None,
    end_time: Annotated[str | None, Query(pattern=TIME, description="They close at this time or earlier.")] = None,
    day: Annotated[str | None, Query(pattern=DAYS, description="They open on this day, such as MO.")] = None,
) -> filters.Query:
    """The parameters that lists of services share."""
    return filters.Query(
        search,
        taxonomy_term_id,
        taxonomy_id,
        minimum_age,
        maximum_age,
        start_time[:5] if start_time else None,
        end_time[:5] if end_time else None,
        day[:2].upper() if day else None,
    )


Asked = Annotated[filters.Query, Depends(asked)]


def routes(current: Now, find: Find | None, base: str) -> APIRouter:
    """The feed. `current` gives the directory as it is now, `find` the place of a postcode if any are known here."""
    router = APIRouter(responses=documented("validation-failed", "rate-limited", "configuration-missing"))

    @router.get("/", tags=["api"], response_model=ApiDetails, summary="What this API is")
    async def read_api(request: Request) -> Response:
        """Its version and profile of the standard, and where it is described."""
        details: Row = {"version": VERSION, "profile": PROFILE, "openapi_url": f"{base}/openapi.json"}
        return answered(request, details, (await current()).modified)

    _add_services(router, current)
    _add_places(router, current, find)
    _add_terms(router, current)
    return router


def _add_services(router: APIRouter, current: Now) -> None:
    @router.get("/services", tags=["services"], response_model=ServicePage, summary="The services, page by page")
    async def list_services(request: Request, query: Asked, page: Number = 1, per_page: PerPage = PER_PAGE) -> Response:
        """What there is once of each; the rest is with the service itself."""
        now = await current()
        rows = [listed_only(service) for service in now.services if query.asks_for(service)]
        return answered(request, page_of(rows, page, per_page), now.modified)

    @router.get("/services/{id}", tags=["services"], response_model=Service, summary="One service, whole",
                responses=documented("not-found"))  # fmt: skip
    async def read_service(request: Request, id: Uuid) -> Response:  # noqa: A002 - the standard's name
        """With its organisation, hours, areas, places, languages and kinds of help."""
        now = await current()
        return answered(request, _there(now.service(id)), now.modified)


def _add_places(router: APIRouter, current: Now, find: Find | None) -> None:
    @router.get("/service_at_locations", tags=["services"], response_model=LinkedPage,
                summary="The services at places, page by page", responses=documented("postcode-unknown"))  # fmt: skip
    async def list_places(
        request: Request,
        query: Asked,
        postcode: Annotated[str | None, Query(max_length=10, description="They are there for this postcode.")] = None,
        proximity: Annotated[float | None, Query(ge=0, le=1e6, description="They are this near to it, metres.")] = None,
        page: Number = 1,
        per_page: PerPage = PER_PAGE,
    ) -> Response:
        """Services that the public may visit. One at a place without coordinates is near to no postcode."""
        now, spot = await current(), _spot(find, postcode, proximity)
        rows = [
            listed_place(place)
            for place in now.at_locations
            if _asks_for(query, place)
            and (spot is None or is_near(place, spot, now.areas_of(spot.district), proximity))
        ]
        return answered(request, page_of(rows, page, per_page), now.modified)

    @router.get("/service_at_locations/{id}", tags=["services"], response_model=Linked,
                summary="One service at one place", responses=documented("not-found"))  # fmt: skip
    async def read_place(request: Request, id: Uuid) -> Response:  # noqa: A002 - the standard's name
        """The place with its address, and the service whole."""
        now = await current()
        return answered(request, _there(now.at_location(id)), now.modified)


def _add_terms(router: APIRouter, current: Now) -> None:
    @router.get("/taxonomies", tags=["taxonomies"], response_model=LinkedPage, summary="The taxonomies")
    async def list_taxonomies(request: Request, page: Number = 1, per_page: PerPage = PER_PAGE) -> Response:
        """There is one: the kinds of help that people ask for."""
        now = await current()
        return answered(request, page_of([now.taxonomy], page, per_page), now.modified)

    @router.get("/taxonomies/{id}", tags=["taxonomies"], response_model=Linked, summary="One taxonomy",
                responses=documented("not-found"))  # fmt: skip
    async def read_taxonomy(request: Request, id: Uuid) -> Response:  # noqa: A002 - the standard's name
        """What it is."""
        now = await current()
        return answered(request, _there(now.taxonomy if now.taxonomy["id"] == id else None), now.modified)

    @router.get("/taxonomy_terms", tags=["taxonomies"], response_model=LinkedPage, summary="The kinds of help")
    async def list_terms(request: Request, page: Number = 1, per_page: PerPage = PER_PAGE) -> Response:
        """The groups first, then what is in them."""
        now = await current()
        return answered(request, page_of(now.terms, page, per_page), now.modified)

    @router.get("/taxonomy_terms/{id}", tags=["taxonomies"], response_model=Linked, summary="One kind of help",
                responses=documented("not-found"))  # fmt: skip
    async def read_term(request: Request, id: Uuid) -> Response:  # noqa: A002 - the standard's name
        """What it is called, and the group that it is in."""
        now = await current()
        return answered(request, _there(now.term(id)), now.modified)


def _there(row: Row | None) -> Row:
    if row is None:
        raise NotFound("not-found", "There is nothing with this id, or no longer.")
    return row


def _asks_for(query: filters.Query, place: Row) -> bool:
    service = place["service"]
    return isinstance(service, dict) and query.asks_for(service)


def _spot(find: Find | None, postcode: str | None, proximity: float | None) -> Spot | None:
    """Where the postcode is, if one is asked for. Raises Refused, without naming it, where that is not known here."""
    if postcode is None:
        if proximity is None:
            return None
        raise Refused("postcode-unknown", "A proximity needs a postcode.")
    spot = find(postcode) if find is not None else None
    if spot is None:
        raise Refused("postcode-unknown", "This feed does not know that postcode, or has no postcodes loaded.")
    if proximity is not None and spot.latitude is None:
        raise Refused("postcode-unknown", "The postcodes that this feed has loaded have no coordinates.")
    return spot
