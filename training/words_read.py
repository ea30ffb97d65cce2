"""How much of what words ask for a new character shows: read in the picture by networks that taught nobody.

A ruler of people (attributes.py) reads hair, skin, kind and age, the pack's reader of marks the rest; what they make of true
drawings of the same people stands beside, for no reader is right always.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image
from tqdm import tqdm

from drawn_world.artist import draw
from drawn_world.people import HELD_OUT, look_seed
from drawn_world.world import AGES, HAIR_STYLES, KINDS, MARKS, SKINS, Person, caption, look, person
from pipeline.likeness import Decider, identity_by, similarity_of
from pipeline.marks import MarksReader
from pipeline.packs import Pack
from pipeline.values import Variant
from pipeline.variants import VariantMaker
from training.attributes import OF_PEOPLE, AttributeClassifier, read_attributes
from training.marks import CLOSED, SHORN

FIRST = HELD_OUT.first + HELD_OUT.count  # of people that no other figure is of
ANOTHER = 10_000_000  # added to a seed
SAID = (
    "kind", "age", "build", "hair_style", "hair_colour", "hair_word", "skin", "skin_word", "eye_colour", "eye_word", "freckles",
    "scar", "beard", "pointed_ears",
)  # fmt: skip
Found = Mapping[str, str | frozenset[str]]


def words_read(
    makers: Mapping[str, VariantMaker], ruler: AttributeClassifier, reader: MarksReader, prompts: int
) -> Iterator[Sequence[str]]:
    """The rows of a table: of each kind of words the share that is read in the pictures of each maker, where it was
    asked for; then how alike two new people of one prompt are."""
    seeds = range(FIRST, FIRST + prompts)
    one = next(iter(makers.values()))
    asked = [_asked(one.pack, seed) for seed in seeds]
    drawn = {
        name: [new_person(maker, seed) for seed in tqdm(seeds, desc=name, mininterval=5)]
        for name, maker in makers.items()
    }
    drawn["true drawings"] = [_true(one, seed) for seed in seeds]
    found = {name: _read(made, ruler, reader) for name, made in drawn.items()}
    yield "asked for", *found
    for kind in (*OF_PEOPLE, "hair colour", "eyes", *(phrases[0] for phrases in MARKS.values())):
        yield kind, *(_share(kind, asked, shown) for shown in found.values())
    yield (
        "another seed is another person: below the judge's line, and how alike",
        *(
            _others(maker, drawn[name], lambda seed, by=maker: new_person(by, seed, chance=1))
            for name, maker in makers.items()
        ),
        _others(one, drawn["true drawings"], lambda seed: _true(one, seed, _namesake(seed))),
    )


def prompt_about(seed: int) -> str:
    """The person of that seed, as somebody might write it."""
    return caption(person(seed), look(look_seed(seed, 0)), np.random.default_rng([seed, 5]), describe_person=True)


def new_person(maker: VariantMaker, seed: int, chance: int = 0) -> Variant:
    """Who is drawn by the prompt about the person of a seed."""
    scale = maker.pack.prior.identity_scale if maker.pack.prior else None
    request = maker.pack.request(prompt_about(seed), seed + ANOTHER * chance, count=1, identity_scale=scale)
    return maker.generate(request, None, lambda _: None).ranked[0]


def _asked(pack: Pack, seed: int) -> Found:
    """What of the prompt about a person can be read in a picture."""
    somebody, worn, said = person(seed), look(look_seed(seed, 0)), pack.read(prompt_about(seed)).phrases
    named = {"hair_style": HAIR_STYLES, "skin_word": SKINS, "kind": KINDS, "age": AGES}
    groups = {"hair_style": "hair", "skin_word": "skin", "kind": "body", "age": "body"}
    wanted: dict[str, str | frozenset[str]] = {}
    for kind, names in named.items():
        first = f"{getattr(somebody, kind)} skin" if kind == "skin_word" else names[getattr(somebody, kind)][0]
        if first in said.get(groups[kind], ()):
            wanted[kind] = getattr(somebody, kind)
    if "hair colour" in said and somebody.hair_style not in SHORN:
        wanted["hair colour"] = frozenset(said["hair colour"])
    if "eyes" in said and worn.expression not in CLOSED:
        wanted["eyes"] = frozenset(said["eyes"])
    return wanted | {mark: frozenset({mark}) for mark in said.get("marks", ())}


def _true(maker: VariantMaker, seed: int, somebody: Person | None = None) -> Variant:
    picture = Image.fromarray(draw(somebody or person(seed), look(look_seed(seed, 0))).pixels)
    return Variant(picture, seed, maker.find_face(picture, own_hand=True), None)


def _namesake(seed: int) -> Person:
    """Somebody of whom the same can be said as of the person of a seed, and who is another in all else."""
    somebody, another = person(seed), person(seed + ANOTHER)
    same = {name: getattr(somebody, name) for name in SAID}
    mole = another.mole if somebody.mole and another.mole else somebody.mole
    return replace(another, **same, mole=mole)


def _read(made: Sequence[Variant], ruler: AttributeClassifier, reader: MarksReader) -> list[Found | None]:
    """None of a picture without a face."""
    people = read_attributes(ruler, np.stack([np.asarray(one.picture) for one in made]), OF_PEOPLE)
    return [
        {**of_people, "marks": reader.shown(one.picture, one.face.landmarks)} if one.face else None
        for one, of_people in zip(made, people, strict=True)
    ]


def _share(kind: str, asked: Sequence[Found], shown: Sequence[Found | None]) -> str:
    right = [_shows(one, kind, wanted[kind]) for wanted, one in zip(asked, shown, strict=True) if kind in wanted]
    return f"{np.mean(right):.1%} of {len(right)}" if right else "–"


def _shows(found: Found | None, kind: str, wanted: str | frozenset[str]) -> bool:
    if found is None:
        return False
    return found[kind] == wanted if kind in OF_PEOPLE else not frozenset(found["marks"]).isdisjoint(wanted)


def _others(maker: VariantMaker, made: Sequence[Variant], another: Callable[[int], Variant]) -> str:
    """How many are told apart from somebody else of whom the same words are true."""
    decider = maker.pack.at_home.decider()
    assert isinstance(decider, Decider)
    alike: list[float] = []
    for one in tqdm(made, desc="other faces", mininterval=5):
        faces = (one.face, another(one.seed).face)
        seen = [identity_by(decider.calibration.encoder, face.identities) for face in faces if face]
        alike += [similarity_of(*seen)] if len(seen) == len(faces) else []
    below = np.mean(np.array(alike) < decider.calibration.same_person_line)
    return f"{below:.1%} of {len(alike)}, {np.mean(alike):.2f}"
