"""`python -m training`: draw the world, train the embedded pack, calibrate and measure it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated

import numpy as np
import torch
import typer
from PIL import Image

from settings import BUILT_IN_PACKS
from training.artist import SIZE, draw
from training.dataset import look_seed
from training.recipe import Recipe, Run
from training.world import look, person

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)

RunFolder = Annotated[Path, typer.Option(help="Where data and checkpoints are kept between runs; never committed.")]
PackFolder = Annotated[Path, typer.Option(help="The pack's folder.")]
Small = Annotated[bool, typer.Option(help="Every stage with next to nothing, to try the way.")]
Threads = Annotated[int, typer.Option(help="CPU threads for torch; 0: all cores. Use 1 while anything else runs.")]
RUN, PACK = Path("training-runs/paperdoll"), BUILT_IN_PACKS / "paperdoll"


@app.command("draw")
def draw_sheet(people: int = 8, looks: int = 6, first: int = 0, output: Path = Path("sheet.png")) -> None:
    """A contact sheet: a row for each person, a column for each look."""
    rows = [
        np.hstack([draw(person(seed), look(look_seed(seed, i))).pixels for i in range(looks)])
        for seed in range(first, first + people)
    ]
    Image.fromarray(np.vstack(rows)).save(output)
    typer.echo(f"{output}: {people} people, {looks} looks each, {SIZE} x {SIZE} pixels a picture")


@app.command("pack")
def pack(run: RunFolder = RUN, pack: PackFolder = PACK, small: Small = False, threads: Threads = 0) -> None:
    """Everything from nothing to the pack's models, calibrated. Stop it at any time; the same command goes on."""
    from training.measure import calibrate, measure_encoders
    from training.pack import make_pack

    _use(threads)
    if small:  # never over the pack that the app uses
        make_pack(Run(run.with_name("small"), Recipe.small(), run.with_name("small") / "packs" / "paperdoll"))
        return
    place = Run(run, Recipe(), pack)
    make_pack(place)
    typer.echo(calibrate(place))
    typer.echo(measure_encoders(place))


@app.command("generator")
def generator(
    run: RunFolder = RUN, pack: PackFolder = PACK, steps: int = Recipe().generator_steps, threads: Threads = 0
) -> None:
    """Trains the pack's generator on, from the weights in the pack; its encoders and VAE stay. Resumable, as `pack` is."""
    from training.pack import train_generator_on

    _use(threads)
    train_generator_on(Run(run, replace(Recipe(), generator_steps=steps), pack))


@app.command("prompt-reader")
def prompt_reader(run: RunFolder = RUN, pack: PackFolder = PACK, threads: Threads = 0) -> None:
    """Trains the pack's reader of pictures alone: it says whether one shows what its prompt asked for."""
    from training.pack import write_prompt_reader

    _use(threads)
    write_prompt_reader(Run(run, Recipe(), pack))


@app.command("calibrate")
def calibrate(run: RunFolder = RUN, pack: PackFolder = PACK, threads: Threads = 0) -> None:
    """Writes the pack's calibration.json from drawn people never trained on."""
    from training import measure

    _use(threads)
    typer.echo(measure.calibrate(Run(run, Recipe(), pack)))


@app.command("measure")
def measure(
    run: RunFolder = RUN, pack: PackFolder = PACK, people: int = 100, variants: int = 2, threads: Threads = 0
) -> None:
    """Prints how well the pack finds faces, tells people apart, keeps them and obeys words, as a Markdown table."""
    from training.measure import measure_encoders, measure_variants

    _use(threads)
    place = Run(run, Recipe(), pack)
    typer.echo(measure_encoders(place))
    typer.echo(measure_variants(place, people, variants))


def _use(threads: int) -> None:
    if threads:
        torch.set_num_threads(threads)


app()
