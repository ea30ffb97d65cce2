"""The page in a real Chromium, served by this process: on models worked out by eye, or on the embedded pack."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from fakes import FakeFaces, fake_pack
from playwright.sync_api import Browser, ConsoleMessage, Page, expect, sync_playwright
from served import App, PatientGenerator, served

from app import open_castbook
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from settings import Settings
from studio import Castbook, Models

# The shell without windows is the same browser, and loads a page in two thirds of the time.
CHROMIUM = os.environ.get("CASTBOOK_TEST_CHROMIUM") or shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
expect.set_options(timeout=60_000)  # two slow cores, and two tests at work


def is_trouble(line: ConsoleMessage) -> bool:
    """Gradio says it in the console, in two lines, where it gives up loading a component that is no longer wanted."""
    given_up = ("AbortError: signal is aborted", "errored out")
    return line.type == "error" and not any(words in line.text for words in given_up)


@pytest.fixture
def app(store: LibraryStore) -> Iterator[App]:
    """On the fakes, with an empty library."""
    pack, generator = fake_pack(), PatientGenerator()
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(generator, FakeFaces(), pack)))
    with served(castbook) as url:
        yield App(url, castbook.seen_by(LOCAL_OWNER), generator)


@pytest.fixture
def real_app(tmp_path: Path) -> Iterator[App]:
    """On the embedded pack, with an empty library."""
    castbook = open_castbook(Settings(home=tmp_path, pack="paperdoll"))
    castbook.models.get()
    with served(castbook) as url:
        yield App(url, castbook.seen_by(LOCAL_OWNER))
    castbook.store.close()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not Path(CHROMIUM).exists():
        pytest.skip(f"There is no {CHROMIUM}: apt-get install chromium-headless-shell")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Callable[..., Page]]:
    """`visit(app)` opens the page, ready to draw. Afterwards nothing may have gone wrong behind the scenes."""
    visited: list[tuple[App, Page]] = []

    def open_page(app: App, width: int = 1280, query: str = "", locale: str = "en-US") -> Page:
        page = browser.new_context(viewport={"width": width, "height": 900}, locale=locale).new_page()
        page.on("console", lambda line: app.troubles.append(line.text) if is_trouble(line) else None)
        page.on("pageerror", lambda error: app.troubles.append(str(error)))
        page.on("request", lambda request: app.troubles.append(request.url) if _is_foreign(request.url) else None)
        page.goto(app.url + query)
        expect(page.locator("#new-create")).to_be_enabled(timeout=60_000)
        expect(page.locator(".face, #cast-empty").first).to_be_attached()  # a link may have led to the library
        visited.append((app, page))
        return page

    yield open_page
    for app, page in visited:
        said = list(app.troubles)
        page.context.close()
        app.troubles[:] = said  # what was still being fetched when a page is closed is no trouble
        assert said == []


def _is_foreign(url: str) -> bool:
    return not url.startswith(("http://127.0.0.1:", "data:", "blob:"))
