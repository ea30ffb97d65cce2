"""A face detector that insightface routes as SCRFD with landmarks, trained on drawn scenes.

SCRFD is Guo et al. 2021, https://arxiv.org/abs/2105.04714. Nine outputs: scores, boxes and landmarks at strides 8, 16 and 32,
two anchors at each place (both trained alike; stock non-maximum suppression keeps one). Distances are in units of the stride,
from the place's top left corner. insightface 2.1 takes a model of five outputs or more for a detector (model_zoo/model_zoo.py,
line 132), and nine for one with landmarks and two anchors (model_zoo/scrfd.py, lines 591 to 595).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from evaluation.portraits import Portraits
from training.dataset import Pictures
from training.loop import Batch, Drawn, Losses, Schedule, autocast, train
from training.onnx_files import export
from training.recipe import Run

STRIDES = (8, 16, 32)
FACE_SIZES = {8: (0, 40), 16: (34, 84), 32: (70, 1000)}  # the longer side of the boxes a stride answers for, in pixels
ALMOST = 1.3  # so many times larger or smaller
SIZE, BATCH = 256, 24
ANCHORS = 2
NARROWEST = 24  # pixels of a picture that are blown up to a scene without a face
Shown = Pictures | Portraits


def _block(inputs: int, outputs: int, stride: int = 1) -> nn.Sequential:
    return nn.Sequential(nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU())


class Detector(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.to8 = nn.Sequential(_block(3, 16, 2), _block(16, 32, 2), _block(32, 64, 2), _block(64, 64))
        self.to16 = nn.Sequential(_block(64, 96, 2), _block(96, 96))
        self.to32 = nn.Sequential(_block(96, 128, 2), _block(128, 128))
        self.side = nn.ModuleList([nn.Conv2d(width, 64, 1) for width in (64, 96, 128)])
        self.heads = nn.ModuleList([nn.Sequential(_block(64, 64), nn.Conv2d(64, ANCHORS * 15, 1)) for _ in STRIDES])

    def forward(self, x: Tensor) -> tuple[Tensor, ...]:
        """Nine tensors as SCRFD gives them: scores (after the sigmoid), boxes, landmarks; each (positions * 2, width)."""
        maps = self.maps(x)
        parts = [m.permute(0, 2, 3, 1).reshape(-1, 15) for m in maps]
        return (*(p[:, :1].sigmoid() for p in parts), *(p[:, 1:5] for p in parts), *(p[:, 5:] for p in parts))

    def maps(self, x: Tensor) -> list[Tensor]:
        """A feature pyramid (Lin et al. 2017, https://arxiv.org/abs/1612.03144)."""
        c8 = self.to8(x)
        c16 = self.to16(c8)
        c32 = self.to32(c16)
        p32 = self.side[2](c32)
        p16 = self.side[1](c16) + F.interpolate(p32, scale_factor=2.0, mode="nearest")
        p8 = self.side[0](c8) + F.interpolate(p16, scale_factor=2.0, mode="nearest")
        return [head(p) for head, p in zip(self.heads, (p8, p16, p32), strict=True)]


def train_detector(
    run: Run, name: str, build: Callable[[], nn.Module], sources: Sequence[Shown], steps: int
) -> nn.Module:
    """Trains the detector that `build` gives, on scenes put together from the sources, which weigh alike."""

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        pixels, boxes, landmarks = zip(*(scene(sources, rng) for _ in range(run.recipe.batch(BATCH))), strict=True)
        targets = {
            str(stride): np.stack([_targets(*truth, stride) for truth in zip(boxes, landmarks, strict=True)])
            for stride in STRIDES
        }
        return {"pixels": np.stack(pixels), **targets}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, Detector)
        pixels = batch["pixels"].permute(0, 3, 1, 2)
        x = pixels.float().sub_(127.5).div_(128).contiguous(memory_format=torch.channels_last)
        with autocast():
            maps = model.maps(x)
        score, box, points = (
            torch.zeros((), device=x.device),
            torch.zeros((), device=x.device),
            torch.zeros((), device=x.device),
        )
        for stride, found in zip(STRIDES, maps, strict=True):
            found = found.float().unflatten(1, (ANCHORS, 15)).permute(0, 1, 3, 4, 2)
            wanted = batch[str(stride)][:, None].expand(-1, ANCHORS, -1, -1, -1)
            there, ignored = wanted[..., 0] == 1, wanted[..., 0] < 0
            loss = F.binary_cross_entropy_with_logits(found[..., 0], there.float(), reduction="none")
            # The quality focal loss (Li et al. 2020, https://arxiv.org/abs/2006.04388) of truths that are 0 or 1.
            certainty = (found[..., 0].sigmoid() - there.float()).abs().detach()
            score = score + (loss * certainty.square() * ~ignored).sum() / len(x)
            if there.any():
                size = (wanted[there][:, 1] + wanted[there][:, 3])[:, None]
                box = box + ((found[there][:, 1:5] - wanted[there][:, 1:5]) / size).abs().mean()
                points = points + ((found[there][:, 5:] - wanted[there][:, 5:]) / size).abs().mean()
        return {
            "loss": 0.2 * score + 2 * box + 6 * points,
            "score": score.detach(),
            "box": box.detach(),
            "points": points.detach(),
        }

    return train(run, name, build, draw, losses, Schedule(steps, learning_rate=2e-3, ema=0.995))


@torch.no_grad()
def made_stricter(detector: Detector, certainty: float) -> Detector:
    """The detector, in place, with scores of 0.5, insightface's threshold, where they were `certainty`; their order stays."""
    for head in detector.heads:
        assert isinstance(head, nn.Sequential) and isinstance(head[1], nn.Conv2d) and head[1].bias is not None
        head[1].bias.view(ANCHORS, 15)[:, 0] -= math.log(certainty / (1 - certainty))
    return detector


Scene = tuple[npt.NDArray[np.uint8], npt.NDArray[np.float32], npt.NDArray[np.float32]]


def scene(sources: Sequence[Shown], rng: np.random.Generator) -> Scene:
    """A 256 x 256 picture of one to four people or of none: pixels, boxes (n, 4), landmarks (n, 5, 2)."""
    canvas = np.empty((SIZE, SIZE, 3), np.uint8)
    canvas[:] = rng.integers(0, 256, 3)
    count = int(rng.choice((0, 1, 1, 1, 2, 4)))
    places = [(0.0, 0.0, 256.0)] if count == 1 else [(x, y, 128.0) for y in (0.0, 128.0) for x in (0.0, 128.0)]
    boxes, landmarks = [], []
    for i in rng.permutation(len(places))[:count]:
        left, top, room = places[i]
        shown, chosen = _anyone(sources, rng)
        scale = room / 256 * (rng.uniform(0.45, 1.0) if rng.random() < 0.4 else rng.uniform(1.0, 1.35))
        if count > 1:
            scale = min(scale, room / 256)
        free = room - 256 * scale
        dx, dy = left + rng.uniform(min(free, 0), max(free, 0)), top + rng.uniform(min(free, 0) * 0.5, max(free, 0))
        matrix = np.array([[scale, 0, dx], [0, scale, dy]])
        pixels = cv2.warpAffine(shown.pixels[chosen], matrix, (SIZE, SIZE), flags=cv2.INTER_AREA)
        area = (
            slice(max(0, int(dy) + 1), max(0, int(dy + 256 * scale))),
            slice(max(0, int(dx) + 1), max(0, int(dx + 256 * scale))),
        )
        canvas[area] = pixels[area]
        boxes.append(shown.boxes[chosen] * scale + (dx, dy, dx, dy))
        landmarks.append(shown.landmarks[chosen] * scale + (dx, dy))
    if count == 0:
        _faceless(canvas, *_anyone(sources, rng), rng)
    drawn = _in_other_colours(canvas, rng)
    truth = np.reshape(boxes, (-1, 4)), np.reshape(landmarks, (-1, 5, 2))
    return _mirrored(drawn, *truth) if rng.random() < 0.5 else (drawn, *truth)


def _anyone(sources: Sequence[Shown], rng: np.random.Generator) -> tuple[Shown, int]:
    shown = sources[int(rng.integers(len(sources)))]
    return shown, int(rng.integers(len(shown.pixels)))


def _faceless(canvas: npt.NDArray[np.uint8], shown: Shown, chosen: int, rng: np.random.Generator) -> None:
    """Scenery, cloth and hair without a face: what is above, below or beside the face, blown up."""
    picture, margin = shown.pixels[chosen], 6
    left, top, right, bottom = (int(edge) for edge in shown.boxes[chosen] + (-margin, -margin, margin, margin))
    strips = (
        picture[max(bottom, 0) :],
        picture[: max(top, 0)],
        picture[:, : max(left, 0)],
        picture[:, max(right, 0) :],
    )
    wide = [strip for strip in strips if min(strip.shape[:2]) >= NARROWEST]
    if wide:
        canvas[:] = cv2.resize(wide[int(rng.integers(len(wide)))], (SIZE, SIZE), interpolation=cv2.INTER_LINEAR)


def _in_other_colours(canvas: npt.NDArray[np.uint8], rng: np.random.Generator) -> npt.NDArray[np.uint8]:
    """Some soft, some grey, a few in black and white or with channels exchanged; all a little brighter or darker, noisy."""
    if rng.random() < 0.4:
        canvas = cv2.GaussianBlur(canvas, (0, 0), rng.uniform(0.4, 1.8))
    if rng.random() < 0.15:
        canvas = canvas[:, :, rng.permutation(3)]
    if rng.random() < 0.2:
        grey = cv2.cvtColor(np.ascontiguousarray(canvas), cv2.COLOR_RGB2GRAY).astype(np.float32)
        if rng.random() < 0.3:
            grey = 255 / (1 + np.exp((rng.uniform(60, 190) - grey) / rng.uniform(4, 20)))
        canvas = np.repeat(grey[:, :, None], 3, 2)
    changed = canvas * rng.uniform(0.8, 1.15) + rng.normal(0, rng.uniform(0, 6), canvas.shape)
    return np.clip(changed, 0, 255).astype(np.uint8)


def _mirrored(
    pixels: npt.NDArray[np.uint8], boxes: npt.NDArray[np.float32], landmarks: npt.NDArray[np.float32]
) -> Scene:
    """Left eye and left corner of the mouth are those that are left in the picture."""
    sides = np.array([SIZE, 0, SIZE, 0]) - boxes[:, [2, 1, 0, 3]] * (1, -1, 1, -1)
    points = np.array([SIZE, 0]) - landmarks[:, [1, 0, 2, 4, 3]] * (1, -1)
    return np.ascontiguousarray(pixels[:, ::-1]), sides, points


def _targets(
    boxes: npt.NDArray[np.float32], landmarks: npt.NDArray[np.float32], stride: int
) -> npt.NDArray[np.float32]:
    """(rows, columns, 15): 1 near the middle of a face of this stride, -1 around it and near the middle of one that is almost
    of this stride, 0 elsewhere; box; landmarks. So an eye of a large face is no small face."""
    n = SIZE // stride
    result = np.zeros((n, n, 15), np.float32)
    rows, columns = np.mgrid[0:n, 0:n] * float(stride)
    low, high = FACE_SIZES[stride]
    for (left, top, right, bottom), points in zip(boxes, landmarks, strict=True):
        size = max(right - left, bottom - top)
        distance = np.hypot(columns - (left + right) / 2 + stride / 2, rows - (top + bottom) / 2 + stride / 2)
        if low / ALMOST <= size < high * ALMOST:
            near = (distance < max(size * 0.32, stride)) & (result[..., 0] != 1)
            result[near, 0] = -1
        if not low <= size < high:
            continue
        middle = distance < max(size * 0.16, stride * 0.75)
        result[middle, 0] = 1
        result[middle, 1:5] = (
            np.stack([columns - left, rows - top, right - columns, bottom - rows], -1)[middle] / stride
        )
        offsets = (points[None, None] - np.stack([columns, rows], -1)[:, :, None]) / stride
        result[middle, 5:] = offsets.reshape(n, n, 10)[middle]
    return result


def export_detector(detector: nn.Module, path: Path) -> None:
    """Writes the ONNX file: one input of any height and width, nine outputs in SCRFD's order."""
    names = [f"{part}_{stride}" for part in ("score", "bbox", "kps") for stride in STRIDES]
    axes = {"input.1": {2: "height", 3: "width"}} | {name: {0: f"n_{name}"} for name in names}
    export(detector, path, (1, 3, SIZE, SIZE), axes)
