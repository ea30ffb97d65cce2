"""Where a test's own server listens: several tests serve at once, and Gradio's search for a port would meet.

Gradio asks its own server for the page before `launch` returns, and gives up after three seconds. Beside other tests it
may take longer; the tests ask for the page themselves.
"""

from __future__ import annotations

import socket
from typing import Any


def listening() -> dict[str, Any]:
    """For `launch`: this machine alone, at a port that nobody else has."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return {"server_name": "127.0.0.1", "server_port": free.getsockname()[1], "quiet": True, "_frontend": False}
