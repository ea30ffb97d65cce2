"""A picture dropped on the page: the request that it carries fills the form."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from fakes import RED, flat
from playwright.sync_api import Locator, Page, expect
from served import App, drawn

from studio.drawing import Made

Visit = Callable[..., Page]


DROP = """bytes => {
  const carried = new DataTransfer();
  carried.items.add(new File([new Uint8Array(bytes)], "hana.png", { type: "image/png" }));
  const place = document.querySelector("#wordmark");
  place.dispatchEvent(new DragEvent("drop", { dataTransfer: carried, bubbles: true, cancelable: true }));
}"""


def box(page: Page, id: str) -> Locator:
    return page.locator(f"#{id} textarea, #{id} input").first


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
    page.click("#new-profile > button")
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
    expect(box(page, "new-prompt")).to_be_focused()
    page.click("#new-profile > button")
    expect(box(page, "new-hair")).to_have_value("red hair")
    page.set_input_files("#read-request input", variant)
    expect(box(page, "scene-prompt")).to_have_value("on the moon")
    expect(page.locator("#scene-who")).to_contain_text("Hana")
    page.click("#scene-balance > button")
    expect(page.locator("#scene-strength input").first).to_have_value("0.4")
    page.set_input_files("#read-request input", tmp_path / "flat.png")
    expect(page.get_by_test_id("toast-body")).to_contain_text("says nothing of how it was made")
    expect(box(page, "scene-prompt")).to_have_value("on the moon")
