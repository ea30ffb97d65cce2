"""The VAE: 256 x 256 pictures to latents of 16 x 16 x 16 and back, in diffusers' AutoencoderKL format.

A latent diffusion model's (Rombach et al. 2022, https://arxiv.org/abs/2112.10752). Trained on crops (it has no attention, so
position means nothing to it). The decoder also sees noisy latents, since those the generator makes are never exact. Afterwards
the latents' channels are standardised inside the quant convolutions, so that `scaling_factor` is 1. From then on the encoder
stays as it is; the decoder trains on when the generator is there (decoder.py).
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from diffusers.models.downsampling import Downsample2D
from diffusers.models.resnet import ResnetBlock2D
from diffusers.models.upsampling import Upsample2D
from torch import Tensor, nn
from torch.nn import functional as F
from tqdm import tqdm

from drawn_world.artist import SIZE
from training.dataset import Pictures
from training.loop import Batch, Drawn, Losses, Schedule, autocast, device, train
from training.recipe import Run

LATENT_CHANNELS = 16
CROP, SMALL_CROP, BATCH = 128, 64, 8
NOISE = 0.1  # of the latents' standard deviation


def build() -> AutoencoderKL:
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 5,
        up_block_types=("UpDecoderBlock2D",) * 5,
        block_out_channels=(16, 32, 64, 128, 128),
        layers_per_block=1,
        latent_channels=LATENT_CHANNELS,
        norm_num_groups=1,  # more groups would hide a flat colour: each group is centred over the picture
        sample_size=256,
        scaling_factor=1.0,
        mid_block_add_attention=False,
    )
    _start_with_colours(vae)
    return vae


@torch.no_grad()
def _start_with_colours(vae: AutoencoderKL) -> None:
    """Sets six channels so that the untrained VAE already returns each 16 x 16 block's mean colour.

    Colours travel as themselves and negated, and silu(x) - silu(-x) = x undoes the activations at both ends. From the usual
    random start, colour took thousands of steps to appear.
    """
    kept = torch.cat([torch.eye(3), -torch.eye(3)])  # (6, 3)
    for module in vae.modules():
        if isinstance(module, ResnetBlock2D):
            nn.init.zeros_(module.conv2.weight)
            if module.conv_shortcut is not None:
                _pass_on(module.conv_shortcut, torch.eye(6))
        elif isinstance(module, Downsample2D):
            _pass_on(module.conv, torch.eye(6), (slice(0, 2), slice(0, 2)))
        elif isinstance(module, Upsample2D):
            _pass_on(module.conv, torch.eye(6))
    _pass_on(vae.encoder.conv_in, kept)
    _pass_on(vae.encoder.conv_out, kept.T)
    _pass_on(vae.quant_conv, torch.eye(3))
    _pass_on(vae.post_quant_conv, torch.eye(3))
    _pass_on(vae.decoder.conv_in, kept)
    _pass_on(vae.decoder.conv_out, kept.T)


def _pass_on(conv: nn.Conv2d, matrix: Tensor, window: tuple[slice, slice] | None = None) -> None:
    """The first outputs become `matrix` times the first inputs, averaged over the window (default: the middle)."""
    outputs, inputs = matrix.shape
    middle = conv.kernel_size[0] // 2
    rows, columns = window or (slice(middle, middle + 1),) * 2
    conv.weight[:outputs] = 0
    conv.bias[:outputs] = 0
    area = conv.weight[0, 0, rows, columns].numel()
    conv.weight[:outputs, :inputs, rows, columns] = (matrix / area)[:, :, None, None]


def to_tensor(pixels: npt.NDArray[np.uint8]) -> Tensor:
    """(n, h, w, 3) bytes to (n, 3, h, w) floats from -1 to 1, channels last in memory."""
    return scaled(torch.from_numpy(np.array(pixels)).to(device()))


def scaled(pixels: Tensor) -> Tensor:
    """The same of bytes that are on the device already."""
    return pixels.permute(0, 3, 1, 2).float().div_(127.5).sub_(1)


def train_autoencoder(run: Run, build: Callable[[], AutoencoderKL], pictures: Pictures) -> AutoencoderKL:
    """Encoder and decoder of what `build` gives, together."""

    recipe = run.recipe

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        size = SMALL_CROP if progress < recipe.small_crops_until else CROP
        return {"crops": _crops(pictures, rng, recipe.batch(BATCH), size)}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, AutoencoderKL)
        real = scaled(batch["crops"])
        with autocast():
            posterior = model.encode(real).latent_dist
            mean = posterior.mean.float()
            noise = NOISE * torch.rand(len(mean), 1, 1, 1, device=mean.device) * torch.randn_like(mean)
            made = model.decode(mean + mean.detach().std() * noise).sample.float()
        size = mean.square().mean()
        return {
            "loss": reconstruction_loss(made, real) + 1e-3 * (size - 1).relu(),
            "l1": F.l1_loss(made, real).detach(),
            "latent": size.detach(),
        }

    schedule = Schedule(recipe.autoencoder_steps, learning_rate=1.5e-3, ema=0.995)
    vae = train(run, "autoencoder", build, draw, losses, schedule)
    assert isinstance(vae, AutoencoderKL)
    return vae


def reconstruction_loss(made: Tensor, real: Tensor) -> Tensor:
    """Absolute error of colours and of their differences at three scales: lines count, not only areas."""
    total = F.l1_loss(made, real)
    for weight in (1.0, 0.5, 0.5):
        for axis in (-1, -2):
            total = total + weight * F.l1_loss(made.diff(dim=axis), real.diff(dim=axis))
        made, real = F.avg_pool2d(made, 2), F.avg_pool2d(real, 2)
    return total + F.l1_loss(made, real) + F.mse_loss(made, real)


@torch.no_grad()
def encode(vae: AutoencoderKL, pixels: npt.NDArray[np.uint8]) -> Tensor:
    """The latents of pictures (n, 256, 256, 3): float16 (n, 16, 16, 16), on the CPU."""
    vae.to(device(), memory_format=torch.channels_last).eval()
    batch = 2 if device().type == "cpu" else 32  # what stays in a CPU's cache: 31 pictures a second there, of 32 only 9
    found = []
    for start in tqdm(range(0, len(pixels), batch), desc="encoding", mininterval=5):
        with autocast():
            found.append(vae.encode(to_tensor(pixels[start : start + batch])).latent_dist.mean.half().cpu())
    return torch.cat(found)


@torch.no_grad()
def soften(
    vae: AutoencoderKL, pixels: npt.NDArray[np.uint8], between: tuple[float, float] = (0.1, 0.5)
) -> npt.NDArray[np.uint8]:
    """Pictures (n, h, w, 3) as the decoder draws them from latents that are off by so much of their deviation."""
    low, high = between
    vae.to(device(), memory_format=torch.channels_last).eval()
    rng, found = torch.Generator().manual_seed(0), []
    batch = 2 if device().type == "cpu" else 32  # as in `encode`
    for start in tqdm(range(0, len(pixels), batch), desc="softening", mininterval=5):
        with autocast():
            latents = vae.encode(to_tensor(pixels[start : start + batch])).latent_dist.mean
            off = low + (high - low) * torch.rand(len(latents), 1, 1, 1, generator=rng)
            noise = torch.randn(latents.shape, generator=rng) * off * latents.float().std().cpu()
            made = vae.decode(latents + noise.to(latents)).sample
        found.append(made.float().add(1).mul(127.5).round().clamp(0, 255).byte().permute(0, 2, 3, 1).cpu().numpy())
    return np.concatenate(found)


@torch.no_grad()
def standardise(vae: AutoencoderKL, pictures: Pictures) -> None:
    """Folds each latent channel's mean and deviation into the quant convolutions, in place."""
    latents = encode(vae, pictures.pixels[:: max(1, len(pictures) // 512)]).float()
    mean, deviation = latents.mean((0, 2, 3)).to(device()), latents.std((0, 2, 3)).to(device())
    quant, post = vae.quant_conv, vae.post_quant_conv
    assert quant is not None and post is not None
    c = LATENT_CHANNELS
    post.bias += (post.weight[:, :, 0, 0] * mean).sum(1)
    post.weight *= deviation[None, :, None, None]
    quant.weight[:c] /= deviation[:, None, None, None]
    quant.bias[:c] = (quant.bias[:c] - mean) / deviation


def _crops(pictures: Pictures, rng: np.random.Generator, count: int, size: int) -> npt.NDArray[np.uint8]:
    """Random crops, most of them on the face, where the fine lines are."""
    crops = []
    for i in rng.integers(0, len(pictures), count):
        y, x = rng.integers(0, SIZE + 1, 2) if rng.random() < 0.4 else rng.integers((60, 70), (200, 186))
        y, x = np.clip((y - size // 2, x - size // 2), 0, SIZE - size)
        crops.append(pictures.pixels[i, y : y + size, x : x + size])
    return np.stack(crops)
