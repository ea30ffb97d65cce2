"""`python -m benchmarks page`: how heavy and how quick the Story page is, in Chromium.

The first load beside a bare Gradio page's of the same run, the largest paint, what is shifted, and how soon another
story, or a large one, is there.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import gradio as gr
from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright

from benchmarks.first_visit import CHROMIUM, FLAGS
from benchmarks.serving import serving
from library_store.library import CharacterLibrary
from library_store.records import LOCAL_OWNER, NewPicture
from library_store.store import LibraryStore
from settings import Settings
from ui.story.stream import RUNS as RUNS_SHOWN

RUNS, TURNS, CAST, MANY = 3, 6, 5, 500
TILE, FIND = "#stream .tile", "#rail-faces input[type=search]"
WRITE = f"""const find = document.querySelector('{FIND}');
  find.value = 'Crowd {MANY // 2}';
  find.dispatchEvent(new Event('input', {{ bubbles: true }}));"""
SETTLES = 3000  # milliseconds; the network is never idle, for a page that is open is told what happens
PICTURES = 4  # of each character
SEEN = """() => {
  window.seen = { shift: 0, paint: 0 };
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) if (!each.hadRecentInput) window.seen.shift += each.value;
  }).observe({ type: 'layout-shift', buffered: true });
  new PerformanceObserver((list) => {
    for (const each of list.getEntries()) window.seen.paint = each.startTime;
  }).observe({ type: 'largest-contentful-paint', buffered: true });
}"""
# Milliseconds from the act until as many of these stand on the page as are meant, `name` among them, each picture that
# is in sight loaded, and painted.
SHOWN = """async ([act, selector, count, name]) => {
  const there = () => {
    const all = [...document.querySelectorAll(selector)].filter((each) => each.offsetParent);
    const inSight = (each) => {
      const { top, bottom } = each.getBoundingClientRect();
      return bottom > 0 && top < innerHeight;
    };
    const said = (each) => (each.getAttribute('aria-label') ?? each.textContent).includes(name);
    return all.length === count && all.some(said) &&
      all.filter(inSight).flatMap((each) => [...each.querySelectorAll('img')]).every((each) => each.complete);
  };
  const started = performance.now();
  new Function(act)();
  while (!there()) {
    if (performance.now() - started > 120000) throw new Error('it was never there');
    await new Promise((next) => setTimeout(next, 4));
  }
  await new Promise(requestAnimationFrame);
  return performance.now() - started;
}"""


def main() -> None:
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        settings = Settings(home=Path(home))
        store = LibraryStore.open(settings.resolved_database_url, settings.resolved_pictures)
        _fill(store.seen_by(LOCAL_OWNER))
        store.close()
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        with _bare() as url:
            bare, bare_seen = _loaded(browser, url, "button")
        with serving(settings.home) as (url, _):
            loads = [_loaded(browser, url, "#composer") for _ in range(RUNS)]
            weight = median(bytes_ for bytes_, _ in loads)
            print(f"first load: {_kb(weight)}, a bare page {_kb(bare)} (bar: {_kb(bare + 150_000)}), pictures apart")
            paint = median(seen["paint"] for _, seen in loads)
            print(f"largest paint: {paint:.0f} ms, the bare page's {bare_seen['paint']:.0f} ms (bar: 1,500 ms)")
            print(f"layout shift: {median(seen['shift'] for _, seen in loads):.3f} (bar: 0.05)")
            page = _opened(browser, url)
            turns = [_turn(page, f"Story {2 + i % 2}", f"Person {2 + i % 2}.0", CAST * PICTURES) for i in range(TURNS)]
            print(f"another story of {CAST} people: {median(turns):.0f} ms (bar: 250 ms)")
            print(f"a story of {MANY}, its newest: {_turn(page, 'Crowd', 'Crowd', RUNS_SHOWN):.0f} ms")
            found = _timed(page, WRITE, ".face", 1, f"Crowd {MANY // 2}")
            print(f"one of {MANY} found in the cast: {found:.0f} ms")
            page.locator(FIND).fill("")
            shown = _timed(page, "document.querySelector('.more').click()", TILE, MANY, "Crowd 0")
            looked = _timed(page, "document.querySelectorAll('#stream .tile')[9].click()", "#looked-at h3", 1, "Crowd")
            print(f"all of them: {shown:.0f} ms, one of them chosen then: {looked:.0f} ms (bar: 1,000 ms)")
        browser.close()


def _fill(library: CharacterLibrary) -> None:
    """A first story with a cast, two more to turn between, and one with a crowd."""
    first = library.ensure_a_story()
    stories = [first, *(library.create_story(first.project_id, f"Story {number}") for number in (2, 3))]
    for number, story in enumerate(stories, 1):
        for person in range(CAST):
            shades = [NewPicture(_picture(number * 90 + person * 9 + i), "generated") for i in range(PICTURES)]
            library.create_character(story.id, f"Person {number}.{person}", shades, "generated", "woman, bob hair")
    crowd = library.create_story(first.project_id, "Crowd")
    for person in range(MANY):
        library.create_character(crowd.id, f"Crowd {person}", [NewPicture(_picture(person), "generated")], "generated")
    for story in (*stories, crowd):  # each was looked at once: it has its thumbnail
        library.get_thumbnail_paths(
            [option.image.id for member in library.list_cast(story.id) for option in member.options]
        )


def _picture(shade: int) -> Image.Image:
    return Image.effect_noise((256, 256), 20 + shade % 200).convert("RGB")


@contextmanager
def _bare() -> Generator[str, None, None]:
    """A page of a text and a button, served as Castbook's is."""
    with gr.Blocks() as demo:
        gr.Textbox()
        gr.Button()
    _, url, _ = demo.launch(prevent_thread_lock=True, quiet=True, ssr_mode=False, run_history=False)
    yield url
    demo.close()


def _opened(browser: Browser, url: str) -> Page:
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.goto(url)
    expect(page.locator(TILE).first).to_be_visible(timeout=120_000)
    page.wait_for_timeout(SETTLES)
    return page


def _loaded(browser: Browser, url: str, ready: str) -> tuple[int, dict[str, float]]:
    """The bytes that came over the line, pictures apart, and what the browser saw, in a profile of its own."""
    page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
    page.add_init_script(f"({SEEN})()")
    weight, client, pictures = 0, page.context.new_cdp_session(page), set[str]()
    client.send("Network.enable")  # pyright: ignore[reportUnknownMemberType]

    def answered(event: dict[str, Any]) -> None:
        if event["type"] in ("Image", "Media"):
            pictures.add(event["requestId"])

    def finished(event: dict[str, Any]) -> None:
        nonlocal weight
        weight += 0 if event["requestId"] in pictures else int(event["encodedDataLength"])

    client.on("Network.responseReceived", answered)
    client.on("Network.loadingFinished", finished)
    page.goto(url)
    expect(page.locator(ready).first).to_be_visible(timeout=120_000)
    page.wait_for_timeout(SETTLES)
    seen = page.evaluate("() => window.seen")
    page.context.close()
    return weight, seen


def _turn(page: Page, story: str, name: str, tiles: int) -> float:
    """To another story, as by the list of them, which is open already."""
    page.locator("#story input").click()
    expect(page.get_by_role("option", name=story, exact=True)).to_be_visible()
    act = (
        "[...document.querySelectorAll('[role=option]')].find((each) => each.innerText.trim().endsWith("
        f"{story!r})).dispatchEvent(new MouseEvent('mousedown', {{ bubbles: true }}))"
    )
    return _timed(page, act, TILE, tiles, name)


def _timed(page: Page, act: str, selector: str, count: int, name: str) -> float:
    return float(page.evaluate(SHOWN, [act, selector, count, name]))


def _kb(weight: float) -> str:
    return f"{weight / 1000:,.0f} KB"
