"""The tools of the Model Context Protocol server, asked by the official client, as whoever runs Castbook has it."""

from __future__ import annotations

import base64
import io
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
from fakes import RED, FakeFaces, PatientGenerator, flat
from gradio.blocks import Blocks
from gradio.utils import get_upload_folder
from mcp import ClientSession
from mcp.client.streamable_http import streamable_http_client
from mcp.types import CallToolResult, CancelledNotification, CancelledNotificationParams, ClientNotification
from PIL import Image
from walking import ACCEPTED, opened, shown

from library_store.keys import ACCOUNT, ANONYMOUS
from settings import Settings
from studio import Castbook
from studio.entrance import Access
from ui import launch_options
from ui.endpoints import ENDPOINTS
from ui.endpoints.tools import MOST_SESSIONS, PATH
from ui.who_asks import TOKEN

generator = PatientGenerator()


@pytest.fixture(scope="module", params=["single", "visitors"])
def access(request: pytest.FixtureRequest) -> Access:
    return request.param


@pytest.fixture(scope="module")
def castbook(access: Access, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Castbook]:
    with opened(tmp_path_factory.mktemp("home"), generator, access) as castbook:
        yield castbook


@pytest.fixture(scope="module")
def demo(castbook: Castbook) -> Iterator[Blocks]:
    with shown(castbook) as demo:
        yield demo


@pytest.fixture(scope="module")
def headers(castbook: Castbook, access: Access) -> dict[str, str]:
    _, secret = castbook.store.keys.make(f"{ANONYMOUS}ada", "program")
    return {"authorization": f"Bearer {TOKEN}{secret}"} if access == "visitors" else {}


Ask = Callable[..., Awaitable[CallToolResult]]


@asynccontextmanager
async def talking(demo: Blocks, headers: dict[str, str]) -> AsyncIterator[ClientSession]:
    address = f"{str(demo.local_url).rstrip('/')}{PATH}"
    async with (
        httpx.AsyncClient(headers=headers, timeout=60) as http,
        streamable_http_client(address, http_client=http) as (reads, writes, _),
        ClientSession(reads, writes) as session,
    ):
        await session.initialize()
        yield session


def run(demo: Blocks, headers: dict[str, str], talk: Callable[[ClientSession], Awaitable[None]]) -> None:
    async def with_a_session() -> None:
        async with talking(demo, headers) as session:
            await talk(session)

    anyio.run(with_a_session)


async def told(session: ClientSession, tool: str, **arguments: Any) -> Any:
    answer = await session.call_tool(tool, arguments)
    assert not answer.isError, answer.content
    return answer.structuredContent


async def a_story(session: ClientSession) -> dict[str, Any]:
    project = await told(session, "create_project", name="Moonlit Cafe")
    return await told(session, "create_story", project_id=project["project_id"], title="Night shift")


def picture_in(answer: CallToolResult, place: int = 1) -> Image.Image:
    shown = answer.content[place]
    assert shown.type == "image" and shown.mimeType == "image/png"
    return Image.open(io.BytesIO(base64.b64decode(shown.data)))


def test_a_character_is_drawn_saved_listed_looked_at_and_deleted(demo: Blocks, headers: dict[str, str]):
    """The client itself compares each answer with the schema that the server told."""

    async def talk(session: ClientSession) -> None:
        steps: list[tuple[float, float | None]] = []

        async def step(progress: float, total: float | None, message: str | None) -> None:
            steps.append((progress, total))

        story = await a_story(session)
        asked = {"story_id": story["story_id"], "name": "Hana", "prompt": "a girl", "count": 2, "seed": 0}
        drawn = await session.call_tool("generate_character", asked, progress_callback=step)
        assert not drawn.isError and drawn.structuredContent
        assert steps == sorted(set(steps)) and steps[-1][0] > 0
        assert [picture_in(drawn, place).size for place in (1, 2)] == [(64, 64), (64, 64)]
        image_id = drawn.structuredContent["new_image_ids"][0]
        saved = await told(
            session, "save_character", cast_member_id=drawn.structuredContent["cast_member_id"], image_id=image_id
        )
        listed = await told(session, "list_library", project_id=story["project_id"])
        assert listed == {"result": [saved]}
        seen = await session.call_tool("get_picture", {"image_id": image_id})
        assert seen.structuredContent
        async with httpx.AsyncClient(headers=headers) as http:
            fetched = await http.get(f"{str(demo.local_url).rstrip('/')}{seen.structuredContent['url']}")
        assert Image.open(io.BytesIO(fetched.content)).tobytes() == picture_in(seen).tobytes()
        await told(session, "trash_character", character_id=saved["character_id"])
        await told(session, "purge_character", character_id=saved["character_id"])
        gone = await session.call_tool("get_picture", {"image_id": image_id})
        assert gone.isError and gone.structuredContent
        assert gone.structuredContent["cause"].startswith("There is no ") and gone.structuredContent["remedy"]

    run(demo, headers, talk)


def test_a_picture_is_sent_as_base64_and_a_library_leaves_as_an_address(demo: Blocks, headers: dict[str, str]):
    async def talk(session: ClientSession) -> None:
        file = io.BytesIO()
        flat(RED).save(file, "PNG")
        sent = {"base64": base64.b64encode(file.getvalue()).decode()}
        story = await a_story(session)
        await told(session, "upload_character", story_id=story["story_id"], name="Hana", picture=sent)
        pages = await told(session, "look_through_pages", project_id=story["project_id"], pages=[sent])
        assert len(pages["faces"]) == len(FakeFaces().faces(flat(RED)))
        left = await told(session, "export_library", project_id=story["project_id"])
        async with httpx.AsyncClient(headers=headers) as http:
            fetched = await http.get(f"{demo.local_url}gradio_api/file={left['path']}")
        assert fetched.content.startswith(b"PK")

    run(demo, headers, talk)


def test_a_cancelled_call_stops_its_drawing(castbook: Castbook, demo: Blocks, headers: dict[str, str]):
    async def talk(session: ClientSession) -> None:
        story, begun = await a_story(session), anyio.Event()

        async def step(progress: float, total: float | None, message: str | None) -> None:
            begun.set()

        async def draw() -> None:
            asked = {"story_id": story["story_id"], "name": "Hana", "prompt": "a girl"}
            with pytest.raises(Exception, match="cancelled"):
                await session.call_tool("generate_character", asked, progress_callback=step)

        generator.may_go_on.clear()
        async with anyio.create_task_group() as both:
            both.start_soon(draw)
            await begun.wait()
            parameters = CancelledNotificationParams(requestId=session._request_id - 1)
            await session.send_notification(ClientNotification(CancelledNotification(params=parameters)))
            await anyio.sleep(1.5)  # within a second it is noticed
            generator.may_go_on.set()
        with anyio.fail_after(30):
            while (runs := await told(session, "list_runs"))["result"][0]["state"] == "stopping":
                await anyio.sleep(0.1)
        assert runs["result"][0]["state"] == "stopped"

    run(demo, headers, talk)


def test_every_verb_is_a_tool_that_says_what_it_does_takes_and_answers(demo: Blocks, headers: dict[str, str]):
    async def talk(session: ClientSession) -> None:
        tools = {tool.name: tool for tool in (await session.list_tools()).tools}
        assert tools.keys() == {endpoint.name for endpoint in ENDPOINTS}
        for tool in tools.values():
            assert tool.title and tool.description and tool.outputSchema and tool.annotations
            assert all(each.get("description") for each in tool.inputSchema["properties"].values()), tool.name
        hints = {name: tool.annotations for name, tool in tools.items() if tool.annotations}
        destructive = {name for name, hint in hints.items() if hint.destructiveHint}
        assert {"purge_character", "edit_character"} <= destructive and "trash_character" not in destructive
        assert hints["list_library"].readOnlyHint and not hints["create_story"].idempotentHint
        takes = tools["generate_character_variant"].inputSchema["properties"]
        assert takes["identity_scale"]["anyOf"][0] == {"minimum": 0, "maximum": 1.5, "type": "number"}
        assert takes["look"]["anyOf"][0]["properties"].keys() >= {"outfit", "accessories"}

    run(demo, headers, talk)


@pytest.mark.parametrize(
    ("tool", "arguments", "said"),
    [
        ("create_project", {"name": 3}, "The name is 3. It should be a valid string."),
        ("create_project", {}, "name is missing. Say what it is."),
        ("create_project", {"name": "A", "colour": "red"}, "There is no argument called colour."),
        ("create_project", {"name": "A" * 121}, "The name has 121 characters."),
        ("request_in", {"picture": {"base64": "no!"}}, "The picture is no base64."),
        ("draw_everybody", {}, "There is no tool called 'draw_everybody'."),
    ],
)
def test_what_is_wrong_is_answered_in_words(
    demo: Blocks, headers: dict[str, str], tool: str, arguments: dict[str, Any], said: str
):
    async def talk(session: ClientSession) -> None:
        answer = await session.call_tool(tool, arguments)
        assert answer.isError and answer.content[0].type == "text" and answer.content[0].text.startswith(said)

    run(demo, headers, talk)


def test_who_shows_no_token_is_told_to(demo: Blocks, access: Access):
    answer = httpx.post(f"{str(demo.local_url).rstrip('/')}{PATH}", json={"jsonrpc": "2.0", "method": "ping", "id": 1})
    assert (answer.status_code == 401) == (access == "visitors")
    assert answer.headers.get("www-authenticate") == ("Bearer" if access == "visitors" else None)


def test_a_program_may_what_the_account_that_gave_it_a_token_may(tmp_path: Path):
    with opened(tmp_path, PatientGenerator(), "accounts") as castbook, shown(castbook) as demo:
        keys = castbook.store.keys
        ada, bea = ({"authorization": f"Bearer {TOKEN}{keys.make(ACCOUNT + who, 'program')[1]}"} for who in "ab")
        made = dict[str, str]()

        async def draw(session: ClientSession) -> None:
            story = await a_story(session)
            asked = {"story_id": story["story_id"], "name": "Hana", "prompt": "a girl", "count": 1}
            made["image_id"] = (await told(session, "generate_character", **asked))["new_image_ids"][0]
            assert picture_in(await session.call_tool("get_picture", made)).size == (64, 64)

        async def look(session: ClientSession) -> None:
            assert await told(session, "list_projects") == {"result": []}
            answer = await session.call_tool("get_picture", made)
            assert answer.isError and answer.structuredContent
            assert answer.structuredContent["cause"].startswith("There is no picture")

        run(demo, ada, draw)
        run(demo, bea, look)
        [key] = keys.list(f"{ACCOUNT}a", "program")
        keys.revoke(f"{ACCOUNT}a", key.id)
        address, ping = f"{str(demo.local_url).rstrip('/')}{PATH}", {"jsonrpc": "2.0", "method": "ping", "id": 1}
        assert [httpx.post(address, headers=nobody, json=ping).status_code for nobody in (ada, {})] == [401, 401]


def test_one_visitor_has_no_more_than_so_many_sessions(demo: Blocks, headers: dict[str, str]):
    who = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "many", "version": "1"}}
    said = {"jsonrpc": "2.0", "id": 1, "method": "initialize", "params": who}
    address, sessions = f"{str(demo.local_url).rstrip('/')}{PATH}", list[httpx.Response]()
    with httpx.Client(headers={**headers, **ACCEPTED}) as http:
        while len(sessions) <= MOST_SESSIONS and (not sessions or sessions[-1].status_code == 200):
            sessions.append(http.post(address, json=said))
        assert sessions[-1].status_code == 429
        for each in sessions[:-1]:
            http.delete(address, headers={"mcp-session-id": each.headers["mcp-session-id"]})
        assert http.post(address, json=said).status_code == 200


def test_what_is_sent_lies_on_the_disk_no_longer_than_the_call(demo: Blocks, headers: dict[str, str]):
    async def talk(session: ClientSession) -> None:
        sent = {"base64": base64.b64encode(b"no picture").decode()}
        assert (await session.call_tool("look_at_upload", {"picture": sent})).isError

    run(demo, headers, talk)
    kept = [file.read_bytes() for file in Path(get_upload_folder()).rglob("*") if file.is_file()]
    assert b"no picture" not in kept


def test_the_tools_are_off_unless_the_operator_asks(castbook: Castbook, monkeypatch: pytest.MonkeyPatch):
    def addresses() -> list[str]:
        options = launch_options(castbook, Settings().mcp)
        assert options["mcp_server"] is False  # Gradio's own
        return [route.path for route in options["app_kwargs"]["routes"]]

    assert PATH not in addresses()
    monkeypatch.setenv("CASTBOOK_MCP", "1")
    assert PATH in addresses()
