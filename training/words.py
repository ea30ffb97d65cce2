"""The text encoder learns its words before it steers: which outfit, mood, place and so on a caption names.

Taught by the UNet alone it knew every place after 33,600 pictures, for they fill the picture, and not one outfit (a linear
probe of its states: 87 % and 13 %). Words are cheap to learn by themselves; two minutes of it save hours of drawing.
"""

from __future__ import annotations

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTextModel, CLIPTokenizer

from training.dataset import look_seed
from training.loop import Losses, Schedule, device, train
from training.recipe import Run
from training.world import (
    ACCESSORIES,
    BACKGROUNDS,
    EXPRESSIONS,
    EYE_COLOURS,
    HAIR_COLOURS,
    HAIR_STYLES,
    KINDS,
    OUTFITS,
    SKINS,
    Look,
    Person,
    caption,
    look,
    person,
)

BATCH = 64
UNSAID = -100  # torch's label for what is not counted
PHRASES: dict[str, dict[str, tuple[str, ...]]] = {
    "outfit": OUTFITS, "expression": EXPRESSIONS, "accessory": ACCESSORIES, "background": BACKGROUNDS,
    "hair_style": HAIR_STYLES, "kind": KINDS,
    "hair_word": {word: (f"{word} ",) for word in HAIR_COLOURS},
    "eye_word": {word: (f"{word} eyes",) for word in EYE_COLOURS},
    "skin_word": {word: (f"{word} skin",) for word in SKINS},
}  # fmt: skip


def teach_words(run: Run, text: CLIPTextModel, tokenizer: CLIPTokenizer) -> None:
    """Trains `text` in place until a linear layer reads from its states what captions name."""
    sizes = [len(names) for names in PHRASES.values()]
    group = run.recipe.picture_people

    def losses(model: nn.Module, rng: np.random.Generator, progress: float) -> Losses:
        assert isinstance(model, nn.ModuleDict)
        captions, labels = [], []
        for seed in rng.integers(group.first, group.first + group.count, BATCH):
            who, shown = person(int(seed)), look(look_seed(int(seed), int(rng.integers(100))))
            captions.append(caption(who, shown, rng, describe_person=bool(rng.random() < 0.6)))
            labels.append(said(captions[-1], who, shown))
        states = model["text"](tokens(tokenizer, captions)).last_hidden_state
        truth = torch.tensor(labels, device=device()).T
        # the mean over all places is what an attention that knows nothing yet reads; the last one has seen every word
        read = [model["names"](state).split(sizes, 1) for state in (states.mean(1), states[:, -1])]
        loss = torch.stack([F.cross_entropy(n, t) for names in read for n, t in zip(names, truth, strict=True)]).mean()
        counted = [(n.argmax(1) == t)[t != UNSAID].float().mean() for n, t in zip(read[0], truth, strict=True)]
        return {"loss": loss, "accuracy": torch.stack(counted).mean()}

    model = nn.ModuleDict({"text": text, "names": nn.Linear(text.config.hidden_size, sum(sizes))})
    train(run, "words", lambda: model, losses, Schedule(run.recipe.word_steps, learning_rate=1e-3))


def said(caption: str, person: Person, look: Look) -> list[int]:
    """For each of PHRASES the index of what the caption says, UNSAID where it says nothing about it."""
    labels = []
    for field, names in PHRASES.items():
        true = getattr(look, field, None) or getattr(person, field)
        labels.append(list(names).index(true) if any(phrase in caption for phrase in names[true]) else UNSAID)
    return labels


def tokens(tokenizer: CLIPTokenizer, prompts: list[str]) -> Tensor:
    """(n, model_max_length) token ids."""
    encoded = tokenizer(prompts, padding="max_length", truncation=True, return_tensors="pt")
    return encoded.input_ids.to(device())
