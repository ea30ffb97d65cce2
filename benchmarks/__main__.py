"""`python -m benchmarks`: how soon the page is there, and how long four judged variants take. More: `--help`."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated, Literal

import typer

from app import load_maker
from benchmarks.serving import serving_empty
from pipeline.packs import Pack, load_pack
from pipeline.values import Reference
from pipeline.variants import VariantMaker
from settings import BUILT_IN_PACKS, Settings

RUNS = 3
commands = typer.Typer(add_completion=False, invoke_without_command=True)


@commands.callback()
def speed(context: typer.Context) -> None:
    """How soon the page is there, and how long four judged variants take."""
    if context.invoked_subcommand is not None:
        return
    print(f"python app.py to first page: {_seconds_to_first_page():.1f} s (bar: 6 s)")
    settings = Settings()
    pack = load_pack(settings.pack, settings.pack_folders)
    started = time.perf_counter()
    maker = load_maker(pack, settings.compiled)
    print(f"models of {pack.name}, imports included: {time.perf_counter() - started:.1f} s")
    _print_variants(maker, pack)


@commands.command()
def variants(
    pack: str = "paperdoll",
    packs: Annotated[Path | None, typer.Option(help="A folder of your own packs, looked in first.")] = None,
    rounds: Annotated[int, typer.Option(min=1)] = 7,
    warming: Annotated[int, typer.Option(help="Drawings of each before the first that counts.")] = 2,
    architecture: Annotated[
        Literal["sd15", "sdxl"] | None,
        typer.Option(help="Instead of a pack, one of chance weights."),
    ] = None,
    count: Annotated[int, typer.Option(min=1, help="Pictures of such a pack.")] = 4,
) -> None:
    """Four judged variants beside the plain script's four pictures, in turn: seconds, parts, memory."""
    from benchmarks.variants import Asked, compare

    if architecture is None:
        compare(Asked(pack, (packs, BUILT_IN_PACKS) if packs else (BUILT_IN_PACKS,)), rounds, warming)
        return
    from benchmarks.architectures import ARCHITECTURES, write_pack

    with TemporaryDirectory() as folder:
        name = write_pack(Path(folder, architecture), ARCHITECTURES[architecture], steps=8, count=count)
        compare(Asked(name, (Path(folder), BUILT_IN_PACKS), compiled=Path(folder)), rounds, warming)


@commands.command()
def gpu(
    tiny: Annotated[bool, typer.Option(help="A tenth of the widths at 64 x 64, on whatever there is.")] = False,
    steps: Annotated[int, typer.Option(min=1)] = 30,
    rounds: Annotated[int, typer.Option(min=1)] = 5,
) -> None:
    """Stable Diffusion 1.5 and SDXL with weights by chance on this GPU, beside the plain script, way by way."""
    from benchmarks.gpu import main

    main(tiny, steps, rounds)


@commands.command()
def start(rounds: Annotated[int, typer.Option(min=1)] = 3) -> None:
    """From `python app.py` to a page and to models that draw, with memory, beside a bare Gradio page."""
    from benchmarks.start import main

    main(rounds)


@commands.command()
def first_visit() -> None:
    """A first visit in Chromium, counted in clicks and seconds."""
    from benchmarks.first_visit import main  # playwright, which the other figures do without

    main()


@commands.command()
def page() -> None:
    """How heavy and how quick the Story page is, in Chromium, beside a bare Gradio page."""
    from benchmarks.page import main

    main()


@commands.command()
def library(characters: int = 10_000) -> None:
    """A library of so many characters in Chromium: page, searches, popup, and the server's memory."""
    from benchmarks.large_library import main

    main(characters)


@commands.command()
def transactions() -> None:
    """How many transactions and statements the usual requests take."""
    from benchmarks.transactions import main

    main()


@commands.command()
def locks(characters: int = 10_000) -> None:
    """How long each writing verb keeps other writers waiting, in a library of so many characters."""
    from benchmarks.locks import main

    main(characters)


@commands.command()
def kills(kills: Annotated[int, typer.Option(min=1)] = 500, seed: int = 0) -> None:
    """A process that writes with every verb, killed at random instants: what was acknowledged, is it there?"""
    from benchmarks.kills import main

    main(kills, seed)


@commands.command()
def people(people: int = 50, minutes: float = 30) -> None:
    """So many people at one server, with fake models: errors, milliseconds of library verbs, memory."""
    from benchmarks.people import main

    main(people, minutes)


@commands.command()
def turns() -> None:
    """One visitor asks for forty drawings: how long does another's single one take?"""
    from benchmarks.people import turns

    turns()


@commands.command()
def mutated(pictures: int = 10_000, zips: int = 500, seed: int = 0) -> None:
    """Pictures and exports with bytes changed at random: read or refused, how soon, and what stays in memory."""
    from benchmarks.mutated import main

    main(pictures, zips, seed)


def _print_variants(maker: VariantMaker, pack: Pack) -> None:
    """Four in one request, as the page does it, against four requests of one."""
    portrait = maker.generate(pack.request("smiling woman with red hair, cafe", 7, count=1), None, _ignore).ranked[0]
    face = maker.find_face(portrait.picture)
    reference = Reference(portrait.picture, face.identities)

    def together() -> None:
        maker.generate(pack.request("wearing a spacesuit, outer space", 11, count=4), reference, _ignore)

    def apart() -> None:
        for i in range(4):
            maker.generate(pack.request("wearing a spacesuit, outer space", 11 + i, count=1), reference, _ignore)

    together()  # warm
    batch, single = _best(together), _best(apart)
    print(
        f"four judged variants, warm: {batch:.2f} s (bar: 10 s); one by one: {single:.2f} s, ratio {single / batch:.2f}"
    )


def _best(work: Callable[[], None]) -> float:
    times: list[float] = []
    for _ in range(RUNS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)


def _seconds_to_first_page() -> float:
    started = time.perf_counter()
    with serving_empty():
        return time.perf_counter() - started


def _ignore(_: object) -> None:
    """No one watches a benchmark's steps."""


if __name__ == "__main__":
    commands()
