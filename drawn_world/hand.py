"""Whose hand draws: everything that differs from artist to artist, apart from who is drawn and how they look today.

A hand is a few knobs that multiply: the nib, how faces are built, how eyes, nose and mouth are put down, which colours the
artist owns, and what the paper makes of it (finish.py). `PLAIN` is the drawn world's own; other seeds are other artists.
A hand sees a person in its own way (`seen`): the same differences between people, in its own proportions and colours.
"""

from __future__ import annotations

import colorsys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache, lru_cache

import numpy as np

from drawn_world.pen import OWN, Nib, Rgb, mix
from drawn_world.world import EYE_COLOURS, EYE_SHAPES, FRINGES, HAIR_COLOURS, HAIR_STYLES, NOSES, SKINS, Look, Person

Palette = tuple[Rgb, ...]  # dark to light; empty: a person's own colours


@dataclass(frozen=True)
class Build:
    """How a hand builds people; 1 is as in the drawn world."""

    youth: float = 0  # 1: chibi, a large head with a short face; below 0: long adult faces
    width: float = 1  # of the face
    jaw: float = 1
    square: float = 0  # added to the jaw's own
    spacing: float = 1  # of the eyes
    eyes: float = 1
    mouth: float = 1
    volume: float = 1  # of the hair
    stretch: float = 1  # the head's height over its width
    body: float = 1
    forehead: float = 1  # what lies above the eyes
    cheeks: tuple[float, float, float] = (1, 1, 1)  # widths at the crown, at the eyes, at the chin


@dataclass(frozen=True)
class Finish:
    """What becomes of the drawn pixels (finish.py)."""

    hue: float = 0  # turns of the colour wheel
    saturation: float = 1
    contrast: float = 1
    paper: Rgb = (255, 255, 255)  # what white becomes
    ramp: Palette = ()  # greys run through these colours
    levels: int = 0  # of each colour; 0: all
    print: str = ""  # the screen: dots, lines, cross, or nothing
    cell: float = 4.5  # pixels from dot to dot
    angle: float = 0.8
    medium: str = ""  # soft, water, pencil, pixels, or nothing
    strength: float = 0.5  # of the medium
    grain: float = 0
    wobble: float = 0  # pixels


@dataclass(frozen=True)
class Hand:
    """An artist."""

    seed: int = 0
    nib: Nib = OWN
    build: Build = Build()
    finish: Finish = Finish()
    eyes: str = "webtoon"  # as in eyes.py
    nose: str = "own"  # as in features.py, or each person's own
    mouth: str = "own"
    cheeks: str = "own"
    brows: float = 1  # times their thickness; 0: none
    hair: str = "lit"  # lit, mass, two tones, sheen, strands
    masses: bool = False  # hair in plain masses rather than in locks (masses.py)
    hair_styles: tuple[str, ...] = ()  # the few that the artist draws; none: all
    hair_colours: Palette = ()
    skins: Palette = ()
    eye_colours: Palette = ()
    place: str = "scene"  # scene, plain, gradient, disc, stripes, burst
    paints: Palette = ()  # of the place
    dress: str = "own"  # own: what is worn in detail; plain: a shirt
    pose: str = "free"  # free, or one in which everybody is drawn: front, left, right
    steady: float = 0  # 1: everybody is set at the same place and size
    bust: bool = True  # there are shoulders under the head
    zoom: float = 1
    lift: float = 0  # how much higher the head is set in the picture

    @property
    def plain(self) -> bool:
        return self == PLAIN

    @property
    def name(self) -> str:
        return f"hand {self.seed}"


PLAIN = Hand()
TRAINED = range(1, 501)  # the hands that a judge learns from
RESERVED = range(100_001, 100_101)  # never trained on: for calibration and evaluation


def seen(person: Person, hand: Hand) -> Person:
    """The person in the hand's proportions and colours; in the plain hand exactly as they are."""
    if hand.plain:
        return person
    b, y = hand.build, hand.build.youth
    chin = max(44.0, person.chin * (1 - 0.28 * y))
    mouth = min(person.mouth_height * (1 - 0.34 * y), chin - 15)
    return replace(
        person,
        face_width=person.face_width * b.width * (1 + 0.06 * y),
        jaw_width=person.jaw_width * b.width * b.jaw * (1 + 0.1 * y),
        jaw_square=float(np.clip(person.jaw_square + b.square, 0, 1)),
        chin=chin,
        eye_size=person.eye_size * b.eyes,
        eye_spacing=person.eye_spacing * b.spacing * b.width,
        brow_height=person.brow_height * (0.7 + 0.3 * b.eyes),
        brow_thickness=person.brow_thickness * max(hand.brows, 0.3),
        nose_length=min(person.nose_length * (1 - 0.4 * y), mouth - 9),
        mouth_width=person.mouth_width * b.mouth * b.width,
        mouth_height=mouth,
        mole=None
        if person.mole is None
        else (person.mole[0] * b.width, min(person.mole[1] * (1 - 0.3 * y), chin - 14)),
        hair_style=_style(person, hand),
        hair_volume=1 + (person.hair_volume - 1) * b.volume + 0.35 * (b.volume - 1),
        hair_colour=_dye(person.hair_word, tuple(HAIR_COLOURS), person.hair_colour, hand.hair_colours)[0],
        skin=_dye(person.skin_word, tuple(SKINS), person.skin, hand.skins)[0],
        eye_colour=_dye(person.eye_word, tuple(EYE_COLOURS), person.eye_colour, hand.eye_colours)[0],
    )


_TURNS = {"front": 0.0, "left": -0.4, "right": 0.4}


def posed(look: Look, hand: Hand) -> Look:
    """The look as the hand sets it in the picture; in the plain hand exactly as it is."""
    if hand.plain:
        return look
    loose = 1 - hand.steady
    yaw = look.yaw if hand.pose == "free" else _TURNS[hand.pose] + look.yaw * 0.08 * loose
    roll, dx, dy = look.roll * loose, look.dx * loose, look.dy * loose
    return replace(look, yaw=yaw, roll=roll, dx=dx, dy=dy, scale=1 + (look.scale - 1) * loose)


def visible_features(person: Person, hand: Hand) -> tuple[int, ...]:
    """What of the person this hand shows, as codes: equal codes look alike, -1 is what it does not show.

    In this order: hair style, fringe, tone of hair, skin, eyes' shape, eyes' colour, nose, beard, freckles, mole, scar, ears,
    jaw, brows, old age.
    """
    style, fine, printed = _style(person, hand), hand.finish.medium != "pixels", bool(hand.finish.print)
    bald = style == "bald"
    return (
        tuple(HAIR_STYLES).index(style),
        -1 if bald or style == "buzz" else FRINGES.index(person.fringe),
        -1 if bald else _dye(person.hair_word, tuple(HAIR_COLOURS), person.hair_colour, hand.hair_colours)[1],
        _dye(person.skin_word, tuple(SKINS), person.skin, hand.skins)[1],
        EYE_SHAPES.index(person.eye_shape) if fine else -1,
        _dye(person.eye_word, tuple(EYE_COLOURS), person.eye_colour, hand.eye_colours)[1]
        if fine and hand.eyes not in COLOURLESS
        else -1,
        NOSES.index(person.nose) if fine and hand.nose in ("own", "cartoon") else -1,
        ("", "stubble", "moustache", "goatee", "full").index(person.beard),
        int(person.freckles) if fine and not printed else -1,
        int(person.mole is not None) if fine else -1,
        person.scar if fine and not printed else -1,
        int(person.pointed_ears),
        int(person.jaw_square * 2.99) if fine else -1,
        int(person.brow_thickness > 3.8) if hand.brows and fine else -1,
        int(person.age == "elder") if fine and not printed else -1,
    )


COLOURLESS = ("dot", "bead", "hollow", "lid", "arc", "oval")  # eyes that are ink alone


@cache
def _light_order(words: tuple[str, ...], table: str) -> tuple[int, ...]:
    """The rank of each word by how light its colour is."""
    colours = {"hair": HAIR_COLOURS, "skin": SKINS, "eyes": EYE_COLOURS}[table]
    light = [_luminance(_rgb(colours[word])) for word in words]
    return tuple(int(rank) for rank in np.argsort(np.argsort(light)))


def _style(person: Person, hand: Hand) -> str:
    """The hair style that the hand gives the person."""
    if not hand.hair_styles:
        return person.hair_style
    return hand.hair_styles[tuple(HAIR_STYLES).index(person.hair_style) % len(hand.hair_styles)]


def _dye(word: str, words: tuple[str, ...], own: Rgb, palette: Palette) -> tuple[Rgb, int]:
    """The colour that the hand takes for it, darker ones for darker ones, and its code."""
    if not palette:
        return own, words.index(word)
    table = "hair" if "platinum" in words else "skin" if "tan" in words else "eyes"
    index = _light_order(words, table)[words.index(word)] * len(palette) // len(words)
    return palette[index], index if len(palette) > 1 else -1


def _rgb(digits: str) -> Rgb:
    return int(digits[1:3], 16), int(digits[3:5], 16), int(digits[5:7], 16)


def _luminance(colour: Sequence[float]) -> float:
    return 0.3 * colour[0] + 0.59 * colour[1] + 0.11 * colour[2]


# --- the hands' own -----------------------------------------------------------------------------------------------------

_EYES = {
    "webtoon": 0.1, "manga": 0.14, "shoujo": 0.09, "narrow": 0.09, "real": 0.09, "dot": 0.12, "oval": 0.1, "bead": 0.09,
    "doll": 0.06, "hollow": 0.05, "lid": 0.07, "arc": 0.03,
}  # fmt: skip
_SIZES = {
    "webtoon": (0.8, 1.2), "manga": (0.85, 1.25), "shoujo": (0.9, 1.3), "narrow": (0.7, 1.1), "real": (0.6, 0.9),
    "dot": (0.7, 1.5), "oval": (0.75, 1.4), "bead": (0.7, 1.25), "doll": (0.7, 1.15), "hollow": (0.7, 1.1), "lid": (0.7, 1.05),
    "arc": (0.7, 1.1),
}  # fmt: skip
_INKS: Palette = (
    (18, 16, 20),
    (18, 16, 20),
    (30, 28, 60),
    (74, 40, 26),
    (66, 26, 66),
    (20, 58, 66),
    (110, 36, 40),
    (44, 44, 50),
)
_COLOURS = {
    "own": 0.3, "pastel": 0.1, "muted": 0.11, "vivid": 0.08, "neon": 0.05, "warm": 0.08, "cold": 0.07, "limited": 0.13,
    "duotone": 0.08,
}  # fmt: skip
_MEDIA = {"": 0.47, "soft": 0.08, "water": 0.1, "pencil": 0.08, "pixels": 0.05, "print": 0.07, "ink": 0.15}


@lru_cache(maxsize=1 << 12)
def hand(seed: int) -> Hand:
    """The hand of a seed, the same on every machine; 0 is the drawn world's own."""
    if seed == 0:
        return PLAIN
    rng = np.random.default_rng([seed, 5])
    medium, colours = _pick(rng, _MEDIA), _pick(rng, _COLOURS)
    ink = medium == "ink"
    grey = ink or (medium == "pencil" and rng.random() < 0.6)
    eyes = _pick(rng, _EYES)
    sparse = eyes in COLOURLESS
    flat = bool(rng.random() < (0.75 if sparse or ink else 0.3))
    nib = _nib(rng, flat, grey, medium)
    hair, skins = _palettes(rng, colours, grey, nib.outlined)
    finish = _finish(rng, medium, colours, grey)
    place = _pick(
        rng,
        {
            "scene": 0.12 if grey or sparse else 0.4,
            "plain": 0.3,
            "gradient": 0.1,
            "disc": 0.1,
            "stripes": 0.05,
            "burst": 0.05,
        },
    )
    styles = tuple(HAIR_STYLES)
    few = (
        tuple(str(s) for s in rng.permutation(styles)[: rng.integers(3, 8)])
        if rng.random() < 0.2 and medium != "pixels"
        else ()
    )
    one_eye: Palette = ((34, 28, 36),)
    return Hand(
        seed,
        nib,
        _build(rng, eyes),
        finish,
        eyes=eyes,
        nose=_pick(rng, {"own": 0.3, "cartoon": 0.34, "tick": 0.1, "nostrils": 0.08, "shade": 0.08, "none": 0.1}),
        mouth=_pick(rng, {"own": 0.3, "line": 0.28, "bold": 0.14, "grin": 0.14, "lips": 0.14}),
        cheeks=_pick(rng, {"own": 0.4, "none": 0.34, "rounds": 0.16, "strokes": 0.1}),
        brows=0.0 if rng.random() < 0.08 else float(rng.uniform(0.5, 1.9)),
        hair=_pick(
            rng,
            {"mass": 0.7, "strands": 0.2, "two tones": 0.1}
            if flat
            else {"lit": 0.3, "mass": 0.15, "two tones": 0.25, "sheen": 0.12, "strands": 0.18},
        ),
        masses=bool(rng.random() < (0.6 if sparse else 0.25)),
        hair_styles=few,
        hair_colours=hair,
        skins=skins,
        eye_colours=one_eye if grey or rng.random() < 0.2 else (),
        place=place,
        paints=_paints(rng, colours, grey),
        dress="plain" if rng.random() < (0.55 if sparse or flat else 0.15) else "own",
        pose=_pick(rng, {"free": 0.6, "front": 0.22, "left": 0.09, "right": 0.09}),
        steady=float(rng.choice((0, rng.uniform(0.2, 1)))),
        bust=bool(rng.random() < 0.88 or place == "scene"),
        zoom=float(
            rng.choice((rng.uniform(0.72, 0.9), rng.uniform(0.88, 1.1), rng.uniform(1.1, 1.3)), p=(0.25, 0.5, 0.25))
        ),
        lift=float(rng.uniform(-6, 10)),
    )


def _pick(rng: np.random.Generator, options: dict[str, float]) -> str:
    chances = np.array(list(options.values()))
    return str(rng.choice(list(options), p=chances / chances.sum()))


def _nib(rng: np.random.Generator, flat: bool, grey: bool, medium: str) -> Nib:
    outlined = bool(grey or medium == "pencil" or rng.random() < (0.62 if flat else 0.82))
    way = _pick(rng, {"curves": 0.6, "round": 0.2, "cut": 0.1, "rough": 0.1})
    facet, corner, shake = {
        "curves": (0.0, 0.0, 0.0),
        "round": (rng.uniform(8, 15), rng.uniform(4, 9), 0.0),
        "cut": (rng.uniform(9, 15), 0.0, 0.0),
        "rough": (rng.uniform(5, 10), rng.uniform(0, 4), rng.uniform(0.5, 1.2)),
    }[way]
    return Nib(
        width=float(rng.choice((rng.uniform(0.4, 0.75), rng.uniform(0.75, 1.3), rng.uniform(1.3, 2.6)))),
        outlined=outlined,
        even=bool(rng.random() < 0.55),
        colour=(16, 15, 18)
        if grey and medium == "ink"
        else None
        if rng.random() < 0.35
        else _INKS[rng.integers(len(_INKS))],
        flat=flat,
        facet=float(facet),
        corner=float(corner),
        shake=float(shake),
        sketchy=bool(rng.random() < (0.5 if medium == "pencil" else 0.1)),
    )


def _build(rng: np.random.Generator, eyes: str) -> Build:
    youth = float({"real": rng.uniform(-0.35, 0.1), "narrow": rng.uniform(-0.3, 0.4)}.get(eyes, rng.uniform(-0.2, 1)))
    low, high = _SIZES[eyes]
    crown, middle, chin = 1 + rng.normal(0, 0.07, 3)
    return Build(
        youth=youth,
        width=float(rng.uniform(0.9, 1.14)),
        jaw=float(rng.uniform(0.76, 1.28)),
        square=float(rng.choice((-0.5, 0, 0, 0.5))),
        spacing=float(rng.uniform(0.86, 1.08)),
        eyes=float(rng.uniform(low, high) * (1 + 0.12 * max(youth, 0))),
        mouth=float(rng.uniform(0.6, 1.25)),
        volume=float(rng.uniform(0.7, 1.5)),
        stretch=float(rng.uniform(0.88, 1.16) - 0.06 * youth),
        body=float(np.clip(1 - 0.35 * youth + rng.normal(0, 0.06), 0.6, 1.15)),
        forehead=float(rng.uniform(0.84, 1.2)),
        cheeks=tuple(float(np.clip(v, 0.88, 1.14)) for v in (crown, middle, chin)),  # type: ignore[arg-type]
    )


def _palettes(rng: np.random.Generator, colours: str, grey: bool, outlined: bool) -> tuple[Palette, Palette]:
    """Of hair and of skin."""
    if grey:
        hairs: dict[str, Palette] = {
            "two": ((30, 30, 30), (250, 250, 250)),
            "three": ((28, 28, 28), (140, 140, 140), (250, 250, 250)),
            "four": ((24, 24, 24), (96, 96, 96), (172, 172, 172), (250, 250, 250)),
            "white": ((252, 252, 252),),
        }
        hair = hairs[_pick(rng, {"two": 0.2, "three": 0.35, "four": 0.35, "white": 0.1})]
        skin: Palette = ((252, 252, 252),) if rng.random() < 0.7 else ((176, 176, 176), (250, 250, 250))
        return hair, skin
    hair = ()
    if colours == "limited" or rng.random() < 0.2:
        hair = _run(rng, int(rng.integers(4, 8)), rng.uniform(0.25, 0.8))
    skins: dict[str, Palette] = {
        "own": (),
        "paper": ((255, 252, 248),),
        "few": ((122, 78, 54), (206, 150, 112), (252, 222, 200)),
        "fancy": _run(rng, 3, 0.4, 0.55),
        "one": (mix((255, 224, 200), _run(rng, 1, 0.5, 0.8)[0], 0.3),),
    }
    kind = _pick(rng, {"own": 0.55, "few": 0.17, "paper": 0.1 if outlined else 0.0, "one": 0.1, "fancy": 0.08})
    return hair, skins[kind]


def _run(rng: np.random.Generator, count: int, saturation: float, lowest: float = 0.16) -> Palette:
    """Colours from dark to light around a hue or two."""
    start, span = rng.random(), float(rng.choice((0.12, 0.35, 1.0)))
    lights = np.linspace(lowest, 0.86, count) if count > 1 else [lowest]
    made = [colorsys.hls_to_rgb((start + span * rng.random()) % 1, light, saturation) for light in lights]
    return tuple(sorted(((round(255 * r), round(255 * g), round(255 * b)) for r, g, b in made), key=_luminance))


def _paints(rng: np.random.Generator, colours: str, grey: bool) -> Palette:
    """Three for the place."""
    if grey:
        return ((255, 255, 255),) * 3 if rng.random() < 0.6 else ((255, 255, 255), (206, 206, 206), (236, 236, 236))
    if rng.random() < 0.25:
        return ((252, 250, 244),) * 3
    saturation, light = {"pastel": (0.6, 0.88), "neon": (0.8, 0.2), "muted": (0.2, 0.72), "duotone": (0.4, 0.62)}.get(
        colours, (rng.uniform(0.3, 0.8), rng.uniform(0.6, 0.9))
    )
    made = [
        colorsys.hls_to_rgb(rng.random(), float(np.clip(light + rng.normal(0, 0.05), 0.05, 0.95)), saturation)
        for _ in range(3)
    ]
    return tuple((round(255 * r), round(255 * g), round(255 * b)) for r, g, b in made)


def _finish(rng: np.random.Generator, medium: str, colours: str, grey: bool) -> Finish:
    hue, saturation, contrast, paper, ramp = {
        "own": (0.0, 1.0, 1.0, (255, 255, 255), ()),
        "pastel": (rng.normal(0, 0.03), rng.uniform(0.55, 0.85), rng.uniform(0.68, 0.85), (255, 250, 250), ()),
        "muted": (rng.normal(0, 0.02), rng.uniform(0.3, 0.6), rng.uniform(0.75, 1), (244, 240, 230), ()),
        "vivid": (rng.normal(0, 0.03), rng.uniform(1.3, 1.8), rng.uniform(1.1, 1.3), (255, 255, 255), ()),
        "neon": (rng.uniform(-0.12, 0.12), rng.uniform(1.5, 2), rng.uniform(1.1, 1.3), (226, 214, 255), ()),
        "warm": (rng.normal(0, 0.02), rng.uniform(0.7, 1.1), rng.uniform(0.8, 1), (255, 238, 208), ()),
        "cold": (rng.normal(0, 0.02), rng.uniform(0.6, 1), rng.uniform(0.85, 1.1), (216, 230, 255), ()),
        "limited": (0.0, 1.0, 1.0, (255, 253, 246), ()),
        "duotone": (0.0, 1.0, 1.05, (255, 255, 255), _ramp(rng)),
    }[colours]
    if grey:
        hue, saturation, ramp = 0.0, 0.0, _ramp(rng) if rng.random() < 0.2 else ()
        paper = (255, 255, 255) if rng.random() < 0.6 else (248, 242, 228)
    printed = medium in ("ink", "print")
    return Finish(
        hue=float(hue),
        saturation=float(saturation),
        contrast=float(contrast),
        paper=paper,
        ramp=ramp,
        levels=int(rng.integers(4, 7)) if medium == "" and rng.random() < 0.06 else 0,
        print=_pick(rng, {"dots": 0.55, "lines": 0.3, "cross": 0.15}) if printed else "",
        cell=float(rng.uniform(3.2, 6)),
        angle=float(rng.uniform(0, 3.14)),
        medium="" if printed else medium,
        strength=float(rng.uniform(0.3, 1)),
        grain=float(rng.choice((0, 0, 0, rng.uniform(2, 6), rng.uniform(4, 10)))),
        wobble=float(rng.choice((0, 0, rng.uniform(0.6, 1.4), rng.uniform(1.2, 2.4)))),
    )


def _ramp(rng: np.random.Generator) -> Palette:
    """Ink to paper: sepia, blue print, riso colours; now and then light lines on a dark ground."""
    hue = rng.random()
    dark, light = (
        tuple(round(255 * c) for c in colorsys.hls_to_rgb(h % 1, lightness, s))
        for h, lightness, s in (
            (hue, rng.uniform(0.1, 0.24), rng.uniform(0.3, 0.8)),
            (hue + rng.uniform(-0.2, 0.5), rng.uniform(0.88, 0.96), rng.uniform(0.2, 0.9)),
        )
    )
    middle = (
        mix(dark, light, 0.5)
        if rng.random() < 0.5
        else tuple(round(255 * c) for c in colorsys.hls_to_rgb(rng.random(), 0.55, 0.6))
    )  # type: ignore[arg-type]
    run = (dark, middle, light)
    return run[::-1] if rng.random() < 0.12 else run  # type: ignore[return-value]
