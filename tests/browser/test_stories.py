"""Projects and stories on the page: their names, the trash, the context, and links that open there."""

from __future__ import annotations

import re

from playwright.sync_api import Page, Route, expect
from served import App, fill, settle
from test_page import Visit, box, new_story, toast, write


def manage(page: Page) -> None:
    page.locator("#manage > button").click()
    expect(box(page, "rename-story-name")).to_be_visible()
    expect(box(page, "rename-story-name")).not_to_have_value("")
    settle(page)


def leave_context(page: Page) -> None:
    box(page, "context").press("Tab")


def test_a_story_is_renamed_trashed_and_brought_back(app: App, visit: Visit) -> None:
    page = visit(app)
    story_id = app.story_id
    manage(page)
    expect(page.locator("#trash-empty")).to_contain_text("The trash is empty")
    fill(box(page, "rename-story-name"), "The café")
    page.click("#rename-story-go")
    expect(box(page, "story")).to_have_value("The café")
    for bring_back in ("#undo-button", ".do-restore"):
        page.click("#trash-story")
        expect(page.locator("#undo-text")).to_have_text("The story “The café” is in the trash.")
        expect(box(page, "story")).to_have_value("Story 1")  # the last story: an empty one takes its place
        expect(page.locator(".trash-line")).to_have_text(re.compile("Story: The café"))
        page.click(bring_back)
        expect(box(page, "story")).to_have_value("The café")
        expect(page.locator(".trash-line")).to_have_count(0)
    assert app.studio.library.get_story(story_id).trashed_at is None


def test_the_last_project_goes_and_comes_back_with_its_stories(app: App, visit: Visit) -> None:
    page = visit(app)
    new_story(page, "Episode 2")
    manage(page)
    box(page, "rename-project-name").fill("Iron Seoul")
    box(page, "rename-project-name").press("Enter")
    expect(box(page, "project")).to_have_value("Iron Seoul")
    page.click("#trash-project")
    expect(box(page, "project")).to_have_value("My first project")
    expect(page.locator("#undo-text")).to_contain_text("Iron Seoul")
    page.click(".do-restore")
    expect(box(page, "project")).to_have_value("Iron Seoul")
    [_, restored] = app.studio.library.list_projects()[::-1]
    assert [story.title for story in app.studio.library.list_stories(restored.id)] == ["Story 1", "Episode 2"]


def test_the_context_says_whether_it_is_saved(app: App, visit: Visit) -> None:
    page = visit(app)
    write(page, "context", "rainy night")
    expect(page.locator("#context-unsaved")).to_be_visible()
    expect(page.locator("#context-saved")).to_be_hidden()
    leave_context(page)
    expect(page.locator("#context-saved")).to_be_visible()
    assert app.studio.library.ensure_a_story().context == "rainy night"


def test_the_later_of_two_tabs_is_told_and_loses_nothing(app: App, visit: Visit) -> None:
    early, late = visit(app), visit(app)
    write(early, "context", "rainy night")
    leave_context(early)
    expect(early.locator("#context-saved")).to_be_visible()
    write(late, "context", "soft light")
    leave_context(late)
    expect(late.locator("#context-conflict-text")).to_contain_text("“rainy night”")
    assert app.studio.library.ensure_a_story().context == "rainy night"
    late.click("#context-both")
    expect(box(late, "context")).to_have_value("rainy night, soft light")
    expect(late.locator("#context-conflict")).to_be_hidden()
    assert app.studio.library.ensure_a_story().context == "rainy night, soft light"


def test_both_contexts_say_nothing_twice_and_what_changes_while_one_chooses_is_told(app: App, visit: Visit) -> None:
    page = visit(app)
    app.studio.library.update_story(app.story_id, context="rainy night, city")
    write(page, "context", "City, soft light")
    leave_context(page)
    expect(page.locator("#context-conflict-text")).to_contain_text("“rainy night, city”")
    app.studio.library.update_story(app.story_id, context="")
    page.click("#context-both")
    expect(page.locator("#context-conflict-text")).to_contain_text("There it is empty")
    app.studio.library.update_story(app.story_id, context="city, fog")
    page.click("#context-mine")
    expect(page.locator("#context-conflict-text")).to_contain_text("“city, fog”")
    assert app.studio.library.get_story(app.story_id).context == "city, fog"
    expect(box(page, "context")).to_have_value("City, soft light")
    page.click("#context-both")
    expect(box(page, "context")).to_have_value("city, fog, soft light")
    assert app.studio.library.get_story(app.story_id).context == "city, fog, soft light"


def test_beside_an_empty_context_mine_is_both(app: App, visit: Visit) -> None:
    app.studio.library.update_story(app.story_id, context="snow")
    page = visit(app)
    app.studio.library.update_story(app.story_id, context="")
    write(page, "context", ", soft light")
    leave_context(page)
    expect(page.locator("#context-conflict-text")).to_contain_text("There it is empty")
    page.click("#context-both")
    expect(page.locator("#context-conflict")).to_be_hidden()
    assert app.studio.library.get_story(app.story_id).context == "snow, soft light"


def test_a_story_is_not_left_while_two_contexts_wait_for_a_choice(app: App, visit: Visit) -> None:
    page = visit(app)
    app.studio.library.update_story(app.story_id, context="rainy night")
    write(page, "context", "soft light")
    page.click("#new-story")
    write(page, "naming-name", "Story B")
    page.click("#naming-create")
    expect(toast(page)).to_contain_text("changed in another tab")
    expect(box(page, "story")).to_have_value("Story 1")
    expect(box(page, "context")).to_have_value("soft light")
    page.click("#context-mine")
    expect(page.locator("#context-conflict")).to_be_hidden()
    page.click("#naming-create")
    expect(box(page, "story")).to_have_value("Story B")
    assert app.studio.library.ensure_a_story().context == "soft light"


def test_a_link_opens_its_story_once(app: App, visit: Visit) -> None:
    linked = app.studio.library.create_story(app.studio.library.ensure_a_story().project_id, "Episode 2", "snow")
    page = visit(app, query=f"?story={linked.id}&__theme=dark")
    expect(box(page, "story")).to_have_value("Episode 2")
    expect(box(page, "context")).to_have_value("snow")
    expect(page).to_have_url(f"{app.url}?__theme=dark")
    new_story(page, "Episode 3")
    page.reload()
    expect(box(page, "story")).to_have_value("Episode 3")


def test_the_copied_link_is_one_that_opens(app: App, visit: Visit) -> None:
    page = visit(app)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    manage(page)
    page.click("#copy-story-link")
    expect(toast(page)).to_contain_text("copied")
    assert page.evaluate("navigator.clipboard.readText()") == f"{app.url}?story={app.story_id}"


def test_a_link_to_nothing_is_told_and_the_page_works(app: App, visit: Visit) -> None:
    page = visit(app, query="?story=gone&character=gone")
    expect(toast(page)).to_contain_text("There is no story with the id 'gone'.")
    expect(box(page, "story")).to_have_value("Story 1")
    new_story(page, "Episode 2")


def test_a_link_to_a_character_opens_their_page(app: App, visit: Visit) -> None:
    [*_] = app.studio.drawing.generate_character(app.story_id, "Hana", "a girl")
    [member] = app.cast
    app.studio.library.save_character(member.id, member.options[0].image.id)
    page = visit(app, query=f"?character={member.character.id}")
    expect(page.get_by_role("tab", name="Library", exact=True)).to_have_attribute("aria-selected", "true")
    expect(page.locator("#character-page")).to_contain_text("Hana")


def test_no_late_answer_writes_over_a_name_that_is_typed(app: App, visit: Visit) -> None:
    page = visit(app)
    new_story(page, "Episode 2")
    late: list[Route] = []
    page.route("**/run/predict*", lambda route: late.append(route))
    manage(page)
    box(page, "rename-project-name").fill("Iron Seoul")
    for route in late:
        route.continue_()
        route.request.response()
    box(page, "rename-project-name").press("Enter")
    expect(box(page, "project")).to_have_value("Iron Seoul")


def test_a_story_is_found_by_keys_and_a_deed_is_done(app: App, visit: Visit) -> None:
    night = app.studio.library.create_story(app.studio.library.list_projects()[0].id, "Night Shift")
    page = visit(app)
    page.keyboard.press("Control+k")
    words = box(page, "find-words")
    expect(words).to_be_focused()
    words.press_sequentially("night")
    option = page.get_by_role("option", name="Night Shift")
    expect(option).to_have_attribute("aria-selected", "true")
    assert words.get_attribute("aria-activedescendant") == option.get_attribute("id")
    page.keyboard.press("Enter")
    expect(box(page, "story")).to_have_value(night.title)
    expect(page.locator("#find-dialog")).to_be_hidden()
    page.keyboard.press("Control+k")
    expect(words).to_be_focused()
    words.fill("keys and")
    expect(page.get_by_role("option")).to_have_text(["Keys and words"])
    page.keyboard.press("Enter")
    expect(page.locator("#help-dialog")).to_be_visible()
