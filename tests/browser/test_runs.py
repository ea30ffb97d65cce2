"""Leaving while pictures are drawn, and coming back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect
from served import App
from test_page import create, new_story, write

Visit = Callable[..., Page]


def ask_for(page: Page, name: str) -> None:
    write(page, "new-name", name)
    write(page, "new-prompt", "a girl")
    page.click("#new-create")


@pytest.fixture
def drawing(app: App, visit: Visit) -> Iterator[Page]:
    """A page whose run is at its first step and cannot go on before `app.generator.may_go_on`."""
    page = visit(app)
    app.generator.may_go_on.clear()
    ask_for(page, "Hana")
    expect(page.locator("#run-progress")).to_contain_text(re.compile(r"Step \d of 4"))
    yield page
    app.generator.may_go_on.set()


def come_back(app: App, left: Page) -> Page:
    """In another tab of the same browser, the first one closed."""
    page = left.context.new_page()
    left.close()
    page.goto(app.url)
    expect(page.locator("#run-stop")).to_be_enabled(timeout=60_000)  # a page loads slowly beside other tests
    return page


def test_a_run_is_shown_to_its_end_in_a_tab_that_comes_back_to_it(app: App, drawing: Page) -> None:
    page = come_back(app, drawing)
    expect(page.locator("#run-progress")).to_contain_text(re.compile(r"Step \d of 4"))
    expect(page.locator("#new-create")).to_be_disabled()
    app.generator.may_go_on.set()
    expect(page.locator("#run-report")).to_contain_text("2 new pictures of Hana")
    expect(page.locator("#looked-at h3")).to_have_text("Hana")
    expect(page.locator("#run-stop")).to_be_hidden()
    expect(page.locator("#new-create")).to_be_enabled()


def test_a_run_is_stopped_by_whoever_came_back_to_it(app: App, drawing: Page) -> None:
    page = come_back(app, drawing)
    page.set_viewport_size({"width": 390, "height": 844})
    expect(page.locator("#run-stop")).to_be_in_viewport(ratio=1)
    expect(page.locator("#run-pictures .tile").first).to_be_in_viewport(ratio=1)
    page.click("#run-stop")
    expect(page.locator("#run-stop")).to_have_text("Stopping …")
    app.generator.may_go_on.set()
    expect(page.locator("#run-report")).to_contain_text("Stopped before a picture was finished")
    expect(page.locator("#new-create")).to_be_enabled()
    assert app.cast == []


def test_what_was_drawn_while_nobody_looked_is_shown_once(app: App, drawing: Page) -> None:
    page = drawing.context.new_page()
    drawing.close()
    page.wait_for_timeout(2000)  # until Gradio has noticed
    app.generator.may_go_on.set()
    [run] = app.studio.runs.list(app.studio.visitor.name)
    while not run.ended:
        page.wait_for_timeout(50)
    page.goto(app.url)
    expect(page.locator("#run-report")).to_contain_text("2 new pictures of Hana")
    expect(page.locator("#new-create")).to_be_enabled()
    page.reload()
    expect(page.locator(".face")).to_be_visible()
    expect(page.locator("#run")).to_be_hidden()


def test_what_was_drawn_in_one_story_is_not_being_drawn_in_another(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    expect(page.locator("#stream .tile").first).to_be_visible()
    expect(page.locator("#run-report")).to_be_visible()
    new_story(page, "Day off")
    expect(page.locator("#run-report")).to_be_hidden()
    expect(page.locator("#stream .tile")).to_have_count(0)
    expect(page.locator("#run-pictures .tile")).to_have_count(0)


def test_two_tabs_draw_in_turn_and_the_second_says_that_it_waits(app: App, visit: Visit, drawing: Page) -> None:
    project = app.studio.library.list_projects()[0]
    other = visit(app, query=f"?story={app.studio.library.create_story(project.id, 'Day off').id}")
    ask_for(other, "Mina")
    expect(other.locator("#run-progress")).to_contain_text("Waiting: 1 drawing before yours")
    app.generator.may_go_on.set()
    expect(drawing.locator("#run-report")).to_contain_text("Hana")
    expect(other.locator("#run-report")).to_contain_text("Mina")
