"""Somebody at the door of a Castbook that serves, what is theirs, and every verb with what it takes: for a walk."""

from __future__ import annotations

import inspect
import json
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
from fakes import FakeFaces, fake_pack
from gradio.blocks import BlockFunction, Blocks
from listening import listening
from made_up import image_ids

from library_store.library import CharacterLibrary
from library_store.records import CastMember, CharacterText
from library_store.store import LibraryStore
from pipeline.request import VisualProfile
from pipeline.variants import ImageGenerator, VariantMaker
from studio import Castbook, Models, Studio
from studio.drawing import Made
from studio.entrance import Access
from ui import build_page, launch_options
from ui.endpoints.tools import PATH
from ui.openid import OpenId
from ui.sign_in import WaysToSignIn

ACCEPTED = {"accept": "application/json, text/event-stream"}
WORDS = ("Adaproject", "Adastory", "Adacontext", "Adacharacter", "Adaprompt", "Adadescription", "Adahair", "Adatag")


@contextmanager
def opened(home: Path, generator: ImageGenerator, access: Access = "single") -> Iterator[Castbook]:
    pack = fake_pack()
    store = LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", str(home / "pictures"))
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(generator, FakeFaces(), pack)), access=access)
    castbook.models.get()
    yield castbook
    castbook.runs.close()
    store.close()


@contextmanager
def shown(castbook: Castbook) -> Iterator[Blocks]:
    """Its page, served."""
    demo = build_page(castbook)
    ways = WaysToSignIn(None, OpenId("http://127.0.0.1:9", "castbook", "secret"), "k" * 43)
    is_signed_in = castbook.entrance.access == "accounts"
    demo.launch(
        **listening(),
        prevent_thread_lock=True,
        **launch_options(castbook, mcp=True, ways=ways if is_signed_in else None),
    )
    yield demo
    demo.close()


@dataclass
class Person:
    """Somebody at the door, with what they show there."""

    url: str
    headers: dict[str, str]
    browser: httpx.Client
    seen: list[bytes] = field(default_factory=list)  # all that the server has ever sent them
    session: str | None = None  # with its tools

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

    def tools(self) -> list[dict[str, Any]]:
        """As the server lists them."""
        return self._said("tools/list", {}).get("result", {}).get("tools", [])

    def use(self, tool: str, arguments: dict[str, Any]) -> dict[str, Any]:
        """What it answers, pictures and all."""
        return self._said("tools/call", {"name": tool, "arguments": arguments}).get("result", {})

    def _said(self, method: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """By the Model Context Protocol, as it is written on the wire."""
        if self.session is None:
            who = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "walk", "version": "1"}}
            self.session = self._message("initialize", who).headers.get("mcp-session-id", "")
            self._message("notifications/initialized", {})
        answer = self._message(method, parameters)
        told = [line.removeprefix("data: ") for line in answer.text.splitlines() if line.startswith("data: ")]
        return json.loads(told[-1]) if told else {}

    def _message(self, method: str, parameters: dict[str, Any]) -> httpx.Response:
        number = {} if method.startswith("notifications/") else {"id": 1}
        answer = self.browser.post(
            f"{self.url}{PATH.lstrip('/')}",
            headers={**self.headers, **ACCEPTED, **({"mcp-session-id": self.session} if self.session else {})},
            json={"jsonrpc": "2.0", **number, "method": method, "params": parameters},
            timeout=60,
        )
        self.seen.append(answer.content)
        return answer

    @property
    def all_seen(self) -> bytes:
        return b"".join(self.seen)


@dataclass(frozen=True)
class Belongings:
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
    "embeddings": True, "faces": [0], "face": None, "box": None, "agreed": True,
}  # fmt: skip
FILES = ("picture", "pages", "zip_file")


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
    return Belongings(library, library.get_cast_member(made.member.id), run.id, zip_file)


def verbs(demo: Blocks) -> list[BlockFunction]:
    return [fn for fn in demo.fns.values() if fn.api_visibility == "public"]


def handlers(demo: Blocks) -> list[BlockFunction]:
    return [fn for fn in demo.fns.values() if fn.fn and fn.api_visibility != "public"]


def parameters(fn: BlockFunction) -> list[str]:
    return [name for name in inspect.signature(fn.fn).parameters if name != "visit"]


def given(name: str, ids: dict[str, str], file: Any) -> Any:
    if name in FILES:
        return [file] if name == "pages" else file
    if name.endswith("_ids"):
        return [ids[name.removesuffix("s")]]
    return ids[name] if name in ids else GIVEN[name]


def arguments(fn: BlockFunction, ids: dict[str, str], file: Any) -> list[Any]:
    return [given(name, ids, file) for name in parameters(fn)]


def uploaded(who: Person, file: Path) -> dict[str, Any]:
    answer = who.browser.post(
        f"{who.url}gradio_api/upload", files={"files": (file.name, file.read_bytes())}, headers=who.headers
    )
    path = answer.json()[0] if answer.status_code == 200 else "nothing"
    return {"path": path, "meta": {"_type": "gradio.FileData"}}
