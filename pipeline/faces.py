"""A picture -> the faces in it, each with its identity by every encoder of the pack.

The only file that imports insightface.
"""

# insightface, onnxruntime's exceptions and protobuf's come without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt
from google.protobuf.message import DecodeError
from insightface.app import FaceAnalysis
from insightface.app.common import Face as InsightFace
from insightface.model_zoo import get_model
from insightface.utils.storage import download
from onnxruntime.capi import onnxruntime_pybind11_state as onnxruntime  # pyright: ignore[reportAttributeAccessIssue]
from PIL import Image

from errors import PackUnavailable
from pipeline.packs import Pack
from pipeline.values import Embedding, Face, Identity

BORDER = 0.4  # of the longer side, all around, when no face is found: too large a face escapes the detector
GREY = (127, 127, 127)  # close to what the detector's own normalisation makes 0

T = TypeVar("T")
BgrPicture = npt.NDArray[np.uint8]  # (height, width, 3): insightface reads as OpenCV does

_BROKEN: tuple[type[Exception], ...] = (
    *(OSError, ValueError, KeyError, RuntimeError, AssertionError, BadZipFile, DecodeError),
    *(onnxruntime.Fail, onnxruntime.InvalidProtobuf, onnxruntime.InvalidGraph),
    *(onnxruntime.InvalidArgument, onnxruntime.NotImplemented),
)


class Recognition(Protocol):
    """What of insightface's recognition models is used: the raw embedding of the face at `face.kps`."""

    def get(self, img: BgrPicture, face: Any, /) -> npt.NDArray[np.float32]: ...


class InsightFaces:
    """Finds with insightface's detector; identifies by the encoder that steers and, if there is one, by the judge."""

    def __init__(
        self, analysis: FaceAnalysis, judge: Recognition | None, steering_name: str, judge_name: str | None
    ) -> None:
        self._analysis = analysis
        self._judge = judge
        self._steering_name = steering_name
        self._judge_name = judge_name

    @classmethod
    def load(cls, pack: Pack) -> InsightFaces:
        """Raises PackUnavailable. onnxruntime's own best provider is taken: CoreML, CUDA or the CPU."""
        size = pack.faces.detection_size
        analysis = _load(pack, pack.faces.model, _analysis)
        analysis.prepare(ctx_id=0, det_size=(size, size))
        judge = _load(pack, pack.judge.model, _recognition) if pack.judge else None
        return cls(analysis, judge, pack.faces.encoder, pack.judge.encoder if pack.judge else None)

    def faces(self, picture: Image.Image) -> tuple[Face, ...]:
        """Largest first. Looked for once more within a border where none is found."""
        found = self._find(picture) or self._find_within_a_border(picture)
        return tuple(sorted(found, key=lambda face: face.area, reverse=True))

    def _find_within_a_border(self, picture: Image.Image) -> list[Face]:
        border = round(max(picture.size) * BORDER)
        canvas = Image.new("RGB", (picture.width + 2 * border, picture.height + 2 * border), GREY)
        canvas.paste(picture, (border, border))
        return self._find(canvas, offset=border)

    def _find(self, picture: Image.Image, offset: int = 0) -> list[Face]:
        bgr = np.ascontiguousarray(np.asarray(picture.convert("RGB"))[:, :, ::-1])
        with warnings.catch_warnings():
            # scikit-image deprecates SimilarityTransform.estimate, which insightface calls for every face.
            warnings.filterwarnings("ignore", category=FutureWarning, module="insightface")
            faces = [self._face(bgr, found, offset) for found in self._analysis.get(bgr)]
        return [face for face in faces if face]

    def _face(self, bgr: BgrPicture, found: Any, offset: int) -> Face | None:
        """None where an encoder makes nothing of the face: a zero or NaN embedding is nobody's."""
        embeddings = [(self._steering_name, _unit(found.embedding))]
        if self._judge and self._judge_name:
            own = InsightFace(kps=found.kps)  # `get` writes its embedding there
            embeddings.append((self._judge_name, _unit(self._judge.get(bgr, own))))
        identities = tuple(Identity(name, embedding) for name, embedding in embeddings if embedding is not None)
        if len(identities) < len(embeddings):
            return None
        left, top, right, bottom = (float(side) - offset for side in found.bbox)
        landmarks = np.asarray(found.kps, np.float32) - np.float32(offset)
        return Face((left, top, right, bottom), landmarks, float(found.det_score), identities)


def _unit(embedding: npt.NDArray[np.float32]) -> Embedding | None:
    length = float(np.linalg.norm(embedding))
    return (embedding / length).astype(np.float32) if np.isfinite(length) and length > 0 else None


def _load(pack: Pack, model: str, load: Callable[[Path], T]) -> T:
    try:
        return load(_folder(pack.locate(model)))
    except _BROKEN as error:
        raise PackUnavailable(
            f"The face model {model!r} of the pack {pack.name!r} could not be loaded "
            f"({type(error).__name__}: {error}).",
            f"Restore its folder in {pack.folder}, or go online once: insightface then downloads it to ~/.insightface.",
        ) from error


def _folder(model: str) -> Path:
    """The folder of the .onnx files. insightface downloads a name that it does not have yet."""
    folder = Path(model) if Path(model).is_dir() else Path(download("models", model))
    if not Path(model).is_dir() and not any(folder.rglob("*.onnx")):
        folder = Path(
            download("models", model, force=True)
        )  # one that broke off left an empty folder, taken for a whole
    nested = folder / folder.name  # antelopev2.zip holds a folder of its own
    return nested if nested.is_dir() and not list(folder.glob("*.onnx")) else folder


def _analysis(folder: Path) -> FaceAnalysis:
    if not any(folder.glob("*.onnx")):
        raise ValueError(f"no .onnx file in {folder}")
    analysis = FaceAnalysis(name=str(folder), allowed_modules=["detection", "recognition"])
    if "recognition" not in analysis.models:
        raise ValueError(f"no recognition model in {folder}")
    return analysis


def _recognition(folder: Path) -> Recognition:
    for file in sorted(folder.glob("*.onnx")):
        model: Any = get_model(str(file))
        if model is not None and model.taskname == "recognition":
            model.prepare(ctx_id=0)
            return model
    raise ValueError(f"no recognition model in {folder}")
