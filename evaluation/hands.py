"""Hands: ways of drawing, each with people of whom the truth is known, as the app's own detector and a judge see them.

A hand is one artist's (or one random) way of drawing, out of a folder of `Portraits`, or a creator's own imagefolder.
What the models saw is kept in a cache, for a minute of them is looked at again and again.
"""

# pyright: reportUnknownMemberType=false

from __future__ import annotations

import hashlib
import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import numpy as np
import numpy.typing as npt
from PIL import Image
from platformdirs import user_cache_path
from tqdm import tqdm

from errors import InvalidRequest
from evaluation.people import fingerprint, load_people
from evaluation.portraits import Portraits
from pipeline.likeness import composition_likeness, identity_by
from pipeline.packs import Pack
from pipeline.values import Box, Embedding, Face

FOUND = 0.5  # intersection over union with the true box from which on a face was found
TWINS = 2  # people who differ in fewer visible features are no strangers that anybody could tell apart
STRANGERS = 2400  # people of a shipped cohort: 2.46 MB of float16
AT_ONCE = 500  # pictures between two writes of the cache

Numbers = npt.NDArray[np.intp]
Flags = npt.NDArray[np.bool_]


class FindsFaces(Protocol):
    def faces(self, picture: Image.Image) -> tuple[Face, ...]: ...


@dataclass(frozen=True, eq=False)
class Hand:
    """People by one hand, as far as their faces were found."""

    name: str
    embeddings: Embedding  # (n, d), unit length
    people: Numbers  # (n,) whose face it is: numbers from 0
    looked_at: int  # pictures
    false_ones: int | None  # faces found where none is; None: nobody knows where they are
    twins: Flags  # (people, people) who are no strangers to each other, for they differ too little
    copies: tuple[float, ...] = ()  # how alike two pictures of one person are composed; none where nobody asked

    @property
    def found(self) -> float:
        """The share of pictures in which the person's face was found."""
        return len(self.people) / max(1, self.looked_at)


@dataclass(frozen=True, eq=False)
class _Shown:
    """Pictures of people by one hand, not looked at yet."""

    name: str
    pictures: Callable[[int], Image.Image]  # by number
    numbers: Numbers  # of the pictures
    people: Numbers  # whom each shows, from 0
    boxes: npt.NDArray[np.float32] | None  # (n, 4) where the faces are; None: nobody knows
    twins: Flags


@dataclass(frozen=True, eq=False)
class Watcher:
    """An encoder, and the detector that finds for it."""

    encoder: str
    finder: Callable[[], FindsFaces]  # loaded when something has to be looked at
    version: str  # another for other models: whatever decides what is seen
    embed: Callable[[Image.Image, Box], Embedding] | None = None  # instead of the encoder: what a face's pixels are


@dataclass(frozen=True)
class Sources:
    """Where hands are."""

    portraits: Sequence[Path] = ()  # learnt on, each left out in turn
    strangers: Sequence[Path] = ()  # the cohort; without, it is of those that are learnt on
    held_out: Sequence[Path] = ()  # measured only
    references: Sequence[str] = ()  # imagefolders of people, measured only
    people: int | None = None  # of each hand at most
    looks: int | None = None


@dataclass(frozen=True, eq=False)
class Hands:
    learnt: tuple[Hand, ...]
    strangers: tuple[Hand, ...]
    held_out: tuple[Hand, ...]

    @property
    def in_cohort(self) -> tuple[Hand, ...]:
        """Whose people are the strangers: each hand that is learnt on is measured without its own among them."""
        return self.strangers or self.learnt


def watcher_of(pack: Pack) -> Watcher:
    """The pack's judge, found for as in the app."""

    def load() -> FindsFaces:
        from pipeline.faces import InsightFaces

        return InsightFaces.load_judging(pack)

    return Watcher(pack.judge_encoder, load, _version(pack))


def look(sources: Sources, watcher: Watcher) -> Hands:
    """Through one judge's eyes. Raises InvalidRequest."""

    def all_in(folders: Sequence[Path]) -> tuple[Hand, ...]:
        return tuple(hand for each in folders for hand in hands_in(each, watcher, sources.people, sources.looks))

    count = sum(len(_portraits(each).hands) for each in sources.strangers)
    a_hand = math.ceil(STRANGERS / max(1, count))
    strangers = tuple(hand for each in sources.strangers for hand in hands_in(each, watcher, a_hand, 1))
    own = tuple(hand_of(each, watcher) for each in sources.references)
    return Hands(all_in(sources.portraits), strangers, (*all_in(sources.held_out), *own))


def hands_in(folder: Path, watcher: Watcher, people: int | None = None, looks: int | None = None) -> tuple[Hand, ...]:
    """Each hand of a folder of `Portraits`, with at most so many people and looks of each.

    Raises InvalidRequest where there are none.
    """
    portraits = _portraits(folder)
    pixels = folder / "pixels.npy"
    source = f"{pixels.resolve()} {pixels.stat().st_size} {pixels.stat().st_mtime_ns}"
    return tuple(_seen(shown, watcher, source) for shown in _by_hand(portraits, people, looks))


def hand_of(
    references: str, watcher: Watcher, name: str | None = None, people: int | None = None, looks: int | None = None
) -> Hand:
    """An imagefolder of a creator's own characters (or a dataset on the hub) as one hand, called by its folder unless
    it has a `name`. Raises InvalidRequest."""
    known = load_people(references, most=people, pictures=looks)
    pictures = [example.picture for person in known for example in person.pictures]
    numbers = np.concatenate([np.full(len(person.pictures), number) for number, person in enumerate(known)])
    shown = _Shown(
        name or Path(references).name,
        pictures.__getitem__,
        np.arange(len(pictures)),
        numbers.astype(np.intp),
        None,
        np.zeros((len(known), len(known)), np.bool_),
    )
    return _seen(shown, watcher, fingerprint(known))


def _portraits(folder: Path) -> Portraits:
    try:
        return Portraits.load(folder)
    except (OSError, ValueError, KeyError) as error:
        raise InvalidRequest(
            "There are no portraits in {folder} ({error}).", "Give a folder that holds a portraits.json.",
            folder=folder, error=error,
        ) from error  # fmt: skip


def twins(features: npt.NDArray[np.integer]) -> Flags:
    """(people, people) of their features (people, f): who differ from each other in fewer than TWINS."""
    differing = (features[:, None] != features[None]).sum(axis=2)
    return (differing < TWINS) & ~np.eye(len(features), dtype=np.bool_)


def _by_hand(portraits: Portraits, people: int | None, looks: int | None) -> Iterator[_Shown]:
    person, hand = np.asarray(portraits.person), np.asarray(portraits.hand)

    def picture(number: int) -> Image.Image:
        return Image.fromarray(np.asarray(portraits.pixels[number]))

    for index, name in enumerate(portraits.hands):
        meant = np.flatnonzero(hand == index)[:people]
        numbers = np.concatenate([np.flatnonzero(person == one)[:looks] for one in meant])
        ranks = {int(one): rank for rank, one in enumerate(meant)}
        who = np.array([ranks[int(one)] for one in person[numbers]], np.intp)
        boxes = np.asarray(portraits.boxes[numbers])
        yield _Shown(name, picture, numbers, who, boxes, twins(np.asarray(portraits.features[meant])))


def _seen(shown: _Shown, watcher: Watcher, source: str) -> Hand:
    faces = _Cache(watcher, source).look_at(shown)
    picked, false_ones = list[tuple[int, Box, Embedding]](), 0
    for place, found in enumerate(faces):
        right = _largest(found) if shown.boxes is None else _meant(found, shown.boxes[place])
        false_ones += len(found) - (right is not None)
        if right is not None:
            picked.append((place, *found[right]))
    embeddings = [
        embedding if watcher.embed is None else watcher.embed(shown.pictures(int(shown.numbers[place])), box)
        for place, box, embedding in picked
    ]
    return Hand(
        shown.name,
        np.array(embeddings, np.float32).reshape(len(picked), -1 if picked else 0),
        shown.people[[place for place, _, _ in picked]],
        len(shown.numbers),
        None if shown.boxes is None else false_ones,
        shown.twins,
        _copies(shown) if shown.boxes is None else (),
    )


def _copies(shown: _Shown) -> tuple[float, ...]:
    """Of the first two pictures of each person."""
    found = list[float]()
    for person in np.unique(shown.people):
        numbers = shown.numbers[shown.people == person][:2]
        if len(numbers) == 2:
            found.append(composition_likeness(*(shown.pictures(int(number)) for number in numbers)))
    return tuple(found)


_Found = list[tuple[Box, Embedding]]  # the faces in a picture, largest first


class _Cache:
    """What a watcher saw in the pictures of a source, in a file."""

    def __init__(self, watcher: Watcher, source: str) -> None:
        key = hashlib.sha256(f"{watcher.encoder} {watcher.version} {source}".encode()).hexdigest()[:24]
        self._file = user_cache_path("castbook") / "seen" / f"{key}.npz"
        self._watcher = watcher
        self._seen: dict[int, _Found] = self._read() if self._file.is_file() else {}

    def look_at(self, shown: _Shown) -> list[_Found]:
        new = [int(number) for number in shown.numbers if int(number) not in self._seen]
        if new:
            finder = self._watcher.finder()
            for count, number in enumerate(tqdm(new, desc=f"looking at {shown.name}", unit="picture"), start=1):
                self._seen[number] = [
                    (face.box, identity.embedding)
                    for face in finder.faces(shown.pictures(number))
                    if (identity := identity_by(self._watcher.encoder, face.identities))
                ]
                if count % AT_ONCE == 0:
                    self._write()
            self._write()
        return [self._seen[int(number)] for number in shown.numbers]

    def _write(self) -> None:
        faces = [(number, *face) for number, found in self._seen.items() for face in found]
        self._file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = self._file.with_suffix(".unfinished.npz")
        np.savez(
            unfinished,
            looked_at=np.array(list(self._seen), np.int64),
            numbers=np.array([number for number, _, _ in faces], np.int64),
            boxes=np.array([box for _, box, _ in faces], np.float32).reshape(-1, 4),
            embeddings=np.array([embedding for _, _, embedding in faces], np.float32),
        )
        unfinished.replace(self._file)

    def _read(self) -> dict[int, _Found]:
        with np.load(self._file) as kept:
            seen: dict[int, _Found] = {int(number): [] for number in kept["looked_at"]}
            for number, box, embedding in zip(kept["numbers"], kept["boxes"], kept["embeddings"], strict=True):
                left, top, right, bottom = box.tolist()
                seen[int(number)].append(((left, top, right, bottom), embedding))
        return seen


def _largest(found: _Found) -> int | None:
    return 0 if found else None


def _meant(found: _Found, truth: npt.NDArray[np.float32]) -> int | None:
    """Which of the faces is the true one."""
    overlaps = [overlap(box, truth) for box, _ in found]
    best = int(np.argmax(overlaps)) if overlaps else -1
    return best if overlaps and overlaps[best] >= FOUND else None


def overlap(one: Sequence[float] | npt.NDArray[np.float32], other: Sequence[float] | npt.NDArray[np.float32]) -> float:
    """Intersection over union of two boxes."""
    width = min(one[2], other[2]) - max(one[0], other[0])
    height = min(one[3], other[3]) - max(one[1], other[1])
    if width <= 0 or height <= 0:
        return 0.0
    areas = sum((box[2] - box[0]) * (box[3] - box[1]) for box in (one, other))
    return float(width * height / (areas - width * height))


def _version(pack: Pack) -> str:
    """Of the models, how they are named, and the code that shows them faces."""
    whole = hashlib.sha256(repr((pack.faces, pack.judge)).encode())
    code = Path(__file__).parent.parent / "pipeline"
    folders = [Path(pack.locate(model)) for model in (pack.faces.model, *([pack.judge.model] if pack.judge else []))]
    files = [file for folder in folders if folder.is_dir() for file in sorted(folder.rglob("*.onnx"))]
    for file in [*files, code / "faces.py", code / "face_models.py"]:
        whole.update(hashlib.sha256(file.read_bytes()).digest())
    return whole.hexdigest()
