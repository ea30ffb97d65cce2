"""A small classifier of what a drawn picture shows: the ruler for prompt adherence. It is not part of the pack."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from training.autoencoder import to_tensor
from training.dataset import Pictures
from training.loop import Losses, Schedule, autocast, device, train
from training.recipe import Run
from training.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, LIGHTS, OUTFITS, VIEWS, Look

ATTRIBUTES: dict[str, tuple[str, ...]] = {
    "outfit": tuple(OUTFITS),
    "expression": tuple(EXPRESSIONS),
    "accessory": tuple(ACCESSORIES),
    "background": tuple(BACKGROUNDS),
    "view": tuple(VIEWS),
    "light": tuple(LIGHTS),
}
BATCH = 48


class AttributeClassifier(nn.Module):
    """128 x 128 pictures to logits, one group for each of ATTRIBUTES."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 24, 48, 96, 128, 160)
        blocks: list[nn.Module] = []
        for inputs, outputs in pairwise(widths):
            blocks += [nn.Conv2d(inputs, outputs, 3, 2, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
            blocks += [nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
        self.features = nn.Sequential(*blocks)
        self.head = nn.Linear(160 * 16, sum(map(len, ATTRIBUTES.values())))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.features(F.interpolate(x, size=(128, 128), mode="area")).flatten(1))


def train_attributes(run: Run, pictures: Pictures) -> AttributeClassifier:
    sizes = [len(names) for names in ATTRIBUTES.values()]
    labels = torch.tensor([attribute_labels(pictures.look(i)) for i in range(len(pictures))])

    def losses(model: nn.Module, rng: np.random.Generator, progress: float) -> Losses:
        chosen = rng.integers(0, len(pictures), BATCH)
        x = to_tensor(pictures.pixels[np.sort(chosen)])
        truth = labels[np.sort(chosen)].to(device())
        small = int(rng.integers(48, 200))  # generated pictures are softer than drawn ones
        if rng.random() < 0.5:
            x = F.interpolate(F.interpolate(x, size=small, mode="area"), size=256, mode="bilinear")
        x = x * float(rng.uniform(0.85, 1.1)) + float(rng.uniform(0, 0.12)) * torch.randn_like(x)
        with autocast():
            logits = model(x)
        parts = logits.float().split(sizes, 1)
        loss = sum(F.cross_entropy(p, t) for p, t in zip(parts, truth.T, strict=True))
        right = torch.stack([(p.argmax(1) == t).float().mean() for p, t in zip(parts, truth.T, strict=True)])
        return {"loss": torch.as_tensor(loss), "accuracy": right.mean()}

    model = train(
        run,
        "attributes",
        AttributeClassifier,
        losses,
        Schedule(run.recipe.attribute_steps, learning_rate=2e-3, ema=0.98),
    )
    assert isinstance(model, AttributeClassifier)
    return model


def attribute_labels(look: Look) -> list[int]:
    return [names.index(getattr(look, attribute)) for attribute, names in ATTRIBUTES.items()]


@torch.no_grad()
def picture_features(model: AttributeClassifier, pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """(n, 160): what the ruler sees in the pictures (n, 256, 256, 3), before it names it."""
    found = []
    for start in range(0, len(pixels), 32):
        small = F.interpolate(to_tensor(pixels[start : start + 32]), size=(128, 128), mode="area")
        found.append(model.features(small).mean((2, 3)).double().cpu().numpy())
    return np.concatenate(found)


@torch.no_grad()
def read_attributes(model: AttributeClassifier, pixels: npt.NDArray[np.uint8]) -> list[dict[str, str]]:
    """What each of the pictures (n, 256, 256, 3) shows, by attribute."""
    sizes = [len(names) for names in ATTRIBUTES.values()]
    found: list[dict[str, str]] = []
    for start in range(0, len(pixels), 32):
        parts = model(to_tensor(pixels[start : start + 32])).split(sizes, 1)
        best = torch.stack([part.argmax(1) for part in parts], 1).tolist()
        found += [{a: names[k] for (a, names), k in zip(ATTRIBUTES.items(), row, strict=True)} for row in best]
    return found
