"""What of a request says who asks: a browser's cookie, that of who has signed in, or a program's token.

A browser's secret is made when it first asks for the page. No script can read it, it is no part of any address, and
where another site had the browser ask, it counts for nothing.
"""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection

from library_store.keys import SESSION_LASTS, new_secret
from library_store.records import Visitor
from studio import Castbook
from studio.entrance import Shown

PLACE, SESSION = "castbook-place", "castbook-account"  # cookies
SECURE = "__Host-"  # begins a cookie's name that no other host, and nothing without TLS, can have set
SECRET = re.compile(r"[\w-]{43}\Z")
KEPT = 400 * 24 * 3600  # seconds: no browser keeps one longer; each visit begins it anew
TOKEN_HEADER = "x-castbook-token"  # on a private Space, Hugging Face's own token is in Authorization
TOKEN = "castbook_"  # begins every program's token


def visitor_of(castbook: Castbook, connection: HTTPConnection) -> Visitor:
    """Raises NobodyKnown."""
    return castbook.entrance.visitor(shown_by(connection))


def shown_by(connection: HTTPConnection) -> Shown:
    if _is_from_another_site(connection):
        return Shown(token=_token(connection))
    return Shown(browser_secret(connection), _token(connection), session_secret(connection))


def browser_secret(connection: HTTPConnection) -> str | None:
    return _secret(connection, PLACE)


def session_secret(connection: HTTPConnection) -> str | None:
    return _secret(connection, SESSION)


def cookie_of(connection: HTTPConnection, secret: str | None = None) -> str:
    """A Set-Cookie header's value: the secret that the browser has, a given one, or a new one.

    In a frame of another site (a Space's page on huggingface.co) only a cookie comes along that is for that site's
    frames alone (`Partitioned`).
    """
    secret = secret or browser_secret(connection) or new_secret()
    return _cookie(connection, PLACE, secret, KEPT, is_for_frames=True)


def session_cookie_of(connection: HTTPConnection, secret: str) -> str:
    """As `cookie_of`, of who has signed in. A provider shows itself in no frame, so one comes back from it in a window
    of its own: the cookie of that is for frames alone of browsers that give them others' cookies at all."""
    is_for_frames = connection.headers.get("sec-fetch-dest") == "iframe"
    return _cookie(connection, SESSION, secret, int(SESSION_LASTS.total_seconds()), is_for_frames)


def ended_session_cookies(connection: HTTPConnection) -> list[str]:
    """Of both kinds."""
    return [_cookie(connection, SESSION, "", 0, is_for_frames) for is_for_frames in (True, False)]


def _cookie(connection: HTTPConnection, name: str, value: str, kept: int, is_for_frames: bool) -> str:
    if not is_encrypted(connection):
        return f"{name}={value}; Path=/; Max-Age={kept}; HttpOnly; samesite=lax"
    how = "samesite=none; secure" + "; partitioned" * is_for_frames
    return f"{SECURE}{name}={value}; Path=/; Max-Age={kept}; HttpOnly; {how}"


def _secret(connection: HTTPConnection, name: str) -> str | None:
    secret = connection.cookies.get(SECURE * is_encrypted(connection) + name, "")
    return secret if SECRET.match(secret) else None


def is_encrypted(connection: HTTPConnection) -> bool:
    """As the browser sees it: in front of the server there may be a proxy, as there is on a Space."""
    said = connection.headers.get("x-forwarded-proto", connection.url.scheme)
    return said.split(",")[0].strip() == "https"


def _token(connection: HTTPConnection) -> str | None:
    _, _, bearer = connection.headers.get("authorization", "").partition(" ")
    token = connection.headers.get(TOKEN_HEADER) or bearer.strip()
    return token.removeprefix(TOKEN) if token.startswith(TOKEN) else None


def _is_from_another_site(connection: HTTPConnection) -> bool:
    """A script or a picture there; not a link to here, nor a frame."""
    headers = connection.headers
    return headers.get("sec-fetch-site") == "cross-site" and headers.get("sec-fetch-mode") != "navigate"
