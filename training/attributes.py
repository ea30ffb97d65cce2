"""Classifiers of what a drawn picture shows: the ruler that measures prompt adherence, which is not part of the pack, and the
pack's own reader (`[adherence]` in pack.toml), which is smaller and knows only what it reads reliably.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drawn_world.world import (
    ACCESSORIES,
    AGES,
    BACKGROUNDS,
    EXPRESSIONS,
    HAIR_STYLES,
    KINDS,
    LIGHTS,
    OUTFITS,
    SKINS,
    VIEWS,
    Look,
    Person,
    vocabulary_groups,
)
from pipeline.adherence import INPUT, SIDE
from training.autoencoder import scaled, to_tensor
from training.dataset import Pictures
from training.loop import Batch, Drawn, Losses, Schedule, autocast, train
from training.onnx_files import halve
from training.recipe import Run

Attributes = Mapping[str, tuple[str, ...]]

WORDS = {
    "outfit": OUTFITS,
    "expression": EXPRESSIONS,
    "accessory": ACCESSORIES,
    "background": BACKGROUNDS,
    "view": VIEWS,
    "light": LIGHTS,
}
ATTRIBUTES: Attributes = {attribute: tuple(phrases) for attribute, phrases in WORDS.items()}
OF_PEOPLE: Attributes = {
    "hair_style": tuple(HAIR_STYLES), "skin_word": tuple(SKINS), "kind": tuple(KINDS), "age": tuple(AGES),
}  # fmt: skip
READ = ("outfit", "accessory", "background")
RELIABLE = {  # with their groups in the vocabulary: what the pack is told to say; accessories are read right in 94 %
    "outfit": "outfit",
    "background": "background",
}
BATCH = 48
SOFT_EVERY = 6


class AttributeClassifier(nn.Module):
    """128 x 128 pictures to logits, one group for each attribute."""

    def __init__(self, attributes: Attributes = ATTRIBUTES) -> None:
        super().__init__()
        widths = (3, 24, 48, 96, 128, 160)
        blocks: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            blocks += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            blocks += [nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.features = nn.Sequential(*blocks)
        self.head = nn.Linear(160 * 16, sum(map(len, attributes.values())))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).flatten(1))


class PromptReader(nn.Module):
    """128 x 128 pictures to logits, one group for each of READ; a fifth of the ruler's size."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 16, 32, 48, 80, 112)
        blocks: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            blocks += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            blocks += [nn.Conv2d(outputs, outputs, 3, 1, 1, groups=outputs, bias=False)]
            blocks += [nn.Conv2d(outputs, outputs, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.features = nn.Sequential(*blocks, nn.AvgPool2d(2))
        self.head = nn.Linear(112 * 4, sum(len(ATTRIBUTES[attribute]) for attribute in READ))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(x).flatten(1))


def train_attributes(run: Run, pictures: Pictures) -> AttributeClassifier:
    """The ruler."""
    model = _train(run, "attributes", AttributeClassifier, ATTRIBUTES, pictures, run.recipe.attribute_steps)
    assert isinstance(model, AttributeClassifier)
    return model


def train_people_ruler(run: Run, pictures: Pictures) -> AttributeClassifier:
    """A ruler of what is always a person's, and no part of the pack either."""

    def build() -> AttributeClassifier:
        return AttributeClassifier(OF_PEOPLE)

    model = _train(run, "people-ruler", build, OF_PEOPLE, pictures, run.recipe.attribute_steps)
    assert isinstance(model, AttributeClassifier)
    return model


def train_prompt_reader(run: Run, pictures: Pictures, softened: npt.NDArray[np.uint8]) -> PromptReader:
    """The pack's own. `softened` are every SOFT_EVERY-th of the pictures: it reads generated ones, which are never crisp."""
    read = {attribute: ATTRIBUTES[attribute] for attribute in READ}
    model = _train(run, "prompt-reader", PromptReader, read, pictures, run.recipe.prompt_reader_steps, softened)
    assert isinstance(model, PromptReader)
    return model


def _train(
    run: Run,
    name: str,
    build: Callable[[], nn.Module],
    attributes: Attributes,
    pictures: Pictures,
    steps: int,
    softened: npt.NDArray[np.uint8] | None = None,
) -> nn.Module:
    sizes = [len(names) for names in attributes.values()]
    labels = np.array([attribute_labels(*shown, attributes) for shown in pictures.shown])

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        if softened is not None and rng.random() < 0.5:
            soft = rng.integers(0, len(softened), run.recipe.batch(BATCH))
            chosen, pixels = soft * SOFT_EVERY, softened[soft]
        else:
            chosen = np.sort(rng.integers(0, len(pictures), run.recipe.batch(BATCH)))
            pixels = pictures.pixels[chosen]
        soft = rng.integers(48, 200) if rng.random() < 0.5 else 256  # generated pictures are softer than drawn ones
        changes = {"side": soft, "contrast": rng.uniform(0.85, 1.1), "noise": rng.uniform(0, 0.12)}
        return {"pixels": pixels, "labels": labels[chosen], **{name: np.asarray(v) for name, v in changes.items()}}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        x, truth, side = scaled(batch["pixels"]), batch["labels"], int(batch["side"])
        if side < x.shape[-1]:
            x = F.interpolate(F.interpolate(x, size=side, mode="area"), size=x.shape[-1], mode="bilinear")
        x = x * batch["contrast"].float() + batch["noise"].float() * torch.randn_like(x)
        with autocast():
            logits = model(F.interpolate(x, size=SIDE, mode="area"))
        parts = logits.float().split(sizes, 1)
        loss = sum(F.cross_entropy(p, t) for p, t in zip(parts, truth.T, strict=True))
        right = torch.stack([(p.argmax(1) == t).float().mean() for p, t in zip(parts, truth.T, strict=True)])
        return {"loss": torch.as_tensor(loss), "accuracy": right.mean()}

    return train(run, name, build, draw, losses, Schedule(steps, learning_rate=2e-3, ema=0.98))


def attribute_labels(person: Person, look: Look, attributes: Attributes = ATTRIBUTES) -> list[int]:
    values = person.__dict__ | look.__dict__
    return [names.index(values[attribute]) for attribute, names in attributes.items()]


@torch.no_grad()
def picture_features(model: AttributeClassifier, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(n, 160): what the ruler sees in the pictures (n, 256, 256, 3), before it names it."""
    found = []
    for start in range(0, len(pixels), 32):
        small = F.interpolate(to_tensor(pixels[start : start + 32]), size=(128, 128), mode="area")
        found.append(model.features(small).mean((2, 3)).double().cpu().numpy())
    return np.concatenate(found)


@torch.no_grad()
def read_attributes(
    model: AttributeClassifier, pixels: npt.NDArray[np.uint8], attributes: Attributes = ATTRIBUTES
) -> list[dict[str, str]]:
    """What each of the pictures (n, 256, 256, 3) shows, by attribute."""
    sizes = [len(names) for names in attributes.values()]
    found: list[dict[str, str]] = []
    for start in range(0, len(pixels), 32):
        small = F.interpolate(to_tensor(pixels[start : start + 32]), size=SIDE, mode="area")
        parts = model(small).split(sizes, 1)
        best = torch.stack([part.argmax(1) for part in parts], 1).tolist()
        found += [{a: names[k] for (a, names), k in zip(attributes.items(), row, strict=True)} for row in best]
    return found


def export_prompt_reader(model: PromptReader, folder: Path) -> None:
    """The folder that `[adherence]` of a pack.toml names: weights in float16, outputs and phrases by vocabulary group."""
    folder.mkdir(parents=True, exist_ok=True)
    labels = {group: list(vocabulary_groups()[group]) for group in RELIABLE.values()}
    (folder / "labels.json").write_text(json.dumps(labels, indent=1))
    file = folder / "adherence.onnx"
    split = _Split(model)
    torch.onnx.export(
        split.cpu().float().eval(), (torch.zeros(1, 3, SIDE, SIDE),), str(file), input_names=[INPUT],
        output_names=list(labels), opset_version=17, dynamo=False,
    )  # fmt: skip
    halve(file)


class _Split(nn.Module):
    """One output for each group of logits that is reliable."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        parts = self.model(x).split([len(ATTRIBUTES[attribute]) for attribute in READ], 1)
        return tuple(part for attribute, part in zip(READ, parts, strict=True) if attribute in RELIABLE)
