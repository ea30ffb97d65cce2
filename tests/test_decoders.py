"""The processes in which strangers' files are decoded: what they may use, and what becomes of those that go wrong."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest
from PIL import Image

from pipeline.decoders import Decoders, Ended
from pipeline.decoding import Unfit

_BUFFER = BytesIO()
Image.new("RGB", (64, 48), "red").save(_BUFFER, "PNG")
RED = _BUFFER.getvalue()


@contextmanager
def decoders(code: str | None = None, patience: float = 20.0) -> Iterator[Decoders]:
    """Of processes that run the `code` instead of the decoders."""
    made = Decoders(patience=patience) if code is None else Decoders(("-c", code), patience)
    yield made
    made.close()


def answering(said: str) -> str:
    return f"import os, sys; sys.stdin.buffer.readline(); print({said}, flush=True)"


def test_a_process_is_kept_for_the_next_file_after_a_refusal_too() -> None:
    with decoders() as kept:
        for _ in range(2):
            assert kept.decode(RED).picture.getpixel((9, 9)) == (255, 0, 0)
            with pytest.raises(Unfit, match="no picture"):
                kept.decode(b"notes")
        assert len(kept._idle) == 1  # pyright: ignore[reportPrivateUsage]


def test_a_tiff_is_opened_where_nobody_elses_picture_was() -> None:
    tiff = BytesIO()
    Image.new("RGB", (64, 48), "red").save(tiff, "TIFF")
    with decoders() as kept:
        kept.decode(RED)
        [used] = kept._idle  # pyright: ignore[reportPrivateUsage]
        used._process.kill()  # pyright: ignore[reportPrivateUsage]  # so that who takes it has to replace it
        assert kept.decode(tiff.getvalue()).picture.getpixel((9, 9)) == (255, 0, 0)
        assert kept._idle == [used]  # pyright: ignore[reportPrivateUsage]


def test_one_that_never_answers_is_killed() -> None:
    with decoders("import time; time.sleep(60)", patience=0.5) as slow:
        began = time.monotonic()
        with pytest.raises(Ended):
            slow.decode(RED)
        assert time.monotonic() - began < 10
        assert slow._idle == []  # pyright: ignore[reportPrivateUsage]


def test_one_that_computes_for_too_long_is_ended_by_the_system() -> None:
    code = "from pipeline.decoding_worker import limit_time\nlimit_time(0.2)\nwhile True: pass"
    with decoders(code) as busy, pytest.raises(Ended):
        busy.decode(RED)


def test_one_that_wants_too_much_memory_does_not_get_it() -> None:
    code = """from pipeline.decoding_worker import limit_memory
limit_memory()
try:
    bytearray(3 * 2**30)
except MemoryError:
    print('{"why": "too large", "size": [0, 0]}', flush=True)
"""
    with decoders(code) as hungry, pytest.raises(Unfit, match="too large"):
        hungry.decode(RED)


@pytest.mark.parametrize(
    "said",
    [
        "what a decoder would not say",
        json.dumps({"size": [100_000, 100_000], "notes": []}),
        json.dumps({"size": [-5, -5], "notes": []}),
        json.dumps({"size": [2, 2], "notes": []}),
        json.dumps({"size": [0, 0], "why": "<b>because</b>"}),
        json.dumps({"size": "large"}),
        json.dumps([1, 2]),
    ],
)
def test_what_no_decoder_answers_is_not_believed(said: str) -> None:
    with decoders(answering(repr(said))) as strange, pytest.raises(Ended):
        strange.decode(RED)


def test_a_process_knows_no_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CASTBOOK_DATABASE_URL", "postgresql://me:secret@db")
    said = """'{"why": "%s", "size": [0, 0]}' % ("damaged" if "secret" in str(os.environ) else "no picture")"""
    with decoders(answering(said)) as told, pytest.raises(Unfit, match="no picture"):
        told.decode(RED)
