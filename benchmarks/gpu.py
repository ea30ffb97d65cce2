"""`python -m benchmarks gpu`: Stable Diffusion 1.5 and SDXL with weights by chance, the plain script in half precision
beside Castbook, and each way to be quicker for itself. Without a GPU `--tiny` takes every path on the CPU, in no time
worth a figure.
"""

# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import functools
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

import torch
from torch.utils.flop_counter import FlopCounterMode

from benchmarks.architectures import SD15, SDXL, Architecture, write_pack
from benchmarks.sides import Drawing, Side, in_its_own_process
from benchmarks.variants import PROMPT, Asked, reference_in
from benchmarks.work import matrix_rates
from pipeline.generator import DiffusersGenerator, best_device
from pipeline.on_gpu import Ways
from settings import BUILT_IN_PACKS

COUNT = 4
PLAIN, CASTBOOK = "plain script", "Castbook"
NONE = Ways(channels_last=False, fused=False, replayed=False)
WAYS = {
    "Castbook with none of them": NONE,
    "channels_last": Ways(fused=False, replayed=False),
    "+ LoRA in the weights, one product for q, k, v": Ways(replayed=False),
    "+ torch.compile of repeated blocks": Ways(replayed=False, compiled=True),
}


@dataclass(frozen=True)
class Row:
    """Of one side: its first drawing, which holds what is done once, and those after it."""

    name: str
    first: float  # seconds
    drawings: Sequence[Drawing]
    pictures: int  # a drawing

    @property
    def seconds(self) -> float:
        return median(each.seconds for each in self.drawings)

    def pays_after(self, usual: Row) -> float | None:
        """Pictures; None: never."""
        gain = (usual.seconds - self.seconds) / self.pictures
        return max(0.0, self.first - self.seconds - (usual.first - usual.seconds)) / gain if gain > 0 else None


@dataclass(frozen=True)
class Pass:
    """One of the UNet, of eight rows: four pictures with guidance."""

    seconds: float
    gflop: float


def main(tiny: bool, steps: int, rounds: int) -> None:
    device = best_device()
    if device != "cuda" and not tiny:
        raise SystemExit("There is no GPU here, so its rows are not measured. --tiny takes every path on the CPU.")
    if device != "cuda":
        print("There is no GPU here: what follows is of the CPU, and says nothing about speed.\n")
    for architecture in (SD15, SDXL):
        with tempfile.TemporaryDirectory() as folder:
            chosen = architecture.tiny() if tiny else architecture
            pack = write_pack(Path(folder, chosen.name), chosen, steps=steps, count=COUNT)
            for line in measured(chosen, Asked(pack, (Path(folder), BUILT_IN_PACKS), device), rounds):
                print(line)


def measured(architecture: Architecture, asked: Asked, rounds: int) -> list[str]:
    """Markdown."""
    plain, ours = _in_turn(asked, rounds)
    with in_its_own_process(functools.partial(castbook_side, asked, 2 * COUNT, None)) as draw:
        rows = [plain, ours, _row("Castbook, 8 in two batches, judged meanwhile", draw, rounds, 2 * COUNT)]
    for name, ways in WAYS.items():
        with in_its_own_process(functools.partial(castbook_side, asked, COUNT, ways)) as draw:
            rows.append(_row(name, draw, rounds, COUNT))
    usual = rows[3]
    (rate,) = matrix_rates(asked.device, (torch.float16 if asked.device == "cuda" else torch.float32,))
    one = unet_pass(architecture, asked)
    share = one.gflop / one.seconds / rate.gflops
    return [
        f"{architecture.name} on {_name_of(asked.device)}, {asked.load().defaults.steps} steps with guidance, "
        f"medians of {rounds}:",
        "",
        "| | s a picture | pictures/s | peak memory, MB | the first time, s | pays after, pictures |",
        "| --- | ---: | ---: | ---: | ---: | ---: |",
        *(_line(row, usual) for row in rows),
        "",
        f"Castbook is {plain.seconds / ours.seconds:.2f} times as fast as the plain script. The UNet takes "
        f"{1000 * one.seconds:.0f} ms for eight rows: {share:.0%} of the {rate.gflops:,.0f} GFLOP/s that this "
        f"machine multiplies in {rate.dtype}.",
        "",
    ]


def _line(row: Row, usual: Row) -> str:
    pays, peak = row.pays_after(usual), max(each.peak for each in row.drawings)
    said = "–" if row.name in (PLAIN, usual.name) else "never" if pays is None else f"{pays:.0f}"
    each = row.seconds / row.pictures
    return f"| {row.name} | {each:.3f} | {1 / each:.2f} | {peak:,.0f} | {row.first:.2f} | {said} |"


def _in_turn(asked: Asked, rounds: int) -> tuple[Row, Row]:
    with (
        in_its_own_process(functools.partial(plain_side, asked)) as plain,
        in_its_own_process(functools.partial(castbook_side, asked, COUNT, None)) as castbook,
    ):
        first = plain(0), castbook(0)
        drawn = [(plain(seed), castbook(seed)) for seed in range(1, rounds + 1)]
    return (
        Row(PLAIN, first[0].seconds, [one for one, _ in drawn], COUNT),
        Row(CASTBOOK, first[1].seconds, [other for _, other in drawn], COUNT),
    )


def _row(name: str, draw: Callable[[int], Drawing], rounds: int, pictures: int) -> Row:
    first = draw(0).seconds
    return Row(name, first, [draw(seed) for seed in range(1, rounds + 1)], pictures)


def plain_side(asked: Asked) -> Side:
    from benchmarks.plain_script import PlainScript

    pack = asked.load()
    script = PlainScript(pack, asked.device, torch.float16 if asked.device == "cuda" else torch.float32)
    identity = asked.person(pack.faces.encoder).embedding
    return Side(lambda seed, _: script.draw(PROMPT, identity, seed), {}, _peak_on(asked.device))


def castbook_side(asked: Asked, count: int, ways: Ways | None) -> Side:
    """By the page's own ways if none are said; on the CPU these are tried out by name."""
    from pipeline.faces import InsightFaces
    from pipeline.variants import VariantMaker

    pack = asked.load()
    generator = DiffusersGenerator.load(pack, asked.device, ways=ways or Ways())
    maker, reference = VariantMaker(generator, InsightFaces.load(pack), pack), reference_in(pack, asked)

    def draw(seed: int, seen: Callable[[str], None]) -> object:
        return maker.generate(pack.request(PROMPT, seed, count=count), reference, lambda step: None)

    return Side(draw, {}, _peak_on(asked.device))


def unet_pass(architecture: Architecture, asked: Asked) -> Pass:
    """Of the page's own UNet. Counted are the operations of the published one, whose adapter adds a hundredth."""
    pipeline: Any = DiffusersGenerator.load(asked.load(), asked.device, ways=Ways())._pipeline  # pyright: ignore[reportPrivateUsage]
    pipeline.steer(1.0)
    inputs = _inputs(architecture, asked, pipeline.unet.device, pipeline.unet.dtype)
    with torch.inference_mode():
        times = [_timed(pipeline.unet, inputs) for _ in range(7)]
        with FlopCounterMode(display=False) as counter:
            architecture.empty_unet()(**_inputs(architecture, asked, torch.device("meta"), torch.float32))
    return Pass(min(times), counter.get_total_flops() / 1e9)


def _timed(unet: Any, inputs: dict[str, Any]) -> float:
    started = time.perf_counter()
    unet(**inputs)[0].mean().item()  # waits for the device
    return time.perf_counter() - started


def _inputs(architecture: Architecture, asked: Asked, device: torch.device, dtype: torch.dtype) -> dict[str, Any]:
    side, rows = asked.load().defaults.width // 8, 2 * COUNT
    chosen: dict[str, Any] = {"device": device, "dtype": dtype}
    added: dict[str, Any] = {"image_embeds": [torch.randn(rows, 1, 512, **chosen)]}
    if "addition_embed_type" in architecture.unet:
        pooled = architecture.texts[1]["projection_dim"]
        added |= {"text_embeds": torch.randn(rows, pooled, **chosen), "time_ids": torch.ones(rows, 6, **chosen)}
    return {
        "sample": torch.randn(rows, 4, side, side, **chosen),
        "timestep": torch.tensor(500.0, device=device),
        "encoder_hidden_states": torch.randn(rows, 77, architecture.unet["cross_attention_dim"], **chosen),
        "added_cond_kwargs": added,
        "return_dict": False,
    }


def _peak_on(device: str) -> Callable[[], float] | None:
    """MB of the GPU's memory; None: of the process."""
    return (lambda: torch.cuda.max_memory_allocated() / 2**20) if device == "cuda" else None


def _name_of(device: str) -> str:
    return torch.cuda.get_device_name() if device == "cuda" else "a CPU"
