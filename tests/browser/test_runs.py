"""Leaving while pictures are drawn, and coming back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from served import App
from test_page import write

from studio.runs import LOCAL

Visit = Callable[..., Page]


@pytest.fixture
def drawing(app: App, visit: Visit) -> Iterator[Page]:
    """A page whose run is at its first step and cannot go on before `app.generator.may_go_on`."""
    page = visit(app)
    app.generator.may_go_on.clear()
    write(page, "new-name", "Hana")
    write(page, "new-prompt", "a girl")
    page.click("#new-create")
    expect(page.locator("#run-progress")).to_contain_text(re.compile(r"Step \d of 4"))
    yield page
    app.generator.may_go_on.set()


def expect_that_it_goes_on(page: Page) -> None:
    expect(page.locator("#run-progress")).to_contain_text(re.compile(r"Step \d of 4"))
    expect(page.locator("#run-stop")).to_be_enabled()
    expect(page.locator("#new-create")).to_be_disabled()


def test_a_reloaded_page_shows_its_run_to_the_end(app: App, drawing: Page) -> None:
    drawing.reload()
    expect_that_it_goes_on(drawing)
    app.generator.may_go_on.set()
    expect(drawing.locator("#run-report")).to_contain_text("2 new pictures of Hana")
    expect(drawing.locator(".card-name h3")).to_have_text("Hana")
    expect(drawing.locator("#run-stop")).to_be_hidden()
    expect(drawing.locator("#new-create")).to_be_enabled()


def test_a_run_is_stopped_by_whoever_came_back_to_it(app: App, drawing: Page) -> None:
    drawing.reload()
    expect_that_it_goes_on(drawing)
    drawing.click("#run-stop")
    expect(drawing.locator("#run-stop")).to_have_text("Stopping …")
    app.generator.may_go_on.set()
    expect(drawing.locator("#run-report")).to_contain_text("Stopped before a picture was finished")
    expect(drawing.locator("#new-create")).to_be_enabled()
    assert app.cast == []


def test_what_was_drawn_while_nobody_looked_is_shown_once(app: App, drawing: Page) -> None:
    context = drawing.context
    elsewhere = context.new_page()
    drawing.close()
    app.generator.may_go_on.set()
    run = app.studio.runs.list(LOCAL)[0]
    while not run.ended:
        elsewhere.wait_for_timeout(50)
    elsewhere.goto(app.url)
    expect(elsewhere.locator("#run-report")).to_contain_text("2 new pictures of Hana")
    expect(elsewhere.locator("#new-create")).to_be_enabled()
    elsewhere.reload()
    expect(elsewhere.locator(".card")).to_be_visible()
    expect(elsewhere.locator("#run")).to_be_hidden()


def test_two_stories_draw_in_turn_and_the_second_says_that_it_waits(app: App, visit: Visit, drawing: Page) -> None:
    other = visit(app, query=f"?story={app.studio.library.create_story(app.studio.library.list_projects()[0].id, 'Day off').id}")
    write(other, "new-name", "Mina")
    write(other, "new-prompt", "a girl")
    other.click("#new-create")
    expect(other.locator("#run-progress")).to_contain_text("Waiting until other pictures are drawn")
    app.generator.may_go_on.set()
    expect(drawing.locator("#run-report")).to_contain_text("Hana")
    expect(other.locator("#run-report")).to_contain_text("Mina")
