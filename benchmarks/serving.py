"""`python app.py` on a home of its own, as somebody starts it."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.error import URLError

ROOT = Path(__file__).parent.parent


@contextmanager
def serving_empty() -> Generator[str, None, None]:
    """The address, as soon as a page is served there."""
    with tempfile.TemporaryDirectory() as home, serving(Path(home)) as (url, _):
        yield url


@contextmanager
def serving(home: Path) -> Generator[tuple[str, int], None, None]:
    """The address, as soon as a page is served there, and the server's process id."""
    with served([sys.executable, "app.py"], home) as found:
        yield found


@contextmanager
def served(command: list[str], home: Path) -> Generator[tuple[str, int], None, None]:
    """The same of any command that starts Gradio, in the project's folder."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = os.environ | {
        "CASTBOOK_HOME": str(home),
        "GRADIO_SERVER_NAME": "127.0.0.1",
        "GRADIO_SERVER_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "GRADIO_TEMP_DIR": str(Path(home, "gradio")),
    }
    server = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        url = f"http://127.0.0.1:{port}/"
        _wait_for(url, server)
        yield url, server.pid
    finally:
        server.terminate()
        server.wait()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    while server.poll() is None:
        with suppress(URLError, ConnectionError, TimeoutError), urllib.request.urlopen(url, timeout=5) as page:
            if page.status == 200 and b"gradio" in page.read():
                return
        time.sleep(0.05)
    raise SystemExit("The server ended before it served a page; run app.py to see why.")
