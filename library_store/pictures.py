"""Picture files, named by the SHA-256 of their bytes, on anything fsspec reaches: a folder, s3://, hf://.

A file is complete and on the disk before its name exists, and never changes after. Which of them belong to whom is the
library's business.
"""

from __future__ import annotations

import hashlib
import io
import os
import re
import shutil
import tempfile
import uuid
import weakref
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import fsspec  # pyright: ignore[reportMissingTypeStubs]
from fsspec.implementations.local import LocalFileSystem  # pyright: ignore[reportMissingTypeStubs]
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from errors import LibraryUnavailable
from message import Message
from pipeline.labels import KEYWORD as LABEL
from pipeline.labels import labelled, source_type_in

# Not hidden, so that copying the folder by hand takes it along.
MARKER = "castbook-pictures.txt"
MARKER_TEXT = b"Castbook keeps its pictures in this folder, and refuses to work with a folder that lacks this file.\n"

Sign = Callable[[bytes, str], bytes]  # a PNG, and how it came to be -> the same with a signature

THUMBNAIL_SIDE = 256
OURS = b"castbook"  # the chunk that a picture has which was asked for here
HEAD = 2**18  # bytes of a file, in which its texts are
LABELLED = ".labelled.png"
NAME = re.compile(r"/[0-9a-f]{2}/([0-9a-f]{64})\.png\Z")
_WRITER = uuid.uuid4().hex  # whose a half written file is: this program's
KEPT_MODES = ("RGB", "RGBA", "L")  # what PNG holds as it is; everything else becomes RGB


class Pictures:
    """`served_folder` is where the files of `path` and `thumbnail_path` lie: the pictures' own folder, or a copy's."""

    def __init__(self, files: Any, root: str, served_folder: Path, sign: Sign | None = None) -> None:
        self._files = files  # fsspec's AbstractFileSystem, which is untyped
        self._root = root
        self._is_local = isinstance(files, LocalFileSystem)
        self.served_folder = served_folder
        self._sign = sign

    @classmethod
    def open(cls, place: Path | str, may_be_new: bool = True, sign: Sign | None = None) -> Pictures:
        """A folder, taken literally, or text that fsspec understands, as a URL or as a folder.

        `sign`: what signs the pictures that a model drew. A new folder is made and marked; without `may_be_new` the
        marker must be there.

        The marker tells a folder without pictures from a disk that is not mounted. Raises LibraryUnavailable.
        """
        with _explained(Message("The pictures at {url} cannot be reached", url=repr(str(place)))):
            files, root = _file_system(place)
            is_local = isinstance(files, LocalFileSystem)
            served_folder = Path(root) if is_local else Path(tempfile.mkdtemp(prefix="castbook-pictures-"))
            pictures = cls(files, root, served_folder, sign)
            if not is_local:  # the copies go when the pictures do, at the latest when the program ends
                weakref.finalize(pictures, shutil.rmtree, served_folder, ignore_errors=True)
            if may_be_new and not pictures._has_marker():
                pictures._write(MARKER, MARKER_TEXT)
        pictures.check_reachable()
        return pictures

    def put(self, picture: Image.Image, texts: Mapping[str, str] | None = None) -> str:
        """Keeps the pixels, losslessly and without whatever else the file carried, and gives the content hash.

        `texts` go into the file as iTXt chunks. Raises LibraryUnavailable where the folder is missing, read-only or
        full.
        """
        texts = texts or {}
        file, drawn = _png(picture, texts), source_type_in(texts.get(LABEL, ""))
        return self.put_file(self._sign(file, drawn) if self._sign and drawn else file)

    def put_file(self, data: bytes) -> str:
        """Keeps a PNG file that this class once wrote, byte for byte. Raises as `put` does."""
        content_hash = hashlib.sha256(data).hexdigest()
        self.check_reachable()
        with _explained(Message("The picture cannot be kept")):
            self._write(_name(content_hash), data)
        return content_hash

    def get(self, content_hash: str) -> Image.Image:
        """The picture, its bytes checked against their hash. Raises as `read` does."""
        picture = Image.open(io.BytesIO(self.read(content_hash)), formats=("PNG",))
        picture.load()
        return picture

    def read(self, content_hash: str) -> bytes:
        """The PNG file. Raises LibraryUnavailable if it is missing, or damaged: then its hash is another."""
        try:
            data = cast(bytes, self._files.cat_file(self._full_name(_name(content_hash))))
        except FileNotFoundError as error:
            self.check_reachable()
            raise LibraryUnavailable(
                "The picture {picture} is missing from {folder}.",
                "Put it back from a backup.",
                picture=content_hash,
                folder=self._root,
            ) from error
        except OSError as error:
            raise _unavailable(Message("The picture cannot be read"), error) from error
        if hashlib.sha256(data).hexdigest() != content_hash:
            raise LibraryUnavailable(
                "The picture {picture} is damaged.", "Put it back from a backup.", picture=content_hash
            )
        return data

    def has(self, content_hash: str) -> bool:
        """Whether there is such a file. Raises LibraryUnavailable where the folder cannot be reached."""
        with _explained(Message("The pictures cannot be reached")):
            return bool(self._files.exists(self._full_name(_name(content_hash))))

    def hashes(self) -> Iterator[str]:
        """Of all files, named by a row or not. Raises LibraryUnavailable where the folder cannot be reached."""
        with _explained(Message("The pictures cannot be reached")):
            names = cast("list[str]", self._files.find(self._root))
        return (found[1] for name in names if (found := NAME.search(name)))

    def remove(self, content_hash: str) -> None:
        """With its thumbnail and copy; what is gone already stays so. Raises LibraryUnavailable if it cannot go."""
        served = self.served_folder / _name(content_hash)
        with _explained(Message("The picture cannot be removed")):
            for path in (served, served.with_suffix(".webp"), served.with_suffix(LABELLED)):
                path.unlink(missing_ok=True)
            if self.has(content_hash):
                self._files.rm_file(self._full_name(_name(content_hash)))

    def remove_spare(self) -> None:
        """What other programs left half written when they were killed, and thumbnails and copies of no picture."""
        with _explained(Message("The picture cannot be removed")):
            for path in [path for path in self.served_folder.glob("*/*") if self._is_spare(path)]:
                path.unlink(missing_ok=True)

    def _is_spare(self, path: Path) -> bool:
        if path.suffix == ".tmp":
            return _WRITER not in path.name
        is_derived = path.suffix == ".webp" or path.name.endswith(LABELLED)
        return self._is_local and is_derived and not (path.parent / f"{path.name.split('.')[0]}.png").exists()

    def path(self, content_hash: str) -> str:
        """A local file to serve; pictures kept elsewhere are copied once. Raises as `read` does."""
        path = self.served_folder / _name(content_hash)
        if not path.exists():
            data = self.read(content_hash)
            with _explained(Message("The picture cannot be copied to this machine")):
                _write_durably(path, data)
        return str(self._labelled(path))

    def _labelled(self, path: Path) -> Path:
        """A copy of what was kept before there were labels; else the file itself."""
        copy = path.with_suffix(LABELLED)
        if copy.exists():
            return copy
        with _explained(Message("The picture cannot be read")), path.open("rb") as file:
            head = file.read(HEAD)
            if labelled(head, OURS) == head:
                return path
            _write_durably(copy, labelled(head + file.read(), OURS))
        return copy

    def thumbnail_path(self, content_hash: str) -> str:
        """A local webp file of at most 256 x 256, made when it is first asked for. Raises as `read` does."""
        path = (self.served_folder / _name(content_hash)).with_suffix(".webp")
        if not path.exists():
            data = _thumbnail(self.get(content_hash))
            with _explained(Message("The thumbnail cannot be kept")):
                _write_durably(path, data)
        return str(path)

    def _write(self, name: str, data: bytes) -> None:
        """An object store makes an object appear whole; a file system has to be made to."""
        if self._is_local:
            _write_durably(Path(self._full_name(name)), data)
        else:
            self._files.pipe_file(self._full_name(name), data)

    def _has_marker(self) -> bool:
        return bool(self._files.exists(self._full_name(MARKER)))

    def check_reachable(self) -> None:
        """Raises LibraryUnavailable where the marker is not there."""
        with _explained(Message("The pictures cannot be reached")):
            if self._has_marker():
                return
        raise LibraryUnavailable(
            "The pictures' folder {folder} is missing, or its disk is not mounted: there is no {marker} in it.",
            "Mount it, or correct CASTBOOK_PICTURES. If it is the right folder, put an empty {marker} in it.",
            folder=self._root,
            marker=MARKER,
        )

    def _full_name(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def is_damaged(path: Path) -> bool:
    """Whether a file that is named by the SHA-256 of its bytes has another by now. Thumbnails and copies are not."""
    name, data = path.name.removesuffix(".png"), path.read_bytes()
    return re.fullmatch(r"[0-9a-f]{64}", name) is not None and hashlib.sha256(data).hexdigest() != name


def _file_system(place: Path | str) -> tuple[Any, str]:
    """With the name of the place in it."""
    if isinstance(place, Path):
        return LocalFileSystem(), place.absolute().as_posix()
    return cast("tuple[Any, str]", fsspec.core.url_to_fs(place))  # pyright: ignore[reportUnknownMemberType]


def _name(content_hash: str) -> str:
    return f"{content_hash[:2]}/{content_hash}.png"


def _png(picture: Image.Image, texts: Mapping[str, str]) -> bytes:
    clean = picture.copy() if picture.mode in KEPT_MODES else picture.convert("RGB")
    clean.info = {}  # no place, camera or comment of a stranger's photo
    buffer = io.BytesIO()
    chunks = PngInfo()
    chunks.add(b"sRGB", b"\0")  # uploads were made so, and so models draw
    for keyword, text in texts.items():
        chunks.add_itxt(keyword, text)
    clean.save(buffer, "PNG", pnginfo=chunks)
    return buffer.getvalue()


def _thumbnail(picture: Image.Image) -> bytes:
    label = str(picture.info.get(LABEL, ""))
    picture.thumbnail((THUMBNAIL_SIDE, THUMBNAIL_SIDE))
    buffer = io.BytesIO()
    picture.save(buffer, "WEBP", xmp=label.encode())
    return buffer.getvalue()


def _write_durably(path: Path, data: bytes) -> None:
    """After a crash at any moment there is the whole file or none (and at worst a spare `.tmp`)."""
    if not path.parent.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _sync_folder(path.parent.parent)
    temporary = path.with_name(f".{path.name}.{_WRITER}.{uuid.uuid4().hex}.tmp")
    try:
        with temporary.open("xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """Makes the names in a folder durable; Windows cannot, and does so by itself."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _explained(what: Message) -> Generator[None]:
    try:
        yield
    except (OSError, ValueError, ImportError) as error:  # an unknown protocol; its library is missing
        raise _unavailable(what, error) from error


def _unavailable(what: Message, error: Exception) -> LibraryUnavailable:
    return LibraryUnavailable(
        "{what} ({error}).",
        "Check CASTBOOK_PICTURES, and that its disk is there, writable and not full.",
        what=what,
        error=error,
    )
