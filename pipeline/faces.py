"""A picture -> the faces in it, each with its identity by every encoder of the pack.

With face_models.py the only file that imports insightface.
"""

# insightface comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from insightface.app import FaceAnalysis
from insightface.app.common import Face as InsightFace
from insightface.utils.face_align import arcface_dst
from PIL import Image

from pipeline.detection import BgrPicture, Detector, Sighting, bgr_of, is_in
from pipeline.face_models import Recognition, insightface_as_it_is, load_analysis, load_recognition
from pipeline.likeness import mean_identity
from pipeline.packs import Judge, Pack
from pipeline.values import Box, Embedding, Face, Identity

SURROUNDINGS = 2.5  # faces on each side of a face's middle: all that an encoder may be shown of a head
ENCODED = 112  # pixels a side that encoders see
NEARER = 0.9  # of the distance from which an encoder sees a face, for a second look
CLOSE_UP = 0.6  # of a hand-drawn box's longer side, all around it: the face then fills half of what the detector sees

# A face box (forehead to chin, cheek to cheek) around ArcFace's five landmarks in their crop of 112 x 112: between
# (12, 5, 100, 117), a photographed face's proportions, and (19, 16, 93, 117), what the embedded pack's detector draws.
# On 120 drawn people identities by such landmarks are alike to those by the detector's own by 0.97 and 0.96.
_BOX_IN_CROP = (15, 10, 97, 117)


class InsightFaces:
    """Finds with insightface's detector; identifies by the encoder that steers and, if there is one, by the judge."""

    def __init__(
        self,
        analysis: FaceAnalysis,
        steering_name: str,
        judge: JudgeModel | None = None,
        own_hand: JudgeModel | None = None,
        detection_size: int = 640,
    ) -> None:
        self._analysis = analysis
        self._steering_name = steering_name
        self._judge = judge
        self._own_hand = own_hand
        self._detector = Detector(self._detect, detection_size)

    @classmethod
    def load(cls, pack: Pack) -> InsightFaces:
        """Raises PackUnavailable. onnxruntime's own best provider is taken: CoreML, CUDA or the CPU."""
        judges = (JudgeModel.load(pack, judge) if judge else None for judge in (pack.judge, pack.own_hand))
        return cls(load_analysis(pack), pack.faces.encoder, *judges, detection_size=pack.faces.detection_size)

    @classmethod
    def load_judging(cls, pack: Pack) -> InsightFaces:
        """What finds and judges as in the app, in less time, for measuring alone: no steering encoder looks, and what
        stands for its identity is nobody's. A pack without a judge judges with that encoder, which looks."""
        finder = cls.load(pack)
        if pack.judge:
            finder._analysis.models["recognition"] = _Blind()
        return finder

    def faces(self, picture: Image.Image, *, own_hand: bool = False) -> tuple[Face, ...]:
        """Largest first, however small against the picture.

        What the pack itself drew (`own_hand`) is seen by the judge of its own hand as well, if it has one.
        """
        picture = _rgb(picture)
        return self._seen(picture, self._detector.sightings(picture), own_hand)

    def faces_upright(self, picture: Image.Image) -> tuple[Image.Image, tuple[Face, ...]]:
        """The picture turned as the detector likes its faces best, and these, largest first."""
        turned, found = self._detector.upright(_rgb(picture))
        return turned, self._seen(turned, found)

    def face_in_box(self, picture: Image.Image, box: Box, *, own_hand: bool = False) -> Face | None:
        """The face in a box drawn by hand. None where an encoder makes nothing of it.

        The detector has a closer look first. What it does not find even so is given landmarks that fit the box, and the
        detection score 0: no detector vouches for it.
        """
        picture = _rgb(picture)
        found = [seen for seen in self._detector.close_up(picture, box, CLOSE_UP) if is_in(box, seen)]
        if faces := self._seen(picture, found, own_hand):
            return faces[0]
        return self._face(picture, Sighting(np.array(box, np.float32), _landmarks_in(box), 0.0), own_hand)

    def seen_several_ways(self, picture: Image.Image, faces: Sequence[Face]) -> tuple[Face, ...]:
        """The same faces of a picture, each identity the mean of what an encoder sees in it and in its mirror image,
        from as near as ever and from a little nearer.

        Pictures of one person are the more alike by it: surer where many faces are put together. What is kept, and what
        calibrations hold for, is the plain identity.
        """
        return tuple(self._several_ways(_rgb(picture), face) for face in faces)

    def _several_ways(self, picture: Image.Image, face: Face) -> Face:
        seen = Sighting(np.array(face.box, np.float32), face.landmarks, face.detection_score)
        reach = SURROUNDINGS * seen.side
        left, top = (max(0, round(float(middle) - reach)) for middle in seen.centre)
        right, bottom = (round(float(middle) + reach) for middle in seen.centre)
        around = picture.crop((left, top, min(right, picture.width), min(bottom, picture.height)))
        there, mirror = seen.placed(1, -left, -top), around.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
        views = [
            self._face(shown, replace(where, landmarks=_spread(where.landmarks, near)), own_hand=False)
            for shown, where in ((around, there), (mirror, there.mirrored(around.width)))
            for near in (1, NEARER)
        ]
        by_encoder = zip(*(view.identities for view in views if view), strict=True)
        return replace(face, identities=tuple(map(mean_identity, by_encoder)) or face.identities)

    def _detect(self, bgr: BgrPicture, least: float) -> list[Sighting]:
        boxes, landmarks = self._analysis.models["detection"].detect(bgr, det_thresh=least)
        return [
            Sighting(box[:4], np.asarray(points, np.float32), float(box[4]))
            for box, points in zip(boxes, landmarks, strict=True)
            if (box[2:4] > box[:2]).all()  # an untrained detector's may be none
        ]

    def _seen(self, picture: Image.Image, found: Sequence[Sighting], own_hand: bool = False) -> tuple[Face, ...]:
        faces = (self._face(picture, seen, own_hand) for seen in found)
        return tuple(sorted((face for face in faces if face), key=lambda face: face.area, reverse=True))

    def _face(self, picture: Image.Image, seen: Sighting, own_hand: bool) -> Face | None:
        """Identified from its surroundings; a large face is made smaller with care first, for encoders have none."""
        reach = SURROUNDINGS * seen.side
        left, top = (max(0, round(float(middle) - reach)) for middle in seen.centre)
        right, bottom = (round(float(middle) + reach) for middle in seen.centre)
        scale = max(1, int(seen.side // ENCODED))
        around = picture.crop((left, top, min(right, picture.width), min(bottom, picture.height))).reduce(scale)
        landmarks = np.asarray((seen.landmarks - (left, top)) / scale, np.float32)
        identities = self._identities(bgr_of(around), landmarks, own_hand)
        box = (float(seen.box[0]), float(seen.box[1]), float(seen.box[2]), float(seen.box[3]))
        return Face(box, seen.landmarks, seen.score, identities) if identities else None

    def _identities(self, bgr: BgrPicture, landmarks: npt.NDArray[np.float32], own_hand: bool) -> tuple[Identity, ...]:
        """By every encoder. None at all where one makes nothing of the face, for a zero or NaN embedding is nobody's;
        what the own hand's judge makes nothing of is judged by the other."""
        steering = self._analysis.models["recognition"]
        with insightface_as_it_is():  # `get` writes its embedding into the face that it is given
            embeddings = [(self._steering_name, _unit(steering.get(bgr, InsightFace(kps=landmarks))))]
            if self._judge:
                embeddings.append((self._judge.encoder, self._judge.embed(bgr, landmarks)))
            at_home = self._own_hand.embed(bgr, landmarks) if own_hand and self._own_hand else None
        identities = tuple(Identity(name, embedding) for name, embedding in embeddings if embedding is not None)
        if len(identities) < len(embeddings):
            return ()
        if self._own_hand and at_home is not None:
            return *identities, Identity(self._own_hand.encoder, at_home)
        return identities


@dataclass(frozen=True)
class JudgeModel:
    """A recognition model that judges."""

    encoder: str
    model: Recognition
    landmark_scale: float

    @classmethod
    def load(cls, pack: Pack, judge: Judge) -> JudgeModel:
        """Raises PackUnavailable."""
        return cls(judge.encoder, load_recognition(pack, judge.model), judge.landmark_scale)

    def embed(self, bgr: BgrPicture, landmarks: npt.NDArray[np.float32]) -> Embedding | None:
        """None where it makes nothing of the face."""
        seen = InsightFace(kps=_spread(landmarks, self.landmark_scale))  # `get` writes its embedding there
        return _unit(self.model.get(bgr, seen))


def _spread(landmarks: npt.NDArray[np.float32], scale: float) -> npt.NDArray[np.float32]:
    """The landmarks at `scale` times their distance from their centre: a crop cut by them shows as much more."""
    centre = landmarks.mean(0)
    return centre + scale * (landmarks - centre)


class _Blind:
    """A recognition model to whom everybody is the same."""

    taskname = "recognition"

    def get(self, img: BgrPicture, face: Any) -> npt.NDArray[np.float32]:
        face.embedding = np.ones(512, np.float32)
        return face.embedding


def _rgb(picture: Image.Image) -> Image.Image:
    return picture if picture.mode == "RGB" else picture.convert("RGB")  # a large one is not copied


def _landmarks_in(box: Box) -> npt.NDArray[np.float32]:
    """Where the eyes, nose and mouth of an upright face lie that fills the box: ArcFace's template, `arcface_dst` of
    insightface/utils/face_align.py."""
    left, top, right, bottom = _BOX_IN_CROP
    shares = (arcface_dst - (left, top)) / (right - left, bottom - top)
    return np.asarray(shares * (box[2] - box[0], box[3] - box[1]) + box[:2], np.float32)


def _unit(embedding: npt.NDArray[np.float32]) -> Embedding | None:
    length = float(np.linalg.norm(embedding))
    return (embedding / length).astype(np.float32) if np.isfinite(length) and length > 0 else None
