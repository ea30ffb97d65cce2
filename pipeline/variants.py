"""A request -> pictures, judged and ranked. The models stand behind two Protocols."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Protocol

from PIL import Image

from errors import InvalidRequest, NoFaceFound, Stopped
from pipeline.likeness import identity_by, judge, similarity_of
from pipeline.packs import Pack
from pipeline.values import Face, Likeness, Reference, Step, Variant, VariantRequest, Variants

BATCH = 4  # pictures drawn at once: SD 1.5 at 512x512 in half precision then fits a GPU of 8 GB
OnStep = Callable[[Step], None]


class ImageGenerator(Protocol):
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


class VariantMaker:
    """A generator, a face encoder and the pack that they came from, put to work."""

    def __init__(self, generator: ImageGenerator, face_encoder: FaceEncoder, pack: Pack) -> None:
        self.pack = pack
        self._generator = generator
        self._face_encoder = face_encoder

    def generate(self, request: VariantRequest, on_step: OnStep) -> Variants:
        """Draws, judges and ranks. When `on_step` raises Stopped, the batches that were finished are what is given.

        Raises InvalidRequest, NoFaceFound (in the reference picture), and Stopped if nothing was finished.
        """
        _check(request)
        reference = self._prepare(request.reference) if request.reference else None
        drawable = self._in_known_words(replace(request, reference=reference))
        pictures = self._draw(drawable, on_step)
        variants = [self._judged(picture, request.seed + i, reference) for i, picture in enumerate(pictures)]
        ranked = tuple(sorted(variants, key=_rank))
        return Variants(
            request, ranked, self.pack.unknown_words(request.prompt), self._generator.cut_off(drawable.prompt)
        )

    def find_face(self, picture: Image.Image) -> Face:
        """The largest face. Raises NoFaceFound."""
        faces = self._face_encoder.faces(picture)
        if not faces:
            raise NoFaceFound
        return faces[0]

    def _prepare(self, reference: Reference) -> Reference:
        """The reference as every encoder of this pack sees it; one kept under another pack is looked at again."""
        encoders = {self.pack.faces.encoder, self.pack.judge_encoder}
        if encoders <= {identity.encoder for identity in reference.identities}:
            return reference
        return replace(reference, identities=self._same_face(reference).identities)

    def _same_face(self, reference: Reference) -> Face:
        """The face that was kept, if one encoder remembers which of several it was; else the largest."""
        faces = self._face_encoder.faces(reference.picture)
        if not faces:
            raise NoFaceFound
        remembered = next(
            (kept for kept in reference.identities if identity_by(kept.encoder, faces[0].identities)), None
        )
        if remembered is None:
            return faces[0]

        def alike(face: Face) -> float:
            identity = identity_by(remembered.encoder, face.identities)
            return similarity_of(identity, remembered) if identity else -1.0

        return max(faces, key=alike)

    def _draw(self, request: VariantRequest, on_step: OnStep) -> list[Image.Image]:
        batches = math.ceil(request.count / BATCH)
        pictures: list[Image.Image] = []
        for batch in range(batches):
            drawn = len(pictures)
            part = replace(request, seed=request.seed + drawn, count=min(BATCH, request.count - drawn))
            try:
                pictures += self._generator.generate(part, _of_the_whole(on_step, batch, batches))
            except Stopped:
                if not pictures:
                    raise
                break
        return pictures

    def _in_known_words(self, request: VariantRequest) -> VariantRequest:
        vocabulary = self.pack.vocabulary
        if vocabulary is None:
            return request
        prompt, negative_prompt = vocabulary.known_part(request.prompt), vocabulary.known_part(request.negative_prompt)
        return replace(request, prompt=prompt, negative_prompt=negative_prompt)

    def _judged(self, picture: Image.Image, seed: int, reference: Reference | None) -> Variant:
        face = next(iter(self._face_encoder.faces(picture)), None)
        return Variant(picture, seed, face, self._likeness(face, reference, picture) if reference else None)

    def _likeness(self, face: Face | None, reference: Reference, picture: Image.Image) -> Likeness:
        return judge(
            face,
            reference,
            picture,
            judge_encoder=self.pack.judge_encoder,
            steering_encoder=self.pack.faces.encoder,
            calibration=self.pack.calibration,
        )


def _of_the_whole(on_step: OnStep, batch: int, batches: int) -> OnStep:
    """A batch's steps, counted over the whole run."""
    return lambda step: on_step(replace(step, step=batch * step.steps + step.step, steps=batches * step.steps))


def _rank(variant: Variant) -> tuple[int, float]:
    """Best first. What nobody could measure stands before what was measured and rejected: it may be she."""
    likeness = variant.likeness
    if likeness is None:
        return 0, 0.0
    bands = ["same person", "unsure", "uncalibrated", "not measured", "another person"]
    band = bands.index("another person" if likeness.copied else likeness.band)
    return band, -(likeness.similarity if likeness.similarity is not None else -1.0)


def _check(request: VariantRequest) -> None:
    limits = {
        "count": (request.count, 1, 16),
        "steps": (request.steps, 1, 150),
        "guidance scale": (request.guidance_scale, 0, 30),
        "identity strength": (request.identity_scale, 0, 1.5),
        "seed": (request.seed, 0, 2**53),  # as far as a JSON number is exact
    }
    if not request.prompt.strip():
        raise InvalidRequest("The prompt is empty.", "Describe the picture in a few words.")
    for name, (value, lowest, highest) in limits.items():
        if not lowest <= value <= highest:
            raise InvalidRequest(f"The {name} is {value}.", f"Choose one from {lowest} to {highest}.")
