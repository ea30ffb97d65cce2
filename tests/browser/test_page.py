"""What a creator does on the page: the three workflows, the popup by keyboard, and bad input."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from fakes import RED, flat
from playwright.sync_api import Locator, Page, expect
from served import App, fill, settle

Visit = Callable[..., Page]


def box(page: Page, id: str) -> Locator:
    return page.locator(f"#{id} textarea, #{id} input").first


def write(page: Page, id: str, text: str) -> None:
    box(page, id).click()
    settle(page)
    box(page, id).press_sequentially(text)


def open_chip(page: Page, id: str) -> None:
    """What is in it is mounted from now on."""
    page.click(f"#{id} > button")
    expect(page.locator(f"#{id} > button")).to_have_class(re.compile("open"))
    settle(page)


def close_chip(page: Page) -> None:
    page.keyboard.press("Escape")


def see_composed(page: Page, form: str) -> Locator:
    """The line that says what will be drawn, of the form "new" or "scene"."""
    open_chip(page, f"{form}-more")
    close_chip(page)
    return box(page, f"{form}-composed")


def create(page: Page, name: str = "Hana", prompt: str = "a girl") -> None:
    write(page, "new-name", name)
    write(page, "new-prompt", prompt)
    page.click("#new-create")
    expect(page.locator(".face", has_text=name)).to_be_visible(timeout=60_000)  # the real models take their time


def save(page: Page, description: str = "") -> None:
    page.click(".do-save")
    expect(box(page, "save-name")).to_be_focused()
    fill(page.locator("#save-description textarea"), description)
    page.click("#save-confirm")
    expect(page.locator("#looked-at .card-name").first).to_contain_text("in the library")
    expect(page.locator("#save-form")).to_be_hidden()


def remove(page: Page) -> None:
    page.click(".do-remove")


def new_story(page: Page, title: str) -> None:
    page.click("#new-story")
    write(page, "naming-name", title)
    page.click("#naming-create")
    expect(box(page, "story")).to_have_value(title)
    expect(page.locator(".face")).to_have_count(0)


def choose(page: Page, name: str) -> None:
    page.locator("#library-gallery .thumbnail-item", has_text=name).click()
    page.click("#library-use")
    expect(page.locator(".popup")).to_have_count(0)


def problem(page: Page, field: str) -> Locator:
    """What is said at the field."""
    return page.locator(f"#{field}-problem")


def toast(page: Page) -> Locator:
    return page.get_by_test_id("toast-body")


def test_the_first_click_is_useful(app: App, visit: Visit) -> None:
    page = visit(app)
    expect(box(page, "story")).to_have_value("Story 1")
    create(page, "서연", "a girl")
    expect(page.locator("#looked-at h3")).to_have_text("서연")
    assert len(app.cast[0].options) == 2


def test_the_new_character_button_leads_to_the_form(app: App, visit: Visit) -> None:
    page = visit(app, width=390)
    page.click("#add > button")
    page.click("#new-character")
    expect(box(page, "new-name")).to_be_focused()
    expect(box(page, "new-name")).to_be_in_viewport()


def test_the_composed_prompt_is_shown_while_typing(app: App, visit: Visit) -> None:
    page = visit(app)
    composed = see_composed(page, "new")
    write(page, "new-prompt", "a girl")
    open_chip(page, "new-profile")
    write(page, "new-hair", "red hair")
    close_chip(page)
    write(page, "context", "rainy night")
    expect(composed).to_have_value("a girl, red hair, rainy night")


def test_the_composed_prompt_follows_what_no_key_wrote(app: App, visit: Visit) -> None:
    """Gradio's `input` hears neither Backspace, nor the clipboard, nor an input method."""
    page = visit(app)
    see_composed(page, "new")
    write(page, "new-prompt", "a girl!")
    page.keyboard.press("Backspace")
    expect(box(page, "new-composed")).to_have_value("a girl")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.insert_text("비")  # as an input method does
    expect(box(page, "new-composed")).to_have_value("비")
    page.keyboard.press("ControlOrMeta+A")
    page.keyboard.press("Delete")
    expect(box(page, "new-composed")).to_have_value("")


def test_saved_in_story_a_drawn_with_reference_in_story_b(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    save(page, "a sailor")
    new_story(page, "Story B")
    page.click("#generate-with-reference")
    write(page, "library-search", "sailor")
    choose(page, "Hana")
    write(page, "scene-prompt", "spacesuit")
    page.click("#scene-generate")
    expect(page.locator("#stream .tile")).to_have_count(2)
    expect(page.locator("#stream .tile").first).to_contain_text("Same person 1.00")
    expect(page.locator("#looked-at .badge").first).to_contain_text("1 in 1,000 strangers would pass")
    page.click("#looked-at .card-more > button")
    expect(page.locator("#looked-at .fine-print").first).to_contain_text("by fake-judge")
    expect(page.locator("#run-report")).to_contain_text("2 new pictures of Hana")


def test_load_brings_the_very_picture_into_story_b_and_draws_nothing(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    save(page)
    drawn = len(app.generator.requests)
    new_story(page, "Story B")
    page.click("#load-character")
    choose(page, "Hana")
    expect(page.locator("#stream .tile")).to_contain_text("Loaded")

    story_a, story_b = app.studio.library.list_stories(app.studio.library.list_projects()[0].id)
    [in_a], [in_b] = app.studio.library.list_cast(story_a.id), app.studio.library.list_cast(story_b.id)
    assert [option.image.id for option in in_b.options] == [in_a.active_image_id]
    assert in_b.active_image_id == app.library[0].canonical_image_id
    assert len(app.generator.requests) == drawn


def test_removed_from_story_b_the_library_is_whole(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    save(page)
    new_story(page, "Story B")
    for _ in range(2):  # it can be loaded again
        page.click("#load-character")
        choose(page, "Hana")
        expect(page.locator("#stream .tile")).to_have_count(1)
        remove(page)
        expect(page.locator("#cast-empty")).to_be_visible()
    assert [character.name for character in app.library] == ["Hana"]
    assert len(app.cast[0].options) == 2


def test_an_option_is_looked_at_made_active_and_varied(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    page.locator("#stream .tile").nth(1).click()
    page.click(".do-activate")
    expect(page.locator("#stream .tile").nth(1)).to_contain_text("★")
    assert app.cast[0].active_image_id == app.cast[0].options[1].image.id
    page.click(".do-variants")
    expect(page.locator("#scene-who")).to_contain_text("Hana")
    write(page, "scene-prompt", "moon")
    page.click("#scene-generate")
    expect(page.locator("#stream .tile")).to_have_count(4)
    assert app.cast[0].options[2].image.parent_id == app.cast[0].options[1].image.id


def test_the_popup_by_keyboard(app: App, visit: Visit) -> None:
    page = visit(app)
    for name in ("Hana", "Mina"):
        create(page, name)
        save(page)
        page.click("#new-clear")
        expect(box(page, "new-name")).to_have_value("")
    opener = page.locator("#load-character")
    opener.focus()
    page.keyboard.press("Enter")
    expect(box(page, "library-search")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.locator(".popup")).to_have_count(0)
    expect(opener).to_be_focused()

    page.keyboard.press("Enter")
    pictures = page.locator("#library-gallery .thumbnail-item")
    expect(pictures).to_have_count(2)
    expect(box(page, "library-search")).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    expect(pictures.nth(1)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("#library-use")).to_be_enabled()
    expect(page.locator("#library-alike")).to_be_visible()
    page.keyboard.press("Tab")  # over "Who looks like this?"
    page.keyboard.press("Tab")
    expect(page.locator("#library-use")).to_be_focused()
    page.keyboard.press("Tab")  # focus stays in the dialog
    expect(page.locator("#library-close")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    expect(page.locator(".popup")).to_have_count(0)
    expect(toast(page).last).to_contain_text("Hana is in this story")


def test_a_screen_reader_hears_who_is_in_the_popup(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    save(page)
    page.click("#load-character")
    expect(page.locator(".popup").get_by_role("button", name="Hana")).to_be_visible()


def test_whoever_was_chosen_is_described_next_also_on_a_phone(app: App, visit: Visit) -> None:
    page = visit(app, width=390)
    create(page)
    page.locator("#stream .tile").first.click()
    save(page)
    page.click("#inspector-close")
    page.click("#generate-with-reference")
    choose(page, "Hana")
    expect(box(page, "scene-prompt")).to_be_focused()
    expect(box(page, "scene-prompt")).to_be_in_viewport()


def test_what_is_written_and_what_was_drawn_meet_on_the_card(app: App, visit: Visit) -> None:
    """While variants are drawn their character is saved: neither the form's text nor the new pictures get lost."""
    page = visit(app)
    create(page)
    page.click(".do-variants")
    write(page, "scene-prompt", "moon")
    app.generator.may_go_on.clear()
    page.click("#scene-generate")
    expect(page.locator("#run-progress")).to_contain_text(re.compile(r"Step \d of 4"))
    page.click(".do-save")
    expect(box(page, "save-name")).to_be_focused()
    write(page, "save-name", " of the Sea")
    write(page, "save-description", "a sail")
    page.click("#save-confirm")
    expect(page.locator("#looked-at .card-name").first).to_contain_text("in the library")
    page.click(".do-save")
    expect(box(page, "save-name")).to_be_focused()
    write(page, "save-description", "or")
    app.generator.may_go_on.set()
    expect(page.locator("#stream .tile")).to_have_count(4)
    expect(box(page, "save-description")).to_have_value("a sailor")
    assert app.library[0].name == "Hana of the Sea"


def test_a_removed_picture_comes_back(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    for left in (1, 0):
        remove(page)
        expect(page.locator("#stream .tile")).to_have_count(left)
    expect(page.locator("#undo-text")).to_have_text("A picture of Hana is out of this story.")
    page.click("#undo-button")
    expect(page.locator("#stream .tile")).to_have_count(1)
    expect(page.locator("#undo")).to_be_hidden()


def test_who_else_the_pictures_show_become_characters_of_their_own_and_back(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)  # the fakes draw another person by each seed
    expect(page.locator("#people-apart")).to_contain_text("show 2 different people")
    page.click("#people-apart-split")
    expect(page.locator(".face")).to_have_count(2)
    assert {member.character.name for member in app.cast} == {"Hana", "Hana 2"}
    page.click("#undo-button")
    expect(page.locator(".face")).to_have_count(1)
    expect(page.locator("#stream .tile")).to_have_count(2)


def test_a_missing_picture_hides_nobody_else(app: App, visit: Visit, tmp_path: Path) -> None:
    page = visit(app)
    create(page)
    flat(RED, 80).save(tmp_path / "mina.png")  # of another size, for equal pictures share a file
    app.studio.faces.upload_character(app.story_id, "Mina", tmp_path / "mina.png")
    for option in app.cast[0].options:
        file = Path(app.studio.library.get_picture_path(option.image.id))
        for each in (file, file.with_suffix(".webp")):
            each.unlink(missing_ok=True)
    page.reload()
    expect(page.locator(".face")).to_have_count(2)
    expect(page.locator("#stream .tile")).to_contain_text(["Uploaded", "Missing", "Missing"])
    page.locator("#stream .tile", has_text="Missing").first.click()
    expect(page.locator("#looked-at .badge").first).to_contain_text("missing")


def test_the_composed_prompt_follows_the_story_and_the_form(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    see_composed(page, "new")
    page.click("#new-clear")
    expect(box(page, "new-composed")).to_have_value("")
    page.click(".do-variants")
    expect(box(page, "scene-prompt")).to_be_focused()
    see_composed(page, "scene")
    write(page, "scene-prompt", "moon")
    write(page, "context", "rain")
    expect(box(page, "scene-composed")).to_have_value("moon, rain")
    new_story(page, "Story B")
    expect(box(page, "scene-composed")).to_have_value("moon")


def test_an_empty_library_says_what_to_do(app: App, visit: Visit) -> None:
    page = visit(app)
    page.click("#load-character")
    expect(page.locator("#library-note")).to_contain_text("Save to library")
    expect(page.locator("#library-use")).to_be_disabled()


def test_projects_have_libraries_of_their_own_and_a_reload_comes_back(app: App, visit: Visit) -> None:
    page = visit(app)
    create(page)
    save(page)
    page.click("#new-project")
    write(page, "naming-name", "Iron Seoul")
    page.click("#naming-create")
    expect(box(page, "project")).to_have_value("Iron Seoul")
    expect(page.locator("#cast-empty")).to_be_visible()
    page.click("#load-character")
    expect(page.locator("#library-note")).to_contain_text("Nobody is saved")
    page.reload()
    expect(box(page, "project")).to_have_value("Iron Seoul")


def test_an_empty_prompt_is_told_and_the_form_keeps_its_content(app: App, visit: Visit) -> None:
    page = visit(app)
    write(page, "new-name", "Hana <b>")
    open_chip(page, "new-profile")
    write(page, "new-hair", "red hair")
    page.click("#new-create")
    expect(problem(page, "new-prompt")).to_have_text("The prompt is empty. Describe the picture in a few words.")
    expect(box(page, "new-prompt")).to_have_attribute("aria-describedby", "new-prompt-problem")
    expect(box(page, "new-prompt")).to_be_focused()
    expect(toast(page)).to_have_count(0)
    expect(box(page, "new-name")).to_have_value("Hana <b>")
    expect(box(page, "new-hair")).to_have_value("red hair")
    expect(page.locator("#new-create")).to_be_enabled()
    assert app.cast == []
    for field in ("new-name", "new-prompt"):
        fill(box(page, field), "")
    page.click("#new-create")
    expect(page.locator(".problem")).to_have_count(2)  # all at once
    write(page, "new-name", "Hana")
    expect(page.locator(".problem")).to_have_text(["The prompt is empty. Describe the picture in a few words."])
    expect(box(page, "new-name")).not_to_have_attribute("aria-invalid", "true")


def test_an_own_picture_joins_the_cast(app: App, visit: Visit, tmp_path: Path) -> None:
    flat(RED).save(tmp_path / "me.png")
    page = visit(app)
    page.click("#add > button")
    page.click("#add-picture")
    page.locator("#upload-file input[type=file]").set_input_files(tmp_path / "me.png")
    expect(page.locator("#upload-picture img")).to_be_visible()
    write(page, "upload-name", "Me")
    page.click("#upload-add")
    expect(page.locator("#stream .tile")).to_contain_text("Uploaded")
    expect(page.locator("#add-dialog")).to_be_hidden()


def test_what_people_type_is_shown_as_they_typed_it(app: App, visit: Visit) -> None:
    page = visit(app)
    name = "<img src=x onerror=alert(1)> ${6*7} *$x$* #1 http://e.vil"
    create(page, name, "**bold** <script>1</script>")
    expect(page.locator("#looked-at h3")).to_have_text(name)
    expect(page.locator(".face")).to_have_text(name)
    expect(page.locator("#stream .run h3 b")).to_have_text(name)
    expect(page.locator("#stream .run h3 span")).to_have_text("**bold** <script>1</script>")
    assert page.locator("#stream a, #rail a, .card-name a").count() == 0
    save(page)
    page.click("#load-character")
    page.locator("#library-gallery .thumbnail-item").click()
    expect(page.locator("#library-about")).to_contain_text(name)
    page.click("#library-use")
    expect(toast(page).last).to_contain_text(name)


@pytest.mark.parametrize("query", ["", "?__theme=dark"])
def test_a_phone_shows_everything_without_scrolling_sideways(app: App, visit: Visit, query: str) -> None:
    page = visit(app, width=390, query=query)
    open_chip(page, "new-counts")
    page.locator("#new-count input[type=number]").fill("8")  # more than fit beside each other
    close_chip(page)
    create(page)
    expect(page.locator("#stream .tile")).to_have_count(8)
    page.locator("#stream .tile").first.click()
    save(page)
    page.click("#inspector-close")
    page.click("#generate-with-reference")
    choose(page, "Hana")
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.body.classList.contains('dark')") == bool(query)


def test_a_run_can_be_stopped(app: App, visit: Visit) -> None:
    page = visit(app)
    app.generator.may_go_on.clear()
    write(page, "new-name", "Hana")
    write(page, "new-prompt", "a girl")
    page.click("#new-create")
    expect(page.locator("#run-progress")).to_contain_text(re.compile(r"Step \d of 4"))
    page.click("#run-stop")
    expect(page.locator("#run-stop")).to_have_text("Stopping …")
    app.generator.may_go_on.set()
    expect(page.locator("#run-report")).to_contain_text("Stopped before a picture was finished")
    expect(page.locator("#new-create")).to_be_enabled()
    assert app.cast == []
    for field in ("new-name", "new-prompt"):
        fill(box(page, field), "")
    page.click("#new-create")
    expect(page.locator(".problem")).to_have_count(2)  # all at once
    write(page, "new-name", "Hana")
    expect(page.locator(".problem")).to_have_text(["The prompt is empty. Describe the picture in a few words."])
    expect(box(page, "new-name")).not_to_have_attribute("aria-invalid", "true")
