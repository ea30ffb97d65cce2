"""The Library tab in a real Chromium: who is found and how, and what a character's own page shows and does."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

from fakes import BLUE, GREEN, RED, YELLOW, FakeFaces, flat
from playwright.sync_api import Locator, Page, expect
from served import App, fill, settle
from test_page import problem

from library_store.records import Character, CharacterText, NewPicture
from pipeline.values import Likeness

Visit = Callable[..., Page]
Colour = tuple[int, int, int]


def picture(colour: Colour, size: int = 64, parent_id: str | None = None) -> NewPicture:
    image = flat(colour, size)
    [face] = FakeFaces().faces(image)
    if parent_id is None:
        return NewPicture(image, "generated", face)
    likeness = Likeness(0.93, "fake-judge", "same person", 0.001, False)
    return NewPicture(image, "variant", face, parent_id, likeness=likeness)


def saved(
    app: App,
    name: str,
    colour: Colour = RED,
    description: str = "",
    tags: tuple[str, ...] = (),
    story_id: str | None = None,
) -> Character:
    library, story_id = app.studio.library, story_id or app.story_id
    member = library.create_character(story_id, name, [picture(colour)], "generated", "a person", None, description)
    assert member.active_image_id is not None
    library.save_character(member.id, member.active_image_id)
    return library.set_tags(member.character.id, tags)


def vary(app: App, parent_id: str, colour: Colour, size: int) -> str:
    """The id of a variant of the picture, of a size of its own: equal pictures share a file."""
    library = app.studio.library
    [member] = [each for each in app.cast if each.character.id == library.get_image(parent_id).character_id]
    return library.add_options(member.id, [picture(colour, size, parent_id)], "variant").options[-1].image.id


def open_library(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    expect(page.locator("#people-title")).to_be_visible()


def people(page: Page) -> Locator:
    return page.locator("#people-gallery .thumbnail-item")


def open_page(page: Page, name: str) -> None:
    people(page).filter(has_text=name).click()
    expect(page.locator("#character-name h3")).to_have_text(name)


def follow_link(page: Page, app: App, character: Character) -> None:
    page.goto(f"{app.url}?character={character.id}")
    expect(page.locator("#character-name h3")).to_have_text(character.name)


def box(page: Page, id: str) -> Locator:
    return page.locator(f"#{id} textarea, #{id} input").first


def write(page: Page, id: str, text: str) -> None:
    box(page, id).click()
    settle(page)
    box(page, id).press_sequentially(text)


def test_people_are_found_by_words_tags_and_favourites_and_sorted(app: App, visit: Visit) -> None:
    saved(app, "Hana", RED, "a sailor", tags=("sea",))
    saved(app, "서연", GREEN, "a pilot", tags=("air",))
    app.studio.library.set_favourite(saved(app, "Aki", BLUE).id, True)
    page = visit(app)
    open_library(page)
    expect(people(page)).to_have_text(["★ Aki", "서연", "Hana"])
    page.click("#people-sort input")
    page.get_by_role("option", name="Name").click()
    expect(people(page)).to_have_text(["★ Aki", "Hana", "서연"])
    write(page, "people-search", "서연")
    expect(people(page)).to_have_text(["서연"])
    write(page, "people-search", "!")
    expect(page.locator("#people-note")).to_contain_text("Nobody matches “서연!”")
    box(page, "people-search").fill("")
    page.locator("#people-favourites input").check()
    expect(people(page)).to_have_text(["★ Aki"])
    page.locator("#people-favourites input").uncheck()
    page.click("#people-tags input")
    page.get_by_role("option", name="sea").click()
    expect(people(page)).to_have_text(["Hana"])


def test_many_people_are_shown_a_page_at_a_time(app: App, visit: Visit) -> None:
    crowded = app.studio.library.create_story(app.studio.library.ensure_a_story().project_id, "Crowd").id
    for number in range(130):
        saved(app, f"Person {number}", story_id=crowded)
    page = visit(app)
    open_library(page)
    expect(page.locator("#people-extent")).to_have_text("1–60 of 130")
    expect(page.locator("#people-before")).to_be_disabled()
    page.click("#people-after")
    expect(page.locator("#people-extent")).to_have_text("61–120 of 130")
    page.click("#people-after")
    expect(people(page)).to_have_count(10)
    expect(page.locator("#people-after")).to_be_disabled()
    page.click("#people-before")
    expect(people(page).first).to_have_text("Person 69")
    write(page, "people-search", "129")
    expect(people(page)).to_have_text(["Person 129"])
    expect(page.locator("#people-extent")).to_be_hidden()


def test_people_are_found_by_a_face(app: App, visit: Visit, tmp_path: Path) -> None:
    for name, colour in (("Red", RED), ("Green", GREEN), ("Yellow", YELLOW)):
        saved(app, name, colour)
    flat(RED, 80).save(tmp_path / "somebody.png")
    page = visit(app)
    open_library(page)
    with page.expect_file_chooser() as chooser:
        page.click("#people-file")
    chooser.value.set_files(tmp_path / "somebody.png")
    expect(people(page).first).to_have_text(re.compile(r"Red\s*1\.00"))
    expect(people(page).nth(1)).to_have_text(re.compile(r"Yellow\s*0\.71"))
    page.click("#people-everyone")
    expect(people(page)).to_have_text(["Yellow", "Green", "Red"])
    open_page(page, "Green")
    page.click("#character-alike")
    expect(people(page)).to_have_text([re.compile(r"Green\s*1\.00"), re.compile("Yellow"), re.compile(r"Red\s*0\.00")])


def test_a_picture_is_added_and_another_person_only_knowingly(app: App, visit: Visit, tmp_path: Path) -> None:
    hana = saved(app, "Hana")
    kept = len(app.studio.library.list_images(hana.id))
    for name, colour in (("also.png", RED), ("other.png", GREEN)):
        flat(colour, 80).save(tmp_path / name)
    page = visit(app)
    open_library(page)
    open_page(page, "Hana")
    strip = page.locator("#character-strip button.thumbnail-item")
    expect(strip).to_have_count(kept)

    for name, count in (("also.png", kept + 1), ("other.png", kept + 1)):
        with page.expect_file_chooser() as chooser:
            page.click("#character-add-file")
        chooser.value.set_files(tmp_path / name)
        expect(strip).to_have_count(count)
    doubt = page.locator("#character-add-doubt")
    expect(doubt).to_contain_text("another person")

    (tmp_path / "broken.png").write_bytes((tmp_path / "other.png").read_bytes()[:60])
    for name in ("broken.png", "other.png"):  # the question is of the picture that was chosen last
        with page.expect_file_chooser() as chooser:
            page.click("#character-add-file")
        chooser.value.set_files(tmp_path / name)
        if name == "broken.png":
            expect(problem(page, "character-add-file")).to_contain_text("damaged")
            expect(page.get_by_test_id("toast-body").filter(has_text="damaged")).to_have_count(0)
            expect(doubt).to_be_hidden()
    expect(page.locator(".problem")).to_have_count(0)
    expect(doubt).to_contain_text("another person")
    page.click("#character-add-anyway")
    expect(strip).to_have_count(kept + 2)
    expect(page.locator("#character-add-doubt")).to_be_hidden()


def test_a_page_shows_roles_lineage_and_who_does_not_belong(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana")
    first = str(hana.canonical_image_id)
    variant = vary(app, first, RED, 70)
    stranger = vary(app, variant, GREEN, 80)
    page = visit(app)
    open_library(page)
    open_page(page, "Hana")
    strip, nodes = page.locator("#character-strip .thumbnail-item"), page.locator(".lineage button")
    expect(strip.first).to_contain_text("Main picture")
    expect(page.locator("#character-outliers")).to_contain_text("Picture 3: This picture shows somebody else")
    expect(page.locator("#character-canonical")).to_be_hidden()

    page.get_by_role("button", name="Variant, depth 2, similarity 0.93").focus()
    page.keyboard.press("Enter")
    expect(page.locator("#character-facts")).to_contain_text("80 × 80")
    expect(nodes.nth(2)).to_have_attribute("aria-pressed", "true")
    strip.nth(1).click()
    expect(page.locator("#character-facts")).to_contain_text("70 × 70")
    expect(nodes.nth(1)).to_have_attribute("aria-pressed", "true")

    page.click("#character-steer")
    expect(strip.nth(1)).to_contain_text("Reference too")
    assert app.studio.library.list_steering(hana.id) == [variant]
    page.click("#character-steer")
    expect(strip.nth(1)).not_to_contain_text("Reference too")
    page.click("#character-canonical")
    expect(strip.nth(1)).to_contain_text("Main picture")
    assert app.studio.library.get_character(hana.id).canonical_image_id == variant
    with page.expect_download() as download:
        page.click("#character-download")
    assert Path(download.value.path()).read_bytes() == Path(app.studio.library.get_picture_path(variant)).read_bytes()
    assert stranger in [image.id for image in app.studio.library.list_images(hana.id)]


def test_what_is_edited_is_kept_and_seen_in_the_gallery(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana", tags=("sea",))
    page = visit(app)
    open_library(page)
    open_page(page, "Hana")
    page.click("#character-favourite")
    expect(people(page)).to_have_text(["★ Hana"])
    page.get_by_role("button", name="Edit").click()
    write(page, "edit-name", " of the Sea")
    write(page, "edit-description", "a sailor")
    write(page, "edit-hair", "red hair")
    write(page, "edit-tags", "hero")
    page.keyboard.press("Enter")
    page.click("#edit-save")
    expect(page.locator("#character-about")).to_contain_text("#hero #sea")
    expect(people(page)).to_have_text(["★ Hana of the Sea"])
    edited = app.studio.library.get_character(hana.id)
    assert (edited.description, edited.visual_profile.hair, edited.tags) == ("a sailor", "red hair", ("hero", "sea"))


def edit(page: Page, **texts: str) -> None:
    """Types into the fields, and saves."""
    for field, text in texts.items():
        fill(box(page, f"edit-{field}"), text)
    page.click("#edit-save")


def test_of_two_tabs_the_later_writes_over_nothing_newer(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana", description="a sailor", tags=("sea",))
    early, late = visit(app), visit(app)
    for page in (early, late):
        follow_link(page, app, hana)
        page.get_by_role("button", name="Edit").click()
        settle(page)
    write(early, "edit-tags", "hero")
    early.keyboard.press("Enter")
    edit(early, description="a pilot")
    expect(early.locator("#character-about")).to_contain_text("a pilot")
    write(late, "edit-tags", "tall")
    late.keyboard.press("Enter")
    edit(late, name="Hana Kim")
    expect(late.locator("#character-about")).to_contain_text("#hero #sea #tall")
    expect(box(late, "edit-description")).to_have_value("a pilot")
    known = app.studio.library.get_character(hana.id)
    assert (known.name, known.description, known.tags) == ("Hana Kim", "a pilot", ("hero", "sea", "tall"))


def test_whose_words_were_changed_elsewhere_is_told_and_chooses(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana", description="a sailor")
    page = visit(app)
    follow_link(page, app, hana)
    page.get_by_role("button", name="Edit").click()
    settle(page)
    app.studio.library.edit_character(hana.id, CharacterText(name="Dana", description="a pilot"))
    edit(page, name="Hana Kim", description="a doctor")
    question = page.locator("#edit-newer-text")
    expect(question).to_contain_text("Name: “Dana”")
    expect(question).to_contain_text("Description: “a pilot”")
    expect(box(page, "edit-description")).to_have_value("a doctor")
    assert app.studio.library.get_character(hana.id).name == "Dana"

    app.studio.library.edit_character(hana.id, CharacterText(description=""))
    page.click("#edit-mine")
    expect(question).to_contain_text("Description: empty")
    expect(question).not_to_contain_text("Name")
    page.click("#edit-mine")
    expect(page.locator("#edit-newer")).to_be_hidden()
    expect(page.locator("#character-about")).to_contain_text("a doctor")
    assert app.studio.library.get_character(hana.id).name == "Hana Kim"

    app.studio.library.edit_character(hana.id, CharacterText(description="a pilot"))
    edit(page, name="Hana", description="a nurse")
    expect(question).to_contain_text("“a pilot”")
    page.click("#edit-theirs")
    expect(box(page, "edit-description")).to_have_value("a pilot")
    edit(page)
    expect(page.locator("#character-name")).to_have_text("Hana")
    assert app.studio.library.get_character(hana.id).description == "a pilot"


def test_an_open_form_shows_what_the_other_view_changed_and_keeps_what_is_half_written(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana", description="a sailor")
    page = visit(app)
    follow_link(page, app, hana)
    page.get_by_role("button", name="Edit").click()
    settle(page)
    fill(box(page, "edit-name"), "Hana Kim")
    page.get_by_role("tab", name="Story").click()
    page.click(".do-save")
    expect(box(page, "save-description")).to_have_value("a sailor")
    fill(box(page, "save-description"), "a pilot")
    page.click("#save-confirm")
    expect(page.locator("#save-form")).to_be_hidden()
    open_library(page)
    expect(box(page, "edit-description")).to_have_value("a pilot")
    expect(box(page, "edit-name")).to_have_value("Hana Kim")
    page.get_by_role("tab", name="Story").click()
    page.click(".do-save")
    expect(box(page, "save-name")).to_have_value("Hana")
    box(page, "save-prompt").fill("a girl")
    open_library(page)
    edit(page)
    expect(page.locator("#character-name")).to_have_text("Hana Kim")
    page.get_by_role("tab", name="Story").click()
    expect(box(page, "save-name")).to_have_value("Hana Kim")
    page.click("#save-confirm")
    expect(page.locator("#save-form")).to_be_hidden()
    known = app.studio.library.get_character(hana.id)
    assert (known.name, known.description, known.prompt) == ("Hana Kim", "a pilot", "a girl")


def test_a_picture_becomes_what_the_button_said_whoever_else_pressed_it(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana")
    variant = vary(app, str(hana.canonical_image_id), RED, 70)
    page = visit(app)
    follow_link(page, app, hana)
    strip = page.locator("#character-strip .thumbnail-item")
    strip.nth(1).click()
    expect(page.locator("#character-facts")).to_contain_text("70 × 70")
    app.studio.library.set_favourite(hana.id, True)
    page.click("#character-favourite")
    expect(people(page)).to_have_text(["★ Hana"])
    app.studio.faces.set_steering(hana.id, [variant])
    page.click("#character-steer")
    expect(strip.nth(1)).to_contain_text("Reference too")
    assert app.studio.library.list_steering(hana.id) == [variant]


def test_two_who_are_one_are_merged_after_a_warning(app: App, visit: Visit) -> None:
    hana, double = saved(app, "Hana", RED), saved(app, "Hanna", RED, tags=("sea",))
    crowded = app.studio.library.create_story(hana.project_id, "Crowd").id
    for number in range(70):  # more than are in the list before one types
        saved(app, f"A {number}", story_id=crowded)
    page = visit(app)
    follow_link(page, app, hana)
    page.get_by_role("button", name="Merge with another character").click()
    write(page, "merge-other", "hann")
    page.get_by_role("option", name="Hanna").click()
    expect(page.locator("#merge-warning")).to_contain_text("Hana gets all pictures (1), stories (1) and tags of Hanna")
    expect(page.locator("#merge-warning")).not_to_contain_text("Are they one person?")
    expect(page.locator("#merge-faces .caption-label")).to_have_text(["Hana", "Hanna"])
    page.click("#merge-confirm")
    expect(page.locator("#character-strip .thumbnail-item")).to_have_count(2)
    expect(page.locator("#merge-confirm")).to_be_hidden()
    assert app.studio.library.get_character(double.id).id == hana.id
    page.click("#undo-button")
    expect(page.locator("#character-strip .thumbnail-item")).to_have_count(1)
    assert app.studio.library.get_character(double.id).name == "Hanna"


def test_a_character_is_copied_into_another_project_and_the_copy_says_whose_it_is(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana")
    spin_off = app.studio.library.create_project("Spin-off")
    page = visit(app)
    follow_link(page, app, hana)
    page.locator("#character-into button").first.click()
    page.locator("#copy-project input").click()
    page.get_by_role("option", name="Spin-off").click()
    page.click("#copy-confirm")
    toast = page.get_by_test_id("toast-body")
    expect(toast).to_contain_text("Hana is in Spin-off as well.")
    [copy] = app.studio.library.list_library(spin_off.id)
    assert toast.get_by_role("link").get_attribute("href") == f"?character={copy.id}"
    follow_link(page, app, copy)
    expect(page.locator("#character-about")).to_contain_text("Copied from Hana of")


def test_who_are_hardly_alike_are_doubted_before_they_are_merged(app: App, visit: Visit) -> None:
    hana, _ = saved(app, "Hana", RED), saved(app, "Greta", GREEN)
    page = visit(app)
    follow_link(page, app, hana)
    page.get_by_role("button", name="Merge with another character").click()
    write(page, "merge-other", "gre")
    page.get_by_role("option", name="Greta").click()
    expect(page.locator("#merge-warning")).to_contain_text("Are they one person?")
    expect(page.locator("#merge-warning")).to_contain_text("0.00")
    expect(page.locator("#merge-faces .thumbnail-item img")).to_have_count(2)


def test_from_the_trash_one_comes_back_or_goes_for_good(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana")
    page = visit(app)
    open_library(page)
    open_page(page, "Hana")
    page.click("#character-trash")
    expect(page.locator("#trash-text")).to_contain_text("Hana is in the trash")
    expect(page.locator("#people-note")).to_contain_text("Nobody is saved")
    for bring_back in ("#character-restore", "#undo-button"):
        page.click(bring_back)
        expect(people(page)).to_have_count(1)
        expect(page.locator("#trash-text")).to_be_hidden()
        page.click("#character-trash")
        expect(page.locator("#trash-text")).to_contain_text("Hana is in the trash")
    expect(page.locator("#trash-text")).to_contain_text("Hana is in the trash")
    expect(people(page)).to_have_count(0)
    page = visit(app)  # another day: her page is opened from the trash
    open_library(page)
    page.locator("#people-trashed input").check()
    expect(people(page)).to_have_count(1)
    open_page(page, "Hana")
    page.click("#character-purge-ask")
    expect(page.locator("#purge-warning")).to_contain_text("1 picture goes; 1 story loses them (Story 1)")
    page.click("#character-purge")
    expect(page.locator("#character-nobody")).to_be_visible()
    expect(page.locator("#people-note")).to_contain_text("nobody in the trash")
    assert hana.id not in [member.character.id for member in app.cast]


def test_a_link_opens_the_page_and_the_page_leads_to_the_stories(app: App, visit: Visit) -> None:
    hana = saved(app, "Hana")
    app.studio.library.create_story(hana.project_id, "Story B")
    page = visit(app)
    follow_link(page, app, hana)
    page.click("#character-generate")
    expect(box(page, "scene-prompt")).to_be_focused()
    expect(page.locator("#scene-who")).to_contain_text("Hana")
    expect(page.locator(".face")).to_be_visible()

    page.click("#story input")
    page.get_by_role("option", name="Story B").click()
    expect(page.locator("#cast-empty")).to_be_visible()
    open_library(page)
    page.click("#character-load")
    expect(page.locator("#stream .tile")).to_contain_text("Loaded")
    open_library(page)
    expect(page.locator("#character-stories button")).to_have_count(2)
    page.locator("#character-stories button", has_text="Story 1").click()
    expect(box(page, "story")).to_have_value("Story 1")
    expect(page.locator(".face")).to_be_visible()
