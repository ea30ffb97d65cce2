"""embeddings.npz of an export: the faces of its pictures as arrays, a row for each that an encoder saw.

They stay arrays for as long as they are on their way: a hundred thousand objects more, and Python's search for garbage
holds up the whole process for a second.
"""

from __future__ import annotations

import io
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import UnreadableExport
from pipeline.values import Face, Identity

EMBEDDINGS = "embeddings.npz"
EXPORT_AGAIN = "Export it again, or download it once more."
DAMAGED_ZIP = (
    zipfile.BadZipFile,
    zlib.error,
    lzma.LZMAError,
    OSError,
    EOFError,
    RuntimeError,  # encrypted
    KeyError,
    ValueError,  # a name that is no text
)
# The last two: NumPy parses an array's header as Python.
_DAMAGED_NPZ = (*DAMAGED_ZIP, TypeError, MemoryError, OverflowError, SyntaxError, tokenize.TokenError)


@dataclass(frozen=True, eq=False)
class FaceArrays:
    """Pairs of a picture's id and the face in it, as one encoder saw it."""

    image_id: tuple[str, ...]
    encoder: tuple[str, ...]
    embedding: NDArray[np.float32]  # (rows, 512), unit length
    box: NDArray[np.float64]  # (rows, 4)
    landmarks: NDArray[np.float32]  # (rows, 5, 2)
    detection_score: NDArray[np.float64]  # (rows,)

    @classmethod
    def of(cls, faces: Iterable[tuple[str, Face]]) -> FaceArrays:
        rows = [(image_id, face, face.identities[0]) for image_id, face in faces]
        return cls(
            image_id=tuple(image_id for image_id, _, _ in rows),
            encoder=tuple(identity.encoder for _, _, identity in rows),
            embedding=np.array([identity.embedding for _, _, identity in rows], np.float32),
            box=np.array([face.box for _, face, _ in rows], np.float64),
            landmarks=np.array([face.landmarks for _, face, _ in rows], np.float32),
            detection_score=np.array([face.detection_score for _, face, _ in rows], np.float64),
        )

    def __len__(self) -> int:
        return len(self.image_id)

    def __iter__(self) -> Iterator[tuple[str, Face]]:
        for i, image_id in enumerate(self.image_id):
            left, top, right, bottom = self.box[i].tolist()
            identity = Identity(self.encoder[i], self.embedding[i])
            score = float(self.detection_score[i])
            yield image_id, Face((left, top, right, bottom), self.landmarks[i], score, (identity,))

    def renamed(self, called: Callable[[str], str]) -> FaceArrays:
        return replace(self, image_id=tuple(called(image_id) for image_id in self.image_id))

    def only(self, image_ids: Collection[str]) -> FaceArrays:
        return FaceArrays.of((image_id, face) for image_id, face in self if image_id in image_ids)

    def written(self) -> bytes:
        buffer = io.BytesIO()
        np.savez(
            buffer,
            image_id=np.array(self.image_id),
            encoder=np.array(self.encoder),
            embedding=self.embedding,
            box=self.box,
            landmarks=self.landmarks,
            detection_score=self.detection_score,
        )
        return buffer.getvalue()


NO_FACES = FaceArrays.of(())

_SHAPES = {"embedding": (512,), "box": (4,), "landmarks": (5, 2), "detection_score": ()}


def read_face_arrays(data: bytes) -> FaceArrays:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:  # np.savez compresses nothing
            if sum(entry.file_size for entry in archive.infolist()) > len(data):
                raise ValueError("it unpacks to more than it holds")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = {name: _array(arrays[name], name, len(data)) for name in ("image_id", "encoder", *_SHAPES)}
        with np.errstate(over="ignore"):  # a double too large is infinite then, and not let in
            faces = FaceArrays(
                image_id=tuple(str(text) for text in found["image_id"]),
                encoder=tuple(str(text) for text in found["encoder"]),
                embedding=np.asarray(found["embedding"], np.float32),
                box=np.asarray(found["box"], np.float64),
                landmarks=np.asarray(found["landmarks"], np.float32),
                detection_score=np.asarray(found["detection_score"], np.float64),
            )
        for name, shape in _SHAPES.items():
            numbers: NDArray[Any] = getattr(faces, name)
            if numbers.shape != (len(faces), *shape) or not np.isfinite(numbers).all():
                raise ValueError(f"{name} has the wrong shape or is not finite")
        if len(faces.encoder) != len(faces) or not np.allclose(np.linalg.norm(faces.embedding, axis=1), 1, atol=1e-3):
            raise ValueError("its embeddings are not of unit length")
    except _DAMAGED_NPZ as error:
        raise UnreadableExport("{name} is damaged ({error}).", EXPORT_AGAIN, name=EMBEDDINGS, error=error) from error
    return faces


def _array(array: NDArray[Any], name: str, most: int) -> NDArray[Any]:
    """An array whose rows have no bytes can announce any number of them."""
    if array.itemsize == 0 or len(array) > most:
        raise ValueError(f"{name} has more rows than bytes")
    return array
