"""A judge that knows nothing of faces: the colours of one, and a perceptual hash of its light and dark.

Beside it one sees that the real judge tells faces apart and not colours. The hash: signs of the lowest 8 x 8 cosine
frequencies of the luminance (pHash: Zauner 2010, Implementation and Benchmarking of Perceptual Image Hash Functions).
"""

# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import numpy as np
from PIL import Image
from scipy.fft import dctn

from pipeline.values import Box, Embedding

NAME = "colours and pHash"
AROUND = 0.3  # of the box's longer side, all around: the hair belongs to it
LEVELS = 4  # of each colour channel
SIDE = 32


def colours_and_hash(picture: Image.Image, box: Box) -> Embedding:
    """(128,) of unit length, half of it each."""
    margin = AROUND * max(box[2] - box[0], box[3] - box[1])
    part = picture.convert("RGB").crop(
        (round(box[0] - margin), round(box[1] - margin), round(box[2] + margin), round(box[3] + margin))
    )
    small = part.resize((SIDE, SIDE), Image.Resampling.BOX)
    levels = np.asarray(small, np.int64) * LEVELS // 256
    colours = np.bincount((levels @ [LEVELS**2, LEVELS, 1]).ravel(), minlength=LEVELS**3).astype(np.float64)
    frequencies = np.asarray(dctn(np.asarray(small.convert("L"), np.float64), norm="ortho"))[:8, :8].ravel()
    signs = np.where(frequencies > np.median(frequencies), 1.0, -1.0)
    halves = [half / np.linalg.norm(half) for half in (np.sqrt(colours), signs)]
    return (np.concatenate(halves) / np.sqrt(2)).astype(np.float32)
