"""The SHA-256 of a pack's files, as its `pack.toml` names them at its end (`[files]`): a damaged one draws nonsense.

`python -m training files` writes them anew, when the weights of a built-in pack have changed.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

from pipeline.cohort import FILE as COHORT

TABLE = re.compile(r"\n*# Whole as they were made[^\n]*\n\[files\]\n.*\Z", re.DOTALL)
HEAD = "# Whole as they were made: `python -m training files` writes this.\n[files]\n"
WEIGHTS = (".safetensors", ".onnx", ".bin")
SHARED = "judges/"  # beside the packs


def first_damaged(named: Mapping[str, str], folder: Path, shelves: Sequence[Path]) -> str | None:
    """Which file is missing, or has another SHA-256 than the named one."""
    for name, sha256 in named.items():
        places = [folder, *(shelves if name.startswith(SHARED) else ())]
        file = next((place / name for place in places if (place / name).is_file()), None)
        if file is None or hashlib.sha256(file.read_bytes()).hexdigest() != sha256:
            return name
    return None


def write_files(folder: Path, judge: Path | None = None) -> None:
    """Of all weights in a pack's folder, and of those of a `judge` that packs share. They stand at the file's end."""
    named = {file.relative_to(folder).as_posix(): file for file in _weights(folder)}
    if judge:
        named |= {f"{SHARED}{file.relative_to(judge.parent).as_posix()}": file for file in _weights(judge)}
    lines = (f'"{name}" = "{hashlib.sha256(file.read_bytes()).hexdigest()}"\n' for name, file in named.items())
    toml = folder / "pack.toml"
    toml.write_text(f"{without_files(toml.read_text('utf-8'))}\n{HEAD}{''.join(lines)}", "utf-8")


def _weights(folder: Path) -> list[Path]:
    """Not the strangers: whoever calibrates a judge writes those anew."""
    return sorted(file for file in folder.rglob("*") if file.suffix in WEIGHTS and file.name != COHORT)


def without_files(toml: str) -> str:
    return TABLE.sub("\n", toml)
