"""A picture -> the faces in it, each with its identity by every encoder of the pack.

With face_models.py the only file that imports insightface.
"""

# insightface comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
from insightface.app import FaceAnalysis
from insightface.app.common import Face as InsightFace
from insightface.utils.face_align import arcface_dst
from PIL import Image

from pipeline.face_models import BgrPicture, Recognition, insightface_as_it_is, load_analysis, load_recognition
from pipeline.packs import Judge, Pack
from pipeline.values import Box, Embedding, Face, Identity

BORDER = 0.4  # of the longer side, all around, when no face is found: too large a face escapes the detector
GREY = 127  # close to what the detector's own normalisation makes 0
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
    ) -> None:
        self._analysis = analysis
        self._steering_name = steering_name
        self._judge = judge
        self._own_hand = own_hand

    @classmethod
    def load(cls, pack: Pack) -> InsightFaces:
        """Raises PackUnavailable. onnxruntime's own best provider is taken: CoreML, CUDA or the CPU."""
        judges = (JudgeModel.load(pack, judge) if judge else None for judge in (pack.judge, pack.own_hand))
        return cls(load_analysis(pack), pack.faces.encoder, *judges)

    @classmethod
    def load_judging(cls, pack: Pack) -> InsightFaces:
        """What finds and judges as in the app, in less time, for measuring alone: no steering encoder looks, and what
        stands for its identity is nobody's. A pack without a judge judges with that encoder, which looks."""
        finder = cls.load(pack)
        if pack.judge:
            finder._analysis.models["recognition"] = _Blind()
        return finder

    def faces(self, picture: Image.Image, *, own_hand: bool = False) -> tuple[Face, ...]:
        """Largest first. Where none is found they are looked for within a border, continuing the picture, then grey.

        What the pack itself drew (`own_hand`) is seen by the judge of its own hand as well, if it has one.
        """
        bgr = _bgr(picture)
        found = self._find(bgr) or self._find_within_a_border(bgr)
        found = sorted(found, key=lambda face: face.area, reverse=True)
        return tuple(self._seen_at_home(bgr, face) if own_hand else face for face in found)

    def face_in_box(self, picture: Image.Image, box: Box, *, own_hand: bool = False) -> Face | None:
        """The face in a box drawn by hand. None where an encoder makes nothing of it.

        The detector has a closer look first: a small face escapes it in a large picture. What it does not find even so
        is given landmarks that fit the box, and the detection score 0: no detector vouches for it.
        """
        bgr = _bgr(picture)
        face = self._find_close_up(bgr, box) or self._in_box(bgr, box)
        return self._seen_at_home(bgr, face) if own_hand and face else face

    def _find_within_a_border(self, bgr: BgrPicture) -> list[Face]:
        """Not a mirrored border: it would show faces of its own."""
        border = round(max(bgr.shape[:2]) * BORDER)
        margins = ((border, border), (border, border), (0, 0))
        whole = (0.0, 0.0, float(bgr.shape[1]), float(bgr.shape[0]))
        for canvas in (np.pad(bgr, margins, mode="edge"), np.pad(bgr, margins, constant_values=GREY)):
            found = [face for face in self._find(canvas, (border, border)) if _is_centred_in(whole, face)]
            if found:
                return found
        return []

    def _find_close_up(self, bgr: BgrPicture, box: Box) -> Face | None:
        margin = CLOSE_UP * max(box[2] - box[0], box[3] - box[1])
        left, top = (max(0, round(edge - margin)) for edge in box[:2])
        right, bottom = (round(edge + margin) for edge in box[2:])
        close_up = np.ascontiguousarray(bgr[top:bottom, left:right])
        found = [face for face in self._find(close_up, (-left, -top)) if _is_centred_in(box, face)]
        return max(found, key=lambda face: face.area, default=None)

    def _find(self, bgr: BgrPicture, offset: tuple[int, int] = (0, 0)) -> list[Face]:
        """`offset` is where the picture meant lies in this one."""
        with insightface_as_it_is():
            faces = [self._found(bgr, found, np.array(offset, np.float32)) for found in self._analysis.get(bgr)]
        return [face for face in faces if face]

    def _found(self, bgr: BgrPicture, found: Any, offset: npt.NDArray[np.float32]) -> Face | None:
        identities = self._identities(bgr, found.kps, found.embedding)
        left, top, right, bottom = (float(edge) for edge in found.bbox - np.tile(offset, 2))
        landmarks = np.asarray(found.kps, np.float32) - offset
        return Face((left, top, right, bottom), landmarks, float(found.det_score), identities) if identities else None

    def _in_box(self, bgr: BgrPicture, box: Box) -> Face | None:
        landmarks = _landmarks_in(box)
        with insightface_as_it_is():
            steering = self._analysis.models["recognition"].get(bgr, InsightFace(kps=landmarks))
            identities = self._identities(bgr, landmarks, steering)
        return Face(box, landmarks, 0.0, identities) if identities else None

    def _identities(
        self, bgr: BgrPicture, landmarks: npt.NDArray[np.float32], steering: npt.NDArray[np.float32]
    ) -> tuple[Identity, ...]:
        """By every encoder. None at all where one makes nothing of the face: a zero or NaN embedding is nobody's."""
        embeddings = [(self._steering_name, _unit(steering))]
        if self._judge:
            embeddings.append((self._judge.encoder, self._judge.embed(bgr, landmarks)))
        identities = tuple(Identity(name, embedding) for name, embedding in embeddings if embedding is not None)
        return identities if len(identities) == len(embeddings) else ()

    def _seen_at_home(self, bgr: BgrPicture, face: Face) -> Face:
        """With an identity by the judge of the pack's own hand. What that makes nothing of is judged by the other."""
        if self._own_hand is None:
            return face
        with insightface_as_it_is():
            embedding = self._own_hand.embed(bgr, face.landmarks)
        if embedding is None:
            return face
        return replace(face, identities=(*face.identities, Identity(self._own_hand.encoder, embedding)))


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


def _bgr(picture: Image.Image) -> BgrPicture:
    return np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])


def _landmarks_in(box: Box) -> npt.NDArray[np.float32]:
    """Where the eyes, nose and mouth of an upright face lie that fills the box: ArcFace's template, `arcface_dst` of
    insightface/utils/face_align.py."""
    left, top, right, bottom = _BOX_IN_CROP
    shares = (arcface_dst - (left, top)) / (right - left, bottom - top)
    return np.asarray(shares * (box[2] - box[0], box[3] - box[1]) + box[:2], np.float32)


def _is_centred_in(box: Box, face: Face) -> bool:
    x, y = (face.box[0] + face.box[2]) / 2, (face.box[1] + face.box[3]) / 2
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def _unit(embedding: npt.NDArray[np.float32]) -> Embedding | None:
    length = float(np.linalg.norm(embedding))
    return (embedding / length).astype(np.float32) if np.isfinite(length) and length > 0 else None
