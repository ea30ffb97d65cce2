"""Another site in the same browser: it cannot frame the page, and what it sends is not done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from playwright.sync_api import Browser
from served import App

SITE = """<iframe src="{url}"></iframe>
<script>
const sent = fetch("{url}gradio_api/call/create_project", {{
  method: "POST", mode: "no-cors", body: '{{"data": ["Theirs"]}}',
}});
const read = fetch("{url}config").then(() => "read", () => "refused");
Promise.all([sent, read]).then(([, got]) => (document.title = got));
</script>"""


@contextmanager
def another_site(page: str) -> Iterator[str]:
    class Answer(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "text/html")
            self.end_headers()
            self.wfile.write(page.encode())

        def log_message(self, *_: object) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Answer)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://evil.localhost:{server.server_port}/"  # to Chromium this machine, and another site
    server.shutdown()
    server.server_close()


def test_another_site_neither_frames_nor_reads_nor_writes(app: App, browser: Browser) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda line: said.append(line.text))
    with another_site(SITE.format(url=app.url)) as url:
        page.goto(url)
        page.wait_for_function("document.title")
    assert page.title() == "refused"
    assert [line for line in said if "frame-ancestors" in line]
    assert "Theirs" not in [project.name for project in app.studio.library.list_projects()]
    page.close()
