"""Each request gets a number, which its answer says and all that is logged for it; when it ends, a line of its own.

The line says which route it was, never the path: people's files, ids and secrets are in those.
"""

from __future__ import annotations

import logging
import time
from typing import Any
from uuid import uuid4

from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from logs import OURS, REQUEST

logger = logging.getLogger(OURS)
HEADER = "x-request-id"
ID, ROUTE = "castbook.request", "castbook.route"  # in a request's scope
METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")


def request_id(request: HTTPConnection | None) -> str:
    """Empty for what has passed no `RequestLog`."""
    return str(request.scope.get(ID, "")) if request else ""


class RequestLog:
    """ASGI middleware, the first of all."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        number, route, status, begun = uuid4().hex, dict[str, str](), 0, time.perf_counter()

        async def send_numbered(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                MutableHeaders(scope=message)[HEADER] = number
            await send(message)

        token = REQUEST.set(number)
        try:
            await self._app({**scope, ID: number, ROUTE: route}, receive, send_numbered)
        finally:
            about = {
                "event": "request",
                "method": scope["method"] if scope["method"] in METHODS else "another",
                "route": route.get("path", "none"),
                "status": status,
                "seconds": round(time.perf_counter() - begun, 3),
            }
            logger.info("request: %s", status, extra=about)
            REQUEST.reset(token)


class Routed:
    """ASGI middleware, the last of all: tells the first which route it was."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            await self._app(scope, receive, send)
        finally:
            route: Any = scope.get("route")  # FastAPI's; Starlette's own say no more than what answered
            if route is not None:
                scope[ROUTE]["path"] = str(route.path)
            elif "endpoint" in scope and not scope.get("path_params"):
                scope[ROUTE]["path"] = str(scope["path"])  # as the program has it, for there is nothing to fill in
