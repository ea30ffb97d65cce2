"""A link that opens a place in another browser: good once, and only after a click, for programs look at links too."""

from __future__ import annotations

from html import escape

from anyio import to_thread
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import Route

from studio import Castbook
from ui.language import chosen_language, translations
from ui.who_asks import cookie_of

PATH = "castbook/move"
ASK = "Open your place in this browser? What it had until now stays where it is, and is not shown here any more."
STYLE = (
    "body{font:1.1rem/1.5 system-ui;max-width:32rem;margin:15vh auto;padding:0 1rem}"
    "button{font:inherit;padding:.5em 1em}"
)
VIEWPORT = "<meta name=viewport content='width=device-width'>"
HEAD = f"<meta charset=utf-8>{VIEWPORT}<title>Castbook</title><style>{STYLE}</style>"
GONE = "This link is good no more. Make another one where your place is open."


def moving_routes(castbook: Castbook) -> list[Route]:
    def ask(request: Request) -> Response:
        key = escape(request.query_params.get("key", ""), quote=True)
        button = f"<button>{_said(request, 'Open it')}</button>"
        return _page(request, ASK, f"<form method=post><input type=hidden name=key value='{key}'>{button}</form>")

    async def move(request: Request) -> Response:
        async with request.form(max_fields=1, max_files=0) as form:
            key = str(form.get("key", ""))
        secret = await to_thread.run_sync(castbook.store.keys.move_in, key)
        if secret is None or castbook.entrance.access != "visitors":
            return _page(request, GONE, "", 404)
        return RedirectResponse("../", 303, {"set-cookie": cookie_of(request, secret)})

    return [Route(f"/{PATH}", ask, methods=["GET"]), Route(f"/{PATH}", move, methods=["POST"])]


def _page(request: Request, text: str, form: str, status: int = 200) -> HTMLResponse:
    body = f"<h1>Castbook</h1><p>{_said(request, text)}</p>{form}"
    return HTMLResponse(f"<!doctype html>{HEAD}{body}", status, {"referrer-policy": "no-referrer"})


def _said(request: Request, text: str) -> str:
    first = request.headers.get("accept-language", "").split(",")[0].split("-")[0].strip().lower()
    code = chosen_language(request.headers.get("cookie", "")) or first
    return translations(code).get(text, text) if code == "ko" else text
