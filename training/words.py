"""The text encoder learns its words before it steers: which outfit, mood, place and so on a caption names.

Taught by the UNet alone it knew every place after 33,600 pictures, for they fill the picture, and not one outfit (a linear
probe of its states: 87 % and 13 %). Here each phrase gets a direction of its own, orthogonal to all others, and all of one
length: taught to tell them apart at any length, it kept saying the place eight times as loud as the outfit.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor, nn
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

from drawn_world.people import look_seed
from drawn_world.world import (
    ACCESSORIES,
    AGES,
    BACKGROUNDS,
    BUILDS,
    EXPRESSIONS,
    EYE_COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    KINDS,
    LIGHTS,
    MARKS,
    OUTFITS,
    SKINS,
    VIEWS,
    Look,
    Person,
    caption,
    look,
    marks,
    person,
)
from training.loop import Batch, Drawn, Losses, Schedule, device, train
from training.recipe import Run

BATCH = 64
TOKENS = 64  # the tokenizer's model_max_length: the longest caption of the world takes about 55
WIDTH = 192  # of the text encoder and of the cross-attention
PHRASES: dict[str, dict[str, tuple[str, ...]]] = {  # patterns, found at the borders of words
    "outfit": OUTFITS, "expression": EXPRESSIONS, "accessory": ACCESSORIES, "background": BACKGROUNDS,
    "view": VIEWS, "light": LIGHTS, "hair_style": HAIR_STYLES, "kind": KINDS, "age": AGES, "build": BUILDS,
    "hair_word": {word: (f"{word} (?!eyes|skin|brown)",) for word in HAIR_COLOURS},
    "eye_word": {word: (f"{word} eyes",) for word in EYE_COLOURS},
    "skin_word": {word: (f"{word} skin",) for word in SKINS},
    "marks": MARKS,  # of which anybody may have several, or none
}  # fmt: skip


def text_encoder(tokenizer: CLIPTokenizer) -> CLIPTextModel:
    """Untaught."""
    size = len(tokenizer)
    config = CLIPTextConfig(
        vocab_size=size, hidden_size=WIDTH, intermediate_size=512, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=TOKENS, bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1,
    )  # fmt: skip
    return CLIPTextModel(config)


def teach_words(run: Run, tokenizer: CLIPTokenizer, build: Callable[[], CLIPTextModel] | None = None) -> CLIPTextModel:
    """A text encoder whose states, from a caption's end on, are the sum of what the caption names: a new one, or what
    `build` gives, whose words keep their directions."""
    group, codes = run.recipe.picture_people, phrase_codes(WIDTH).to(device())

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        captions, labels = [], []
        for seed in rng.integers(group.first, group.first + group.count, run.recipe.batch(BATCH)):
            who, shown = person(int(seed)), look(look_seed(int(seed), int(rng.integers(100))))
            captions.append(caption(who, shown, rng, describe_person=bool(rng.random() < 0.6)))
            labels.append(said(captions[-1], who, shown))
        return {"ids": tokens(tokenizer, captions), "said": np.stack(labels)}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        ids, truth = batch["ids"], batch["said"]
        states = model(ids).last_hidden_state
        named = states @ codes.T / codes.square().sum(1)  # (n, places, phrases): 1 where said
        error = (named - truth[:, None]).square().sum(2)[ids == tokenizer.eos_token_id]
        right = (named[:, -1] > 0.5) == (truth > 0.5)
        return {"loss": error.mean(), "sentences right": right.all(1).float().mean()}

    schedule = Schedule(run.recipe.word_steps, learning_rate=1e-3)
    taught = train(run, "words", build or (lambda: text_encoder(tokenizer)), draw, losses, schedule)
    assert isinstance(taught, CLIPTextModel)
    return taught


def phrase_codes(width: int) -> Tensor:
    """(phrases, width): orthogonal, and so long that a caption that names one of each kind fills a normalised state.

    Each is made from those before it, so phrases that are added last change no other's.
    """
    codes = nn.init.orthogonal_(
        torch.empty(sum(map(len, PHRASES.values())), width), generator=torch.Generator().manual_seed(0)
    )
    return codes * (width / (len(PHRASES) - 1)) ** 0.5  # marks come on top: most people have none or one


def said(caption: str, person: Person, look: Look) -> npt.NDArray[np.float32]:
    """(phrases,), in the order of PHRASES: 1 for each that the caption names in any of its synonyms."""
    labels = []
    for field, names in PHRASES.items():
        true = marks(person) if field == "marks" else [getattr(look, field, None) or getattr(person, field)]
        labels += [float(name in true and _names(caption, phrases)) for name, phrases in names.items()]
    return np.array(labels, np.float32)


def _names(caption: str, phrases: Iterable[str]) -> bool:
    return any(re.search(rf"\b{phrase}\b", caption) for phrase in phrases)


def tokens(tokenizer: CLIPTokenizer, prompts: list[str]) -> npt.NDArray[np.int64]:
    """(n, model_max_length) token ids."""
    return tokenizer(prompts, padding="max_length", truncation=True, return_tensors="np").input_ids
