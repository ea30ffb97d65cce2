"""`python -m training`: draw the world, train the embedded pack, calibrate and measure it."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
import torch
import typer
from PIL import Image

from drawn_world.artist import SIZE, draw
from drawn_world.people import look_seed
from drawn_world.world import look, person
from settings import BUILT_IN_PACKS
from training.recipe import Recipe, Run

RECIPES = {"full": Recipe, "two-cores": Recipe.two_cores, "small": Recipe.small}
app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)

RunFolder = Annotated[Path, typer.Option(help="Where data and checkpoints are kept between runs; never committed.")]
PackFolder = Annotated[Path, typer.Option(help="The pack's folder.")]
RecipeName = Annotated[Literal["full", "two-cores", "small"], typer.Option("--recipe", help="How much of everything.")]
Minutes = Annotated[float, typer.Option(help="Stop after about so many, to go on in another piece; 0: never.")]
Threads = Annotated[int, typer.Option(help="CPU threads for torch; 0: all cores. Use 1 while anything else runs.")]
RUN, PACK = Path("training-runs/paperdoll"), BUILT_IN_PACKS / "paperdoll"
DRAWN_RUN, DRAWN_JUDGE = Path("training-runs/drawn-judge"), BUILT_IN_PACKS / "judges" / "drawn"


@app.command("draw")
def draw_sheet(people: int = 8, looks: int = 6, first: int = 0, output: Path = Path("sheet.png")) -> None:
    """A contact sheet: a row for each person, a column for each look."""
    rows = [
        np.hstack([draw(person(seed), look(look_seed(seed, i))).pixels for i in range(looks)])
        for seed in range(first, first + people)
    ]
    Image.fromarray(np.vstack(rows)).save(output)
    typer.echo(f"{output}: {people} people, {looks} looks each, {SIZE} x {SIZE} pixels a picture")


@app.command()
def files() -> None:
    """Writes anew which files the built-in packs are made of (`[files]` in pack.toml), when their weights have changed."""
    from pipeline.pack_files import write_files

    write_files(PACK, DRAWN_JUDGE)


@app.command("word-pictures")
def word_pictures(pack: PackFolder = PACK) -> None:
    """Draws the small pictures that the page shows beside the pack's words, when the drawn world has changed."""
    from training.word_pictures import draw_word_pictures

    typer.echo(f"{draw_word_pictures(pack) / 1000:.0f} kB")


@app.command("pack")
def pack(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "full", minutes: Minutes = 0,
    start: Annotated[Path | None, typer.Option(help="A pack whose weights are trained on, instead of from nothing.")] = None,
    stage: Annotated[str, typer.Option(help="Make this part alone, with what it needs; several may be made at once.")] = "",
    threads: Threads = 0,
) -> None:  # fmt: skip
    """Everything from nothing to the pack's models, calibrated. Stop it at any time; the same command goes on."""
    from training.curves import draw_curves
    from training.loop import TimeIsUp
    from training.pack import STAGES, Workshop, make_pack

    _use(threads)
    if recipe == "small" and pack == PACK:
        raise typer.BadParameter("A small pack would replace the one that the app uses: give --pack another folder.")
    place = Run(run, RECIPES[recipe](), pack, time.monotonic() + 60 * minutes if minutes else None)
    if stage and stage not in STAGES:
        raise typer.BadParameter(f"There is no stage {stage!r}. There are: {', '.join(STAGES)}.")
    try:
        if stage:
            getattr(Workshop(place, start), stage)
            return
        made = make_pack(place, start)
    except TimeIsUp as said:
        typer.echo(said)
        raise typer.Exit(75) from None  # EX_TEMPFAIL: try again
    draw_curves(made.folder, pack / "training.png")
    from training.measure import calibrate

    typer.echo(calibrate(place))


@app.command("drawn-judge")
def drawn_judge(
    portraits: Annotated[list[Path], typer.Option(help="A folder of portraits by many hands; several may be given.")],
    run: RunFolder = DRAWN_RUN, output: PackFolder = DRAWN_JUDGE,
    recipe: RecipeName = "full", minutes: Minutes = 0,
    start: Annotated[Path, typer.Option(help="The pack whose detector is trained on and whose VAE softens pictures.")] = PACK,
    plain: Annotated[Path | None, typer.Option(help="The plain judge's ONNX file: it begins as that, and is taught by it.")] = None,
    threads: Threads = 0,
) -> None:  # fmt: skip
    """The detector and the judge for faces drawn by any hand. Stop it at any time; the same command goes on."""
    from evaluation.portraits import Portraits
    from training.curves import draw_curves
    from training.drawn_judge import make_drawn_judge
    from training.loop import TimeIsUp

    _use(threads)
    place = Run(run, RECIPES[recipe](), output, time.monotonic() + 60 * minutes if minutes else None)
    try:
        make_drawn_judge(place, [Portraits.load(folder) for folder in portraits], start, plain)
    except TimeIsUp as said:
        typer.echo(said)
        raise typer.Exit(75) from None  # EX_TEMPFAIL: try again
    draw_curves(run, output / "training.png")


@app.command("designers")
def designers(
    artists: Annotated[Path, typer.Option(help="The portraits that `artists` drew for training.")],
    plain: Annotated[Path, typer.Option(help="The plain judge's ONNX file: all begin as that.")] = PACK / "judge" / "rec_paperdoll_judge.onnx",
    run: RunFolder = DRAWN_RUN, recipe: RecipeName = "two-cores", minutes: Minutes = 0, threads: Threads = 0,
) -> None:  # fmt: skip
    """Judges of drawn faces that never saw a designer, each measured on that designer's sets, beside one that saw them all,
    as Markdown tables. Stop it at any time; the same command goes on."""
    from evaluation.hands_report import as_markdown
    from evaluation.portraits import Portraits
    from training.left_out import without_each_designer
    from training.loop import TimeIsUp

    _use(threads)
    place = Run(run, RECIPES[recipe](), DRAWN_JUDGE, time.monotonic() + 60 * minutes if minutes else None)
    try:
        typer.echo(as_markdown(list(without_each_designer(place, Portraits.load(artists), plain))))
    except TimeIsUp as said:
        typer.echo(said)
        raise typer.Exit(75) from None


@app.command("previews")
def previews(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "two-cores", threads: Threads = 0
) -> None:
    """The pack's decoder of previews alone, from what its VAE decodes: a few minutes of one core."""
    from diffusers import AutoencoderKL

    from drawn_world.people import People
    from training.autoencoder import encode
    from training.dataset import pictures
    from training.previews import train_previews, write_previews

    _use(threads)
    place = Run(run, RECIPES[recipe](), pack)
    people = People(place.recipe.picture_people.first, place.recipe.previewed // 2, 2)
    vae = AutoencoderKL.from_pretrained(pack / "vae", dtype=torch.float32)
    latents = encode(vae, pictures(run / "data" / "previews", people).pixels)
    write_previews(train_previews(place, vae, latents), pack / "preview")


@app.command("generator")
def generator(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "two-cores", minutes: Minutes = 0,
    threads: Threads = 0,
) -> None:  # fmt: skip
    """The pack's UNet, adapter and text encoder alone, trained on with the words that stand beside an identity in the app."""
    _use(threads)
    _part(run, pack, recipe, minutes, "generator")


@app.command("decoder")
def decoder(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "two-cores", minutes: Minutes = 0,
    threads: Threads = 0,
) -> None:  # fmt: skip
    """The pack's decoder alone, trained on, and that of previews after it. Stop it at any time; the same command goes on."""
    _use(threads)
    _part(run, pack, recipe, minutes, "decoder")


@app.command("prior")
def prior(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "two-cores", minutes: Minutes = 0,
    threads: Threads = 0,
) -> None:  # fmt: skip
    """The pack's identity prior alone, from what its encoder sees of drawn people. Stop it at any time, as the others."""
    _use(threads)
    _part(run, pack, recipe, minutes, "prior")


@app.command("calibrate")
def calibrate(run: RunFolder = RUN, pack: PackFolder = PACK, threads: Threads = 0) -> None:
    """Writes the pack's calibration.json from drawn people never trained on."""
    from training import measure

    _use(threads)
    typer.echo(measure.calibrate(Run(run, Recipe(), pack)))


@app.command("measure")
def measure(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "two-cores", people: int = 300,
    steps: Annotated[bool, typer.Option(help="Instead: the generator with other schedulers and fewer steps.")] = False,
    threads: Threads = 0,
) -> None:  # fmt: skip
    """Prints how well the pack finds faces, tells people apart, keeps them and obeys words, as Markdown tables."""
    from training.measure import compare_steps, measure_encoders, measure_variants

    _use(threads)
    place = Run(run, RECIPES[recipe](), pack)
    tables = (compare_steps(place, people),) if steps else (measure_encoders(place), measure_variants(place, people))
    for table in tables:
        for line in table:
            typer.echo(line)
        typer.echo()


@app.command("latents")
def latents(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "two-cores", people: int = 24,
    threads: Threads = 0,
) -> None:  # fmt: skip
    """Prints how far predicted clean latents are off, by the noise over them, as a Markdown table."""
    from training.latent_errors import latent_errors
    from training.measure import table

    _use(threads)
    for line in table(latent_errors(Run(run, RECIPES[recipe](), pack), people)):
        typer.echo(line)


@app.command("words")
def words(
    run: RunFolder = RUN, pack: PackFolder = PACK, recipe: RecipeName = "two-cores", prompts: int = 300,
    threads: Threads = 0,
) -> None:  # fmt: skip
    """Prints how much of what words ask for a new character shows, with the pack's prior and without, as a Markdown table."""
    from training.measure import measure_words

    _use(threads)
    for line in measure_words(Run(run, RECIPES[recipe](), pack), prompts):
        typer.echo(line)


@app.command("sheet")
def sheet(
    run: RunFolder = RUN, pack: PackFolder = PACK, people: int = 8, looks: int = 7, output: Path = Path("variants.png"),
    from_words: Annotated[bool, typer.Option(help="Instead: as many new characters, each by words of its own.")] = False,
) -> None:  # fmt: skip
    """A contact sheet of the pack's variants: in each row a reference drawing and the same person in other looks."""
    from training.measure import contact_sheet, words_sheet

    place = Run(run, Recipe(), pack)
    (words_sheet if from_words else contact_sheet)(place, people, looks).save(output)
    typer.echo(output)


@app.command("artists")
def artists(run: RunFolder = Path("training-runs/artists"), people: int = 300, looks: int = 6) -> None:
    """People by real artists' hands, from open-licensed sets; needs Node. Prints the share of each hand's people who have a
    twin."""
    from training.artists import draw_artists, share_of_twins, styles

    drawn = {
        "training": draw_artists(run / "train", people, looks, "training"),
        "held out": draw_artists(run / "heldout", people, looks, "held out"),
    }
    for use, portraits in drawn.items():
        for name, share in share_of_twins(portraits).items():
            typer.echo(f"{name} by {styles()[name].designer} ({use}): {share:.0%} of its people have a twin")


@app.command("hands")
def hands(run: RunFolder = Path("training-runs/hands"), processes: int = 1) -> None:
    """People by many hands of our own artist: those that are trained on, and the reserved hundred."""
    from drawn_world.hand import RESERVED, TRAINED
    from training.hands import draw_hands

    draw_hands(run / "train", TRAINED, 10, 4, processes)
    draw_hands(run / "reserved", RESERVED, 60, 2, processes)


def _part(
    run: Path, pack: Path, recipe: RecipeName, minutes: float, part: Literal["generator", "decoder", "prior"]
) -> None:
    """Trains one part of a pack and writes it there."""
    from pipeline.pack_files import write_files
    from training.loop import TimeIsUp
    from training.pack import PartAlone

    place = Run(run, RECIPES[recipe](), pack, time.monotonic() + 60 * minutes if minutes else None)
    alone = PartAlone(place, place.recipe.redrawn if part == "decoder" else None)
    try:
        {"generator": alone.write_generator, "decoder": alone.write_decoder, "prior": alone.write_prior}[part]()
        write_files(pack, DRAWN_JUDGE if pack == PACK else None)
    except TimeIsUp as said:
        typer.echo(said)
        raise typer.Exit(75) from None


def _use(threads: int) -> None:
    if threads:
        torch.set_num_threads(threads)


app()
