"""How good the embedded pack is, on drawn people that no model was trained on, through the app's own pipeline.

The figures of the README come from here; `evaluation/` holds the benchmark for every pack.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
import numpy.typing as npt
import scipy
import torch
from diffusers import AutoencoderKL
from PIL import Image
from tqdm import tqdm

from drawn_world.artist import draw
from drawn_world.people import People, look_seed
from drawn_world.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, LIGHTS, OUTFITS, VIEWS, Look, look, person, unseen
from errors import NoFaceFound
from evaluation.calibrating_command import described, drawn_held_out, write_calibration
from evaluation.calibration import Pairs, pairs_of
from evaluation.drawn import MEASURED
from pipeline.adherence import load_prompt_reader
from pipeline.faces import InsightFaces
from pipeline.generator import DiffusersGenerator
from pipeline.likeness import SAME_PERSON_RATE, Decider, average
from pipeline.marks import load_marks_reader
from pipeline.packs import Pack, Scheduler, load_pack
from pipeline.prior import IdentityPrior, load_prior
from pipeline.values import Face, Reference, Variant
from pipeline.variants import PromptReader, VariantMaker
from settings import BUILT_IN_PACKS, Settings
from training.attributes import (
    ATTRIBUTES,
    RELIABLE,
    WORDS,
    AttributeClassifier,
    picture_features,
    read_attributes,
    train_attributes,
    train_people_ruler,
)
from training.autoencoder import soften
from training.dataset import Pictures, pictures
from training.marks_read import marks_read_right
from training.pack import CALIBRATION_FILE
from training.recipe import Run
from training.words_read import FIRST, new_person, words_read

SCHEDULERS = ("DDIMScheduler", "DPMSolverMultistepScheduler", "UniPCMultistepScheduler", "EulerDiscreteScheduler")
STEPS = (4, 6, 8, 12, 20)
Floats = npt.NDArray[np.float64]
Figures = dict[str, float]


def calibrate(run: Run) -> str:
    """`python -m evaluation calibrate`, of the held-out people that are not measured; written to the pack."""
    pack = _at_home(run)
    data, people = drawn_held_out()
    file, figure = run.pack / CALIBRATION_FILE, run.file("calibration.png")
    return described(write_calibration(pack, people, data, file, figure))


def _at_home(run: Run) -> Pack:
    """As it judges what it drew itself: everybody here is drawn in its own hand."""
    return load_pack(run.pack.name, (run.pack.parent, BUILT_IN_PACKS)).at_home


def measure_encoders(run: Run) -> Iterator[str]:
    """The lines of a Markdown table over MEASURED people: faces found, TAR at FAR of encoder and judge, looks read right."""
    pack = _at_home(run)
    shown = _held_out(run, slice(0, MEASURED))
    found = _faces(pack, shown)
    yield from _head("drawings", "figure")
    yield _line("faces found", f"{sum(face is not None for face in found) / len(found):.1%} of {len(found)}")
    for index, name in enumerate((pack.faces.encoder, pack.judge_encoder)):
        pairs = _pairs(found, index, shown.people.looks)
        counts = f"{len(pairs.genuine)} genuine, {len(pairs.impostors)} impostor pairs"
        for rate in (0.01, 0.001):
            accepted = float((pairs.genuine >= np.quantile(pairs.impostors, 1 - rate)).mean())
            yield _line(f"{name}: TAR at FAR {rate:g}", f"{accepted:.1%} ({counts})")
    if (reader := load_prompt_reader(pack)) is not None:
        yield from _looks_read(reader, shown)
    if (marks_reader := load_marks_reader(pack)) is not None:
        for mark, *right in marks_read_right(marks_reader, _maker(pack)):
            yield _line(f"{mark}: read right in drawings, in softened ones, in variants", ", ".join(right))


@dataclass(frozen=True, eq=False)
class Case:
    """Somebody, and what is asked of them."""

    seed: int
    asked: Look
    reference: Reference  # a drawing of look 0
    references: Reference  # the same, with the mean identity of three drawings
    truth: Variant  # a drawing of the look that is asked for


def measure_variants(run: Run, people: int) -> Iterator[str]:
    """The lines of a Markdown table, each as soon as it is measured: identity and adherence of variants, beside no adapter
    and true drawings, with a noise floor."""
    pack = _at_home(run)
    maker, ruler, scale = _maker(pack), _ruler(run), pack.defaults.identity_scale
    seeds = range(run.recipe.held_out_people.first, run.recipe.held_out_people.first + people)
    cases, unseen_cases = (_cases(maker, seeds, kept) for kept in (False, True))

    def figures(made: list[Variant], asked: list[Case] = cases) -> Figures:
        return _figures(asked, made, ruler, pack)

    truths = figures([case.truth for case in cases])
    yield from _head("pictures", *truths)
    started = time.perf_counter()
    variants = figures(_made(maker, cases, scale))
    seconds = (time.perf_counter() - started) / people
    yield _row("variants", variants)
    yield _row("unseen combinations", figures(_made(maker, unseen_cases, scale), unseen_cases))
    yield _row("mean of three references", figures(_made(maker, cases, scale, several=True)))
    yield _row("no adapter", figures(_made(maker, cases, 0.0)))
    yield _row("true drawings, through the VAE", figures(_through_vae(maker, cases)))
    yield _row("true drawings", truths)
    again = figures(_made(maker, cases, scale, again=1))
    yield _row("noise floor (two seeds)", {name: abs(variants[name] - again[name]) for name in variants})
    yield ""
    yield f"{people} people, a variant each, {pack.defaults.steps} steps; {seconds:.2f} s a judged variant, one by one"


def compare_steps(run: Run, people: int) -> Iterator[str]:
    """The lines of a Markdown table: the pack's generator with other schedulers of diffusers and fewer steps."""
    pack = _at_home(run)
    maker, ruler = _maker(pack), _ruler(run)
    seeds = range(run.recipe.held_out_people.first, run.recipe.held_out_people.first + people)
    cases = _cases(maker, seeds, kept=False)
    truths = _figures(cases, [case.truth for case in cases], ruler, pack)
    yield from _head("pictures", *truths, "seconds")
    for scheduler in SCHEDULERS:
        changed = _maker(replace(pack, scheduler=Scheduler(scheduler, {})))
        for steps in STEPS:
            started = time.perf_counter()
            made = _made(changed, cases, pack.defaults.identity_scale, steps=steps)
            seconds = (time.perf_counter() - started) / people
            yield _row(f"{scheduler}, {steps} steps", _figures(cases, made, ruler, pack) | {"seconds": seconds})
    yield ""
    yield f"{people} people, a variant each"


def measure_words(run: Run, prompts: int) -> Iterator[str]:
    """The lines of a Markdown table: what of words is read in pictures of new people, without the pack's prior and with it."""
    pack = _at_home(run)
    marks_reader, shown = load_marks_reader(pack), _shown(run)
    assert marks_reader is not None
    makers = {"from words alone": _maker(pack), "with the prior": _maker(pack, load_prior(pack))}
    rows = words_read(makers, train_people_ruler(run, shown), marks_reader, prompts)
    yield from table(rows)
    yield ""
    yield f"{prompts} prompts, a picture each"


def contact_sheet(run: Run, people: int, looks: int) -> Image.Image:
    """A row for each person: the reference drawing, then variants, each in another look."""
    pack = _at_home(run)
    maker, first = _maker(pack), run.recipe.held_out_people.first
    rows = []
    for seed in range(first, first + people):
        cases = [_case(maker, seed, look(look_seed(seed, i + 1))) for i in range(looks)]
        pictures_ = [
            cases[0].reference.picture,
            *(v.picture for v in _made(maker, cases, pack.defaults.identity_scale)),
        ]
        rows.append(np.hstack([np.asarray(picture) for picture in pictures_]))
    return Image.fromarray(np.vstack(rows))


def words_sheet(run: Run, rows: int, columns: int) -> Image.Image:
    """New characters, each from a prompt of its own, as the app draws them."""
    pack = _at_home(run)
    maker = _maker(pack, load_prior(pack))
    made = [np.asarray(new_person(maker, seed).picture) for seed in range(FIRST, FIRST + rows * columns)]
    return Image.fromarray(np.vstack([np.hstack(made[i * columns : (i + 1) * columns]) for i in range(rows)]))


def _maker(pack: Pack, prior: IdentityPrior | None = None) -> VariantMaker:
    """As the app has it, compiled where it can be."""
    generator = DiffusersGenerator.load(pack, compiled=Settings().compiled)
    return VariantMaker(generator, InsightFaces.load(pack), pack, prior=prior)


def _ruler(run: Run) -> AttributeClassifier:
    return train_attributes(run, _shown(run))


def _shown(run: Run) -> Pictures:
    return pictures(run.folder / "data" / "pictures", run.recipe.picture_people)


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


def _looks_read(reader: PromptReader, shown: Pictures) -> Iterator[str]:
    """How often the pack's own reader finds what was drawn, and misses another thing that wasn't."""
    for attribute in RELIABLE:
        phrases = {name: words[0] for name, words in WORDS[attribute].items()}
        found, missed = 0, 0
        for i, pixels in enumerate(tqdm(shown.pixels, desc=f"reading the {attribute}", mininterval=5)):
            picture, drawn = Image.fromarray(pixels), getattr(shown.look(i), attribute)
            other = np.random.default_rng(i).choice([name for name in phrases if name != drawn])
            found += not reader.missing(picture, phrases[drawn])
            missed += bool(reader.missing(picture, phrases[str(other)]))
        figure = f"{found / len(shown):.1%}, {missed / len(shown):.1%} of {len(shown)}"
        yield _line(f"{attribute}: seen where drawn, missed where another is", figure)


def _cases(maker: VariantMaker, seeds: range, kept: bool) -> list[Case]:
    return [_case(maker, seed, _asked(seed, kept)) for seed in tqdm(seeds, desc="drawing what is asked for")]


def _asked(seed: int, kept: bool) -> Look:
    """A look that differs from the reference's (look 0) in all that is measured, of a combination that was kept from
    training or of one that was not."""
    known, rng = look(look_seed(seed, 0)), np.random.default_rng([seed, 3])

    def other(names: dict[str, tuple[str, ...]], taken: str) -> str:
        return str(rng.choice([name for name in names if name != taken]))

    while True:
        asked = {
            "outfit": other(OUTFITS, known.outfit),
            "expression": other(EXPRESSIONS, known.expression),
            "background": other(BACKGROUNDS, known.background),
        }
        if unseen(**asked) == kept:
            return look(look_seed(seed, 1), accessory=other(ACCESSORIES, known.accessory), **asked)


def _case(maker: VariantMaker, seed: int, asked: Look) -> Case:
    drawings = [_drawing(maker, seed, look(look_seed(seed, i))) for i in (0, 2, 3)]
    found = [Reference(d.picture, d.face.identities) for d in drawings if d.face is not None]
    return Case(seed, asked, found[0], average(found), _drawing(maker, seed, asked))


def _drawing(maker: VariantMaker, seed: int, asked: Look) -> Variant:
    return _seen(maker, seed, Image.fromarray(draw(person(seed), asked).pixels))


def _through_vae(maker: VariantMaker, cases: list[Case]) -> list[Variant]:
    """The true drawings encoded and decoded again: what no generator can do better than."""
    vae = AutoencoderKL.from_pretrained(maker.pack.locate(maker.pack.base.model), subfolder="vae", dtype=torch.float32)
    pixels = np.stack([np.asarray(case.truth.picture) for case in cases])
    made = [Image.fromarray(pixels) for pixels in soften(vae, pixels, (0.0, 0.0))]
    return [_seen(maker, case.seed, picture) for case, picture in zip(cases, made, strict=True)]


def _seen(maker: VariantMaker, seed: int, picture: Image.Image) -> Variant:
    try:
        return Variant(picture, seed, maker.find_face(picture), None)
    except NoFaceFound:  # counted apart, as in a variant
        return Variant(picture, seed, None, None)


def _made(
    maker: VariantMaker,
    cases: list[Case],
    scale: float,
    again: int = 0,
    several: bool = False,
    steps: int | None = None,
) -> list[Variant]:
    """A variant for each case, by the words of its look alone: whatever identity survives came through the adapter."""
    made: list[Variant] = []
    for case in tqdm(cases, desc=f"identity_scale {scale}"):
        seed = case.seed + 10_000_000 * again
        request = maker.pack.request(_prompt(case.asked), seed, count=1, identity_scale=scale, steps=steps)
        made += maker.generate(request, case.references if several else case.reference, lambda _: None).ranked
    return made


def _prompt(asked: Look) -> str:
    named = (EXPRESSIONS[asked.expression], BACKGROUNDS[asked.background], ACCESSORIES[asked.accessory])
    named = (*named, VIEWS[asked.view], LIGHTS[asked.light])
    return ", ".join([f"wearing a {OUTFITS[asked.outfit][0]}", *(phrases[0] for phrases in named)])


def _embeddings(seen: Iterable[Reference | Variant]) -> Floats:
    """(n, 512) by the judge; NaN where no face was found."""
    rows = []
    for one in seen:
        identities = one.identities if isinstance(one, Reference) else one.face.identities if one.face else None
        rows.append(np.full(512, np.nan) if identities is None else identities[1].embedding)
    return np.array(rows, dtype=np.float64)


def _figures(cases: list[Case], made: list[Variant], ruler: AttributeClassifier, pack: Pack) -> Figures:
    """All figures of variants, one for each case, by the judge and the ruler.

    `copy` is MultiID-Bench's copy_geo: by how much of the angle between the reference and the true drawing of what was
    asked for a variant is nearer to the reference. `TAR` accepts a variant as its reference's person at FAR 1e-3 among
    all others' variants. `distance` is Frechet's between the ruler's features of variants and of true drawings.
    """
    decider = pack.decider()
    assert decider is not None
    references, variants = _embeddings(case.reference for case in cases), _embeddings(made)
    truths = _embeddings(case.truth for case in cases)
    alike, own = references @ variants.T, (references * variants).sum(1)
    found, diagonal = ~np.isnan(own), np.eye(len(cases), dtype=bool)
    best = np.where(np.isnan(alike), -1, alike).argmax(0) == np.arange(len(cases))
    ceiling = np.nanmean((references * truths).sum(1))
    to_truth, to_reference = _angles(variants, truths), _angles(variants, references)
    pixels, drawn = (np.stack([np.asarray(v.picture) for v in vs]) for vs in (made, [case.truth for case in cases]))
    read = read_attributes(ruler, pixels)
    return {
        "similarity": float(np.nanmean(own)),
        "of true drawings'": float(np.nanmean(own) / ceiling),
        "rank-1": float((best & found).mean()),
        "TAR": float((own[found] >= np.nanquantile(alike[~diagonal], 1 - SAME_PERSON_RATE)).mean()),
        "same person": sum(_is_same(decider, *pair) for pair in zip(references, variants, strict=True)) / len(own),
        "copy": float(np.nanmean(to_truth - to_reference) / np.nanmean(_angles(truths, references))),
        "face found": float(found.mean()),
        **{
            a: float(np.mean([r[a] == getattr(c.asked, a) for r, c in zip(read, cases, strict=True)]))
            for a in ATTRIBUTES
        },
        "distance": _frechet(picture_features(ruler, pixels), picture_features(ruler, drawn)),
        "sharpness": _sharpness(pixels) / _sharpness(drawn),
    }


def _is_same(decider: Decider, reference: Floats, variant: Floats) -> bool:
    """By the judge, as a card says it; a picture without a face shows nobody."""
    if np.isnan(variant).any():
        return False
    faces = (one[None].astype(np.float32) for one in (reference, variant))
    return decider.decide_all(*faces, [None], [None])[0][0].band == "same person"


def _angles(ones: Floats, others: Floats) -> Floats:
    return np.arccos(np.clip((ones * others).sum(1), -1, 1))


def _frechet(ones: Floats, others: Floats) -> float:
    """The distance of two sets of features, each taken as normally distributed (Heusel et al. 2017,
    https://arxiv.org/abs/1706.08500)."""
    a, b = np.cov(ones.T), np.cov(others.T)
    cross = scipy.linalg.sqrtm(a @ b).real
    return float(np.square(ones.mean(0) - others.mean(0)).sum() + np.trace(a + b - 2 * cross))


def _sharpness(pixels: npt.NDArray[np.uint8]) -> float:
    """The mean strength of lines where faces are."""
    grey = (cv2.cvtColor(picture[60:190, 60:196], cv2.COLOR_RGB2GRAY) for picture in pixels)
    return float(np.mean([np.abs(cv2.Laplacian(picture, cv2.CV_32F)).mean() for picture in grey]))


def table(rows: Iterable[Sequence[str]]) -> Iterator[str]:
    """Of Markdown: the first row is its head."""
    rows = iter(rows)
    yield from _head(*next(rows))
    for row in rows:
        yield _line(*row)


def _head(*names: str) -> tuple[str, str]:
    return _line(*names), _line(*("---" for _ in names))


def _row(title: str, figures: Figures) -> str:
    """Shares in per cent, all else in two decimals."""
    plain = ("similarity", "of true drawings'", "copy", "distance", "sharpness", "seconds")
    return _line(title, *(f"{value:.2f}" if name in plain else f"{value:.1%}" for name, value in figures.items()))


def _line(*cells: str) -> str:
    """Of a Markdown table."""
    return f"| {' | '.join(cells)} |"
