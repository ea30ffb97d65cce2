"""Where things stand on the page: in the middle of any window, and a form's main button in sight while the form is."""

from __future__ import annotations

from collections.abc import Iterator

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
UNCOVERED = """(each) => {
  const { left, top, width, height } = each.getBoundingClientRect();
  const on = (part) => document.elementFromPoint(left + width / 2, top + height * part);
  return [0.1, 0.5, 0.9].every((part) => each.contains(on(part)));
}"""


@pytest.fixture(scope="module")
def served_page(browser: Browser, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Page]:
    """One page for all, of a story with more characters than a window has room for."""
    folder, pack = tmp_path_factory.mktemp("layout"), fake_pack()
    store = LibraryStore.open(f"sqlite:///{folder / 'castbook.db'}", str(folder / "pictures"))
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack)))
    studio = castbook.seen_by(LOCAL_OWNER)
    for name, colour in CAST.items():
        flat(colour).save(folder / "one.png")
        studio.faces.upload_character(studio.library.ensure_a_story().id, name, folder / "one.png")
    with served(castbook) as url:
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        page.goto(url)
        expect(page.locator("#new-create")).to_be_enabled(timeout=60_000)
        expect(page.locator(".card")).to_have_count(len(CAST))
        yield page
        page.context.close()
    store.close()


@pytest.fixture
def page(served_page: Page) -> Page:
    """As it was at first: no form open but the first, nothing scrolled."""
    served_page.set_viewport_size({"width": 1280, "height": 800})
    for tab in ("Story", "New character"):
        served_page.get_by_role("tab", name=tab).click()
    if served_page.locator("#save-cancel").is_visible():
        served_page.click("#save-cancel")
    served_page.evaluate("document.querySelectorAll('html, #cast, #desk').forEach((each) => each.scrollTo(0, 0))")
    return served_page


def resize(page: Page, size: tuple[int, int]) -> None:
    page.set_viewport_size({"width": size[0], "height": size[1]})


def expect_whole_in_sight(page: Page, button: str) -> None:
    """Within the window and whatever scrolls around it, and nothing lies over it."""
    expect(page.locator(button)).to_be_in_viewport(ratio=1)
    assert page.locator(button).evaluate(UNCOVERED)


@pytest.mark.parametrize("width", [1280, 1400, 1920, 2560])
@pytest.mark.parametrize("view", ["Story", "Library", "Help"])
def test_left_and_right_of_the_page_is_as_much_room(page: Page, view: str, width: int) -> None:
    page.get_by_role("tab", name=view).click()
    resize(page, (width, 900))
    ends = {"Story": ("#cast-title", "#desk"), "Library": ("#people-title", "#person"),
            "Help": ("#likeness-colours", "#likeness-checks")}[view]  # fmt: skip
    expect(page.locator(ends[0])).to_be_visible()
    for first, last in (("#masthead", "#masthead"), ends):
        left = page.locator(first).evaluate("(each) => each.getBoundingClientRect().left")
        right = page.locator(last).evaluate("(each) => innerWidth - each.getBoundingClientRect().right")
        assert left == pytest.approx(right, abs=2)


@pytest.mark.parametrize("size", [LAPTOP, DESKTOP, PHONE])
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_main_button_of_an_opened_form_is_in_sight(page: Page, size: tuple[int, int], theme: str) -> None:
    page.evaluate("(dark) => document.body.classList.toggle('dark', dark)", theme == "dark")
    resize(page, size)
    for opener, field, button in (
        ("#new-character", "new-name", "#new-create"),
        (".do-variants", "scene-prompt", "#scene-generate"),
        (".do-save", "save-name", "#save-confirm"),
    ):
        page.locator(opener).first.click()
        expect(box(page, field)).to_be_focused()
        expect(box(page, field)).to_be_in_viewport()
        expect_whole_in_sight(page, button)
        assert size == PHONE or page.evaluate("scrollY") == 0


@pytest.mark.parametrize("size", [LAPTOP, DESKTOP, PHONE])
def test_the_main_button_stays_while_the_form_is_scrolled(page: Page, size: tuple[int, int]) -> None:
    resize(page, size)
    for field in ("#new-prompt", "#new-outfit", "#new-count"):
        page.locator(field).evaluate("(each) => each.scrollIntoView({ block: 'center' })")
        expect_whole_in_sight(page, "#new-create")


def test_a_field_that_is_tabbed_to_does_not_hide_behind_the_main_button(page: Page) -> None:
    resize(page, LAPTOP)
    box(page, "new-name").focus()
    for _ in range(8):
        page.keyboard.press("Tab")
        focused = page.locator(":focus")
        assert focused.evaluate(UNCOVERED)


@pytest.mark.parametrize("size", [LAPTOP, DESKTOP])
def test_a_long_cast_does_not_take_the_desk_along(page: Page, size: tuple[int, int]) -> None:
    resize(page, size)
    page.locator(".card").last.scroll_into_view_if_needed()
    expect(page.locator(".card").last).to_be_in_viewport()
    expect_whole_in_sight(page, "#new-create")
    expect(page.locator("#load-character")).to_be_in_viewport()


def test_a_phone_scrolls_no_view_sideways(page: Page) -> None:
    resize(page, PHONE)
    for view in ("Library", "Help", "Story"):
        page.get_by_role("tab", name=view).click()
        page.wait_for_timeout(300)
        assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
