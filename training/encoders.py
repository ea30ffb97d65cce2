"""Two face encoders that insightface routes as ArcFace (1 x 3 x 112 x 112 to 512), trained on different people.

The steering one is a residual network with an ArcFace margin (Deng et al. 2019, https://arxiv.org/abs/1801.07698); the judge
is a plain network on 4 x 4 patches with squeeze-and-excitation (Hu et al. 2018, https://arxiv.org/abs/1709.01507) and a
CosFace margin (Wang et al. 2018, https://arxiv.org/abs/1801.09414). insightface 2.1 takes a model of square pictures, 112
pixels a side or 16 n more, for such an encoder (model_zoo/model_zoo.py, lines 151 to 156). Both also name the person's known
features (hair style, eye colour, ...) while they train: with few pictures of each person that gets the margin loss going in a
fraction of the steps. An eighth of what they see is drawn again by the VAE from noisy latents, as soft as a generated picture,
but of a person who is certain. Normalisation stays outside the graphs: insightface does it, (pixel - 127.5) / 127.5 on RGB.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from drawn_world.world import (
    AGES,
    BUILDS,
    EYE_COLOURS,
    EYE_SHAPES,
    FRINGES,
    HAIR_COLOURS,
    HAIR_STYLES,
    KINDS,
    NOSES,
    SKINS,
    Person,
    person,
)
from training.dataset import CROP, Pictures, align
from training.loop import Batch, Drawn, Losses, Schedule, autocast, device, train
from training.recipe import Run

BATCH = 96
SOFT_EVERY = 8  # one picture in so many is seen softened
SCALE, ARC_MARGIN, COS_MARGIN = 32.0, 0.35, 0.25
Bytes = npt.NDArray[np.uint8]
Encode = Callable[[npt.NDArray[np.uint8]], npt.NDArray[np.float32]]  # RGB crops (n, 112, 112, 3) to embeddings (n, 512)


class Residual(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            nn.BatchNorm2d(inputs), nn.Conv2d(inputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs), nn.PReLU(outputs),
            nn.Conv2d(outputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs),
        )  # fmt: skip
        shortcut = (nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))
        self.shortcut = nn.Identity() if stride == 1 and inputs == outputs else nn.Sequential(*shortcut)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x) + self.shortcut(x)


def steering_encoder() -> nn.Module:
    """A small IResNet (ArcFace's) with a global depthwise convolution (MobileFaceNet's: Chen et al. 2018,
    https://arxiv.org/abs/1804.07573) before the embedding."""
    stem = (nn.Conv2d(3, 24, 3, 2, 1, bias=False), nn.BatchNorm2d(24), nn.PReLU(24))
    stages = (
        Residual(24, 48, 2),
        Residual(48, 96, 2),
        Residual(96, 96, 1),
        Residual(96, 192, 2),
        Residual(192, 192, 1),
    )
    head = (nn.BatchNorm2d(192), nn.Conv2d(192, 192, 7, groups=192, bias=False), nn.BatchNorm2d(192), nn.Flatten())
    return nn.Sequential(*stem, *stages, *head, nn.Linear(192, 512, bias=False), nn.BatchNorm1d(512))


class Squeezed(nn.Module):
    def __init__(self, inputs: int, outputs: int, stride: int) -> None:
        super().__init__()
        self.conv = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.SiLU()
        )
        self.gate = nn.Sequential(
            nn.Conv2d(outputs, outputs // 8, 1), nn.SiLU(), nn.Conv2d(outputs // 8, outputs, 1), nn.Sigmoid()
        )

    def forward(self, x: Tensor) -> Tensor:
        x = self.conv(x)
        return x * self.gate(x.mean((2, 3), keepdim=True))


class Judge(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        patches = (nn.Conv2d(3, 64, 4, 4, bias=False), nn.BatchNorm2d(64), nn.SiLU())
        blocks = (Squeezed(64, 64, 1), Squeezed(64, 128, 2), Squeezed(128, 128, 1), Squeezed(128, 192, 2))
        self.features = nn.Sequential(*patches, *blocks)
        self.head = nn.Sequential(nn.Linear(192 * 2 + 192 * 9, 512, bias=False), nn.BatchNorm1d(512))

    def forward(self, x: Tensor) -> Tensor:
        x = self.features(x)
        pooled = (x.mean((2, 3)), x.amax((2, 3)), F.avg_pool2d(x, 3, 2).flatten(1))
        return self.head(torch.cat(pooled, 1))


class MarginHead(nn.Module):
    """One unit vector per person; the true person's logit is made harder by a margin."""

    def __init__(self, people: int, arc: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.randn(people, 512) * 0.01)
        self.arc = arc

    def forward(self, embedding: Tensor, person: Tensor, strength: float) -> Tensor:
        cosine = (F.normalize(embedding) @ F.normalize(self.weight).T).clamp(-1 + 1e-6, 1 - 1e-6)
        true = cosine.gather(1, person[:, None])
        if self.arc:
            margin = ARC_MARGIN * strength
            harder = true * math.cos(margin) - (1 - true.square()).sqrt() * math.sin(margin)
        else:
            harder = true - COS_MARGIN * strength
        return SCALE * cosine.scatter(1, person[:, None], harder)


FEATURES: dict[str, tuple[object, ...]] = {
    "hair_style": tuple(HAIR_STYLES), "hair_word": tuple(HAIR_COLOURS), "fringe": FRINGES, "eye_word": tuple(EYE_COLOURS),
    "eye_shape": EYE_SHAPES, "skin_word": tuple(SKINS), "nose": NOSES, "kind": tuple(KINDS), "age": tuple(AGES),
    "build": tuple(BUILDS), "scar": (0, 1, 2, 3),
    "beard": ("", "stubble", "moustache", "goatee", "full"), "freckles": (False, True), "pointed_ears": (False, True),
}  # fmt: skip


def feature_labels(person: Person) -> list[int]:
    """The index of each of the person's features among its possible values."""
    return [values.index(getattr(person, name)) for name, values in FEATURES.items()]


def train_encoder(
    run: Run, name: str, build: Callable[[], nn.Module], people: Pictures, soft: Bytes, steps: int, arc: bool
) -> nn.Module:
    """Trains the encoder that `build` gives to tell the people of the pictures apart.

    `soft` (n / SOFT_EVERY, 128, 128, 3) stands for every SOFT_EVERY-th of the pictures.
    """
    sizes = [len(values) for values in FEATURES.values()]
    group = people.people

    def whole() -> nn.Module:
        encoder, head = build(), MarginHead(group.count, arc)
        start_from_means(head, encoder, people)
        return nn.ModuleDict({"encoder": encoder, "head": head, "features": nn.Linear(512, sum(sizes))})

    labels = np.array([feature_labels(person(seed)) for seed in range(group.first, group.first + group.count)])

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen = rng.integers(0, len(people), run.recipe.batch(BATCH))
        crops = [people.pixels[i] if i % SOFT_EVERY else soft[i // SOFT_EVERY] for i in chosen]
        return {"crops": np.stack(crops), "who": chosen // group.looks, "labels": labels[chosen // group.looks]}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, nn.ModuleDict)
        faces, target = normalised(augmented(batch["crops"])), batch["who"]
        with autocast():
            embedding = model["encoder"](faces)
        logits = model["head"](embedding.float(), target, strength=min(1.0, 2 * progress))
        named = model["features"](embedding.float()).split(sizes, 1)
        features = sum(F.cross_entropy(n, y) for n, y in zip(named, batch["labels"].T, strict=True)) / len(sizes)
        margin = F.cross_entropy(logits, target)
        accuracy = (logits.argmax(1) == target).float().mean()
        return {
            "loss": margin + 4 * features,
            "margin": margin.detach(),
            "features": features.detach(),
            "accuracy": accuracy,
        }

    found = train(run, name, whole, draw, losses, Schedule(steps, learning_rate=2e-3, weight_decay=0.02, ema=0.995))
    assert isinstance(found, nn.ModuleDict)
    return found["encoder"]


@torch.no_grad()
def start_from_means(head: MarginHead, encoder: nn.Module, people: Pictures) -> None:
    """Each person's vector begins where the encoder puts one of their pictures: a trained one need not search for it."""
    encode, looks = trained(encoder), people.people.looks
    crops = people.pixels[::looks, 8:-8, 8:-8]
    found = [encode(np.ascontiguousarray(crops[i : i + 128])) for i in range(0, len(crops), 128)]
    head.weight.copy_(F.normalize(torch.from_numpy(np.concatenate(found))) * 0.2)
    encoder.train()


def normalised(crops: Tensor) -> Tensor:
    """(n, 3, 112, 112) RGB from 0 to 255 to the encoders' input, as insightface makes it."""
    return crops.float().sub(127.5).div(127.5).contiguous(memory_format=torch.channels_last)


def augmented(crops: Tensor) -> Tensor:
    """(n, 128, 128, 3) bytes to (n, 3, 112, 112) from 0 to 255, as a detector and a generator would leave them: each a
    little off, half of them soft, half of another brightness."""
    n, where = len(crops), crops.device
    angle, scale = 0.052 * torch.randn(n, device=where), 1 + 0.12 * (torch.rand(n, device=where) - 0.5)
    shift = 1.6 * torch.randn(2, n, device=where)
    return developed(cut(crops, angle, scale, scale, shift))


def cut(crops: Tensor, angle: Tensor, across: Tensor, down: Tensor, shift: Tensor) -> Tensor:
    """The inner 112 pixels of (n, 128, 128, 3) bytes as (n, 3, 112, 112), each turned by its `angle` (n,) in radians, shrunk by
    `across` and `down` (n,; a negative one mirrors) and moved by `shift` (2, n) in pixels."""
    cosine, sine, inner = angle.cos(), angle.sin(), 112 / CROP
    moved = shift * 2 / CROP
    rows = [cosine * across, -sine * down, moved[0] / inner, sine * across, cosine * down, moved[1] / inner]
    matrix = inner * torch.stack(rows, 1).view(len(crops), 2, 3)
    grid = F.affine_grid(matrix, [len(crops), 3, 112, 112], align_corners=False)
    pixels = crops.permute(0, 3, 1, 2).float()
    return F.grid_sample(pixels, grid, padding_mode="border", align_corners=False)


def developed(pixels: Tensor) -> Tensor:
    """Pictures (n, 3, h, w) from 0 to 255, half of them soft, half of another brightness, some noisy."""
    n, where = len(pixels), pixels.device

    def some(share: float, low: float, high: float, channels: int = 1) -> Tensor:
        """(n, channels, 1, 1): chances between the bounds for a share of the pictures, nothing for the others."""
        chances = low + (high - low) * torch.rand(n, channels, 1, 1, device=where)
        return chances * (torch.rand(n, 1, 1, 1, device=where) < share)

    pixels = blurred(pixels, some(0.5, 0.4, 1.6))
    pixels = pixels * (1 + some(0.4, -0.12, 0.1) + some(0.15, -0.08, 0.08, 3)) + some(0.4, -10, 10)
    return (pixels + some(0.4, 0, 5) * torch.randn_like(pixels)).clamp(0, 255)


def blurred(pixels: Tensor, sigma: Tensor) -> Tensor:
    """Pictures (n, c, h, w), each by a Gaussian of its own deviation, `sigma` (n, 1, 1, 1) pixels, of up to 4 of them."""
    side, reach = pixels.shape[-1], 4
    weights = [torch.exp(-(k**2) / (2 * sigma.square() + 1e-6)) for k in range(-reach, reach + 1)]
    for axis in (-1, -2):
        edges = (reach, reach, 0, 0) if axis == -1 else (0, 0, reach, reach)
        wide = F.pad(pixels, edges, mode="replicate")
        pixels = sum(w * wide.narrow(axis, k, side) for k, w in enumerate(weights)) / sum(weights)
    return pixels


def embed(encode: Encode, pictures: Pictures) -> npt.NDArray[np.float32]:
    """Unit-length embeddings (n, 512) of whole pictures, aligned by their true landmarks."""
    found = []
    for start in range(0, len(pictures), 128):
        some = range(start, min(start + 128, len(pictures)))
        crops = np.stack([align(pictures.pixels[i], pictures.landmarks[i]) for i in some])
        embeddings = encode(crops)
        found.append(embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True))
    return np.concatenate(found)


def trained(encoder: nn.Module) -> Encode:
    """A model of this run."""
    encoder.to(device(), memory_format=torch.channels_last).eval()

    @torch.no_grad()
    def encode(crops: npt.NDArray[np.uint8]) -> npt.NDArray[np.float32]:
        with autocast():
            pixels = torch.from_numpy(crops).to(device()).permute(0, 3, 1, 2)
            return encoder(normalised(pixels)).float().cpu().numpy()

    return encode
