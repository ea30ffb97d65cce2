"""A stranger's file -> a clean picture in sRGB, or a sentence about why not. Everything that is uploaded passes here.

What a picture from outside may be is decided here alone, for exports and requests in pictures too; how one is read:
`decoding.py`. Also what has been uploaded and looked at, and boxes that were drawn on it by hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from os import PathLike
from pathlib import Path

import numpy as np
from PIL import Image

from errors import InvalidRequest, UnreadablePicture
from message import Message
from pipeline.decoders import DECODERS, Ended
from pipeline.decoding import MAX_PIXELS, Decoded, Note, Unfit
from pipeline.picture_texts import PictureTexts
from pipeline.values import Box, Face

MAX_BYTES = 40 * 2**20  # of a picture as it is
MAX_UPLOAD = 200 * 2**20  # with all its layers
KEPT_SIDE = 1024  # of what is kept of an upload: more than any pack draws, and few faces are larger
MIN_SIDE = 32  # of a picture: below it neither a detector nor a person finds a face
MIN_BOX = 12  # the encoders see a face at 112 pixels a side: this is blown up to nine times its size

_NOTES: dict[Note, Message] = {
    "first of several": Message("The file holds several pictures: this is the first one."),
    "preview": Message("This is the preview that the file holds of itself; export it as PNG where it is too small."),
}


@dataclass(frozen=True, eq=False)
class Upload:
    """A picture of a creator's own, cleaned and upright, and the faces in it."""

    picture: Image.Image  # as large as the file
    faces: tuple[Face, ...]  # largest first; none: the creator draws a box
    said: tuple[Message, ...] = ()  # of what the file held besides


def read_picture(source: str | PathLike[str] | bytes) -> Image.Image:
    """Upright, sRGB, without metadata, transparency on white. Raises UnreadablePicture."""
    return read_upload(source).picture


def read_upload(source: str | PathLike[str] | bytes) -> Decoded:
    """As `read_picture`, with what is to be said of it. Raises UnreadablePicture."""
    try:
        read = DECODERS.decode(file_of(source))
    except Unfit as error:
        raise _refusal(error) from error
    except Ended as error:
        raise _too_much() from error
    if min(read.picture.size) < MIN_SIDE:
        raise UnreadablePicture(
            "The picture is only {width} x {height} pixels.",
            "Choose a larger or less narrow one.",
            width=read.picture.width,
            height=read.picture.height,
        )
    return read


def texts_of(file: bytes, *, hidden: bool = False) -> PictureTexts:
    """What a picture's file says in words, or `hidden` in its pixels; nothing for what is no picture. Raises
    UnreadablePicture for one that takes too long."""
    try:
        return DECODERS.texts(file, hidden=hidden)
    except Ended as error:
        raise _too_much() from error


def said_of(notes: tuple[Note, ...]) -> tuple[Message, ...]:
    return tuple(_NOTES[note] for note in notes)


def _refusal(unfit: Unfit) -> UnreadablePicture:
    width, height = unfit.size
    match unfit.why:
        case "no picture":
            return UnreadablePicture(
                "This file is no picture that Castbook can read.", "Save it as PNG, JPEG or WebP and try again."
            )
        case "damaged":
            return UnreadablePicture("The picture file is damaged or incomplete.", "Save or download it again.")
        case "layers alone":
            return UnreadablePicture(
                "This file holds layers, and no picture of all of them together.",
                'Save it with "Maximise compatibility", or export it as PNG.',
            )
        case "too large" if not width:
            return _too_much()
        case "too large":
            return UnreadablePicture(
                "The picture is too large: {width} x {height} pixels.",
                "Make it smaller, or cut it: {most} megapixels are the most.",
                width=width,
                height=height,
                most=MAX_PIXELS // 10**6,
            )


def _too_much() -> UnreadablePicture:
    return UnreadablePicture(
        "The picture could not be opened: it took too long, or too much memory.", "Save it as a PNG and try again."
    )


def file_of(source: str | PathLike[str] | bytes) -> bytes:
    """What is in an uploaded file. Raises UnreadablePicture where that is too much, or it is gone: uploads stay for an
    hour."""
    if not isinstance(source, bytes) and not Path(source).is_file():
        raise UnreadablePicture("The file is gone: what is uploaded is kept for an hour.", "Choose it again.")
    size = len(source) if isinstance(source, bytes) else Path(source).stat().st_size
    if size > MAX_UPLOAD:
        raise UnreadablePicture(
            "The file has {size} MB.",
            "Choose one of at most {most} MB.",
            size=f"{size / 2**20:.0f}",
            most=MAX_UPLOAD // 2**20,
        )
    return source if isinstance(source, bytes) else Path(source).read_bytes()


def kept_of(upload: Upload, face: Face) -> tuple[Image.Image, Face]:
    """What is kept of a picture for one face in it, and the face there: all of it, or where others are in it too or
    the face is small against it, its surroundings; at most KEPT_SIDE a side."""
    is_a_portrait = len(upload.faces) < 2 and 4 * _side(face) >= min(upload.picture.size)
    picture, there = (upload.picture, face) if is_a_portrait else alone(upload.picture, face)
    scale = min(1.0, KEPT_SIDE / max(picture.size))
    if scale == 1:
        return picture, there
    size = round(picture.width * scale), round(picture.height * scale)
    left, top, right, bottom = (edge * scale for edge in there.box)
    smaller = picture.resize(size, Image.Resampling.LANCZOS, reducing_gap=3.0)
    return smaller, replace(there, box=(left, top, right, bottom), landmarks=there.landmarks * np.float32(scale))


def alone(picture: Image.Image, face: Face) -> tuple[Image.Image, Face]:
    """The square around one of several people, and their face in it: what stands for somebody shows nobody else first.

    Its side is four faces, or the picture's shorter one; what the encoders saw of the face stays.
    """
    left, top, right, bottom = face.box
    side = round(min(*picture.size, 4 * _side(face)))
    x, y = (
        round(min(max(0.0, (start + end - side) / 2), whole - side))
        for start, end, whole in ((left, right, picture.width), (top, bottom, picture.height))
    )
    within = (left - x, top - y, right - x, bottom - y)
    cropped = picture.crop((x, y, x + side, y + side))
    return cropped, replace(face, box=within, landmarks=face.landmarks - np.array((x, y), np.float32))


def clipped_box(box: Box, picture: Image.Image) -> Box:
    """The part of a hand-drawn box that lies in the picture. Raises InvalidRequest where it is too small for a face."""
    left, top, right, bottom = box
    width, height = picture.size
    within = (max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom))
    if min(within[2] - within[0], within[3] - within[1]) < MIN_BOX:
        raise InvalidRequest(
            "The box around the face is too small.",
            "Draw it from forehead to chin, at least {least} pixels a side.",
            least=MIN_BOX,
        )
    return within


def _side(face: Face) -> float:
    left, top, right, bottom = face.box
    return max(right - left, bottom - top)
