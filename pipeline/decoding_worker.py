"""The process in which strangers' files are decoded: `python -m pipeline.decoding_worker`, started by `decoders.py`.

It is asked on stdin, a line of JSON and the file's bytes, and answers on stdout, a line of JSON and the pixels, or the
texts that the file holds, as JSON. It may use so much memory and, for each file, so much of a processor's time; the
system ends it where it wants more.
"""

from __future__ import annotations

import json
import signal
import sys
import warnings
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from PIL import Image

from pipeline.decoding import MAX_PIXELS, Unfit, bands, decoded
from pipeline.picture_texts import read_hidden_texts, read_texts

MEMORY = 2 * 2**30  # bytes: the largest file, its layers, the picture decoded and in sRGB
SECONDS = 5


def limit_memory() -> None:
    """Where the system can: not on Windows."""
    with suppress(ImportError, ValueError, OSError):
        import resource

        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def limit_time(seconds: float) -> None:
    """Of a processor; a process that goes beyond it is ended by the system. 0: no limit."""
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def answer(file: bytes) -> tuple[dict[str, Any], Image.Image | None]:
    try:
        read = decoded(file)
    except Unfit as error:
        return {"why": error.why, "size": error.size}, None
    return {"size": read.picture.size, "notes": read.notes}, read.picture


READ = {"texts": read_texts, "hidden texts": read_hidden_texts}


def main() -> None:
    Image.MAX_IMAGE_PIXELS = MAX_PIXELS * 1000  # sizes are refused in our own words, and memory is limited
    warnings.simplefilter("ignore")
    limit_memory()
    asked, answers = sys.stdin.buffer, sys.stdout.buffer
    while line := asked.readline():
        what = json.loads(line)
        file = asked.read(what["bytes"])
        limit_time(SECONDS)
        if what["wanted"] != "picture":
            texts = json.dumps(asdict(READ[what["wanted"]](file))).encode()
            limit_time(0)
            answers.write(json.dumps({"bytes": len(texts)}).encode() + b"\n" + texts)
            answers.flush()
            continue
        said, picture = answer(file)
        limit_time(0)
        answers.write(json.dumps(said).encode() + b"\n")
        if picture:
            for band in bands(*picture.size):
                answers.write(picture.crop(band).tobytes())
        answers.flush()


if __name__ == "__main__":
    main()
