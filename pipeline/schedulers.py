"""A pack's scheduler: found by its name, tried before it is taken, and made anew for every run.

With generator.py, faceid.py, on_gpu.py, compiled.py and clip_reader.py the only files that import torch or its
libraries.
"""

# diffusers' own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

import inspect
from collections.abc import Mapping, Sequence
from textwrap import shorten
from typing import Any

import diffusers
import torch
from diffusers import SchedulerMixin

from errors import InvalidRequest, PackUnavailable
from pipeline.packs import Pack


def load_scheduler(pack: Pack, of_the_base: Mapping[str, Any]) -> SchedulerMixin:
    """The pack's, with what `of_the_base`, the base model's own scheduler configuration, says and the pack doesn't.

    Raises PackUnavailable where diffusers has no such scheduler, where it cannot be set up so, and where it is not made
    for Stable Diffusion.
    """
    name, own = pack.scheduler.class_name, pack.scheduler.config
    try:
        scheduler = _found(name, own).from_config(of_the_base, **own)
        _try_out(scheduler, pack.defaults.steps)
        return scheduler
    except ImportError as error:
        raise PackUnavailable(
            "The scheduler {scheduler} of the pack {pack} needs a package that is not installed ({error}).",
            "Install it, or choose another scheduler in {file}.",
            scheduler=name,
            pack=repr(pack.name),
            error=_brief(error),
            file=pack.folder / "pack.toml",
        ) from error
    except Exception as error:  # whatever it is that a class raises which was not made for this
        raise PackUnavailable(
            "The scheduler {scheduler} of the pack {pack} cannot be used ({error}).",
            "Correct [scheduler] in {file}.",
            scheduler=name,
            pack=repr(pack.name),
            error=_brief(error),
            file=pack.folder / "pack.toml",
        ) from error


def for_a_run(scheduler: Any, steps: int, seeds: Sequence[int]) -> Any:
    """The scheduler at its beginning, for it counts its own steps. Raises InvalidRequest where it cannot take so many.

    Schedulers that add noise take it from the generators that the pipeline hands them, one a picture. Only DPM++ SDE
    asks for seeds (`BatchedBrownianTree` in diffusers/schedulers/scheduling_dpmsolver_sde.py): without them it draws
    another picture every time.
    """
    own_noise = {"noise_sampler_seed": list(seeds)} if "noise_sampler_seed" in scheduler.config else {}
    fresh = scheduler.from_config(scheduler.config, **own_noise)
    try:
        fresh.set_timesteps(steps)
    except ValueError as error:
        raise InvalidRequest(
            "The pack's scheduler, {scheduler}, cannot draw in {steps} steps.",
            "Choose a number of steps nearer to the one that was proposed.",
            scheduler=type(scheduler).__name__,
            steps=steps,
        ) from error
    return fresh


def _found(name: str, own: Mapping[str, Any]) -> Any:
    scheduler_class: Any = getattr(diffusers, name, None)
    if hasattr(scheduler_class, "_backends"):  # diffusers' stand-in where a package is missing; it says which
        scheduler_class.from_config()
    if SchedulerMixin not in getattr(scheduler_class, "__mro__", ()):
        raise ValueError(f"{name} is no scheduler of diffusers")
    if unknown := set(own) - set(inspect.signature(scheduler_class).parameters):  # diffusers drops them
        raise ValueError(f"{name} knows no {', '.join(sorted(unknown))}")
    return scheduler_class


def _try_out(scheduler: Any, steps: int) -> None:
    """Denoises noise, as Stable Diffusion's pipeline does: much of what a scheduler refuses it refuses no earlier."""
    random = torch.Generator().manual_seed(0)
    scheduler.set_timesteps(steps)
    latents = torch.randn(1, 4, 8, 8, generator=random) * scheduler.init_noise_sigma
    for timestep in scheduler.timesteps:
        noise = torch.randn(scheduler.scale_model_input(latents, timestep).shape, generator=random)
        latents = scheduler.step(noise, timestep, latents, return_dict=False)[0]
    if not torch.isfinite(latents).all():
        raise ValueError("with these settings it gives no picture but infinities")


def _brief(error: Exception) -> str:
    """On one line: torch lists every signature that it would have taken."""
    return shorten(f"{type(error).__name__}: {error}", 300, placeholder=" …")
