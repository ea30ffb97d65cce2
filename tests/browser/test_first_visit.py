"""What an empty installation offers, and that it works."""

from __future__ import annotations

from dataclasses import asdict

from playwright.sync_api import expect
from served import App
from test_page import Visit, box, new_story, see_composed, toast

from pipeline.packs import load_pack
from settings import BUILT_IN_PACKS
from ui.story.first_minutes import EXAMPLES


def test_six_people_join_the_story_and_the_library(app: App, visit: Visit) -> None:
    page = visit(app)
    page.click("#bring-first-cast")
    expect(toast(page)).to_contain_text("6 people are in this story")
    expect(page.locator("#first-minutes")).to_be_hidden()
    expect(page.locator(".face")).to_have_count(6)
    expect(page.locator("#stream .tile")).to_have_count(6)
    expect(page.locator("#looked-at .card-name").first).to_contain_text("in the library")
    assert {"Seoyeon", "Taeho"} < {character.name for character in app.library}
    new_story(page, "Story B")
    expect(page.locator("#cast-empty")).to_be_visible()
    expect(page.locator("#first-minutes")).to_be_hidden()  # it is no first visit any more


def test_an_example_fills_the_form_and_draws(app: App, visit: Visit) -> None:
    page = visit(app)
    page.click("#example-2")
    expect(page.locator("#looked-at h3")).to_have_text(EXAMPLES[1].name)
    expect(box(page, "new-prompt")).to_have_value(EXAMPLES[1].prompt)
    composed = "angry, forest, front view, red spiky hair, amber eyes, a scar, man, armour"
    expect(see_composed(page, "new")).to_have_value(composed)
    expect(page.locator("#first-minutes")).to_be_hidden()
    assert app.cast[0].character.prompt == EXAMPLES[1].prompt
    assert app.cast[0].character.visual_profile == EXAMPLES[1].profile


def test_the_embedded_pack_knows_every_word_of_the_examples() -> None:
    pack = load_pack("paperdoll", (BUILT_IN_PACKS,))
    for example in EXAMPLES:
        said = ", ".join([example.prompt, *asdict(example.profile).values()])
        assert pack.read(said).left_out == ()
        assert pack.read(said).half_said == {}
