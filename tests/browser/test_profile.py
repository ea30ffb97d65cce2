"""The visual profile: choices where the pack has a vocabulary, what the words say filled in, and what
belongs to the character kept apart from what belongs to a scene."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace

import pytest
from fakes import FakeFaces, fake_pack
from playwright.sync_api import Page, expect
from served import App, PatientGenerator, served
from test_page import open_chip, see_composed

from library_store.records import LOCAL_OWNER, VisualProfile
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from pipeline.vocabulary import Vocabulary
from studio import Castbook, Models
from ui.profile_editor import profile_choices
from ui.profile_filling import followed, in_the_words, opened

Visit = Callable[..., Page]

PACK = fake_pack(
    vocabulary=Vocabulary(
        {
            "hair": {"long straight hair": ("long hair",), "bob hair": ()},
            "hair colour": {"black hair": (), "red hair": ()},
            "eyes": {"green eyes": ()},
            "marks": {"a scar": ()},
            "outfit": {"spacesuit": (), "raincoat": ()},
            "background": {"rain": ("rainy day",)},
            "light": {"soft light": ()},
        },
        ("a", "girl", "with", "and", "hair", "eyes"),
    )
)


@pytest.fixture
def app(store: LibraryStore) -> Iterator[App]:
    """On the fakes, with a pack that has a vocabulary."""
    generator = PatientGenerator()
    castbook = Castbook(store, PACK, Models(lambda: VariantMaker(generator, FakeFaces(), PACK)))
    with served(castbook) as url:
        yield App(url, castbook.seen_by(LOCAL_OWNER), generator)


def chosen(page: Page, id: str) -> list[str]:
    return [text.strip() for text in page.locator(f"#{id} .token").all_inner_texts()]


def choose(page: Page, id: str, phrase: str) -> None:
    page.locator(f"#{id} input").click()
    page.get_by_role("option", name=phrase, exact=True).click()
    page.keyboard.press("Escape")


def test_each_group_of_a_vocabulary_belongs_to_a_field() -> None:
    choices = profile_choices(PACK)
    assert choices["hair"] == ["long straight hair", "bob hair", "black hair", "red hair"]
    assert choices["face"] == ["green eyes", "a scar"]
    assert choices["other"] == ["rain", "soft light"]
    assert profile_choices(fake_pack()) == {}


def test_the_words_fill_a_profile_and_it_follows_them_but_for_what_somebody_wrote_there_themselves() -> None:
    words = "a girl with long black hair and green eyes, spacesuit, rainy day, moon"
    profile, filled = opened(PACK, words, VisualProfile(face="a scar", body="slim"))
    assert profile == VisualProfile("long straight hair, black hair", "a scar", "slim", "spacesuit", "", "rain")
    mine = replace(profile, hair="long straight hair, black hair, red hair", outfit="")
    profile, filled = followed(PACK, words, filled, mine)
    assert (profile.hair, profile.outfit) == ("long straight hair, red hair", "")
    profile, filled = followed(PACK, "a girl with bob hair, spacesuit, a scar, green eyes", filled, profile)
    assert profile == VisualProfile("red hair, bob hair", "a scar", "slim")
    profile, filled = in_the_words(PACK, "bob hair, black hair", profile)
    assert profile.hair == "bob hair, black hair"
    assert followed(PACK, "", filled, profile)[0].hair == ""  # as if nobody had written there


def test_a_profile_is_chosen_from_what_the_pack_can_draw_and_own_words_are_named(app: App, visit: Visit) -> None:
    page = visit(app)
    see_composed(page, "new")
    open_chip(page, "new-profile")
    expect(page.locator(".profile .prose.profile-title")).to_have_text(["Who they are", "What they wear here"])
    choose(page, "new-hair", "red hair")
    choose(page, "new-outfit", "spacesuit")
    page.locator("#new-body input, #new-body textarea").press_sequentially("plump")  # nothing to choose from
    page.locator("#new-face input").press_sequentially("blind eye")
    page.keyboard.press("Enter")
    expect(page.locator("#new-composed textarea")).to_have_value("red hair, blind eye, plump, spacesuit")
    expect(page.locator(".unknown-words").first).to_contain_text(re.compile("blind.*plump"))


def test_the_words_fill_the_profile_which_is_drawn_where_it_says_otherwise_and_saved(app: App, visit: Visit) -> None:
    page = visit(app)
    see_composed(page, "new")
    page.locator("#new-name input, #new-name textarea").fill("Hana")
    page.locator("#new-prompt textarea").fill("a girl with long black hair, raincoat")
    open_chip(page, "new-profile")
    expect(page.locator("#new-hair .token")).to_have_text(["long straight hair", "black hair"])
    choose(page, "new-hair", "red hair")
    expect(page.locator("#new-hair .token")).to_have_text(["long straight hair", "red hair"])
    expect(page.locator("#new-overruled")).to_contain_text("this is not drawn: black hair")
    drawn = page.locator("#new-composed textarea")
    expect(drawn).to_have_value("a girl with long hair, raincoat, red hair")
    page.click("#new-follow")
    expect(drawn).to_have_value("a girl with long black hair, raincoat")
    expect(page.locator("#new-overruled")).to_be_hidden()
    page.click("#new-create")
    expect(page.locator("#stream .tile")).to_have_count(2)
    page.click(".do-save")
    expect(page.locator("#save-hair")).to_be_hidden()
    page.locator("#save-prompt textarea").fill("a girl with long black hair, green eyes, raincoat, sword")
    expect(page.locator("#save-prompt .mirror mark")).to_have_text("sword")
    page.locator("#save-profile > button").click()
    expect(page.locator("#save-face .token")).to_have_text(["green eyes"])
    page.click("#save-confirm")
    expect(page.locator("#looked-at .card-name").first).to_contain_text("in the library")
    looks = VisualProfile("long straight hair, black hair", "green eyes", outfit="raincoat")
    assert app.library[0].visual_profile == looks

    if page.locator("#new-profile > button.open").count():
        page.locator("#new-profile > button").click()
    page.locator("#new-name input, #new-name textarea").fill("Jun")
    page.locator("#new-prompt textarea").fill("bob hair, spacesuit")
    see_composed(page, "new")
    expect(page.locator("#new-composed textarea")).to_have_value("bob hair, spacesuit")
    page.locator("#new-more > button").click()
    page.click("#new-create")
    expect(page.locator("#stream .tile")).to_have_count(4)
    page.click(".do-save")
    expect(page.locator("#save-hair .token")).to_have_text(["bob hair"])  # nothing of whom the form was about before
    expect(page.locator("#save-form .unseen").first).to_be_hidden()
    page.click("#save-confirm")
    expect(page.locator("#looked-at .card-name").first).to_contain_text("in the library")
    assert {each.visual_profile for each in app.library} == {looks, VisualProfile("bob hair", outfit="spacesuit")}


def test_an_outfit_chosen_for_a_scene_leaves_the_saved_character_as_it_is(app: App, visit: Visit) -> None:
    looks = VisualProfile(hair="red hair", outfit="raincoat")
    *_, hana = app.studio.drawing.generate_character(app.story_id, "Hana", "a girl", looks, count=1)
    app.studio.library.save_character(hana.member.id, hana.member.active_image_id)
    saved = app.library[0]
    page = visit(app)
    page.click(".do-variants")
    expect(page.locator("#scene-prompt textarea")).to_be_focused()
    see_composed(page, "scene")
    page.locator("#scene-prompt-words").get_by_role("button", name="Outfit", exact=True).click()
    page.get_by_role("button", name="spacesuit", exact=True).click()
    expect(page.locator("#scene-prompt textarea")).to_have_value("spacesuit")
    expect(page.get_by_role("button", name="Outfit: spacesuit")).to_be_focused()
    expect(page.locator("#scene-composed textarea")).to_have_value("spacesuit, red hair")
    page.click("#scene-generate")
    expect(page.locator("#stream .tile")).to_have_count(3)
    assert app.generator.requests[-1].prompt == "spacesuit, red hair"
    assert app.library[0] == saved


def test_a_word_that_says_too_little_is_underlined_and_a_phrase_for_it_one_click_away(app: App, visit: Visit) -> None:
    page = visit(app)
    page.locator("#new-prompt textarea").fill("a girl, soft, no rain")
    offers = page.locator("#new-prompt-help button")
    expect(offers).to_have_text(["soft light"])
    expect(page.locator(".prose.unknown-words").filter(has_text="Kept out")).to_contain_text("rain")
    marks = page.locator("#new-prompt .mirror mark")
    expect(marks).to_have_text(["soft", "rain"])
    expect(marks.first).to_have_class("too-little")
    mark, field = marks.first.bounding_box(), page.locator("#new-prompt textarea").bounding_box()
    assert mark and field and field["x"] < mark["x"] < field["x"] + field["width"] and mark["y"] >= field["y"]
    offers.first.click()
    expect(page.locator("#new-prompt textarea")).to_have_value("a girl, soft light, no rain")
    expect(offers).to_have_count(0)
    expect(marks).to_have_text(["rain"])
    context = page.locator("#context textarea")
    narrow = context.bounding_box()
    context.fill("soft, no rain, and " + "a girl with red hair, " * 4)
    expect(page.locator("#context .mirror mark").first).to_have_text("soft")
    wide = context.bounding_box()
    assert (
        narrow and wide and wide["width"] > narrow["width"] and wide["height"] > narrow["height"]
    )  # all of it is there
    page.locator("#context-help button").click()
    expect(context).to_have_value(re.compile("^soft light, no rain"))
    page.keyboard.press("Tab")
    expect(page.locator("#stories-bar")).to_have_attribute("data-context", "saved")


def test_a_korean_creator_chooses_and_reads_in_korean_what_the_pack_is_told_in_english(app: App, visit: Visit) -> None:
    page = visit(app, locale="ko-KR")
    open_chip(page, "new-profile")
    choose(page, "new-hair", "검은 머리")
    assert chosen(page, "new-hair") == ["검은 머리"]
    page.keyboard.press("Escape")
    page.click("#help")
    page.locator("#vocabulary button").first.click()
    expect(page.locator("#vocabulary")).to_contain_text("머리색 검은 머리, 빨간 머리")


def test_the_language_can_be_changed_on_the_page(app: App, visit: Visit) -> None:
    page = visit(app)
    for story, models in (("스토리", "Fake 준비됨"), ("Story", "Fake is ready")):
        page.click("#other-language")
        expect(page.get_by_role("tab", name=story, exact=True)).to_be_visible()
        expect(page.locator("#models")).to_have_text(models)
    app.troubles[:] = [each for each in app.troubles if "Abort" not in each and "errored out" not in each]  # cut off
