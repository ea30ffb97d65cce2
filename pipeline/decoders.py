"""Strangers' files are decoded in processes that can be killed: a few of them, kept for the next file.

What comes back is not trusted either: a size, known words, texts and pixels, and nothing that is unpickled.
"""

from __future__ import annotations

import atexit
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, TypeVar, cast, get_args

from PIL import Image

from pipeline.decoding import MAX_PIXELS, Decoded, Note, Unfit, Why, bands
from pipeline.picture_texts import MAX_TEXTS, PictureTexts

T = TypeVar("T")

AT_ONCE = 2
MAX_SAID = 8 * MAX_TEXTS  # as JSON, which escapes what is not ASCII
PATIENCE = 30.0  # seconds until a process that neither answers nor computes is killed; computing has a limit of its own
_HANDED_ON = ("PATH", "SYSTEMROOT", "TMPDIR", "TEMP", "TMP", "VIRTUAL_ENV")  # of the environment: no secrets
_WORKER = ("-m", "pipeline.decoding_worker")
_TIFF = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")
_ROOT = Path(__file__).parent.parent


class Ended(Exception):
    """The process was ended, or ended itself, before it had answered: the file took too long, or broke a decoder."""


class Decoders:
    """Safe from any thread. Nothing is started before the first file comes."""

    def __init__(
        self, command: tuple[str, ...] = ("-m", "pipeline.decoding_worker"), patience: float = PATIENCE
    ) -> None:
        self._command = command
        self._patience = patience
        self._turns = threading.BoundedSemaphore(AT_ONCE)
        self._idle: list[_Process] = []

    def decode(self, file: bytes) -> Decoded:
        """Raises Unfit and Ended."""
        return self._answered(lambda process: process.decode(file, self._patience), file[:4] in _TIFF)

    def texts(self, file: bytes, *, hidden: bool = False) -> PictureTexts:
        """What a picture's file says in words, or `hidden` in its pixels. Raises Ended."""
        return self._answered(lambda process: process.texts(file, hidden, self._patience))

    def _answered(self, ask: Callable[[_Process], T], alone: bool = False) -> T:
        with self._turns:
            if alone:
                return self._answered_alone(ask)
            process = self._taken()
            try:
                read = ask(process)
            except Unfit:
                self._idle.append(process)
                raise
            except BaseException:
                process.end()
                raise
            self._idle.append(process)
            return read

    def _answered_alone(self, ask: Callable[[_Process], T]) -> T:
        """By a process in whose memory nobody else's picture is: Pillow before 13 may give parts of one back for a TIFF
        that lacks some (GHSA-q45j-58j2-45rg)."""
        process = _Process(self._command)
        try:
            return ask(process)
        finally:
            process.end()

    def close(self) -> None:
        while self._idle:
            self._idle.pop().end()

    def _taken(self) -> _Process:
        while self._idle:
            process = self._idle.pop()
            if process.is_alive:
                return process
            process.end()
        return _Process(self._command)


class _Process:
    def __init__(self, command: tuple[str, ...]) -> None:
        environment = {name: os.environ[name] for name in _HANDED_ON if name in os.environ}
        self._process = subprocess.Popen(
            (sys.executable, *command),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=_ROOT,
            env=environment | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"},  # threads reserve memory
        )
        self._asked = cast("IO[bytes]", self._process.stdin)
        self._answers = cast("IO[bytes]", self._process.stdout)

    @property
    def is_alive(self) -> bool:
        return self._process.poll() is None

    def decode(self, file: bytes, patience: float) -> Decoded:
        return self._ask("picture", file, self._picture, patience)

    def texts(self, file: bytes, hidden: bool, patience: float) -> PictureTexts:
        return self._ask("hidden texts" if hidden else "texts", file, self._texts, patience)

    def _ask(self, wanted: str, file: bytes, answer: Callable[[], T], patience: float) -> T:
        watch = threading.Timer(patience, self._process.kill)
        watch.start()
        try:
            self._asked.write(json.dumps({"bytes": len(file), "wanted": wanted}).encode() + b"\n")
            self._asked.write(file)
            self._asked.flush()
            return answer()
        except (OSError, ValueError, TypeError, KeyError) as error:
            raise Ended from error
        finally:
            watch.cancel()

    def end(self) -> None:
        self._process.kill()
        self._process.wait()
        self._answers.close()
        with suppress(OSError):  # what was not yet written
            self._asked.close()

    def _texts(self) -> PictureTexts:
        size = int(json.loads(self._answers.readline(1000))["bytes"])
        if not 0 <= size <= MAX_SAID:
            raise ValueError("not what a decoder answers")
        said: dict[str, Any] = json.loads(self._answers.read(size))
        return PictureTexts(_texts_in(said["chunks"]), _texts_in(said["exif"]), str(said["xmp"]))

    def _picture(self) -> Decoded:
        said: dict[str, Any] = json.loads(self._answers.readline(1000))
        width, height = (int(side) for side in said["size"])
        if "why" in said:
            raise Unfit(_known(said["why"], get_args(Why)), (width, height))
        if not 0 < width * height <= MAX_PIXELS:
            raise ValueError("not what a decoder answers")
        notes: tuple[Note, ...] = tuple(_known(note, get_args(Note)) for note in said["notes"])
        picture = Image.new("RGB", (width, height))
        for left, top, right, bottom in bands(width, height):
            size = right - left, bottom - top
            picture.paste(Image.frombytes("RGB", size, self._answers.read(3 * size[0] * size[1])), (left, top))
        return Decoded(picture, notes)


def _texts_in(said: dict[Any, Any]) -> dict[str, str]:
    return {str(name): str(text) for name, text in said.items()}


def _known(word: Any, words: tuple[Any, ...]) -> Any:
    """Raises ValueError for any other word."""
    return words[words.index(word)]


DECODERS = Decoders()
atexit.register(DECODERS.close)
