"""A generator and a face encoder whose answers can be worked out by eye: the colour in a picture's middle is who it is.

Red, green and blue are strangers (similarity 0); red and yellow are half alike (0.71); black is nobody: no face.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image

from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.likeness import Calibration, Decider
from pipeline.packs import Adapter, Base, Defaults, FaceModels, Judge, Licence, Pack, Scheduler
from pipeline.request import Engine, PictureRequest
from pipeline.values import Box, Face, Identity, Imagined, Reference, Step
from pipeline.variants import OnStep, VariantMaker
from pipeline.vocabulary import Vocabulary
from studio import Castbook, Models, Studio

RED, GREEN, BLUE, YELLOW, BLACK = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 0), (0, 0, 0)
STEERING, JUDGE = "fake-steering", "fake-judge"

CALIBRATION = Calibration(
    encoder=JUDGE,
    thresholds={0.1: 0.5, 0.01: 0.7, 0.001: 0.9},
    genuine_quantiles={0.05: 0.9, 0.5: 0.95, 0.95: 1.0},
    genuine_pairs=100,
    impostor_pairs=1000,
    data="colours",
    date="2026-01-01",
    copy_threshold=0.95,
)
DECIDER = Decider(CALIBRATION)


def flat(colour: tuple[int, int, int], size: int = 64) -> Image.Image:
    return Image.new("RGB", (size, size), colour)


def draw_the_reference(request: Asked, seed: int) -> Image.Image:
    """The reference's colour, whatever the seed; without a reference red, green or blue, as the seed says."""
    if not isinstance(request.reference, Reference):
        return flat((RED, GREEN, BLUE)[seed % 3])
    picture = request.reference.picture
    return flat(picture.convert("RGB").getpixel((picture.width // 2, picture.height // 2)))


@dataclass(frozen=True, eq=False)
class Asked:
    """A short way to what `generate` takes: `generate(*asked, on_step)` gives it the request and the reference."""

    prompt: str
    seed: int
    count: int
    reference: Reference | Imagined | None
    identity_scale: float
    steps: int
    guidance_scale: float
    negative_prompt: str = ""
    width: int = 64

    def __iter__(self) -> Iterator[PictureRequest | Reference | None]:
        said = {name: getattr(self, name) for name in ("prompt", "seed", "count", "identity_scale", "steps")}
        said |= {"guidance_scale": self.guidance_scale, "negative_prompt": self.negative_prompt}
        size = {"width": self.width, "height": 64}
        yield PictureRequest(written=self.prompt, scheduler="DDIMScheduler", pack="fake", **size, **said)
        yield self.reference


class FakeGenerator:
    """Draws with a plain function of what was asked and a picture's own seed. Keeps what it was asked for."""

    def __init__(self, draw: Callable[[Asked, int], Image.Image] = draw_the_reference, batch: int = 4) -> None:
        self.engine = Engine("fake", "1", "2", "cpu", threads=1, batch=batch)
        self.requests: list[Asked] = []
        self._draw = draw

    def generate(
        self, request: PictureRequest, somebody: Reference | Imagined | None, on_step: OnStep
    ) -> list[Image.Image]:
        asked = Asked(
            request.prompt, request.seed, request.count, somebody, request.identity_scale, request.steps,
            request.guidance_scale, request.negative_prompt,
        )  # fmt: skip
        self.requests.append(asked)
        pictures = [self._draw(asked, request.seed + i) for i in range(request.count)]
        for step in range(1, request.steps + 1):
            on_step(Step(step, request.steps, tuple(pictures[:1]) if step == request.steps // 2 else ()))
        return pictures

    def cut_off(self, prompt: str) -> str:
        """It has room for forty words."""
        return " ".join(prompt.split()[40:])


class PatientGenerator(FakeGenerator):
    """After each step it waits until it may go on."""

    def __init__(self) -> None:
        super().__init__()
        self.may_go_on = threading.Event()
        self.may_go_on.set()

    def generate(self, request: PictureRequest, reference: Reference | None, on_step: OnStep) -> list[Image.Image]:
        def report(step: Step) -> None:
            on_step(step)
            assert self.may_go_on.wait(120)

        return super().generate(request, reference, report)


class FakeFaces:
    """A face half as wide as the picture; who it is, is the direction of its middle colour. Black: no face.

    A picture twice as wide as high shows two of them beside each other, and so on.
    """

    def __init__(self, encoders: tuple[str, ...] = (STEERING, JUDGE), own_hand: str | None = None) -> None:
        self._encoders = encoders
        self._own_hand = own_hand

    def faces(self, picture: Image.Image, *, own_hand: bool = False) -> tuple[Face, ...]:
        people, height = max(1, picture.width // picture.height), picture.height
        width = picture.width / people
        boxes = [((i + 0.25) * width, height / 4, (i + 0.75) * width, height * 3 / 4) for i in range(people)]
        return tuple(face for box in boxes if (face := self._face(picture, box, 0.9, own_hand)))

    def faces_upright(self, picture: Image.Image) -> tuple[Image.Image, tuple[Face, ...]]:
        return picture, self.faces(picture)

    def seen_several_ways(self, picture: Image.Image, faces: Sequence[Face]) -> tuple[Face, ...]:
        return tuple(faces)

    def face_in_box(self, picture: Image.Image, box: Box, *, own_hand: bool = False) -> Face | None:
        return self._face(picture, box, 0.0, own_hand)

    def _face(self, picture: Image.Image, box: Box, detection_score: float, own_hand: bool) -> Face | None:
        left, top, right, bottom = box
        middle = (int((left + right) / 2), int((top + bottom) / 2))
        colour = np.array(picture.convert("RGB").getpixel(middle), np.float32)
        if not colour.any():
            return None
        embedding = np.zeros(512, np.float32)
        embedding[:3] = colour / np.linalg.norm(colour)
        landmarks = np.array([[1, 1], [3, 1], [2, 2], [1, 3], [3, 3]]) / 4 * (right - left, bottom - top) + (left, top)
        encoders = (*self._encoders, self._own_hand) if own_hand and self._own_hand else self._encoders
        identities = tuple(Identity(encoder, embedding) for encoder in encoders)
        return Face(box, landmarks.astype(np.float32), detection_score, identities)


def fake_pack(
    calibration: Calibration | None = CALIBRATION, judge: bool = True, vocabulary: Vocabulary | None = None
) -> Pack:
    return Pack(
        name="fake",
        title="Fake",
        draws="Colours.",
        licence=Licence("MIT", True, "Anything goes."),
        base=Base("."),
        adapter=Adapter(".", "adapter.safetensors"),
        faces=FaceModels("faces", STEERING, 64, knows_real_faces=False),
        judge=Judge("judge", JUDGE, knows_real_faces=False) if judge else None,
        scheduler=Scheduler("DDIMScheduler", {}),
        defaults=Defaults(steps=4, guidance_scale=5.0, identity_scale=0.7, count=2, width=64, height=64),
        folder=Path("fake"),
        calibration=calibration,
        vocabulary=vocabulary,
    )


def fake_maker(
    draw: Callable[[Asked, int], Image.Image] = draw_the_reference, pack: Pack | None = None
) -> VariantMaker:
    return VariantMaker(FakeGenerator(draw), FakeFaces(), pack or fake_pack())


def reference_of(picture: Image.Image) -> Reference:
    return Reference(picture, FakeFaces().faces(picture)[0].identities)


def side_by_side(colours: Sequence[tuple[int, int, int]], side: int) -> Image.Image:
    """A face of each colour, from left to right."""
    picture = Image.new("RGB", (side * len(colours), side))
    for place, colour in enumerate(colours):
        picture.paste(colour, (side * place, 0, side * (place + 1), side))
    return picture


def studio_of(store: LibraryStore, pack: Pack, load: Callable[[], VariantMaker]) -> Studio:
    """As the store's owner sees it."""
    return Castbook(store, pack, Models(load)).seen_by(LOCAL_OWNER)
