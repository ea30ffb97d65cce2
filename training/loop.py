"""One training loop for every model: seeded by the step, resumable after a kill, logged, with a cosine learning rate.

Batches are drawn by processes of their own where there are cores to spare: a GPU waits for nobody.
"""

from __future__ import annotations

import json
import os
import time
import zlib
from collections.abc import Callable
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt
import torch
from filelock import FileLock
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn
from torch.utils.data import DataLoader, Dataset
from tqdm import tqdm

from training.groupnorm import make_fast
from training.recipe import SEED, Run

Drawn = dict[str, npt.NDArray[np.generic]]
Batch = dict[str, Tensor]  # what was drawn, on the device; single numbers stay behind: reading them waits for no GPU
Losses = dict[str, Tensor]  # "loss" is what is minimised; the others are only logged
WORKERS = max(0, min(8, (os.cpu_count() or 1) - 4))  # processes that draw batches; 0: the training process does


class TimeIsUp(Exception):
    """The minutes that a piece of a run was given are over."""


def device() -> torch.device:
    """The best device there is, never assumed."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def autocast() -> torch.autocast:
    """bf16 where the machine computes in it: on GPUs and recent CPUs. Elsewhere it is imitated, 16 times slower."""
    return torch.autocast(device().type, dtype=torch.bfloat16, enabled=_has_bf16())


def _has_bf16() -> bool:
    """A CPU says so itself; torch's own check counts the imitation too."""
    can = torch.cpu.get_capabilities()
    return device().type != "cpu" or can.get("avx512_bf16", False) or can.get("amx_bf16", False)


@dataclass(frozen=True)
class Schedule:
    steps: int
    learning_rate: float
    weight_decay: float = 0.01
    ema: float = 0.0  # decay of the averaged weights; 0: none are kept
    warmup: int = 100
    checkpoint_seconds: float = 60  # so much is lost at most when the training is killed

    def factor(self, step: int) -> float:
        """Of the learning rate: a warm-up, then half a cosine (Loshchilov and Hutter 2017, https://arxiv.org/abs/1608.03983)."""
        progress = min(1.0, step / self.steps)
        return min(1.0, (step + 1) / self.warmup) * (0.02 + 0.98 * 0.5 * (1 + float(np.cos(np.pi * progress))))


def train(
    run: Run,
    name: str,
    build: Callable[[], nn.Module],
    draw: Callable[[np.random.Generator, float], Drawn],
    losses: Callable[[nn.Module, Batch, float], Losses],
    schedule: Schedule,
) -> nn.Module:
    """Trains what `build` gives until `schedule.steps`, going on from the run's last checkpoint.

    `draw(rng, progress)` gives one batch, on the CPU; `losses(model, batch, progress)` its losses; `progress` goes from 0
    to 1. All chance depends on the name and the step alone, so a run that was killed ends as one that was not.
    Returns the averaged model where the schedule asks for one, else the model, in eval mode. Raises TimeIsUp, with all
    saved, when the run's time is over. Of two processes that train the same, one waits for the other.
    """
    with FileLock(run.file(f"{name}.lock")):
        return _train_on(_Training(run, name, build, schedule), draw, losses)


class _Training:
    """A model on its way: what a checkpoint holds."""

    def __init__(self, run: Run, name: str, build: Callable[[], nn.Module], schedule: Schedule) -> None:
        self.run, self.name, self.schedule = run, name, schedule
        self.seed = zlib.crc32(name.encode()) + SEED
        torch.manual_seed(self.seed)
        self.model = build()
        self.model.to(device(), memory_format=torch.channels_last)
        make_fast(self.model)
        decay = schedule.ema
        self.averaged = AveragedModel(self.model, multi_avg_fn=get_ema_multi_avg_fn(decay)) if decay else None
        self.optimizer = torch.optim.AdamW(
            self.model.parameters(), lr=1.0, weight_decay=schedule.weight_decay, betas=(0.9, 0.99), fused=True
        )
        self.step = 0  # so many are done
        self._checkpoint = run.file(f"{name}.pt")
        if self._checkpoint.exists():
            state = torch.load(self._checkpoint, map_location=device(), weights_only=True)
            self.model.load_state_dict(state["model"])
            self.optimizer.load_state_dict(state["optimizer"])
            if self.averaged is not None:
                self.averaged.load_state_dict(state["averaged"])
            self.step = state["step"]

    def save(self) -> None:
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict(), "step": self.step}
        if self.averaged is not None:
            state["averaged"] = self.averaged.state_dict()
        spare = self._checkpoint.with_suffix(".tmp")
        torch.save(state, spare)
        spare.replace(self._checkpoint)

    def log(self, found: Losses) -> dict[str, float]:
        figures = {key: round(value.item(), 5) for key, value in found.items()}
        with self.run.file(f"{self.name}.jsonl").open("a") as file:
            file.write(json.dumps({"step": self.step, **figures}) + "\n")
        return figures


def _train_on(
    training: _Training,
    draw: Callable[[np.random.Generator, float], Drawn],
    losses: Callable[[nn.Module, Batch, float], Losses],
) -> nn.Module:
    model, optimizer, schedule, ends = training.model, training.optimizer, training.schedule, training.run.ends
    model.train()
    saved, steps = time.monotonic(), range(training.step, schedule.steps)
    batches = _loader(_Batches(draw, training.seed, schedule.steps), steps)
    bar = tqdm(batches, initial=training.step, total=schedule.steps, desc=training.name, mininterval=5)
    for step, drawn in zip(steps, bar, strict=True):
        for group in optimizer.param_groups:
            group["lr"] = schedule.learning_rate * schedule.factor(step)
        torch.manual_seed(training.seed * 1_000_003 + step)
        batch = {key: value.to(device(), non_blocking=True) if value.ndim else value for key, value in drawn.items()}
        found = losses(model, batch, step / schedule.steps)
        optimizer.zero_grad(set_to_none=True)
        found["loss"].backward()
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        if training.averaged is not None:
            training.averaged.update_parameters(model)
        if step % 20 == 0:
            bar.set_postfix(training.log(found))  # the bar stays, so a stage ends by saying what it reached
        training.step = step + 1
        over, done = ends is not None and time.monotonic() > ends, training.step == schedule.steps
        if over or done or time.monotonic() - saved > schedule.checkpoint_seconds:
            training.save()
            saved = time.monotonic()
        if over and not done:
            raise TimeIsUp(
                f"{training.name} stopped at step {training.step} of {schedule.steps}; "
                "the same command goes on from there."
            )
    return (training.averaged.module if training.averaged is not None else model).eval()


class _Batches(Dataset[Drawn]):
    """The batch of each step, drawn with a seed of its own: how many processes draw them changes nothing."""

    def __init__(self, draw: Callable[[np.random.Generator, float], Drawn], seed: int, steps: int) -> None:
        self.draw, self.seed, self.steps = draw, seed, steps

    def __getitem__(self, step: int) -> Drawn:
        return self.draw(np.random.default_rng([self.seed, step]), step / self.steps)


def _loader(batches: _Batches, steps: range) -> DataLoader[Batch]:
    many = {"prefetch_factor": 4, "multiprocessing_context": "fork", "worker_init_fn": _alone} if WORKERS else {}
    return DataLoader(  # pyright: ignore[reportReturnType]: it makes tensors of what is drawn
        batches, batch_size=None, sampler=steps, num_workers=WORKERS, pin_memory=device().type == "cuda", **many
    )


def _alone(_: int) -> None:
    """A forked process has none of OpenCV's threads, and would wait for them."""
    cv2.setNumThreads(0)
