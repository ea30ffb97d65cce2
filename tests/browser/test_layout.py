"""Where things stand on the page: in the middle of any window, nothing under something else, the main button in sight.

`CASTBOOK_TEST_EVERY_SIZE=1` measures every window in light and dark, English and Korean; without it a telling part.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from itertools import product

import pytest
from fakes import BLUE, GREEN, RED, YELLOW, FakeFaces, FakeGenerator, fake_pack, flat
from playwright.sync_api import Browser, Page, expect
from served import served
from test_page import box

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from studio import Castbook, Models

CAST = {"Hana": RED, "Jun": GREEN, "Mina": BLUE, "Yuna": YELLOW}
LAPTOP, DESKTOP, PHONE = (1280, 800), (1920, 1080), (390, 844)
WIDTHS = {390: 844, 768: 1024, 1280: 800, 1440: 900, 1920: 1080, 2560: 1440}
EVERY_SIZE = list(product(WIDTHS, ("light", "dark"), ("en", "ko")))
TELLING = [
    (390, "light", "ko"),
    (768, "dark", "en"),
    (1280, "light", "ko"),
    (1440, "dark", "en"),
    (2560, "light", "en"),
]
SIZES = EVERY_SIZE if os.environ.get("CASTBOOK_TEST_EVERY_SIZE") else TELLING

UNCOVERED = """(each) => {
  const { left, top, width, height } = each.getBoundingClientRect();
  const on = (part) => document.elementFromPoint(left + width / 2, top + height * part);
  return [0.1, 0.5, 0.9].every((part) => each.contains(on(part)));
}"""
# Of all that can be pressed or written in: what lies under something else, or reaches over an edge of its own frame.
TROUBLED = """() => {
  const inSight = (each) => {  // what is scrolled away is in nobody's way
    let { left, top, right, bottom } = each.getBoundingClientRect();
    for (let up = each.parentElement; up; up = up.parentElement) {
      if (getComputedStyle(up).overflow === 'visible') continue;
      const edge = up.getBoundingClientRect();
      [left, top] = [Math.max(left, edge.left), Math.max(top, edge.top)];
      [right, bottom] = [Math.min(right, edge.right), Math.min(bottom, edge.bottom)];
    }
    [right, bottom] = [Math.min(right, innerWidth), Math.min(bottom, innerHeight)];
    return right - left > 3 && bottom - top > 3 ? { x: (left + right) / 2, y: (top + bottom) / 2 } : null;
  };
  const name = (each) => `${each.tagName} ${each.closest('[id]:not([id=""])')?.id} ${each.textContent.slice(0, 30)}`;
  return [...document.querySelectorAll('button, input, textarea, a[href]')].filter((each) => {
    const { opacity, visibility, pointerEvents } = getComputedStyle(each);
    const seen = each.offsetParent && opacity !== '0' && visibility === 'visible' && pointerEvents !== 'none';
    const at = seen && inSight(each);
    if (!at) return false;
    const on = document.elementFromPoint(at.x, at.y);
    const sheet = on?.closest('.chip, #naming, .notice-line, #undo');  // was asked for, and lies over the page
    if (sheet && !sheet.contains(each)) return false;
    return on && !each.contains(on) && !on.contains(each) && !on.closest('label')?.contains(each);
  }).map(name);
}"""


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Of one app for all: a story with more runs than a window has room for, none of them drawn from another."""
    folder, pack = tmp_path_factory.mktemp("layout"), fake_pack()
    store = LibraryStore.open(f"sqlite:///{folder / 'castbook.db'}", str(folder / "pictures"))
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack)))
    studio = castbook.seen_by(LOCAL_OWNER)
    story = studio.library.ensure_a_story()
    for name, colour in CAST.items():
        flat(colour).save(folder / "one.png")
        member = studio.faces.upload_character(story.id, name, folder / "one.png")
        *_, _made = studio.drawing.generate_character_variant(story.id, str(member.active_image_id), "moon", count=4)
    with served(castbook) as url:
        yield url
    store.close()


@pytest.fixture(scope="module")
def served_page(browser: Browser, address: str) -> Iterator[Page]:
    page = opened(browser, address)
    yield page
    page.context.close()


@pytest.fixture
def page(served_page: Page) -> Page:
    """As it was at first: no form open but the first, nothing scrolled."""
    served_page.set_viewport_size({"width": 1280, "height": 800})
    served_page.get_by_role("tab", name="Story").click()
    served_page.evaluate("window.castbook.tiles.openSheet(false)")
    if served_page.locator("#save-cancel").is_visible():
        served_page.click("#save-cancel")
    if served_page.locator("#scene-leave").is_visible():
        served_page.click("#scene-leave")
    expect(box(served_page, "new-name")).to_be_visible()
    served_page.evaluate("document.querySelectorAll('html, #cast').forEach((each) => each.scrollTo(0, 0))")
    return served_page


def opened(browser: Browser, url: str, language: str = "en", theme: str = "light", width: int = 1280) -> Page:
    locale = {"en": "en-US", "ko": "ko-KR"}[language]
    viewport = {"width": width, "height": WIDTHS.get(width, 900)}
    page = browser.new_context(viewport=viewport, locale=locale).new_page()  # pyright: ignore[reportArgumentType]
    page.goto(f"{url}?__theme={theme}")
    expect(page.locator("#new-create")).to_be_enabled(timeout=60_000)
    expect(page.locator(".face")).to_have_count(len(CAST))
    return page


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})
    page.wait_for_timeout(300)  # until the sheet has slid away


def expect_whole_in_sight(page: Page, button: str) -> None:
    """Within the window and whatever scrolls around it, and nothing lies over it."""
    expect(page.locator(button)).to_be_in_viewport(ratio=1)
    page.wait_for_function(UNCOVERED, arg=page.locator(button).element_handle())  # once the sheet has slid away


@pytest.mark.parametrize("width", [1280, 1400, 1920, 2560])
@pytest.mark.parametrize("view", ["Story", "Library", "Help"])
def test_left_and_right_of_the_page_is_as_much_room(page: Page, view: str, width: int) -> None:
    page.get_by_role("tab", name=view).click()
    resize(page, (width, 900))
    ends = {"Story": ("#rail", "#inspector"), "Library": ("#people-title", "#person"),
            "Help": ("#likeness-colours", "#likeness-checks")}[view]  # fmt: skip
    expect(page.locator(ends[0])).to_be_visible()
    for first, last in (("#wordmark", "#help"), ends):
        left = page.locator(first).evaluate("(each) => each.getBoundingClientRect().left")
        right = page.locator(last).evaluate("(each) => innerWidth - each.getBoundingClientRect().right")
        assert left == pytest.approx(right, abs=2)
    if view == "Story":
        assert page.locator("#toolbar").evaluate("(each) => each.getBoundingClientRect().left") == pytest.approx(
            page.locator("#composer-forms").evaluate("(each) => each.getBoundingClientRect().left"), abs=1
        )


@pytest.mark.parametrize(("width", "theme", "language"), SIZES)
def test_nothing_lies_under_something_else_and_nothing_scrolls_sideways(
    browser: Browser, address: str, width: int, theme: str, language: str
) -> None:
    page = opened(browser, address, language, theme, width)
    states = {
        "first": lambda: None,
        "somebody": lambda: page.locator(".face").first.click(),
        "a chip": lambda: page.click("#scene-look > button"),
        "another chip": lambda: page.click("#scene-more > button"),
        "ways to add": lambda: (page.keyboard.press("Escape"), page.click("#add > button")),
        "manage": lambda: (page.keyboard.press("Escape"), page.click("#manage > button")),
        "a new story": lambda: (page.keyboard.press("Escape"), page.click("#new-story")),
        "the library": lambda: (page.click("#naming-cancel"), page.get_by_role("tab").nth(1).click()),
    }
    for state, reach in states.items():
        reach()
        page.wait_for_timeout(500)
        assert page.evaluate("document.documentElement.scrollWidth") <= width, state
        assert page.evaluate(TROUBLED) == [], state
    page.context.close()


@pytest.mark.parametrize("size", [LAPTOP, DESKTOP, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_main_button_of_every_state_is_in_sight(page: Page, size: tuple[int, int], theme: str) -> None:
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
    resize(page, size)
    expect_whole_in_sight(page, "#new-create")
    page.locator("#stream .tile").first.click()
    expect_whole_in_sight(page, ".deeds .primary")
    page.click(".do-save")
    expect(box(page, "save-name")).to_be_focused()
    expect_whole_in_sight(page, "#save-confirm")
    page.click("#save-cancel")
    page.click(".do-variants")
    expect(box(page, "scene-prompt")).to_be_focused()
    expect_whole_in_sight(page, "#scene-generate")
    page.click(".face >> nth=1")
    expect_whole_in_sight(page, "#scene-generate")
    assert page.evaluate("scrollY") == 0


@pytest.mark.parametrize("size", [LAPTOP, (1024, 700), PHONE])
def test_the_ways_to_add_somebody_are_within_the_window_however_many_there_are(
    page: Page, size: tuple[int, int]
) -> None:
    resize(page, size)
    for _ in range(3):  # with 4, 8 and 16 people
        page.click("#add > button")
        expect(page.locator("#add > button")).to_have_class(re.compile("open"))
        for way in page.locator("#add .way").all():
            expect(way).to_be_in_viewport(ratio=1)
        page.keyboard.press("Escape")
        page.evaluate("document.querySelectorAll('.face').forEach((each) => each.after(each.cloneNode(true)))")
    page.reload()
    expect(page.locator("#new-create")).to_be_enabled(timeout=60_000)
    expect(page.locator(".face")).to_have_count(len(CAST))


@pytest.mark.parametrize("size", [LAPTOP, DESKTOP, PHONE])
def test_the_composer_stays_while_the_stream_is_scrolled(page: Page, size: tuple[int, int]) -> None:
    resize(page, size)
    page.locator("#stream .run").last.scroll_into_view_if_needed()
    expect(page.locator("#stream .run").last).to_be_in_viewport()
    expect_whole_in_sight(page, "#new-create")
    assert page.evaluate("scrollY") == 0


def test_in_a_frame_that_grows_with_its_content_everything_is_as_high_as_the_window(
    browser: Browser, address: str
) -> None:
    """As a Space's page does it: the frame is set to be as high as what is in it."""
    outside = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
    around = f"<body style='margin:0'><iframe src='{address}' style='width:100%;height:800px;border:0'>"
    outside.route("**/around", lambda route: route.fulfill(body=around, content_type="text/html"))
    outside.goto(f"{address}around")  # of the same site: others may not frame it
    page = outside.frame_locator("iframe")
    expect(page.locator("#new-create")).to_be_enabled(timeout=60_000)
    expect(page.locator(".face")).to_have_count(len(CAST))
    for width, room in ((1280, 800), PHONE):
        outside.set_viewport_size({"width": width, "height": room})
        for _ in range(3):
            height = page.locator("html").evaluate("(each) => each.scrollHeight")
            outside.locator("iframe").evaluate("(each, height) => { each.style.height = `${height}px` }", height)
            assert height <= 800
        expect(page.locator("#new-create")).to_be_in_viewport(ratio=1)
        assert page.locator("html").evaluate("(each) => each.scrollWidth") <= width
    page.locator("#stream .tile").first.click()
    expect(page.locator(".deeds .primary")).to_be_in_viewport(ratio=1)  # of the sheet

    page.locator("#inspector-close").click()
    page.locator("#new-name").locator("input, textarea").fill("Hana")
    page.locator("#other-language").click()  # which a cookie keeps; the page is loaded anew
    expect(page.locator("#other-language")).to_have_text("English", timeout=60_000)
    expect(page.locator("#new-name").locator("input, textarea")).to_have_value("Hana")
    outside.context.close()
