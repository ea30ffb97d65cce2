"""How well a picture shows a prompt as a whole: CLIPScore, for packs that name a CLIP model. It scores where the page's
reader only tells which phrases are missing, with the very same model."""

# transformers' own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import torch
from PIL import Image

from pipeline.clip_reader import ClipReader
from pipeline.packs import ClipAdherence, Pack


class ClipScorer(ClipReader):
    @classmethod
    def load(cls, pack: Pack, adherence: ClipAdherence) -> ClipScorer:
        """From a folder or the hub. Raises PackUnavailable."""
        loaded = super().load(pack, adherence)
        assert isinstance(loaded, cls)  # ClipReader makes whatever class it is called on
        return loaded

    def score(self, picture: Image.Image, prompt: str) -> float:
        """The cosine of CLIP's two embeddings, never below 0 (Hessel et al. 2021, https://arxiv.org/abs/2104.08718,
        without their factor of 2.5)."""
        inputs = self._processor(
            text=[prompt], images=picture.convert("RGB"), return_tensors="pt", padding=True, truncation=True
        )
        with torch.inference_mode():
            seen = self._model(**inputs)
        return max(0.0, float(torch.cosine_similarity(seen.image_embeds, seen.text_embeds)[0]))
