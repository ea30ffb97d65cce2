"""`python -m library_store`: what the operator does for a library. It is found as the app finds it: by CASTBOOK_..."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

import typer

from errors import CastbookError
from library_store.checking import Report
from library_store.checking import check as check_library
from library_store.database import open_for_reading
from library_store.pictures import Pictures
from settings import Settings

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)


@app.callback()
def library_store() -> None:
    """Looks after the library that the environment names (CASTBOOK_HOME and others)."""


@app.command()
def check() -> None:
    """Reads every row and file, changes none, and says whose is missing or damaged. Exit code 1: something is."""
    settings = Settings()
    engine = open_for_reading(settings.resolved_database_url)
    report = check_library(engine, Pictures.open(settings.resolved_pictures, may_be_new=False), _watched)
    _print(report)
    if report.wrong:
        raise typer.Exit(1)


def _watched(items: Sequence[str]) -> Iterator[str]:
    with typer.progressbar(items, label="Pictures", file=sys.stderr) as bar:
        yield from bar


def _print(report: Report) -> None:
    for whose, lines in report.wrong.items():
        typer.echo(whose or "Belongs to no character")
        for line in lines:
            typer.echo(f"  {line}")
    typer.echo(f"{report.pictures} pictures, {sum(map(len, report.wrong.values()))} troubles.")
    if report.orphans:
        typer.echo(f"{report.orphans} files are named by no row: left by a crash, or written a moment ago.")


if __name__ == "__main__":
    try:
        app()
    except CastbookError as error:
        sys.exit(f"{error.cause} {error.remedy}")
