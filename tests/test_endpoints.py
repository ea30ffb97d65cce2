"""The three workflows and bad input through `gradio_client`, against the launched app."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fakes import BLACK, RED, FakeFaces, FakeGenerator, fake_pack, flat
from gradio_client import Client, handle_file
from gradio_client.exceptions import AppError
from PIL import Image

from library_store.library import CharacterLibrary
from pipeline.variants import VariantMaker
from studio import Models, Studio
from ui import build_page, launch_options

# Gradio's server and client leave sockets to the garbage collector.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

VERBS = {
    "create_project",
    "create_story",
    "generate_character",
    "upload_character",
    "save_character",
    "list_library",
    "generate_character_variant",
    "load_character",
    "list_cast",
    "select_image",
    "remove_image",
}


@pytest.fixture(scope="module")
def generator() -> FakeGenerator:
    return FakeGenerator()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def client(home: Path, generator: FakeGenerator) -> Iterator[Client]:
    library = CharacterLibrary.open(f"sqlite:///{home / 'castbook.db'}", str(home / "pictures"))
    pack = fake_pack()
    studio = Studio(library, pack, Models(lambda: VariantMaker(generator, FakeFaces(), pack)))
    demo = build_page(studio, library.pictures_folder)
    _, url, _ = demo.launch(server_name="127.0.0.1", prevent_thread_lock=True, quiet=True, **launch_options())
    yield Client(url, verbose=False)
    demo.close()
    library.close()


def call(client: Client, verb: str, *values: Any, **named: Any) -> Any:
    return client.predict(*values, api_name=f"/{verb}", **named)


def post(client: Client, verb: str, values: list[Any]) -> str:
    """A call as curl makes it; the answer's event stream."""
    url = f"{client.src.rstrip('/')}/gradio_api/call/{verb}"
    body = json.dumps({"data": values}).encode()
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        event = json.load(answer)["event_id"]
    with urllib.request.urlopen(f"{url}/{event}") as answer:
        return answer.read().decode()


@pytest.fixture
def story(client: Client) -> dict[str, str]:
    project = call(client, "create_project", "Moonlit Cafe")
    return {**project, **call(client, "create_story", project["project_id"], "Night shift", "rainy night")}


@pytest.fixture
def hana(client: Client, story: dict[str, str]) -> dict[str, Any]:
    return call(
        client, "generate_character", story["story_id"], "Hana", "a girl", {"hair": "red hair"}, "a sailor", 2, 0
    )


def test_the_endpoints_are_the_designs_and_no_others(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert {name.strip("/") for name in named} == VERBS
    assert all(endpoint.get("description") for endpoint in named.values())


def test_generating_streams_its_steps_and_ends_with_the_result(client: Client, story: dict[str, str]) -> None:
    job = client.submit(story["story_id"], "Hana", "a girl", {}, "", 2, 0, api_name="/generate_character")
    *steps, result = list(job)
    assert {"step": 1, "steps": 4} in steps
    assert result["name"] == "Hana"
    assert result["prompt"] == "a girl, rainy night"


def test_a_generated_characters_options_say_all_that_is_known(client: Client, hana: dict[str, Any]) -> None:
    first, second = hana["options"]
    assert set(first) == {"image_id", "url", "how", "seed", "is_active", "likeness"}
    assert (first["is_active"], second["is_active"]) == (True, False)
    assert (first["seed"], first["how"], first["likeness"]) == (0, "generated", None)
    with urllib.request.urlopen(client.src.rstrip("/") + first["url"]) as answer:
        assert answer.read(4) == b"\x89PNG"


def test_saved_in_one_story_and_drawn_in_another(client: Client, story: dict[str, str], hana: dict[str, Any]) -> None:
    image_id = hana["options"][0]["image_id"]
    call(client, "save_character", hana["cast_member_id"], image_id)
    [saved] = call(client, "list_library", story["project_id"], "sailor")
    assert (saved["name"], saved["canonical_image_id"]) == ("Hana", image_id)
    assert saved["visual_profile"]["hair"] == "red hair"

    other = call(client, "create_story", story["project_id"], "Day off", "sunny")
    variant = call(client, "generate_character_variant", other["story_id"], image_id, "spacesuit", 2, 5, 0.6)
    assert variant["prompt"] == "spacesuit, red hair, sunny"
    likeness = variant["options"][0]["likeness"]
    assert likeness["band"] == "same person"
    assert {"similarity", "encoder", "false_accept_rate", "copied", "reason"} <= set(likeness)
    [member] = call(client, "list_cast", other["story_id"])
    assert member["options"] == variant["options"]


def test_loading_links_the_very_picture_and_draws_nothing(
    client: Client, story: dict[str, str], hana: dict[str, Any], generator: FakeGenerator
) -> None:
    image_id = hana["options"][1]["image_id"]
    call(client, "save_character", hana["cast_member_id"], image_id)
    drawn = len(generator.requests)
    other = call(client, "create_story", story["project_id"], "Day off", "")
    loaded = call(client, "load_character", other["story_id"], image_id)
    assert [(option["image_id"], option["how"]) for option in loaded["options"]] == [(image_id, "loaded")]
    assert len(generator.requests) == drawn

    call(client, "remove_image", loaded["cast_member_id"], image_id)
    assert call(client, "list_cast", other["story_id"]) == []
    [saved] = call(client, "list_library", story["project_id"], "")
    assert saved["canonical_image_id"] == image_id
    [member] = call(client, "list_cast", story["story_id"])
    assert len(member["options"]) == 2


def test_selecting_makes_active(client: Client, hana: dict[str, Any]) -> None:
    second = hana["options"][1]["image_id"]
    assert call(client, "select_image", hana["cast_member_id"], second)["active_image_id"] == second


def test_an_own_picture_is_uploaded(client: Client, story: dict[str, str], tmp_path: Path) -> None:
    flat(RED).save(tmp_path / "me.png")
    member = call(client, "upload_character", story["story_id"], "Me", handle_file(tmp_path / "me.png"))
    assert len(member["options"]) == 1


def test_bad_pictures_are_refused_with_cause_and_remedy(client: Client, story: dict[str, str], tmp_path: Path) -> None:
    flat(BLACK).save(tmp_path / "wall.png")
    (tmp_path / "notes.png").write_text("dear diary")
    Image.new("1", (20_000, 20_000)).save(tmp_path / "huge.png")
    refused = {"wall.png": "No face was found", "notes.png": "no JPEG, PNG or WebP", "huge.png": "too many pixels"}
    for name, message in refused.items():
        with pytest.raises(AppError, match=message):
            call(client, "upload_character", story["story_id"], "X", handle_file(tmp_path / name))
    assert call(client, "list_cast", story["story_id"]) == []


def test_a_file_of_the_server_cannot_be_named_as_an_upload(client: Client, story: dict[str, str], home: Path) -> None:
    flat(RED).save(home / "private.png")
    path = str(home / "private.png")  # gradio_client would upload a file that is marked as one
    for picture in ({"path": path}, {"path": path, "meta": {"_type": "gradio.FileData"}}):
        answer = post(client, "upload_character", [story["story_id"], "X", picture, {}, ""])
        assert "event: error" in answer
        assert "not uploaded" in answer or "InvalidPathError" in answer, answer
    assert call(client, "list_cast", story["story_id"]) == []


def test_the_database_is_not_served(client: Client, home: Path) -> None:
    for path in (home / "castbook.db", home / "pictures" / ".." / "castbook.db"):
        with pytest.raises(urllib.error.HTTPError) as refusal:
            urllib.request.urlopen(f"{client.src.rstrip('/')}/gradio_api/file={path}")
        assert refusal.value.code in (403, 404)


BAD_CALLS = [
    ("create_story", ("nowhere", "Title", ""), "no project"),
    ("create_project", ("  ",), "has no name"),
    ("list_library", ("nowhere", ""), "no project"),
    ("list_cast", ("nowhere",), "no story"),
    ("load_character", ("nowhere", "nobody"), "no story"),
    ("save_character", ("nobody", "nothing"), "no cast member"),
    ("select_image", ("nobody", "nothing"), "no cast member"),
    ("remove_image", ("nobody", "nothing"), "no cast member"),
    ("generate_character", ("nowhere", "Hana", "a girl"), "no story"),
    ("generate_character_variant", ("nowhere", "nothing", "moon"), "no story"),
]


@pytest.mark.parametrize(("verb", "values", "message"), BAD_CALLS)
def test_an_unknown_id_is_answered_in_words(client: Client, verb: str, values: tuple[str, ...], message: str) -> None:
    with pytest.raises(AppError, match=message):
        call(client, verb, *values)


def test_an_empty_prompt_or_a_wrong_count_is_answered_in_words(client: Client, story: dict[str, str]) -> None:
    for prompt, count, message in ((" ", 2, "prompt is empty"), ("a girl", 99, "1 to 8"), ("a girl", 0, "1 to 8")):
        with pytest.raises(AppError, match=message):
            call(client, "generate_character", story["story_id"], "Hana", prompt, {}, "", count)
    with pytest.raises(AppError, match="visual profile has no tail"):
        call(client, "generate_character", story["story_id"], "Hana", "a girl", {"tail": "long"})


WRONG_TYPES = [
    (["Hana", "a girl", {}, "", "2", 0], "The count is '2'"),
    (["Hana", "a girl", {}, "", 2, 1.5], "The seed is 1.5"),
    (["Hana", None, {}, "", 2, 0], "The prompt is None"),
    ([None, "a girl", {}, "", 2, 0], "The name is None"),
]


@pytest.mark.parametrize(("values", "message"), WRONG_TYPES)
def test_a_wrong_type_is_answered_in_words(
    client: Client, story: dict[str, str], values: list[Any], message: str
) -> None:
    assert message in post(client, "generate_character", [story["story_id"], *values])


def test_nothing_said_in_the_profile_is_nothing_drawn(client: Client, story: dict[str, str]) -> None:
    hana = call(client, "generate_character", story["story_id"], "Hana", "a girl", {"hair": None}, "", 1, 0)
    assert hana["prompt"] == "a girl, rainy night"
