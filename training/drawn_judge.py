"""A judge of drawn faces by any hand: an ArcFace-format encoder (1 x 3 x 112 x 112 to 512) trained on many artists' people.

It sees the whole head: the landmarks are spread to LANDMARK_SCALE times their size about their centre before insightface's crop,
so that hair is in it (`landmark_scale` in a pack's [judge]). It learns to tell people of one hand apart, since who tells hands
apart has learnt nothing about people: a batch holds a few hands with several people each, and a person's rivals in the softmax
are people by the same hand alone. The pictures of a batch are compared with one another (Khosla et al. 2020, https://arxiv.org/abs/2004.11362, with a
margin), and where a hand drew many people, with a vector for each of them (CosFace, Wang et al. 2018,
https://arxiv.org/abs/1801.09414). People whom their hand drew alike (`Portraits.twins`) are no rivals. All
people of a hand are mirrored, stretched and recoloured together at times: that makes another hand of it.

What the plain judge, which saw more people of the drawn world and nothing else, makes of a face there, the new one learns to
tell as well (by a matrix of its own, so that the embeddings need not be the same). Without it, most of that was forgotten.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional as F

from evaluation.portraits import Portraits
from training.autoencoder import soften
from training.dataset import CROP, Pictures, align, pictures
from training.detector import Detector, export_detector, made_stricter, train_detector
from training.encoders import (
    FEATURES,
    SCALE,
    SOFT_EVERY,
    Bytes,
    Encode,
    Judge,
    Squeezed,
    cut,
    developed,
    embed,
    feature_labels,
    normalised,
    trained,
)
from training.loop import Batch, Drawn, Losses, Schedule, autocast, train
from training.onnx_files import export, read_weights
from training.pack import DETECTOR_FILE
from training.recipe import Run

DETECTOR, JUDGE = "det_drawn.onnx", "rec_drawn.onnx"
CERTAINTY = 0.7  # of a face: on 100 hands never trained on 0.3 % of pictures then show a false one, at 0.5 they are 3 %
LANDMARK_SCALE = 1.6
MARGIN = 0.25
TAUGHT = 20.0  # how much the plain judge's opinion weighs
PEOPLE, PICTURES = 8, 3  # of one hand in a batch, and of each of them
BATCH = 4 * PEOPLE * PICTURES
MANY = 4 * PEOPLE  # people of a hand: more of them than meet in a batch
APART = -1e4  # a logit that no softmax sees


def make_drawn_judge(run: Run, many: Sequence[Portraits], start: Path, plain: Path | None = None) -> None:
    """Draws, trains and writes DETECTOR and JUDGE to `run.pack`: from the drawn world and from portraits by many hands.

    The detector begins as that of `start`, an embedded pack whose VAE softens pictures too; the judge as the plain judge in
    the ONNX file `plain`, if there is one, which also teaches it what to make of the drawn world. The drawn world and each of the `many` weigh alike, however many hands drew
    them. Killed, it goes on. Raises TimeIsUp as `train` does.
    """
    world, recipe = pictures(run.folder / "data" / "drawn-world", run.recipe.drawn_judge_people), run.recipe
    found = train_detector(
        run,
        "drawn-detector",
        lambda: read_weights(Detector(), start / DETECTOR_FILE),
        [world, *many],
        recipe.drawn_detector_steps,
    )
    assert isinstance(found, Detector)
    export_detector(made_stricter(found, CERTAINTY), run.pack / DETECTOR)
    sources = [
        _of_the_world(run, world, start, plain),
        *(Source(portraits, whole_heads(portraits)) for portraits in many),
    ]
    judge = train_drawn_judge(run, "drawn-judge", lambda: build_drawn_judge(plain), sources, recipe.drawn_judge_steps)
    export(judge, run.pack / JUDGE)


def _of_the_world(run: Run, world: Pictures, start: Path, plain: Path | None) -> Source:
    """Every SOFT_EVERY-th picture is softened whole, then cut: the VAE makes more of a mess of a smaller face."""
    kept = run.file(f"soft-{world.people.name}.npy")
    if not kept.exists():
        vae = AutoencoderKL.from_pretrained(start / "vae", dtype=torch.float32)
        np.save(kept, soften(vae, world.pixels[::SOFT_EVERY]))
    soft = [whole_head(*shown) for shown in zip(np.load(kept), world.landmarks[::SOFT_EVERY], strict=True)]
    taught = None if plain is None else embed(trained(read_weights(Judge(), plain)), world)
    return Source(as_portraits(world), whole_heads(world), np.stack(soft), True, taught)


class Deepened(Squeezed):
    """A block that adds to what it is given; nothing at first."""

    def __init__(self, width: int) -> None:
        super().__init__(width, width, 1)
        norm = self.conv[1]
        assert isinstance(norm, nn.BatchNorm2d)
        nn.init.zeros_(norm.weight)

    def forward(self, x: Tensor) -> Tensor:
        return x + super().forward(x)


class DrawnJudge(Judge):
    """The plain judge, deeper by two blocks: 2.3 million parameters."""

    def __init__(self) -> None:
        super().__init__()
        self.features = nn.Sequential(*self.features, Deepened(192), Deepened(192))


def build_drawn_judge(start: Path | None = None) -> DrawnJudge:
    """A new one; or one that begins with the weights of the plain judge in the ONNX file `start`, and computes what it does."""
    judge = DrawnJudge()
    if start is not None:
        judge.load_state_dict(read_weights(Judge(), start).state_dict(), strict=False)
    return judge


def whole_head(
    pixels: npt.NDArray[np.uint8], landmarks: npt.NDArray[np.float32], size: int = CROP
) -> npt.NDArray[np.uint8]:
    """What the judge sees of a picture with a face at these landmarks (5, 2); `size` as in `align`."""
    middle = landmarks.mean(0)
    return align(pixels, middle + LANDMARK_SCALE * (landmarks - middle), size)


def whole_heads(shown: Pictures | Portraits) -> npt.NDArray[np.uint8]:
    """Of all pictures: (n, 128, 128, 3)."""
    return np.stack([whole_head(p, k) for p, k in zip(shown.pixels, shown.landmarks, strict=True)])


def as_portraits(shown: Pictures) -> Portraits:
    """The drawn world as one hand among others; a person's features are those that `feature_labels` numbers."""
    group = shown.people
    people = [shown.person(i) for i in range(0, len(shown), group.looks)]
    return Portraits(
        shown.pixels, shown.boxes, shown.landmarks,
        np.repeat(np.arange(group.count), group.looks), np.zeros(group.count, np.int64),
        np.array([feature_labels(person) for person in people], np.int64), ("paperdoll",),
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Source:
    """Portraits to learn from, as the judge sees them."""

    portraits: Portraits
    heads: Bytes  # (n, 128, 128, 3)
    soft: Bytes | None = None  # (n / SOFT_EVERY, 128, 128, 3): stands for every SOFT_EVERY-th of the heads
    named: bool = False  # whether the encoder also names its people's features, FEATURES of the drawn world
    taught: npt.NDArray[np.float32] | None = None  # (n, 512) unit length: what the plain judge makes of the faces

    @cached_property
    def pictures_of(self) -> list[npt.NDArray[np.int64]]:
        """The numbers of each person's pictures."""
        firsts = np.searchsorted(self.portraits.person, np.arange(len(self.portraits.hand) + 1))
        return [np.arange(first, last) for first, last in itertools.pairwise(firsts)]

    def head(self, i: int) -> npt.NDArray[np.uint8]:
        return self.heads[i] if self.soft is None or i % SOFT_EVERY else self.soft[i // SOFT_EVERY]


class _Drawer:
    """One hand of a source: what a batch takes of it."""

    def __init__(self, source: Source, hand: int) -> None:
        self.source = source
        self.people = np.flatnonzero(source.portraits.hand == hand)

    def part(self, rng: np.random.Generator, features: int) -> tuple[npt.NDArray[Any], ...]:
        """Pictures of some of its people: crops, the people's numbers within the hand, their features or -1."""
        source, chosen = self.source, rng.permutation(len(self.people))[:PEOPLE]
        mine = [rng.permutation(source.pictures_of[self.people[number]])[:PICTURES] for number in chosen]
        who = np.repeat(chosen, [len(pictures) for pictures in mine])
        crops = np.stack([source.head(int(i)) for pictures in mine for i in pictures])
        named = source.portraits.features[self.people[who]] if source.named else np.full((len(who), features), -1)
        pictures = np.concatenate(mine)
        taught = np.zeros((len(who), 512), np.float32) if source.taught is None else source.taught[pictures]
        return crops, who, named, taught

    def start(self, encode: Encode) -> npt.NDArray[np.float32]:
        """(p, 512): where the encoder puts one picture of each of its people, for a trained one a good place to begin."""
        if len(self.people) <= MANY:
            return np.zeros((len(self.people), 512), np.float32)
        firsts = [self.source.pictures_of[person][0] for person in self.people]
        crops = np.stack([self.source.heads[i][8:-8, 8:-8] for i in firsts])
        found = np.concatenate([encode(crops[i : i + 128]) for i in range(0, len(crops), 128)])
        return (found / np.linalg.norm(found, axis=1, keepdims=True)).astype(np.float32)


class _Hand(nn.Module):
    """Who of a hand's people are no rivals; and where they are many, a vector for each. Few of them meet in a batch anyway, and
    their vectors would be out of date: with hundreds of hands each is seen once in hundreds of steps."""

    def __init__(self, twins: npt.NDArray[np.bool_], start: npt.NDArray[np.float32]) -> None:
        super().__init__()
        self.register_buffer("twins", torch.from_numpy(twins), persistent=False)
        self.vectors = nn.Parameter(torch.from_numpy(start)) if len(twins) > MANY else None

    def losses(self, embedding: Tensor, who: Tensor, margin: float) -> tuple[Tensor, Tensor | None]:
        """Of pictures by this hand, embeddings (n, 512) of people (n,), numbered within the hand: the loss among the pictures
        of the batch, and that among all the hand's people."""
        found = F.normalize(embedding)
        return self._among_the_batch(found, who, margin), self._among_all(found, who, margin)

    def _among_all(self, found: Tensor, who: Tensor, margin: float) -> Tensor | None:
        if self.vectors is None:
            return None
        assert isinstance(self.twins, Tensor)
        cosines = found @ F.normalize(self.vectors).T
        own = F.one_hot(who, cosines.shape[1]).bool()
        return F.cross_entropy(SCALE * (cosines - margin * own).masked_fill(self.twins[who] & ~own, APART), who)

    def _among_the_batch(self, found: Tensor, who: Tensor, margin: float) -> Tensor:
        """Each pair of pictures of one person against the first one's pairs with all rivals."""
        assert isinstance(self.twins, Tensor)
        cosines = found @ found.T
        same = (who[:, None] == who[None]) & ~torch.eye(len(who), dtype=torch.bool, device=who.device)
        rivals = ~self.twins[who][:, who]
        against = (SCALE * cosines).masked_fill(~rivals, APART).logsumexp(1, keepdim=True)
        return F.softplus(against - SCALE * (cosines - margin))[same].mean()


def train_drawn_judge(
    run: Run, name: str, build: Callable[[], DrawnJudge], sources: Sequence[Source], steps: int
) -> nn.Module:
    """Trains the judge that `build` gives to tell the people of each hand of the sources apart. Returns it in eval mode."""
    sizes = [len(values) for values in FEATURES.values()]
    hands = [_Drawer(source, hand) for source in sources for hand in range(len(source.portraits.hands))]
    weights = np.array([1 / len(hand.source.portraits.hands) for hand in hands])
    weights /= weights.sum()

    def whole() -> nn.Module:
        judge = build()
        encode = trained(judge)
        known = nn.ModuleList([_Hand(hand.source.portraits.twins(hand.people), hand.start(encode)) for hand in hands])
        judge.train()
        return nn.ModuleDict(
            {"encoder": judge, "hands": known, "features": nn.Linear(512, sum(sizes)), "plainly": _same(512)}
        )

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen = rng.choice(len(hands), max(1, run.recipe.batch(BATCH) // (PEOPLE * PICTURES)), p=weights)
        parts = [hands[hand].part(rng, len(sizes)) for hand in chosen]
        ends = np.cumsum([len(part[0]) for part in parts])
        crops, who, labels, taught = (np.concatenate(each) for each in zip(*parts, strict=True))
        return {"crops": crops, "who": who, "labels": labels, "taught": taught, "ends": ends, "hands": chosen}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, nn.ModuleDict)
        ends, margin = batch["ends"].tolist(), MARGIN * min(1.0, 2 * progress)
        parts = [slice(first, last) for first, last in itertools.pairwise([0, *ends])]
        with autocast():
            embedding = model["encoder"](normalised(seen(batch["crops"], parts)))
        embedding = embedding.float()
        found = [
            model["hands"][hand].losses(embedding[part], batch["who"][part], margin)
            for hand, part in zip(batch["hands"].tolist(), parts, strict=True)
        ]
        terms = {"batch": torch.stack([near for near, _ in found]).mean()}
        if every := [loss for _, loss in found if loss is not None]:
            terms["margin"] = 0.5 * torch.stack(every).sum() / len(found)
        if bool((batch["labels"] >= 0).any()):
            terms["features"] = _named(model["features"](embedding), batch["labels"], sizes)
        if bool((known := batch["taught"].any(1)).any()):
            alike = F.cosine_similarity(model["plainly"](embedding[known]), batch["taught"][known])
            terms["taught"] = TAUGHT * (1 - alike).mean() * known.float().mean()
        return {"loss": torch.stack(list(terms.values())).sum()} | {key: term.detach() for key, term in terms.items()}

    found = train(run, name, whole, draw, losses, Schedule(steps, learning_rate=1.5e-3, weight_decay=0.02, ema=0.995))
    assert isinstance(found, nn.ModuleDict)
    return found["encoder"]


def _same(width: int) -> nn.Linear:
    layer = nn.Linear(width, width, bias=False)
    nn.init.eye_(layer.weight)
    return layer


def _named(logits: Tensor, labels: Tensor, sizes: list[int]) -> Tensor:
    """How badly the features are named of those who have any: labels (n, f), -1 for none."""
    known = labels[:, 0] >= 0
    parts = zip(logits[known].split(sizes, 1), labels[known].T, strict=True)
    return torch.stack([F.cross_entropy(part, label) for part, label in parts]).mean() * known.float().mean() * 4


def seen(crops: Tensor, parts: Sequence[slice]) -> Tensor:
    """(n, 128, 128, 3) bytes to (n, 3, 112, 112) from 0 to 255: a little off, soft or bright as `augmented` makes them, and each
    part, which is by one hand, as another hand might have drawn it: mirrored, stretched, off to one side, in other colours."""
    n, where = len(crops), crops.device
    angle, scale = 0.07 * torch.randn(n, device=where), 1 + 0.16 * (torch.rand(n, device=where) - 0.5)
    shift, across, down = 2.2 * torch.randn(2, n, device=where), scale.clone(), scale.clone()
    for part in parts:
        habit = torch.rand(6, device=where)
        across[part] *= (1 + 0.24 * (habit[0] - 0.5)) * (1 + 0.12 * (habit[1] - 0.5)) * (-1 if habit[2] < 0.5 else 1)
        down[part] *= (1 + 0.24 * (habit[0] - 0.5)) * (1 - 0.12 * (habit[1] - 0.5))
        shift[:, part] += 4 * (habit[3:5] - 0.5)[:, None]
    pixels = cut(crops, angle, across, down, shift)
    pixels = torch.cat([_recoloured(pixels[part]) for part in parts])
    return developed(pixels)


def _recoloured(pixels: Tensor) -> Tensor:
    """One hand's pictures (n, 3, h, w) from 0 to 255: as they are, turned in hue, grey or in black and white, and often of
    another contrast; a few of them are grey by themselves."""
    n, where, chance = len(pixels), pixels.device, torch.rand(4)
    grey = pixels.mul(torch.tensor([0.299, 0.587, 0.114], device=where).view(3, 1, 1)).sum(1, keepdim=True)
    grey = grey.expand(-1, 3, -1, -1)
    if chance[0] < 0.12:
        pixels = grey
    elif chance[0] < 0.19:
        pixels = 255 * ((grey - 60 - 130 * float(chance[1])) / (4 + 26 * float(chance[2]))).sigmoid()
    elif chance[0] < 0.42:
        turned = _hue_turn(2 * math.pi * float(chance[1])).to(where) * (0.4 + 0.9 * float(chance[2]))
        pixels = grey + torch.einsum("dc,nchw->ndhw", turned, pixels - grey)
    alone = torch.rand(n, 1, 1, 1, device=where) < 0.04
    pixels = torch.where(alone, grey, pixels).clamp(0, 255)
    return 255 * (pixels / 255).pow(math.exp(0.8 * (float(chance[3]) - 0.5)))


def _hue_turn(angle: float) -> Tensor:
    """Rotates colours about the axis of the greys: (3, 3), by Rodrigues' formula."""
    cosine, sine = math.cos(angle), math.sin(angle) / math.sqrt(3)
    crossed = torch.tensor([[0.0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    return cosine * torch.eye(3) + sine * crossed + (1 - cosine) / 3
