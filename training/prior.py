"""The identity prior (`[prior]` in pack.toml): words and chance to the face of somebody whom the words describe.

A face that an identity steers is drawn far better than one of words alone. So words get an identity, as DALL-E 2's prior
gives them an image's embedding (Ramesh et al. 2022, https://arxiv.org/abs/2204.06125): rectified flow (Liu et al. 2022,
https://arxiv.org/abs/2209.03003) on the steering encoder's embeddings of drawn people, whom neither encoder was trained on,
with classifier-free guidance. Of 512 numbers the encoder uses fewer: the flow runs along their first principal axes. The
whole way from noise to an identity is one ONNX file, so a pack's prior may be of any kind.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drawn_world.people import People
from drawn_world.world import AGES, BUILDS, HAIR_STYLES, KINDS, MARKS, Person, marks, person, vocabulary_groups
from pipeline.prior import IDENTITY, NOISE, WORDS_SAID
from training.dataset import Pictures
from training.encoders import Encode
from training.loop import Batch, Drawn, Losses, Schedule, train
from training.onnx_files import halve
from training.recipe import Run

GROUPS = ("hair", "hair colour", "eyes", "skin", "body", "marks")  # of the vocabulary: what is always a person's
WORDS = {group: tuple(vocabulary_groups()[group]) for group in GROUPS}
PHRASES = [phrase for phrases in WORDS.values() for phrase in phrases]
BATCH = 256
AXES, WIDTH, HIDDEN, BLOCKS = 128, 256, 512, 4
STEPS, GUIDANCE = 16, 1.5  # from noise to an identity; at 2 two people of the same words become one
Floats = npt.NDArray[np.float32]


class Flow(nn.Module):
    """Where points (n, 128) between noise (time 0) and identities (time 1) move to, by words (n, phrases)."""

    def __init__(self) -> None:
        super().__init__()
        self.point, self.words = nn.Linear(AXES, WIDTH), nn.Linear(len(PHRASES), WIDTH)
        self.time = nn.Sequential(nn.Linear(32, WIDTH), nn.SiLU(), nn.Linear(WIDTH, WIDTH))
        self.told = nn.ModuleList(nn.Linear(WIDTH, HIDDEN) for _ in range(BLOCKS))
        self.into = nn.ModuleList(nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, HIDDEN)) for _ in range(BLOCKS))
        self.back = nn.ModuleList(nn.Linear(HIDDEN, WIDTH) for _ in range(BLOCKS))
        self.out = nn.Sequential(nn.LayerNorm(WIDTH), nn.Linear(WIDTH, AXES))

    def forward(self, points: Tensor, times: Tensor, words: Tensor) -> Tensor:
        waves = times[:, None] * torch.pi * 2.0 ** (torch.arange(16, device=times.device) / 2)
        told = F.silu(self.words(words) + self.time(torch.cat([waves.sin(), waves.cos()], 1)))
        x = self.point(points)
        for tell, into, back in zip(self.told, self.into, self.back, strict=True):
            x = x + back(F.silu(into(x) + tell(told)))
        return self.out(x)


class Prior(nn.Module):
    """Noise (n, 128) and words (n, phrases; 1 for what is said, -1 for what is kept out) to identities (n, 512)."""

    def __init__(self) -> None:
        super().__init__()
        self.flow = Flow()
        self.register_buffer("mean", torch.zeros(512))
        self.register_buffer("axes", torch.zeros(AXES, 512))

    def forward(self, noise: Tensor, words: Tensor) -> Tensor:
        points, both = noise, torch.cat([words, torch.zeros_like(words)])
        for step in range(STEPS):
            times = torch.full((1,), step / STEPS)
            said, unsaid = self.flow(torch.cat([points, points]), times, both).chunk(2)
            points = points + (unsaid + GUIDANCE * (said - unsaid)) / STEPS
        return F.normalize(self.mean + points @ self.axes)


def train_prior(run: Run, group: People, shown: Floats) -> Prior:
    """Of the identities (people, 512) of a group."""
    truth = np.stack([_described(person(seed)) for seed in range(group.first, group.first + group.count)])
    mean, axes = _principal_axes(shown)
    known = ((shown - mean) @ np.linalg.pinv(axes)).astype(np.float32)

    def build() -> Prior:
        prior = Prior()
        prior.mean.copy_(torch.from_numpy(mean))
        prior.axes.copy_(torch.from_numpy(axes))
        return prior

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen = rng.integers(0, group.count, run.recipe.batch(BATCH))
        return {"known": known[chosen], "words": _told(truth[chosen], rng)}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, Prior)
        known = batch["known"]
        noise, times = torch.randn_like(known), torch.rand(len(known), device=known.device)
        points = torch.lerp(noise, known, times[:, None])
        return {"loss": F.mse_loss(model.flow(points, times, batch["words"]), known - noise)}

    model = train(run, "prior", build, draw, losses, Schedule(run.recipe.prior_steps, learning_rate=1e-3, ema=0.99))
    assert isinstance(model, Prior)
    return model


def identities(faces: Pictures, encode: Encode) -> Floats:
    """(people, 512), of unit length, of aligned faces (n, 128, 128, 3): the mean of each one's looks."""
    found = []
    for start in range(0, len(faces), 128):
        embeddings = encode(np.ascontiguousarray(faces.pixels[start : start + 128, 8:-8, 8:-8]))
        found.append(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True))
    means = np.concatenate(found).reshape(faces.people.count, faces.people.looks, -1).mean(1)
    return (means / np.linalg.norm(means, axis=1, keepdims=True)).astype(np.float32)


def _principal_axes(shown: Floats) -> tuple[Floats, Floats]:
    """The mean (512,) and the first axes (128, 512), all as long as points along them deviate on average."""
    mean = shown.mean(0)
    _, spread, axes = np.linalg.svd(shown - mean, full_matrices=False)
    deviation = np.sqrt(np.square(spread[:AXES]).mean() / len(shown))
    found = np.zeros((AXES, 512), np.float32)
    found[: len(axes)] = (axes * deviation)[:AXES]
    return mean, found


def _described(somebody: Person) -> Floats:
    """(phrases,): 1 for each that is true of them."""
    true = {
        ("hair", HAIR_STYLES[somebody.hair_style][0]), ("hair colour", f"{somebody.hair_word} hair"),
        ("eyes", f"{somebody.eye_word} eyes"), ("skin", f"{somebody.skin_word} skin"), ("body", KINDS[somebody.kind][0]),
        ("body", AGES[somebody.age][0]), ("body", BUILDS[somebody.build][0]),
        *(("marks", MARKS[mark][0]) for mark in marks(somebody)),
    }  # fmt: skip
    if somebody.hair_style == "bald":
        true.remove(("hair colour", f"{somebody.hair_word} hair"))
    return np.array([(group, phrase) in true for group, phrases in WORDS.items() for phrase in phrases], np.float32)


_SELDOM_SAID = {AGES["adult"][0]: 0.3, BUILDS["average"][0]: 0.2}  # what goes without saying, as in captions
_OFTEN_SAID = {phrases[0]: 0.95 for phrases in MARKS.values()}  # or whoever is asked for without one has it at times


def _told(truth: Floats, rng: np.random.Generator) -> Floats:
    """What is said of people (n, phrases) and what is kept out: mostly much of the truth, at times little or nothing."""
    n = len(truth)
    share = np.where(rng.random((n, 1)) < 0.6, 0.85, rng.random((n, 1)))
    each = share * [_SELDOM_SAID.get(phrase, 1.0) for phrase in PHRASES]
    often = np.array([_OFTEN_SAID.get(phrase, 0.0) for phrase in PHRASES])
    said = truth * (rng.random(truth.shape) < np.maximum(each, often))
    kept_out = (1 - truth) * (rng.random(truth.shape) < 0.03)
    return ((said - kept_out) * (rng.random((n, 1)) > 0.1)).astype(np.float32)


def export_prior(model: Prior, folder: Path) -> None:
    """The folder that `[prior]` of a pack.toml names: weights in float16, and the phrases that it knows."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "labels.json").write_text(json.dumps(WORDS, indent=1))
    file = folder / "prior.onnx"
    example = (torch.zeros(1, AXES), torch.zeros(1, len(PHRASES)))
    torch.onnx.export(
        model.cpu().float().eval(), example, str(file), input_names=[NOISE, WORDS_SAID], output_names=[IDENTITY],
        opset_version=17, dynamo=False,
    )  # fmt: skip
    halve(file)
