"""How good the embedded pack is, on drawn people that no model was trained on, through the app's own pipeline.

The figures of the README come from here; `evaluation/` holds the benchmark for every pack.
"""

from __future__ import annotations

import time
from dataclasses import replace

import numpy as np
from PIL import Image
from sklearn.metrics import roc_auc_score
from tqdm import tqdm

from errors import NoFaceFound
from evaluation.calibrating_command import described, drawn_held_out, write_calibration
from evaluation.calibration import Pairs, pairs_of
from evaluation.drawn import MEASURED
from pipeline.adherence import load_prompt_reader
from pipeline.faces import InsightFaces
from pipeline.generator import DiffusersGenerator
from pipeline.likeness import SAME_PERSON_RATE
from pipeline.packs import Pack, load_pack
from pipeline.values import Face, Reference, Variant, VariantRequest
from pipeline.variants import PromptReader, VariantMaker
from training.artist import draw
from training.attributes import ATTRIBUTES, RELIABLE, WORDS, AttributeClassifier, read_attributes, train_attributes
from training.dataset import Pictures, look_seed, pictures
from training.recipe import People, Run
from training.world import BACKGROUNDS, EXPRESSIONS, OUTFITS, Look, look, person


def calibrate(run: Run) -> str:
    """`python -m evaluation calibrate`, of the held-out people that are not measured; written to the pack."""
    pack = load_pack(run.pack.name, (run.pack.parent,))
    data, people = drawn_held_out()
    file, figure = run.pack / "calibration.json", run.file("calibration.png")
    return described(write_calibration(pack, people, data, file, figure))


def measure_encoders(run: Run) -> str:
    """A Markdown table over MEASURED people: faces found, TAR at FAR of encoder and judge, looks read right."""
    pack = load_pack(run.pack.name, (run.pack.parent,))
    shown = _held_out(run, slice(0, MEASURED))
    found = _faces(pack, shown)
    rows = [("faces found", f"{sum(face is not None for face in found) / len(found):.1%} of {len(found)}")]
    for index, name in enumerate((pack.faces.encoder, pack.judge_encoder)):
        pairs = _pairs(found, index, shown.people.looks)
        counts = f"{len(pairs.genuine)} genuine, {len(pairs.impostors)} impostor pairs"
        for rate in (0.01, 0.001):
            accepted = float((pairs.genuine >= np.quantile(pairs.impostors, 1 - rate)).mean())
            rows.append((f"{name}: TAR at FAR {rate:g}", f"{accepted:.1%} ({counts})"))
    reader = load_prompt_reader(pack)
    rows += _looks_read(reader, shown) if reader is not None else []
    return _table(("drawings", "figure"), rows)


def measure_variants(run: Run, people: int, count: int) -> str:
    """A Markdown table: identity and adherence of variants, beside no adapter and two true drawings."""
    pack = load_pack(run.pack.name, (run.pack.parent,))
    maker = VariantMaker(DiffusersGenerator.load(pack), InsightFaces.load(pack), pack)
    classifier = train_attributes(run, pictures(run.folder / "data" / "pictures", run.recipe.picture_people))
    group = run.recipe.held_out_people
    cases = [_case(group.first + i) for i in range(people)]
    references = [_reference(maker, seed) for seed, _ in cases]
    seconds: list[float] = []

    def variants(scale: float) -> list[list[Variant]]:
        made = []
        for (seed, asked), reference in tqdm(list(zip(cases, references, strict=True)), desc=f"identity_scale {scale}"):
            started = time.perf_counter()
            made.append(
                list(maker.generate(_request(pack, asked, reference, scale, seed, count), lambda _: None).ranked)
            )
            seconds.append((time.perf_counter() - started) / count)
        return made

    drawings = [[_drawing(maker, seed, asked)] for seed, asked in cases]
    rows = []
    for name, made in (
        (f"variants (identity_scale {pack.defaults.identity_scale:g})", variants(pack.defaults.identity_scale)),
        ("no adapter (identity_scale 0)", variants(0.0)),
        ("true drawings (ceiling)", drawings),
    ):
        judged = _judged(made, references, pack)
        rows.append((name, *judged, *_adherence(classifier, made, [asked for _, asked in cases])))
    head = (
        "pictures", "AUC by the judge", "similarity to own", "to others", "called the same person: own", "others",
        "face found", *ATTRIBUTES,
    )  # fmt: skip
    note = f"{people} people, {count} variants each, {pack.defaults.steps} steps; {np.median(seconds):.2f} s a judged variant (median)"
    return f"{_table(head, rows)}\n{note}\n"


def _held_out(run: Run, part: slice) -> Pictures:
    """Some of the held-out people."""
    everyone = pictures(run.folder / "data" / "held-out", run.recipe.held_out_people)
    group = everyone.people
    first, last, _ = part.indices(group.count)
    rows = slice(first * group.looks, last * group.looks)
    people = People(group.first + first, last - first, group.looks)
    return Pictures(people, everyone.pixels[rows], everyone.boxes[rows], everyone.landmarks[rows])


def _faces(pack: Pack, shown: Pictures) -> list[Face | None]:
    finder = InsightFaces.load(pack)
    return [next(iter(finder.faces(Image.fromarray(p))), None) for p in tqdm(shown.pixels, desc="finding faces")]


def _pairs(faces: list[Face | None], encoder: int, looks: int) -> Pairs:
    """By the encoder of that index; a face that was not found is in no pair."""
    found = [(i // looks, face.identities[encoder].embedding) for i, face in enumerate(faces) if face]
    return pairs_of(np.array([embedding for _, embedding in found]), np.array([person for person, _ in found]))


def _looks_read(reader: PromptReader, shown: Pictures) -> list[tuple[str, str]]:
    """How often the pack's own reader finds what was drawn, and misses another thing that wasn't."""
    rows = []
    for attribute in RELIABLE:
        phrases = {name: words[0] for name, words in WORDS[attribute].items()}
        found, missed = 0, 0
        for i, pixels in enumerate(tqdm(shown.pixels, desc=f"reading the {attribute}", mininterval=5)):
            picture, drawn = Image.fromarray(pixels), getattr(shown.look(i), attribute)
            other = np.random.default_rng(i).choice([name for name in phrases if name != drawn])
            found += not reader.missing(picture, phrases[drawn])
            missed += bool(reader.missing(picture, phrases[str(other)]))
        seen, unseen = found / len(shown), missed / len(shown)
        rows.append(
            (f"{attribute}: seen where drawn, missed where another is", f"{seen:.1%}, {unseen:.1%} of {len(shown)}")
        )
    return rows


def _case(seed: int) -> tuple[int, Look]:
    """What is asked of a person: a look that differs from the reference's (look 0) in outfit, mood and place."""
    known, rng = look(look_seed(seed, 0)), np.random.default_rng([seed, 3])

    def other(names: dict[str, tuple[str, ...]], taken: str) -> str:
        return str(rng.choice([name for name in names if name != taken]))

    asked = look(look_seed(seed, 1), outfit=other(OUTFITS, known.outfit), accessory="none")
    return seed, replace(
        asked, expression=other(EXPRESSIONS, known.expression), background=other(BACKGROUNDS, known.background)
    )


def _reference(maker: VariantMaker, seed: int) -> Reference:
    picture = Image.fromarray(draw(person(seed), look(look_seed(seed, 0))).pixels)
    return Reference(picture, maker.find_face(picture).identities)


def _drawing(maker: VariantMaker, seed: int, asked: Look) -> Variant:
    picture = Image.fromarray(draw(person(seed), asked).pixels)
    try:
        return Variant(picture, seed, maker.find_face(picture), None)
    except NoFaceFound:  # counted apart, as in a variant
        return Variant(picture, seed, None, None)


def _request(pack: Pack, asked: Look, reference: Reference, scale: float, seed: int, count: int) -> VariantRequest:
    """The scene alone is put in words: whatever identity survives came through the adapter."""
    words = (OUTFITS[asked.outfit][0], EXPRESSIONS[asked.expression][0], BACKGROUNDS[asked.background][0])
    defaults = pack.defaults
    return VariantRequest(
        prompt=f"wearing a {words[0]}, {words[1]}, {words[2]}", seed=seed, count=count, reference=reference,
        identity_scale=scale, steps=defaults.steps, guidance_scale=defaults.guidance_scale,
    )  # fmt: skip


def _judged(made: list[list[Variant]], references: list[Reference], pack: Pack) -> tuple[str, ...]:
    """AUC of variant-to-own-reference against variant-to-others, the two means, the shares of both that reach the page's
    "same person", and the share of faces found."""
    assert pack.calibration is not None
    own, others, found, total = [], [], 0, 0
    known = np.array([reference.identities[1].embedding for reference in references])
    for i, variants in enumerate(made):
        for variant in variants:
            total += 1
            if variant.face is None:
                continue
            found += 1
            similarity = known @ variant.face.identities[1].embedding
            own.append(float(similarity[i]))
            others += [float(s) for s in np.delete(similarity, i)]
    area = roc_auc_score([1] * len(own) + [0] * len(others), own + others)
    same = pack.calibration.thresholds[SAME_PERSON_RATE]
    accepted = [float((np.array(similarities) >= same).mean()) for similarities in (own, others)]
    means = f"{np.mean(own):.2f}", f"{np.mean(others):.2f}"
    return f"{area:.3f}", *means, f"{accepted[0]:.0%}", f"{accepted[1]:.2%}", f"{found / total:.0%}"


def _adherence(classifier: AttributeClassifier, made: list[list[Variant]], asked: list[Look]) -> list[str]:
    """The share of pictures that show what was asked, by attribute."""
    pixels = np.stack([np.asarray(variant.picture) for variants in made for variant in variants])
    wanted = [look for look, variants in zip(asked, made, strict=True) for _ in variants]
    seen = read_attributes(classifier, pixels)
    return [f"{np.mean([s[a] == getattr(w, a) for s, w in zip(seen, wanted, strict=True)]):.0%}" for a in ATTRIBUTES]


def _table(head: tuple[str, ...], rows: list[tuple[str, ...]]) -> str:
    lines = [head, tuple("---" for _ in head), *rows]
    return "\n".join(f"| {' | '.join(row)} |" for row in lines) + "\n"
