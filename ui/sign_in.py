"""Signing in and out, where whose is what goes by accounts: by a provider of OpenID, or by a name and a password.

What leads on afterwards is never an address that somebody gave, but the id of a story, a character or an invitation.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlencode

from anyio import CapacityLimiter, to_thread
from starlette.middleware import Middleware
from starlette.middleware.sessions import SessionMiddleware
from starlette.requests import HTTPConnection, Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from errors import NobodyKnown
from library_store.keys import SESSION_LASTS
from library_store.users import LONGEST, Users, owner_of_user
from studio import Castbook
from studio.entrance import Account
from ui.language import said, say
from ui.openid import CALLBACK, OpenId
from ui.plain_page import field, form, in_their_language, link, paragraph, plain_page
from ui.who_asks import (
    SECURE,
    browser_secret,
    ended_session_cookies,
    is_encrypted,
    session_cookie_of,
    session_secret,
    visitor_of,
)
from ui.words import counted

LOGIN, LOGOUT, OPENID = "castbook/login", "castbook/logout", "castbook/openid"
AWAY = 15 * 60  # seconds that somebody may be at the provider
WANTED = ("story", "character", "invitation")
ID = re.compile(r"[\w-]{1,64}\Z")
# A provider shows itself in no frame. Whoever comes back to this page from its window may be signed in by then.
IN_FRAMES = """
  const provider = document.querySelector("#provider");
  if (provider && self !== top) {
    provider.target = "_blank";
    document.addEventListener("visibilitychange", () => document.hidden || location.reload());
  }
"""


@dataclass(frozen=True)
class WaysToSignIn:
    """One of them at least."""

    users: Users | None
    provider: OpenId | None
    key: str  # signs what a browser holds while it is at the provider


def wanted(said: Mapping[str, str]) -> dict[str, str]:
    """What a link leads to, of a request's query: ids, and nothing else that stands there."""
    return {name: said[name] for name in WANTED if ID.match(said.get(name, ""))}


def onward(leads: dict[str, str]) -> Response:
    if invitation := leads.get("invitation"):
        return RedirectResponse(f"invitation?{urlencode({'key': invitation})}", 303)
    return RedirectResponse(f"../?{urlencode(leads)}".rstrip("?"), 303)


def sign_in_routes(castbook: Castbook, ways: WaysToSignIn) -> list[Route]:
    one_at_a_time = CapacityLimiter(1)  # passwords that are tried

    def page(leads: dict[str, str], error: NobodyKnown | None = None, name: str | None = None) -> Response:
        """The error stands where it came from: in the form where a name was sent."""
        query = f"?{urlencode(leads)}".rstrip("?")
        told = paragraph(f"{said(error.cause_message)} {said(error.remedy_message)}", "error") if error else ""
        parts = [paragraph(say("What you make here is your account's alone.")), told if name is None else ""]
        if ways.provider:
            with_it = say("Sign in with {provider}", provider=ways.provider.name)
            parts.append(link(with_it, f"openid{query}", "provider"))
        if ways.users:
            named = field("name", say("Name"), "text", "username", name or "", has_focus=not name)
            password = field("password", say("Password"), "password", "current-password", has_focus=bool(name))
            told = told if name is not None else ""
            parts.append(form(say("Sign in"), told, named, password, action=f"login{query}"))
        return plain_page(*parts, status=401 if error else 200, script=IN_FRAMES)

    def signed_in(request: Request, account: Account, leads: dict[str, str]) -> Response:
        """With a key of their own to what was wanted; whoever became the owner of something by it is told first."""
        keys, place = castbook.store.keys, browser_secret(request)
        anonymous = keys.owner_by(place, "browser") if place else None
        inherited = keys.sign_in(account.owner, account.name, anonymous or "")
        _, secret = keys.make(account.owner, "session", lasts=SESSION_LASTS)
        answer = onward(leads)
        if inherited:
            told = counted("{count} project", "{count} projects", inherited)
            told = say("What stood here before is yours now: {projects}.", projects=told)
            answer = plain_page(paragraph(told), link(say("Open Castbook"), answer.headers["location"]))
        answer.headers.append("set-cookie", session_cookie_of(request, secret))
        return answer

    @in_their_language
    async def login(request: Request) -> Response:
        leads = wanted(request.query_params)
        try:
            await to_thread.run_sync(visitor_of, castbook, request)
        except NobodyKnown:
            return page(leads)
        return onward(leads)

    @in_their_language
    async def by_password(request: Request) -> Response:
        async with request.form(max_fields=2, max_files=0, max_part_size=10_000) as sent:
            name, password = str(sent.get("name", "")), str(sent.get("password", ""))
        leads = wanted(request.query_params)
        if ways.users is None:
            return page(leads)
        try:
            kept = await to_thread.run_sync(ways.users.check, name, password, limiter=one_at_a_time)
        except NobodyKnown as error:
            return page(leads, error, name[:LONGEST])
        return await to_thread.run_sync(signed_in, request, Account(owner_of_user(kept), kept), leads)

    @in_their_language
    async def to_provider(request: Request) -> Response:
        leads = wanted(request.query_params)
        if ways.provider is None:
            return page(leads)
        if elsewhere := ways.provider.elsewhere(request):
            return RedirectResponse(elsewhere, 303)
        request.session["wanted"] = leads
        try:
            return await ways.provider.lead_there(request)
        except NobodyKnown as error:
            return page(leads, error)

    @in_their_language
    async def from_provider(request: Request) -> Response:
        leads = wanted(request.session.pop("wanted", {}))
        if ways.provider is None:
            return page(leads)
        try:
            account = await ways.provider.account(request)
        except NobodyKnown as error:
            return page(leads, error)
        return await to_thread.run_sync(signed_in, request, account, leads)

    async def logout(request: Request) -> Response:
        if secret := session_secret(request):
            await to_thread.run_sync(castbook.store.keys.sign_out, secret)
        answer = RedirectResponse("login", 303)
        for cookie in ended_session_cookies(request):
            answer.headers.append("set-cookie", cookie)
        return answer

    away = [Middleware(SessionWhileAway, key=ways.key)]
    return [
        Route(f"/{LOGIN}", login, methods=["GET"]),
        Route(f"/{LOGIN}", by_password, methods=["POST"]),
        Route(f"/{OPENID}", to_provider, methods=["GET"], middleware=away),
        Route(f"/{CALLBACK}", from_provider, methods=["GET"], middleware=away),
        Route(f"/{LOGOUT}", logout, methods=["POST"]),
    ]


class SessionWhileAway:
    """ASGI middleware. Starlette's session, with a cookie for HTTPS alone where the browser has come by that."""

    def __init__(self, app: ASGIApp, key: str) -> None:
        self._plain = SessionMiddleware(app, key, "castbook-away", AWAY)
        self._secure = SessionMiddleware(app, key, f"{SECURE}castbook-away", AWAY, https_only=True)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        session = self._secure if is_encrypted(HTTPConnection(scope)) else self._plain
        await session(scope, receive, send)
