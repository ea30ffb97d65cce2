"""Two people at one Castbook: each has a place of their own, known by a cookie alone."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest
from fakes import FakeFaces, PatientGenerator, fake_pack
from gradio_client import Client
from playwright.sync_api import Page, expect
from served import App, fill, served

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui.who_asks import TOKEN_HEADER


@dataclass
class VisitorsApp(App):
    castbook: Castbook | None = None


@pytest.fixture
def app(store: LibraryStore) -> Iterator[VisitorsApp]:
    pack, generator = fake_pack(), PatientGenerator()
    models = Models(lambda: VariantMaker(generator, FakeFaces(), pack))
    castbook = Castbook(store, pack, models, access="visitors")
    with served(castbook) as url:
        yield VisitorsApp(url, castbook.seen_by(LOCAL_OWNER), generator, castbook=castbook)


def test_what_one_visitor_draws_another_neither_sees_nor_can_fetch(app: App, visit: Callable[..., Page]):
    ann, ben = visit(app), visit(app)
    fill(ann.locator("#new-name input, #new-name textarea"), "Annsgirl")
    fill(ann.locator("#new-prompt textarea"), "a girl")
    ann.locator("#new-create").click()
    tile, picture = ann.locator("#stream .tile img").first, ann.locator("#pair .look img").first
    addresses = []
    for image in (tile, picture):
        expect(image).to_be_visible()
        expect(image).to_have_js_property("naturalWidth", 64)
        addresses.append(str(image.evaluate("image => image.src")))
    expect(ben.locator("#cast-empty")).to_be_attached()
    ben.reload()
    expect(ben.locator("#cast-empty")).to_be_attached()
    for address in addresses:
        assert "/castbook/p/" in address
        assert (ann.request.get(address).status, ben.request.get(address).status) == (200, 404)
    ann.reload()
    expect(ann.locator(".face")).to_have_text("Annsgirl")
    cookies = {cookie["name"]: cookie for cookie in ann.context.cookies()}
    assert cookies["castbook-place"]["httpOnly"] and cookies["castbook-place"]["sameSite"] == "Lax"
    assert len({project.owner for project in app.studio.library.list_projects()}) == 2


def test_a_link_opens_a_place_on_another_device_once(app: VisitorsApp, visit: Callable[..., Page]):
    ann, phone, thief = visit(app), visit(app, width=390), visit(app)
    place = secret_of(ann)
    ann.get_by_role("tab", name="Yours").click()
    ann.locator("#make-link").click()
    link = ann.locator("#move-link textarea, #move-link input")
    expect(link).to_have_value(re.compile("^http.*key="))
    for page in (phone, thief):
        page.goto(link.input_value())
        page.get_by_role("button", name="Open it").click()
    expect(phone.locator("#new-create")).to_be_enabled()
    expect(thief.get_by_text("good no more")).to_be_visible()
    keys = app.castbook.store.keys
    assert secret_of(phone) != place
    assert keys.owner_by(secret_of(phone), "browser") == keys.owner_by(place, "browser")
    app.troubles.clear()  # the thief's 404


def test_a_token_is_told_once_works_and_is_taken_back_and_everything_goes(app: VisitorsApp, visit: Callable[..., Page]):
    ann = visit(app)
    ann.get_by_role("tab", name="Yours").click()
    fill(ann.locator("#token-name input, #token-name textarea"), "my script")
    ann.locator("#make-token").click()
    token = ann.locator("#token textarea, #token input")
    expect(token).to_have_value(re.compile("^castbook_"))
    program = Client(app.url, headers={TOKEN_HEADER: token.input_value()}, verbose=False)
    project = program.predict("From a program", api_name="/create_project")
    assert app.castbook.store.seen_by(LOCAL_OWNER).get_project(project["project_id"]).owner.startswith("visitor:")
    ann.locator("#delete-everything").click()
    expect(ann.get_by_text("Nothing was deleted.")).to_be_visible()
    ann.locator("#delete-sure input").check()
    with ann.expect_navigation():
        ann.locator("#delete-everything").click()
    expect(ann.locator("#cast-empty")).to_be_attached()
    assert [project.name for project in app.studio.library.list_projects()] == ["My first project"]
    with pytest.raises(Exception, match="401|know"):
        program.predict(api_name="/list_projects")
    app.troubles.clear()


def secret_of(page: Page) -> str:
    return next(str(each["value"]) for each in page.context.cookies() if each["name"] == "castbook-place")
