"""The pages behind links: answering an offer by its e-mail's, and telling of the work by the one that follows."""

from fastapi import APIRouter, Request
from fastapi.responses import Response

from services.router.pages.answer import AnswerForm
from services.router.pages.frame import LinkPages, Stores
from services.router.pages.progress import ProgressForm
from services.router.pages.words import TEMPLATES
from services.router.use_cases.links import AnswerByLink
from services.router.use_cases.rerouting import PlaceAgain
from shared.clock import Clock
from shared.db import Database
from shared.links import LinkSigner
from shared.pages import renderer

# Programs that look at mail follow links by GET or HEAD.
LOOKING = ["GET", "HEAD"]


def routes(database: Database, stores: Stores, signer: LinkSigner, now: Clock, place_again: PlaceAgain) -> APIRouter:
    """Pages for whoever has a link; no account is needed."""
    router = APIRouter(include_in_schema=False)
    pages = LinkPages(database, stores, signer, now, AnswerByLink(now, place_again), renderer(TEMPLATES))
    answer, progress = AnswerForm(), ProgressForm()

    @router.api_route("/r/{token}", methods=LOOKING)
    async def answer_page(request: Request, token: str) -> Response:
        return await pages.show(request, token, answer)

    @router.post("/r/{token}")
    async def answered(request: Request, token: str) -> Response:
        return await pages.take(request, token, answer)

    @router.api_route("/progress/{token}", methods=LOOKING)
    async def progress_page(request: Request, token: str) -> Response:
        return await pages.show(request, token, progress)

    @router.post("/progress/{token}")
    async def told(request: Request, token: str) -> Response:
        return await pages.take(request, token, progress)

    return router
