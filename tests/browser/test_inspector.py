"""What can be done with a picture: compare, remix, use its seed, and see where it comes from."""

from __future__ import annotations

from collections.abc import Callable

from fakes import GREEN, RED, flat
from playwright.sync_api import Page, expect
from served import App, fill, settle

from library_store.records import NewPicture, VisualProfile
from pipeline.values import AnotherFace
from studio.drawing import Made
from ui.story.stream import RUNS

Visit = Callable[..., Page]


def draw_hana(app: App) -> Made:
    """One picture of Hana and two variants of it, whose seeds are 7 and 8."""
    *_, hana = app.studio.drawing.generate_character(
        app.story_id, "Hana", "a girl", VisualProfile(hair="red hair"), count=1
    )
    *_, made = app.studio.drawing.generate_character_variant(
        app.story_id, hana.member.active_image_id, "spacesuit", count=2, seed=7, identity_scale=0.3
    )
    assert isinstance(made, Made)
    return made


def look_at(page: Page, made: Made, number: int) -> None:
    """At the picture of that number among its character's, the oldest first."""
    page.click(f'#stream .tile[data-image="{made.member.options[number - 1].image.id}"]')


def open_details(page: Page) -> None:
    page.click("#looked-at .card-more > button")


def value_of(page: Page, id: str) -> str:
    return page.locator(f"#{id} textarea, #{id} input").first.input_value()


def test_a_variant_says_of_which_picture_and_is_compared_with_it(app: App, visit: Visit) -> None:
    made = draw_hana(app)
    page = visit(app)
    open_details(page)
    look_at(page, made, 1)
    expect(page.locator(".do-remove")).to_be_visible()
    expect(page.locator(".do-compare")).to_be_hidden()  # the first one has no reference
    look_at(page, made, 2)
    expect(page.locator("#looked-at .fine-print").first).to_contain_text("Variant of picture 1")
    page.click(".do-compare")
    expect(page.locator(".comparison img")).to_have_count(2)
    handle = page.get_by_role("slider", name="Reference, This picture")
    before = handle.bounding_box()
    handle.press("ArrowLeft")
    after = handle.bounding_box()
    assert before and after and after["x"] < before["x"]
    look_at(page, made, 1)
    expect(page.locator(".comparison")).to_be_hidden()


def test_of_a_long_stream_the_newest_are_shown_until_all_are_asked_for(app: App, visit: Visit) -> None:
    for i in range(RUNS + 2):
        app.studio.library.create_character(
            app.story_id, f"Person {i}", [NewPicture(flat(RED), "generated")], "generated"
        )
    page = visit(app)
    expect(page.locator(".face")).to_have_count(RUNS + 2)
    expect(page.locator("#stream .run")).to_have_count(RUNS)
    expect(page.locator("#stream .run").first).to_contain_text(f"Person {RUNS + 1}")
    page.get_by_role("button", name="Show all: 2 more").click()
    expect(page.locator("#stream .run")).to_have_count(RUNS + 2)
    expect(page.locator("#stream .run").last).to_contain_text("Person 0")
    page.get_by_label("Find in this cast").fill("person 13")
    expect(page.locator(".face:visible")).to_have_text(["Person 13"])


def test_remix_takes_a_variants_whole_request_into_the_scene_form(app: App, visit: Visit) -> None:
    made = draw_hana(app)
    app.studio.library.update_story(app.story_id, context="rainy night")
    page = visit(app)
    open_details(page)
    look_at(page, made, 2)
    expect(page.locator("#looked-at .fine-print").first).to_contain_text("seed 7")
    page.click(".do-seed")
    expect(page.locator("#scene-seed input")).to_be_focused()
    expect(page.locator("#scene-seed input")).to_have_value("7")
    page.click(".do-remix")
    expect(page.locator("#scene-prompt textarea")).to_be_focused()
    expect(page.locator("#scene-seed input")).to_have_value("")  # chance decides anew
    expect(page.locator("#scene-prompt textarea")).to_have_value("spacesuit")
    expect(page.locator("#scene-composed textarea")).to_have_value("spacesuit, red hair, rainy night")
    page.click("#scene-balance > button")
    expect(page.locator("#scene-strength-says")).to_contain_text("0.30: mostly the scene")
    expect(page.locator("#scene-who")).to_contain_text("Hana")
    page.click("#scene-counts > button")
    assert value_of(page, "scene-count") == "2"


def test_remix_takes_a_new_characters_prompt_and_profile_as_they_were_written(app: App, visit: Visit) -> None:
    made = draw_hana(app)
    page = visit(app)
    page.click(".face")
    open_details(page)
    look_at(page, made, 1)
    expect(page.locator(".do-compare")).to_be_hidden()
    page.click(".do-remix")
    expect(page.locator("#new-prompt textarea")).to_be_focused()
    expect(page.locator("#new-prompt textarea")).to_have_value("a girl")
    page.click("#new-profile > button")
    assert value_of(page, "new-hair") == "red hair"
    page.click("#new-counts > button")
    assert value_of(page, "new-count") == "1"


def test_use_seed_takes_the_seed_and_nothing_else(app: App, visit: Visit) -> None:
    made = draw_hana(app)
    page = visit(app)
    page.click(".do-variants")
    expect(page.locator("#scene-prompt textarea")).to_be_focused()
    settle(page)
    page.locator("#scene-prompt textarea").fill("forest")
    open_details(page)
    look_at(page, made, 3)
    expect(page.locator("#looked-at .fine-print").first).to_contain_text("seed 8")
    page.click(".do-seed")
    expect(page.locator("#scene-seed input")).to_be_focused()
    expect(page.locator("#scene-seed input")).to_have_value(str(made.member.options[2].image.seed))
    assert value_of(page, "scene-prompt") == "forest"


def test_of_many_drawn_the_best_are_kept_and_a_rejected_one_says_why(app: App, visit: Visit) -> None:
    """Drawn from red, the first three are red and the fourth is green: of four, three are kept."""
    draw_hana(app)
    page = visit(app)
    page.click(".do-variants")
    expect(page.locator("#scene-prompt textarea")).to_be_focused()
    settle(page)
    page.locator("#scene-prompt textarea").fill("moon")
    page.click("#scene-counts > button")
    page.locator("#scene-count input[type=number]").fill("4")
    expect(page.locator("#scene-keep input[type=number]")).to_have_value("4")
    fill(page.locator("#scene-keep input[type=number]"), "3")
    page.click("#scene-generate")
    expect(page.locator("#stream .tile")).to_have_count(6)


def test_a_picture_set_aside_is_folded_and_says_why(app: App, visit: Visit) -> None:
    app.generator._draw = lambda request, seed: flat(GREEN if request.reference and seed == 8 else RED)
    made = draw_hana(app)
    likeness = made.options[1].image.likeness
    assert likeness and likeness.rejection == (AnotherFace(0.0, 0.1),)
    page = visit(app)
    expect(page.locator("#stream .tile", has_text="Set aside")).to_be_hidden()
    page.get_by_text("1 picture set aside").click()
    look_at(page, made, 3)
    expect(page.locator("#looked-at .badge").first).to_contain_text("Set aside another face: 0.00, below the 10 % line")


def test_the_pictures_that_steer_together_are_shown(app: App, visit: Visit) -> None:
    made = draw_hana(app)
    member = made.member
    reference, other = member.options[0].image.id, member.options[1].image.id
    app.studio.library.save_character(member.id, reference)
    app.studio.faces.set_steering(member.character.id, [other])
    page = visit(app)
    look_at(page, made, 1)
    page.click(".do-variants")
    expect(page.locator("#scene-who")).to_contain_text("2 pictures used as reference")
    expect(page.locator("#scene-steering img")).to_have_count(2)
