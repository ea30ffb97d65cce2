"""Pictures of people by many hands, with the truth: what drawn faces are found, told apart and measured with.

A person is drawn by one hand only: two artists never draw the same one. On disk each source is a folder of
memory-mapped arrays and a `portraits.json`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

SIZE = 256  # pixels a side
TWINS = 2  # people of one hand who differ in fewer visible features are not told apart by anybody
_ARRAYS = ("pixels", "boxes", "landmarks", "person", "hand", "features")


@dataclass(frozen=True, eq=False)
class Portraits:
    """Pictures of n looks of p people by h hands."""

    pixels: npt.NDArray[np.uint8]  # (n, 256, 256, 3) RGB
    boxes: npt.NDArray[np.float32]  # (n, 4) left, top, right, bottom of the face
    # (n, 5, 2) as insightface: left eye in the picture, right eye, nose, mouth corners
    landmarks: npt.NDArray[np.float32]
    person: npt.NDArray[np.int64]  # (n,) whom each picture shows, 0 to p - 1; pictures of one person follow each other
    hand: npt.NDArray[np.int64]  # (p,) whose hand drew each person, 0 to h - 1
    features: npt.NDArray[np.int64]  # (p, f) the visible features of each person as codes, -1 where a hand has none
    hands: tuple[str, ...]  # (h,) their names

    def __len__(self) -> int:
        return len(self.pixels)

    def of_hands(self, names: set[str]) -> npt.NDArray[np.int64]:
        """The numbers of the pictures that these hands drew."""
        meant = [index for index, name in enumerate(self.hands) if name in names]
        return np.flatnonzero(np.isin(self.hand[self.person], meant))

    def by(self, names: Sequence[str]) -> Portraits:
        """Those that these hands drew, in memory."""
        rows, people = self.of_hands(set(names)), np.isin(self.hand, [self.hands.index(name) for name in names])
        person = (np.cumsum(people) - 1)[self.person[rows]]
        hand = np.array([names.index(self.hands[number]) for number in self.hand[people]], np.int64)
        shown = self.pixels[rows], self.boxes[rows], self.landmarks[rows]
        return Portraits(*shown, person, hand, self.features[people], tuple(names))

    def twins(self, people: npt.NDArray[np.int64]) -> npt.NDArray[np.bool_]:
        """Who of these p people looks like whom: (p, p), true for those who differ in fewer than TWINS visible
        features, and for each with themselves. A hand that notes no features has none."""
        features = self.features[people]
        known = (features[:, None] >= 0) & (features[None] >= 0)
        alike = ((features[:, None] != features[None]) & known).sum(-1) < TWINS
        return (alike & known.any(-1)) | np.eye(len(people), dtype=bool)

    def save(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        np.save(folder / "pixels.npy", self.pixels)
        self.save_truth(folder)

    def save_truth(self, folder: Path) -> None:
        """All but the pixels, for whoever has drawn them into the folder."""
        for name in _ARRAYS[1:]:
            (folder / f"{name}.npy").unlink(missing_ok=True)  # whoever reads the one before reads on
            np.save(folder / f"{name}.npy", getattr(self, name))
        (folder / "portraits.json").write_text(json.dumps({"hands": self.hands}))

    @staticmethod
    def load(folder: Path) -> Portraits:
        """Raises FileNotFoundError where the folder holds none, or half of them."""
        hands = tuple(json.loads((folder / "portraits.json").read_text())["hands"])
        return Portraits(*(np.load(folder / f"{name}.npy", mmap_mode="r") for name in _ARRAYS), hands=hands)
