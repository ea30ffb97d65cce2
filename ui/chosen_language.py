"""The page in the language that was chosen on it, whatever the browser's is.

Gradio asks the browser for its language before any script of a page's own is run, and takes no other answer. So what
it asks is answered in the page's first line.
"""

from __future__ import annotations

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.language import chosen_language


class ChosenLanguage:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_page = scope["type"] == "http" and scope["path"].endswith("/")
        code = chosen_language(Headers(scope=scope).get("cookie", "")) if is_page else None
        if code is None:
            await self._app(scope, receive, send)
            return
        answer = f'<head><script>Object.defineProperty(navigator, "language", {{ value: "{code}" }})</script>'.encode()

        async def send_answered(message: Message) -> None:
            if message["type"] == "http.response.start":
                del MutableHeaders(scope=message)["content-length"]
            elif b"<head>" in message.get("body", b""):
                message["body"] = message["body"].replace(b"<head>", answer, 1)
            await send(message)

        await self._app(scope, receive, send_answered)
