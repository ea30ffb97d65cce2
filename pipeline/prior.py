"""Words and a seed -> somebody whom the words describe: an identity for a picture that no reference steers.

A pack's own small model makes it; a pack without one draws from words alone.
"""

# onnxruntime comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import onnxruntime
from pydantic import TypeAdapter

from errors import PackUnavailable
from pipeline.adherence import BROKEN, open_reader
from pipeline.packs import Pack
from pipeline.values import Embedding, Identity, Imagined
from pipeline.vocabulary import Vocabulary

NOISE, WORDS_SAID, IDENTITY = "noise", "words", "identity"
IDENTITY_SIZE = 512

Words = Mapping[str, tuple[str, ...]]  # by group of the vocabulary the phrases that it knows, in its order

_WORDS = TypeAdapter(dict[str, tuple[str, ...]])


def load_prior(pack: Pack) -> IdentityPrior | None:
    """The pack's, from a folder with one .onnx file and labels.json; None where it has none. Raises PackUnavailable."""
    if pack.prior is None:
        return None
    try:
        vocabulary, words, session = open_reader(pack, pack.prior.model)
        return IdentityPrior(session, _WORDS.validate_json(words), vocabulary, pack.faces.encoder)
    except BROKEN as error:
        raise PackUnavailable(
            "The identity prior {model} of the pack {pack} could not be loaded ({error}).",
            "Restore its folder in {folder}, or leave [prior] out: new characters are then drawn from words alone.",
            model=repr(pack.prior.model),
            pack=repr(pack.name),
            error=error,
            folder=pack.folder,
        ) from error


class IdentityPrior:
    """What a pack's own small model makes of words."""

    def __init__(
        self, session: onnxruntime.InferenceSession, words: Words, vocabulary: Vocabulary, encoder: str
    ) -> None:
        """The session takes `noise`, float32 (1, any), and `words`, float32 (1, phrases), 1 for each phrase that is
        asked for and -1 for each to be kept out, and gives `identity` (1, 512) as `encoder` would. Raises ValueError
        where it doesn't."""
        sizes: dict[str, Any] = {put.name: put.shape[-1] for put in (*session.get_inputs(), *session.get_outputs())}
        wanted = {WORDS_SAID: sum(map(len, words.values())), IDENTITY: IDENTITY_SIZE}
        if sizes.keys() != {NOISE, *wanted} or any(sizes[name] != size for name, size in wanted.items()):
            raise ValueError("the prior's inputs and output are not those of labels.json")
        self._session, self._words, self._vocabulary, self._encoder = session, words, vocabulary, encoder
        self._noise: int = sizes[NOISE]

    def imagine(self, prompt: str, kept_out: str, seed: int) -> Imagined:
        """Somebody as the prompt says; another one by another seed."""
        asked, negated = (self._vocabulary.phrases_in(text) for text in (prompt, kept_out))
        phrases = [(group, phrase) for group, known in self._words.items() for phrase in known]
        words = [(phrase in asked.get(group, ())) - (phrase in negated.get(group, ())) for group, phrase in phrases]
        noise = np.random.default_rng(seed).standard_normal((1, self._noise), np.float32)
        found: Any = self._session.run([IDENTITY], {NOISE: noise, WORDS_SAID: np.array([words], np.float32)})
        embedding: Embedding = found[0][0]
        return Imagined((Identity(self._encoder, (embedding / np.linalg.norm(embedding)).astype(np.float32)),))
