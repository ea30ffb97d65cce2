"""A character from a picture of one's own: the face boxed, chosen among several or drawn by hand, and whom it is like.

The form alone, between the two parts of the page that it speaks with.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import gradio as gr
import pytest
from fakes import BLACK, BLUE, GREEN, RED, FakeFaces, fake_pack, flat, side_by_side
from listening import listening
from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect
from served import App, PatientGenerator
from test_page import box, problem, write

from library_store.records import LOCAL_OWNER, CastMember
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui.page import launch_options
from ui.place import build_stories_bar
from ui.story.upload_form import bind_upload_form, build_upload_form

Open = Callable[..., Page]
ORANGE = (255, 40, 0)  # so near to red that the judge takes them for one person
EDGES = ("left", "top", "right", "bottom")


@pytest.fixture
def app(store: LibraryStore) -> Iterator[App]:
    pack, generator = fake_pack(), PatientGenerator()
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(generator, FakeFaces(), pack)))
    castbook.models.get()
    with gr.Blocks(analytics_enabled=False) as demo:
        place = build_stories_bar(castbook)
        with gr.Column(elem_id="desk"):
            form = build_upload_form(castbook, place)
        bind_upload_form(castbook, form, place)
    _, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook))
    yield App(url, castbook.seen_by(LOCAL_OWNER), generator)
    demo.close()


@pytest.fixture
def open_page(browser: Browser, app: App) -> Iterator[Open]:
    """`open_page()` for the mouse, `open_page(has_touch=True)` for a finger. Afterwards nothing may have gone wrong."""
    opened: list[Page] = []

    def open_it(**context: object) -> Page:
        page = browser.new_context(viewport={"width": 430, "height": 1000}, **context).new_page()
        page.on("console", lambda line: app.troubles.append(line.text) if line.type == "error" else None)
        page.on("pageerror", lambda error: app.troubles.append(str(error)))
        page.goto(app.url)
        expect(page.locator("#upload-add")).to_be_enabled()
        opened.append(page)
        return page

    yield open_it
    for page in opened:
        page.context.close()
    assert app.troubles == []


@pytest.fixture
def crowd(tmp_path: Path) -> Path:
    """Red, green and blue beside each other."""
    side_by_side((RED, GREEN, BLUE), 100).save(tmp_path / "crowd.png")
    return tmp_path / "crowd.png"


@pytest.fixture
def shy(tmp_path: Path) -> Path:
    """A red face in a corner, where no detector looks."""
    picture = flat(BLACK, 200)
    picture.paste(RED, (20, 20, 90, 90))
    picture.save(tmp_path / "shy.png")
    return tmp_path / "shy.png"


def upload(page: Page, file: Path) -> None:
    page.locator("#upload-file input[type=file]").set_input_files(file)


def picture(page: Page) -> Locator:
    return page.locator("#upload-picture img")


def note(page: Page) -> Locator:
    return page.locator("#upload-note")


@contextmanager
def redrawn(page: Page) -> Iterator[None]:
    """Until the picture shows what was done within."""
    before = picture(page).get_attribute("src")
    assert before
    yield
    expect(picture(page)).not_to_have_attribute("src", before)


def face(page: Page, label: str) -> Locator:
    return page.locator("#upload-choice").get_by_label(label)


def at(page: Page, x: float, y: float) -> dict[str, float]:
    """A place in the picture, which has to be there, by its share of width and height."""
    expect(picture(page)).to_have_js_property("complete", True)
    there = picture(page).bounding_box()
    assert there is not None
    return {"x": there["width"] * x, "y": there["height"] * y}


def add(app: App, page: Page, name: str) -> CastMember:
    write(page, "upload-name", name)
    page.click("#upload-add")
    expect(box(page, "upload-name")).to_have_value("")  # the form is ready for the next
    expect(picture(page)).to_have_count(0)
    return app.cast[-1]


def colour_of(app: App, member: CastMember) -> list[float]:
    image_id = member.options[0].image.id
    embedding = app.studio.library.get_faces([image_id])[image_id].identities[1].embedding
    return [round(float(part), 1) for part in embedding[:3]]


def saved(app: App, name: str, colour: tuple[int, int, int], folder: Path) -> None:
    flat(colour).save(folder / f"{name}.png")
    member = app.studio.faces.upload_character(app.story_id, name, folder / f"{name}.png")
    app.studio.library.save_character(member.id, member.options[0].image.id)


def test_the_face_is_boxed_and_its_picture_joins_the_cast(app: App, open_page: Open, tmp_path: Path) -> None:
    flat(RED, 100).save(tmp_path / "me.png")
    page = open_page()
    upload(page, tmp_path / "me.png")
    expect(note(page)).to_contain_text("One face was found")
    expect(picture(page)).to_have_attribute("alt", "Your picture: face 1 of 1 is chosen")
    member = add(app, page, "Me")
    assert (member.character.name, member.options[0].image.source) == ("Me", "uploaded")


def test_one_of_several_faces_is_picked_by_a_click(app: App, open_page: Open, crowd: Path) -> None:
    page = open_page()
    upload(page, crowd)
    expect(note(page)).to_contain_text("3 faces were found")
    expect(face(page, "Face 1")).to_be_checked()
    picture(page).click(position=at(page, 5 / 6, 0.5))
    expect(face(page, "Face 3")).to_be_checked()
    expect(picture(page)).to_have_attribute("alt", re.compile("face 3 of 3"))
    assert colour_of(app, add(app, page, "Blue")) == [0, 0, 1]


def test_one_of_several_faces_is_picked_by_keyboard(app: App, open_page: Open, crowd: Path) -> None:
    page = open_page()
    upload(page, crowd)
    expect(face(page, "Face 1")).to_be_checked()
    face(page, "Face 1").focus()
    page.keyboard.press("Tab")  # Gradio's radio buttons are no group to the arrow keys
    page.keyboard.press("Space")
    expect(picture(page)).to_have_attribute("alt", re.compile("face 2 of 3"))
    expect(face(page, "Face 2")).to_be_focused()
    assert colour_of(app, add(app, page, "Green")) == [0, 1, 0]


@pytest.mark.parametrize("by", ["mouse", "finger"])
def test_where_no_face_is_found_two_corners_draw_its_box(app: App, open_page: Open, shy: Path, by: str) -> None:
    page = open_page(has_touch=by == "finger")
    point = picture(page).tap if by == "finger" else picture(page).click
    upload(page, shy)
    expect(note(page)).to_contain_text("No face was found")
    with redrawn(page):
        point(position=at(page, 0.45, 0.1))
    expect(note(page)).to_contain_text("opposite corner")
    point(position=at(page, 0.1, 0.45))
    expect(note(page)).to_contain_text("Boxed by hand")
    assert [float(box(page, f"upload-{edge}").input_value()) for edge in EDGES] == pytest.approx(
        [10, 10, 45, 45], abs=1
    )
    member = add(app, page, "Shy")
    assert colour_of(app, member) == [1, 0, 0]
    assert app.studio.library.get_faces([member.options[0].image.id])[member.options[0].image.id].boxed_by_hand


def test_the_box_is_drawn_by_keyboard(app: App, open_page: Open, shy: Path) -> None:
    page = open_page()
    upload(page, shy)
    expect(note(page)).to_contain_text("No face was found")
    for edge, percent in zip(EDGES, (10, 10, 45, 45), strict=True):
        with redrawn(page):
            page.locator(f"#upload-{edge} input[type=number]").fill(str(percent))
            page.keyboard.press("Tab")
    page.locator("#upload-right input[type=range]").focus()
    with redrawn(page):
        page.keyboard.press("ArrowLeft")
    expect(box(page, "upload-right")).to_have_value("44.5")
    expect(note(page)).to_contain_text("Boxed by hand")
    member = add(app, page, "Shy")
    [kept] = app.studio.library.get_faces([member.options[0].image.id]).values()
    assert kept.box == pytest.approx((20, 20, 89, 90))


def test_a_face_that_was_found_wrongly_is_boxed_by_hand_instead(app: App, open_page: Open, crowd: Path) -> None:
    page = open_page()
    upload(page, crowd)
    with redrawn(page):
        page.locator("#upload-choice").get_by_label("None of these").check()
    expect(page.locator("#upload-by-hand")).to_be_visible()
    with redrawn(page):
        picture(page).click(position=at(page, 0.4, 0.2))
    expect(note(page)).to_contain_text("opposite corner")
    picture(page).click(position=at(page, 0.6, 0.8))
    expect(note(page)).to_contain_text("Boxed by hand")
    assert colour_of(app, add(app, page, "Green")) == [0, 1, 0]


def test_without_a_box_nothing_is_added(app: App, open_page: Open, shy: Path) -> None:
    page = open_page()
    upload(page, shy)
    expect(note(page)).to_contain_text("No face was found")
    write(page, "upload-name", "Shy")
    page.click("#upload-add")
    expect(problem(page, "upload-file")).to_contain_text("There is no box around the face yet.")
    expect(page.locator("#upload-add")).to_be_enabled()
    assert app.cast == []


def test_who_is_too_near_to_a_saved_character_is_added_knowingly(app: App, open_page: Open, tmp_path: Path) -> None:
    name = "Hana *the* <b>Red</b>"
    saved(app, name.replace("/", ""), RED, tmp_path)
    flat(ORANGE).save(tmp_path / "new.png")
    page = open_page()
    upload(page, tmp_path / "new.png")
    expect(note(page)).to_contain_text("One face was found")
    write(page, "upload-name", "Twin")
    page.click("#upload-add")
    expect(page.locator("#upload-warning")).to_contain_text("Hana *the* <b>Red<b> (0.99) has nearly the same face")
    expect(page.locator("#upload-add")).to_have_text("Add anyway")
    assert len(app.cast) == 1

    page.click("#upload-add")

    expect(box(page, "upload-name")).to_have_value("")
    expect(page.locator("#upload-add")).to_have_text("Add to the cast")
    expect(page.locator("#upload-warning")).to_be_hidden()
    assert [member.character.name for member in app.cast] == ["Hana *the* <b>Red<b>", "Twin"]


def test_a_warning_holds_for_the_face_that_it_was_about(app: App, open_page: Open, tmp_path: Path, crowd: Path) -> None:
    saved(app, "Hana", RED, tmp_path)
    page = open_page()
    upload(page, crowd)
    expect(face(page, "Face 1")).to_be_checked()
    write(page, "upload-name", "Mina")
    page.click("#upload-add")
    expect(page.locator("#upload-warning")).to_contain_text("Hana (1.00)")
    face(page, "Face 2").check()
    expect(page.locator("#upload-warning")).to_be_hidden()
    expect(page.locator("#upload-add")).to_have_text("Add to the cast")
    page.click("#upload-add")
    expect(box(page, "upload-name")).to_have_value("")
    assert [member.character.name for member in app.cast] == ["Hana", "Mina"]


@pytest.mark.parametrize(
    ("file", "message"), [("notes.png", "no picture that Castbook can read"), ("huge.png", "20000 x 20000 pixels")]
)
def test_a_bad_picture_is_told_at_once_and_the_form_keeps_its_content(
    app: App, open_page: Open, tmp_path: Path, file: str, message: str
) -> None:
    (tmp_path / "notes.png").write_text("dear diary")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    page = open_page()
    write(page, "upload-name", "Me")
    upload(page, tmp_path / file)
    expect(problem(page, "upload-file")).to_contain_text(message)
    expect(note(page)).to_be_hidden()
    expect(box(page, "upload-name")).to_have_value("Me")
    page.click("#upload-add")
    expect(page.locator("#upload-add")).to_have_text("Add to the cast")
    expect(page.locator("#upload-add")).to_be_enabled()
    expect(problem(page, "upload-file")).to_contain_text("There is no picture yet")  # what was refused is not kept
    assert app.cast == []


def test_a_cleared_form_is_empty(app: App, open_page: Open, crowd: Path) -> None:
    page = open_page()
    upload(page, crowd)
    expect(picture(page)).to_be_visible()
    write(page, "upload-name", "Me")
    page.click("#upload-clear")
    expect(picture(page)).to_have_count(0)
    expect(page.locator("#upload-choice")).to_be_hidden()
    expect(box(page, "upload-name")).to_have_value("")
