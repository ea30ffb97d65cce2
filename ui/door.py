"""The door that every request goes through: who asks is known, files are called by addresses of theirs alone, what they
send names no file of this machine, and their sessions are nobody else's.

Which rows they may see is the library's to say (library_store/door.py), in every handler and here for pictures.
"""

from __future__ import annotations

import json
import re
from functools import partial
from pathlib import Path
from typing import Any, cast
from urllib.parse import parse_qsl, urlencode

from anyio import to_thread
from gradio.utils import get_upload_folder
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, HTTPConnection, Request
from starlette.responses import FileResponse, PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from errors import CastbookError, NobodyKnown
from library_store.pictures import is_damaged
from library_store.records import Visitor
from studio import Castbook
from ui.file_addresses import PREFIX, FileAddresses
from ui.sign_in import LOGIN, wanted
from ui.who_asks import cookie_of, visitor_of

PICTURES, EXPORTS, UPLOADS = "p", "e", "u"
GRADIO = "/gradio_api/"
FILE = f"{GRADIO}file="
# Gradio's own doors to other sites, to files, to its run history and to its own development; the page uses none.
CLOSED = re.compile(
    rf"{GRADIO}(proxy=|file/|file=\w+:|stream/|run-history|runs|component_server|process_recording|deep_link|vibe|"
    r"profiling|custom_component|dev/)|/monitoring|/gradio_api/token"
)
SESSION = re.compile(rf"({GRADIO}heartbeat/)([^/]+)(.*)")
OPEN = re.compile(
    rf"/(assets|static|svelte|favicon\.ico|robots\.txt|manifest\.json|pwa_icon|healthz|readyz|metrics|castbook)(/|$)|"
    rf"(/|{GRADIO})theme\.css|{GRADIO}(startup-events|app_id)"
)
BODY = 2**25  # bytes; pictures come as files
NOT_UPLOADED = "not-uploaded"  # what a path is to a handler that was not told to whoever sends it
CONTENT_HASH = re.compile(r"[0-9a-f]{64}")
KEPT = "private, max-age=3600"  # a picture never changes, and may be purged


class Door:
    """ASGI middleware."""

    def __init__(self, app: ASGIApp, castbook: Castbook) -> None:
        self._app = app
        self._castbook = castbook
        folders = {
            PICTURES: castbook.store.pictures_folder,
            EXPORTS: castbook.exports.path,
            UPLOADS: Path(get_upload_folder()),
        }
        self._files = FileAddresses(folders, signed=(EXPORTS, UPLOADS))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or OPEN.match(_path_of(scope)):
            await self._app(scope, receive, send)
            return
        path, connection = _path_of(scope), HTTPConnection(scope)
        if CLOSED.match(path):
            await NOTHING(scope, receive, send)
        elif path in ("", "/"):
            await self._page(connection, receive, send)
        else:
            visitor = await self._visitor(connection)
            if visitor is None:
                await self._refusal(scope, receive, send)
            elif path.startswith(FILE):
                await self._file(visitor, path.removeprefix(FILE), scope, receive, send)
            else:
                await self._pass(visitor, scope, receive, send)

    async def _page(self, connection: HTTPConnection, receive: Receive, send: Send) -> None:
        """A browser that comes for the first time gets its secret with the page. Whoever has no account signs in."""
        access, visitor = self._castbook.entrance.access, await self._visitor(connection)
        if visitor is None and access == "accounts":
            query = urlencode(wanted(connection.query_params))
            await RedirectResponse(f"{LOGIN}?{query}".rstrip("?"), 303)(connection.scope, receive, send)
            return

        async def send_page(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["cache-control"] = "no-store"
                if access == "visitors":
                    headers.append("set-cookie", cookie_of(connection))
            await send(message)

        await self._pass(visitor or Visitor("nobody yet"), connection.scope, receive, send_page)

    async def _visitor(self, connection: HTTPConnection) -> Visitor | None:
        try:
            return await to_thread.run_sync(visitor_of, self._castbook, connection)
        except NobodyKnown:
            return None

    async def _refusal(self, scope: Scope, receive: Receive, send: Send) -> None:
        said, how = "show who you are: a browser's cookie, or a token from the page", {"www-authenticate": "Bearer"}
        await PlainTextResponse(said, 401, how)(scope, receive, send)

    async def _file(self, visitor: Visitor, address: str, scope: Scope, receive: Receive, send: Send) -> None:
        answer = await to_thread.run_sync(self._read, visitor, address)
        if answer is None:
            await NOTHING(scope, receive, send)
        elif isinstance(answer, Path):  # Gradio knows which kinds a browser may open
            await self._app(_at(scope, f"{FILE}{answer.as_posix()}"), receive, send)
            if scope["method"] == "GET" and answer.is_relative_to(self._castbook.exports.path):
                self._castbook.exports.fetched(answer)
        else:
            await answer(scope, receive, send)

    def _read(self, visitor: Visitor, address: str) -> Path | Response | None:
        """None for what is not there and what is not theirs alike."""
        found = self._files.read(address, visitor.name)
        if found is None:
            return None
        folder, path = found
        if folder == PICTURES:
            content_hash = CONTENT_HASH.match(path.name)
            if content_hash is None or not self._shows(visitor, content_hash[0]):
                return None
        if not path.is_file() or (folder == PICTURES and is_damaged(path)):
            return None
        return FileResponse(path, headers={"cache-control": KEPT}) if folder == PICTURES else path

    def _shows(self, visitor: Visitor, content_hash: str) -> bool:
        try:
            return self._castbook.store.seen_by(visitor).shows(content_hash)
        except CastbookError:  # the library does not answer
            return False

    async def _pass(self, visitor: Visitor, scope: Scope, receive: Receive, send: Send) -> None:
        """On to Gradio, with paths on the way in, and addresses on the way out."""
        scope = self._with_own_session(visitor, scope)
        kind = Headers(scope=scope).get("content-type", "")
        if scope["method"] not in ("GET", "HEAD") and not kind.startswith("multipart/form-data"):  # JSON by any name
            try:
                body = await _body(Request(scope, receive))
            except ClientDisconnect:
                return
            if body is None:
                await PlainTextResponse("too much at once", 413)(scope, receive, send)
                return
            body = await to_thread.run_sync(self._read_body, visitor, body)
            scope, receive = _with_body(scope, body, receive)
        await self._app(scope, receive, _rewriting(partial(self._files.written_out, owner=visitor.name), send))

    def _with_own_session(self, visitor: Visitor, scope: Scope) -> Scope:
        """What Gradio keeps for a session is kept for this visitor's one of that name."""
        query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
        if any(name == "session_hash" for name, _ in query):
            own = [(name, self._session(visitor, value) if name == "session_hash" else value) for name, value in query]
            scope = {**scope, "query_string": urlencode(own).encode()}
        if found := SESSION.fullmatch(_path_of(scope)):
            return _at(scope, found[1] + self._session(visitor, found[2]) + found[3])
        return scope

    def _session(self, visitor: Visitor, name: str) -> str:
        return f"{name}-{self._files.sign(visitor.name, 'session', name)}"

    def _read_body(self, visitor: Visitor, body: bytes) -> bytes:
        try:
            said = json.loads(body)
        except ValueError:
            return body
        said = self._read_value(visitor, said)
        if isinstance(said, dict) and isinstance(session := cast("dict[str, Any]", said).get("session_hash"), str):
            said["session_hash"] = self._session(visitor, session)
        return json.dumps(said).encode()

    def _read_value(self, visitor: Visitor, value: Any) -> Any:
        """Whatever may be a file's name to somebody is either an address of the visitor's, or no file's."""
        if isinstance(value, list):
            return [self._read_value(visitor, each) for each in cast("list[Any]", value)]
        if isinstance(value, dict):
            read = {name: self._read_value(visitor, each) for name, each in cast("dict[str, Any]", value).items()}
            if isinstance(path := cast("dict[str, Any]", value).get("path"), str):
                read |= {"path": self._path(visitor, path) or NOT_UPLOADED, "url": None}
            return read
        if isinstance(value, str) and value.startswith(PREFIX):
            return self._path(visitor, value) or value
        return value

    def _path(self, visitor: Visitor, address: str) -> str | None:
        answer = self._read(visitor, address)
        path = answer.path if isinstance(answer, FileResponse) else answer
        return str(path) if path else None


NOTHING = PlainTextResponse("not found", 404)


def _path_of(scope: Scope) -> str:
    """Without that of the proxy's under which the app lies."""
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))


def _at(scope: Scope, path: str) -> Scope:
    """The same request, for another path."""
    root = scope.get("root_path", "")
    return {**scope, "path": root + path, "raw_path": (root + path).encode()}


async def _body(request: Request) -> bytes | None:
    """None for one that is too large."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > BODY:
            return None
    return bytes(body)


def _with_body(scope: Scope, body: bytes, receive: Receive) -> tuple[Scope, Receive]:
    """The same request with another body."""
    headers = MutableHeaders(raw=list(scope["headers"]))
    headers["content-length"] = str(len(body))
    unread = [body]

    async def receive_body() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        return await receive()

    return {**scope, "headers": headers.raw}, receive_body


def _rewriting(rewrite: Any, send: Send) -> Send:
    """Sends what rewrites to text: events one by one, JSON and HTML as a whole."""
    started: list[Message] = []  # of an answer that is not sent yet
    whole = bytearray()
    kind = ""

    async def send_rewritten(message: Message) -> None:
        nonlocal kind
        if message["type"] == "http.response.start":
            kind = Headers(raw=message["headers"]).get("content-type", "").split(";")[0]
            if kind in ("application/json", "text/html"):
                started.append(message)
            else:
                await send(message)
            return
        if message["type"] != "http.response.body":
            await send(message)
        elif started:
            whole.extend(message.get("body", b""))
            if not message.get("more_body"):
                text, start = rewrite(bytes(whole)), started.pop()
                headers = MutableHeaders(scope=start)
                if "content-length" in headers:
                    headers["content-length"] = str(len(text))
                await send(start)
                await send({"type": "http.response.body", "body": text})
        else:
            body = message.get("body", b"")
            await send({**message, "body": rewrite(body) if kind in ("text/event-stream", "text/plain") else body})

    return send_rewritten
