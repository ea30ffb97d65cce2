"""Files of Castbook's own that the page fetches: its fonts, cut to Latin letters, and a picture of the first cast."""

from __future__ import annotations

from pathlib import Path

from starlette.routing import Mount
from starlette.staticfiles import StaticFiles

FOLDER = Path(__file__).parent / "files"
ADDRESS = "castbook/files"  # from the page; page.css says it too


def own_files() -> Mount:
    return Mount(f"/{ADDRESS}", StaticFiles(directory=FOLDER))


def address_of(name: str) -> str:
    return f"{ADDRESS}/{name}"
