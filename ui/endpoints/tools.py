"""The endpoints as tools of a Model Context Protocol server, by the official SDK, behind the same door as all else.

Which tools there are, what they take and answer, the endpoints say themselves (ui/endpoints/): nothing here knows one
of them. Who asks is known by the token that comes with each request, as everywhere.
"""

from __future__ import annotations

import base64
from collections import Counter
from collections.abc import AsyncGenerator, Callable, Generator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from anyio import CancelScope, CapacityLimiter, to_thread
from gradio import utils
from gradio.utils import get_upload_folder
from mcp import types
from mcp.server.auth.middleware.bearer_auth import AuthenticatedUser
from mcp.server.auth.provider import AccessToken
from mcp.server.lowlevel import Server
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema
from pydantic_core import to_jsonable_python
from starlette.datastructures import Headers
from starlette.requests import HTTPConnection
from starlette.responses import PlainTextResponse
from starlette.routing import Route
from starlette.types import Receive, Scope, Send

from errors import CastbookError, InvalidRequest, TooMuchAtOnce
from library_store.records import Visitor
from logs import told
from studio import Castbook, Studio
from ui.endpoints import ENDPOINTS
from ui.endpoints.endpoint import Effect, Endpoint
from ui.handlers import MOST_TABS, THREADS
from ui.messages import APOLOGY
from ui.request_log import request_id
from ui.who_asks import visitor_of

PATH = "/gradio_api/mcp/"  # where Gradio's own server would be, and what its middleware lets stream
BODY = 2**25  # bytes, as at the door
IDLE = 600  # seconds, after which a session is forgotten; a client begins another one
MOST_SESSIONS = 32  # of one visitor
MOST_CALLS = 16  # of one visitor at once
AT_ONCE = THREADS // 4  # calls of all visitors
MOST_SHOWN = 2**20  # bytes of pictures in one answer; where they are more, their thumbnails are shown
VISITOR = "castbook.visitor"  # in the scope of a request

INSTRUCTIONS = """Castbook keeps the characters of a webtoon: save one, and draw the same person in any story.
A project has stories; a story has a cast; saved characters belong to the project. Begin with list_projects or
create_project, create_story, then generate_character or load_character; save_character keeps somebody for every story,
generate_character_variant draws them anew. Pictures are shown in the answers of what draws, and by get_picture; a url
is relative to this server and opens with the same token. A file is sent as {"base64": ...}."""

_HINTS: dict[Effect, tuple[bool, bool, bool]] = {  # read-only, destructive, idempotent
    "reads": (True, False, True),
    "adds": (False, False, False),
    "sets": (False, False, True),
    "loses": (False, True, True),
}

Lifespan = Callable[[Any], AbstractAsyncContextManager[None]]
described = cast("Callable[..., tuple[str, dict[str, str], list[str]]]", vars(utils)["get_function_description"])


class _Untitled(GenerateJsonSchema):
    """The name of a field is title enough."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False


def tool_server(castbook: Castbook) -> tuple[list[Route], Lifespan]:
    """Where it is asked, and what has to run meanwhile, within the app's own lifespan."""
    sessions = StreamableHTTPSessionManager(
        _Tools(castbook).server, max_request_body_size=BODY, session_idle_timeout=IDLE, max_sessions=MOST_TABS
    )

    @asynccontextmanager
    async def lifespan(_: Any) -> AsyncGenerator[None]:
        async with sessions.run():
            yield

    door = _Door(castbook, sessions)
    return [Route(PATH, door), Route(PATH.rstrip("/"), door)], lifespan


class _Door:
    """A session is its visitor's alone: the SDK compares who asks with who began it."""

    def __init__(self, castbook: Castbook, sessions: StreamableHTTPSessionManager) -> None:
        self._castbook = castbook
        self._sessions = sessions

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        visitor = await to_thread.run_sync(visitor_of, self._castbook, HTTPConnection(scope))
        user = AuthenticatedUser(AccessToken(token="", client_id=visitor.name, scopes=[]))
        begins = "mcp-session-id" not in Headers(scope=scope)
        if begins and self._sessions_of(visitor) >= MOST_SESSIONS:
            await PlainTextResponse("too many sessions: end one, or wait ten minutes", 429)(scope, receive, send)
            return
        await self._sessions.handle_request({**scope, "user": user, VISITOR: visitor}, receive, send)

    def _sessions_of(self, visitor: Visitor) -> int:
        owners = vars(self._sessions)["_session_owners"].values()  # the SDK bounds all, not each visitor's
        return sum(owner["client_id"] == visitor.name for owner in owners)


class _Tools:
    def __init__(self, castbook: Castbook) -> None:
        self._castbook = castbook
        self._calls = Counter[str]()
        self._threads = CapacityLimiter(AT_ONCE)
        self._watching = CapacityLimiter(THREADS // 2)
        self._endpoints = {endpoint.name: endpoint for endpoint in ENDPOINTS}
        self.server = Server[Any, Any]("castbook", instructions=INSTRUCTIONS)
        tools = [_tool(endpoint) for endpoint in ENDPOINTS]

        async def listed() -> list[types.Tool]:
            return tools

        self.server.list_tools()(listed)  # pyright: ignore[reportUnknownMemberType, reportUntypedFunctionDecorator]
        self.server.call_tool(validate_input=False)(self._called)  # the endpoints say in words what is wrong

    async def _called(self, name: str, arguments: dict[str, Any]) -> types.CallToolResult:
        request = self.server.request_context.request
        assert request is not None
        visitor: Visitor = request.scope[VISITOR]
        try:
            known = name if name in self._endpoints else "none"
            with self._counted(visitor.name), told("tool", request_id(request), which=known):
                return await self._answer(name, arguments, self._castbook.seen_by(visitor))
        except CastbookError as error:
            return _refusal(error.cause, error.remedy)
        except Exception:  # the log has it
            return _refusal(APOLOGY, "")

    @contextmanager
    def _counted(self, visitor: str) -> Generator[None]:
        """Raises TooMuchAtOnce."""
        if self._calls[visitor] >= MOST_CALLS:
            raise TooMuchAtOnce(MOST_CALLS)
        self._calls[visitor] += 1
        try:
            yield
        finally:
            self._calls -= Counter([visitor])

    async def _answer(self, name: str, arguments: dict[str, Any], studio: Studio) -> types.CallToolResult:
        endpoint = self._endpoints.get(name)
        if endpoint is None:
            raise InvalidRequest("There is no tool called {name}.", "List the tools, and choose one.", name=repr(name))
        if endpoint.streams:
            answer = await self._drawn(_steps(endpoint, arguments, studio))
        else:
            answer = await self._in_thread(_result, endpoint, arguments, studio)
        return await self._in_thread(_told, endpoint, answer, studio)

    async def _in_thread(self, work: Callable[..., Any], *values: Any) -> Any:
        return await to_thread.run_sync(partial(work, *values), limiter=self._threads)

    async def _drawn(self, steps: Iterator[Any]) -> Any:
        """The last one; the others are told as progress. A call that is cancelled closes the steps, which stops them.

        They come every second, so that a thread is never waited for much longer.
        """
        step, told = None, -1
        try:
            while (latest := await to_thread.run_sync(next, steps, None, limiter=self._watching)) is not None:
                if step is not None and step["step"] > told:
                    told = step["step"]
                    await self._tell(step)
                step = latest
        finally:
            with CancelScope(shield=True):
                await to_thread.run_sync(cast("Any", steps).close, limiter=self._watching)
        return step

    async def _tell(self, step: dict[str, Any]) -> None:
        context = self.server.request_context
        if context.meta and context.meta.progressToken is not None:
            ahead = f"{step['ahead']} before this one" if step["ahead"] else f"run {step['run_id']}"
            await context.session.send_progress_notification(
                context.meta.progressToken, step["step"], step["steps"], ahead, str(context.request_id)
            )


def _tool(endpoint: Endpoint) -> types.Tool:
    description, said, _ = described(endpoint.verb)
    title = endpoint.name.replace("_", " ").capitalize()
    reads, loses, again = _HINTS[endpoint.effect]
    return types.Tool(
        name=endpoint.name,
        title=title,
        description=description,
        inputSchema=_taken(endpoint, said),
        outputSchema=_answered(endpoint)[0],
        annotations=types.ToolAnnotations(
            title=title, readOnlyHint=reads, destructiveHint=loses, idempotentHint=again, openWorldHint=False
        ),
    )


def _taken(endpoint: Endpoint, said: dict[str, str]) -> dict[str, Any]:
    takes: dict[str, Any] = {}
    for parameter in endpoint.parameters:
        default = {} if parameter.default is parameter.empty else {"default": parameter.default}
        schema = TypeAdapter(endpoint.hints[parameter.name]).json_schema()
        takes[parameter.name] = {**schema, "description": said[parameter.name], **default}
    required = [each.name for each in endpoint.parameters if each.default is each.empty]
    return {"type": "object", "properties": takes, "required": required, "additionalProperties": False}


def _answered(endpoint: Endpoint) -> tuple[dict[str, Any], bool]:
    """The schema, and whether the answer is within an object's `result`: the protocol takes nothing but objects."""
    schema = TypeAdapter(endpoint.answer).json_schema(mode="serialization", schema_generator=_Untitled)
    if schema.get("type") == "object":
        return schema, False
    names = schema.pop("$defs", {})
    within = {"type": "object", "properties": {"result": schema}, "required": ["result"]}
    return ({**within, "$defs": names} if names else within), True


def _result(endpoint: Endpoint, arguments: dict[str, Any], studio: Studio) -> Any:
    with _files(endpoint, arguments) as named:
        values = endpoint.values(named)
        endpoint.check(values)
        return endpoint.verb(studio, *values)


def _steps(endpoint: Endpoint, arguments: dict[str, Any], studio: Studio) -> Iterator[Any]:
    values = endpoint.values(arguments)
    endpoint.check(values)
    yield from endpoint.verb(studio, *values)


@contextmanager
def _files(endpoint: Endpoint, arguments: dict[str, Any]) -> Generator[dict[str, Any]]:
    """What was sent as base64 lies among the uploads, as long as the call takes. Raises InvalidRequest."""
    uploads = Path(get_upload_folder())
    uploads.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=uploads) as folder:

        def written(value: Any, name: str) -> Any:
            if isinstance(value, list):
                return [written(each, f"{name} {place}") for place, each in enumerate(cast("list[Any]", value), 1)]
            if not isinstance(value, dict) or "base64" not in value:
                return cast("Any", value)
            file, said = Path(folder) / name, cast("dict[str, Any]", value)["base64"]
            file.write_bytes(_decoded(name, said))
            return {"path": str(file)}

        yield {name: written(value, name) if name in endpoint.files else value for name, value in arguments.items()}


def _decoded(name: str, text: Any) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (TypeError, ValueError) as error:
        raise InvalidRequest("The {name} is no base64.", "Encode what is in the file.", name=name) from error


def _told(endpoint: Endpoint, answer: Any, studio: Studio) -> types.CallToolResult:
    answer = to_jsonable_python(answer)
    structured = {"result": answer} if _answered(endpoint)[1] else answer
    text = types.TextContent(type="text", text=TypeAdapter(Any).dump_json(structured).decode())
    return types.CallToolResult(content=[text, *_shown(endpoint, answer, studio)], structuredContent=structured)


def _shown(endpoint: Endpoint, answer: Any, studio: Studio) -> list[types.ImageContent]:
    """The pictures themselves, where the answer names some to look at; one whose file is missing is left out."""
    if not endpoint.shows:
        return []
    named = answer[endpoint.shows]
    ids: list[str] = [named] if isinstance(named, str) else named
    files, kind = studio.library.get_picture_paths(ids), "image/png"
    if len(ids) > 1 and sum(Path(file).stat().st_size for file in files.values()) > MOST_SHOWN:
        files, kind = studio.library.get_thumbnail_paths(ids), "image/webp"
    pictures = [Path(files[id]).read_bytes() for id in ids if id in files]
    return [types.ImageContent(type="image", data=base64.b64encode(each).decode(), mimeType=kind) for each in pictures]


def _refusal(cause: str, remedy: str) -> types.CallToolResult:
    """Not in the form of the tool's answers, which a client does not ask of what went wrong."""
    text = types.TextContent(type="text", text=f"{cause} {remedy}".strip())
    return types.CallToolResult(content=[text], structuredContent={"cause": cause, "remedy": remedy}, isError=True)
