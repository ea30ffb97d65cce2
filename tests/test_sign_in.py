"""Signing in: by a provider of OpenID on loopback, by a password, and where what one is shown leads."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from argon2 import PasswordHasher
from fakes import fake_maker, fake_pack
from joserfc.jwk import RSAKey
from openid_provider import CLIENT_ID, CLIENT_SECRET, Provider, provided
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route
from starlette.testclient import TestClient
from typer.testing import CliRunner

from app import ways_to_sign_in
from errors import InvalidRequest, NobodyCanSignIn, NobodyKnown
from library_store.__main__ import app as library_store
from library_store.keys import owner_of_account
from library_store.records import LOCAL_OWNER, Visitor
from library_store.store import LibraryStore
from library_store.users import GUESSES, WINDOW, Users, owner_of_user
from settings import Settings
from studio import Castbook, Models
from ui.door import Door
from ui.openid import OpenId
from ui.sign_in import WaysToSignIn, sign_in_routes
from ui.who_asks import visitor_of

PASSWORD = "correct horse"
QUICK = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
NOBODYS_STATE = "castbook-away"


@pytest.fixture(scope="module")
def provider() -> Iterator[Provider]:
    with provided() as provider:
        yield provider


@pytest.fixture(autouse=True)
def honest(provider: Provider):
    provider.calls_itself, provider.refuses, provider.instead, provider.more = "", False, {}, {}
    provider.signing, provider.claims = None, {"sub": "u-1", "preferred_username": "Ann"}


@pytest.fixture
def castbook(store: LibraryStore) -> Iterator[Castbook]:
    castbook = Castbook(store, fake_pack(), Models(fake_maker), access="accounts")
    yield castbook
    castbook.runs.close()


@pytest.fixture
def users(tmp_path: Path) -> Users:
    users = Users(tmp_path / "users.json", hasher=QUICK)
    users.add("Ben", PASSWORD)
    return users


Browser = Callable[..., TestClient]


@pytest.fixture
def browser(castbook: Castbook, provider: Provider, users: Users) -> Iterator[Browser]:
    """`browser()` is a new one, at the door of a page that says whose it is."""
    opened: list[TestClient] = []

    def page(request: Request) -> Response:
        return PlainTextResponse(visitor_of(castbook, request).name)

    def open_browser(host: str = "http://castbook.example", only: str = "") -> TestClient:
        openid = OpenId(provider.issuer, CLIENT_ID, CLIENT_SECRET, only)
        routes = [Route("/", page), *sign_in_routes(castbook, WaysToSignIn(users, openid, "k" * 43))]
        app = Starlette(routes=routes, middleware=[Middleware(Door, castbook=castbook)])
        opened.append(TestClient(app, base_url=host, follow_redirects=False))
        return opened[-1]

    yield open_browser
    for client in opened:
        client.close()


def back_from(provider_says: httpx.Response) -> str:
    """The path to which the provider leads whoever was led there."""
    with httpx.Client() as anybody:
        return httpx.URL(anybody.get(provider_says.headers["location"]).headers["location"]).raw_path.decode()


def by_provider(who: TestClient, query: str = "") -> httpx.Response:
    return who.get(back_from(who.get(f"/castbook/openid{query}")))


def by_password(who: TestClient, name: str = "ben", password: str = PASSWORD, query: str = "") -> httpx.Response:
    return who.post(f"/castbook/login{query}", data={"name": name, "password": password})


def test_who_signs_in_at_the_provider_comes_to_what_they_wanted(
    browser: Browser, provider: Provider, castbook: Castbook
):
    ann, story = browser(), "01a00000-0000-7000-8000-000000000000"
    asked = ann.get(f"/?story={story}&next=//evil.example&character=<script>")
    assert (asked.status_code, asked.headers["location"]) == (303, f"castbook/login?story={story}")
    assert f"openid?story={story}" in ann.get(f"/castbook/login?story={story}").text
    came = by_provider(ann, f"?story={story}")
    assert (came.status_code, came.headers["location"]) == (303, f"../?story={story}")
    assert ann.get("/").text == owner_of_account(provider.issuer, "u-1")
    assert castbook.store.keys.name_of(ann.get("/").text) == "Ann"
    assert ann.get(f"/castbook/login?story={story}").headers["location"] == f"../?story={story}"  # is in already
    assert browser().get("/").status_code == 303


def test_a_name_that_the_id_token_lacks_is_asked_for(browser: Browser, provider: Provider, castbook: Castbook):
    provider.claims, provider.more = {"sub": "u-2"}, {"name": "Chô  "}
    cho = browser()
    by_provider(cho)
    assert castbook.store.keys.name_of(cho.get("/").text) == "Chô"


def wrongly(provider: Provider, **how: Any) -> None:
    for name, value in how.items():
        setattr(provider, name, value)


@pytest.mark.parametrize(
    "how",
    [
        {"refuses": True},
        {"instead": {"nonce": "another's"}},
        {"instead": {"aud": "another program"}},
        {"instead": {"iss": "https://elsewhere.example"}},
        {"instead": {"exp": 1}},
        {"instead": {"sub": ""}},
        {"signing": RSAKey.generate_key(2048)},
        {"calls_itself": "https://elsewhere.example"},
    ],
)
def test_nobody_is_let_in_by_what_the_provider_did_not_say_for_here_and_now(
    browser: Browser, provider: Provider, how: dict[str, Any]
):
    wrongly(provider, **how)
    ann = browser()
    answer = by_provider(ann)
    assert answer.status_code == 401 and "did not say who you are. Try again." in answer.text
    assert "<b>no</b>" not in answer.text and "castbook-account" not in str(answer.headers)
    assert ann.get("/").status_code == 303


def test_what_one_browser_began_no_other_can_end_and_nobody_twice(browser: Browser):
    ann, other = browser(), browser()
    back = back_from(ann.get("/castbook/openid"))
    assert other.get(back).status_code == 401
    other.get("/castbook/openid")  # which has a state of its own
    assert other.get(back).status_code == 401
    assert ann.get(back).status_code == 303
    assert ann.get(back).status_code == 401
    forged = browser()
    forged.cookies.set(NOBODYS_STATE, "eyJ3YW50ZWQiOnt9fQ==.made.up")
    assert forged.get(back).status_code == 401


def test_a_provider_that_does_not_answer_is_said_in_a_sentence(castbook: Castbook):
    nowhere = WaysToSignIn(None, OpenId("http://127.0.0.1:9", CLIENT_ID, CLIENT_SECRET), "k" * 43)
    with TestClient(Starlette(routes=list(sign_in_routes(castbook, nowhere)))) as who:
        answer = who.get("/castbook/openid", headers={"accept-language": "ko"})
    assert answer.status_code == 401 and "127.0.0.1:9" in answer.text and re.search("[가-힣]{2}", answer.text)


def test_on_a_space_one_goes_to_the_host_to_which_the_provider_leads_back(browser: Browser):
    ann = browser("https://castbook.example", "ann-castbook.hf.space")
    assert (
        ann.get("/castbook/openid?story=x").headers["location"]
        == "https://ann-castbook.hf.space/castbook/openid?story=x"
    )
    there = browser("https://ann-castbook.hf.space", "ann-castbook.hf.space").get("/castbook/openid")
    asked = httpx.URL(there.headers["location"]).params
    assert asked["redirect_uri"] == "https://ann-castbook.hf.space/castbook/openid-callback"
    assert asked["code_challenge_method"] == "S256" and asked["nonce"] and asked["state"]


def test_a_password_lets_in_and_only_five_are_tried(browser: Browser, users: Users, tmp_path: Path, castbook: Castbook):
    ben = browser()
    wrong = by_password(ben, "B<b>en", "wrong")
    assert wrong.status_code == 401 and "do not belong together" in wrong.text and "value='B&lt;b&gt;en'" in wrong.text
    assert by_password(ben, "BEN", query="?story=x").headers["location"] == "../?story=x"
    assert ben.get("/").text == owner_of_user("ben")
    thief = browser()
    for name in ("ben", "nobody"):
        answers = [by_password(thief, name, "guess").text for _ in range(GUESSES)]
        assert len({answer.replace(name, "") for answer in answers}) == 1
        assert "Try again in 15 minutes." in by_password(thief, name).text
    assert PASSWORD not in (tmp_path / "users.json").read_text() and (tmp_path / "users.json").stat().st_mode % 64 == 0


def test_guesses_are_forgotten_after_a_while(tmp_path: Path):
    now = [0.0]
    users = Users(tmp_path / "users.json", clock=lambda: now[0], hasher=QUICK)
    users.add("ben", PASSWORD)
    for _ in range(GUESSES):
        with pytest.raises(NobodyKnown, match="together"):
            users.check("ben", "guess")
    with pytest.raises(NobodyKnown, match="too many"):
        users.check("ben", PASSWORD)
    now[0] += WINDOW
    assert users.check("ben", PASSWORD) == "ben"
    with pytest.raises(InvalidRequest, match="8 to 1000"):
        users.add("cho", "short")


def test_the_cookie_is_for_this_host_alone_and_no_script_and_in_frames_where_it_has_to_be(browser: Browser):
    plain, secure = by_password(browser()), by_password(browser("https://castbook.example"))
    assert re.fullmatch(
        r"castbook-account=[\w-]{43}; Path=/; Max-Age=2592000; HttpOnly; samesite=lax", plain.headers["set-cookie"]
    )
    assert re.fullmatch(
        r"__Host-castbook-account=[\w-]{43}; Path=/; Max-Age=2592000; HttpOnly; samesite=none; secure",
        secure.headers["set-cookie"],
    )
    framed = browser("https://castbook.example")
    framed.headers["sec-fetch-dest"] = "iframe"
    assert by_password(framed).headers["set-cookie"].endswith("; secure; partitioned")
    assert framed.get("/").text == owner_of_user("ben")
    away = browser("https://castbook.example").get("/castbook/openid").headers["set-cookie"]
    assert away.startswith("__Host-castbook-away=") and away.endswith("httponly; samesite=lax; secure")


def test_who_signs_out_is_out_with_whatever_was_copied(browser: Browser):
    ben, thief = browser(), browser()
    by_password(ben)
    thief.cookies = ben.cookies
    assert ben.get("/castbook/logout").status_code == 405  # a picture on another page asks so
    assert thief.get("/").status_code == 200
    assert ben.post("/castbook/logout").headers["location"] == "login"
    assert ben.get("/").status_code == thief.get("/").status_code == 303


def test_the_first_account_is_told_once_what_became_theirs(browser: Browser, store: LibraryStore):
    project = store.seen_by(LOCAL_OWNER).create_project("Moonlight")
    ben = browser()
    told = by_password(ben, query="?story=x")
    assert told.status_code == 200 and "is yours now: 1 project." in told.text and "href='../?story=x'" in told.text
    assert [each.id for each in store.seen_by(Visitor(ben.get("/").text)).list_projects()] == [project.id]
    assert by_password(ben).status_code == by_provider(browser()).status_code == 303


def test_the_operator_adds_and_removes_users_who_are_out_at_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CASTBOOK_HOME", str(tmp_path / "home"))
    settings, command = Settings(access="accounts"), CliRunner()
    with pytest.raises(NobodyCanSignIn, match="add-user"):
        ways_to_sign_in(settings)
    assert command.invoke(library_store, ["add-user", "Ben"], input=f"{PASSWORD}\n{PASSWORD}\n").exit_code == 0
    assert command.invoke(library_store, ["users"]).output == "ben\n"
    ways = ways_to_sign_in(settings)
    assert ways and ways.users and not ways.provider and ways_to_sign_in(settings).key == ways.key
    store = LibraryStore.open(settings.resolved_database_url, settings.resolved_pictures)
    _, secret = store.keys.make(owner_of_user("ben"), "session")
    assert command.invoke(library_store, ["remove-user", "BEN"]).exit_code == 0
    assert store.keys.owner_by(secret, "session") is None and ways.users.names() == []
    store.close()


def test_what_is_set_says_who_is_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    monkeypatch.setenv("CASTBOOK_HOME", str(tmp_path))
    space = {
        "OPENID_PROVIDER_URL": "https://huggingface.co", "OAUTH_CLIENT_ID": "id", "OAUTH_CLIENT_SECRET": "hush",
        "SPACE_HOST": "ann-castbook.hf.space,castbook.example",
    }  # fmt: skip
    for name, value in space.items():
        monkeypatch.setenv(name, value)
    assert Settings().provider == ("https://huggingface.co", "id", "hush", "ann-castbook.hf.space")
    assert OpenId(*Settings().provider).name == "Hugging Face"
    own = {"openid_issuer": "https://login.example", "openid_client_id": "id", "openid_client_secret": "hush"}
    assert Settings(**own).provider == ("https://login.example", "id", "hush", "")
    for lacks in ({"openid_client_secret": ""}, {"openid_issuer": "http://login.example"}):
        with pytest.raises(NobodyCanSignIn, match="OPENID"):
            ways_to_sign_in(Settings(access="accounts", **{**own, **lacks}))
    Users(Settings().users_file).add("ben", PASSWORD)  # the operator's own choice, before the Space's
    assert Settings().provider is None
    assert "hush" not in repr(Settings(**own))
