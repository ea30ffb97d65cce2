"""Does a picture show what its prompt asks for, whatever the words? CLIP compares the two.

The only file that imports transformers. Torch is imported by generator.py and what it draws with as well.
"""

# transformers' own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

from typing import Any

import torch
from huggingface_hub.utils import httpx  # the one that the hub's client uses, whatever its version
from PIL import Image
from safetensors import SafetensorError
from transformers import CLIPModel, CLIPProcessor

from errors import PackUnavailable
from pipeline.packs import ClipAdherence, Pack
from pipeline.prompt import read_prompt

NEUTRAL = "a picture"
WITH_PHRASE = "a picture of {}"

_BROKEN = (OSError, ValueError, KeyError, RuntimeError, SafetensorError, httpx.HTTPError)


class ClipReader:
    """Reads on the CPU: a picture takes a tenth of a second there, and the GPU's memory stays the generator's."""

    def __init__(self, model: CLIPModel, processor: CLIPProcessor) -> None:
        self._model: Any = model
        self._processor: Any = processor

    @classmethod
    def load(cls, pack: Pack, adherence: ClipAdherence) -> ClipReader:
        """From a folder or the hub. Raises PackUnavailable."""
        place = pack.locate(adherence.clip)
        try:
            model: Any = CLIPModel.from_pretrained(place, revision=adherence.revision)
            processor: Any = CLIPProcessor.from_pretrained(place, revision=adherence.revision)
            return cls(model.eval(), processor)
        except _BROKEN as error:
            raise PackUnavailable(
                "The CLIP model {model} of the pack {pack} could not be loaded ({error}).",
                "Go online once to download it, or leave [adherence] out: adherence is then not measured.",
                model=repr(adherence.clip),
                pack=repr(pack.name),
                error=f"{type(error).__name__}: {error}",
            ) from error

    def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...] | None:
        """Of the phrases between the prompt's pauses those that say less of the picture than no phrase does.

        CLIP's zero-shot classification (Radford et al. 2021, https://arxiv.org/abs/2103.00020), a phrase at a time.
        """
        phrases = read_prompt(prompt).drawn
        if not phrases:
            return None
        texts = [NEUTRAL, *(WITH_PHRASE.format(phrase) for phrase in phrases)]
        inputs = self._processor(
            text=texts, images=picture.convert("RGB"), return_tensors="pt", padding=True, truncation=True
        )
        with torch.inference_mode():
            neutral, *logits = self._model(**inputs).logits_per_image[0]
        return tuple(phrase for phrase, logit in zip(phrases, logits, strict=True) if logit < neutral)
