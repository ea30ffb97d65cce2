"""What is known of the likeness itself: the library as a check of its calibration, and the latest retention report."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timezone
from pathlib import Path

from pydantic import TypeAdapter
from pydantic.dataclasses import dataclass as record

from errors import InvalidRequest
from library_store.library import CharacterLibrary
from library_store.records import Character
from pipeline.likeness import Decider, identity_by
from pipeline.packs import Pack
from pipeline.strangers import ObservedRate, check_strangers
from pipeline.values import Face
from studio.identities import Identities
from studio.likeness import Deciders

REPORT, RECORD = "report.html", "report.json"  # as `python -m evaluation` writes them


@dataclass(frozen=True)
class AlikeCharacters:
    """Two saved characters whom the judge would take for one person."""

    one: Character
    other: Character
    similarity: float


@dataclass(frozen=True)
class LibraryCheck:
    """The saved characters as strangers to one another, each by the picture that stands for them."""

    same_person: ObservedRate  # at the threshold from which on the page says "same person"
    rates: tuple[ObservedRate, ...]  # at every calibrated threshold, the loosest first
    most_alike: tuple[AlikeCharacters, ...]
    characters: int  # who were compared
    left_out: int  # of whom the judge has seen no face


@record(frozen=True)
class ReportFigure:
    """A mean with its 95 % interval. None: not measured, or by one person alone."""

    value: float | None
    low: float | None
    high: float | None


@record(frozen=True)
class ReportRow:
    """Of the report's main table: the variants, or one of the baselines."""

    label: str
    pictures: int
    judge_retention: ReportFigure  # the share that the judge takes for the same person
    copied: ReportFigure  # the share that nearly repeats the reference
    adherence: ReportFigure  # how much of the prompt is to be seen, 0 to 1


@record(frozen=True)
class ReportTables:
    main: tuple[ReportRow, ...]


@record(frozen=True)
class ReportRecord:
    """What of report.json the page shows."""

    title: str
    tables: ReportTables


@dataclass(frozen=True)
class RetentionReport:
    page: Path  # self-contained HTML
    made: datetime
    title: str
    rows: tuple[ReportRow, ...]


@dataclass(frozen=True)
class Trust:
    """How far this pack's likeness can be trusted."""

    library: CharacterLibrary
    pack: Pack
    identities: Identities
    deciders: Deciders
    report_folders: tuple[Path, ...]  # where `python -m evaluation` leaves what it measured

    def check_library(self, project_id: str) -> LibraryCheck:
        """The saved characters as strangers to each other: how many pairs of them the judge would take for one person.

        Raises InvalidRequest for a pack without calibration, and for fewer than two characters.
        """
        if self.pack.calibration is None:
            raise InvalidRequest(
                "The model pack {pack} is not calibrated.",
                "Calibrate it first: {command}",
                pack=repr(self.pack.name),
                command=f"python -m evaluation calibrate --pack {self.pack.name}",
            )
        self.identities.complete(project_id)
        characters = self.library.list_library(project_id)
        shown = [character.canonical_image_id for character in characters if character.canonical_image_id]
        faces = self.library.get_faces(shown)
        decider = self.deciders.of(project_id, faces.values())
        assert decider is not None  # it is calibrated
        return check_characters(characters, faces, decider)

    def latest_report(self) -> RetentionReport | None:
        """The newest retention report of this installation."""
        return latest_report(self.report_folders)


def check_characters(characters: Sequence[Character], faces: dict[str, Face], decider: Decider) -> LibraryCheck:
    """`faces` are by image id. Raises InvalidRequest where fewer than two characters have been seen by the judge."""
    calibration = decider.calibration
    identities = [
        identity_by(calibration.encoder, faces[id].identities) if id in faces else None for id in _shown(characters)
    ]
    seen = [(character, identity) for character, identity in zip(characters, identities, strict=True) if identity]
    if len(seen) < 2:
        raise InvalidRequest(
            "There are fewer than two saved characters to compare.", "Save characters to the library, then check again."
        )
    checked = check_strangers([identity for _, identity in seen], decider, [character.id for character, _ in seen])
    return LibraryCheck(
        same_person=next(rate for rate in checked.rates if rate.expected == calibration.same_person_rate),
        rates=checked.rates,
        most_alike=tuple(
            AlikeCharacters(seen[pair.one][0], seen[pair.other][0], pair.similarity) for pair in checked.most_alike
        ),
        characters=len(seen),
        left_out=len(characters) - len(seen),
    )


def latest_report(folders: Iterable[Path]) -> RetentionReport | None:
    """The newest of those that lie in the folders, or in folders of theirs; one that is half written is no report."""
    pages = [page for folder in folders for page in folder.rglob(REPORT) if page.with_name(RECORD).is_file()]
    newest_first = sorted(pages, key=lambda page: page.stat().st_mtime, reverse=True)
    return next((report for page in newest_first if (report := _report(page))), None)


def _report(page: Path) -> RetentionReport | None:
    try:
        said = _RECORD.validate_json(page.with_name(RECORD).read_bytes())
    except ValueError:  # pydantic's error is one
        return None
    made = datetime.fromtimestamp(page.stat().st_mtime, timezone.utc)
    return RetentionReport(page, made, said.title, said.tables.main)


def _shown(characters: Sequence[Character]) -> list[str]:
    return [character.canonical_image_id or "" for character in characters]


_RECORD = TypeAdapter(ReportRecord)
