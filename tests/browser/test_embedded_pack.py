"""The main job on the embedded pack, from an empty installation to judged variants in another story."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Page, expect
from served import App
from test_page import choose, create, new_story, save, write


def test_a_newcomer_draws_saves_and_reuses_a_character(real_app: App, visit: Callable[..., Page]) -> None:
    page = visit(real_app)
    create(page, "Hana", "woman, long straight hair, school uniform, smiling")
    save(page, "the heroine")
    new_story(page, "Story B")
    page.click("#generate-with-reference")
    choose(page, "Hana")
    write(page, "scene-prompt", "spacesuit, laughing")
    page.click("#scene-generate")
    expect(page.locator("#run-report")).to_contain_text("new pictures of Hana", timeout=120_000)
    pictures = page.locator("#stream .tile")
    expect(pictures).to_have_count(real_app.studio.pack.defaults.count, timeout=60_000)
    expect(page.locator("#looked-at .badge").first).to_contain_text("strangers would pass")

    story_b = real_app.studio.library.list_stories(real_app.studio.library.list_projects()[0].id)[1]
    [member] = real_app.studio.library.list_cast(story_b.id)
    own_hand = real_app.studio.pack.own_hand
    assert own_hand and {option.image.likeness.encoder for option in member.options} == {own_hand.encoder}
    assert {option.image.parent_id for option in member.options} == {real_app.library[0].canonical_image_id}
