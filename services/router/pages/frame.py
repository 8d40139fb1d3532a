"""What the pages behind links have in common: looking changes nothing, and to answer takes the press of a button."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response

from services.router.domain.assignment import UNDER_WAY
from services.router.domain.county import County
from services.router.domain.links import Purpose, Standing
from services.router.pages.outcome import outcome
from services.router.pages.words import line
from services.router.ports import Transaction
from services.router.use_cases.links import Answer, AnswerByLink, LookAtLink, Seen
from shared.clock import Clock
from shared.db import Database
from shared.db import Transaction as DatabaseTransaction
from shared.errors import NotFound, Refused
from shared.links import Link, LinkSigner
from shared.pages import Render, form_of

Stores = Callable[[DatabaseTransaction], Transaction]
# Search engines must not keep what they find.
HEADERS = {"X-Robots-Tag": "noindex, nofollow"}
LOOKED_AT = {
    Standing.OPEN: HTTPStatus.OK,
    Standing.SETTLED: HTTPStatus.OK,
    Standing.EXPIRED: HTTPStatus.GONE,
    Standing.REVOKED: HTTPStatus.GONE,
}
# Whatever was sent there was not done.
SENT_IN_VAIN = LOOKED_AT | dict.fromkeys((Standing.OPEN, Standing.SETTLED), HTTPStatus.CONFLICT)
PATHS: Mapping[str, str] = {Purpose.ANSWER: "/r", Purpose.PROGRESS: "/progress"}


@dataclass(frozen=True, slots=True)
class Error:
    """What is missing: the id of the first control of its field, and what to do about it."""

    field: str
    words: str


@dataclass(frozen=True, slots=True)
class Reading:
    """What a form says: an answer, or the errors in its place. `version` is the one it was given to, None is any."""

    answer: Answer | None
    errors: Sequence[Error] = ()
    version: int | None = None


class Form(Protocol):
    """A page with forms that links of one purpose lead to."""

    @property
    def purpose(self) -> Purpose: ...
    @property
    def template(self) -> str: ...
    @property
    def changed(self) -> Error:
        """What to say where that which was sent no longer goes with what stands."""

    def values(self, link: Link, seen: Seen, county: County, now: Clock) -> Mapping[str, object]:
        """What the template needs besides what every page gets."""

    def read(self, form: Mapping[str, str], seen: Seen, county: County) -> Reading:
        """What somebody sent."""


@dataclass(frozen=True, slots=True)
class LinkPages:
    """Shows and takes the forms behind links. A token is all that anybody needs, so it is never logged."""

    database: Database
    stores: Stores
    signer: LinkSigner
    now: Clock
    answer: AnswerByLink
    render: Render

    async def show(self, request: Request, token: str, form: Form) -> Response:
        """The page of a link."""
        return await self._as_it_stands(request, token, form, LOOKED_AT)

    async def take(self, request: Request, token: str, form: Form) -> Response:
        """Take what somebody sent; on to a page that can be loaded again, or back to what is missing or was decided."""
        sent = await form_of(request)
        try:
            async with self.database.begin(request.state.origin) as transaction:
                tx = self.stores(transaction)
                county = await tx.county()
                found = await self._found(tx, token, form)
                if found is None:
                    return self._unknown(county)
                link, seen = found
                read, is_so = form.read(sent, seen, county), False
                if read.answer is not None:
                    seen, is_so = await self.answer(tx, link, read.answer, read.version)
        except Refused:
            # Nothing of it was kept, so what stands is looked up anew.
            return await self._as_it_stands(request, token, form, SENT_IN_VAIN, errors=(form.changed,), chosen=sent)
        if is_so:
            return RedirectResponse(self._progress(link, seen) or request.url.path, HTTPStatus.SEE_OTHER, HEADERS)
        if seen.standing is not Standing.OPEN:
            return self._outcome(link, seen, county, SENT_IN_VAIN[seen.standing])
        status = HTTPStatus.UNPROCESSABLE_ENTITY if read.errors else HTTPStatus.CONFLICT
        return self._form(form, token, (link, seen, county), status, errors=read.errors or (form.changed,), chosen=sent)

    async def _as_it_stands(
        self, request: Request, token: str, form: Form, statuses: Mapping[Standing, int], **sent: object
    ) -> Response:
        async with self.database.begin(request.state.origin) as transaction:
            tx = self.stores(transaction)
            county = await tx.county()
            found = await self._found(tx, token, form)
        if found is None:
            return self._unknown(county)
        link, seen = found
        if seen.standing is not Standing.OPEN:
            return self._outcome(link, seen, county, statuses[seen.standing])
        return self._form(form, token, (link, seen, county), statuses[Standing.OPEN], **sent)

    async def _found(self, tx: Transaction, token: str, form: Form) -> tuple[Link, Seen] | None:
        try:
            link = self.signer.read(token, form.purpose)
            return link, await LookAtLink(self.now)(tx, link)
        except NotFound:
            return None

    def _form(self, form: Form, token: str, of: tuple[Link, Seen, County], status: int, **sent: object) -> HTMLResponse:
        link, seen, county = of
        common = {"reference": seen.offer.reference, "action": f"{PATHS[form.purpose]}/{token}", **line(county)}
        values = {"errors": (), "chosen": {}, **form.values(link, seen, county, self.now), **sent}
        return self._page(form.template, common | values, status)

    def _outcome(self, link: Link, seen: Seen, county: County, status: int) -> HTMLResponse:
        """What was decided, and where it goes on for whoever may still use the link."""
        values = {"reference": seen.offer.reference, **line(county), **outcome(link, seen, county)}
        return self._page("link-outcome.html", values | {"progress": self._progress(link, seen)}, status)

    def _progress(self, link: Link, seen: Seen) -> str | None:
        """Where the work is told of, None where it cannot be by whoever has `link`."""
        if seen.standing is not Standing.SETTLED or seen.offer.state not in UNDER_WAY:
            return None
        return f"{PATHS[Purpose.PROGRESS]}/{self.signer.sign(seen.progress(link))}"

    def _unknown(self, county: County) -> HTMLResponse:
        """There is no such link, or somebody changed it."""
        return self._page("link-unknown.html", line(county), HTTPStatus.NOT_FOUND)

    def _page(self, template: str, values: Mapping[str, object], status: int) -> HTMLResponse:
        page = self.render(template, values)
        page.status_code = int(status)
        page.headers.update(HEADERS)
        return page
