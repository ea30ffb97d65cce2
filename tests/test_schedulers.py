"""Every scheduler of diffusers: a picture follows from its seed alone, or the scheduler is refused beforehand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import diffusers
import numpy as np
import pytest
from diffusers import SchedulerMixin
from fakes import Asked

from errors import InvalidRequest, PackUnavailable
from pipeline.generator import DiffusersGenerator
from pipeline.packs import Pack, Scheduler, load_pack
from pipeline.schedulers import for_a_run, load_scheduler

MADE_FOR_STABLE_DIFFUSION = """
CMStochasticIterative CogVideoXDDIM CosineDPMSolverMultistep DDIM DDIMInverse DDIMParallel DDPM DDPMParallel
DEISMultistep DPMSolverMultistep DPMSolverMultistepInverse DPMSolverSDE DPMSolverSinglestep EDMDPMSolverMultistep
EDMEuler EulerAncestralDiscrete EulerDiscrete HeunDiscrete IPNDM KDPM2AncestralDiscrete KDPM2Discrete LCM LMSDiscrete
PNDM SASolver TCD UniPCMultistep
""".split()
NOISE_OF_ITS_OWN = {  # the settings by which these add noise at every step
    "DPMSolverMultistep": {"algorithm_type": "sde-dpmsolver++"},
    "EDMDPMSolverMultistep": {"algorithm_type": "sde-dpmsolver++"},
    "DPMSolverSinglestep": {"algorithm_type": "sde-dpmsolver++"},
    "DPMSolverSDE": {"noise_sampler_seed": 7},
}
OF_DIFFUSERS = {
    name
    for name in dir(diffusers)
    if name != "SchedulerMixin" and SchedulerMixin in getattr(getattr(diffusers, name, None), "__mro__", ())
}
REQUEST = Asked("a cat", 3, count=1, reference=None, identity_scale=0.0, steps=4, guidance_scale=1.0)
EQUAL = 1e-2  # mean difference in levels of 0 to 255: rounding in batches of other sizes

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


@pytest.fixture(scope="module")
def pack(toy_packs: Path) -> Pack:
    return load_pack("doll", [toy_packs])


@pytest.fixture(scope="module")
def pipeline(pack: Pack) -> Any:
    return DiffusersGenerator.load(pack, device="cpu")._pipeline  # pyright: ignore[reportPrivateUsage]


@pytest.fixture(scope="module")
def of_the_base(pack: Pack) -> Any:
    return diffusers.DDIMScheduler.from_pretrained(pack.folder, subfolder="scheduler").config


def scheduled(pack: Pack, name: str, **own: object) -> Pack:
    return replace(pack, scheduler=Scheduler(f"{name}Scheduler", own))


def drawn(generator: DiffusersGenerator, request: Asked) -> list[np.ndarray]:
    return [np.asarray(picture, np.float64) for picture in generator.generate(*request, lambda step: None)]


@pytest.mark.parametrize(
    ("name", "own"), [*((name, {}) for name in MADE_FOR_STABLE_DIFFUSION), *NOISE_OF_ITS_OWN.items()]
)
def test_a_picture_follows_from_its_seed_alone_by_every_scheduler(
    pipeline: Any, of_the_base: Any, pack: Pack, name: str, own: dict[str, Any]
):
    pipeline.scheduler = diffusers.DDIMScheduler.from_config(of_the_base)
    generator = DiffusersGenerator(pipeline, scheduled(pack, name, **own))

    (alone,) = drawn(generator, REQUEST)
    other, beside = drawn(generator, replace(REQUEST, seed=2, count=2))

    assert np.abs(alone - beside).mean() < EQUAL
    assert np.abs(alone - other).mean() > 1


@pytest.mark.parametrize("name", sorted(OF_DIFFUSERS - {f"{name}Scheduler" for name in MADE_FOR_STABLE_DIFFUSION}))
def test_a_scheduler_that_is_not_made_for_stable_diffusion_is_refused_when_the_pack_is_loaded(
    pack: Pack, of_the_base: Any, name: str
):
    with pytest.raises(PackUnavailable, match=f"The scheduler {name} of the pack 'doll' cannot be used"):
        load_scheduler(scheduled(pack, name.removesuffix("Scheduler")), of_the_base)


@pytest.mark.parametrize(
    ("name", "own", "cause"),
    [
        ("NoSuch", {}, "NoSuchScheduler is no scheduler of diffusers"),
        ("DDIM", {"use_karras": True}, "DDIMScheduler knows no use_karras"),
        ("DDIM", {"timestep_spacing": "sometimes"}, "sometimes is not supported"),
        ("DDIM", {"prediction_type": "v"}, "prediction_type given as v must be one of"),
        ("DDIM", {"beta_schedule": "flat"}, "flat is not implemented"),
        ("DDIM", {"num_train_timesteps": "many"}, "TypeError: linspace"),
        ("DDIM", {"prediction_type": "epsilon", "rescale_betas_zero_snr": True, "timestep_spacing": "trailing"},
         "no picture but infinities"),
        ("DPMSolverMultistep", {"use_karras_sigmas": True, "use_beta_sigmas": True}, "Only one of"),
        ("LCM", {"original_inference_steps": 2}, "is smaller than `num_inference_steps`: 4"),
    ],
)  # fmt: skip
def test_a_scheduler_that_cannot_be_set_up_says_why_and_where_to_correct_it(
    pack: Pack, of_the_base: Any, name: str, own: dict[str, Any], cause: str
):
    with pytest.raises(PackUnavailable) as refused:
        load_scheduler(scheduled(pack, name, **own), of_the_base)

    assert cause in refused.value.cause and "\n" not in refused.value.cause
    assert refused.value.remedy == f"Correct [scheduler] in {pack.folder / 'pack.toml'}."


def test_what_is_no_scheduler_is_refused(pack: Pack, of_the_base: Any):
    for name in ("UNet2DConditionModel", "SchedulerMixin", "schedulers", "__doc__", ""):
        with pytest.raises(PackUnavailable):
            load_scheduler(replace(pack, scheduler=Scheduler(name, {})), of_the_base)


@pytest.mark.parametrize(("name", "steps"), [("LCM", 60), ("TCD", 60), ("PNDM", 2)])
def test_steps_that_a_scheduler_cannot_take_are_a_request_to_be_corrected(
    pack: Pack, of_the_base: Any, name: str, steps: int
):
    scheduler = load_scheduler(scheduled(pack, name), of_the_base)

    with pytest.raises(InvalidRequest, match=f"{name}Scheduler, cannot draw in {steps} steps"):
        for_a_run(scheduler, steps, [1])


WITHOUT_TORCHSDE = """
import sys
from importlib.machinery import PathFinder
from pathlib import Path

class WithoutTorchsde(PathFinder):
    @classmethod
    def find_spec(cls, name, path=None, target=None):
        return None if name == "torchsde" else super().find_spec(name, path, target)

sys.meta_path[sys.meta_path.index(PathFinder)] = WithoutTorchsde

from pipeline.packs import load_pack
from pipeline.schedulers import load_scheduler

load_scheduler(load_pack(sys.argv[1], [Path(sys.argv[2])]), {})
"""


def test_a_package_that_the_scheduler_needs_and_that_is_not_installed_is_named(toy_packs: Path, tmp_path: Path):
    (tmp_path / "sde").mkdir()
    toml = (toy_packs / "lora" / "pack.toml").read_text().replace('"lora"', '"sde"')
    (tmp_path / "sde" / "pack.toml").write_text(toml.replace("DDIMScheduler", "DPMSolverSDEScheduler"))

    run = subprocess.run([sys.executable, "-c", WITHOUT_TORCHSDE, "sde", tmp_path], capture_output=True, text=True)

    said = run.stderr.splitlines()[-1]
    assert said.startswith(
        "errors.PackUnavailable: The scheduler DPMSolverSDEScheduler of the pack 'sde' needs a package that is not"
    )
    assert "pip install torchsde" in said and said.endswith(
        f"choose another scheduler in {tmp_path / 'sde/pack.toml'}."
    )
