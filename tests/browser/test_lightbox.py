"""Pictures as large as the screen allows."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from fakes import GREEN, RED, flat
from playwright.sync_api import Page, expect
from served import App

Visit = Callable[..., Page]


def opened(app: App, visit: Visit, width: int = 1280) -> Page:
    """On a saved character of one picture and two variants."""
    app.generator._draw = lambda request, seed: flat(GREEN if request.reference else RED)
    *_, hana = app.studio.drawing.generate_character(app.story_id, "<b>Ha${6*7}na", "a girl", count=1)
    app.studio.drawing.generate_character_variant(app.story_id, hana.image_ids[0], "moon", count=2)
    *_, _made = app.studio.drawing.generate_character_variant(app.story_id, hana.image_ids[0], "sun", count=1)
    saved = app.studio.library.save_character(hana.member.id, hana.image_ids[0])
    page = visit(app, width, f"?character={saved.id}")
    page.click("#character-look")
    expect(page.locator("#lightbox-dialog .frame img")).to_be_visible()
    return page


@pytest.mark.parametrize("width", [1280, 390])
def test_a_picture_is_shown_whole_and_large_and_one_walks_on_by_keys(app: App, visit: Visit, width: int) -> None:
    page = opened(app, visit, width)
    picture, frame = page.locator("#lightbox-dialog .frame img"), page.locator("#lightbox-dialog .frame")
    seen, room = picture.bounding_box(), frame.bounding_box()
    assert seen and room
    assert seen["width"] == pytest.approx(seen["height"])  # the fakes draw squares
    assert min(room["width"], room["height"]) == pytest.approx(seen["width"], abs=2)
    assert picture.evaluate("(image) => image.style.filter").startswith("url")  # 64 pixels, stretched: sharpened
    expect(page.locator("#lightbox-dialog figcaption b")).to_have_text("<b>Ha${6*7}na")
    first = picture.get_attribute("src")
    page.keyboard.press("ArrowRight")
    expect(page.locator("#lightbox-dialog .count")).to_have_text("2 / 4")
    assert page.locator("#lightbox-dialog .frame img").get_attribute("src") != first
    page.keyboard.press("ArrowLeft")
    expect(page.locator("#lightbox-dialog .count")).to_have_text("1 / 4")
    page.keyboard.press("Escape")
    expect(page.locator("#lightbox-dialog")).to_be_hidden()
    expect(page.locator("#character-look")).to_be_focused()
    page.click("#character-look")  # the same once more
    expect(page.locator("#lightbox-dialog")).to_be_visible()


def test_two_are_compared_and_what_was_picked_is_downloaded(app: App, visit: Visit) -> None:
    page = opened(app, visit)
    page.keyboard.press("ArrowRight")
    page.keyboard.press("c")
    expect(page.locator("#lightbox-dialog .is-beside figure")).to_have_count(2)  # with its reference
    expect(page.locator("#lightbox-dialog figcaption b").first).to_have_text("Reference")
    page.keyboard.press("c")
    slider = page.get_by_role("slider", name="How much of each is shown")
    front = page.locator("#lightbox-dialog .front")
    slider.focus()
    page.keyboard.press("Home")
    expect(front).to_have_css("clip-path", "inset(0px 100% 0px 0px)")
    page.keyboard.press("End")
    expect(front).to_have_css("clip-path", "inset(0px 0% 0px 0px)")
    page.locator("#lightbox-dialog .next").focus()
    page.keyboard.press("Space")  # which picks the one that is looked at
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Space")
    expect(page.locator("#lightbox-dialog .thumb[data-picked=yes]")).to_have_count(2)
    page.click("#lightbox-dialog .mode-beside")
    expect(page.locator("#lightbox-dialog figcaption b")).to_have_text(["<b>Ha${6*7}na"] * 2)
    with page.expect_download() as downloaded:
        page.click("#lightbox-dialog .download")
    assert downloaded.value.suggested_filename.endswith(".png")


def test_zoom_enlarges_and_never_leaves_the_picture_behind(app: App, visit: Visit) -> None:
    page = opened(app, visit)
    picture = page.locator("#lightbox-dialog .frame img")
    before = picture.bounding_box()
    page.keyboard.press("+")
    after = picture.bounding_box()
    assert before and after and after["width"] == pytest.approx(1.5 * before["width"], rel=0.01)
    page.mouse.move(640, 400)
    page.mouse.down()
    page.mouse.move(5000, 400)
    page.mouse.up()
    moved, frame = picture.bounding_box(), page.locator("#lightbox-dialog .frame").bounding_box()
    assert moved and frame and moved["x"] <= frame["x"] + frame["width"]
    page.keyboard.press("0")
    assert picture.bounding_box() == before
