"""Two people with accounts: one lets the other look at a project, and takes it back."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from fakes import FakeFaces, PatientGenerator, fake_pack
from playwright.sync_api import Browser, Page, expect
from served import App, drawn, fill, served

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from library_store.users import Users
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui.sign_in import WaysToSignIn

PASSWORD = "correct horse"


@dataclass
class AccountsApp(App):
    castbook: Castbook | None = None


@pytest.fixture
def app(store: LibraryStore, tmp_path: Path) -> Iterator[AccountsApp]:
    pack, generator = fake_pack(), PatientGenerator()
    models = Models(lambda: VariantMaker(generator, FakeFaces(), pack))
    castbook = Castbook(store, pack, models, access="accounts")
    users = Users(tmp_path / "users.json", hasher=PasswordHasher(time_cost=1, memory_cost=8, parallelism=1))
    for name in ("ann", "ben"):
        users.add(name, PASSWORD)
    with served(castbook, WaysToSignIn(users, None, "k" * 43)) as url:
        yield AccountsApp(url, castbook.seen_by(LOCAL_OWNER), generator, castbook=castbook)
    castbook.runs.close()


def sign_in(page: Page, name: str) -> None:
    page.locator("#name").fill(name)
    page.locator("#password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def ready(page: Page) -> Page:
    expect(page.locator("#story input")).not_to_have_value("")
    expect(page.locator(".face, #cast-empty").first).to_be_attached()
    return page


def test_who_is_let_in_to_look_sees_whose_it_is_and_no_button_that_would_be_refused(app: AccountsApp, browser: Browser):
    app.castbook.models.get()
    story = app.studio.library.ensure_a_story()  # as it stood before there were accounts
    drawn(app.studio, story.id, "Annsgirl")
    ann, ben = (browser.new_context(viewport={"width": 1280, "height": 900}).new_page() for _ in range(2))

    ann.goto(f"{app.url}?story={story.id}")
    sign_in(ann, "ann")
    expect(ann.get_by_text("is yours now: 1 project.")).to_be_visible()
    ann.get_by_role("link", name="Open Castbook").click()
    expect(ready(ann).locator(".face")).to_have_text("Annsgirl")
    ann.locator("#manage > button").click()
    ann.locator("#invite-to-view").click()
    link = ann.locator("#invitation-link textarea, #invitation-link input")
    expect(link).to_have_value(re.compile("^http.*key="))
    expect(ann.get_by_text("A link to look at it")).to_be_visible()

    ben.goto(link.input_value())
    sign_in(ben, "ben")
    ben.get_by_role("button", name="Let me in").click()
    expect(ready(ben).locator(".face")).to_have_text("Annsgirl")
    expect(ben.locator("#project input")).to_have_value("My first project · by ann")
    expect(ben.locator("#whose")).to_contain_text("This project is by ann, who lets you look at it.")
    for hidden in ("#new-create", "#add", "#load-character", "#new-story"):
        expect(ben.locator(hidden)).not_to_be_visible()
    ben.locator("#stream .tile").first.click()
    expect(ben.locator("#looked-at")).to_be_visible()
    expect(ben.locator("#looked-at .do-remove")).not_to_be_visible()
    expect(ben.locator("#context textarea")).not_to_be_editable()

    ann.locator("#manage > button").click()
    ann.locator("#manage > button").click()
    expect(ann.get_by_text("ben may look at it")).to_be_visible()
    ann.locator(".take-back").click()
    expect(ann.get_by_text("ben may look at it")).not_to_be_attached()
    ben.reload()
    expect(ben.locator("#new-create")).to_be_visible()
    expect(ben.locator(".face")).to_have_count(0)

    elsewhere = ben.context.new_page()
    elsewhere.goto(app.url)
    expect(elsewhere.locator("#new-create")).to_be_enabled()
    ben.get_by_role("tab", name="Yours").click()
    expect(ben.locator("#signed-in")).to_contain_text("You are signed in as ben.")
    ben.locator("#sign-out").click()
    expect(ben.locator("#password")).to_be_visible()

    fill(elsewhere.locator("#new-prompt textarea"), "a girl with red hair")
    said = elsewhere.get_by_role("dialog", name="You are signed out")
    expect(said).to_contain_text("You signed out in another tab")
    expect(said.locator(":focus")).to_have_count(1)
    elsewhere.keyboard.press("Escape")
    elsewhere.keyboard.press("Control+k")  # what looks for somebody is signed out as well, and makes way
    elsewhere.locator("#find-dialog :focus").press_sequentially("han")
    expect(said).to_be_in_viewport()
    expect(elsewhere.locator("#find-dialog")).to_be_hidden()
    expect(said.locator(":focus")).to_have_count(1)
    said.get_by_role("link", name="Sign in").click()
    sign_in(elsewhere, "ben")
    expect(elsewhere.locator("#new-prompt textarea")).to_have_value("a girl with red hair")
    for page in (ann, ben):
        page.context.close()
