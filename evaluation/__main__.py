"""`python -m evaluation`: how much of an identity survives, measured. The only file here that chooses real models."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from errors import CastbookError
from evaluation.calibrating_command import calibrate_pack
from evaluation.episodes_command import episodes_of
from evaluation.hands_command import hands_of
from evaluation.measuring import MeasuredModels
from evaluation.pages_command import pages_of
from evaluation.reporting_commands import compare_runs, report
from pipeline.packs import ClipAdherence, Pack, load_pack
from settings import BUILT_IN_PACKS, Settings

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)

PackName = Annotated[str, typer.Option("--pack", help="The pack's name.")]
PackFolder = Annotated[Path | None, typer.Option("--packs", help="A folder of your own packs, looked in first.")]
Threads = Annotated[int, typer.Option(help="CPU threads for torch; 0: all cores.")]


@app.callback()
def evaluation() -> None:
    """Identity retention, measured."""


@app.command()
def retention(
    pack: PackName = "paperdoll",
    packs: PackFolder = None,
    references: Annotated[
        str | None, typer.Option(help="People: an imagefolder, or a dataset on the hub. Default: paperdoll's own.")
    ] = None,
    identity_column: Annotated[str, typer.Option(help="The column that says who is shown.")] = "identity",
    prompts: Annotated[Path | None, typer.Option(help="A text file with a prompt a line. Default: the pack's.")] = None,
    people: Annotated[int, typer.Option(min=1, help="How many people at most.")] = 50,
    count: Annotated[int, typer.Option(min=1, help="Seeds for each person and prompt.")] = 2,
    quick: Annotated[bool, typer.Option(help="6 people, 2 prompts, 1 seed: to try the way.")] = False,
    output: Annotated[Path, typer.Option(help="The run's folder. The same command goes on where it stopped.")] = Path(
        "evaluation-runs/retention"
    ),
    threads: Threads = 0,
    ray: Annotated[int, typer.Option(min=0, help="Workers on a Ray cluster; 0: in this process.")] = 0,
) -> None:
    """Draws and measures variants and all baselines of a pack: a row a picture. `accelerate launch -m evaluation
    retention` shares the work out over processes and GPUs."""
    from evaluation.retention import Retention, measure_retention

    folders = (packs, BUILT_IN_PACKS) if packs else (BUILT_IN_PACKS,)
    asked = Retention(pack, folders, output, references, identity_column, prompts, people, count, quick, threads)
    rows = measure_retention(asked, load_models, ray)
    if rows is not None:
        typer.echo(f"{rows} rows are in {output}. Next: python -m evaluation report {output}")


@app.command()
def words(
    pack: PackName = "paperdoll",
    packs: PackFolder = None,
) -> None:
    """How much of Korean and Japanese prompts a pack with a vocabulary understands, and what it does not."""
    from evaluation.words import report_of

    vocabulary = load_pack(pack, (packs, BUILT_IN_PACKS) if packs else (BUILT_IN_PACKS,)).vocabulary
    typer.echo(report_of(vocabulary) if vocabulary else f"The pack {pack!r} takes any words: none is misunderstood.")


app.command("calibrate")(calibrate_pack)
app.command("hands")(hands_of)
app.command("episodes")(episodes_of)
app.command("pages")(pages_of)
app.command("report")(report)
app.command("compare")(compare_runs)


def load_models(pack: Pack, threads: int = 0) -> MeasuredModels:
    """The real ones, as the app has them."""
    import torch

    from pipeline.adherence import load_prompt_reader
    from pipeline.faces import InsightFaces
    from pipeline.generator import DiffusersGenerator
    from pipeline.marks import load_marks_reader
    from pipeline.variants import VariantMaker

    if threads:
        torch.set_num_threads(threads)
    scorer = None
    if isinstance(pack.adherence, ClipAdherence):
        from evaluation.clip_score import ClipScorer

        reader = scorer = ClipScorer.load(pack, pack.adherence)
    else:
        reader = load_prompt_reader(pack)
    marks = load_marks_reader(pack)
    generator = DiffusersGenerator.load(pack, compiled=Settings().compiled)
    maker = VariantMaker(generator, InsightFaces.load(pack), pack, reader, marks)
    return MeasuredModels(maker, reader, scorer, marks)


if __name__ == "__main__":
    try:
        app()
    except CastbookError as error:
        sys.exit(f"{error.cause} {error.remedy}")
