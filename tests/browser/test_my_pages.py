"""From finished pages to a cast, on the page: the form alone, between the two parts of the page that it speaks with."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import gradio as gr
import pytest
from fakes import BLUE, RED, FakeFaces, fake_pack, side_by_side
from listening import listening
from playwright.sync_api import Browser, Page, expect
from served import App, PatientGenerator
from test_page import box, problem, write

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui.page import launch_options
from ui.place import build_stories_bar
from ui.story.episode_form import bind_episode_form, build_episode_form


@pytest.fixture
def app(store: LibraryStore) -> Iterator[App]:
    pack, generator = fake_pack(), PatientGenerator()
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(generator, FakeFaces(), pack)))
    castbook.models.get()
    with gr.Blocks(analytics_enabled=False) as demo:
        place = build_stories_bar(castbook)
        form = build_episode_form(castbook)
        bind_episode_form(castbook, form, place)
    _, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook))
    yield App(url, castbook.seen_by(LOCAL_OWNER), generator)
    demo.close()


@pytest.fixture
def page(browser: Browser, app: App, tmp_path: Path) -> Iterator[Page]:
    """On which a folder of two pages was chosen: red and blue, blue and red."""
    (tmp_path / "Episode 1" / "more").mkdir(parents=True)
    side_by_side((RED, BLUE), 100).save(tmp_path / "Episode 1" / "1.png")
    side_by_side((BLUE, RED), 100).save(tmp_path / "Episode 1" / "more" / "2.png")
    (tmp_path / "Episode 1" / ".DS_Store").write_text("a system's own")
    opened = browser.new_context(viewport={"width": 430, "height": 1000}).new_page()
    opened.goto(app.url)
    opened.locator("input[webkitdirectory]").set_input_files(tmp_path / "Episode 1")
    expect(opened.locator("#pages-files tr.file")).to_have_count(2)
    expect(opened.get_by_role("button", name="Upload more")).to_be_visible()  # for which Gradio has no words
    opened.click("#pages-look")
    expect(opened.locator("#pages-note")).to_contain_text("4 faces on 2 pages")
    yield opened
    opened.context.close()


def test_a_row_becomes_a_character_and_leaves_the_list(app: App, page: Page) -> None:
    expect(page.locator("#pages-people")).to_contain_text("Person 2 · 2 faces")
    write(page, "pages-name", "Rot")
    page.click("#pages-keep")
    expect(box(page, "pages-name")).to_have_value("")
    expect(page.locator("#pages-note")).to_contain_text("1 person to be kept")
    [member] = app.cast
    assert member.character.name == "Rot"
    assert len(app.studio.library.list_images(member.character.id)) == 2


def test_faces_are_ticked_split_off_and_put_together_again(app: App, page: Page) -> None:
    page.locator("#pages-ticked").get_by_label("4").uncheck()
    page.click("#pages-split")
    expect(page.locator("#pages-note")).to_contain_text("3 people to be kept")
    box(page, "pages-other").click()
    page.get_by_role("option").first.click()
    page.click("#pages-merge")
    expect(page.locator("#pages-note")).to_contain_text("2 people to be kept")


def test_a_name_is_missed_and_nothing_is_lost(app: App, page: Page) -> None:
    page.click("#pages-keep")
    expect(problem(page, "pages-name")).to_contain_text("name")
    assert app.cast == []
    expect(page.locator("#pages-note")).to_contain_text("2 people to be kept")
