"""A link that lets somebody into a project of another's: good once, and only after a click."""

from __future__ import annotations

from urllib.parse import urlencode

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from errors import NobodyKnown, NotFound
from studio import Castbook
from ui.language import say
from ui.plain_page import form, hidden, in_their_language, paragraph, plain_page
from ui.sign_in import LOGIN
from ui.who_asks import cookie_of, visitor_of

PATH = "castbook/invitation"
ASK = "Somebody lets you into a project of theirs. It will stand among yours, marked as theirs; you can leave it again."
GONE = "This invitation is good no more: it was used, taken back, or is older than a week. Ask for another one."


def invitation_routes(castbook: Castbook) -> list[Route]:
    def let_in(request: Request, key: str) -> str:
        """The project's first story, if there is one. Raises NobodyKnown, and NotFound for an invitation that is good
        no more."""
        library = castbook.store.seen_by(visitor_of(castbook, request))
        stories = library.list_stories(library.guests.accept(key).id)
        return stories[0].id if stories else ""

    @in_their_language
    async def ask(request: Request) -> Response:
        key = request.query_params.get("key", "")
        if castbook.entrance.access == "accounts":
            try:
                await to_thread.run_sync(visitor_of, castbook, request)
            except NobodyKnown:
                login = LOGIN.removeprefix("castbook/")
                return RedirectResponse(f"{login}?{urlencode({'invitation': key})}", 303)
        page = plain_page(paragraph(say(ASK)), form(say("Let me in"), hidden("key", key)))
        if castbook.entrance.access == "visitors":
            page.headers.append("set-cookie", cookie_of(request))
        return page

    @in_their_language
    async def accept(request: Request) -> Response:
        async with request.form(max_fields=1, max_files=0) as sent:
            key = str(sent.get("key", ""))
        try:
            story = await to_thread.run_sync(let_in, request, key)
        except (NobodyKnown, NotFound):
            return plain_page(paragraph(say(GONE)), status=404)
        return RedirectResponse(f"../?{urlencode({'story': story})}" if story else "../", 303)

    return [Route(f"/{PATH}", ask, methods=["GET"]), Route(f"/{PATH}", accept, methods=["POST"])]
