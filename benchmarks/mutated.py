"""`python -m benchmarks mutated`: pictures and exports with bytes changed at random, as uploads and imports: each is
read or refused with a sentence, none holds a verb up for long, and this process is no larger afterwards."""

from __future__ import annotations

import io
import os
import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from errors import CastbookError
from library_store.png_request import find_request
from library_store.records import LOCAL_OWNER, NewPicture
from library_store.store import LibraryStore
from pipeline.decoding_worker import MEMORY
from pipeline.uploads import read_upload

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "TIFF", "BMP", "AVIF")
BAR = 5.0  # seconds


def main(pictures: int, zips: int, seed: int) -> None:
    chance, answers, seconds = random.Random(seed), Counter[str](), list[float]()
    largest = Worker(0, 0)
    seeds = list(_pictures())
    read_upload(seeds[0])
    before = _resident("self")
    for _ in range(pictures):
        file = mutated(chance.choice(seeds), chance)
        for read in (read_upload, find_request):
            seconds.append(_answered(lambda read=read, file=file: read(file), answers))
        largest = max([largest, *_workers()])
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        store = LibraryStore.open(f"sqlite:///{home / 'castbook.db'}", home / "pictures")
        library = store.seen_by(LOCAL_OWNER)
        story = library.ensure_a_story()
        for number in range(3):
            new = [NewPicture(Image.open(io.BytesIO(seeds[0])).convert("RGB"), "uploaded")]
            library.create_character(story.id, f"Person {number}", new, "generated")
        library.export_zip(home / "export.zip", story.project_id)
        whole, target = (home / "export.zip").read_bytes(), library.create_project("Target").id
        for _ in range(zips):
            (home / "mutated.zip").write_bytes(mutated(whole, chance))
            seconds.append(_answered(lambda: library.import_zip(home / "mutated.zip", target), answers))
            largest = max([largest, *_workers()])
        store.close()
    print(f"{pictures} mutated pictures, each as an upload and for its request; {zips} mutated exports")
    for answer, count in answers.most_common():
        print(f"  {count} x {answer}")
    print(f"the longest: {max(seconds):.2f} s (bar: {BAR:g} s)")
    print(
        f"the largest worker: {largest.reserved:.0f} MB reserved, of {MEMORY / 2**20:.0f} that it may have, "
        f"and {largest.resident:.0f} MB in use"
    )
    print(f"this process: {before:.0f} MB before, {_resident('self'):.0f} MB after")


def mutated(file: bytes, chance: random.Random) -> bytes:
    """Some bytes changed, sometimes many, sometimes the end cut off or a part repeated."""
    data = bytearray(file)
    for _ in range(chance.choice((1, 3, 10, 100))):
        data[chance.randrange(len(data))] = chance.randrange(256)
    cut = chance.randrange(len(data))
    return bytes(chance.choice((data, data, data, data[:cut], data[:cut] + data[cut // 2 :])))


def _answered(ask: Callable[[], object], answers: Counter[str]) -> float:
    """How long it took. What is no sentence is a fault, and raised."""
    began = time.perf_counter()
    try:
        ask()
        answers["read"] += 1
    except CastbookError as error:
        answers[f"{type(error).__name__}: {error.cause_message.template}"] += 1
    return time.perf_counter() - began


def _pictures() -> Iterator[bytes]:
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), np.uint8)
    for kind in FORMATS:
        buffer = io.BytesIO()
        Image.fromarray(noise).resize((512, 384)).save(buffer, kind)
        yield buffer.getvalue()


class Worker(NamedTuple):
    """At their highest, in MB."""

    reserved: float  # what its limit is of
    resident: float


def _workers() -> Iterator[Worker]:
    """The processes of this one, in which files are decoded (Linux)."""
    for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text().split():
        with suppress(OSError):  # it has ended
            sizes = dict(line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())
            if "VmPeak" in sizes:  # no zombie
                yield Worker(*(int(sizes[name].split()[0]) / 1024 for name in ("VmPeak", "VmHWM")))


def _resident(pid: str) -> float:
    """MB, of a process (Linux)."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS")) / 1024
