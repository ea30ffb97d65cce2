"""The page as it goes out: in one language, without what it has no use for, and compressed.

Gradio asks the browser for its language before any script of a page's own is run, and takes no other answer. So what
it asks is answered in the page's first line. And it would send everybody the sentences of all languages, what every
endpoint takes, which its page about the API asks for once more, and all of it as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from typing import Any, cast

from gradio import brotli_middleware, routes
from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.language import LANGUAGES, i18n, language_of

gradio_routes, gradio_brotli = cast(Any, routes), cast(Any, brotli_middleware)  # half untyped
LEAST = 500  # bytes; what is less is not compressed
QUALITY = 5  # a tenth smaller than with 4, in as much time
VERSIONED = re.compile(r"(/.*)?/assets/[\w.-]+-[\w-]{8}\.(js|css)$")
SCRIPTS = (".js", ".css")
TAKES_BROTLI = re.compile(r"(?:^|,)\s*br\s*(?:$|,|;\s*q=(?!0(?:\.0*)?\s*(?:$|,)))")
ENDPOINTS = re.compile(rb"window\.gradio_api_info = \{.*?;</script>", re.DOTALL)
NO_ENDPOINTS = b'window.gradio_api_info = {"named_endpoints":{},"unnamed_endpoints":{}};</script>'


class LeanPage:
    """ASGI middleware: the page in one language, as it was chosen there or else as the browser asks."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if not _is_page(scope):
            await self._app(scope, receive, send)
            return
        code = language_of(Headers(scope=scope))

        async def send_lean(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)["content-length"]
            else:
                message["body"] = _lean(message.get("body", b""), code)
            await send(message)

        await self._app(scope, receive, send_lean)


class Compressed:
    """ASGI middleware. Brotli for the page, which says again and again what it said, and for its scripts; gzip, which
    knows what a stream of events is, for what is answered later."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app
        self._gzip = GZipMiddleware(app, minimum_size=LEAST, compresslevel=5)
        self._scripts: dict[str, Sequence[Message]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        path = str(scope["path"]) if scope["type"] == "http" and scope["method"] == "GET" else ""
        is_text = _is_page(scope) or path.endswith(SCRIPTS)
        if not path or not is_text or not TAKES_BROTLI.search(Headers(scope=scope).get("accept-encoding", "")):
            await self._gzip(scope, receive, send)
        elif VERSIONED.match(path):
            await self._send_script(path, scope, receive, send)
        else:
            await self._brotli(scope, receive, send)

    async def _brotli(self, scope: Scope, receive: Receive, send: Send) -> None:
        text, window, block = gradio_brotli.Mode.text, 22, 0
        answer = gradio_brotli.BrotliResponder(self._app, QUALITY, text, window, block, LEAST)
        await answer(scope, receive, send)

    async def _send_script(self, path: str, scope: Scope, receive: Receive, send: Send) -> None:
        """Sixty of them make a page: each is read and compressed once, and browsers keep it."""
        answer = self._scripts.get(path)
        if answer is None:
            answer = list[Message]()

            async def hear(message: Message) -> None:
                answer.append(message)

            await self._brotli(scope, receive, hear)
            if answer[0]["status"] == 200:
                MutableHeaders(scope=answer[0])["cache-control"] = "public, max-age=31536000, immutable"
                self._scripts[path] = answer
        for message in answer:
            await send({**message, "headers": [*message["headers"]]} if "headers" in message else dict(message))


def _is_page(scope: Scope) -> bool:
    """And no stream, such as the tools', whose address ends in a / too."""
    return scope["type"] == "http" and str(scope["path"]).removeprefix(scope.get("root_path", "")) in ("", "/")


def _lean(page: bytes, code: str) -> bytes:
    answer = f'<head><script>Object.defineProperty(navigator, "language", {{ value: "{code}" }})</script>'.encode()
    page = page.replace(b"<head>", answer, 1).replace(_sentences(("en", *LANGUAGES)), _sentences((code,)), 1)
    return ENDPOINTS.sub(NO_ENDPOINTS, page, count=1)


@cache
def _sentences(codes: Sequence[str]) -> bytes:
    """As they stand in Gradio's page."""
    return gradio_routes.toorjson({code: i18n().translations_dict[code] for code in codes}).encode()
