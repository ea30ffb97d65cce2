"""A run's folder: its plan, and its rows as parquet shards, written as they are made.

    plan.json      all that determines the rows, and the cases in their order
    command.txt    what began the run
    rows/*.parquet a shard a job, named by the job's place in the plan: a job whose shard is there is done

So a killed run goes on where it stopped, any number of processes may share a folder, and the rows are in the order of
the plan whoever drew them.
"""

# datasets, pyarrow and tqdm come without types, or with partial ones.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

import io
import json
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import datasets
import pyarrow
import pyarrow.parquet
from datasets.table import InMemoryTable
from tqdm import tqdm

from errors import InvalidRequest
from evaluation.plan import Job
from evaluation.rows import FEATURES, Row, as_record

PLAN, COMMAND, SHARDS = "plan.json", "command.txt", "rows"

Measure = Callable[[Job], tuple[Row, ...]]
Determinants = Mapping[str, object]  # what determines a run, as JSON


def begin(folder: Path, determinants: Determinants, jobs: Sequence[Job], command: str = "") -> None:
    """Makes the folder of a new run, or makes sure that the run in it is this one. Raises InvalidRequest."""
    plan = {**determinants, "cases": [[case.id for case in job] for job in jobs]}
    wanted = json.dumps(plan, indent=1, ensure_ascii=False)
    (folder / SHARDS).mkdir(parents=True, exist_ok=True)
    file = folder / PLAN
    if file.is_file():
        _check_the_same(folder, json.loads(file.read_text("utf-8")), json.loads(wanted))
        return
    if any((folder / SHARDS).iterdir()):
        raise InvalidRequest(
            "{folder} holds rows, and no plan that says of what.", "Choose another --output folder.", folder=folder
        )
    _write(folder / COMMAND, command.encode())
    _write(file, wanted.encode())


def remaining(folder: Path, jobs: Sequence[Job]) -> list[int]:
    """The places in the plan of the jobs that are not done."""
    return [place for place in range(len(jobs)) if not _shard(folder, place).is_file()]


def carry_out(folder: Path, jobs: Sequence[Job], places: Iterable[int], measure: Measure) -> None:
    """Does the jobs at these places, each written before the next begins."""
    for place in tqdm(list(places), desc="measuring", unit="job", smoothing=0.1):
        keep(folder, place, shard(measure(jobs[place])))


def shard(rows: Iterable[Row]) -> bytes:
    """Rows as a parquet file."""
    buffer = io.BytesIO()
    table = datasets.Dataset.from_list([as_record(row) for row in rows], features=FEATURES)
    table.to_parquet(buffer)
    return buffer.getvalue()


def keep(folder: Path, place: int, parquet: bytes) -> None:
    """Writes the shard of the job at this place, whole or not at all."""
    _write(_shard(folder, place), parquet)


def read_dataset(folder: Path) -> Any:
    """The rows so far as a `datasets.Dataset`, in the order of the plan. Raises InvalidRequest where there are none."""
    files = sorted((folder / SHARDS).glob("*.parquet"))
    if not files:
        raise InvalidRequest(
            "There are no rows in {folder}.", "Give the --output folder of a retention run.", folder=folder
        )
    table = pyarrow.concat_tables([pyarrow.parquet.read_table(file) for file in files])
    return datasets.Dataset(InMemoryTable(table))  # with the FEATURES that the shards carry


def read_rows(folder: Path) -> list[Row]:
    """The rows so far, in the order of the plan. Raises InvalidRequest where there are none."""
    return [_row(record) for record in read_dataset(folder)]


def read_plan(folder: Path) -> dict[str, Any]:
    """What determined the run. Raises InvalidRequest."""
    try:
        return json.loads((folder / PLAN).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise InvalidRequest(
            "There is no run in {folder} ({error}).",
            "Give the --output folder of a retention run.",
            folder=folder,
            error=error,
        ) from error


def read_command(folder: Path) -> str:
    """What began the run; "" where nobody said."""
    file = folder / COMMAND
    return file.read_text("utf-8") if file.is_file() else ""


def _row(record: dict[str, Any]) -> Row:
    missing = record["missing"]
    values: dict[str, Any] = {**record, "missing": None if missing is None else tuple(missing)}
    return Row(**values)


def _check_the_same(folder: Path, there: dict[str, object], wanted: dict[str, object]) -> None:
    differing = [name for name in {**there, **wanted} if there.get(name) != wanted.get(name)]
    if differing:
        raise InvalidRequest(
            "{folder} holds another run: it differs in {differing}.",
            "Choose another --output folder, or repeat what began that run: {command}",
            folder=folder,
            differing=", ".join(differing),
            command=read_command(folder) or "nobody knows",
        )


def _shard(folder: Path, place: int) -> Path:
    return folder / SHARDS / f"{place:06}.parquet"


def _write(file: Path, data: bytes) -> None:
    """A file of that name is complete, whenever the power goes."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    with unfinished.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    unfinished.replace(file)
