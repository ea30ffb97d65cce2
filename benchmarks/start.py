"""`python -m benchmarks start`: from `python app.py` to a page, and to models that draw, beside a bare Gradio page.

Both start in turn. Memory is what a process and its children have of it (PSS: what several share is divided among
them), as `/proc/PID/smaps_rollup` says, so it needs Linux.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from statistics import median, quantiles
from urllib.error import HTTPError

from benchmarks.serving import served, serving

BARE = "import gradio\nwith gradio.Blocks() as page:\n    gradio.Markdown('# A page')\npage.launch()\n"
RESTING = 5.0  # seconds after the models are there
PATIENCE = 180.0
BETWEEN = 0.05  # seconds between two questions while the models load


@dataclass(frozen=True)
class Start:
    first_page: float  # seconds
    memory: float  # MB then


@dataclass(frozen=True)
class Loading:
    """What follows the first page until the models are there, and how it is at rest."""

    seconds: float
    answers: Sequence[float]  # seconds that each question meanwhile took
    memory: float


def main(rounds: int) -> None:
    bare, ours, loading = list[Start](), list[Start](), list[Loading]()
    with tempfile.TemporaryDirectory() as home:  # what is compiled at the very first start is there for the others
        with serving(Path(home)) as (url, _):
            _until_ready(url)
        for _ in range(rounds):
            bare.append(_bare())
            one, other = _castbook(Path(home))
            ours.append(one)
            loading.append(other)
    for line in table(bare, ours, loading):
        print(line)


def table(bare: Sequence[Start], ours: Sequence[Start], loading: Sequence[Loading]) -> list[str]:
    """Markdown, medians over the rounds."""

    def row(name: str, one: Sequence[float] | None, other: Sequence[float], digits: int) -> str:
        return f"| {name} | {f'{median(one):.{digits}f}' if one else '–'} | {median(other):.{digits}f} |"

    slow = [1000 * quantiles(each.answers, n=20)[-1] for each in loading]
    return [
        f"Medians of {len(ours)} rounds, in turn.",
        "",
        "| | bare Gradio page | Castbook |",
        "| --- | ---: | ---: |",
        row("to the first page, s", [each.first_page for each in bare], [each.first_page for each in ours], 1),
        row("memory then, MB", [each.memory for each in bare], [each.memory for each in ours], 0),
        row("models ready after that, s", None, [each.seconds for each in loading], 1),
        row("an answer of the page meanwhile, 95th percentile, ms", None, slow, 0),
        row("memory at rest, all processes, MB", None, [each.memory for each in loading], 0),
    ]


def _bare() -> Start:
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as home, served([sys.executable, "-c", BARE], Path(home)) as (_, process):
        return Start(time.perf_counter() - started, memory_of(process))


def _castbook(home: Path) -> tuple[Start, Loading]:
    started = time.perf_counter()
    with serving(home) as (url, process):
        start = Start(time.perf_counter() - started, memory_of(process))
        shown = time.perf_counter()
        answers = _until_ready(url)
        seconds = time.perf_counter() - shown
        time.sleep(RESTING)
        return start, Loading(seconds, answers, memory_of(process))


def _until_ready(url: str) -> list[float]:
    """How long each question took meanwhile."""
    answers, until = list[float](), time.monotonic() + PATIENCE
    while time.monotonic() < until:
        with suppress(HTTPError), urllib.request.urlopen(url + "readyz", timeout=PATIENCE):
            return answers
        started = time.perf_counter()
        with suppress(HTTPError), urllib.request.urlopen(url + "healthz", timeout=PATIENCE):  # 404 for a moment
            answers.append(time.perf_counter() - started)
        time.sleep(BETWEEN)
    raise SystemExit("The models were not ready in time; run app.py to see why.")


def memory_of(process: int) -> float:
    """MB of a process and all below it (PSS)."""
    children = subprocess.run(["pgrep", "-P", str(process)], capture_output=True, text=True, check=False).stdout.split()
    return _own_memory(process) + sum(memory_of(int(child)) for child in children)


def _own_memory(process: int) -> float:
    lines = Path(f"/proc/{process}/smaps_rollup").read_text("utf-8").splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith("Pss:")) / 1024
