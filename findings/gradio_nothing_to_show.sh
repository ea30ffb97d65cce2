#!/usr/bin/env bash
# gradio 6.31.0: a handler that has nothing to show empties its outputs, or shows "{}", unless it says gr.skip().
#
# A handler may answer with a dictionary of those outputs that change. The empty one, "nothing changes", is no dictionary
# of outputs to Gradio: a text box then shows the characters {}. And a generator that ends without a yield sends null
# for each of its outputs: a text box loses its text, a button that was to be enabled or disabled loses its words.
# Castbook's handlers therefore yield one gr.skip() where there is nothing to show (ui/story/run_area.py).
#
# Prints the version and what a client is sent; fails where that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0 gradio_client==2.7.2
cd "$folder"
GRADIO_ANALYTICS_ENABLED=False venv/bin/python - <<'PYTHON'
import json
import sys
import urllib.request

import gradio as gr


def changes_nothing(text):
    return {}


def never_yields(text):
    if text == "wait for it":
        yield text


def skips(text):
    yield gr.skip()


with gr.Blocks() as demo:
    box = gr.Textbox("kept")
    for handler in (changes_nothing, never_yields, skips):
        gr.Button().click(handler, box, [box], api_name=handler.__name__)
_, url, _ = demo.launch(prevent_thread_lock=True, quiet=True)


def sent(name):
    """The last data of the answer's event stream, which the page puts into the outputs."""
    call = f"{url}gradio_api/call/{name}"
    body = json.dumps({"data": ["kept"]}).encode()
    asked = urllib.request.Request(call, body, {"Content-Type": "application/json"})
    event = json.load(urllib.request.urlopen(asked))["event_id"]
    lines = urllib.request.urlopen(f"{call}/{event}").read().decode().splitlines()
    return json.loads([line for line in lines if line.startswith("data:")][-1].removeprefix("data:"))


seen = {name: sent(name) for name in ("changes_nothing", "never_yields", "skips")}
print("gradio", gr.__version__)
for name, data in seen.items():
    print(f"{name}: {data}")
demo.close()
unchanged = [{"__type__": "update"}]
sys.exit(seen != {"changes_nothing": ["{}"], "never_yields": [None], "skips": unchanged})
PYTHON
