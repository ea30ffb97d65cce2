"""The same rows from a Ray cluster: `pip install "ray[data]"`, then `python -m evaluation retention --ray WORKERS`.

Each worker loads the pack once and measures job after job; the shards are written where the run was started, so the
workers need not share a disk. The code, packs and
references have to lie at the same place on all machines. Leave Ray a CPU beside the workers: a pool of two on two CPUs
waits for ever.
"""

# tqdm comes without types.
# pyright: reportMissingModuleSource=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from tqdm import tqdm

from errors import InvalidRequest
from evaluation.plan import Job
from evaluation.run import Measure, keep, shard


def carry_out_on_ray(
    folder: Path, jobs: Sequence[Job], places: Sequence[int], load_measure: Callable[[], Measure], workers: int
) -> None:
    """As `run.carry_out`, by so many workers. `load_measure` is called once in each. Raises InvalidRequest."""
    ray = connect(workers)
    measured = ray.data.from_items([{"place": place, "job": jobs[place]} for place in places]).map(
        _Worker,
        fn_constructor_args=(load_measure,),
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_gpus=1 if ray.cluster_resources().get("GPU") else 0,
    )
    for made in tqdm(measured.iter_rows(), total=len(places), desc="measuring", unit="job"):
        keep(folder, made["place"], made["shard"])


def connect(workers: int) -> Any:
    """Ray, with room for so many workers. Raises InvalidRequest."""
    ray = _ray()
    ray.init(ignore_reinit_error=True)
    cpus = int(ray.cluster_resources().get("CPU", 0))
    if not 1 <= workers < max(cpus, 2):
        raise InvalidRequest(
            "{workers} workers were asked for, and the cluster has {cpus} CPUs.",
            "Choose 1 to {most}: one CPU is left to Ray itself.",
            workers=workers,
            cpus=cpus,
            most=max(1, cpus - 1),
        )
    return ray


class _Worker:
    def __init__(self, load_measure: Callable[[], Measure]) -> None:
        self._measure = load_measure()

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        return {"place": row["place"], "shard": shard(self._measure(row["job"]))}


def _ray() -> Any:
    try:
        ray = importlib.import_module("ray")
        importlib.import_module("ray.data")
    except ImportError as error:
        raise InvalidRequest(
            "Ray is not installed.", 'Install it with: pip install "ray[data]". Or leave --ray out.'
        ) from error
    return ray
