"""Drawing, saving, varying and taking out are done by keyboard alone, and the focus never falls to the page behind."""

from __future__ import annotations

from playwright.sync_api import Locator, Page, expect
from served import App
from test_page import Visit, box, create, settle

MOST_STOPS = 200


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def tab_to(page: Page, selector: str) -> None:
    for _ in range(MOST_STOPS):
        if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
            return
        press(page, "Tab")
    raise AssertionError(f"no Tab leads to {selector}")


def expect_focus(page: Page) -> None:
    """Somewhere, and still there once what was done has come to an end."""
    page.wait_for_function("document.activeElement !== document.body")
    page.wait_for_timeout(400)
    assert page.evaluate("document.activeElement !== document.body")


def tiles(page: Page) -> Locator:
    return page.locator("#stream .tile")


def test_somebody_is_drawn_saved_varied_and_taken_out_by_keys_alone(app: App, visit: Visit) -> None:
    page = visit(app)
    press(page, "Tab")
    expect(page.locator("#skip")).to_be_focused()
    press(page, "Enter")
    expect(box(page, "new-name")).to_be_focused()
    settle(page)
    page.keyboard.type("Hana")
    press(page, "Tab")
    page.keyboard.type("a girl")
    press(page, "Tab")
    expect(page.locator("#new-create")).to_be_focused()  # two stops on
    settle(page)
    press(page, "Enter")
    expect(tiles(page)).to_have_count(2)
    expect_focus(page)

    press(page, "Escape")  # from the words to the pictures
    expect(tiles(page).first).to_be_focused()
    press(page, "2")
    expect(tiles(page).nth(1)).to_be_focused()
    press(page, "ArrowLeft")
    expect(tiles(page).first).to_be_focused()
    press(page, "f")
    expect(page.locator("dialog[open]")).to_be_visible()
    press(page, "Escape")
    expect(page.locator("dialog[open]")).to_have_count(0)
    expect_focus(page)

    press(page, "s")
    expect(box(page, "save-name")).to_be_focused()
    tab_to(page, "#save-confirm")
    press(page, "Enter")
    expect(page.locator("#looked-at .card-name").first).to_contain_text("in the library")
    expect_focus(page)

    press(page, "v")
    expect(box(page, "scene-prompt")).to_be_focused()
    settle(page)
    page.keyboard.type("moon")
    settle(page)
    press(page, "Control+Enter")
    expect(tiles(page)).to_have_count(4)
    expect_focus(page)
    press(page, "Escape", "Backspace")
    expect(tiles(page)).to_have_count(3)
    expect_focus(page)
    press(page, "Control+z")
    expect(tiles(page)).to_have_count(4)
    expect_focus(page)

    for key in ("/", "Control+k"):
        press(page, key)
        expect(page.locator("input:focus, textarea:focus")).to_be_visible()
        press(page, "Escape")
        expect_focus(page)


def test_keys_without_ctrl_can_be_switched_off(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    press(page, "Escape", "?")
    expect(page.locator("#help-dialog.is-open")).to_be_visible()
    tab_to(page, "#keys-switch input")
    press(page, "Space", "Escape")
    expect(page.locator("#help-dialog.is-open")).to_have_count(0)
    expect_focus(page)
    press(page, "2", "?", "/", "Backspace")
    expect(page.locator(".dialog.is-open, .popup")).to_have_count(0)
    expect(tiles(page)).to_have_count(2)
    expect(tiles(page).first).to_have_attribute("aria-pressed", "true")
    press(page, "Control+Enter")
    expect(tiles(page)).to_have_count(4)
