"""`python -m library_store`: what the operator does for a library. It is found as the app finds it: by CASTBOOK_..."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated

import typer

from errors import CastbookError
from library_store import backups
from library_store.checking import Report
from library_store.checking import check as check_library
from library_store.database import Sessions, open_database, open_for_reading
from library_store.keys import Keys
from library_store.pictures import Pictures
from library_store.repairing import repair as repair_library
from library_store.users import Users, owner_of_user
from settings import Settings

app = typer.Typer(help=__doc__, add_completion=False, no_args_is_help=True)


@app.callback()
def library_store() -> None:
    """Looks after the library that the environment names (CASTBOOK_HOME and others)."""


@app.command()
def check() -> None:
    """Reads every row and file, changes none, and says whose is missing or damaged. Exit code 1: something is."""
    _end((), _is_whole(Settings()))


@app.command("backup")
def back_up(
    folder: Annotated[Path, typer.Argument(help="A new folder, or an earlier backup: only what is new is copied.")],
    verify: Annotated[bool, typer.Option("--verify", help="Read all of it back, and check it.")] = False,
) -> None:
    """Copies the database and its pictures into a folder. The server may go on. Exit code 1: something is lacking."""
    settings = Settings()
    pictures = Pictures.open(settings.resolved_pictures, may_be_new=False)
    lacking = backups.back_up(settings.resolved_database_url, pictures, folder, _watched)
    is_whole = _is_whole(Settings(home=folder, database_url="", pictures="")) if verify else True
    _end(lacking, is_whole)


@app.command()
def restore(
    folder: Annotated[Path, typer.Argument(help="A backup.", exists=True, file_okay=False)],
    verify: Annotated[bool, typer.Option("--verify", help="Read all of it, and check it.")] = False,
) -> None:
    """Puts a backup where the app looks for its library, but never over one. Stop the server first."""
    settings = Settings()
    lacking = backups.restore(folder, settings.resolved_database_url, settings.resolved_pictures, _watched)
    _end(lacking, _is_whole(settings) if verify else True)


@app.command()
def repair(
    backup: Annotated[
        Path | None, typer.Option(help="A backup that lost pictures come back from.", exists=True, file_okay=False)
    ] = None,
) -> None:
    """Puts right what can be, says what, and checks again. Stop the server first. Exit code 1: something is left."""
    settings = Settings()
    pictures = Pictures.open(settings.resolved_pictures, may_be_new=False)
    kept = Pictures.open(backup / backups.PICTURES, may_be_new=False) if backup else None
    engine = open_database(settings.resolved_database_url)
    for what, count in repair_library(engine, pictures, kept, _watched).items():
        typer.echo(f"{count} {what}")
    engine.dispose()
    _end((), _is_whole(settings))


@app.command()
def add_user(name: Annotated[str, typer.Argument(help="Whoever signs in; case counts for nothing.")]) -> None:
    """Lets somebody sign in by a password (CASTBOOK_ACCESS=accounts), or gives them another: then they sign in anew."""
    settings, users = Settings(), Users(Settings().users_file)
    name = users.add(name, typer.prompt("Password", hide_input=True, confirmation_prompt=True))
    _sign_out(settings, name)
    typer.echo(f"{name} can sign in.")


@app.command()
def remove_user(name: str) -> None:
    """Lets a user, and their programs, in no more. What is theirs stays, and is there when they are added anew."""
    settings = Settings()
    name = Users(settings.users_file).remove(name)
    _sign_out(settings, name)
    typer.echo(f"{name} is let in no more.")


@app.command("users")
def list_users() -> None:
    """Says who can sign in by a password."""
    for name in Users(Settings().users_file).names():
        typer.echo(name)


def _sign_out(settings: Settings, name: str) -> None:
    engine = open_database(settings.resolved_database_url)
    Keys(Sessions(engine)).sign_out_everywhere(owner_of_user(name))
    engine.dispose()


def _is_whole(settings: Settings) -> bool:
    engine = open_for_reading(settings.resolved_database_url)
    report = check_library(engine, Pictures.open(settings.resolved_pictures, may_be_new=False), _watched)
    _print(report)
    return not report.wrong


def _end(lacking: Sequence[str], is_whole: bool = True) -> None:
    for content_hash in lacking:
        typer.echo(f"There was no whole picture {content_hash} to copy.")
    if lacking or not is_whole:
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
