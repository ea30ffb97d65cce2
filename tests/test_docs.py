"""docs/architecture.md leads to the right lines and files. `python tests/test_docs.py` sets the line numbers anew."""

from __future__ import annotations

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parent.parent
PAGE = ROOT / "docs" / "architecture.md"
REFERENCE = re.compile(r"\[`([\w.]+)`\]\(\.\./([\w/.]+)#L(\d+)\)")


def line_of(file: Path, name: str) -> int:
    """Where a function, a class or (Class.method) a method is defined."""
    body = ast.parse(file.read_text("utf-8")).body
    for part in name.split("."):
        found = next(node for node in body if getattr(node, "name", None) == part)
        body = getattr(found, "body", [])
    return found.lineno


def refreshed(text: str) -> str:
    return REFERENCE.sub(lambda m: f"[`{m[1]}`](../{m[2]}#L{line_of(ROOT / m[2], m[1])})", text)


def test_every_reference_leads_to_its_definition() -> None:
    text = PAGE.read_text("utf-8")
    assert len(REFERENCE.findall(text)) >= 10
    assert refreshed(text) == text, "python tests/test_docs.py sets the line numbers anew"


def test_every_file_that_the_rooms_name_is_there() -> None:
    rooms = PAGE.read_text("utf-8").split("```")[1]
    named = set(re.findall(r"\b(\w+\.py)\b", rooms))
    there = {path.name for path in ROOT.rglob("*.py") if ".venv" not in path.parts}
    assert named <= there


def test_every_path_that_is_named_leads_to_a_file() -> None:
    """Rooms, table and text alike; `ui/languages/CODE.json` stands for any."""
    named = set(re.findall(r"`([a-z_]+/[\w/]+\.\w+)`", PAGE.read_text("utf-8")))
    assert len(named) >= 15
    assert {path for path in named if "CODE" not in path and not (ROOT / path).is_file()} == set()


if __name__ == "__main__":
    PAGE.write_text(refreshed(PAGE.read_text("utf-8")), "utf-8")
