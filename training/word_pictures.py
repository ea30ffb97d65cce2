"""A small picture for each word that the page offers in a popover: the drawn world's own, in the pack's folder `words`."""

from __future__ import annotations

from pathlib import Path

from PIL import Image

from drawn_world.artist import draw, draw_scenery
from drawn_world.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, LIGHTS, OUTFITS, VIEWS, Person, look, person
from pipeline.packs import WORD_PICTURES, word_picture

WHO, SEED = 206, 7  # somebody with short hair, and no marks
SIDE = 112  # pixels; they are shown at half of that, or on a dense screen at all of it
FACE, BUST, WHOLE = (52, 40, 204, 192), (28, 68, 216, 256), (0, 0, 256, 256)  # left, top, right, bottom
PLAIN = {"outfit": "t-shirt", "expression": "neutral", "accessory": "none", "background": "plain", "view": "front", "light": "day"}  # fmt: skip
SHOWN = {  # by a look's part: its phrases, and what is cut out
    "outfit": (OUTFITS, BUST),
    "expression": (EXPRESSIONS, FACE),
    "accessory": (ACCESSORIES, FACE),
    "background": (BACKGROUNDS, WHOLE),
    "view": (VIEWS, FACE),
    "light": (LIGHTS, WHOLE),
}


def draw_word_pictures(pack: Path) -> int:
    """Writes them anew; returns how many bytes they are together."""
    (pack / WORD_PICTURES).mkdir(exist_ok=True)
    who, size = person(WHO), 0
    for part, (phrases, cut) in SHOWN.items():
        for name, (phrase, *_) in phrases.items():
            file = pack / WORD_PICTURES / word_picture(phrase)
            _drawn(who, part, name).crop(cut).resize((SIDE, SIDE), Image.Resampling.LANCZOS).save(
                file, quality=80, method=6
            )
            size += file.stat().st_size
    return size


def _drawn(who: Person, part: str, name: str) -> Image.Image:
    there = {"background": "city"} if part == "light" else {}
    drawn = look(SEED, **(PLAIN | there | {part: name}))
    if part == "background":
        return Image.fromarray(draw_scenery(drawn))
    return Image.fromarray(draw(who, drawn).pixels)
