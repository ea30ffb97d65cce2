"""Does a face show what is always its person's: a scar, freckles, a beard, glasses, the colour of hair and eyes?

A reader of a pack's own says so, of the marks that it reads reliably; of others nothing is said.
"""

# onnxruntime comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import onnxruntime
from PIL import Image
from pydantic import TypeAdapter

from errors import PackUnavailable
from pipeline.adherence import BROKEN, open_reader
from pipeline.packs import Pack
from pipeline.values import Landmarks
from pipeline.vocabulary import Vocabulary

INPUT, MARKS = "head", "marks"
HARDLY_LESS = 1.5  # of a colour's logit: the best is then at most four times as likely
SIDE = 224  # pixels of the head's crop: about what a face has in a picture of 256
LANDMARK_SCALE = 1.4  # of insightface's landmarks about their centre: from the ears to the fringe

# ArcFace's landmarks as shares of its crop: `arcface_dst` of insightface/utils/face_align.py, through 112.
_TEMPLATE = (
    np.array([[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]]) / 112
)


@dataclass(frozen=True)
class Labels:
    """What the reader's outputs are, by the vocabulary's first phrases. Any of the `marks` may be shown, with a logit
    each; of each group in `colours` one is."""

    marks: tuple[str, ...]
    colours: Mapping[str, tuple[str, ...]]
    said: tuple[str, ...]  # the marks and groups that are read reliably


_LABELS = TypeAdapter(Labels)


def load_marks_reader(pack: Pack) -> MarksReader | None:
    """The pack's, from a folder with one .onnx file and labels.json; None where it has none. Raises PackUnavailable."""
    if pack.marks is None:
        return None
    try:
        vocabulary, labels, session = open_reader(pack, pack.marks.model)
        return MarksReader(session, _LABELS.validate_json(labels), vocabulary)
    except BROKEN as error:
        raise PackUnavailable(
            "The reader of marks {model} of the pack {pack} could not be loaded ({error}).",
            "Restore its folder in {folder}, or leave [marks] out: nobody then says which marks a picture has lost.",
            model=repr(pack.marks.model),
            pack=repr(pack.name),
            error=error,
            folder=pack.folder,
        ) from error


class MarksReader:
    """What a pack's own small network makes of a head."""

    def __init__(self, session: onnxruntime.InferenceSession, labels: Labels, vocabulary: Vocabulary) -> None:
        """The session takes `head`, float32 (1, 3, 224, 224), RGB from -1 to 1, and gives logits: `marks`, and each
        group of colours by its name. Raises ValueError where it doesn't."""
        outputs = {output.name: output.shape[-1] for output in session.get_outputs()}
        wanted = {MARKS: len(labels.marks)} | {group: len(words) for group, words in labels.colours.items()}
        if [put.name for put in session.get_inputs()] != [INPUT] or outputs != wanted:
            raise ValueError("the reader's input and outputs are not those of labels.json")
        self._session = session
        self._labels = labels
        self._vocabulary = vocabulary

    def missing(self, picture: Image.Image, landmarks: Landmarks, prompt: str) -> tuple[str, ...]:
        """The marks in the prompt, by their first phrases, that the face at these landmarks (5, 2) does not show, of
        those that are read reliably. Where the prompt asks for two colours of one thing, either will do."""
        asked = self._asked(prompt)
        if not asked:
            return ()
        shown = self.shown(picture, landmarks)
        groups = ([(mark,) for mark in asked.pop(MARKS, ())], asked.values())
        return tuple(phrase for phrases in chain(*groups) if shown.isdisjoint(phrases) for phrase in phrases)

    def showing(self, picture: Image.Image, landmarks: Landmarks, text: str) -> tuple[str, ...]:
        """The marks in a text that the face shows, of those that are read reliably."""
        asked = self._asked(text)
        shown = self.shown(picture, landmarks) if asked else frozenset[str]()
        return tuple(phrase for phrase in chain.from_iterable(asked.values()) if phrase in shown)

    def kept(self, shown: frozenset[str], by_the_reference: frozenset[str]) -> float | None:
        """Of what is reliably read as the person's in the reference, the share that is shown; None: nothing is."""
        theirs = by_the_reference & self._of_the_person
        return len(theirs & shown) / len(theirs) if theirs else None

    def shown(self, picture: Image.Image, landmarks: Landmarks) -> frozenset[str]:
        """All marks and colours that the face shows, read reliably or not. Of colours there are several where they are
        hardly told apart: dark brown and brown."""
        pixels = head(picture, landmarks).astype(np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        colours = self._labels.colours
        logits: Any = self._session.run([MARKS, *colours], {INPUT: pixels})
        marks = {mark for mark, logit in zip(self._labels.marks, logits[0][0], strict=True) if logit > 0}
        seen = zip(colours.values(), logits[1:], strict=True)
        return frozenset(marks | {word for words, [values] in seen for word in _likely(words, values)})

    def _asked(self, prompt: str) -> dict[str, tuple[str, ...]]:
        """What the prompt asks for of all that is said, by MARKS or group of colours."""
        labels, found = self._labels, self._vocabulary.phrases_in(prompt)
        marks = tuple(phrase for phrase in chain.from_iterable(found.values()) if phrase in labels.said)
        asked = {MARKS: marks} | {group: found.get(group, ()) for group in labels.colours if group in labels.said}
        return {group: phrases for group, phrases in asked.items() if phrases}

    @cached_property
    def _of_the_person(self) -> frozenset[str]:
        """Without what may be taken off, as glasses."""
        labels, theirs = self._labels, self._vocabulary.groups.get(MARKS, {})
        colours = chain.from_iterable(labels.colours[group] for group in labels.colours if group in labels.said)
        return frozenset({mark for mark in labels.said if mark in theirs} | set(colours))


def _likely(words: Sequence[str], logits: npt.NDArray[np.float32]) -> list[str]:
    return [word for word, logit in zip(words, logits, strict=True) if logit >= logits.max() - HARDLY_LESS]


def head(picture: Image.Image, landmarks: Landmarks) -> npt.NDArray[np.uint8]:
    """The upright head around insightface's five landmarks (5, 2): (224, 224, 3) RGB."""
    spread = landmarks.mean(0) + LANDMARK_SCALE * (landmarks - landmarks.mean(0))
    there, here = (_TEMPLATE * SIDE) @ (1, 1j), spread @ (1, 1j)
    # From the crop to the picture, by least squares (Umeyama 1991, https://doi.org/10.1109/34.88573).
    centred = there - there.mean()
    turn = np.vdot(centred, here - here.mean()) / np.vdot(centred, centred)
    shift = here.mean() - turn * there.mean()
    rows: Any = (turn.real, -turn.imag, shift.real, turn.imag, turn.real, shift.imag)
    rgb = picture.convert("RGB")
    return np.asarray(rgb.transform((SIDE, SIDE), Image.Transform.AFFINE, rows, Image.Resampling.BILINEAR))
