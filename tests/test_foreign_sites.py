"""What other people's sites can do with a Castbook that is open: they get nothing, write nothing, and frame nothing."""

from __future__ import annotations

from collections.abc import Iterator

import httpx
import pytest
from fakes import fake_maker, fake_pack
from listening import listening

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from settings import Settings
from studio import Castbook, Models
from ui import build_page, launch_options

EVIL = "http://evil.example"


@pytest.fixture
def castbook(store: LibraryStore) -> Castbook:
    return Castbook(store, fake_pack(), Models(fake_maker))


@pytest.fixture
def url(castbook: Castbook) -> Iterator[str]:
    demo = build_page(castbook)
    _, url, _ = demo.launch(**listening(), prevent_thread_lock=True, **launch_options(castbook))
    yield url
    demo.close()


def create_project(url: str, **headers: str) -> httpx.Response:
    return httpx.post(
        f"{url}gradio_api/call/create_project",
        json={"data": ["Moonlight"]},
        headers={name.replace("_", "-"): value for name, value in headers.items()},
    )


def test_a_name_that_somebody_lets_lead_here_is_not_answered(url: str):
    for path in ("", "gradio_api/info", "config"):
        assert httpx.get(url + path).status_code == 200
        assert httpx.get(url + path, headers={"host": "evil.example"}).status_code == 400
    assert create_project(url, host="evil.example", origin=EVIL, sec_fetch_site="same-origin").status_code == 400


def test_another_site_writes_nothing(castbook: Castbook, url: str):
    for headers in (
        {"origin": EVIL},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:1"},
        {"origin": EVIL, "sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
    ):
        assert create_project(url, **headers).status_code == 403
    upload = httpx.post(f"{url}gradio_api/upload", files={"files": b"x"}, headers={"origin": EVIL})
    assert upload.status_code == 403
    assert "Moonlight" not in [project.name for project in castbook.seen_by(LOCAL_OWNER).library.list_projects()]


def test_the_page_itself_and_programs_write(url: str):
    own = url.removesuffix("/")
    assert create_project(url).status_code == 200
    assert create_project(url, origin=own).status_code == 200
    assert create_project(url, origin=own, sec_fetch_site="same-origin").status_code == 200


def test_every_answer_says_what_may_be_loaded_and_who_may_frame_it_but_what_no_browser_shows(url: str):
    for path in ("config", "theme.css", "no/such/thing"):  # JSON and a style: no documents
        headers = httpx.get(url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert "content-security-policy" not in headers
    for path in ("", "castbook/move"):
        headers = httpx.get(url + path).headers
        assert headers["x-content-type-options"] == "nosniff"
        [policy] = headers.get_list("content-security-policy")
        assert policy.startswith("default-src 'self';") and policy.endswith("; frame-ancestors 'self'")


def test_a_server_for_this_machine_answers_to_its_names_alone_and_one_for_others_to_any(
    monkeypatch: pytest.MonkeyPatch,
):
    for name in ("GRADIO_SERVER_NAME", "CASTBOOK_HOSTS", "CASTBOOK_FRAMES", "SPACE_ID"):
        monkeypatch.delenv(name, raising=False)
    assert set(Settings().resolved_hosts) == {"127.0.0.1", "localhost", "::1", "[::1]"}
    assert Settings().resolved_frames == ()
    monkeypatch.setenv("GRADIO_SERVER_NAME", "0.0.0.0")
    assert Settings().resolved_hosts == ("*",)
    monkeypatch.setenv("CASTBOOK_HOSTS", "castbook.example, *.studio.example")
    assert Settings().resolved_hosts == ("castbook.example", "*.studio.example")


def test_a_space_may_be_shown_by_hugging_face(castbook: Castbook, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("SPACE_ID", "ada/castbook")
    assert Settings().resolved_frames == ("https://huggingface.co",)
    (_, said, *_) = launch_options(castbook, frames=Settings().resolved_frames)["app_kwargs"]["middleware"]
    assert said.kwargs["policy"].endswith("; frame-ancestors 'self' https://huggingface.co")
    monkeypatch.setenv("CASTBOOK_FRAMES", "https://a.example,https://b.example")
    assert Settings().resolved_frames == ("https://a.example", "https://b.example")
