"""What is asked of a server by machines that watch it: whether it lives, whether it can draw, and its figures."""

from __future__ import annotations

from fastapi import FastAPI, Response
from fastapi.responses import JSONResponse
from prometheus_client import CONTENT_TYPE_LATEST

from errors import LibraryUnavailable
from studio import Castbook


def add_health(app: FastAPI, castbook: Castbook, metrics: bool = False) -> None:
    """Beside Gradio's own routes. Nothing of what is kept, and no path, is said in any."""

    def healthz() -> JSONResponse:
        return JSONResponse({"status": "ok"})

    def readyz() -> JSONResponse:
        """503 until the models are loaded, and while database or pictures cannot be reached."""
        states = {"models": _models(castbook), "library": _library(castbook)}
        return JSONResponse(states, 200 if set(states.values()) == {"ready"} else 503)

    def figures() -> Response:
        return Response(castbook.metrics.text(), media_type=CONTENT_TYPE_LATEST)

    routes = {"/healthz": healthz, "/readyz": readyz} | ({"/metrics": figures} if metrics else {})
    for path, answer in routes.items():
        app.add_api_route(path, answer, include_in_schema=False)


def _models(castbook: Castbook) -> str:
    return "ready" if castbook.models.ready else "failed" if castbook.models.failure else "loading"


def _library(castbook: Castbook) -> str:
    try:
        castbook.store.check_reachable()
    except LibraryUnavailable:
        return "unavailable"
    return "ready"
