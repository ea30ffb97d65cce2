"""From finished pages to a cast: every face on them, grouped by the judge into people, and kept as characters."""

from __future__ import annotations

import os
import re
import shutil
import threading
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from PIL import Image

from errors import CastbookError, InvalidRequest, NotFound, UnreadablePicture
from library_store.library import CharacterLibrary
from library_store.records import CastMember, CharacterReferenceImage, FaceMatch, NewPicture, new_id
from library_store.text import required
from pipeline.artists_files import ZIP, is_of_layers
from pipeline.grouping import grouped
from pipeline.likeness import identity_by
from pipeline.packs import Pack
from pipeline.uploads import MAX_UPLOAD, Upload, file_of, kept_of, read_upload
from pipeline.values import Embedding, Face, Identity
from studio.consent import check_agreed
from studio.faces import Faces
from studio.likeness import Deciders
from studio.temporary import TemporaryFolder, remove_old

MOST_PAGES = 300
KEPT_EPISODES, KEPT_IN_ALL = 4, 40

OnPage = Callable[[int, int], None]  # how many pages are done, of how many


@dataclass(frozen=True, eq=False)
class Sighted:
    """A face on a page, cut out with its surroundings."""

    page: str  # the file's name
    picture: Path
    face: Face  # where it is in that picture
    on_page: Face  # the same, with identities by several looks at it: to put faces together by


@dataclass(frozen=True)
class Person:
    """Faces that the judge takes for one person."""

    sighted: tuple[int, ...]  # their numbers in the episode
    known: FaceMatch | None  # the saved character whom it takes them for


@dataclass(frozen=True)
class Unread:
    page: str
    error: CastbookError


@dataclass(frozen=True, eq=False)
class Episode:
    """What was found on some pages."""

    id: str
    pages: int
    sighted: tuple[Sighted, ...]
    people: tuple[Person, ...]  # the most often seen first; who is not surely one of them stands alone
    unread: tuple[Unread, ...]


class KeptEpisodes:
    """The last ones of each visitor that were looked through, with their cut-outs in a temporary folder of this
    process. One that nobody has looked at for an hour is gone."""

    def __init__(self, temporary: TemporaryFolder) -> None:
        self._temporary = temporary
        self._kept: dict[str, tuple[str, Episode]] = {}  # oldest first
        self._lock = threading.Lock()

    @property
    def folder(self) -> Path:
        return self._temporary.room("episodes")

    def keep(self, visitor: str, episode: Episode) -> None:
        with self._lock:
            self._kept[episode.id] = visitor, episode
            theirs = [id for id, (whose, _) in self._kept.items() if whose == visitor]
            for old in {*theirs[:-KEPT_EPISODES], *list(self._kept)[:-KEPT_IN_ALL]}:
                shutil.rmtree(self.folder / old, ignore_errors=True)
                del self._kept[old]

    def get(self, visitor: str, episode_id: str) -> Episode:
        """Raises NotFound for one that is gone, or another visitor's."""
        whose, episode = self._kept.get(episode_id, ("", None))
        if episode is None or whose != visitor or not (self.folder / episode_id).exists():
            raise NotFound("episode", episode_id)
        os.utime(self.folder / episode_id)
        return episode

    def forget(self, visitor: str) -> None:
        """Removes what is a visitor's."""
        with self._lock:
            for id in [id for id, (whose, _) in self._kept.items() if whose == visitor]:
                shutil.rmtree(self.folder / id, ignore_errors=True)
                del self._kept[id]

    def remove_old(self) -> None:
        remove_old(self.folder)
        with self._lock:
            for gone in [id for id in self._kept if not (self.folder / id).exists()]:
                del self._kept[gone]


@dataclass(frozen=True)
class Episodes:
    """Finished pages, looked through. Unknown ids raise NotFound."""

    library: CharacterLibrary
    pack: Pack
    faces: Faces
    deciders: Deciders
    kept: KeptEpisodes
    visitor: str

    def look_through(self, project_id: str, files: Sequence[Path | str], on_page: OnPage | None = None) -> Episode:
        """Every face on the pages, files or zips of them, grouped into people, and who of these is saved already.

        A page that cannot be read is named beside the others. Raises InvalidRequest for no page, and too many.
        """
        self.library.get_project(project_id)
        pages = _pages(files)
        if not 0 < len(pages) <= MOST_PAGES:
            raise InvalidRequest(
                "These are {count} pages.",
                "Choose 1 to {most} of them at once.",
                count=len(pages),
                most=MOST_PAGES,
                at="files",
            )
        id, sighted, unread = new_id(), list[Sighted](), list[Unread]()
        (self.kept.folder / id).mkdir(parents=True)
        for number, page in enumerate(pages):
            try:
                sighted += self._on_page(page, self.kept.folder / id, len(sighted))
            except UnreadablePicture as error:
                unread.append(Unread(page.name, error))
            if on_page:
                on_page(number + 1, len(pages))
        episode = Episode(id, len(pages), tuple(sighted), tuple(self._people(project_id, sighted)), tuple(unread))
        self.kept.keep(self.visitor, episode)
        return episode

    def get(self, episode_id: str) -> Episode:
        return self.kept.get(self.visitor, episode_id)

    def keep_as(
        self, episode_id: str, sighted: Sequence[int], story_id: str, name: str, agreed: bool = False
    ) -> CastMember:
        """These faces as a new character, cast in the story; the largest one stands for them.
        `agreed`: that they are drawn, or the person agrees (consent.py)."""
        required(name, "character")
        check_agreed(self.pack, agreed)
        pictures = self._pictures(episode_id, sighted)
        return self.library.create_character(story_id, name, pictures, "generated")

    def add_to(
        self, episode_id: str, sighted: Sequence[int], character_id: str, agreed: bool = False
    ) -> list[CharacterReferenceImage]:
        """These faces as further pictures of a character."""
        check_agreed(self.pack, agreed)
        return self.library.add_pictures(character_id, self._pictures(episode_id, sighted))

    def _on_page(self, page: _Page, folder: Path, first: int) -> Iterator[Sighted]:
        read = read_upload(page.content())
        upload = Upload(*self.faces.looked_at(read.picture))
        looked = zip(upload.faces, self.faces.seen_several_ways(upload.picture, upload.faces), strict=True)
        for number, (face, on_page) in enumerate(looked, start=first):
            around, there = kept_of(upload, face)
            path = folder / f"{number}.png"
            around.save(path, compress_level=1)
            yield Sighted(page.name, path, there, on_page)

    def _people(self, project_id: str, sighted: Sequence[Sighted]) -> Iterator[Person]:
        if not sighted:
            return
        embeddings = self._by_judge([each.face for each in sighted])
        for group in grouped(self._by_judge([each.on_page for each in sighted]), self.deciders.of(project_id)):
            mean = embeddings[group].mean(0)
            somebody = Identity(self.pack.judge_encoder, mean / max(float(np.linalg.norm(mean)), 1e-6))
            face = replace(sighted[group[0]].face, identities=(somebody,))
            yield Person(tuple(group), next(iter(self.faces.look_alikes(face, project_id)), None))

    def _by_judge(self, faces: Sequence[Face]) -> Embedding:
        seen = [identity_by(self.pack.judge_encoder, face.identities) for face in faces]
        return np.stack([identity.embedding for identity in seen if identity])

    def _pictures(self, episode_id: str, sighted: Sequence[int]) -> list[NewPicture]:
        episode = self.get(episode_id)
        if not all(0 <= number < len(episode.sighted) for number in sighted):
            raise InvalidRequest(
                "There is no face number {number} on these pages.",
                "Their faces are numbered from 0 to {last}.",
                number=max(sighted),
                last=len(episode.sighted) - 1,
            )
        chosen = sorted((episode.sighted[number] for number in set(sighted)), key=lambda each: -each.face.area)
        return [NewPicture(_opened(each.picture), "uploaded", each.face) for each in chosen]


@dataclass(frozen=True)
class _Page:
    """A file, or one in a zip."""

    name: str
    file: Path
    within: str | None = None

    def content(self) -> bytes:
        """Raises UnreadablePicture for one that is too large, or cannot be unpacked."""
        if self.within is None:
            return file_of(self.file)
        try:
            with zipfile.ZipFile(self.file) as files, files.open(self.within) as packed:
                return file_of(packed.read(MAX_UPLOAD + 1))
        except (zipfile.BadZipFile, OSError, RuntimeError, NotImplementedError) as error:  # encrypted, among others
            raise UnreadablePicture(
                "The picture file is damaged or incomplete.", "Save or download it again."
            ) from error


def _pages(files: Sequence[Path | str]) -> list[_Page]:
    """As a reader turns them: by name, page 2 before page 10."""
    pages = [page for file in files for page in _pages_of(Path(file))]
    return sorted(pages, key=lambda page: place_in_reading(page.name))


def place_in_reading(name: str) -> list[int | str]:
    """What pages are sorted by."""
    return [int(part) if part.isdigit() else part for part in _PARTS.split(name)]


_PARTS = re.compile(r"(\d+)")


def _pages_of(file: Path) -> Iterator[_Page]:
    with file.open("rb") as opened:
        if opened.read(len(ZIP)) != ZIP or is_of_layers(file):
            yield _Page(file.name, file)
            return
    try:
        with zipfile.ZipFile(file) as files:
            names = [info.filename for info in files.infolist() if not info.is_dir()]
    except zipfile.BadZipFile:
        yield _Page(file.name, file)  # and is refused as damaged
        return
    for name in names:
        if not is_a_systems_own(name):
            yield _Page(name, file, name)


def is_a_systems_own(path: str) -> bool:
    """Whether a file lies in a folder or a zip because a system put it there: .DS_Store, Thumbs.db."""
    names = path.split("/")
    return names[-1] in ("Thumbs.db", "desktop.ini") or any(name.startswith((".", "__MACOSX")) for name in names)


def _opened(path: Path) -> Image.Image:
    with Image.open(path, formats=("PNG",)) as picture:
        picture.load()
        return picture
