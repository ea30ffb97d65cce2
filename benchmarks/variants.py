"""`python -m benchmarks variants`: four judged variants of a person by Castbook, and four pictures by the plain script.

Both in processes of their own, in turn (A B A B), warm, so that what else the machine does meets both. Castbook does
more in its time: it shows previews, judges by a second encoder and reads whether the words are to be seen.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
from PIL import Image

from benchmarks.sides import Drawing, Side, in_its_own_process
from pipeline.packs import Pack, load_pack
from pipeline.values import Identity, Reference, Step
from settings import Settings

PROMPT = "wearing a spacesuit, outer space"
Seen = Callable[[str], None]


@dataclass(frozen=True)
class Asked:
    """What both sides draw. Plain values alone: it travels to their processes."""

    pack: str
    folders: tuple[Path, ...]
    device: str = "cpu"
    compiled: Path | None = None  # where what OpenVINO compiles is kept; None: in Castbook's home

    def load(self) -> Pack:
        return load_pack(self.pack, self.folders)

    def person(self, encoder: str) -> Identity:
        """Somebody made up: how long a picture takes does not depend on who it shows."""
        embedding = np.random.default_rng(len(encoder)).standard_normal(512).astype(np.float32)
        return Identity(encoder, embedding / np.linalg.norm(embedding))


def compare(asked: Asked, rounds: int, warming: int) -> None:
    with (
        in_its_own_process(functools.partial(plain_side, asked)) as plain,
        in_its_own_process(functools.partial(castbook_side, asked)) as castbook,
    ):
        for seed in range(warming):
            plain(seed)
            castbook(seed)
        drawn = [(plain(seed), castbook(seed)) for seed in range(rounds)]
    with ProcessPoolExecutor(1, get_context("spawn")) as alone:
        work = alone.submit(measure_work, asked).result()
    for line in table(asked.load(), [one for one, _ in drawn], [other for _, other in drawn], work):
        print(line)


def plain_side(asked: Asked) -> Side:
    from benchmarks.plain_script import PlainScript

    pack = asked.load()
    script, identity = PlainScript(pack), asked.person(pack.faces.encoder).embedding
    pipeline = script.pipeline
    parts = {
        "text encoder": (pipeline.text_encoder, "forward"),
        "UNet": (pipeline.unet, "forward"),
        "VAE": (pipeline.vae, "decode"),
        "faces": (script, "identity"),
    }
    return Side(lambda seed, _: script.draw(PROMPT, identity, seed), parts)


def castbook_side(asked: Asked) -> Side:
    """As `app.load_maker` builds it, without the page: importing that takes memory, and the plain script has none."""
    from pipeline.adherence import load_prompt_reader
    from pipeline.faces import InsightFaces
    from pipeline.generator import DiffusersGenerator
    from pipeline.marks import load_marks_reader
    from pipeline.variants import VariantMaker

    pack = asked.load()
    generator: Any = DiffusersGenerator.load(pack, compiled=asked.compiled or Settings().compiled)
    faces, words, marks = InsightFaces.load(pack), load_prompt_reader(pack), load_marks_reader(pack)
    maker = VariantMaker(generator, faces, pack, words, marks)
    reference = reference_in(pack, asked)

    def draw(seed: int, seen: Seen) -> object:
        def on_step(step: Step) -> None:
            if step.previews:
                seen("preview")
            if step.finished:
                seen("finished")

        return maker.generate(pack.request(PROMPT, seed), reference, on_step)

    parts = {
        "text encoder": (generator._pipeline.text_encoder, "forward"),
        "UNet": (generator._pipeline.unet, "forward"),
        "VAE": (generator._pipeline.vae, "decode"),
        "previews": (generator, "_preview"),
        "faces": (faces, "faces"),
        "words read": (words, "missing"),
        "marks read": (marks, "shown"),
    }
    return Side(draw, {part: (owner, name) for part, (owner, name) in parts.items() if owner is not None})


def reference_in(pack: Pack, asked: Asked) -> Reference:
    return Reference(Image.new("RGB", (64, 64)), tuple(asked.person(each) for each in sorted(pack.encoders)))


@dataclass(frozen=True)
class Work:
    """Of the plain script's drawing, in 10^9 operations; and what the machine does in a second, by number type."""

    gflop: float
    rates: dict[str, float]


def measure_work(asked: Asked) -> Work:
    from benchmarks.plain_script import PlainScript
    from benchmarks.work import gflop_of, matrix_rates

    pack = asked.load()
    script, identity = PlainScript(pack), asked.person(pack.faces.encoder).embedding
    return Work(
        gflop_of(lambda: script.draw(PROMPT, identity, 0)), {each.dtype: each.gflops for each in matrix_rates()}
    )


def table(pack: Pack, plain: Sequence[Drawing], castbook: Sequence[Drawing], work: Work) -> list[str]:
    """Markdown. Medians over the rounds; the ratio is the median of each round's own."""
    ratios = [one.seconds / other.seconds for one, other in zip(plain, castbook, strict=True)]
    defaults, rates = pack.defaults, ", ".join(f"{rate:.0f} in {dtype}" for dtype, rate in work.rates.items())
    sides = (plain, castbook)

    def row(name: str, value: Callable[[Drawing], float | None], digits: int = 2) -> str:
        figures = [_median([value(drawing) for drawing in side]) for side in sides]
        cells = ["–" if math.isnan(figure) else f"{figure:,.{digits}f}" for figure in figures]
        return f"| {name} | {' | '.join(cells)} |"

    parts = dict.fromkeys(part for side in sides for part in side[0].parts)
    return [
        f"{pack.name}: {defaults.count} pictures of {defaults.width} x {defaults.height} in {defaults.steps} steps, "
        f"guidance {defaults.guidance_scale:g}; medians of {len(plain)} rounds, in turn.",
        "",
        "| seconds | plain script | Castbook |",
        "| --- | ---: | ---: |",
        row("**four pictures**", lambda drawing: drawing.seconds),
        row("first preview", lambda drawing: drawing.first_preview),
        row("first finished picture", lambda drawing: drawing.first_finished),
        *(row(part, lambda drawing, part=part: drawing.parts.get(part), 3) for part in parts),
        row("GFLOP/s, of the plain script's operations", lambda drawing: work.gflop / drawing.seconds, 0),
        row("CPU seconds, of all threads", lambda drawing: drawing.cpu_seconds),
        row("peak memory, MB", lambda drawing: drawing.peak, 0),
        "",
        f"**Castbook is {median(ratios):.2f} times as fast as the plain script** (rounds: {min(ratios):.2f} to "
        f"{max(ratios):.2f}). Measured matrix rate, GFLOP/s: {rates}.",
    ]


def _median(values: Sequence[float | None]) -> float:
    known = [value for value in values if value is not None]
    return median(known) if known else math.nan
