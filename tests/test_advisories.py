"""The check of the pins against the list of advisories, and that the list is about what is pinned."""

from __future__ import annotations

import sys
from datetime import date
from importlib.metadata import version
from pathlib import Path

import pytest

DOCS = Path(__file__).parent.parent / "docs"
sys.path.insert(0, str(DOCS))

from advisories import brought_along, requirements, stale, tomllib, unanswered  # noqa: E402

HOLE = {"id": "CVE-1", "package": "gradio", "affected": ">=6.27,<6.32", "source": "https://example.org"}
LOOKED = {"looked": {"gradio": date(2026, 11, 30)}, "through": {}, "stale_after_days": 60}


@pytest.mark.parametrize(
    ("wanted", "answer", "said"),
    [
        ("gradio==6.31.0", "", ["gradio 6.31.0: CVE-1"]),
        ("gradio==6.31.0", "It is off.", []),
        ("gradio==6.32.0", "", []),
        ("gradio>=6.30,<7", "", ["gradio 6.30: CVE-1"]),  # some version that it lets in
        ("gradio>=6,<6.30", "", ["gradio 6.27: CVE-1"]),
        ("gradio>=6.32", "", []),
        ("gradio", "", ["gradio 6.27: CVE-1"]),
        ("Gradio[oauth]==6.31.0  # reached", "", ["gradio 6.31.0: CVE-1"]),
    ],
)
def test_what_lets_in_an_affected_version_has_to_be_answered(wanted: str, answer: str, said: list[str]):
    known = {**LOOKED, "advisory": [{**HOLE, "answer": answer}]}
    assert [sentence.partition(" (")[0] for sentence in unanswered(requirements(wanted), known)] == said


def test_what_nobody_has_looked_up_is_named():
    [said] = unanswered(requirements("gradio==6.31.0\nnew-thing==1.0"), {**LOOKED, "advisory": []})
    assert said.startswith("new-thing: nobody has looked")


def test_what_is_brought_along_counts_as_it_is_installed():
    known = {**LOOKED, "through": {"jinja2": date(2026, 11, 30), "not-here": date(2026, 11, 30)}}
    hole = {**HOLE, "package": "jinja2", "affected": f"=={version('jinja2')}"}
    [said] = unanswered(brought_along(known), {**known, "advisory": [hole]})
    assert said.startswith(f"jinja2 {version('jinja2')}: CVE-1")


def test_an_old_list_is_said_to_be_old():
    assert stale(LOOKED, date(2027, 1, 29)) is None
    assert "62 days ago" in str(stale(LOOKED, date(2027, 1, 31)))


def test_the_list_is_whole_and_of_what_is_pinned():
    known = tomllib.loads((DOCS / "advisories.toml").read_text("utf-8"))
    names = {each.name.lower() for each in requirements((DOCS.parent / "requirements.txt").read_text("utf-8"))}
    assert known["looked"].keys() == names and not known["through"].keys() & names
    for advisory in known["advisory"]:
        assert advisory.keys() - {"answer"} == {"id", "package", "affected", "source", "about"}
        assert advisory["package"] in {*names, *known["through"]} and advisory["source"].startswith("https://")
