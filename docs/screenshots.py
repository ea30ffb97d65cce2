"""`make screenshots`: the README's pictures, of the real page on the embedded pack, in Debian's Chromium."""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), *(str(HERE.parent / "tests" / name) for name in ("", "browser"))]

from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402
from served import served  # noqa: E402
from test_page import choose, create, new_story, save, write  # noqa: E402

from app import open_studio  # noqa: E402
from settings import Settings  # noqa: E402

NARROW, DARK = 390, "?__theme=dark"
VIEWS = {"page": (1280, ""), "page-dark": (1280, DARK), "phone": (NARROW, ""), "phone-dark": (NARROW, DARK)}


def main() -> None:
    expect.set_options(timeout=180_000)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        studio = open_studio(Settings(home=Path(home), pack="paperdoll"))
        studio.models.get()
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=flags)
        with served(studio) as url:
            _fill(_open(browser, url, *VIEWS["page"]))
            for name, (width, query) in VIEWS.items():
                page = _open(browser, url, width, query)
                page.screenshot(path=HERE / f"{name}.png", full_page=width == NARROW)
                if name == "page":
                    page.click("#load-character")
                    expect(page.locator("#library-gallery .thumbnail-item")).to_have_count(2)
                    page.wait_for_timeout(600)  # until the popup has faded in
                    page.screenshot(path=HERE / "library.png")
        browser.close()
        studio.library.close()


def _open(browser: Browser, url: str, width: int, query: str) -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}).new_page()
    page.goto(url + query)
    expect(page.locator("#new-create")).to_be_enabled()
    expect(page.locator(".card, #cast-empty").first).to_be_visible()
    return page


def _fill(page: Page) -> None:
    """Two characters saved in one story, one of them drawn anew in another, which a fresh page does not show first."""
    new_story(page, "The café")
    for name, prompt, about in (
        ("Hana", "woman, long straight black hair, blue eyes, hoodie, smiling, cafe", "Runs the night shift"),
        ("Jun", "man, spiky red hair, green eyes, leather jacket, city street", "Her brother, always late"),
    ):
        create(page, name, prompt)
        save(page, about)
        page.click("#new-clear")
        expect(page.locator("#new-name input, #new-name textarea").first).to_have_value("")
    page.locator("#story input").click()
    page.get_by_role("option", name="Story 1").click()
    expect(page.locator("#cast-empty")).to_be_visible()
    for name, scene in (("Jun", "wearing a raincoat, surprised, rain"), ("Hana", "wearing a spacesuit, outer space")):
        page.click("#generate-with-reference")
        choose(page, name)
        write(page, "scene-prompt", scene)
        page.click("#scene-generate")
        expect(page.locator("#run-report")).to_contain_text(f"new pictures of {name}")
        page.locator("#scene-prompt textarea").fill("")


if __name__ == "__main__":
    main()
