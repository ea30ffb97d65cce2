"""`make screenshots`: the README's pictures, of the real page on the embedded pack, in Debian's Chromium."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE.parent), *(str(HERE.parent / "tests" / name) for name in ("", "browser"))]

from PIL import Image  # noqa: E402
from playwright.sync_api import Browser, Page, expect, sync_playwright  # noqa: E402
from served import served  # noqa: E402
from test_page import choose, create, new_story, save, write  # noqa: E402

from app import open_castbook  # noqa: E402
from library_store.records import LOCAL_OWNER  # noqa: E402
from settings import Settings  # noqa: E402
from studio import Studio  # noqa: E402

WIDE, NARROW, DARK = 1280, 390, "?__theme=dark"
THEMES = {"": "", "-dark": DARK}


def main() -> None:
    expect.set_options(timeout=180_000)
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        castbook = open_castbook(Settings(home=Path(home), pack="paperdoll"))
        studio = castbook.seen_by(LOCAL_OWNER)
        studio.models.get()
        flags = ["--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu"]
        chromium = shutil.which("chromium-headless-shell") or "/usr/bin/chromium"
        browser = playwright.chromium.launch(executable_path=chromium, args=flags)
        with served(castbook) as url:
            first = _open(browser, url)
            _shoot(first, "first-minutes")
            _fill(first)
            for theme, query in THEMES.items():
                _shoot(_open(browser, url, query=query), f"page{theme}")
                _shoot(_open(browser, url, NARROW, query), f"phone{theme}", full_page=True)
            _shoot(_popup(_open(browser, url)), "popup")
            _shoot(_upload(_open(browser, url), _two_people(studio, Path(home))), "upload")
            for theme, query in THEMES.items():
                _shoot(_library(_open(browser, url, query=query)), f"library{theme}")
            _shoot(_open(browser, url, locale="ko-KR"), "korean")
        browser.close()
        castbook.store.close()


def _shoot(page: Page, name: str, full_page: bool = False) -> None:
    page.wait_for_timeout(800)  # until what was opened has faded in and every picture is there
    page.screenshot(path=HERE / f"{name}.png", full_page=full_page)


def _popup(page: Page) -> Page:
    page.click("#generate-with-reference")
    page.locator("#library-gallery .thumbnail-item").first.click()
    return page


def _upload(page: Page, picture: Path) -> Page:
    page.click("#add > button")
    page.click("#add-picture")
    page.locator("#upload-file input[type=file]").set_input_files(picture)
    expect(page.locator("#upload-picture img")).to_be_visible()
    return page


def _two_people(studio: Studio, folder: Path) -> Path:
    """One picture with two faces."""
    library = studio.library
    people = library.list_library(studio.library.ensure_a_story().project_id)[:2]
    pictures = [Image.open(library.get_picture_path(str(person.canonical_image_id))) for person in people]
    both = Image.new("RGB", (sum(picture.width for picture in pictures), pictures[0].height))
    for i, picture in enumerate(pictures):
        both.paste(picture, (i * pictures[0].width, 0))
    both.save(folder / "both.png")
    return folder / "both.png"


def _library(page: Page) -> Page:
    page.get_by_role("tab", name="Library").click()
    page.locator("#people-gallery .thumbnail-item", has_text="Hana").click()
    expect(page.locator("#character-name")).to_contain_text("Hana")
    return page


def _open(browser: Browser, url: str, width: int = WIDE, query: str = "", locale: str = "en-US") -> Page:
    page = browser.new_context(viewport={"width": width, "height": 900}, locale=locale).new_page()
    page.goto(url + query)
    expect(page.locator("#new-create")).to_be_enabled()
    expect(page.locator(".face, #cast-empty, #first-minutes").first).to_be_attached()
    return page


def _fill(page: Page) -> None:
    """Two characters saved in one story, one of them drawn anew in another, which a fresh page does not show first."""
    new_story(page, "The café")
    for name, prompt, about in (
        (
            "Hana",
            "woman, long straight black hair, blue eyes, fair skin, hoodie, smiling, cafe, front view",
            "Runs the night shift",
        ),
        (
            "Jun",
            "man, spiky red hair, green eyes, tan skin, leather jacket, smiling, city street, front view",
            "Her brother, always late",
        ),
    ):
        create(page, name, prompt)
        save(page, about)
        page.click("#new-clear")
        expect(page.locator("#new-name input, #new-name textarea").first).to_have_value("")
    page.locator("#story input").click()
    page.get_by_role("option", name="Story 1").click()
    expect(page.locator("#cast-empty")).to_be_visible()
    for name, scene in (
        ("Jun", "wearing a raincoat, laughing, rain"),
        ("Hana", "wearing a spacesuit, smiling, outer space"),
    ):
        page.click("#generate-with-reference")
        choose(page, name)
        write(page, "scene-prompt", scene)
        page.click("#scene-generate")
        expect(page.locator("#run-report")).to_contain_text(f"new pictures of {name}")
        page.locator("#scene-prompt textarea").fill("")


if __name__ == "__main__":
    main()
