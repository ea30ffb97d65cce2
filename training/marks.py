"""The reader of marks (`[marks]` in pack.toml): what is always a person's, read in a picture of them.

The generator draws hair and eyes for nearly everybody and a scar for hardly anyone, so a reader of its pictures would
learn that soft faces have none. Here marks are dealt to anybody by chance, and put back on softened pictures: what a mark
changed in the drawing is added to the same drawing without it, as the VAE gave that back. What a fringe or a scarf
hides is not shown: a mark counts where the drawing differs without it.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from PIL import Image
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from drawn_world.artist import Drawing, draw
from drawn_world.people import look_seed
from drawn_world.world import ACCESSORIES, EYE_COLOURS, HAIR_COLOURS, MARKS, Look, Person, look, person
from pipeline import marks
from training.autoencoder import soften
from training.loop import Batch, Drawn, Losses, Schedule, autocast, train
from training.onnx_files import halve
from training.recipe import Run

Bytes = npt.NDArray[np.uint8]

READ = (*(phrases[0] for phrases in MARKS.values()), ACCESSORIES["glasses"][0])
COLOURS = {
    "hair colour": tuple(f"{word} hair" for word in HAIR_COLOURS),
    "eyes": tuple(f"{word} eyes" for word in EYE_COLOURS),
}
RELIABLE = ("a beard", "glasses", "hair colour")  # right in 95 % of drawings and 90 % of variants: what may be said
CRISP, SOFT, TEST, SOFT_TEST = (
    600_000,
    620_000,
    640_000,
    650_000,
)  # the first seeds of people whom only this reader sees
BATCH = 32
_SMALL = ("freckles", "mole", "scar")  # which the VAE forgets
_CHANGED, _ENOUGH = 20, 10  # levels by which a pixel differs, and pixels that do: fewer, and nobody sees the mark
SHORN = ("bald", "buzz")  # hair whose colour is not much seen
CLOSED = ("sleepy", "laughing")  # eyes whose colour nobody sees
UNKNOWN = -1


@dataclass(frozen=True, eq=False)
class Shown:
    """What pictures or heads show."""

    pixels: Bytes  # (n, 256, 256, 3) pictures, or (n, 224, 224, 3) heads
    marks: npt.NDArray[np.int64]  # (n, READ) 1, 0 or unknown
    colours: npt.NDArray[np.int64]  # (n, COLOURS) which of the group, or unknown
    landmarks: npt.NDArray[np.float32]  # (n, 5, 2) in the pictures

    def heads(self) -> Shown:
        cut = [marks.head(Image.fromarray(one), at) for one, at in zip(self.pixels, self.landmarks, strict=True)]
        return replace(self, pixels=np.stack(cut))

    def save(self, file: Path) -> None:
        np.savez(file, **asdict(self))

    @staticmethod
    def load(file: Path) -> Shown:
        with np.load(file) as kept:
            return Shown(**kept)


def draw_marked(first: int, count: int, vae: AutoencoderKL | None = None) -> Shown:
    """One picture of each person from the seed `first` on, with marks by chance; softened by the VAE, if there is one."""
    dealt = [_deal(first + i) for i in tqdm(range(count), desc="drawing marks", mininterval=5)]
    drawings, without, read, colours = zip(*dealt, strict=True)
    pixels = np.stack([drawing.pixels for drawing in drawings])
    if vae is not None:
        bare = np.stack([drawing.pixels for drawing in without])
        pixels = _put_back(pixels, bare, soften(vae, bare))
    landmarks = np.stack([drawing.landmarks for drawing in drawings])
    return Shown(pixels, np.array(read), np.array(colours), landmarks)


def _put_back(whole: Bytes, bare: Bytes, soft: Bytes) -> Bytes:
    """Softened pictures with the small marks that the drawings (n, 256, 256, 3) show `whole` and not `bare`."""
    change = whole.astype(np.float32) - bare
    blurred = np.stack([cv2.GaussianBlur(each, (0, 0), 0.8) for each in change])
    return (soft + blurred).round().clip(0, 255).astype(np.uint8)


def _deal(seed: int) -> tuple[Drawing, Drawing, list[int], list[int]]:
    """The drawing, the same without small marks, and what it shows."""
    rng = np.random.default_rng([seed, 4])
    somebody = person(seed)
    dealt = replace(
        somebody,
        freckles=bool(rng.random() < 0.3),
        mole=(float(rng.choice((-1, 1)) * rng.uniform(10, 32)), float(rng.uniform(16, 46)))
        if rng.random() < 0.3
        else None,
        scar=int(rng.choice(4, p=(0.64, 0.12, 0.12, 0.12))),
        beard=str(rng.choice(("", "stubble", "moustache", "goatee", "full"), p=(0.52, 0.1, 0.18, 0.1, 0.1))),
        pointed_ears=bool(rng.random() < 0.35),
    )
    worn = look(look_seed(seed, 0), **({"accessory": "glasses"} if rng.random() < 0.25 else {}))
    drawing = draw(dealt, worn)
    read = [_visible(dealt, worn, drawing, mark) for mark in MARKS] + [int(worn.accessory == "glasses")]
    bare = replace(dealt, **{part: _none(part) for part in _SMALL})
    colours = [_of_hair(dealt), _of_eyes(dealt, worn)]
    return drawing, draw(bare, worn), read, colours


def _visible(somebody: Person, worn: Look, drawing: Drawing, mark: str) -> int:
    """1 where the drawing shows it; unknown where it shows half of it, or a moustache within a beard."""
    if mark in ("beard", "moustache") and somebody.beard:
        if (somebody.beard == "moustache") != (mark == "moustache"):
            return 0 if mark == "beard" or somebody.beard == "goatee" else UNKNOWN
        part = "beard"
    else:
        part = {"pointed ears": "pointed_ears"}.get(mark, mark)
    if getattr(somebody, part if part != "moustache" else "beard") in (False, None, 0, ""):
        return 0
    other = draw(replace(somebody, **{part: _none(part)}), worn)
    changed = int((np.abs(drawing.pixels.astype(int) - other.pixels).max(-1) > _CHANGED).sum())
    return 1 if changed >= _ENOUGH else 0 if changed < _ENOUGH // 3 else UNKNOWN


def _none(part: str) -> Any:
    return {"freckles": False, "mole": None, "scar": 0, "beard": "", "pointed_ears": False}[part]


def _of_hair(somebody: Person) -> int:
    return UNKNOWN if somebody.hair_style in SHORN else tuple(HAIR_COLOURS).index(somebody.hair_word)


def _of_eyes(somebody: Person, worn: Look) -> int:
    return UNKNOWN if worn.expression in CLOSED else tuple(EYE_COLOURS).index(somebody.eye_word)


class _Block(nn.Sequential):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True)
        )


class MarksNetwork(nn.Module):
    """Heads (n, 3, 224, 224) to logits: READ, then each group of COLOURS.

    Heads are upright and of one size, so that freckles always lie at the same places: what is seen near by, 28 x 28 cells
    as large as a mole, is read place by place.
    """

    def __init__(self) -> None:
        super().__init__()
        self.fine = nn.Sequential(_Block(3, 24, 2), _Block(24, 48, 2), _Block(48, 48, 1))
        self.near = nn.Sequential(_Block(48, 64, 2), _Block(64, 64, 1))
        self.places = nn.Conv2d(64, 16, 1)
        self.large = nn.Sequential(_Block(64, 128, 2), _Block(128, 128, 2))
        outputs = len(READ) + sum(map(len, COLOURS.values()))
        self.head = nn.Linear(48 + 64 + 16 * 28 * 28 + 128 * 7 * 7, outputs)

    def forward(self, x: Tensor) -> Tensor:
        fine = self.fine(x)
        near = self.near(fine)
        places, large = self.places(near).flatten(1), self.large(near).flatten(1)
        return self.head(torch.cat([fine.amax((2, 3)), near.amax((2, 3)), places, large], 1))


def train_marks(run: Run, crisp: Shown, soft: Shown) -> nn.Module:
    """The pack's own reader, half of the time on softened pictures."""

    def drawn(rng: np.random.Generator, progress: float) -> Drawn:
        heads = soft if rng.random() < 0.5 else crisp
        chosen = rng.integers(0, len(heads.pixels), run.recipe.batch(BATCH))
        noise, contrast = rng.uniform(0, 0.03), rng.uniform(0.92, 1.06)
        moved = np.roll(heads.pixels[chosen], tuple(rng.integers(-4, 5, 2)), (1, 2))
        return {
            "pixels": np.ascontiguousarray(moved[:, :, ::-1]) if rng.random() < 0.5 else moved, "marks": heads.marks[chosen],
            "colours": heads.colours[chosen], "noise": np.asarray(noise), "contrast": np.asarray(contrast),
        }  # fmt: skip

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        x = batch["pixels"].permute(0, 3, 1, 2).contiguous(memory_format=torch.channels_last).float() / 127.5 - 1
        x = x * batch["contrast"].float() + batch["noise"].float() * torch.randn_like(x)
        with autocast():
            logits = model(x)
        read, *coloured = logits.float().split([len(READ), *map(len, COLOURS.values())], 1)
        truth = batch["marks"]
        known = truth != UNKNOWN
        mark = F.binary_cross_entropy_with_logits(read[known], truth[known].float())
        colour = sum(
            F.cross_entropy(part, truth, ignore_index=UNKNOWN)
            for part, truth in zip(coloured, batch["colours"].T, strict=True)
        )
        right = ((read > 0) == (truth > 0))[known].float().mean()
        return {"loss": 8 * mark + 0.5 * torch.as_tensor(colour), "marks": mark, "right": right}

    return train(
        run, "marks", MarksNetwork, drawn, losses, Schedule(run.recipe.marks_steps, learning_rate=2e-3, ema=0.99)
    )


def export_marks(model: nn.Module, folder: Path) -> None:
    """The folder that `[marks]` of a pack.toml names: weights in float16, and what its outputs say."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {"marks": READ, "colours": COLOURS, "said": RELIABLE}
    (folder / "labels.json").write_text(json.dumps(labels, indent=1))
    file = folder / "marks.onnx"
    torch.onnx.export(
        _Split(model).cpu().float().eval(), (torch.zeros(1, 3, marks.SIDE, marks.SIDE),), str(file),
        input_names=[marks.INPUT], output_names=[marks.MARKS, *COLOURS], opset_version=17, dynamo=False,
    )  # fmt: skip
    halve(file)


class _Split(nn.Module):
    """One output for the marks, and one for each group of colours."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        return self.model(x).split([len(READ), *map(len, COLOURS.values())], 1)
