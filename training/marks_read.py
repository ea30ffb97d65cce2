"""How right the reader of marks is: on drawings, on the same through the VAE, and on the pack's own pictures, of which
somebody looked at each and wrote down what it shows (`marks_by_eye.json`)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from PIL import Image
from tqdm import tqdm

from drawn_world.artist import draw
from drawn_world.people import HELD_OUT, look_seed
from drawn_world.world import look, person, profile
from evaluation.drawn import MEASURED
from pipeline.marks import MarksReader
from pipeline.values import Reference
from pipeline.variants import VariantMaker
from training.marks import CLOSED, COLOURS, READ, SHORN, SOFT_TEST, TEST, UNKNOWN, Shown, draw_marked

PEOPLE = 300  # who are dealt marks
BY_EYE = Path(__file__).parent / "marks_by_eye.json"

Truth = Mapping[str, bool | None]  # of each mark and colour whether it is shown; None: nobody knows
Read = tuple[frozenset[str], Truth]  # what the reader says of a picture, and what is so


def marks_read_right(reader: MarksReader, maker: VariantMaker) -> Iterator[Sequence[str]]:
    """Of each mark and group of colours: its name, and the share that is read right of each kind of pictures."""
    base = maker.pack.locate(maker.pack.base.model)
    vae = AutoencoderKL.from_pretrained(base, subfolder="vae", dtype=torch.float32)
    kinds = (
        _drawings(reader, draw_marked(TEST, PEOPLE)),
        _drawings(reader, draw_marked(SOFT_TEST, PEOPLE, vae)),
        list(_variants(reader, maker)),
    )
    for name, words in {**{mark: (mark,) for mark in READ}, **COLOURS}.items():
        yield name, *(_right(kind, words) for kind in kinds)


def _right(kind: Sequence[Read], words: Sequence[str]) -> str:
    """Of a colour it is right where the true one is among those that are said."""
    known = [
        (said & set(words), {word for word in words if truth[word]}) for said, truth in kind if _is_known(truth, words)
    ]
    right = [not said.isdisjoint(true) if len(words) > 1 else said == true for said, true in known]
    return f"{np.mean(right):.1%} of {len(right)}"


def _is_known(truth: Truth, words: Sequence[str]) -> bool:
    return truth[words[0]] is not None


def _drawings(reader: MarksReader, shown: Shown) -> list[Read]:
    rows = zip(shown.pixels, shown.landmarks, shown.marks, shown.colours, strict=True)
    return [
        (reader.shown(Image.fromarray(pixels), landmarks), _marked(read) | _coloured(colours))
        for pixels, landmarks, read, colours in rows
    ]


def _marked(read: Sequence[int]) -> dict[str, bool | None]:
    return {mark: None if is_so == UNKNOWN else bool(is_so) for mark, is_so in zip(READ, read, strict=True)}


def _coloured(colours: Sequence[int]) -> dict[str, bool | None]:
    return {
        word: None if true == UNKNOWN else place == true
        for (words, true) in zip(COLOURS.values(), colours, strict=True)
        for place, word in enumerate(words)
    }


def _variants(reader: MarksReader, maker: VariantMaker) -> Iterator[Read]:
    """One of each of the first held-out people that no report is about, asked for in all their words."""
    seen = json.loads(BY_EYE.read_text("utf-8"))
    for number in tqdm(range(seen["pictures"]), desc="drawing what was looked at"):
        who, worn = person(seed := HELD_OUT.first + MEASURED + number), look(look_seed(seed, 1))
        picture = Image.fromarray(draw(who, look(look_seed(seed, 0))).pixels)
        reference = Reference(picture, maker.find_face(picture, own_hand=True).identities)
        prompt = ", ".join([worn.outfit, worn.expression, worn.accessory, worn.background, *profile(who).values()])
        (made,) = maker.generate(maker.pack.request(prompt, seed, count=1), reference, lambda _: None).ranked
        if made.face is not None:
            hidden = {"hair colour": who.hair_style in SHORN, "eyes": worn.expression in CLOSED}
            asked = {"hair colour": f"{who.hair_word} hair", "eyes": f"{who.eye_word} eyes"}
            colours = {
                group: None if hidden[group] else seen[group].get(str(number), asked[group]) for group in COLOURS
            }
            yield reader.shown(made.picture, made.face.landmarks), _by_eye(seen["marks"].get(str(number), ()), colours)


def _by_eye(shown: Sequence[str], colours: Mapping[str, str | None]) -> Truth:
    return {mark: mark in shown for mark in READ} | {
        word: None if (true := colours[group]) is None else word == true
        for group, words in COLOURS.items()
        for word in words
    }
