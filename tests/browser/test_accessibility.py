"""axe-core finds nothing serious or critical, in light and dark, on each of the page's main states."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect
from served import App
from test_page import choose, create, open_chip, save

# Gradio's own, which no option of ours reaches; each with the elements it is about.
NOT_OURS = {"nested-interactive": "toast-header"}


def violations(page: Page) -> list[str]:
    """What is serious or critical: the rule and the first elements that break it."""
    page.wait_for_timeout(400)  # until nothing is half faded in
    found: list[dict[str, Any]] = Axe().run(page).response["violations"]
    return [
        f"{rule['id']}: {node['html'][:160]}"
        for rule in found
        if rule["impact"] in ("serious", "critical")
        for node in rule["nodes"]
        if NOT_OURS.get(rule["id"], "\0") not in node["html"]
    ]


@pytest.mark.parametrize("query", ["", "?__theme=dark"], ids=["light", "dark"])
def test_nothing_serious_stands_in_anybodys_way(app: App, visit: Callable[..., Page], query: str) -> None:
    page = visit(app, query=query)
    assert violations(page) == []

    create(page, "Hana")
    save(page, "a sailor")
    page.click("#looked-at .card-more > button")
    assert violations(page) == []

    page.keyboard.press("f")
    expect(page.locator("#lightbox-dialog img").first).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")

    page.keyboard.press("Control+k")
    expect(page.locator("#find-results [role=option]").first).to_be_visible()
    assert violations(page) == []
    page.keyboard.press("Escape")

    page.click("#inspector .do-remove")
    expect(page.locator("#undo-button")).to_be_visible()
    open_chip(page, "new-profile")
    page.locator("#new-hair").locator("input, textarea").first.focus()
    assert violations(page) == []
    page.click("#undo-button")

    page.click("#generate-with-reference")
    expect(page.locator(".popup .thumbnail-item")).to_have_count(1)
    assert violations(page) == []

    choose(page, "Hana")
    expect(page.locator("#scene-generate")).to_be_visible()
    open_chip(page, "manage")
    assert violations(page) == []
    page.click("#new-story")
    assert violations(page) == []
    page.click("#naming-cancel")

    page.get_by_role("tab", name="Library").click()
    page.locator("#people-gallery .thumbnail-item").click()
    expect(page.locator("#character-lineage button").first).to_be_visible()
    assert violations(page) == []

    page.click("#help")
    expect(page.locator("#help-dialog.is-open")).to_be_visible()
    assert violations(page) == []
