"""The drawn world: who a person is (`Person`), how they look today (`Look`), and the words for both.

A person's features are independent of their look; both are sampled from a seed alone. The phrases below are the embedded
pack's whole vocabulary: the first of each tuple is the canonical one, the others are synonyms it was trained on as well.
A tenth of the combinations of outfit, expression and background is never drawn for training (`unseen`).
"""

from __future__ import annotations

import colorsys
import itertools
import zlib
from dataclasses import dataclass
from functools import lru_cache

import numpy as np

Phrases = dict[str, tuple[str, ...]]

HAIR_STYLES: Phrases = {
    "bob": ("bob hair", "bob cut"),
    "long straight": ("long straight hair", "long hair"),
    "long wavy": ("long wavy hair", "wavy hair"),
    "hime": ("hime cut hair", "hime cut"),
    "ponytail": ("ponytail hair", "ponytail"),
    "twin tails": ("twin tails hair", "pigtails"),
    "braids": ("braided hair", "braids"),
    "bun": ("hair in a bun", "top bun"),
    "space buns": ("space buns hair", "two buns"),
    "pixie": ("pixie cut hair", "pixie cut"),
    "spiky": ("spiky hair", "short spiky hair"),
    "curly": ("curly hair", "curls"),
    "afro": ("afro hair", "afro"),
    "buzz": ("buzz cut hair", "buzz cut"),
    "undercut": ("undercut hair", "undercut"),
    "mohawk": ("mohawk hair", "mohawk"),
    "slicked back": ("slicked back hair", "slicked hair"),
    "side braid": ("side braid hair", "side braid"),
    "dreadlocks": ("dreadlocks hair", "dreadlocks"),
    "bald": ("bald head", "bald"),
}
HAIR_COLOURS: dict[str, str] = {
    "black": "#2c2a36", "dark brown": "#4a3028", "brown": "#7a4a2e", "auburn": "#8e3b26", "red": "#c23a2b",
    "orange": "#e2792f", "blonde": "#ecc35c", "platinum": "#f2e6c0", "white": "#eef0f4", "grey": "#9a9fac",
    "pink": "#ee8fb0", "purple": "#8b5cb8", "blue": "#4a74c9", "mint": "#6cc9ae", "green": "#4f8f4e",
}  # fmt: skip
EYE_COLOURS: dict[str, str] = {
    "brown": "#7b4a2a", "black": "#33303c", "amber": "#d99a2b", "hazel": "#8f7a36", "green": "#3f9a55",
    "blue": "#3b7fd1", "grey": "#7f8b99", "violet": "#8a55c7", "red": "#c93a3f", "teal": "#2aa3a3",
}  # fmt: skip
SKINS: dict[str, str] = {
    "porcelain": "#fdebe0", "fair": "#fbdcc6", "peach": "#f5c9a6", "olive": "#dfb384",
    "tan": "#c98f62", "brown": "#a36a45", "dark": "#8a5a40", "deep": "#694030",
}  # fmt: skip
KINDS: Phrases = {"woman": ("woman", "girl", "lady"), "man": ("man", "boy", "guy")}
AGES: Phrases = {
    "child": ("child", "kid"),
    "teenager": ("teenager", "teen"),
    "adult": ("adult", "grown up"),
    "elder": ("elderly", "old"),
}
BUILDS: Phrases = {
    "slim": ("slim build", "slender"),
    "average": ("average build",),
    "muscular": ("muscular build", "muscular"),
    "plump": ("plump build", "chubby"),
}
MARKS: Phrases = {
    "freckles": ("freckles",),
    "mole": ("a mole", "beauty mark"),
    "scar": ("a scar", "scar"),
    "beard": ("a beard", "beard"),
    "moustache": ("a moustache", "mustache"),
    "pointed ears": ("pointed ears", "elf ears"),
}
FRINGES = ("straight", "swept left", "swept right", "parted", "curtain", "choppy", "none")
EYE_SHAPES = ("round", "almond", "upturned", "drooping", "narrow", "wide")
NOSES = ("dot", "line", "hook", "wedge", "button")

OUTFITS: Phrases = {
    "spacesuit": ("spacesuit", "space suit", "astronaut suit"),
    "school uniform": ("school uniform", "school blazer"),
    "hoodie": ("hoodie", "hooded sweatshirt"),
    "suit": ("suit", "business suit"),
    "hanbok": ("hanbok", "traditional korean dress"),
    "armour": ("armour", "armor", "knight armour"),
    "raincoat": ("raincoat", "yellow rain jacket"),
    "t-shirt": ("t-shirt", "tee"),
    "dress": ("dress", "summer dress"),
    "leather jacket": ("leather jacket", "biker jacket"),
    "lab coat": ("lab coat", "white coat"),
    "sweater": ("sweater", "knit jumper"),
    "tracksuit": ("tracksuit", "sports jersey"),
    "wizard robe": ("wizard robe", "magic cloak"),
}
EXPRESSIONS: Phrases = {
    "neutral": ("neutral expression", "calm"),
    "smiling": ("smiling", "smile", "happy"),
    "laughing": ("laughing", "laugh"),
    "sad": ("sad", "unhappy"),
    "crying": ("crying", "tears"),
    "angry": ("angry", "furious"),
    "surprised": ("surprised", "shocked"),
    "sleepy": ("sleepy", "eyes closed"),
    "winking": ("winking", "wink"),
    "shy": ("shy", "blushing"),
}
ACCESSORIES: Phrases = {
    "none": ("no accessories",),
    "glasses": ("glasses", "spectacles"),
    "headphones": ("headphones", "headset"),
    "scarf": ("scarf", "red scarf"),
    "flower": ("flower in the hair", "hair flower"),
    "beret": ("beret", "hat"),
    "earrings": ("earrings", "gold earrings"),
    "choker": ("choker", "necklace"),
}
BACKGROUNDS: Phrases = {
    "plain": ("plain background", "simple background"),
    "classroom": ("classroom", "school"),
    "city": ("city street", "city"),
    "night city": ("city at night", "neon night"),
    "forest": ("forest", "woods"),
    "beach": ("beach", "sea"),
    "space": ("outer space", "stars"),
    "cafe": ("cafe", "coffee shop"),
    "bedroom": ("bedroom", "room"),
    "rain": ("rain", "rainy day"),
    "snow": ("snow", "winter"),
    "sunset": ("sunset", "evening sky"),
}
VIEWS: Phrases = {
    "front": ("front view", "facing forward"),
    "left": ("looking left", "facing left"),
    "right": ("looking right", "facing right"),
}
LIGHTS: Phrases = {"day": ("daylight", "by day"), "night": ("night light", "by night")}
FILLER = (
    "a an the of in on at with and wearing wears dressed as is her his their she he they person portrait webtoon "
    "character close up hair eyes skin background day very by expression build"
).split()

# Probabilities are set so that no common feature gives a person away: what tells people apart is the combination.
_FEMININE_STYLES = tuple(s for s in HAIR_STYLES if s not in ("buzz", "bald", "mohawk", "slicked back"))
_MASCULINE_STYLES = tuple(
    s for s in HAIR_STYLES if s not in ("twin tails", "hime", "space buns", "braids", "side braid")
)
_CHILDISH_STYLES = tuple(s for s in HAIR_STYLES if s not in ("bald", "mohawk", "slicked back", "undercut"))
_TURN = 0.56  # radians: three quarters, as webtoons draw a head that is turned


@dataclass(frozen=True)
class Person:
    """Everything that stays the same from picture to picture. Lengths are in units of the 256 px canvas."""

    kind: str
    age: str
    build: str
    hair_style: str
    hair_colour: tuple[int, int, int]
    hair_word: str
    fringe: str
    hair_volume: float  # 0.9 to 1.15
    skin: tuple[int, int, int]
    skin_word: str
    face_width: float  # half, 45 to 54
    jaw_width: float  # half, at mouth height, 32 to 46
    jaw_square: float  # 0 pointed to 1 square
    chin: float  # below the eye line, 58 to 72
    eye_shape: str
    eye_colour: tuple[int, int, int]
    eye_word: str
    eye_size: float  # 0.85 to 1.2
    eye_spacing: float  # half, 22 to 28
    eye_tilt: float  # radians
    lashes: float  # 0 to 1
    brow_thickness: float  # 2 to 6
    brow_tilt: float
    brow_arch: float
    brow_height: float
    nose: str
    nose_length: float
    nose_width: float
    mouth_width: float  # half, 10 to 17
    mouth_height: float  # below the eye line
    lips: float  # 0 thin to 1 full
    freckles: bool
    mole: tuple[float, float] | None
    scar: int  # 0 none, 1 cheek, 2 brow, 3 nose bridge
    beard: str  # "", "stubble", "moustache", "goatee", "full"
    pointed_ears: bool
    ear_size: float
    blush: float


@dataclass(frozen=True)
class Look:
    """Everything that may change from picture to picture."""

    outfit: str
    expression: str
    accessory: str
    background: str
    view: str
    light: str
    tint: int  # which of the colourings of outfit, accessory and background
    yaw: float  # radians, positive towards the right of the picture: near 0 in the front view, near 0.56 turned
    roll: float  # radians
    scale: float
    dx: float
    dy: float


@lru_cache(1 << 16)
def person(seed: int) -> Person:
    """The person of a seed, the same on every machine."""
    rng = np.random.default_rng([seed, 1])
    kind = str(rng.choice(("woman", "man")))
    age = str(rng.choice(tuple(AGES), p=(0.14, 0.22, 0.46, 0.18)))
    woman, child, grown = kind == "woman", age == "child", age in ("adult", "elder")
    build = str(rng.choice(tuple(BUILDS) if not child else ("slim", "average", "plump")))
    hair_word, hair_colour = _colour(rng, _hair_colours(rng, age), 0.035)
    eye_word, eye_colour = _colour(rng, EYE_COLOURS, 0.03)
    skin_word, skin = _colour(rng, SKINS, 0.015)
    styles = _FEMININE_STYLES if woman else _MASCULINE_STYLES
    style = str(rng.choice([s for s in styles if not child or s in _CHILDISH_STYLES]))
    bearded = not woman and grown and rng.random() < 0.6
    round_, young = 2.5 * (build == "plump") - 1.5 * (build == "slim"), 6 * child + 2 * (age == "teenager")
    return Person(
        kind=kind,
        age=age,
        build=build,
        hair_style=style,
        hair_colour=hair_colour,
        hair_word=hair_word,
        fringe=str(rng.choice(FRINGES)) if style != "hime" else "straight",
        hair_volume=rng.uniform(0.94, 1.14),
        skin=skin,
        skin_word=skin_word,
        face_width=(rng.uniform(45, 50) if woman else rng.uniform(46, 53)) + round_,
        jaw_width=(rng.uniform(31, 38) if woman or child else rng.uniform(35, 45)) + 1.6 * round_ + child * 2,
        jaw_square=rng.uniform(0, 0.5) if woman or child else rng.uniform(0.2, 1),
        chin=(rng.uniform(60, 67) if woman else rng.uniform(63, 73)) - young * (1.1 if woman else 1.6),
        eye_shape=str(rng.choice(EYE_SHAPES)),
        eye_colour=eye_colour,
        eye_word=eye_word,
        eye_size=(rng.uniform(0.95, 1.18) if woman else rng.uniform(0.78, 1.0))
        + 0.025 * young
        - 0.1 * (age == "elder"),
        eye_spacing=rng.uniform(22.5, 26.5),
        eye_tilt=rng.uniform(-0.08, 0.12),
        lashes=rng.uniform(0.4, 1) if woman else rng.uniform(0, 0.5),
        brow_thickness=rng.uniform(2, 4.2) if woman or child else rng.uniform(3.2, 6.5),
        brow_tilt=rng.uniform(-0.16, 0.16),
        brow_arch=rng.uniform(0, 5),
        brow_height=rng.uniform(22, 27),
        nose=str(rng.choice(NOSES)),
        nose_length=rng.uniform(20, 27) - young * 0.7,
        nose_width=rng.uniform(4, 8) - young * 0.3,
        mouth_width=rng.uniform(10, 16) - young * 0.2,
        mouth_height=rng.uniform(39, 45) - young * 0.9,
        lips=rng.uniform(0.3, 1) if woman and not child else rng.uniform(0, 0.6),
        freckles=bool(rng.random() < 0.2),
        mole=(float(rng.choice((-1, 1)) * rng.uniform(10, 32)), float(rng.uniform(16, 46)))
        if rng.random() < 0.25
        else None,
        scar=int(rng.choice(4, p=(0.82, 0.06, 0.06, 0.06))),
        beard=str(rng.choice(("stubble", "moustache", "goatee", "full"))) if bearded else "",
        pointed_ears=bool(rng.random() < 0.12),
        ear_size=rng.uniform(0.85, 1.2),
        blush=rng.uniform(0, 1) if woman or child else rng.uniform(0, 0.4),
    )


def look(seed: int, **asked: str) -> Look:
    """The look of a seed, one of those that are trained on; `asked` fixes any of its words, unseen combinations too."""
    rng = np.random.default_rng([seed, 2])
    outfit, expression = str(rng.choice(tuple(OUTFITS))), str(rng.choice(tuple(EXPRESSIONS)))
    background = str(rng.choice([b for b in BACKGROUNDS if not unseen(outfit, expression, b)]))
    drawn = {
        "outfit": outfit,
        "expression": expression,
        "accessory": str(rng.choice(tuple(ACCESSORIES), p=[0.3] + [0.1] * 7)),
        "background": background,
        "view": str(rng.choice(tuple(VIEWS), p=(0.5, 0.25, 0.25))),
        "light": str(rng.choice(tuple(LIGHTS), p=(0.7, 0.3))),
    } | asked
    return Look(
        **drawn,
        tint=int(rng.integers(3)),
        yaw={"front": 0.0, "left": -_TURN, "right": _TURN}[drawn["view"]]
        + float(np.clip(rng.normal(0, 0.07), -0.16, 0.16)),
        roll=float(np.clip(rng.normal(0, 0.05), -0.14, 0.14)),
        scale=rng.uniform(0.72, 0.9) if rng.random() < 0.15 else rng.uniform(0.94, 1.14),
        dx=rng.uniform(-9, 9),
        dy=rng.uniform(-4, 8),
    )


def unseen(outfit: str, expression: str, background: str) -> bool:
    """Whether this combination is of the tenth that is kept for measuring."""
    return zlib.crc32(f"{outfit}, {expression}, {background}".encode()) % 10 == 0


def marks(person: Person) -> list[str]:
    """The canonical names of the visible marks, as in MARKS."""
    found = [("freckles", person.freckles), ("mole", person.mole is not None), ("scar", person.scar > 0)]
    found += [("beard", person.beard in ("stubble", "goatee", "full")), ("moustache", person.beard == "moustache")]
    return [name for name, there in [*found, ("pointed ears", person.pointed_ears)] if there]


def profile(person: Person) -> dict[str, str]:
    """A person in canonical words, by the fields of a visual profile."""
    hair = HAIR_STYLES[person.hair_style][0]
    coloured = hair if person.hair_style == "bald" else f"{person.hair_word} {hair}"
    face = [f"{person.eye_word} eyes", f"{person.skin_word} skin", *(MARKS[mark][0] for mark in marks(person))]
    body = [person.kind, AGES[person.age][0], *([BUILDS[person.build][0]] if person.build != "average" else [])]
    return {"hair": coloured, "face": ", ".join(face), "body": ", ".join(body)}


def caption(person: Person, look: Look, rng: np.random.Generator, describe_person: bool) -> str:
    """A prompt as a creator might write it: phrases in any order, synonyms, some left out."""

    def pick(phrases: tuple[str, ...]) -> str:
        return phrases[0] if rng.random() < 0.5 else str(rng.choice(phrases))

    scene = [("wearing a " if rng.random() < 0.6 else "") + pick(OUTFITS[look.outfit])]
    scene += [pick(EXPRESSIONS[look.expression]), pick(BACKGROUNDS[look.background])]
    if look.accessory != "none" or rng.random() < 0.3:
        scene.append(("with " if rng.random() < 0.3 else "") + pick(ACCESSORIES[look.accessory]))
    if look.view != "front" or rng.random() < 0.3:
        scene.append(pick(VIEWS[look.view]))
    if look.light != "day" or rng.random() < 0.2:
        scene.append(pick(LIGHTS[look.light]))
    scene = [phrase for phrase in scene if rng.random() > 0.12]
    who: list[str] = []
    if describe_person:
        style = pick(HAIR_STYLES[person.hair_style])
        who.append(style if person.hair_style == "bald" else f"{person.hair_word} {style}")
        who += [f"{person.eye_word} eyes", f"{person.skin_word} skin", pick(KINDS[person.kind])]
        if person.age != "adult" or rng.random() < 0.3:
            who.append(pick(AGES[person.age]))
        if person.build != "average" or rng.random() < 0.2:
            who.append(pick(BUILDS[person.build]))
        who += [pick(MARKS[mark]) for mark in marks(person)]
        who = [phrase for phrase in who if rng.random() > 0.15]
    phrases = [scene, who] if rng.random() < 0.7 else [who, scene]
    for part in phrases:
        rng.shuffle(part)
    start = ["webtoon portrait"] if rng.random() < 0.2 else []
    return ", ".join([*start, *phrases[0], *phrases[1]])


def vocabulary() -> dict[str, object]:
    """What `vocabulary.json` of the pack holds."""
    combinations = itertools.product(OUTFITS, EXPRESSIONS, BACKGROUNDS)
    left_out = [(OUTFITS[o][0], EXPRESSIONS[e][0], BACKGROUNDS[b][0]) for o, e, b in combinations if unseen(o, e, b)]
    return {"groups": vocabulary_groups(), "filler": list(FILLER), "unseen": left_out}


def vocabulary_groups() -> dict[str, dict[str, list[str]]]:
    """Canonical phrases with their synonyms, by group."""
    coloured = {
        "hair colour": {f"{word} hair": () for word in HAIR_COLOURS},
        "eyes": {f"{word} eyes": () for word in EYE_COLOURS},
        "skin": {f"{word} skin": () for word in SKINS},
    }
    named = {"hair": HAIR_STYLES, "marks": MARKS, "body": KINDS | AGES | BUILDS, "outfit": OUTFITS}
    named |= {"expression": EXPRESSIONS, "accessories": ACCESSORIES, "background": BACKGROUNDS}
    named |= {"view": VIEWS, "light": LIGHTS}
    groups = {group: {p[0]: list(p[1:]) for p in phrases.values()} for group, phrases in named.items()}
    return groups | {group: {phrase: [] for phrase in phrases} for group, phrases in coloured.items()}


def _hair_colours(rng: np.random.Generator, age: str) -> dict[str, str]:
    """All of them; most elders are grey or white."""
    if age == "elder" and rng.random() < 0.6:
        return {word: HAIR_COLOURS[word] for word in ("grey", "white", "platinum")}
    return HAIR_COLOURS


def _colour(rng: np.random.Generator, named: dict[str, str], spread: float) -> tuple[str, tuple[int, int, int]]:
    """A named colour and a shade near it, so that two people with "brown" eyes need not be twins."""
    word = str(rng.choice(tuple(named)))
    red, green, blue = (int(named[word][i : i + 2], 16) / 255 for i in (1, 3, 5))
    hue, light, saturation = colorsys.rgb_to_hls(red, green, blue)
    shaded = colorsys.hls_to_rgb(
        (hue + rng.uniform(-0.5, 0.5) * spread) % 1,
        float(np.clip(light + rng.uniform(-1, 1) * spread, 0.05, 0.97)),
        float(np.clip(saturation + rng.uniform(-1, 1) * spread, 0, 1)),
    )
    return word, tuple(round(255 * c) for c in shaded)  # type: ignore[return-value]
