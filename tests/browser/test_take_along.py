"""What leaves the page as a file and comes back: the library as a zip, and a picture's request into the form."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from fakes import RED, flat
from playwright.sync_api import Locator, Page, expect
from served import App

from library_store.records import Character, VisualProfile
from studio import Studio
from studio.drawing import Made

Visit = Callable[..., Page]


DROP = """bytes => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], "hana.png", { type: "image/png" }));
  const place = document.querySelector("#wordmark");
  place.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def drawn(studio: Studio, story_id: str, name: str) -> Character:
    """A saved character with one picture of their own request."""
    *_, made = studio.drawing.generate_character(
        story_id, name, "a girl", VisualProfile(hair="red hair"), count=1, seed=0
    )
    assert isinstance(made, Made)
    return studio.library.save_character(made.member.id, made.image_ids[0])


def open_take_along(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    page.get_by_role("button", name="Take it with you").click()
    expect(page.locator("#take-everyone")).to_be_visible()


def people(page: Page) -> Locator:
    return page.locator("#people-gallery .thumbnail-item")


def box(page: Page, id: str) -> Locator:
    return page.locator(f"#{id} textarea, #{id} input").first


def downloaded(page: Page, to: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#take-download").click()
    file = to / download.value.suggested_filename
    download.value.save_as(file)
    return file


def bring(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.click("#take-import")
    chooser.value.set_files(file)


def test_a_library_is_exported_and_comes_back_with_its_stories(app: App, visit: Visit, tmp_path: Path) -> None:
    hana = drawn(app.studio, app.story_id, "Hana")
    drawn(app.studio, app.studio.library.create_story(hana.project_id, "Far away").id, "Aki")
    page = visit(app)
    open_take_along(page)
    expect(page.locator("#take-person")).to_be_hidden()
    page.click("#take-everyone")
    expect(page.locator("#take-download")).to_contain_text("Download My first project.zip (0.1 MB)")
    everyone = downloaded(page, tmp_path)
    assert "embeddings.npz" not in zipfile.ZipFile(everyone).namelist()

    people(page).filter(has_text="Hana").click()
    page.locator("#take-embeddings input").check()
    expect(page.locator("#take-download")).to_be_hidden()  # it was another one
    page.get_by_role("button", name="Export Hana alone").click()
    expect(page.locator("#take-download")).to_contain_text("Download Hana.zip")
    alone = zipfile.ZipFile(downloaded(page, tmp_path)).namelist()
    assert "embeddings.npz" in alone and len([name for name in alone if name.endswith(".png")]) == 1

    for person in app.library:
        app.studio.library.trash_character(person.id)
        app.studio.library.purge_character(person.id)
    bring(page, everyone)
    expect(page.get_by_test_id("toast-body")).to_contain_text("2 characters added.")
    expect(people(page)).to_have_count(2)
    bring(page, tmp_path / "Hana.zip")
    expect(page.get_by_test_id("toast-body").last).to_contain_text("0 characters added, 1 was there already.")
    assert app.studio.library.get_character(hana.id) == hana
    assert [member.character.name for member in app.cast] == ["Hana"]


def test_what_is_no_export_is_refused_in_words(app: App, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("dear diary")
    page = visit(app)
    open_take_along(page)
    bring(page, tmp_path / "notes.zip")
    expect(page.get_by_test_id("toast-body")).to_contain_text("Choose a zip that Castbook exported.")


def test_a_picture_without_a_request_makes_room_for_another(app: App, visit: Visit, tmp_path: Path) -> None:
    flat(RED).save(tmp_path / "plain.png")
    page = visit(app)
    page.locator("#read-request input[type=file]").set_input_files(tmp_path / "plain.png")
    expect(page.get_by_test_id("toast-body")).to_contain_text("says nothing of how it was made")
    expect(page.locator("#read-request input[type=file]")).to_have_count(1)
    expect(page.locator("#read-request")).not_to_contain_text("plain.png")


def test_a_picture_may_be_dropped_anywhere_on_the_page(app: App, visit: Visit) -> None:
    hana = drawn(app.studio, app.story_id, "Hana")
    data = Path(app.studio.library.get_picture_path(str(hana.canonical_image_id))).read_bytes()
    page = visit(app)
    page.evaluate(DROP, list(data))
    expect(box(page, "new-prompt")).to_have_value("a girl")
    expect(box(page, "new-hair")).to_have_value("red hair")


def test_a_dropped_picture_fills_the_form_with_its_request(app: App, visit: Visit, tmp_path: Path) -> None:
    hana = drawn(app.studio, app.story_id, "Hana")
    first = str(hana.canonical_image_id)
    *_, made = app.studio.drawing.generate_character_variant(
        app.story_id, first, "on the moon", count=3, identity_scale=0.4
    )
    assert isinstance(made, Made)
    original, variant = (Path(app.studio.library.get_picture_path(id)) for id in (first, made.image_ids[0]))
    flat(RED).save(tmp_path / "flat.png")

    page = visit(app)
    page.set_input_files("#read-request input", original)
    expect(box(page, "new-prompt")).to_have_value("a girl")
    expect(box(page, "new-hair")).to_have_value("red hair")
    expect(box(page, "new-prompt")).to_be_focused()
    page.set_input_files("#read-request input", variant)
    expect(box(page, "scene-prompt")).to_have_value("on the moon")
    expect(page.locator("#scene-who")).to_contain_text("Hana")
    expect(page.locator("#scene-strength input").first).to_have_value("0.4")
    page.set_input_files("#read-request input", tmp_path / "flat.png")
    expect(page.get_by_test_id("toast-body")).to_contain_text("says nothing of how it was made")
    expect(box(page, "scene-prompt")).to_have_value("on the moon")
