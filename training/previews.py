"""A small decoder of the pack's own latents, for previews: a picture at a quarter of the size in a hundredth of the time.

In the published format of tiny autoencoders (diffusers' AutoencoderTiny). It learns from what the VAE's decoder makes of
latents, and from noisy ones to guess what they will become: half-way through a run there is much noise in them.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from training.autoencoder import LATENT_CHANNELS
from training.loop import Batch, Drawn, Losses, Schedule, autocast, device, train
from training.recipe import Run

BATCH = 16
CHANNELS = 24
SIGNAL = (0.4, 1.0)  # the latents' share in what is decoded, the rest is noise; paperdoll's half-way is 0.53


def build() -> AutoencoderTiny:
    """The encoder that belongs to the format does nothing here, and is as small as can be."""
    return AutoencoderTiny(
        latent_channels=LATENT_CHANNELS, encoder_block_out_channels=(1,), num_encoder_blocks=(0,),
        decoder_block_out_channels=(CHANNELS,) * 3, num_decoder_blocks=(1, 1, 0),
    )  # fmt: skip


def train_previews(run: Run, vae: AutoencoderKL, latents: Tensor) -> AutoencoderTiny:
    """`latents` (n, 16, 16, 16) of pictures, as the VAE encodes them."""
    known = latents[: run.recipe.previewed].float().numpy()
    small = thumbnails(vae, latents[: run.recipe.previewed])

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen = rng.integers(0, len(known), run.recipe.batch(BATCH))
        signal = rng.uniform(*SIGNAL, (len(chosen), 1, 1, 1)).astype(np.float32)
        noise = rng.standard_normal(known[chosen].shape, np.float32)
        return {"latents": signal * known[chosen] + np.sqrt(1 - signal**2) * noise, "small": small[chosen]}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        real = batch["small"].float().permute(0, 3, 1, 2) / 127.5 - 1
        return {"loss": F.l1_loss(model.decoder(batch["latents"]), real)}

    schedule = Schedule(run.recipe.preview_steps, 2e-3)
    trained = train(run, "previews", build, draw, losses, schedule)
    assert isinstance(trained, AutoencoderTiny)
    return trained


@torch.no_grad()
def thumbnails(vae: AutoencoderKL, latents: Tensor) -> npt.NDArray[np.uint8]:
    """What the decoder makes of latents, at a quarter of its size: (n, 64, 64, 3)."""
    vae.to(device(), memory_format=torch.channels_last).eval()
    found = []
    for each in tqdm(latents.split(2), desc="decoding", mininterval=5):
        with autocast():
            decoded = vae.decode(each.to(device(), torch.float32)).sample
        found.append(F.avg_pool2d(decoded.float(), 4).add(1).mul(127.5).round().clamp(0, 255).byte())
    return torch.cat(found).permute(0, 2, 3, 1).cpu().numpy()


def write_previews(trained: AutoencoderTiny, folder: Path) -> None:
    trained.to("cpu", torch.float16).save_pretrained(folder)
