"""`python -m benchmarks library`: how quick the page is with ten thousand characters of three pictures, in Chromium.

Each figure is from the click or key to the last thumbnail in the document, measured in the page itself.
"""

from __future__ import annotations

import tempfile
from pathlib import Path

from playwright.sync_api import Page, expect, sync_playwright

from benchmarks.first_visit import CHROMIUM, FLAGS
from benchmarks.make_library import fill_project
from benchmarks.serving import serving
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from settings import Settings

RUNS = 3
MEASURE = """async ([action, done]) => {
  const until = new Function(`return ${done}`), started = performance.now();
  new Function(action)();
  while (!until()) {
    if (performance.now() - started > 20000) throw new Error(`still not: ${done}`);
    await new Promise((next) => setTimeout(next, 4));
  }
  return performance.now() - started;
}"""
WRITE = """const field = document.querySelector('#people-search input, #people-search textarea');
field.value = {words!r}; field.dispatchEvent(new Event('input', {{ bubbles: true }}));"""
EXTENT = "document.querySelector('#people-extent')?.innerText"
SHOWN = "[...document.querySelectorAll('{gallery} .thumbnail-item')].filter(each => each.offsetParent).length >= 60"


def main(characters: int) -> None:
    with tempfile.TemporaryDirectory() as home:
        settings = Settings(home=Path(home))
        store = LibraryStore.open(settings.resolved_database_url, settings.resolved_pictures)
        fill_project(store.seen_by(LOCAL_OWNER), settings.resolved_database_url, characters, seed=0)
        store.close()
        with serving(settings.home) as (url, pid), sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
            page.goto(url)
            expect(page.locator("#new-create")).to_be_enabled(timeout=120_000)
            page.wait_for_timeout(3000)
            print(f"{characters:,} characters, 3 pictures each; milliseconds at the browser")
            for name, bar, milliseconds in _figures(page):
                print(f"{name}: {milliseconds:.0f} ms (bar: {bar} ms)")
            print(f"the server's memory: {_resident(pid):.0f} MB, the models' included")
            browser.close()


def _figures(page: Page) -> list[tuple[str, int, float]]:
    """Name, bar and milliseconds."""

    def measured(action: str, done: str) -> float:
        return float(page.evaluate(MEASURE, [action, done]))

    def click(selector: str) -> str:
        return f"document.querySelector({selector!r}).click()"

    tabs = "#views [role=tab]"

    def turn_to(tab: int) -> str:
        return f"document.querySelectorAll({tabs!r})[{tab}].click()"

    opened = [
        (measured(turn_to(1), SHOWN.format(gallery="#people-gallery")),
         measured(turn_to(0), "document.querySelector('#cast').offsetParent"))[0]
        for _ in range(RUNS)
    ]  # fmt: skip
    page.click(f"{tabs} >> nth=1")
    page.wait_for_timeout(1000)  # a tab that is turned to lists itself anew
    turned = [measured(click("#people-after"), f"{EXTENT}.startsWith('{60 * i + 61}–')") for i in range(RUNS)]
    words = ("서연", "raincoat", "형사 비를")
    searched = []
    for each in words:
        searched.append(measured(WRITE.format(words=each), f"!{EXTENT}.endsWith('of 10,000')"))
        measured(WRITE.format(words=""), f"{EXTENT}.endsWith('of 10,000')")
    page.wait_for_timeout(1000)  # what is clicked while the list changes under it is nobody
    page.locator("#people-gallery .thumbnail-item").first.click()
    expect(page.locator("#character-page")).to_be_visible()
    page.wait_for_timeout(2000)  # for the whole of their page
    faces = []
    for _ in range(RUNS):
        alike = "document.querySelector('#people-gallery .caption-label').innerText.includes('1.00')"
        faces.append(measured(click("#character-alike"), alike))
        measured(click("#people-everyone"), f"!({alike})")
    page.click(f"{tabs} >> nth=0")
    popup = []
    for _ in range(RUNS):
        popup.append(measured(click("#load-character"), SHOWN.format(gallery="#library-gallery")))
        measured(click("#library-close"), "!document.querySelector('.popup')")
    return [
        ("library page, the first time", 300, opened[0]),
        ("library page", 300, min(opened)),
        ("next page", 300, min(turned)),
        ("word search", 300, max(searched)),
        ("face search, the first one", 300, faces[0]),
        ("face search", 300, min(faces)),
        ("popup", 400, min(popup)),
    ]


def _resident(pid: int) -> float:
    """MB, of the server's process (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
