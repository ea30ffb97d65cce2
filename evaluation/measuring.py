"""From a planned case to its row: drawn through `VariantMaker.generate`, as the button does, and measured.

Nothing here says what is good: it measures, and leaves None what could not be.
"""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from PIL import Image, ImageOps
from pydantic import TypeAdapter

from evaluation.people import KnownPerson, KnownPicture
from evaluation.plan import Case, Job
from evaluation.rows import Row
from pipeline.likeness import average, composition_likeness, identity_by, similarity_of
from pipeline.marks import MarksReader
from pipeline.packs import ClassifierAdherence, Pack
from pipeline.prompt import read_prompt
from pipeline.values import Face, Reference
from pipeline.variants import PromptReader, VariantMaker

_LABELS = TypeAdapter(dict[str, tuple[str, ...]])


class PromptScorer(Protocol):
    def score(self, picture: Image.Image, prompt: str) -> float:
        """How well the picture shows the prompt as a whole, 0 to 1."""
        ...


@dataclass(frozen=True, eq=False)
class MeasuredModels:
    """A pack at work. The prompt reader is the maker's own; where there is a scorer, its figure is the adherence."""

    maker: VariantMaker
    prompt_reader: PromptReader | None = None
    scorer: PromptScorer | None = None
    marks_reader: MarksReader | None = None


@dataclass(frozen=True, eq=False)
class _Seen:
    """A picture that stands for a case, and what was found in it."""

    picture: Image.Image
    face: Face | None
    missing: tuple[str, ...] | None
    seconds: float | None = None


class Measurer:
    def __init__(self, models: MeasuredModels, people: Sequence[KnownPerson]) -> None:
        self._models = models
        self._people = {person.identity: person for person in people}
        self._strangers = {
            person.identity: people[(index + 1) % len(people)] for index, person in enumerate(people) if len(people) > 1
        }
        self._encoders = (models.maker.pack.judge_encoder, models.maker.pack.faces.encoder)
        self._decider = models.maker.pack.decider()
        self._taught = _taught(models.maker.pack)

    def measure(self, job: Job) -> tuple[Row, ...]:
        """A row for each case of the job, in its order."""
        if job[0].depth == 0:
            return tuple(self._row(case, self._true_picture(case), self._reference(case)) for case in job)
        request, links = [case for case in job if case.depth == 1], [case for case in job if case.depth > 1]
        reference = self._reference(job[0])
        drawn = self._draw(request, reference)
        rows = [self._row(case, seen, reference) for case, seen in zip(request, drawn, strict=True)]
        return (*rows, *self._chain(links, drawn[0], reference))

    def _chain(self, links: Sequence[Case], start: _Seen, reference: Reference) -> list[Row]:
        """Each link is steered by the picture before it, and judged against the reference at the chain's beginning.

        A picture without a face steers nothing, here as on the page: the last one with a face does.
        """
        rows: list[Row] = []
        before, steering = start, reference
        for case in links:
            if before.face is not None:
                steering = Reference(before.picture, before.face.identities)
            (before,) = self._draw([case], steering)
            rows.append(self._row(case, before, reference))
        return rows

    def _reference(self, case: Case) -> Reference:
        person = self._people[case.identity]
        return average(person.references(case.references)) if case.references > 1 else person.reference

    def _draw(self, cases: Sequence[Case], steering: Reference) -> list[_Seen]:
        """The pictures of cases that differ in nothing but consecutive seeds."""
        case, maker = cases[0], self._models.maker
        request = maker.pack.request(case.prompt, case.seed, count=len(cases), identity_scale=case.identity_scale)
        started = time.perf_counter()
        ranked = maker.generate(request, steering, lambda step: None).ranked
        seconds = (time.perf_counter() - started) / len(cases)
        variants = sorted(ranked, key=lambda variant: variant.seed)
        return [_Seen(variant.picture, variant.face, variant.missing, seconds) for variant in variants]

    def _true_picture(self, case: Case) -> _Seen:
        owner = self._strangers[case.identity] if case.arm == "stranger" else self._people[case.identity]
        known = owner.pictures[0 if case.arm == "pasted" else -1]
        picture, reader = known.example.picture, self._models.prompt_reader
        return _Seen(picture, known.face, reader.missing(picture, case.prompt) if reader else None)

    def _row(self, case: Case, seen: _Seen, reference: Reference) -> Row:
        person = self._people[case.identity]
        truth = self._truth(case)
        stranger = self._strangers.get(case.identity) if case.arm != "stranger" else None
        judge, steering = self._encoders
        vocabulary = self._models.maker.pack.vocabulary
        return Row(
            case=case.id,
            arm=case.arm,
            identity=case.identity,
            prompt=case.prompt,
            prompt_number=case.prompt_number,
            seed=case.seed,
            identity_scale=case.identity_scale,
            references=case.references,
            depth=case.depth,
            detected=seen.face is not None,
            judge_similarity=_similarity(judge, seen.face, reference),
            steering_similarity=_similarity(steering, seen.face, reference),
            judge_truth=_similarity(judge, seen.face, truth),
            steering_truth=_similarity(steering, seen.face, truth),
            judge_score=self._score(seen.face, reference),
            judge_stranger=_similarity(judge, seen.face, stranger.pictures[0].face if stranger else None),
            composition=composition_likeness(seen.picture, reference.picture),
            mirrored_composition=composition_likeness(ImageOps.mirror(seen.picture), reference.picture),
            copy_geo=_copy_geo(judge, seen.face, reference, truth),
            adherence=self._adherence(case, seen),
            missing=seen.missing,
            face_height=_face_height(seen),
            view=person.pictures[0].example.view,
            unseen=vocabulary.is_unseen(case.prompt) if vocabulary else None,
            seconds=seen.seconds,
            picture=seen.picture,
            marks_kept=self._marks_kept(seen, person.pictures[0]),
        )

    def _marks_kept(self, seen: _Seen, reference: KnownPicture) -> float | None:
        reader = self._models.marks_reader
        if reader is None or seen.face is None:
            return None
        by_the_reference = reader.shown(reference.example.picture, reference.face.landmarks)
        return reader.kept(reader.shown(seen.picture, seen.face.landmarks), by_the_reference)

    def _score(self, face: Face | None, reference: Reference) -> float | None:
        """How far the similarity stands out among strangers; None where it is not judged so."""
        judge = self._encoders[0]
        one = identity_by(judge, face.identities) if face else None
        other = identity_by(judge, reference.identities)
        if self._decider is None or one is None or other is None:
            return None
        judgement = self._decider.decide(one, other)
        return judgement.score if judgement.against else None

    def _truth(self, case: Case) -> Face | None:
        """The held-out face; None where there is none, or where the case's own picture is that one."""
        truth = self._people[case.identity].truth
        return None if truth is None or case.arm == "true pair" else truth.face

    def _adherence(self, case: Case, seen: _Seen) -> float | None:
        if self._models.scorer is not None:
            return self._models.scorer.score(seen.picture, case.prompt)
        asked = self._asked(case.prompt)
        return None if seen.missing is None or not asked else 1 - len(seen.missing) / asked

    def _asked(self, prompt: str) -> int:
        """How many phrases of the prompt the reader looks for."""
        vocabulary = self._models.maker.pack.vocabulary
        if vocabulary is None:
            return len(read_prompt(prompt).drawn)
        phrases = [phrase for named in vocabulary.phrases_in(prompt).values() for phrase in named]
        return len([phrase for phrase in phrases if self._taught is None or phrase in self._taught])


def _taught(pack: Pack) -> frozenset[str] | None:
    """The phrases that the pack's classifier tells apart; None where it has none."""
    if not isinstance(pack.adherence, ClassifierAdherence):
        return None
    labels = _LABELS.validate_json((Path(pack.locate(pack.adherence.model)) / "labels.json").read_bytes())
    return frozenset(phrase for phrases in labels.values() for phrase in phrases)


def _similarity(encoder: str, face: Face | None, other: Face | Reference | None) -> float | None:
    if face is None or other is None:
        return None
    one, two = identity_by(encoder, face.identities), identity_by(encoder, other.identities)
    return None if one is None or two is None else similarity_of(one, two)


def _copy_geo(judge: str, face: Face | None, reference: Reference, truth: Face | None) -> float | None:
    """How much nearer to the reference than to the truth, of the way between these two: 1 is the reference itself, -1
    the truth, 0 neither. None where the judge cannot tell the two apart.

    MultiID-Bench's copy-paste metric (Xu et al. 2025, https://arxiv.org/abs/2510.14975).
    """
    to_reference, to_truth = _similarity(judge, face, reference), _similarity(judge, face, truth)
    between = _similarity(judge, truth, reference)
    if to_reference is None or to_truth is None or between is None or math.acos(between) < 1e-3:
        return None
    return (math.acos(to_truth) - math.acos(to_reference)) / math.acos(between)


def _face_height(seen: _Seen) -> float | None:
    """Of the part of the face's box that lies inside the picture."""
    if seen.face is None:
        return None
    _, top, _, bottom = seen.face.box
    return (min(bottom, seen.picture.height) - max(top, 0)) / seen.picture.height
