"""People drawn with open-licensed sets by real artists: how they are drawn, and where their faces are.

`artists/draw.mjs` draws (Node, by `npm ci` from a pinned lock), `artists/hands.json` says of each hand who designed it, under
which licence, what changes from look to look, and where its faces are. Whoever changes only where the faces are calls
`draw_artists` again: what is drawn stays.
"""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
from filelock import FileLock
from tqdm import tqdm

from evaluation.portraits import SIZE, Portraits

HERE = Path(__file__).parent / "artists"
APART = 2  # visible features in which two people differ who are no twins
Use = Literal["training", "held out"]


@dataclass(frozen=True)
class FaceAt:
    """Where a hand's faces are, in the style's own coordinates."""

    # Five, as insightface: left eye in the picture, right eye, nose, mouth corners.
    landmarks: tuple[tuple[float, float], ...]
    # Left, top, right, bottom: brow to chin, cheek to cheek, without ears and hair.
    box: tuple[float, float, float, float]


@dataclass(frozen=True)
class Hand:
    """An artist's set of parts that people are put together from."""

    name: str
    designer: str
    licence: str
    url: str
    use: Use  # hands that are held out are never trained or calibrated on, nor is any other of their designers
    size: float  # of a drawing, in the style's own coordinates
    faces_by: str | None  # the feature on which it depends where the face is
    faces: Mapping[str, FaceAt]  # by its value; "default" else

    def face(self, person: Mapping[str, str | None]) -> FaceAt:
        """Where the face is of a person with these features."""
        value = person.get(self.faces_by) if self.faces_by else None
        return self.faces.get(value or "default", self.faces["default"])


@cache
def styles() -> Mapping[str, Hand]:
    """All hands by their names."""
    listed: dict[str, dict[str, Any]] = json.loads((HERE / "hands.json").read_text())
    return {name: _hand(name, said) for name, said in listed.items()}


def hands_for(use: Use) -> tuple[str, ...]:
    """The names of the hands that are for training, or of those that are held out."""
    return tuple(name for name, hand in styles().items() if hand.use == use)


def draw_artists(folder: Path, people: int = 300, looks: int = 6, use: Use = "training") -> Portraits:
    """So many people by each hand for this use, in so many looks each. What of them lies in the folder is not drawn again.

    Needs Node and, the first time, the npm registry. Raises subprocess.CalledProcessError where either fails.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / "drawing.lock"):
        _draw_missing(folder, people, looks, use)
        _write_truth(folder, hands_for(use))
    return Portraits.load(folder)


def what_is_drawn(people: int, looks: int, use: Use) -> dict[str, Any]:
    """What decides the pixels. Where the faces are does not: a better note of that draws nothing anew."""
    listed: dict[str, dict[str, Any]] = json.loads((HERE / "hands.json").read_text())
    drawn = {
        name: {key: value for key, value in said.items() if not key.startswith("faces")}
        for name, said in listed.items()
        if said["use"] == use
    }
    digest = hashlib.sha256((HERE / "draw.mjs").read_bytes() + (HERE / "package-lock.json").read_bytes())
    digest.update(json.dumps(drawn).encode())
    return {"people": people, "looks": looks, "use": use, "drawing": digest.hexdigest()}


def twins(features: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The pairs (t, 2) of people of one hand who differ in fewer than two visible features: one may take either for the
    other.

    `features` are those of one hand's people (p, f). What one of two lacks (-1) and the other has is a difference.
    """
    different = (features[:, None] != features[None]).sum(2)
    first, second = np.nonzero(np.triu(different < APART, 1))
    return np.stack([first, second], 1)


def share_of_twins(portraits: Portraits) -> dict[str, float]:
    """By hand: the share of its people who have a twin, 0 to 1."""
    shares: dict[str, float] = {}
    for number, name in enumerate(portraits.hands):
        features = portraits.features[portraits.hand == number]
        shares[name] = len(np.unique(twins(features))) / max(1, len(features))
    return shares


def feature_codes(people: Iterable[Mapping[str, str | None]]) -> npt.NDArray[np.int64]:
    """(p, f): a column for each feature, a code for each of its values; -1 where the drawing does not show it."""
    listed = list(people)
    columns: list[list[int]] = []
    for name in sorted(listed[0]):
        values = sorted({value for person in listed if (value := person[name]) is not None})
        columns.append([values.index(value) if (value := person[name]) is not None else -1 for person in listed])
    return np.array(columns, np.int64).T


def truth(
    face: FaceAt, placed: Sequence[float], size: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """The face's box (4,) and its landmarks (5, 2) in pixels of the picture into which the drawing was placed.

    `placed` are SVG's six numbers of a matrix. In a mirrored drawing the other eye is the left one in the picture.
    """
    a, b, c, d, e, f = placed
    matrix, shift = np.array([[a, c], [b, d]]), np.array([e, f])
    landmarks = (np.array(face.landmarks) @ matrix.T + shift) * (SIZE / size)
    if np.linalg.det(matrix) < 0:
        landmarks = landmarks[[1, 0, 2, 4, 3]]
    left, top, right, bottom = face.box
    middle = np.array([(left + right) / 2, (top + bottom) / 2]) @ matrix.T + shift
    # A head that nods keeps its size.
    half = np.array([right - left, bottom - top]) / 2 * np.sqrt(abs(np.linalg.det(matrix)))
    box = np.concatenate([middle - half, middle + half]) * (SIZE / size)
    return box.clip(0, SIZE).astype(np.float32), landmarks.astype(np.float32)


def _hand(name: str, said: Mapping[str, Any]) -> Hand:
    faces = {
        value: FaceAt(tuple((x, y) for x, y in face["landmarks"]), tuple(face["box"]))
        for value, face in said["faces"].items()
    }
    about = {key: said[key] for key in ("designer", "licence", "url", "use", "size", "faces_by")}
    return Hand(name, **about, faces=faces)


def _draw_missing(folder: Path, people: int, looks: int, use: Use) -> None:
    """`drawn.json` says what the folder is for, and which of its hands are drawn."""
    hands, kept, order = hands_for(use), folder / "drawn.json", what_is_drawn(people, looks, use)
    a_hand = people * looks * SIZE * SIZE * 3  # bytes
    state = json.loads(kept.read_text()) if kept.exists() else {}
    if state.get("order") != order:
        shape = (len(hands) * people * looks, SIZE, SIZE, 3)
        (folder / "pixels.npy").unlink(missing_ok=True)  # whoever reads those before reads on
        np.lib.format.open_memmap(folder / "pixels.npy", mode="w+", dtype=np.uint8, shape=shape).flush()
        state = {"order": order, "hands": []}
    missing = [name for name in hands if name not in state["hands"]]
    if not missing:
        return
    subprocess.run(["npm", "ci", "--no-audit", "--no-fund", "--silent"], cwd=HERE, check=True)
    header = (folder / "pixels.npy").stat().st_size - len(hands) * a_hand

    def draw(name: str) -> str:
        _draw_hand(name, people, looks, folder, header + hands.index(name) * a_hand, still=use == "held out")
        return name

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for name in tqdm(pool.map(draw, missing), f"{people} people, {looks} looks each", len(missing), unit="hand"):
            state["hands"].append(name)
            kept.write_text(json.dumps(state))


def _draw_hand(name: str, people: int, looks: int, folder: Path, offset: int, still: bool) -> None:
    """Held-out hands are drawn `still`, as the artist placed them; with others the training sees more if they are moved."""
    numbers = [str(people), str(looks), str((folder / "pixels.npy").resolve()), str(offset)]
    command = ["node", "draw.mjs", name, *numbers, str((folder / f"{name}.jsonl").resolve())]
    subprocess.run([*command, "--still"] if still else command, cwd=HERE, check=True)


def _write_truth(folder: Path, names: Sequence[str]) -> None:
    """All of a Portraits but the pixels, which are there."""
    boxes: list[npt.NDArray[np.float32]] = []
    landmarks: list[npt.NDArray[np.float32]] = []
    person: list[int] = []
    features: list[npt.NDArray[np.int64]] = []
    for name in names:
        hand, people = styles()[name], sum(map(len, features))
        notes = [json.loads(line) for line in (folder / f"{name}.jsonl").read_text().splitlines()]
        for note in notes:
            box, points = truth(hand.face(note["person_options"]), note["placed"], hand.size)
            boxes.append(box)
            landmarks.append(points)
            person.append(people + note["person"])
        features.append(feature_codes([note["features"] for note in notes if note["look"] == 0]))
    widest = max(codes.shape[1] for codes in features)
    padded = [np.pad(codes, ((0, 0), (0, widest - codes.shape[1])), constant_values=-1) for codes in features]
    Portraits(
        np.load(folder / "pixels.npy", mmap_mode="r"), np.stack(boxes), np.stack(landmarks), np.array(person),
        np.repeat(np.arange(len(names)), [len(codes) for codes in features]), np.concatenate(padded), tuple(names),
    ).save_truth(folder)  # fmt: skip
