"""A stranger's walk through the whole app, made from the app itself: every endpoint, every private handler, every route
and every address that somebody was told. Nowhere is a word, an id or a pixel of another's to be had."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import GREEN, PatientGenerator, flat
from gradio.blocks import BlockFunction, Blocks
from walking import (
    Belongings,
    Person,
    arguments,
    furnished,
    given,
    handlers,
    opened,
    parameters,
    shown,
    uploaded,
    verbs,
)

from library_store.keys import ANONYMOUS
from library_store.records import LOCAL_OWNER, Visitor
from studio import Castbook
from studio.entrance import Access
from ui.endpoints import ENDPOINTS
from ui.who_asks import TOKEN, TOKEN_HEADER

ADDRESS = re.compile(r"/castbook/[\w-]+/[\w-]+/[^\"'\\?&<> ]+")
SESSION = "ada-session"


@pytest.fixture(scope="module", params=["single", "visitors", "accounts"])
def access(request: pytest.FixtureRequest) -> Access:
    return request.param


@pytest.fixture(scope="module")
def castbook(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Castbook]:
    with opened(tmp_path_factory.mktemp("home"), PatientGenerator(), access) as castbook:
        yield castbook


@pytest.fixture(scope="module")
def demo(castbook: Castbook) -> Iterator[Blocks]:
    with shown(castbook) as demo:
        yield demo


def called(access: Access, name: str) -> Visitor:
    if access == "single":
        return LOCAL_OWNER
    return Visitor(ANONYMOUS + name if access == "visitors" else name)


def person(castbook: Castbook, demo: Blocks, access: Access, browser: httpx.Client, name: str) -> Person:
    if access == "single":
        return Person(str(demo.local_url), {}, browser)
    _, secret = castbook.store.keys.make(called(access, name).name, "program")
    return Person(str(demo.local_url), {TOKEN_HEADER: TOKEN + secret}, browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as browser:
        yield browser


@pytest.fixture(scope="module")
def ada_at_home(castbook: Castbook, access: Access, tmp_path_factory: pytest.TempPathFactory) -> Belongings:
    studio = castbook.seen_by(called(access, "ada"))
    return furnished(studio, tmp_path_factory.mktemp("ada"))


@pytest.fixture(scope="module")
def ada(castbook: Castbook, demo: Blocks, access: Access, browser: httpx.Client, ada_at_home: Belongings) -> Person:
    return person(castbook, demo, access, browser, "ada")


@pytest.fixture
def strangers(castbook: Castbook, demo: Blocks, access: Access, browser: httpx.Client) -> list[Person]:
    """One who has a place of their own, one who shows nothing, and one who makes something up. Where whoever reaches
    the server is its owner, one who comes by a name of their own that leads here."""
    url = str(demo.local_url)
    if access == "single":
        return [Person(url, {"host": "rebound.example"}, browser)]
    nobody, liar = Person(url, {}, browser), Person(url, {TOKEN_HEADER: f"{TOKEN}x"}, browser)
    return [person(castbook, demo, access, browser, "bea"), nobody, liar]


def found(marks: list[bytes], seen: bytes) -> list[bytes]:
    return [mark for mark in marks if mark in seen]


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    flat(GREEN).save(tmp_path / "bea.png")
    return tmp_path / "bea.png"


def test_every_endpoint_gives_its_owner_what_is_theirs_and_strangers_nothing(
    demo: Blocks, ada: Person, ada_at_home: Belongings, strangers: list[Person], picture: Path
):
    before = ada_at_home.everything()
    for who in strangers:
        file, zip_file = uploaded(who, picture), uploaded(who, picture)
        for fn in verbs(demo):
            sent = zip_file if "zip_file" in parameters(fn) else file
            who.call(str(fn.api_name), *arguments(fn, ada_at_home.ids(), sent))
        assert found(ada_at_home.marks(), who.all_seen) == []
        assert ada_at_home.everything() == before
    reading = ("list_cast", "list_library", "get_character", "list_images", "list_stories", "list_tags", "list_runs")
    for fn in verbs(demo):
        if fn.api_name in (*reading, "list_projects"):
            ada.call(str(fn.api_name), *arguments(fn, ada_at_home.ids(), None))
    assert found(ada_at_home.marks(), ada.all_seen) == ada_at_home.marks()  # else the walk would find nothing either


def pixels(castbook: Castbook) -> list[bytes]:
    """Of all pictures that are kept, as tools show them."""
    return [base64.b64encode(file.read_bytes()) for file in castbook.store.pictures_folder.rglob("*.png")]


def test_every_tool_gives_its_owner_what_is_theirs_and_strangers_nothing(
    castbook: Castbook, ada: Person, ada_at_home: Belongings, strangers: list[Person], picture: Path
):
    before, ids, tools = ada_at_home.everything(), ada_at_home.ids(), ada.tools()
    sent = {"base64": base64.b64encode(picture.read_bytes()).decode()}
    marks = [*ada_at_home.marks(), *pixels(castbook)]
    assert len(tools) == len(ENDPOINTS)
    for who in strangers:
        for tool in tools:
            takes = tool["inputSchema"]["properties"]
            who.use(tool["name"], {name: given(name, ids, sent) for name in takes})
        assert found(marks, who.all_seen) == []
        assert ada_at_home.everything() == before
    bea, *others = strangers
    assert castbook.entrance.access == "single" or bea.all_seen.count(b"There is no ") > 50  # at the library's door
    assert all(who.tools() == [] for who in others)
    for tool in tools:
        if tool["annotations"]["readOnlyHint"] and tool["name"] != "draw_again":
            ada.use(tool["name"], {name: given(name, ids, sent) for name in tool["inputSchema"]["properties"]})
    for option in ada_at_home.member.options:
        ada.use("get_picture", {"image_id": option.image.id})
    assert found(marks, ada.all_seen) == marks  # else the walk would find nothing either


def test_a_session_with_the_tools_is_its_visitors_alone(ada: Person, strangers: list[Person]):
    assert ada.tools()
    for who in strangers:
        who.session = ada.session
        assert who.tools() == [] and b"list_library" not in who.all_seen


def test_an_answer_to_not_yours_is_the_answer_to_not_there(
    demo: Blocks, ada_at_home: Belongings, strangers: list[Person]
):
    bea, ids = strangers[0], ada_at_home.ids()
    nowhere = {name: "01a00000" + id[8:] for name, id in ids.items()}
    for fn in verbs(demo):
        if not set(parameters(fn)) & {"picture", "zip_file", "pages"} and set(parameters(fn)) & ids.keys():
            theirs = bea.call(str(fn.api_name), *arguments(fn, ids, None))
            nobodys = bea.call(str(fn.api_name), *arguments(fn, nowhere, None))
            for name, id in ids.items():
                theirs, nobodys = theirs.replace(id, name), nobodys.replace(nowhere[name], name)
            assert re.sub(r"(kept|merged)_id|cursor", "character_id", theirs) == re.sub(
                r"(kept|merged)_id|cursor", "character_id", nobodys
            ), fn.api_name


def sendings(fn: BlockFunction, ids: list[str]) -> Iterator[list[Any]]:
    """What a handler is called with: each of the ids in every text that it takes."""
    values = [block.get_config().get("value") for block in fn.inputs]
    texts = [isinstance(value, str | None) for value in values]
    for id in ids if any(texts) else ids[:1]:
        yield [id if text else value for text, value in zip(texts, values, strict=True)]


def test_every_private_handler_gives_strangers_nothing(
    access: Access, demo: Blocks, ada_at_home: Belongings, strangers: list[Person]
):
    """Each gets ids of hers of every kind, in every text that it takes, in a session that is called like hers."""
    before, ids = ada_at_home.everything(), sorted(set(ada_at_home.ids().values()))
    bea, *others = strangers
    for fn in handlers(demo):
        for data in sendings(fn, ids):
            bea.handle(fn, data, SESSION)
        for who in others:
            who.handle(fn, [ids[0] for _ in fn.inputs], SESSION)
    for who in strangers:
        assert found(ada_at_home.marks(), who.all_seen) == []
    assert ada_at_home.everything() == before
    assert access == "single" or bea.all_seen.count(b"There is no ") > 50  # so far she came, to the library's door


def test_who_was_let_in_to_look_is_shown_all_and_changes_nothing(
    castbook: Castbook, demo: Blocks, access: Access, ada_at_home: Belongings, browser: httpx.Client, picture: Path
):
    if access != "accounts":
        return  # the library is the same, and nobody has a guest in `single`
    before, ids = ada_at_home.everything(), ada_at_home.ids()
    cho, library = person(castbook, demo, access, browser, "cho"), castbook.store.seen_by(called(access, "cho"))

    def come_in() -> None:
        if not library.guests.shared():  # at first, and after they were made to leave
            library.guests.accept(ada_at_home.library.guests.invite(ids["project_id"], "view"))

    file, zip_file = uploaded(cho, picture), uploaded(cho, picture)
    for fn in verbs(demo):
        come_in()
        cho.call(str(fn.api_name), *arguments(fn, ids, zip_file if "zip_file" in parameters(fn) else file))
    assert found(ada_at_home.marks(), cho.all_seen) == ada_at_home.marks()
    for fn in handlers(demo):
        for data in sendings(fn, sorted(set(ids.values()))):
            come_in()
            cho.handle(fn, data, SESSION)
    assert ada_at_home.everything() == before
    assert cho.all_seen.count(b"you may not do that in it") > 30


def addresses_told(who: Person) -> list[str]:
    return sorted(set(ADDRESS.findall(who.all_seen.decode(errors="replace"))))


def test_what_an_owner_is_told_opens_to_the_owner_alone(
    demo: Blocks, ada: Person, ada_at_home: Belongings, strangers: list[Person], picture: Path
):
    """Pictures, thumbnails, uploads and exports."""
    ids = ada_at_home.ids()
    ada.call("list_cast", ids["story_id"])
    ada.call("export_library", ids["project_id"], None, True)
    upload = uploaded(ada, picture)["path"]
    [opened], [first_page, *_] = ([fn for fn in handlers(demo) if fn.name == name] for name in ("opened", "first_page"))
    ada.handle(opened, [ids["story_id"]], SESSION)
    ada.handle(first_page, [ids["project_id"], "", [], False, "recent", False], SESSION)
    told = [*addresses_told(ada), upload]
    assert {path.split("/")[2].split("-")[0] for path in told} == {"p", "e", "u"}
    assert any(path.endswith(".webp") for path in told) and any(path.endswith(".png") for path in told)
    for path in told:
        assert ada.browser.get(f"{ada.url}gradio_api/file={path}", headers=ada.headers).status_code == 200, path
        for who in strangers:
            for way in ("file=", "file/"):
                answer = who.browser.get(f"{who.url}gradio_api/{way}{path}", headers=who.headers)
                assert answer.status_code in (400, 401, 404) and len(answer.content) < 100


def test_a_picture_that_is_not_what_it_is_named_by_is_not_served(
    ada: Person, ada_at_home: Belongings, castbook: Castbook
):
    ada.call("list_cast", ada_at_home.ids()["story_id"])
    urls = [f"{ada.url}gradio_api/file={path}" for path in addresses_told(ada) if path.endswith(".png")]
    whole = {path: path.read_bytes() for path in castbook.store.pictures_folder.rglob("*.png")}

    def answers() -> set[int]:
        return {ada.browser.get(url, headers=ada.headers).status_code for url in urls}

    assert answers() == {200}
    for path, data in whole.items():
        path.write_bytes(data[:-1] + b"!")
    assert answers() == {404}
    for path, data in whole.items():
        path.write_bytes(data)


def test_no_address_holds_a_path_of_the_server(
    castbook: Castbook, demo: Blocks, ada: Person, ada_at_home: Belongings, strangers: list[Person]
):
    ada.ask("GET", "")
    ada.ask("GET", "config")
    for folder in (castbook.store.pictures_folder, castbook.exports.path, Path("/tmp/gradio")):
        for who in (ada, *strangers):
            assert str(folder).encode() not in who.all_seen


def paths_of(routes: Iterable[Any]) -> Iterator[str]:
    for route in routes:
        if hasattr(route, "path"):
            yield route.path
        elif hasattr(route, "effective_candidates"):  # FastAPI's router within a router
            yield from paths_of(route.effective_candidates())


def test_every_route_gives_strangers_nothing(
    demo: Blocks, ada: Person, ada_at_home: Belongings, strangers: list[Person]
):
    files = {hashlib.sha256(path.read_bytes()).hexdigest() for path in [ada_at_home.zip_file]}
    ada.handle(handlers(demo)[0], [], SESSION)
    told = addresses_told(ada) or ["/castbook/p/aa/x.png"]
    paths = sorted(set(paths_of(demo.app.routes)))
    assert len(paths) > 60
    for who in strangers:
        for path in paths:
            for value in (told[0], SESSION, *ada_at_home.ids().values()):
                filled = re.sub(r"\{[^}]+\}", value.lstrip("/"), path)
                for way in ("GET", "POST"):
                    if "heartbeat" not in path and "queue/data" not in path:
                        who.ask(way, filled, **({"json": {"session_hash": SESSION}} if way == "POST" else {}))
                if "{" not in path:
                    break
        seen = who.all_seen
        assert found(ada_at_home.marks(), seen) == []
        assert hashlib.sha256(seen).hexdigest() not in files
