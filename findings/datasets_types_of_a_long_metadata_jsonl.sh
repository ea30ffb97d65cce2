#!/usr/bin/env bash
# datasets 5.2.0, imagefolder: a metadata.jsonl of more than 10 MB loses values in silence, or does not open.
#
# Each folder below is valid: one picture, eleven lines, and a column `value` that the last line, beyond the first 10 MB,
# fills otherwise than the others. With short lines what is read is what was written. Beyond 10 MB 0.5 becomes 0, a new
# key is dropped, a date is rewritten, all in silence; and a column that was empty so far is a TypeError.
# Castbook's exports therefore begin with lines that fill every column, and have free-form objects as JSON texts.
#
# Prints the version and what was read; fails where datasets reads otherwise than is written here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check datasets==5.2.0 pyarrow==26.0.1 pillow==12.3.0
cd "$folder"
HF_HUB_OFFLINE=1 HF_HOME="$folder/hf" venv/bin/python - <<'PYTHON'
import json
import sys
import tempfile
from pathlib import Path

import datasets
import pyarrow
from PIL import Image

# the first ten values, the last one; what is read of the last one in a short file, and in a long one
CASES = [
    (0, 0.5, "0.5", "0"),
    ({"a": 1}, {"a": 1, "b": 2}, "{'a': 1, 'b': 2}", "{'a': 1}"),
    ("text", "2026-01-01", "'2026-01-01'", "'2026-01-01 00:00:00'"),
    (None, "text", "'text'", "TypeError"),
    ([], ["text"], "['text']", "TypeError"),
]


def last_value(first: object, last: object, padding: int) -> str:
    folder = Path(tempfile.mkdtemp(dir="."))
    Image.new("RGB", (8, 8)).save(folder / "a.png")
    values = [first] * 10 + [last]
    lines = [{"file_name": "a.png", "padding": "x" * padding, "value": value} for value in values]
    (folder / "metadata.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    try:
        rows = datasets.load_dataset("imagefolder", data_dir=str(folder), cache_dir=str(folder / "cache"))["train"]
    except datasets.exceptions.DatasetGenerationError as error:
        return type(error.__cause__).__name__
    return repr(rows[-1]["value"])


datasets.disable_progress_bars()
datasets.logging.set_verbosity_error()
print(f"datasets {datasets.__version__}, pyarrow {pyarrow.__version__}")
as_expected = True
for first, last, *expected in CASES:
    seen = [last_value(first, last, padding) for padding in (1, 2**20)]
    print(f"{first!r} ten times, then {last!r}: {seen[0]} in a short file, {seen[1]} in a long one")
    as_expected &= seen == expected
sys.exit(0 if as_expected else "datasets reads otherwise than is written here.")
PYTHON
