"""embeddings.npz of an export: the faces of its pictures as arrays, a row for each that an encoder saw."""

from __future__ import annotations

import io
import lzma
import tokenize
import zipfile
import zlib
from collections.abc import Iterable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from errors import UnreadableExport
from library_store.exported import EMBEDDINGS
from pipeline.values import Face, Identity

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


def face_arrays(faces: Iterable[tuple[str, Face]]) -> bytes:
    rows = [(image_id, face, face.identities[0]) for image_id, face in faces]
    buffer = io.BytesIO()
    np.savez(
        buffer,
        image_id=np.array([image_id for image_id, _, _ in rows]),
        encoder=np.array([identity.encoder for _, _, identity in rows]),
        embedding=np.array([identity.embedding for _, _, identity in rows], np.float32),
        box=np.array([face.box for _, face, _ in rows], np.float64),
        landmarks=np.array([face.landmarks for _, face, _ in rows], np.float32),
        detection_score=np.array([face.detection_score for _, face, _ in rows], np.float64),
    )
    return buffer.getvalue()


_SHAPES = {"embedding": (512,), "box": (4,), "landmarks": (5, 2), "detection_score": ()}


def read_face_arrays(data: bytes) -> tuple[tuple[str, Face], ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:  # np.savez compresses nothing
            if sum(entry.file_size for entry in archive.infolist()) > len(data):
                raise ValueError("it unpacks to more than it holds")
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            found = {name: _array(arrays[name], name, len(data)) for name in ("image_id", "encoder", *_SHAPES)}
        image_ids, encoders = ([str(text) for text in found[name]] for name in ("image_id", "encoder"))
        numbers = {name: np.asarray(found[name], np.float64) for name in _SHAPES}
        for name, shape in _SHAPES.items():
            if numbers[name].shape != (len(image_ids), *shape) or not np.isfinite(numbers[name]).all():
                raise ValueError(f"{name} has the wrong shape or is not finite")
        if len(encoders) != len(image_ids) or not np.allclose(
            np.linalg.norm(numbers["embedding"], axis=1), 1, atol=1e-3
        ):
            raise ValueError("its embeddings are not of unit length")
    except _DAMAGED_NPZ as error:
        raise UnreadableExport("{name} is damaged ({error}).", EXPORT_AGAIN, name=EMBEDDINGS, error=error) from error
    return tuple(
        (
            image_id,
            Face(
                box=tuple(float(edge) for edge in numbers["box"][i]),  # pyright: ignore[reportArgumentType] (four)
                landmarks=numbers["landmarks"][i].astype(np.float32),
                detection_score=float(numbers["detection_score"][i]),
                identities=(Identity(encoder, numbers["embedding"][i].astype(np.float32)),),
            ),
        )
        for i, (image_id, encoder) in enumerate(zip(image_ids, encoders, strict=True))
    )


def _array(array: NDArray[Any], name: str, most: int) -> NDArray[Any]:
    """An array whose rows have no bytes can announce any number of them."""
    if array.itemsize == 0 or len(array) > most:
        raise ValueError(f"{name} has more rows than bytes")
    return array
