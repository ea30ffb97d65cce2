"""Does a picture show what its prompt asks for? The pack says who reads it: a small classifier of its own, or CLIP.

With marks.py and prior.py the only files that import onnxruntime. CLIP, and torch with it, is clip_reader.py's.
"""

# onnxruntime comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
from onnxruntime.capi import onnxruntime_pybind11_state as errors_of  # pyright: ignore[reportAttributeAccessIssue]
from PIL import Image
from pydantic import TypeAdapter

from errors import PackUnavailable
from pipeline.packs import ClassifierAdherence, Pack
from pipeline.variants import PromptReader
from pipeline.vocabulary import Vocabulary

INPUT, SIDE = "picture", 128

Labels = Mapping[str, tuple[str, ...]]  # by group the phrases that its output tells apart, in its order

_LABELS = TypeAdapter(dict[str, tuple[str, ...]])
BROKEN: tuple[type[Exception], ...] = (
    *(OSError, ValueError, errors_of.Fail, errors_of.InvalidProtobuf, errors_of.InvalidGraph),
    *(errors_of.InvalidArgument, errors_of.NoSuchFile, errors_of.NotImplemented),
)


def open_reader(pack: Pack, model: str) -> tuple[Vocabulary, bytes, onnxruntime.InferenceSession]:
    """The pack's vocabulary, what labels.json says, and the one .onnx file of a folder of the pack. Raises BROKEN."""
    if pack.vocabulary is None:
        raise ValueError("the pack has no vocabulary.json")
    folder = Path(pack.locate(model))
    labels = (folder / "labels.json").read_bytes()
    (file,) = folder.glob("*.onnx")
    return pack.vocabulary, labels, onnxruntime.InferenceSession(str(file), providers=["CPUExecutionProvider"])


def load_prompt_reader(pack: Pack) -> PromptReader | None:
    """The one that the pack names, None where it names none. Raises PackUnavailable."""
    if pack.adherence is None:
        return None
    if isinstance(pack.adherence, ClassifierAdherence):
        return ClassifierReader.load(pack, pack.adherence.model)
    from pipeline.clip_reader import ClipReader  # imports torch and transformers, which no other reader needs

    return ClipReader.load(pack, pack.adherence)


class ClassifierReader:
    """Tells apart the phrases of a pack's vocabulary: in each group of them, which one a picture shows."""

    def __init__(self, session: onnxruntime.InferenceSession, labels: Labels, vocabulary: Vocabulary) -> None:
        """The session takes `picture`, float32 (1, 3, 128, 128), RGB from -1 to 1, and gives each group's logits by
        the group's name. Raises ValueError where it doesn't."""
        outputs = {output.name: output.shape[-1] for output in session.get_outputs()}
        if [put.name for put in session.get_inputs()] != [INPUT] or outputs != {g: len(labels[g]) for g in labels}:
            raise ValueError("the classifier's input and outputs are not those of labels.json")
        self._session = session
        self._labels = labels
        self._vocabulary = vocabulary

    @classmethod
    def load(cls, pack: Pack, model: str) -> ClassifierReader:
        """From the pack's folder with one .onnx file and labels.json. Raises PackUnavailable."""
        try:
            vocabulary, labels, session = open_reader(pack, model)
            return cls(session, _LABELS.validate_json(labels), vocabulary)
        except BROKEN as error:
            raise PackUnavailable(
                "The adherence model {model} of the pack {pack} could not be loaded ({error}).",
                "Restore its folder in {folder}, or leave [adherence] out: adherence is then not measured.",
                model=repr(model),
                pack=repr(pack.name),
                error=error,
                folder=pack.folder,
            ) from error

    def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...] | None:
        """The vocabulary's phrases in the prompt, by their first names, of whose group the picture shows another.

        Of a group only one phrase is ever said to be shown: where the prompt asks for several, each may be that one.
        """
        asked = {
            group: taught
            for group, phrases in self._vocabulary.phrases_in(prompt).items()
            if (taught := [phrase for phrase in phrases if phrase in self._labels.get(group, ())])
        }
        if not asked:
            return None
        shown = self._shown(picture)
        return tuple(phrase for group, phrases in asked.items() if shown[group] not in phrases for phrase in phrases)

    def _shown(self, picture: Image.Image) -> dict[str, str]:
        small = picture.convert("RGB").resize((SIDE, SIDE), Image.Resampling.BOX)
        pixels = np.asarray(small, np.float32).transpose(2, 0, 1)[None] / 127.5 - 1
        logits: Any = self._session.run(list(self._labels), {INPUT: pixels})
        return {
            group: phrases[int(np.argmax(values))]
            for (group, phrases), values in zip(self._labels.items(), logits, strict=True)
        }
