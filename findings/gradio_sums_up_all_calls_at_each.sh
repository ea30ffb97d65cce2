#!/usr/bin/env bash
# gradio 6.31.0: each call costs more than the one before it, for ten thousand calls.
#
# At the end of every event the queue makes a table of the last 10,000 events (pandas), groups it by function and takes
# percentiles, for its monitoring page, also where that is off; in the process, and mostly under the lock, that answer
# everybody else. GRADIO_ANALYTICS_CACHE_FREQUENCY=1000 does so at each thousandth event. Castbook serves no such page
# and has none of it done (ui/steady.py).
#
# Prints the version and milliseconds of one such summary; fails where that of an old server is not three times as many.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check gradio==6.31.0 gradio_client==2.7.2
cd "$folder"
GRADIO_ANALYTICS_ENABLED=False venv/bin/python - <<'PYTHON'
import inspect
import sys
import time

import gradio as gr
from gradio.queueing import Queue

with gr.Blocks(analytics_enabled=False) as demo:
    gr.Button().click(lambda: None, api_name="nothing")
queue = demo._queue
assert inspect.getsource(Queue.process_events).count("self.compute_analytics_summary") == 2  # at each end of an event


def milliseconds(events):
    """Of what is done at the end of an event, when there have been so many."""
    queue.event_analytics = {
        str(number): {
            "time": time.time(), "status": "success", "process_time": 0.01, "function": f"verb_{number % 60}",
            "session_hash": "session",
        }
        for number in range(events)
    }
    taken = []
    for _ in range(5):
        queue.events_recorded += 1
        began = time.process_time()
        queue.compute_analytics_summary(list(queue.event_analytics.values()))
        taken.append(time.process_time() - began)
    return 1000 * min(taken)


milliseconds(10)  # pandas is imported
new, old = milliseconds(10), milliseconds(queue.ANALYTICS_MAX_EVENTS)
print(f"gradio {gr.__version__}: {new:.1f} ms of computing at the end of the tenth event, {old:.1f} ms of the ten thousandth")
sys.exit(old < 3 * new)
PYTHON
