"""`python -m evaluation retention`: people, prompts and a pack, drawn and measured into a run's folder."""

# datasets comes with partial types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false

from __future__ import annotations

import functools
import hashlib
import platform
import shlex
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path

import datasets

from errors import InvalidRequest
from evaluation.cluster import carry_out_on_ray, connect
from evaluation.drawn import MEASURED, PACK, drawn_people
from evaluation.measuring import MeasuredModels, Measurer
from evaluation.people import IDENTITY, Person, fingerprint, known_people, load_people
from evaluation.plan import REFERENCES, Job, make_jobs, read_prompts
from evaluation.rows import ARMS
from evaluation.run import Measure, begin, carry_out, remaining
from pipeline.packs import Pack, load_pack

PROMPTS = Path(__file__).parent / "prompts"
LIBRARIES = ("torch", "diffusers", "transformers", "peft", "onnxruntime", "insightface", "numpy", "pillow", "datasets")
UNREAD = (".md", "calibration.json")  # of a pack's files those that change no picture and no measure

LoadModels = Callable[[Pack, int], MeasuredModels]  # a pack and the CPU threads for torch; 0: its own choice


@dataclass(frozen=True)
class Retention:
    """What is asked for. Plain values alone: it travels to the workers of a cluster."""

    pack: str
    packs: tuple[Path, ...]  # folders of packs, the first that has it counts
    output: Path
    references: str | None = None  # a folder or hub id; None: the drawn world's own people
    identity_column: str = IDENTITY
    prompts: Path | None = None  # None: the pack's own, or the general ones
    people: int = 50
    count: int = 2
    quick: bool = False
    threads: int = 0


def measure_retention(asked: Retention, load_models: LoadModels, ray_workers: int = 0) -> int | None:
    """Draws and measures what the run in `asked.output` lacks.

    Gives the number of the run's rows, to the first process alone. Raises CastbookError.
    """
    from evaluation.processes import Processes  # imports torch

    datasets.disable_progress_bars()  # they would come between each two steps of our own
    if ray_workers:
        connect(ray_workers)  # what is wrong with the cluster is said before any model is loaded
    processes = Processes()
    bench = processes.first_alone(lambda: open_bench(asked, load_models))
    jobs, folder = bench.jobs, asked.output
    processes.first_alone(lambda: begin(folder, bench.determinants, jobs, shlex.join(["python", *_arguments()])))
    places = remaining(folder, jobs)
    processes.wait()  # nobody begins before all have seen what is left
    if ray_workers:
        carry_out_on_ray(folder, jobs, places, functools.partial(_load_measure, asked, load_models), ray_workers)
    else:
        carry_out(folder, jobs, processes.share(places), bench.measure)
    processes.wait()
    return sum(len(job) for job in jobs) if processes.is_first else None


@dataclass(frozen=True, eq=False)
class Bench:
    """A run, ready to be carried out."""

    jobs: tuple[Job, ...]
    determinants: dict[str, object]
    measure: Measure


def open_bench(asked: Retention, load_models: LoadModels) -> Bench:
    """Loads the people and the pack, and plans. The same everywhere, and on every worker. Raises CastbookError."""
    pack = load_pack(asked.pack, asked.packs)
    pack = pack if asked.references else pack.at_home  # its own people are drawn in its own hand
    prompts = read_prompts(asked.prompts or _own_prompts(pack))[: 2 if asked.quick else None]
    people = _people(asked)
    models = load_models(pack, asked.threads)
    known = known_people(people, models.maker.faces)
    count = 1 if asked.quick else asked.count
    jobs = make_jobs(
        {person.identity: len(person.pictures) for person in known}, prompts, count, pack.defaults.identity_scale
    )
    determinants = _determinants(asked, pack, people, prompts, count)
    return Bench(jobs, determinants, Measurer(models, known).measure)


def _load_measure(asked: Retention, load_models: LoadModels) -> Measure:
    return open_bench(asked, load_models).measure


def _people(asked: Retention) -> tuple[Person, ...]:
    """Each with the pictures that can steer together, and the one that is held out."""
    count = min(6, asked.people) if asked.quick else asked.people
    source = asked.references
    if source is None:
        if asked.pack != PACK:
            raise InvalidRequest(
                "The pack {pack} has no people of its own to be measured with.",
                "Give a folder of pictures, or a dataset on the hub, with --references.",
                pack=repr(asked.pack),
            )
        if count > MEASURED:
            raise InvalidRequest(
                "{count} people were asked for.",
                "Choose at most {most}: on the others the pack is calibrated.",
                count=count,
                most=MEASURED,
            )
        source = str(drawn_people(count))
    return load_people(source, asked.identity_column, count, REFERENCES + 1)


def _own_prompts(pack: Pack) -> Path:
    file = PROMPTS / f"{pack.name}.txt"
    return file if file.is_file() else PROMPTS / "general.txt"


def _determinants(
    asked: Retention, pack: Pack, people: tuple[Person, ...], prompts: tuple[str, ...], count: int
) -> dict[str, object]:
    return {
        "pack": pack.name,
        "weights": _weights(pack),
        "encoders": {"steering": pack.faces.encoder, "judge": pack.judge_encoder},
        "defaults": asdict(pack.defaults),
        "data": asked.references or f"drawn people of {PACK}",
        "people": [person.identity for person in people],
        "pictures": fingerprint(people),
        "prompts": list(prompts),
        "count": count,
        "arms": list(ARMS),
        "versions": {library: version(library) for library in LIBRARIES} | {"python": platform.python_version()},
    }


def _weights(pack: Pack) -> str:
    """SHA-256 of the pack's files; of models on the hub these say no more than the revision."""
    digest = hashlib.sha256()
    for file in sorted(file for file in pack.folder.rglob("*") if file.is_file() and not file.name.endswith(UNREAD)):
        digest.update(file.relative_to(pack.folder).as_posix().encode())
        digest.update(file.read_bytes())
    return digest.hexdigest()


def _arguments() -> list[str]:
    """Of the process, the module by its name."""
    return ["-m", "evaluation", *sys.argv[1:]] if Path(sys.argv[0]).stem == "__main__" else sys.argv
