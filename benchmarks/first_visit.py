"""`python -m benchmarks first-visit`: a first visit in Chromium, from an empty installation on the embedded pack to a
judged variant of a saved character in a second story. What a person does, in clicks, and seconds from `app.py` on."""

from __future__ import annotations

import time

from playwright.sync_api import Locator, Page, expect, sync_playwright

from benchmarks.serving import serving_empty

CHROMIUM = "/usr/bin/chromium"
FLAGS = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]


class Visitor:
    """Clicks and types, and counts the clicks."""

    def __init__(self, page: Page) -> None:
        self.clicks = 0
        self._page = page

    def click(self, selector: str) -> None:
        self._page.click(selector)
        self.clicks += 1

    def write(self, id: str, text: str) -> None:
        """Into a field that has the focus already, or gets it by a click."""
        field = self.field(id)
        if not field.evaluate("field => field === document.activeElement"):
            field.click()
            self.clicks += 1
        field.press_sequentially(text)

    def field(self, id: str) -> Locator:
        return self._page.locator(f"#{id} textarea, #{id} input").first


def main() -> None:
    expect.set_options(timeout=240_000)
    started = time.perf_counter()
    with serving_empty() as url, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
        visitor, verdict = visit(page, url)
        seconds = time.perf_counter() - started
        browser.close()
    print(f"first visit, judged “{verdict}”: {visitor.clicks} clicks (bar: 8), {seconds:.1f} s (bar: 40 s)")


def visit(page: Page, url: str) -> tuple[Visitor, str]:
    """The visitor, and what the judge said of the best variant."""
    visitor = Visitor(page)
    page.goto(url)
    expect(page.locator("#example-1")).to_be_enabled()
    visitor.click("#example-1")
    expect(page.locator("#looked-at .do-save")).to_be_visible()
    visitor.click(".do-save")
    expect(visitor.field("save-name")).to_be_focused()
    visitor.click("#save-confirm")
    expect(page.locator("#looked-at .card-name").first).to_contain_text("in the library")

    visitor.click("#new-story")
    expect(visitor.field("naming-name")).to_be_focused()
    visitor.write("naming-name", "Story 2")
    page.keyboard.press("Enter")
    expect(visitor.field("story")).to_have_value("Story 2")
    expect(page.locator("#cast-empty")).to_be_visible()

    visitor.click("#generate-with-reference")
    visitor.click("#library-gallery .thumbnail-item")
    visitor.click("#library-use")
    expect(visitor.field("scene-prompt")).to_be_focused()
    visitor.write("scene-prompt", "wearing a spacesuit, laughing, outer space")
    visitor.click("#scene-generate")
    badge = page.locator("#looked-at .badge").first
    expect(badge).to_contain_text("strangers would pass")
    return visitor, badge.inner_text()


if __name__ == "__main__":
    main()
