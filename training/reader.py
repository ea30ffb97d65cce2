"""Reads from latents what a picture shows and who is in it: a teacher for the generator.

An expression is a few strokes: five of 256 latents, lost in a squared error over all of them. The reader says what each
means, so that the generator is told when a predicted picture is read as another mood, outfit or person than it should be.
It knows the steering encoder's embeddings and nothing of the judge, and the ruler that measures adherence
(attributes.py) is another network, on pixels.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drawn_world.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, LIGHTS, OUTFITS, VIEWS, Look, Person
from training.autoencoder import LATENT_CHANNELS
from training.dataset import Pictures
from training.encoders import FEATURES
from training.loop import Batch, Drawn, Losses, Schedule, autocast, train
from training.recipe import Run

BATCH = 128
SHOWN: dict[str, tuple[object, ...]] = {
    "outfit": tuple(OUTFITS), "expression": tuple(EXPRESSIONS), "accessory": tuple(ACCESSORIES),
    "background": tuple(BACKGROUNDS), "view": tuple(VIEWS), "light": tuple(LIGHTS), **FEATURES,
}  # fmt: skip
SIZES = [len(values) for values in SHOWN.values()]


class Reader(nn.Module):
    """Latents (n, 16, 16, 16) to logits of SHOWN, side by side, and to an identity (n, 512)."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for stride, (inputs, outputs) in zip((1, 2, 2), pairwise((LATENT_CHANNELS, 64, 128, 192)), strict=True):
            blocks += [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.GroupNorm(8, outputs), nn.SiLU()]
            blocks += [nn.Conv2d(outputs, outputs, 3, 1, 1), nn.GroupNorm(8, outputs), nn.SiLU()]
        self.features = nn.Sequential(*blocks)
        self.named, self.identity = nn.Linear(192 * 16, sum(SIZES)), nn.Linear(192 * 16, 512)

    def forward(self, latents: Tensor) -> tuple[Tensor, Tensor]:
        features = self.features(latents).flatten(1)
        return self.named(features), self.identity(features)


def train_reader(run: Run, pictures: Pictures, latents: Tensor, identities: npt.NDArray[np.float32]) -> Reader:
    """`latents` (n, 16, 16, 16) and `identities` (n, 512) belong to the pictures, in their order."""
    labels, known = shown(pictures).numpy(), latents.numpy()

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen = rng.integers(0, len(pictures), run.recipe.batch(BATCH))
        return {"latents": known[chosen], "labels": labels[chosen], "identities": identities[chosen]}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, Reader)
        clean = batch["latents"].float()
        noise = 0.7 * torch.rand(len(clean), 1, 1, 1, device=clean.device)  # predictions are never exact
        with autocast():
            named, identity = model(clean + noise * torch.randn_like(clean))
        wrong, other = misread(named.float(), identity.float(), batch["labels"], batch["identities"])
        return {"loss": (wrong + other).mean(), "misread": wrong.detach().mean(), "another": other.detach().mean()}

    model = train(run, "reader", Reader, draw, losses, Schedule(run.recipe.reader_steps, learning_rate=2e-3, ema=0.99))
    assert isinstance(model, Reader)
    return model.requires_grad_(False)


def misread(named: Tensor, identity: Tensor, labels: Tensor, identities: Tensor) -> tuple[Tensor, Tensor]:
    """(n,) and (n,): the mean cross-entropy over SHOWN, and one minus the cosine to the identities (n, 512)."""
    parts = zip(named.split(SIZES, 1), labels.T, strict=True)
    wrong = torch.stack([F.cross_entropy(logits, truth, reduction="none") for logits, truth in parts]).mean(0)
    return wrong, 1 - F.cosine_similarity(identity, identities)


def shown(pictures: Pictures) -> Tensor:
    """(n, kinds): for each picture the index of what it shows of each kind in SHOWN."""

    def labels(person: Person, look: Look) -> list[int]:
        values = person.__dict__ | look.__dict__
        return [names.index(values[kind]) for kind, names in SHOWN.items()]

    return torch.tensor([labels(person, look) for person, look in pictures.shown])
