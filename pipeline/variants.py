"""A request -> pictures, judged and ranked. The models stand behind three Protocols."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from PIL import Image

from errors import InvalidRequest, NoFaceFound, Stopped
from message import Message
from pipeline.likeness import judge
from pipeline.packs import Pack
from pipeline.values import (
    AnotherFace,
    Box,
    Copied,
    Face,
    Likeness,
    Missing,
    NoFace,
    Objection,
    Reference,
    Step,
    Variant,
    VariantRequest,
    Variants,
)

OnStep = Callable[[Step], None]


class ImageGenerator(Protocol):
    @property
    def batch(self) -> int:
        """How many pictures are best drawn at once."""
        ...

    def generate(self, request: VariantRequest, on_step: OnStep) -> Sequence[Image.Image]:
        """`request.count` pictures, number i from `request.seed + i` alone. What `on_step` raises ends the run."""
        ...

    def cut_off(self, prompt: str) -> str:
        """The end of a prompt that is too long for the text encoder; "" where it fits."""
        ...


class FaceEncoder(Protocol):
    def faces(self, picture: Image.Image) -> tuple[Face, ...]:
        """The faces in the picture, largest first."""
        ...

    def face_in_box(self, picture: Image.Image, box: Box) -> Face | None:
        """The face in a box drawn by hand; None where nothing can be made of it."""
        ...


class PromptReader(Protocol):
    def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...] | None:
        """The phrases that the prompt asks for and the picture doesn't show; None where none could be looked for."""
        ...


class VariantMaker:
    """The models of a pack, put to work. Without a prompt reader adherence is not measured."""

    def __init__(
        self,
        generator: ImageGenerator,
        face_encoder: FaceEncoder,
        pack: Pack,
        prompt_reader: PromptReader | None = None,
    ) -> None:
        self.pack = pack
        self._generator = generator
        self._face_encoder = face_encoder
        self._prompt_reader = prompt_reader

    def generate(self, request: VariantRequest, on_step: OnStep, asked: str | None = None) -> Variants:
        """Draws, judges and ranks, a batch after the other: each step tells which pictures are finished.

        The reference has been seen by every encoder of the pack. `asked` is what the pictures have to show, where that
        is not the whole prompt. When `on_step` raises Stopped, what is given are the batches that were finished.

        Raises InvalidRequest, and Stopped if nothing was finished.
        """
        _check(request)
        asked = request.prompt if asked is None else asked
        drawable = self._in_known_words(request)
        ranked: tuple[Variant, ...] = ()
        batches = math.ceil(request.count / self._generator.batch)
        for batch in range(batches):
            part = _batch(drawable, len(ranked), self._generator.batch)
            try:
                pictures = self._generator.generate(part, _of_the_whole(on_step, batch, batches, ranked))
            except Stopped:
                if not ranked:
                    raise
                break
            judged = [self._judged(picture, part.seed + i, request, asked) for i, picture in enumerate(pictures)]
            ranked = tuple(sorted([*ranked, *judged], key=_rank))
        return Variants(
            request=request,
            ranked=ranked,
            unknown_words=self.pack.unknown_words(request.prompt),
            half_said=self.pack.half_said(request.prompt),
            cut_off=self._generator.cut_off(drawable.prompt),
        )

    def faces(self, picture: Image.Image) -> tuple[Face, ...]:
        """Every face in the picture, largest first."""
        return self._face_encoder.faces(picture)

    def face_in_box(self, picture: Image.Image, box: Box) -> Face:
        """The face in a box drawn by hand. Raises NoFaceFound where nothing can be made of it."""
        face = self._face_encoder.face_in_box(picture, box)
        if face is None:
            raise NoFaceFound
        return face

    def find_face(self, picture: Image.Image) -> Face:
        """The largest face. Raises NoFaceFound."""
        faces = self._face_encoder.faces(picture)
        if not faces:
            raise NoFaceFound
        return faces[0]

    def _in_known_words(self, request: VariantRequest) -> VariantRequest:
        vocabulary = self.pack.vocabulary
        if vocabulary is None:
            return request
        prompt, negative_prompt = vocabulary.known_part(request.prompt), vocabulary.known_part(request.negative_prompt)
        return replace(request, prompt=prompt, negative_prompt=negative_prompt)

    def _judged(self, picture: Image.Image, seed: int, request: VariantRequest, asked: str) -> Variant:
        face = next(iter(self._face_encoder.faces(picture)), None)
        likeness = self._likeness(face, request.reference, picture) if request.reference else None
        missing = self._prompt_reader.missing(picture, asked) if self._prompt_reader else None
        variant = Variant(picture, seed, face, likeness, missing)
        return replace(variant, rejection=_rejection(variant))

    def _likeness(self, face: Face | None, reference: Reference, picture: Image.Image) -> Likeness:
        return judge(
            face,
            reference,
            picture,
            judge_encoder=self.pack.judge_encoder,
            steering_encoder=self.pack.faces.encoder,
            calibration=self.pack.calibration,
        )


def _batch(request: VariantRequest, drawn: int, batch: int) -> VariantRequest:
    """The next pictures of the request, when so many are drawn."""
    return replace(request, seed=request.seed + drawn, count=min(batch, request.count - drawn))


def _of_the_whole(on_step: OnStep, batch: int, batches: int, finished: tuple[Variant, ...]) -> OnStep:
    """A batch's steps, counted over the whole run, with what the batches before it gave."""
    return lambda step: on_step(
        replace(step, step=batch * step.steps + step.step, steps=batches * step.steps, finished=finished)
    )


def _rejection(variant: Variant) -> tuple[Objection, ...]:
    """All that speaks against a picture."""
    likeness, objections = variant.likeness, list[Objection]()
    if variant.face is None:
        objections.append(NoFace())
    if likeness and likeness.band == "another person":
        assert likeness.similarity is not None and likeness.loosest_rate is not None  # or it has no such band
        objections.append(AnotherFace(likeness.similarity, likeness.loosest_rate))
    if likeness and likeness.copied:
        objections.append(Copied())
    if variant.missing:
        objections.append(Missing(variant.missing))
    return tuple(objections)


def _rank(variant: Variant) -> tuple[bool, int, int, float]:
    """Best first: what is not rejected; then who may be she before nobody, and nobody before somebody else or a copy;
    then what lacks least of the prompt; then the most alike."""
    likeness = variant.likeness
    wrong = likeness is not None and (likeness.band == "another person" or likeness.copied is True)
    doubt = 2 if wrong else int(variant.face is None)
    similarity = likeness.similarity if likeness and likeness.similarity is not None else 0.0
    return bool(variant.rejection), doubt, len(variant.missing or ()), -similarity


def _check(request: VariantRequest) -> None:
    limits = (
        (Message("count"), request.count, 1, 16),
        (Message("steps"), request.steps, 1, 150),
        (Message("guidance scale"), request.guidance_scale, 0, 30),
        (Message("identity strength"), request.identity_scale, 0, 1.5),
        (Message("seed"), request.seed, 0, 2**53),  # as far as a JSON number is exact
    )
    if not request.prompt.strip():
        raise InvalidRequest("The prompt is empty.", "Describe the picture in a few words.")
    for name, value, lowest, highest in limits:
        if not lowest <= value <= highest:
            raise InvalidRequest(
                "The {name} is {value}.", "Choose one from {lowest} to {highest}.",
                name=name, value=value, lowest=lowest, highest=highest,
            )  # fmt: skip
