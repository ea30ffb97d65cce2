"""A stranger's walk through the whole app, made from the app itself: every endpoint, every private handler, every route
and every address that somebody was told. Nowhere is a word, an id or a pixel of another's to be had."""

from __future__ import annotations

import hashlib
import inspect
import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from fakes import GREEN, FakeFaces, PatientGenerator, fake_pack, flat
from gradio.blocks import BlockFunction, Blocks
from listening import listening
from made_up import image_ids

from library_store.keys import ANONYMOUS
from library_store.library import CharacterLibrary
from library_store.records import CastMember, CharacterText, Visitor
from library_store.store import LibraryStore
from pipeline.request import VisualProfile
from pipeline.variants import VariantMaker
from studio import Castbook, Models, Studio
from studio.drawing import Made
from studio.entrance import Access
from ui import build_page, launch_options
from ui.who_asks import TOKEN, TOKEN_HEADER

ADDRESS = re.compile(r"/castbook/[\w-]+/[\w-]+/[^\"'\\?&<> ]+")
SESSION = "ada-session"
WORDS = ("Adaproject", "Adastory", "Adacontext", "Adacharacter", "Adaprompt", "Adadescription", "Adahair", "Adatag")


@dataclass
class Person:
    """Somebody at the door, with what they show there."""

    url: str
    headers: dict[str, str]
    browser: httpx.Client
    seen: list[bytes] = field(default_factory=list)  # all that the server has ever sent them

    def ask(self, method: str, path: str, **with_what: Any) -> None:
        """Whatever comes, also of what is broken off."""
        with (
            suppress(httpx.TransportError),
            self.browser.stream(method, self.url + path.lstrip("/"), headers=self.headers, **with_what) as answer,
        ):
            self.seen.append(str(answer.headers).encode())
            for chunk in answer.iter_raw():
                self.seen.append(chunk)
                if b"close_stream" in chunk:
                    break

    def post(self, path: str, said: dict[str, Any]) -> Any:
        answer = self.browser.post(self.url + path.lstrip("/"), headers=self.headers, json=said, timeout=60)
        self.seen.append(answer.content)
        return answer.json() if answer.headers.get("content-type", "").startswith("application/json") else {}

    def call(self, verb: str, *values: Any) -> str:
        """An endpoint, to the end of what it streams."""
        event_id = self.post(f"gradio_api/call/{verb}", {"data": list(values)}).get("event_id")
        if event_id is None:
            return ""
        with self.browser.stream(
            "GET", f"{self.url}gradio_api/call/{verb}/{event_id}", headers=self.headers, timeout=60
        ) as answer:
            said = answer.read()
        self.seen.append(said)
        return said.decode()

    def handle(self, fn: BlockFunction, data: list[Any], session: str) -> None:
        """A handler of the page, as its script calls it."""
        said = {"fn_index": fn._id, "data": data, "session_hash": session, "trigger_id": None}
        if not inspect.isgeneratorfunction(inspect.unwrap(fn.fn)):
            self.post("gradio_api/run/predict", said)
        elif "event_id" in self.post("gradio_api/queue/join", said):
            self.ask("GET", f"gradio_api/queue/data?session_hash={session}")

    @property
    def all_seen(self) -> bytes:
        return b"".join(self.seen)


@dataclass(frozen=True)
class Belongings:
    castbook: Castbook
    library: CharacterLibrary
    member: CastMember
    run_id: str
    zip_file: Path

    def ids(self) -> dict[str, str]:
        image = image_ids(self.member)[0]
        character = self.member.character
        return {
            "project_id": character.project_id,
            "story_id": self.member.story_id,
            "character_id": character.id,
            "kept_id": character.id,
            "merged_id": character.id,
            "cursor": character.id,
            "cast_member_id": self.member.id,
            "image_id": image,
            "reference_image_id": image,
            "run_id": self.run_id,
            "episode_id": "an episode",
            "key_id": "a key",
            "guest_id": "a guest",
        }

    def everything(self) -> Any:
        """Runs and keys too."""
        library = self.library
        projects = [*library.list_projects(), *library.list_projects(trashed=True)]
        stories = [library.list_stories(project.id, trashed) for project in projects for trashed in (False, True)]
        who = self.member.character
        faces = [list(face.box) for face in library.get_faces(image_ids(self.member)).values()]
        images = library.list_images(who.id), library.get_character(who.id), library.list_cast(self.member.story_id)
        return projects, stories, images, faces, library.list_steering(who.id), library.list_library(who.project_id)

    def marks(self) -> list[bytes]:
        """What only they may read: words, and ids that nobody has to be told to ask for them."""
        hashes = [option.image.content_hash for option in self.member.options]
        return [word.encode() for word in (*WORDS, *hashes)]


# What a verb gets beside ids. By a name that is not here nobody has looked whether the door stands there.
GIVEN: dict[str, Any] = {
    "name": "Bea", "title": "Bea", "context": "rain", "prompt": "a girl", "description": "", "count": 1, "seed": 1,
    "keep": 1, "identity_scale": 0.5, "visual_profile": {"hair": "bob"}, "look": None, "instead_of": None, "query": "",
    "tags": [], "favourites": False, "favourite": True, "sort": "recent", "offset": 0, "limit": 5, "trashed": False,
    "embeddings": True, "faces": [0], "face": None, "box": None,
}  # fmt: skip
FILES = ("picture", "pages", "zip_file")


@pytest.fixture(scope="module", params=["visitors", "accounts"])
def access(request: pytest.FixtureRequest) -> Access:
    return request.param


@pytest.fixture(scope="module")
def castbook(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Castbook]:
    home, pack = tmp_path_factory.mktemp("home"), fake_pack()
    store = LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", str(home / "pictures"))
    models = Models(lambda: VariantMaker(PatientGenerator(), FakeFaces(), pack))
    castbook = Castbook(store, pack, models, access=access)
    castbook.models.get()
    yield castbook
    castbook.runs.close()
    store.close()


@pytest.fixture(scope="module")
def demo(castbook: Castbook) -> Iterator[Blocks]:
    demo = build_page(castbook)
    demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook))
    yield demo
    demo.close()


def owner_of(access: Access, name: str) -> str:
    return ANONYMOUS + name if access == "visitors" else name


def person(castbook: Castbook, demo: Blocks, access: Access, browser: httpx.Client, name: str) -> Person:
    _, secret = castbook.store.keys.make(owner_of(access, name), "program")
    return Person(str(demo.local_url), {TOKEN_HEADER: TOKEN + secret}, browser)


@pytest.fixture(scope="module")
def browser() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as browser:
        yield browser


def furnished(studio: Studio, folder: Path) -> Belongings:
    library = studio.library
    story = library.create_story(library.create_project("Adaproject").id, "Adastory", "Adacontext")
    look = VisualProfile(hair="Adahair")
    run = studio.drawing.generate_character(story.id, "Adacharacter", "Adaprompt", look, "Adadescription", 2, 0)
    *_, made = run
    assert isinstance(made, Made)
    library.save_character(made.member.id, made.image_ids[0], CharacterText(description="Adadescription"))
    library.set_tags(made.member.character.id, ["Adatag"])
    zip_file = folder / "ada.zip"
    library.export_zip(zip_file, story.project_id)
    return Belongings(studio, library, library.get_cast_member(made.member.id), run.id, zip_file)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def ada_at_home(castbook: Castbook, access: Access, tmp_path_factory: pytest.TempPathFactory) -> Belongings:
    studio = castbook.seen_by(Visitor(owner_of(access, "ada")))
    return furnished(studio, tmp_path_factory.mktemp("ada"))


@pytest.fixture(scope="module")
def ada(castbook: Castbook, demo: Blocks, access: Access, browser: httpx.Client, ada_at_home: Belongings) -> Person:
    return person(castbook, demo, access, browser, "ada")


@pytest.fixture
def strangers(castbook: Castbook, demo: Blocks, access: Access, browser: httpx.Client) -> list[Person]:
    """One who has a place of their own, one who shows nothing, and one who makes something up."""
    url = str(demo.local_url)
    nobody, liar = Person(url, {}, browser), Person(url, {TOKEN_HEADER: f"{TOKEN}x"}, browser)
    return [person(castbook, demo, access, browser, "bea"), nobody, liar]


def verbs(demo: Blocks) -> list[BlockFunction]:
    return [fn for fn in demo.fns.values() if fn.api_visibility == "public"]


def handlers(demo: Blocks) -> list[BlockFunction]:
    return [fn for fn in demo.fns.values() if fn.fn and fn.api_visibility != "public"]


def parameters(fn: BlockFunction) -> list[str]:
    return [name for name in inspect.signature(fn.fn).parameters if name != "visit"]


def arguments(fn: BlockFunction, ids: dict[str, str], file: Any) -> list[Any]:
    def given(name: str) -> Any:
        if name in FILES:
            return [file] if name == "pages" else file
        if name.endswith("_ids"):
            return [ids[name.removesuffix("s")]]
        return ids[name] if name in ids else GIVEN[name]

    return [given(name) for name in parameters(fn)]


def uploaded(who: Person, file: Path) -> dict[str, Any]:
    answer = who.browser.post(
        f"{who.url}gradio_api/upload", files={"files": (file.name, file.read_bytes())}, headers=who.headers
    )
    path = answer.json()[0] if answer.status_code == 200 else "nothing"
    return {"path": path, "meta": {"_type": "gradio.FileData"}}


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


def test_every_private_handler_gives_strangers_nothing(demo: Blocks, ada_at_home: Belongings, strangers: list[Person]):
    """Each gets ids of hers of every kind, in every text that it takes, in a session that is called like hers."""
    before, ids = ada_at_home.everything(), sorted(set(ada_at_home.ids().values()))
    bea, *others = strangers
    for fn in handlers(demo):
        texts = [isinstance(block.get_config().get("value"), str | None) for block in fn.inputs]
        for id in ids if any(texts) else ids[:1]:
            data = [
                id if text else block.get_config().get("value") for text, block in zip(texts, fn.inputs, strict=True)
            ]
            bea.handle(fn, data, SESSION)
        for who in others:
            who.handle(fn, [ids[0] for _ in fn.inputs], SESSION)
    for who in strangers:
        assert found(ada_at_home.marks(), who.all_seen) == []
    assert ada_at_home.everything() == before
    assert bea.all_seen.count(b"There is no ") > 50  # so far she came, to the library's door


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
                assert answer.status_code in (401, 404) and len(answer.content) < 100


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
