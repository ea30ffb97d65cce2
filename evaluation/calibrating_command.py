"""`python -m evaluation calibrate`: what a pack's likeness means, measured on people who are known.

The judge is calibrated, or the steering encoder where a pack has no judge. With `--portraits` its likeness is read
against strangers: a cohort is written beside the calibration, and its lines hold for hands that were not measured. With
`--library` and no dataset nothing is
measured anew: the calibration that the pack has is checked against the characters of a Castbook library.
"""

from __future__ import annotations

import tempfile
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer
from tqdm import tqdm

from errors import InvalidRequest, LibraryUnavailable, PackUnavailable
from evaluation.calibration import calibrate, look_at, pairs_of
from evaluation.drawn import MEASURED, drawn_people
from evaluation.hands import Hands, Sources, look, watcher_of
from evaluation.lines import Families, calibrate_hands, cohort_of, pooled
from evaluation.people import Person, load_people
from library_store.database import open_database
from library_store.pictures import Pictures
from library_store.records import LOCAL_OWNER
from library_store.store import LibraryStore
from pipeline.cohort import FILE as COHORT
from pipeline.cohort import Cohort
from pipeline.likeness import Calibration, Drawings
from pipeline.packs import CALIBRATION, Pack, load_pack
from pipeline.variants import FaceEncoder, VariantMaker
from settings import Settings
from studio import Castbook, Models, Studio
from studio.trust import LibraryCheck
from verdicts import measured_on, observed, one_in, verdict_on, why_not_known

DRAWN = 300  # people: all that were never trained on, but those that retention is measured with
SQLITE = "sqlite:///"


def calibrate_pack(
    pack: Annotated[str, typer.Option(help="The model pack whose judge is calibrated.")] = "paperdoll",
    packs: Annotated[Path | None, typer.Option(help="A folder of your own packs, looked in first.")] = None,
    dataset: Annotated[
        str | None, typer.Option(help="An imagefolder or hub dataset of people. Without: drawn ones, for a drawn pack.")
    ] = None,
    identity_column: Annotated[str, typer.Option(help="The dataset's column that says who it is.")] = "identity",
    people: Annotated[
        int | None, typer.Option(min=2, help="So many people at most (of each hand). Without: all.")
    ] = None,
    portraits: Annotated[
        list[Path] | None, typer.Option(help="A folder of portraits by hands that lines are learnt on; several.")
    ] = None,
    strangers: Annotated[
        list[Path] | None,
        typer.Option(help="Portraits of the strangers. Without: those of --portraits, by the other hands."),
    ] = None,
    together: Annotated[
        list[str] | None,
        typer.Option(help="Hands that count as one: adventurer,lorelei or 'hand *'; several."),
    ] = None,
    looks: Annotated[int | None, typer.Option(min=2, help="Of portraits, so many of each person at most.")] = None,
    library: Annotated[
        str | None, typer.Option(help="A Castbook database (sqlite:///...): its characters are checked as strangers.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="A folder for calibration.json and cohort; without: the pack's own.")
    ] = None,
) -> None:
    """Finds the similarities that 1 in 10 to 1 in 10,000 strangers reach, and writes them to the pack."""
    settings = Settings(packs=packs) if packs else Settings()
    meant = load_pack(pack, settings.pack_folders)
    if portraits:
        sources = Sources(portraits, strangers or (), people=people, looks=looks)
        families = [part.split(",") for part in together or ()]
        meant = _calibrate_among_strangers(meant, sources, families, output, settings)
    elif dataset or not library:
        data, shown = _known_people(meant, dataset, identity_column, people)
        folder, meant = (meant.folder, meant) if dataset else (meant.home, meant.at_home)
        file = (output or folder) / CALIBRATION
        figure = (output or settings.home / "evaluation" / meant.name) / "calibration.png"
        calibration = write_calibration(meant, shown, data, file, figure)
        typer.echo(f"{described(calibration)}\nWritten: {file}, {figure}")
        meant = replace(meant, calibration=calibration)
    if library:
        typer.echo("\n\n".join(check_library(meant, library)))


def write_among_strangers(
    pack: Pack, hands: Hands, together: Sequence[Sequence[str]], folder: Path, figure: Path
) -> tuple[Calibration, Cohort]:
    """Calibration and cohort of the pack's judge. The lines are learnt on hands that it was not trained on; people by
    those that it was trained on are strangers and nothing else, for it tells them apart better than a new hand's."""
    from evaluation.calibration_figure import draw_calibration

    cohort = cohort_of(hands.in_cohort, pack.judge_encoder)
    families = Families([hand.name for hand in (*hands.learnt, *hands.strangers)], together)
    composed = pack.calibration.copy_threshold if pack.calibration else None
    calibration, pairs = calibrate_hands(hands.learnt, pack.judge_encoder, cohort, families, composed)
    folder.mkdir(parents=True, exist_ok=True)
    cohort.save(folder / COHORT)
    (folder / CALIBRATION).write_text(calibration.to_json() + "\n", "utf-8")
    draw_calibration(pooled(pairs), calibration, figure)
    return calibration, cohort


def write_calibration(
    pack: Pack,
    people: Sequence[Person],
    data: Drawings | str,
    file: Path,
    figure: Path,
    finder: FaceEncoder | None = None,
) -> Calibration:
    """Measures the pack's judge, by the pack's own face models unless a `finder` is given. `data` says who they are."""
    from evaluation.calibration_figure import draw_calibration
    from pipeline.faces import InsightFaces

    encoder = pack.judge_encoder
    faces = look_at(tqdm(people, desc="reading faces", unit="person"), finder or InsightFaces.load(pack), encoder)
    pairs = pairs_of(faces.embeddings, faces.people)
    calibration = calibrate(faces, pairs, encoder, data)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(calibration.to_json() + "\n", "utf-8")
    draw_calibration(pairs, calibration, figure)
    return calibration


def check_library(pack: Pack, database_url: str) -> Iterator[str]:
    """A paragraph for each project: how many pairs of its characters the judge would take for one person, or why that
    cannot be said. Raises LibraryUnavailable."""
    if database_url.startswith(SQLITE) and not Path(database_url.removeprefix(SQLITE)).is_file():
        raise LibraryUnavailable(
            "There is no database {url}.", "Give an existing one: sqlite:////home/...", url=repr(database_url)
        )
    with tempfile.TemporaryDirectory() as empty, _opened(database_url, empty) as store:
        studio = Castbook(store, pack, Models(_no_models)).seen_by(LOCAL_OWNER)
        for project in studio.library.list_projects():
            yield f"{project.name}\n{_checked(studio, project.id)}"


def _calibrate_among_strangers(
    pack: Pack, sources: Sources, together: Sequence[Sequence[str]], output: Path | None, settings: Settings
) -> Pack:
    watcher, folder = watcher_of(pack), output or pack.folder
    figure = (output or settings.home / "evaluation" / pack.name) / "calibration.png"
    hands = look(sources, watcher)
    calibration, cohort = write_among_strangers(pack, hands, together, folder, figure)
    typer.echo(f"{described(calibration)}\nWritten: {folder / CALIBRATION}, {folder / COHORT}, {figure}")
    return replace(pack, calibration=calibration, cohort=cohort)


def described(calibration: Calibration) -> str:
    """The thresholds and their intervals, a line each."""
    counts = f"{calibration.genuine_pairs:,} genuine and {calibration.impostor_pairs:,} impostor pairs"
    lines = [f"{calibration.encoder}: {measured_on(calibration)}; {calibration.people} people, {counts}"]
    for rate, threshold in calibration.thresholds.items():
        lowest, highest = (calibration.threshold_intervals or {}).get(rate, (threshold, threshold))
        least, most = (calibration.rate_intervals or {}).get(rate, (rate, rate))
        lines.append(
            f"1 in {one_in(rate):>6} strangers reach {threshold:.4f} ({lowest:.4f} to {highest:.4f}); "
            f"that is {least:.3g} to {most:.3g} of them"
        )
    lines += [
        f"1 in {one_in(rate):>6} is not known: {why_not_known(why)}"
        for rate, why in (calibration.left_out or {}).items()
    ]
    if calibration.cohort:
        lines.append(
            f"Scores among strangers: {calibration.cohort.people:,} people by {calibration.cohort.hands} hands"
        )
    usual = calibration.genuine_quantiles
    lines.append(f"Two pictures of one person: {usual[0.05]:.4f} to {usual[0.95]:.4f}, the median {usual[0.5]:.4f}")
    return "\n".join(lines)


def drawn_held_out(most: int | None = None) -> tuple[Drawings, tuple[Person, ...]]:
    """Drawn people that nothing was trained on and nothing is measured with: what they are, and they."""
    people = load_people(str(drawn_people(DRAWN, first=MEASURED)), most=most)
    return Drawings(len(people[0].pictures)), people


def _known_people(
    pack: Pack, dataset: str | None, identity_column: str, most: int | None
) -> tuple[Drawings | str, tuple[Person, ...]]:
    if dataset is not None:
        return dataset, load_people(dataset, identity_column, most)
    if pack.vocabulary is None:
        raise InvalidRequest(
            "The pack {pack} draws any people, and there are none to calibrate it with.",
            "Give --dataset an imagefolder or a hub dataset with a column that says who it is.",
            pack=repr(pack.name),
        )
    return drawn_held_out(most)


def _checked(studio: Studio, project_id: str) -> str:
    try:
        return _report(studio.trust.check_library(project_id))
    except InvalidRequest as error:  # of one project; the next may have more characters
        return str(error)


def _report(check: LibraryCheck) -> str:
    lines = [str(observed(check.same_person)), str(verdict_on(check.same_person))]
    for rate in check.rates:
        lowest, highest = rate.interval
        lines.append(
            f"At {rate.threshold:.4f}: {rate.passed:,} of {rate.pairs:,} pairs, {lowest:.3g} to {highest:.3g}; "
            f"{rate.expected:g} was expected"
        )
    lines += [f"{pair.one.name} and {pair.other.name}: {pair.similarity:.2f}" for pair in check.most_alike]
    return "\n".join(lines)


@contextmanager
def _opened(database_url: str, no_pictures: str) -> Generator[LibraryStore]:
    """Its pictures stay where they are: what the encoders saw is in the database."""
    store = LibraryStore(open_database(database_url), Pictures.open(no_pictures))
    try:
        yield store
    finally:
        store.close()


def _no_models() -> VariantMaker:
    raise PackUnavailable("No models are loaded to check a library.", "What the app's own have seen is enough.")
