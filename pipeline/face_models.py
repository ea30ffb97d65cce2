"""A pack's face models: found in a folder of the pack or where insightface keeps its downloads, and tried before use.

With faces.py the only file that imports insightface. It takes any .onnx file that lies in a folder, and downloads
nothing where a folder is: of half an archive it would make half the models.
"""

# insightface comes without types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
from insightface.app import FaceAnalysis
from insightface.app.common import Face as InsightFace
from insightface.model_zoo import get_model
from insightface.utils.face_align import arcface_dst
from insightface.utils.storage import download

from errors import PackUnavailable
from message import Message
from pipeline.detection import BgrPicture
from pipeline.packs import Pack

EMBEDDING = (512,)

# What insightface calls a model's task, and what is missing where none has it.
FINDS_AND_STEERS, JUDGES = ("detection", "recognition"), ("recognition",)
_MISSING: dict[tuple[str, ...], Message] = {
    ("detection",): Message("detector"),
    ("recognition",): Message("recognition model"),
    ("detection", "recognition"): Message("detector and no recognition model"),
}


class Recognition(Protocol):
    """What of insightface's recognition models is used: the raw embedding of the face at `face.kps`."""

    def get(self, img: BgrPicture, face: Any, /) -> npt.NDArray[np.float32]: ...


@dataclass(frozen=True)
class _Place:
    """Where face models lie."""

    folder: Path  # of the .onnx files
    download: Path | None  # what insightface made of its download; None: the folder is the pack's own


def load_analysis(pack: Pack) -> FaceAnalysis:
    """The detector and the encoder that steers. Raises PackUnavailable."""
    place, size = _place(pack, pack.faces.model), pack.faces.detection_size
    try:
        analysis = FaceAnalysis(name=str(place.folder), allowed_modules=list(FINDS_AND_STEERS))
        analysis.prepare(ctx_id=0, det_size=(size, size))
        _, landmarks = analysis.models["detection"].detect(np.zeros((112, 112, 3), np.uint8))
        if landmarks is None:
            raise ValueError("its detector finds no landmarks")
        _try_out(analysis.models["recognition"])
        return analysis
    except Exception as error:  # whatever insightface and onnxruntime raise for files that they cannot work with
        raise _unavailable(pack, pack.faces.model, place, FINDS_AND_STEERS, error) from error


def load_recognition(pack: Pack, model: str) -> Recognition:
    """The one recognition model of a folder, the first where there are several. Raises PackUnavailable."""
    place = _place(pack, model)
    try:
        recognition: Any = next(found for file in _onnx_files(place.folder) if (found := _recognition(file)))
        recognition.prepare(ctx_id=0)
        _try_out(recognition)
        return recognition
    except Exception as error:
        raise _unavailable(pack, model, place, JUDGES, error) from error


@contextmanager
def insightface_as_it_is() -> Generator[None]:
    """scikit-image deprecates SimilarityTransform.estimate, which insightface calls for every face."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", category=FutureWarning, module="insightface")
        yield


def _recognition(file: Path) -> Any:
    model: Any = get_model(str(file))
    return model if model is not None and model.taskname == "recognition" else None


def _try_out(recognition: Recognition) -> None:
    """insightface takes any model of a square picture for one (`ModelRouter.get_model` in its model_zoo/model_zoo.py):
    whoever judges feelings or ages as well."""
    with insightface_as_it_is():
        embedding = recognition.get(np.zeros((112, 112, 3), np.uint8), InsightFace(kps=arcface_dst))
    if embedding.shape != EMBEDDING:
        raise ValueError(f"its recognition model gives {embedding.size} numbers for a face, not {EMBEDDING[0]}")


def _place(pack: Pack, model: str) -> _Place:
    folder = Path(pack.locate(model))
    if folder.is_dir():
        return _Place(_with_onnx_files(folder), None)
    downloaded = _downloaded(pack, model)
    return _Place(_with_onnx_files(downloaded), downloaded)


def _downloaded(pack: Pack, model: str) -> Path:
    """A download that broke off before anything was unpacked leaves an empty folder; then it is begun again."""
    try:
        folder = Path(download("models", model))
        return folder if _onnx_files(folder, "**/") else Path(download("models", model, force=True))
    except Exception as error:  # requests' and zipfile's, and a bare RuntimeError where there is no such file
        raise PackUnavailable(
            "The face model {model} of the pack {pack} could not be downloaded ({error}).",
            "Go online and start Castbook again, or put its .onnx files into {folder} yourself.",
            model=repr(model),
            pack=repr(pack.name),
            error=_brief(error),
            folder=pack.folder / model,
        ) from error


def _with_onnx_files(folder: Path) -> Path:
    """The folder, or the only one within that has some: antelopev2.zip holds a folder of its own."""
    folders = {file.parent for file in _onnx_files(folder, "**/")}
    return folders.pop() if len(folders) == 1 else folder


def _onnx_files(folder: Path, below: str = "") -> list[Path]:
    """Without those that macOS puts beside a file for its own ends, `._det_10g.onnx`."""
    return sorted(file for file in folder.glob(f"{below}*.onnx") if not file.name.startswith("."))


def _unavailable(pack: Pack, model: str, place: _Place, tasks: tuple[str, ...], error: Exception) -> PackUnavailable:
    found, broken = _tasks(place.folder)
    missing = tuple(task for task in tasks if task not in found)
    return PackUnavailable(
        "The face model {model} of the pack {pack} is damaged: {files} in {folder} cannot be read."
        if broken
        else "The face model {model} of the pack {pack} is incomplete: {folder} has no {missing}."
        if missing
        else "The face model {model} of the pack {pack} could not be loaded ({error}).",
        _remedy(place, bool(missing)),
        model=repr(model),
        pack=repr(pack.name),
        folder=place.folder,
        files=", ".join(broken),
        missing=_MISSING.get(missing),
        error=_brief(error),
    )


def _remedy(place: _Place, is_missing: bool) -> Message:
    """What helps: by itself insightface never looks again at a folder that is there."""
    elsewhere = [file.parent for file in _onnx_files(place.folder, "**/") if file.parent != place.folder]
    if is_missing and elsewhere:
        return Message(
            "Move the .onnx files from {elsewhere} to {folder}, then start Castbook again.",
            elsewhere=elsewhere[0],
            folder=place.folder,
        )
    if is_missing and (archives := list(place.folder.glob("*.zip"))):
        return Message("Unpack {archive} into its folder, then start Castbook again.", archive=archives[0])
    if place.download:
        return Message(
            "Delete the folder {folder} and start Castbook again, online: it is then downloaded anew.",
            folder=place.download,
        )
    return Message(
        "Copy the .onnx files of this model to {folder} once more, then start Castbook again.", folder=place.folder
    )


def _tasks(folder: Path) -> tuple[set[str], list[str]]:
    """What insightface makes of a folder's files, and the names of those of which it makes nothing at all."""
    found, broken = set[str](), list[str]()
    for file in _onnx_files(folder):
        try:
            model: Any = get_model(str(file))
            found.add(model.taskname if model is not None else "")
        except Exception:
            broken.append(file.name)
    return found, broken


def _brief(error: Exception) -> str:
    return shorten(f"{type(error).__name__}: {error}", 300, placeholder=" …")
