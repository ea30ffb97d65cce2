#!/usr/bin/env bash
# gradio 6.31.0: some of its own components ask for words that none of its languages has, and show the bare key.
#
# A gr.File of several files that has one already shows a small button whose tooltip and spoken name are
# "common.upload": it asks for i18n("common.upload"), and no such key is among the words of the page. The same holds for
# the others that are printed here. gr.I18n takes Gradio's keys as well as one's own: Castbook gives the one that its
# page shows (ui/language.py, GRADIOS).
#
# Prints the version and the keys that are asked for and not there; fails where "upload" is no longer among them.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0 gradio_client==2.7.2
cd "$folder"
GRADIO_ANALYTICS_ENABLED=False venv/bin/python - <<'PYTHON'
import re
import sys
from pathlib import Path

import gradio as gr

assets = Path(gr.__file__).parent / "templates" / "frontend" / "assets"
code = "\n".join(file.read_text(encoding="utf-8") for file in assets.glob("*.js"))
words = [re.findall(r"(\w+):`", found) for found in re.findall(r"\{built_with:`[^}]*\}", code)]  # one of each language
assert len(words) > 20 and all("clear" in keys for keys in words)
there = {key for keys in words for key in keys}
missing = sorted(set(re.findall(r"`common\.(\w+)`", code)) - there)
print(f"gradio {gr.__version__}: in {len(words)} languages nothing is said for", ", ".join(f"common.{key}" for key in missing))
sys.exit("upload" not in missing)
PYTHON
