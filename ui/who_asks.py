"""What of a request says who asks: a browser's cookie, a program's token, or the account that somebody signed in with.

A browser's secret is made when it first asks for the page. No script can read it, it is no part of any address, and
where another site had the browser ask, it counts for nothing.
"""

from __future__ import annotations

import re

from starlette.requests import HTTPConnection

from library_store.keys import new_secret
from library_store.records import Visitor
from studio import Castbook
from studio.entrance import Account, Shown

COOKIE = "castbook-place"
SECURE_COOKIE = f"__Host-{COOKIE}"  # which no other host, and nothing without TLS, can have set
SECRET = re.compile(r"[\w-]{43}\Z")
KEPT = 400 * 24 * 3600  # seconds: no browser keeps one longer; each visit begins it anew
TOKEN_HEADER = "x-castbook-token"  # on a private Space, Hugging Face's own token is in Authorization
TOKEN = "castbook_"  # begins every program's token
ACCOUNT = "castbook-account"  # in the session of who has signed in


def visitor_of(castbook: Castbook, connection: HTTPConnection) -> Visitor:
    """Raises NobodyKnown."""
    return castbook.entrance.visitor(shown_by(connection))


def shown_by(connection: HTTPConnection) -> Shown:
    if _is_from_another_site(connection):
        return Shown(token=_token(connection))
    account = connection.scope.get("session", {}).get(ACCOUNT)
    return Shown(browser_secret(connection), _token(connection), Account(**account) if account else None)


def browser_secret(connection: HTTPConnection) -> str | None:
    name = SECURE_COOKIE if is_encrypted(connection) else COOKIE
    secret = connection.cookies.get(name, "")
    return secret if SECRET.match(secret) else None


def cookie_of(connection: HTTPConnection, secret: str | None = None) -> str:
    """A Set-Cookie header's value: the secret that the browser has, a given one, or a new one.

    In a frame of another site (a Space's page on huggingface.co) only a cookie comes along that is for that site's
    frames alone (`Partitioned`).
    """
    encrypted = is_encrypted(connection)
    secret = secret or browser_secret(connection) or new_secret()
    how = "samesite=none; secure; partitioned" if encrypted else "samesite=lax"
    return f"{SECURE_COOKIE if encrypted else COOKIE}={secret}; Path=/; Max-Age={KEPT}; HttpOnly; {how}"


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
