"""A request -> pictures, judged and ranked. The models stand behind three Protocols."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import replace
from typing import Protocol, TypeAlias

import numpy as np
from PIL import Image

from errors import NoFaceFound, Stopped
from pipeline.likeness import Decider, judge, mean_identity, saw_all
from pipeline.packs import Pack
from pipeline.request import Engine, LeftOut, PictureRequest, check
from pipeline.uploads import clipped_box
from pipeline.values import (
    NOT_COMPARED,
    AnotherFace,
    Box,
    Copied,
    Face,
    Imagined,
    Landmarks,
    Likeness,
    Missing,
    NoFace,
    Objection,
    Reference,
    Step,
    Variant,
    Variants,
)

OnStep = Callable[[Step], None]
_Rank: TypeAlias = tuple[bool, int, bool, int, int, float, float, float]
_Judged: TypeAlias = tuple[_Rank, Variant]
FACE_SIDE = 112  # pixels, to which faces are brought before it is measured how sharp they are


class ImageGenerator(Protocol):
    @property
    def engine(self) -> Engine:
        """What draws; its `batch` is how many pictures are best drawn at once."""
        ...

    def generate(
        self, request: PictureRequest, somebody: Reference | Imagined | None, on_step: OnStep
    ) -> Sequence[Image.Image]:
        """`request.count` pictures, number i from `request.seed + i` alone, of that person if there is one.
        What `on_step` raises ends the run."""
        ...

    def cut_off(self, prompt: str) -> str:
        """The end of a prompt that is too long for the text encoder; "" where it fits."""
        ...


class FaceEncoder(Protocol):
    def faces(self, picture: Image.Image, *, own_hand: bool = False) -> tuple[Face, ...]:
        """The faces in the picture, largest first; `own_hand`: the pack itself drew it."""
        ...

    def faces_upright(self, picture: Image.Image) -> tuple[Image.Image, tuple[Face, ...]]:
        """The picture, turned where its faces lie on their side or upside down, and these."""
        ...

    def seen_several_ways(self, picture: Image.Image, faces: Sequence[Face]) -> tuple[Face, ...]:
        """The same faces, each identity a mean of several looks."""
        ...

    def face_in_box(self, picture: Image.Image, box: Box, *, own_hand: bool = False) -> Face | None:
        """The face in a box drawn by hand; None where nothing can be made of it."""
        ...


class ReadsMarks(Protocol):
    def missing(self, picture: Image.Image, landmarks: Landmarks, prompt: str) -> tuple[str, ...]:
        """The marks of a person in the prompt that the face at these landmarks (5, 2) does not show."""
        ...

    def showing(self, picture: Image.Image, landmarks: Landmarks, text: str) -> tuple[str, ...]:
        """Those in a text that it does show."""
        ...


class PromptReader(Protocol):
    def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...] | None:
        """The phrases that the prompt asks for and the picture doesn't show; None where none could be looked for."""
        ...


class Imagines(Protocol):
    def imagine(self, prompt: str, kept_out: str, seed: int) -> Imagined:
        """Somebody as the prompt says, and not as what is kept out; another one by another seed."""
        ...


class VariantMaker:
    """The models of a pack, put to work. Without a prompt reader adherence is not measured; without a reader of marks
    nobody says which of a person's are lost; without a prior whoever is new is drawn from words alone."""

    def __init__(
        self,
        generator: ImageGenerator,
        face_encoder: FaceEncoder,
        pack: Pack,
        prompt_reader: PromptReader | None = None,
        marks_reader: ReadsMarks | None = None,
        prior: Imagines | None = None,
    ) -> None:
        self.pack = pack
        self._prior = prior
        self._marks_reader = marks_reader
        self._generator = generator
        self._face_encoder = face_encoder
        self._prompt_reader = prompt_reader

    def generate(
        self,
        request: PictureRequest,
        reference: Reference | None,
        on_step: OnStep,
        decider: Decider | None = None,
    ) -> Variants:
        """Draws, judges and ranks, a batch after the other: each step tells which pictures are finished. Without a
        `decider`, the pack's own decides, which knows of no saved characters.

        The reference has been seen by every encoder of the pack; without one the person is whoever the prompt
        describes: by the pack's prior one new person in all pictures, whose identity then steers their variants too.
        When `on_step` raises Stopped, what is given are the batches that were finished.

        Raises InvalidRequest, and Stopped if nothing was finished.
        """
        check(request)
        reading, request = self.pack.read(request.prompt), self._as_drawn(request)
        decider = decider or self.pack.decider()
        somebody = reference or self._imagined(request)
        parts, judging = _batches(request, self._generator.engine.batch), list[Future[list[_Judged]]]()
        with ThreadPoolExecutor(1, "castbook-judge") as judge:
            for number, part in enumerate(parts):
                try:
                    pictures = self._draw(part, somebody, _of_the_whole(on_step, number, len(parts), judging))
                except Stopped:
                    if not judging:
                        raise
                    break
                judging.append(judge.submit(self._all_judged, pictures, part, request, somebody, decider))
                if not self._judges_meanwhile:
                    wait(judging)
            ranked = _ranked(judging)
        return Variants(request, ranked, reading)

    def draw_again(self, request: PictureRequest, reference: Reference | None, on_step: OnStep) -> Image.Image:
        """The one picture that a request with a `place` was drawn for: by the same engine and pack the same pixels.

        The whole batch that it was in is drawn, for in another batch a picture differs by a level or two.
        """
        check(request)
        place, batch = request.place or 0, (request.engine or self._generator.engine).batch
        number, within = divmod(place, batch)
        somebody = reference or self._imagined(request)
        return self._draw(_batches(request, batch)[number], somebody, on_step)[within]

    @property
    def engine(self) -> Engine:
        return self._generator.engine

    def faces(self, picture: Image.Image) -> tuple[Face, ...]:
        """Every face in the picture, largest first."""
        return self._face_encoder.faces(picture)

    def faces_upright(self, picture: Image.Image) -> tuple[Image.Image, tuple[Face, ...]]:
        """The picture turned upright by its faces, and every one of these, largest first."""
        return self._face_encoder.faces_upright(picture)

    def seen_several_ways(self, picture: Image.Image, faces: Sequence[Face]) -> tuple[Face, ...]:
        """The same faces of the picture by several looks at each: surer, to put faces together by."""
        return self._face_encoder.seen_several_ways(picture, faces)

    def face_in_box(self, picture: Image.Image, box: Box, *, own_hand: bool = False) -> Face:
        """The face in a box drawn by hand. Raises NoFaceFound where nothing can be made of it."""
        face = self._face_encoder.face_in_box(picture, box, own_hand=own_hand)
        if face is None:
            raise NoFaceFound
        return face

    def find_face(self, picture: Image.Image, *, own_hand: bool = False) -> Face:
        """The largest face; `own_hand`: in a picture that the pack drew. Raises NoFaceFound."""
        faces = self._face_encoder.faces(picture, own_hand=own_hand)
        if not faces:
            raise NoFaceFound
        return faces[0]

    def cut_off(self, prompt: str) -> str:
        """The end of what is drawn of a prompt, where that is too long; "" where it fits."""
        return self._generator.cut_off(self.pack.read(prompt).drawn)

    def _as_drawn(self, request: PictureRequest) -> PictureRequest:
        """With what drew it, the words that were sent, and what was not drawn of those that were written."""
        reading, asked = self.pack.read(request.prompt), self.pack.read(request.asked).drawn
        context = reading.drawn.removeprefix(asked).strip(" ,") if request.context else ""
        cut_off = self.cut_off(request.prompt)
        no_room = [LeftOut(cut_off, "no room")] if cut_off else []
        return replace(
            self._as_sent(request),
            context=context,
            engine=self._generator.engine,
            left_out=(*no_room, *reading.left_out),
        )

    def _as_sent(self, request: PictureRequest) -> PictureRequest:
        """In the words that the pack takes. Those of a request that was sent already stay as they are."""
        reading, negative = self.pack.read(request.prompt), self.pack.read(request.negative_prompt)
        kept_out = dict.fromkeys(part for part in (negative.drawn, negative.negated, reading.negated) if part)
        return replace(request, prompt=reading.drawn, negative_prompt=", ".join(kept_out))

    def _imagined(self, request: PictureRequest) -> Imagined | None:
        """Of the whole run: by its own seed, in whatever part of it a picture is."""
        if self._prior is None:
            return None
        return self._prior.imagine(request.asked, request.negative_prompt, request.seed)

    def _draw(
        self, part: PictureRequest, somebody: Reference | Imagined | None, on_step: OnStep
    ) -> Sequence[Image.Image]:
        return self._generator.generate(self._as_sent(part), somebody, on_step)

    @property
    def _judges_meanwhile(self) -> bool:
        """While the next batch is drawn: where drawing leaves the CPU to the judges. Where both want its cores, the
        first pictures would be there later, and the last ones no sooner."""
        return self._generator.engine.device != "cpu"

    def _all_judged(
        self,
        pictures: Sequence[Image.Image],
        part: PictureRequest,
        request: PictureRequest,
        somebody: Reference | Imagined | None,
        decider: Decider | None,
    ) -> list[_Judged]:
        judged = [
            self._judged(picture, part.seed + i, request, somebody, decider) for i, picture in enumerate(pictures)
        ]
        return [(_rank(variant), variant) for variant in judged]

    def _judged(
        self,
        picture: Image.Image,
        seed: int,
        request: PictureRequest,
        somebody: Reference | Imagined | None,
        decider: Decider | None,
    ) -> Variant:
        faces = self._face_encoder.faces(picture, own_hand=True)
        face = next(iter(faces), None)
        if face and isinstance(somebody, Imagined):
            face = _meant(face, somebody)
        likeness = self._likeness(face, somebody, picture, decider) if isinstance(somebody, Reference) else None
        missing = self._prompt_reader.missing(picture, request.asked) if self._prompt_reader else None
        if face and self._marks_reader:
            lost = self._marks_reader.missing(picture, face.landmarks, request.asked)
            if likeness:
                kept, unwanted = (
                    self._marks_reader.showing(picture, face.landmarks, text)
                    for text in (request.asked, request.negative_prompt)
                )
                likeness = replace(likeness, kept_marks=kept, lost_marks=lost, unwanted_marks=unwanted)
            elif lost:  # of somebody new nothing is lost: it was never drawn
                missing = tuple(dict.fromkeys((*(missing or ()), *lost)))
        variant = Variant(picture, seed, face, likeness, missing, faces=len(faces))
        return replace(variant, rejection=_rejection(variant))

    def _likeness(
        self, face: Face | None, reference: Reference, picture: Image.Image, decider: Decider | None
    ) -> Likeness:
        """Of two faces that the pack itself drew the judge of its own hand decides."""
        encoder, own = self.pack.judge_encoder, self.pack.own_hand_decider
        if own and face and saw_all(own.calibration.encoder, (face.identities, reference.identities)):
            encoder, decider = own.calibration.encoder, own
        steering = self.pack.faces.encoder
        return judge(face, reference, picture, judge_encoder=encoder, steering_encoder=steering, decider=decider)


def _meant(face: Face, somebody: Imagined) -> Face:
    """The face, known to the steering encoder half as it was imagined and half as the picture shows it: steered so,
    variants of 24 people were more like the picture (0.72 by paperdoll's judge) than by either alone (0.67, 0.69)."""
    imagined = {identity.encoder: identity for identity in somebody.identities}
    known = (
        mean_identity([seen, imagined[seen.encoder]]) if seen.encoder in imagined else seen for seen in face.identities
    )
    return replace(face, identities=tuple(known))


def _batches(request: PictureRequest, size: int) -> list[PictureRequest]:
    """The run in parts that are drawn at once."""
    return [
        replace(request, seed=request.seed + start, count=min(size, request.count - start), place=None)
        for start in range(0, request.count, size)
    ]


def _of_the_whole(on_step: OnStep, batch: int, batches: int, judging: Sequence[Future[list[_Judged]]]) -> OnStep:
    """A batch's steps, counted over the whole run, with what is judged by then of the batches before it."""
    return lambda step: on_step(
        replace(
            step,
            step=batch * step.steps + step.step,
            steps=batches * step.steps,
            finished=_ranked([each for each in judging if each.done()]),
        )
    )


def _ranked(judged: Sequence[Future[list[_Judged]]]) -> tuple[Variant, ...]:
    ranked = sorted((each for part in judged for each in part.result()), key=lambda each: each[0])
    return tuple(variant for _, variant in ranked)


def _rejection(variant: Variant) -> tuple[Objection, ...]:
    """All that speaks against a picture."""
    likeness, objections = variant.likeness, list[Objection]()
    if variant.face is None:
        objections.append(NoFace())
    if likeness and likeness.band == "another person":
        assert likeness.similarity is not None and likeness.loosest_rate is not None  # or it has no such band
        objections.append(AnotherFace(likeness.similarity, likeness.loosest_rate, likeness.score))
    if likeness and likeness.copied:
        objections.append(Copied())
    if variant.missing:
        objections.append(Missing(variant.missing))
    return tuple(objections)


def _rank(variant: Variant) -> _Rank:
    """Best first: what is not set aside; then a face that may be the person's, no face, another's face or a copy; then
    one face before several; then what lacks least of the prompt; then what lost the fewest marks; then the most alike.
    Where there is nobody to be alike to: the surest face, to a tenth, and the sharpest."""
    likeness = variant.likeness
    wrong = likeness is not None and (likeness.band == "another person" or likeness.copied is True)
    doubt = 2 if wrong else int(variant.face is None)
    set_aside, missing, lost, alike = replace(likeness or NOT_COMPARED, rejection=variant.rejection).rank
    sure = sharp = 0.0
    if variant.face and likeness is None:
        sure, sharp = round(variant.face.detection_score, 1), _sharpness(variant.picture, variant.face.box)
    return set_aside, doubt, variant.faces > 1, missing, lost, alike, -sure, -sharp


def _sharpness(picture: Image.Image, box: Box) -> float:
    """The mean strength of lines in a face: of the Laplacian of its luminance (Pech-Pacheco et al. 2000,
    https://doi.org/10.1109/ICPR.2000.903548)."""
    face = picture.convert("L").resize((FACE_SIDE, FACE_SIDE), Image.Resampling.BICUBIC, clipped_box(box, picture))
    grey = np.asarray(face, np.float32)
    ups, downs, lefts, rights = grey[:-2, 1:-1], grey[2:, 1:-1], grey[1:-1, :-2], grey[1:-1, 2:]
    return float(np.abs(ups + downs + lefts + rights - 4 * grey[1:-1, 1:-1]).mean())
