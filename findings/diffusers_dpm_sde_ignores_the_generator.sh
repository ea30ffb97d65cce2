#!/usr/bin/env bash
# diffusers 0.42.1, DPMSolverSDEScheduler: the pipeline's generator does not decide the picture.
#
# "generator: ... to make generation deterministic", say the pipelines, and with other schedulers that add noise it does.
# This one (A1111's "DPM++ SDE") draws noise of its own, from a seed that it takes from torch's global chance: the same
# generator gives another picture each time, without a word. One `noise_sampler_seed` cures that as long as a picture is
# drawn alone: as the second of two it comes out otherwise. A list of seeds, one a picture, makes it the same again.
# Castbook's schedulers therefore get such a list for every run.
#
# Prints the versions and what was drawn; fails where diffusers draws otherwise than is written here.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    torch==2.13.0 diffusers==0.42.1 transformers==5.23.0 accelerate==1.15.0 torchsde==0.2.6
cd "$folder"
HF_HUB_OFFLINE=1 venv/bin/python - <<'PYTHON'
import sys
import warnings

import diffusers
import torch
import torchsde
from diffusers import (
    AutoencoderKL,
    DPMSolverSDEScheduler,
    EulerAncestralDiscreteScheduler,
    StableDiffusionPipeline,
    UNet2DConditionModel,
)

SEEDS = [3, 4]  # the picture is that of the second, drawn alone or after the first


def pipeline_with(scheduler: object) -> StableDiffusionPipeline:
    """Stable Diffusion, small and untrained."""
    torch.manual_seed(0)
    unet = UNet2DConditionModel(
        sample_size=8, block_out_channels=(32, 64), cross_attention_dim=32, attention_head_dim=8,
        down_block_types=("CrossAttnDownBlock2D", "DownBlock2D"), up_block_types=("UpBlock2D", "CrossAttnUpBlock2D"),
    )
    pipeline = StableDiffusionPipeline(
        vae=AutoencoderKL(block_out_channels=(32,), latent_channels=4), text_encoder=None, tokenizer=None, unet=unet,
        scheduler=scheduler, safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )
    pipeline.set_progress_bar_config(disable=True)
    torch.seed()  # of torch's global chance, as in a program that was just started
    return pipeline


def picture(scheduler: object, seeds: list[int]) -> torch.Tensor:
    """The last one's latents."""
    return pipeline_with(scheduler)(
        prompt_embeds=torch.zeros(1, 4, 32), guidance_scale=1.0, num_inference_steps=5, height=8, width=8,
        num_images_per_prompt=len(seeds), generator=[torch.Generator().manual_seed(seed) for seed in seeds],
        output_type="latent",
    ).images[-1]


def same(one: torch.Tensor, other: torch.Tensor) -> bool:
    return torch.allclose(one, other, atol=1e-3)


warnings.simplefilter("ignore")
diffusers.logging.set_verbosity_error()
print(f"diffusers {diffusers.__version__}, torch {torch.__version__}, torchsde {torchsde.__version__}")
ancestral, sde = EulerAncestralDiscreteScheduler(), DPMSolverSDEScheduler()
one_seed = DPMSolverSDEScheduler(noise_sampler_seed=4)
of_one, of_two = (DPMSolverSDEScheduler(noise_sampler_seed=seeds) for seeds in (SEEDS[1:], SEEDS))
checks = {
    "Euler a, twice": (same(picture(ancestral, [4]), picture(ancestral, [4])), True),
    "Euler a, alone and as the second of two": (same(picture(ancestral, [4]), picture(ancestral, SEEDS)), True),
    "DPM++ SDE, twice": (same(picture(sde, [4]), picture(sde, [4])), False),
    "DPM++ SDE, noise_sampler_seed=4, twice": (same(picture(one_seed, [4]), picture(one_seed, [4])), True),
    "DPM++ SDE, noise_sampler_seed=4, alone and as the second of two":
        (same(picture(one_seed, [4]), picture(one_seed, SEEDS)), False),
    "DPM++ SDE, noise_sampler_seed=[4] and [3, 4], alone and as the second of two":
        (same(picture(of_one, [4]), picture(of_two, SEEDS)), True),
}
for what, (is_same, _) in checks.items():
    print(f"{what}: {'the same picture' if is_same else 'two pictures'}")
as_expected = all(seen == expected for seen, expected in checks.values())
sys.exit(0 if as_expected else "diffusers draws otherwise than is written here.")
PYTHON
