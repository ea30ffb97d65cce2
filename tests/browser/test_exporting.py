"""The library as a zip, and such a zip back into the library, on the page."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from pathlib import Path

from playwright.sync_api import Locator, Page, expect
from served import App, drawn
from test_page import problem

Visit = Callable[..., Page]


def open_export_form(page: Page) -> None:
    page.get_by_role("tab", name="Library").click()
    page.get_by_role("button", name="Export and import").click()
    expect(page.locator("#export-everyone")).to_be_visible()


def people(page: Page) -> Locator:
    return page.locator("#people-gallery .thumbnail-item")


def downloaded(page: Page, to: Path) -> Path:
    with page.expect_download() as download:
        page.locator("#export-download").click()
    file = to / download.value.suggested_filename
    download.value.save_as(file)
    return file


def import_zip(page: Page, file: Path) -> None:
    with page.expect_file_chooser() as chooser:
        page.click("#import-zip")
    chooser.value.set_files(file)


def test_a_library_is_exported_and_comes_back_with_its_stories(app: App, visit: Visit, tmp_path: Path) -> None:
    hana = drawn(app.studio, app.story_id, "Hana")
    drawn(app.studio, app.studio.library.create_story(hana.project_id, "Far away").id, "Aki")
    page = visit(app)
    open_export_form(page)
    expect(page.locator("#export-person")).to_be_hidden()
    page.click("#export-everyone")
    expect(page.locator("#export-download")).to_contain_text("Download My first project.zip (0.1 MB)")
    everyone = downloaded(page, tmp_path)
    assert "embeddings.npz" not in zipfile.ZipFile(everyone).namelist()

    people(page).filter(has_text="Hana").click()
    page.locator("#export-embeddings input").check()
    expect(page.locator("#export-download")).to_be_hidden()  # it was another one
    page.get_by_role("button", name="Export Hana alone").click()
    expect(page.locator("#export-download")).to_contain_text("Download Hana.zip")
    alone = zipfile.ZipFile(downloaded(page, tmp_path)).namelist()
    assert "embeddings.npz" in alone and len([name for name in alone if name.endswith(".png")]) == 1

    for person in app.library:
        app.studio.library.trash_character(person.id)
        app.studio.library.purge_character(person.id)
    import_zip(page, everyone)
    expect(page.get_by_test_id("toast-body")).to_contain_text("2 characters added.")
    expect(people(page)).to_have_count(2)
    import_zip(page, tmp_path / "Hana.zip")
    expect(page.get_by_test_id("toast-body").last).to_contain_text("0 characters added, 1 was there already.")
    assert app.studio.library.get_character(hana.id) == hana
    assert [member.character.name for member in app.cast] == ["Hana"]


def test_what_is_no_export_is_refused_in_words(app: App, visit: Visit, tmp_path: Path) -> None:
    (tmp_path / "notes.zip").write_text("dear diary")
    page = visit(app)
    open_export_form(page)
    import_zip(page, tmp_path / "notes.zip")
    expect(problem(page, "import-zip")).to_contain_text("Choose a zip that Castbook exported.")
