"""The page as it goes out, and what goes out beside it."""

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse, StreamingResponse
from starlette.routing import Route
from starlette.testclient import TestClient

from ui.outgoing import Compressed, LeanPage

WORDS = "<head></head> a webtoon " * 100


def answered(path: str, **headers: str):
    async def page(_):
        return HTMLResponse(WORDS)

    async def events(_):
        return StreamingResponse(iter([f"data: {WORDS}\n\n"]), media_type="text/event-stream")

    routes = [Route("/", page), Route("/gradio_api/mcp/", events)]
    app = Starlette(routes=routes, middleware=[Middleware(Compressed), Middleware(LeanPage)])
    return TestClient(app).get(path, headers={"accept-encoding": "br, gzip", **headers})


def test_the_page_is_compressed_and_says_its_language_before_any_script_asks():
    page = answered("/", **{"accept-language": "ko"})
    assert page.headers["content-encoding"] == "br"
    assert page.text.startswith('<head><script>Object.defineProperty(navigator, "language", { value: "ko" })</script>')


def test_a_stream_whose_address_ends_as_the_pages_does_is_let_alone():
    stream = answered("/gradio_api/mcp/")
    assert "content-encoding" not in stream.headers
    assert stream.text == f"data: {WORDS}\n\n"


@pytest.mark.parametrize("asked", ["gzip, br;q=0", "br;q=0.0", "zebra", ""])
def test_who_does_not_take_brotli_gets_none(asked: str):
    assert answered("/", **{"accept-encoding": asked}).headers.get("content-encoding") != "br"
    assert answered("/", **{"accept-encoding": "gzip;q=0.5,br;q=0.8"}).headers["content-encoding"] == "br"
