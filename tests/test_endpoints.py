"""The three workflows and bad input through `gradio_client`, against the launched app."""

from __future__ import annotations

import json
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import foreign_pictures
import httpx
import pytest
from fakes import BLACK, BLUE, RED, FakeFaces, PatientGenerator, fake_pack, flat
from gradio_client import Client, handle_file
from gradio_client.client import Job
from gradio_client.exceptions import AppError
from listening import listening
from PIL import Image

from library_store.library import CharacterLibrary
from library_store.records import LOCAL_OWNER, NewPicture
from library_store.store import LibraryStore
from pipeline.request import SteeringImage
from pipeline.variants import VariantMaker
from studio import Castbook, Models
from ui import build_page, launch_options

ENDPOINTS = set(  # what programs rely on: a new one is added here, and none goes without a line in CHANGELOG.md
    """
    add_from_pages add_picture attach_run check_library copy_character count_library create_project create_story
    draw_again edit_character export_library generate_character generate_character_variant get_character
    get_picture import_library keep_from_pages list_cast list_images list_library list_projects list_runs list_steering
    list_stories list_tags list_uses load_character look_alikes_of look_at_upload look_through_pages
    merge_characters outliers people_in preview_purge prompt_of_character prompt_of_variant purge_character remove_image
    rename_project rename_story request_in request_of restore_character restore_image restore_project restore_story
    save_character search_by_face select_image set_canonical set_context set_favourite set_steering set_tags
    split_character stop_run trash_character trash_project trash_story undo_merge upload_character
    """.split()
)


@pytest.fixture(scope="module")
def generator() -> PatientGenerator:
    return PatientGenerator()


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(scope="module")
def store(home: Path) -> Iterator[LibraryStore]:
    opened = LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", str(home / "pictures"))
    yield opened
    opened.close()


@pytest.fixture(scope="module")
def library(store: LibraryStore) -> CharacterLibrary:
    return store.seen_by(LOCAL_OWNER)


@pytest.fixture(scope="module")
def client(store: LibraryStore, generator: PatientGenerator) -> Iterator[Client]:
    pack = fake_pack()
    castbook = Castbook(store, pack, Models(lambda: VariantMaker(generator, FakeFaces(), pack)))
    demo = build_page(castbook)
    _, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook))
    yield Client(url, verbose=False)
    demo.close()


def call(client: Client, verb: str, *values: Any, **named: Any) -> Any:
    return client.predict(*values, api_name=f"/{verb}", **named)


def save(client: Client, story_id: str, name: str) -> dict[str, Any]:
    """A character with a red and a green picture, the red one standing for them."""
    member = call(client, "generate_character", story_id, name, "a girl", {"hair": "red hair"}, "", 2, 0)
    return call(client, "save_character", member["cast_member_id"], member["options"][0]["image_id"])


def ids(answers: list[dict[str, Any]], key: str) -> list[str]:
    return [answer[key] for answer in answers]


def names(characters: list[dict[str, Any]]) -> list[str]:
    return ids(characters, "name")


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


def test_the_endpoints_are_those_that_programs_rely_on_and_no_others(client: Client) -> None:
    named = client.view_api(return_format="dict")["named_endpoints"]
    assert {name.strip("/") for name in named} == ENDPOINTS
    assert all(endpoint.get("description") for endpoint in named.values())


def test_generating_streams_its_steps_and_ends_with_the_result(client: Client, story: dict[str, str]) -> None:
    job = client.submit(story["story_id"], "Hana", "a girl", {}, "", 2, 0, api_name="/generate_character")
    *steps, result = list(job)
    assert {tuple(step) for step in steps} == {("run_id", "step", "steps", "ahead")}
    assert result["name"] == "Hana"
    assert result["prompt"] == "a girl, rainy night"


@pytest.fixture
def held(client: Client, story: dict[str, str], generator: PatientGenerator) -> Iterator[Job]:
    """A drawing that is at its first step and cannot go on before `generator.may_go_on`."""
    generator.may_go_on.clear()
    job = client.submit(story["story_id"], "Hana", "a girl", {}, "", 2, 0, api_name="/generate_character")
    while next(job)["step"] != 1:
        pass
    yield job
    generator.may_go_on.set()


def run_of(job: Job) -> str:
    return job.outputs()[0]["run_id"]


def state(client: Client, run_id: str) -> str:
    [run] = [run for run in call(client, "list_runs") if run["run_id"] == run_id]
    return run["state"]


def test_a_cancelled_drawing_is_stopped_and_not_kept(
    client: Client, story: dict[str, str], generator: PatientGenerator, held: Job
) -> None:
    run_id = run_of(held)
    held.cancel()
    generator.may_go_on.set()
    with pytest.raises(AppError, match="Stopped"):
        call(client, "attach_run", run_id)
    assert state(client, run_id) == "stopped"
    assert call(client, "list_cast", story["story_id"]) == []


def test_a_drawing_whose_caller_is_gone_is_stopped(
    client: Client, story: dict[str, str], generator: PatientGenerator
) -> None:
    generator.may_go_on.clear()
    url = f"{client.src.rstrip('/')}/gradio_api/call/generate_character"
    with httpx.Client() as gone:
        values = [story["story_id"], "Hana", "a girl", {}, "", 2, 0]
        event = gone.post(url, json={"data": values}).json()["event_id"]
        with gone.stream("GET", f"{url}/{event}") as answer:
            first = next(line for line in answer.iter_lines() if "run_id" in line)
    run_id = json.loads(first.removeprefix("data:"))[0]["run_id"]
    for _ in range(300):  # Gradio notices at the run's next sign of life
        if state(client, run_id) == "stopping":
            break
        time.sleep(0.1)
    generator.may_go_on.set()
    with pytest.raises(AppError, match="Stopped"):
        call(client, "attach_run", run_id)
    assert call(client, "list_cast", story["story_id"]) == []


def test_a_drawing_is_watched_from_elsewhere_and_outlives_that(
    client: Client, generator: PatientGenerator, held: Job
) -> None:
    run_id = run_of(held)
    elsewhere = Client(client.src, verbose=False)
    watching = elsewhere.submit(run_id, api_name="/attach_run")
    assert next(watching) == {"run_id": run_id, "step": 1, "steps": 4, "ahead": 0}
    watching.cancel()
    generator.may_go_on.set()
    made = call(elsewhere, "attach_run", run_id)
    assert (made["name"], made["stopped"]) == ("Hana", False)
    assert held.result(10) == made
    assert state(client, run_id) == "done"


def test_a_drawing_is_stopped_from_elsewhere(client: Client, generator: PatientGenerator, held: Job) -> None:
    stopping = call(client, "stop_run", run_of(held))
    assert (stopping["name"], stopping["state"], stopping["step"]) == ("Hana", "stopping", 1)
    generator.may_go_on.set()
    with pytest.raises(AppError, match="Stopped"):
        held.result(10)


def test_forty_drawings_of_one_caller_keep_nobody_from_browsing_and_anothers_one_is_drawn_next(
    client: Client, story: dict[str, str], generator: PatientGenerator, held: Job
) -> None:
    asked = [story["story_id"], "Hana", "a girl", {}, "", 1, 0]
    greedy = [client.submit(*asked, api_name="/generate_character") for _ in range(39)]
    refused = 0
    for _ in range(300):
        refused = sum(job.done() for job in greedy)
        if refused == 37:
            break
        time.sleep(0.1)
    assert refused == 37

    other = Client(client.src, verbose=False)
    assert call(other, "list_cast", story["story_id"]) == []
    mina = other.submit(story["story_id"], "Mina", "a girl", {}, "", 1, 0, api_name="/generate_character")
    assert next(mina)["ahead"] == 1
    generator.may_go_on.set()
    for job in (mina, *greedy):
        if job in greedy and isinstance(job.exception(60), AppError):
            assert "2 things that you asked for wait" in str(job.exception())
        else:
            job.result(60)
    assert ids(call(client, "list_cast", story["story_id"]), "name") == ["Hana", "Mina", "Hana", "Hana"]


def test_nothing_is_put_into_a_story_that_is_in_the_trash(
    client: Client, story: dict[str, str], hana: dict[str, Any], tmp_path: Path
) -> None:
    flat(RED).save(tmp_path / "me.png")
    story_id, image_id = story["story_id"], hana["active_image_id"]
    refused: list[tuple[Any, ...]] = [
        ("generate_character", story_id, "Mina", "a girl"),
        ("generate_character_variant", story_id, image_id, "moon"),
        ("load_character", story_id, image_id),
        ("upload_character", story_id, "Me", handle_file(tmp_path / "me.png")),
    ]
    call(client, "trash_story", story_id)
    for verb, *values in refused:
        with pytest.raises(AppError, match="This story is in the trash"):
            call(client, verb, *values)
    call(client, "trash_project", story["project_id"])
    with pytest.raises(AppError, match="This project is in the trash"):
        call(client, "create_story", story["project_id"], "Day off")
    call(client, "restore_project", story["project_id"])
    call(client, "restore_story", story_id)
    assert ids(call(client, "list_cast", story_id), "name") == ["Hana"]


def test_what_was_drawn_while_its_story_went_to_the_trash_is_in_it_and_said_to_be(
    client: Client, story: dict[str, str], generator: PatientGenerator, held: Job
) -> None:
    call(client, "trash_story", story["story_id"])
    generator.may_go_on.set()
    assert held.result(10)["story_in_trash"] is True
    call(client, "restore_story", story["story_id"])
    assert ids(call(client, "list_cast", story["story_id"]), "name") == ["Hana"]


def test_a_generated_characters_options_say_all_that_is_known(client: Client, hana: dict[str, Any]) -> None:
    first, second = hana["options"]
    assert set(first) == {"image_id", "url", "how", "seed", "is_active", "verdict", "likeness"}
    assert (first["is_active"], second["is_active"]) == (True, False)
    assert (first["seed"], first["how"], first["verdict"], first["likeness"]) == (0, "generated", "kept", None)
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
    assert {"similarity", "encoder", "false_accept_rate", "copied"} <= set(likeness)
    assert likeness["reason"].startswith("Same person: as alike as two pictures of one person usually are (1 in 1,000")
    assert (likeness["rejection"], likeness["objections"]) == (None, [])
    [member] = call(client, "list_cast", other["story_id"])
    assert member["options"] == variant["options"]


def test_loading_links_the_very_picture_and_draws_nothing(
    client: Client, story: dict[str, str], hana: dict[str, Any], generator: PatientGenerator
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
    refused = {"wall.png": "No face was found", "notes.png": "no picture that", "huge.png": "20000 x 20000 pixels"}
    for name, message in refused.items():
        with pytest.raises(AppError, match=message):
            call(client, "upload_character", story["story_id"], "X", handle_file(tmp_path / name))
    assert call(client, "list_cast", story["story_id"]) == []


def test_a_file_of_the_server_cannot_be_named_as_an_upload(client: Client, story: dict[str, str], home: Path) -> None:
    flat(RED).save(home / "private.png")
    path = str(home / "private.png")  # gradio_client would upload a file that is marked as one
    for picture in ({"path": path}, {"path": path, "meta": {"_type": "gradio.FileData"}}):
        answer = post(client, "upload_character", [story["story_id"], "X", picture, {}, "", None, None, False])
        assert "event: error" in answer
        assert "not uploaded" in answer or "InvalidPathError" in answer, answer
    assert call(client, "list_cast", story["story_id"]) == []


def test_projects_and_stories_are_renamed_trashed_and_restored(client: Client, story: dict[str, str]) -> None:
    project_id, story_id = story["project_id"], story["story_id"]
    assert call(client, "rename_project", project_id, "Sunlit Cafe")["name"] == "Sunlit Cafe"
    assert call(client, "rename_story", story_id, "Day shift")["title"] == "Day shift"
    assert call(client, "trash_story", story_id)["trashed_at"]
    assert call(client, "list_stories", project_id) == []
    [trashed] = call(client, "list_stories", project_id, trashed=True)
    assert (trashed["story_id"], trashed["title"]) == (story_id, "Day shift")
    assert call(client, "restore_story", story_id)["trashed_at"] is None
    call(client, "trash_project", project_id)
    assert project_id in ids(call(client, "list_projects", trashed=True), "project_id")
    call(client, "restore_project", project_id)
    assert project_id in ids(call(client, "list_projects"), "project_id")


def test_a_context_that_somebody_changed_is_not_overwritten(client: Client, story: dict[str, str]) -> None:
    changed = call(client, "set_context", story["story_id"], "snow", instead_of="rainy night")
    assert changed["context"] == "snow"
    with pytest.raises(AppError, match="changed in another tab"):
        call(client, "set_context", story["story_id"], "fog", instead_of="rainy night")


def test_prompts_are_seen_before_anything_is_drawn(client: Client, story: dict[str, str], hana: dict[str, Any]) -> None:
    composed = call(client, "prompt_of_character", story["story_id"], "a girl", {"outfit": "raincoat"})
    nothing = {"in_english": None, "kept_out": "", "unknown_words": [], "half_said": {}, "offered": {}, "left_out": []}
    assert composed == {"prompt": "a girl, raincoat, rainy night", **nothing}
    scarf = call(client, "prompt_of_variant", story["story_id"], hana["active_image_id"], "moon", {"outfit": "a scarf"})
    assert scarf["prompt"].startswith("moon, a scarf, ")
    variant = call(client, "prompt_of_variant", story["story_id"], hana["active_image_id"], "moon")
    assert variant["prompt"] == "moon, red hair, rainy night"


def test_the_library_is_filtered_sorted_and_read_in_pages(client: Client, story: dict[str, str]) -> None:
    project_id = story["project_id"]
    for name in ("Mina", "Aki", "Hana"):
        save(client, story["story_id"], name)
    hana, aki, mina = call(client, "list_library", project_id)
    assert call(client, "set_tags", hana["character_id"], ["sea", "Hero"])["tags"] == ["Hero", "sea"]
    assert call(client, "set_favourite", aki["character_id"], True)["is_favourite"] is True
    call(client, "trash_character", mina["character_id"])

    assert call(client, "list_tags", project_id) == ["Hero", "sea"]
    assert names(call(client, "list_library", project_id, tags=["hero"])) == ["Hana"]
    assert names(call(client, "list_library", project_id, favourites=True)) == ["Aki"]
    assert names(call(client, "list_library", project_id, trashed=True)) == ["Mina"]
    assert names(call(client, "list_library", project_id, sort="name", offset=1, limit=1)) == ["Hana"]
    assert call(client, "count_library", project_id) == 2
    assert call(client, "restore_character", mina["character_id"])["trashed_at"] is None
    assert call(client, "count_library", project_id, "mina") == 1


def test_a_character_is_edited_and_says_where_they_are_used(client: Client, story: dict[str, str]) -> None:
    hana = save(client, story["story_id"], "Hana")
    edited = call(client, "edit_character", hana["character_id"], description="a pilot", visual_profile={"hair": "bob"})
    assert (edited["name"], edited["description"], edited["visual_profile"]["hair"]) == ("Hana", "a pilot", "bob")
    assert call(client, "get_character", hana["character_id"]) == edited
    [use] = call(client, "list_uses", hana["character_id"])
    assert use["story_id"] == story["story_id"] and hana["canonical_image_id"] in use["image_ids"]


def test_what_somebody_changed_since_it_was_read_is_not_overwritten(client: Client, story: dict[str, str]) -> None:
    read = save(client, story["story_id"], "Hana")
    who, cast_member = read["character_id"], call(client, "list_cast", story["story_id"])[-1]["cast_member_id"]
    call(client, "edit_character", who, description="a pilot", visual_profile={"outfit": "coat"})
    late = call(client, "edit_character", who, "Hana Kim", read["description"], read["visual_profile"], read)
    assert (late["name"], late["description"], late["visual_profile"]["outfit"]) == ("Hana Kim", "a pilot", "coat")
    for attempt in (
        lambda: call(client, "edit_character", who, description="a sailor", instead_of=read),
        lambda: call(client, "save_character", cast_member, read["canonical_image_id"], "a sailor", instead_of=read),
    ):
        with pytest.raises(AppError, match="description is 'a pilot' now"):
            attempt()
    assert call(client, "get_character", who) == late
    call(client, "set_tags", who, ["sea"], instead_of=[])
    assert call(client, "set_tags", who, ["air"], instead_of=[])["tags"] == ["air", "sea"]


def test_a_profile_takes_texts_and_lists_of_them(client: Client, story: dict[str, str]) -> None:
    hana = save(client, story["story_id"], "Hana")["character_id"]
    profile = {"hair": ["black", " long "], "face": None, "body": [], "other": "in, the rain"}
    edited = call(client, "edit_character", hana, visual_profile=profile)["visual_profile"]
    assert [edited[part] for part in profile] == ["black, long", "", "", "in, the rain"]
    for value in (7, True, {"colour": "black"}, ["black", 7], [["black"]], ["black", None]):
        with pytest.raises(AppError, match=r"The hair is .*It should be a text, or a list of texts"):
            call(client, "edit_character", hana, visual_profile={"hair": value})
    for read in ({"name": 7}, {"visual_profile": "black"}, {"visual_profile": {"hair": 7}}):
        with pytest.raises(AppError, match="It should be a"):
            call(client, "edit_character", hana, "Hana Kim", instead_of=read)
    assert call(client, "get_character", hana)["visual_profile"] == edited


def test_a_characters_pictures_have_roles_and_a_lineage(client: Client, story: dict[str, str]) -> None:
    hana = save(client, story["story_id"], "Hana")
    reference = hana["canonical_image_id"]
    made = call(client, "generate_character_variant", story["story_id"], reference, "moon", 3, 0, keep=1)
    [variant] = made["new_image_ids"]
    first, second, third = call(client, "list_images", hana["character_id"])
    assert [image["parent_id"] for image in (first, second, third)] == [None, None, reference]
    assert third["image_id"] == variant and third["source"] == "variant"
    request = call(client, "request_of", variant)
    assert (request["written"], request["count"], request["version"]) == ("moon", 3, 2)
    assert request["steering"] == [{"image_id": reference, "role": "main", "weight": 1.0}]
    assert request["changed_since"] == []

    assert call(client, "set_steering", hana["character_id"], [variant]) == [variant]
    assert call(client, "list_steering", hana["character_id"]) == [variant]
    assert call(client, "set_canonical", hana["character_id"], variant)["canonical_image_id"] == variant
    [stranger] = call(client, "outliers", hana["character_id"])
    assert stranger["image_id"] == second["image_id"] and stranger["reason"]  # the fakes drew red, green, red


def test_two_are_merged_and_one_is_purged(client: Client, story: dict[str, str]) -> None:
    hana, double = save(client, story["story_id"], "Hana"), save(client, story["story_id"], "Hanna")
    assert call(client, "merge_characters", hana["character_id"], double["character_id"])["name"] == "Hana"
    assert call(client, "get_character", double["character_id"])["character_id"] == hana["character_id"]
    assert call(client, "undo_merge", double["character_id"])["character_id"] == hana["character_id"]
    assert call(client, "get_character", double["character_id"])["name"] == "Hanna"
    call(client, "merge_characters", hana["character_id"], double["character_id"])
    elsewhere = call(client, "create_project", "Spin-off")["project_id"]
    assert call(client, "copy_character", hana["character_id"], elsewhere)["copied_from_id"] == hana["character_id"]
    with pytest.raises(AppError, match="trash"):
        call(client, "purge_character", hana["character_id"])
    call(client, "trash_character", hana["character_id"])
    preview = call(client, "preview_purge", hana["character_id"])
    assert (preview["images"], ids(preview["stories"], "story_id")) == (4, [story["story_id"]])
    call(client, "purge_character", hana["character_id"])
    assert call(client, "list_library", story["project_id"], trashed=True) == []


def test_a_picture_of_somebody_else_becomes_a_character_of_their_own(client: Client, hana: dict[str, Any]) -> None:
    first, second = ids(hana["options"], "image_id")
    assert call(client, "people_in", [first, second]) == [[first], [second]]  # the fakes drew red and green
    split = call(client, "split_character", hana["cast_member_id"], [second], "Hana’s sister")
    assert (split["name"], split["active_image_id"]) == ("Hana’s sister", second)
    [left, _] = call(client, "list_cast", hana["story_id"])
    assert ids(left["options"], "image_id") == [hana["options"][0]["image_id"]]


def test_an_option_comes_back_into_its_story(client: Client, hana: dict[str, Any]) -> None:
    second = hana["options"][1]["image_id"]
    call(client, "remove_image", hana["cast_member_id"], second)
    restored = call(client, "restore_image", hana["cast_member_id"], second)
    assert ids(restored["options"], "image_id") == ids(hana["options"], "image_id")


def test_one_of_several_faces_is_chosen_by_number_or_by_box(
    client: Client, story: dict[str, str], tmp_path: Path
) -> None:
    two = Image.new("RGB", (128, 64), RED)
    two.paste(flat(BLUE), (64, 0))
    two.save(tmp_path / "two.png")
    picture = handle_file(tmp_path / "two.png")
    seen = call(client, "look_at_upload", picture)
    assert (seen["width"], seen["height"], len(seen["faces"])) == (128, 64, 2)

    for name, which in (("Blue", {"face": 1}), ("Also blue", {"box": seen["faces"][1]["box"]})):
        member = call(client, "upload_character", story["story_id"], name, picture, **which)
        call(client, "save_character", member["cast_member_id"], member["active_image_id"])
    red, blue = (call(client, "search_by_face", story["project_id"], picture, face=face) for face in (0, 1))
    assert [match["similarity"] for match in red] == [0, 0]
    assert {match["name"]: match["similarity"] for match in blue} == {"Blue": 1, "Also blue": 1}
    [alike] = call(client, "look_alikes_of", member["active_image_id"])
    assert alike["name"] == "Blue"
    with pytest.raises(AppError, match="no face number 2"):
        call(client, "upload_character", story["story_id"], "X", picture, face=2)


def test_pages_become_people_who_are_kept_or_added_to(client: Client, story: dict[str, str], tmp_path: Path) -> None:
    for name, colours in (("1.png", (RED, BLUE)), ("2.png", (BLUE, RED))):
        two = Image.new("RGB", (128, 64), colours[0])
        two.paste(flat(colours[1]), (64, 0))
        two.save(tmp_path / name)
    pages = [handle_file(tmp_path / name) for name in ("1.png", "2.png")]

    found = call(client, "look_through_pages", story["project_id"], pages)

    assert [face["page"] for face in found["faces"]] == ["1.png", "1.png", "2.png", "2.png"]
    assert [person["faces"] for person in found["people"]] == [[0, 3], [1, 2]]
    red = call(client, "keep_from_pages", found["episode_id"], [0], story["story_id"], "Rot")
    assert red["name"] == "Rot"
    [more] = call(client, "add_from_pages", found["episode_id"], [3], red["character_id"])
    further = call(client, "add_picture", red["character_id"], handle_file(tmp_path / "1.png"), face=0)
    images = call(client, "list_images", red["character_id"])
    assert [image["image_id"] for image in images][1:] == [more["image_id"], further["image_id"]]
    with pytest.raises(AppError, match="no episode"):
        call(client, "keep_from_pages", "gone", [0], story["story_id"], "X")


def test_a_library_leaves_as_a_file_and_comes_back(client: Client, story: dict[str, str]) -> None:
    hana, aki = save(client, story["story_id"], "Hana"), save(client, story["story_id"], "Aki")
    zip_file = call(client, "export_library", story["project_id"], [hana["character_id"]])
    assert Path(zip_file).name == "Hana.zip"
    for purged in (hana, aki):
        call(client, "trash_character", purged["character_id"])
        call(client, "purge_character", purged["character_id"])
    report = call(client, "import_library", story["project_id"], handle_file(zip_file))
    assert report == {"project_id": story["project_id"], "added": 1, "skipped": 0, "pictures": 2}
    assert names(call(client, "list_library", story["project_id"])) == ["Hana"]
    assert call(client, "import_library", None, handle_file(zip_file))["skipped"] == 1


def test_a_picture_says_what_it_was_asked_for_with(client: Client, hana: dict[str, Any], tmp_path: Path) -> None:
    with urllib.request.urlopen(client.src.rstrip("/") + hana["options"][0]["url"]) as answer:
        (tmp_path / "hana.png").write_bytes(answer.read())
    flat(RED).save(tmp_path / "flat.png")
    request = call(client, "request_in", handle_file(tmp_path / "hana.png"))
    assert (request["written"], request["look"]["hair"]) == ("a girl", "red hair")
    assert (request["program"], request["unused"]) == ("Castbook", [])
    assert call(client, "request_in", handle_file(tmp_path / "flat.png")) is None


def test_a_picture_of_another_program_says_its_request_and_what_no_request_holds(
    client: Client, tmp_path: Path
) -> None:
    (tmp_path / "forge.jpg").write_bytes(foreign_pictures.forge_jpeg())
    (tmp_path / "workflow.png").write_bytes(foreign_pictures.comfyui_workflow_alone())
    request = call(client, "request_in", handle_file(tmp_path / "forge.jpg"))
    assert (request["program"], request["prompt"], request["seed"]) == ("Forge", "woman, bob hair", 5)
    assert (request["sampler"], request["model"]) == ("Euler a", "dreamshaper_8")
    assert {"Schedule type", "Size"} <= set(request["unused"])
    with pytest.raises(AppError, match="made by ComfyUI, but its prompt cannot be read"):
        call(client, "request_in", handle_file(tmp_path / "workflow.png"))


def test_a_picture_drawn_again_is_compared_with_the_kept_one(
    client: Client, library: CharacterLibrary, story: dict[str, str], hana: dict[str, Any]
) -> None:
    drawn = hana["options"][1]["image_id"]
    assert call(client, "draw_again", drawn) == {"same_pixels": True, "changed_since": []}
    request = library.get_image(drawn).request
    assert request is not None
    elsewhere = NewPicture(flat(BLACK), "generated", request=replace(request, pack_hash="of another version"))
    uploaded = NewPicture(flat(RED), "uploaded")
    steering = (SteeringImage("gone", "main"),)
    orphan = NewPicture(flat(RED), "variant", request=replace(request, steering=steering))
    imported = library.create_character(story["story_id"], "Aki", [elsewhere, uploaded, orphan], "generated")
    other, own, lost = (option.image.id for option in imported.options)
    assert call(client, "draw_again", other) == {"same_pixels": False, "changed_since": ["pack_hash"]}
    with pytest.raises(AppError, match="with the id 'gone'"):  # and nobody else is drawn instead
        call(client, "draw_again", lost)
    with pytest.raises(AppError, match="nobody drew it here"):
        call(client, "draw_again", own)


def test_a_request_that_names_a_file_does_not_get_it_served(
    client: Client, library: CharacterLibrary, story: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "private.txt").write_text("dear diary")
    named = {"path": str(tmp_path / "private.txt"), "meta": {"_type": "gradio.FileData"}}
    picture = NewPicture(
        flat(RED), "generated", request=replace(fake_pack().request("a girl", 1), scheduler_settings={"deep": [named]})
    )  # as in a made-up export
    member = library.create_character(story["story_id"], "Hana", [picture], "generated")
    request = call(client, "request_of", member.options[0].image.id)
    assert (request["prompt"], request["scheduler_settings"]) == ("a girl", {"deep": [None]})


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
    ("export_library", ("nowhere",), "no project"),
    ("set_tags", ("nobody", []), "no character"),
    ("request_of", ("nothing",), "no picture"),
    ("attach_run", ("nothing",), "no run"),
    ("stop_run", ("nothing",), "no run"),
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

WRONG_VALUES = [
    ("set_tags", ["nobody", "sea", None], "The tags are 'sea'. They should be a valid list"),
    ("set_favourite", ["nobody", "no"], "The favourite is 'no'. It should be a valid boolean"),
    ("list_uses", [None], "The character id is None"),
]


@pytest.mark.parametrize(("values", "message"), WRONG_TYPES)
def test_a_wrong_type_is_answered_in_words(
    client: Client, story: dict[str, str], values: list[Any], message: str
) -> None:
    assert message in post(client, "generate_character", [story["story_id"], *values])


def test_nothing_said_in_the_profile_is_nothing_drawn(client: Client, story: dict[str, str]) -> None:
    hana = call(client, "generate_character", story["story_id"], "Hana", "a girl", {"hair": None}, "", 1, 0)
    assert hana["prompt"] == "a girl, rainy night"


@pytest.mark.parametrize(("verb", "values", "message"), WRONG_VALUES)
def test_every_endpoint_looks_at_what_it_is_given(client: Client, verb: str, values: list[Any], message: str) -> None:
    assert message in post(client, verb, values)


def test_a_page_or_a_box_that_cannot_be_is_answered_in_words(
    client: Client, story: dict[str, str], tmp_path: Path
) -> None:
    flat(RED).save(tmp_path / "me.png")
    with pytest.raises(AppError, match="The offset is -1"):
        call(client, "list_library", story["project_id"], offset=-1)
    with pytest.raises(AppError, match="The sort is 'age'. It should be 'recent', 'name' or 'most used'"):
        call(client, "list_library", story["project_id"], sort="age")
    with pytest.raises(AppError, match="should have at least 4 items"):
        call(client, "upload_character", story["story_id"], "X", handle_file(tmp_path / "me.png"), box=[1, 2])


def test_a_library_checks_its_own_calibration(client: Client):
    project = call(client, "create_project", "Strangers")
    story = call(client, "create_story", project["project_id"], "Chapter 1")
    with pytest.raises(AppError, match="fewer than two saved characters"):
        call(client, "check_library", project["project_id"])
    for name in ("Mina", "Jun"):
        save(client, story["story_id"], name)

    checked = call(client, "check_library", project["project_id"])

    assert (checked["characters"], checked["left_out"]) == (2, 0)
    assert {rate["pairs"] for rate in checked["rates"]} == {1}
    assert {rate["passed"] for rate in checked["rates"]} == {1}  # both are drawn red
    [pair] = checked["most_alike"]
    assert {who["name"] for who in pair["characters"]} == {"Mina", "Jun"}
