"""A link that opens a place in another browser: good once, and only after a click, for programs look at links too."""

from __future__ import annotations

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from studio import Castbook
from ui.language import say
from ui.plain_page import form, hidden, in_their_language, paragraph, plain_page
from ui.who_asks import cookie_of

PATH = "castbook/move"
ASK = "Open your place in this browser? What it had until now stays where it is, and is not shown here any more."
GONE = "This link is good no more. Make another one where your place is open."


def moving_routes(castbook: Castbook) -> list[Route]:
    @in_their_language
    async def ask(request: Request) -> Response:
        key = hidden("key", request.query_params.get("key", ""))
        return plain_page(paragraph(say(ASK)), form(say("Open it"), key))

    @in_their_language
    async def move(request: Request) -> Response:
        async with request.form(max_fields=1, max_files=0) as sent:
            key = str(sent.get("key", ""))
        secret = await to_thread.run_sync(castbook.store.keys.move_in, key)
        if secret is None or castbook.entrance.access != "visitors":
            return plain_page(paragraph(say(GONE)), status=404)
        return RedirectResponse("../", 303, {"set-cookie": cookie_of(request, secret)})

    return [Route(f"/{PATH}", ask, methods=["GET"]), Route(f"/{PATH}", move, methods=["POST"])]
