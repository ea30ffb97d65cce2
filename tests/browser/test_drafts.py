"""What is half written survives."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect
from served import App, fill
from test_page import see_composed

Visit = Callable[..., Page]
SECONDS = 1500  # milliseconds until it is kept


def field(page: Page, id: str) -> Locator:
    return page.locator(f"#{id} textarea, #{id} input").first


def test_drafts_survive_a_reload_and_a_closed_tab_until_they_are_cleared(app: App, visit: Visit) -> None:
    page = visit(app)
    page.wait_for_timeout(SECONDS)
    fill(field(page, "new-name"), "Hana ${6*7} <b>")
    fill(field(page, "new-prompt"), "woman, bob hair")
    page.wait_for_timeout(SECONDS)
    page.reload()
    expect(field(page, "new-prompt")).to_have_value("woman, bob hair")
    expect(field(page, "new-name")).to_have_value("Hana ${6*7} <b>")
    expect(see_composed(page, "new")).to_have_value("woman, bob hair")  # the server knows it, too
    other = page.context.new_page()
    page.close()
    other.goto(app.url)
    expect(field(other, "new-prompt")).to_have_value("woman, bob hair")
    other.click("#new-clear")
    expect(field(other, "new-prompt")).to_have_value("")
    other.wait_for_timeout(SECONDS)
    other.reload()
    other.wait_for_timeout(2 * SECONDS)
    expect(field(other, "new-prompt")).to_have_value("")
