"""What other people's sites can do with a Castbook that somebody has open: nothing.

Neither by a name that they let lead to this machine (DNS rebinding), nor by a form or a script that writes here, nor
by a frame around the page. A program that is no browser is not kept out.
"""

from __future__ import annotations

from collections.abc import Sequence
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# Of these no browser makes a document, whatever it finds in them; a page is a hundred of them.
NO_DOCUMENTS = ("application/javascript", "text/javascript", "text/css", "application/json", "font/")
READING = ("GET", "HEAD", "OPTIONS")


def guards(hosts: Sequence[str], frames: Sequence[str]) -> list[Middleware]:
    """`hosts`: the names that the server answers to, "*" for any. `frames`: the sites that may show it in a frame, and
    that it may ask, as Gradio's page on a Space asks Hugging Face how the Space is."""
    return [
        Middleware(SaidToBrowsers, policy="; ".join(_policy(" ".join(["'self'", *frames])))),
        Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts), www_redirect=False),
        Middleware(NoWritesFromElsewhere),
    ]


def _policy(friends: str) -> tuple[str, ...]:
    """Gradio's page has scripts and styles within it, and makes functions from what `js=` says."""
    return (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' 'unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "font-src 'self' data:",
        f"img-src {friends} data: blob:",
        f"connect-src {friends} data: blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "form-action 'self'",
        f"frame-ancestors {friends}",
    )


class SaidToBrowsers:
    """ASGI middleware. What the page may load, who may frame it, and that a file is only what it is called."""

    def __init__(self, app: ASGIApp, policy: str) -> None:
        self._app = app
        self._policy = policy

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                if not headers.get("content-type", "").startswith(NO_DOCUMENTS):
                    headers["content-security-policy"] = self._policy
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        await self._app(scope, receive, send_guarded)


class NoWritesFromElsewhere:
    """ASGI middleware. A browser says where a request comes from: newer ones in Sec-Fetch-Site, all in Origin."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] not in READING and _is_from_elsewhere(Headers(scope=scope)):
            refusal = PlainTextResponse("cross-site write refused", 403)
            await refusal(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _is_from_elsewhere(headers: Headers) -> bool:
    site, origin = headers.get("sec-fetch-site"), headers.get("origin")
    if site:
        return site not in ("same-origin", "none")
    return origin is not None and urlsplit(origin).netloc != headers.get("host")
