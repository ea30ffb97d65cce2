"""The VAE's decoder, trained once more when the generator is there: sharp pictures of latents that are not.

Absolute errors alone end in soft lines, and a generator's latents are off by half their deviation, which a decoder that never
saw such draws as cracks. So half of what this one learns from are latents as the generator draws them, and beside the errors it
is told by a patch discriminator (Isola et al. 2017, https://arxiv.org/abs/1611.07004) whether what it makes looks drawn, and by
the features of the steering encoder what a face lacks (Zhang et al. 2018, https://arxiv.org/abs/1801.03924).
The judge and the ruler, which measure the pack, teach it nothing.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from torch.nn import functional as F

from training.autoencoder import CROP, NOISE, reconstruction_loss, scaled
from training.dataset import Pictures
from training.generator import CELL, LATENT_SIDE
from training.loop import Batch, Drawn, Losses, Schedule, autocast, device, train
from training.recipe import Run

BATCH = 8
WINDOW = CROP // CELL  # latents a side
# The weights of the encoder's features, the discriminator's and its verdict, beside the errors: about as much of the
# gradient. A new discriminator knows nothing yet, so its verdict counts more and more.
FELT, TOLD, JUDGED = 0.3, 1.0, 0.15
REDRAWN = 0.3  # of the errors' weight where the generator has drawn lines of its own, near the true ones
STAGES = (2, 3, 4)  # of the steering encoder: its stem and its first two blocks, at 1/2, 1/4 and 1/8
INNER = (..., slice(CELL, -CELL), slice(CELL, -CELL))  # a window's edge lacks its neighbours


class Discriminator(nn.Module):
    """Pictures (n, 3, h, w) to what each patch of 46 pixels a side looks like: above 0 drawn, below 0 made; and features."""

    def __init__(self) -> None:
        super().__init__()
        widths = (3, 32, 64, 128)
        self.stages = nn.ModuleList(
            nn.Sequential(nn.Conv2d(inputs, outputs, 4, 2, 1), nn.LeakyReLU(0.2))
            for inputs, outputs in pairwise(widths)
        )
        self.verdict = nn.Conv2d(widths[-1], 1, 4, 1, 1)

    def forward(self, x: Tensor) -> tuple[Tensor, list[Tensor]]:
        features = []
        for stage in self.stages:
            x = stage(x)
            features.append(x)
        return self.verdict(x), features


def train_decoder(
    run: Run, vae: AutoencoderKL, pictures: Pictures, latents: Tensor, soft: Tensor, steering: nn.Module
) -> AutoencoderKL:
    """`latents` (n, 16, 16, 16) of a frozen encoder belong to the pictures, in their order; `soft` (m, 16, 16, 16), what
    the generator made of them, to the first m. Changes the VAE."""
    known, guessed = latents.numpy(), soft.numpy()
    middles = pictures.boxes.reshape(-1, 2, 2).mean(1) / CELL  # (n, 2): x and y of faces, in latents
    eyes = nn.ModuleList(_sight(steering)).to(device())

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        count = run.recipe.batch(BATCH)
        chosen, real, shown = rng.integers(0, len(guessed), count), [], []
        for k, i in enumerate(chosen):
            x, y = _corner(middles[i], rng)
            real.append(pictures.pixels[i, y * CELL : y * CELL + CROP, x * CELL : x * CELL + CROP])
            shown.append((guessed if k % 2 else known)[i, :, y : y + WINDOW, x : x + WINDOW])
        return {"real": np.stack(real), "latents": np.stack(shown)}

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, nn.ModuleDict)
        real, latent = scaled(batch["real"])[INNER], batch["latents"].float()
        noise = NOISE * torch.rand(len(latent), 1, 1, 1, device=latent.device)
        with autocast():
            made = model["decoder"](model["post_quant_conv"](latent + noise * torch.randn_like(latent))).float()[INNER]
        error = reconstruction_loss(made[::2], real[::2]) + REDRAWN * reconstruction_loss(made[1::2], real[1::2])
        felt = _unlike(eyes, made, real)
        discriminator = model["discriminator"]
        discriminator.requires_grad_(False)  # what it says of this picture teaches the decoder alone
        verdict, seen = discriminator(made)
        discriminator.requires_grad_(True)
        (on_made, _), (on_real, drawn) = discriminator(made.detach()), discriminator(real)
        # The hinge loss (Lim and Ye 2017, https://arxiv.org/abs/1705.02894); below, feature matching (Wang et al. 2018,
        # https://arxiv.org/abs/1711.11585).
        deceived = (1 + on_made).relu().mean() + (1 - on_real).relu().mean()
        told = torch.stack([F.l1_loss(a, b.detach()) for a, b in zip(seen, drawn, strict=True)]).mean()
        return {
            "loss": error + FELT * felt + TOLD * told - min(1, 4 * progress) * JUDGED * verdict.mean() + deceived,
            "error": error.detach(),
            "features": felt.detach(),
            "deceived": deceived.detach(),
        }

    parts = {"post_quant_conv": vae.post_quant_conv, "decoder": vae.decoder, "discriminator": Discriminator()}
    schedule = Schedule(run.recipe.decoder_steps, learning_rate=5e-4, ema=0.99)
    trained = train(run, "decoder", lambda: nn.ModuleDict(parts), draw, losses, schedule)
    assert isinstance(trained, nn.ModuleDict)
    vae.post_quant_conv.load_state_dict(trained["post_quant_conv"].state_dict())
    vae.decoder.load_state_dict(trained["decoder"].state_dict())
    return vae


def _corner(middle: npt.NDArray[np.float32], rng: np.random.Generator) -> tuple[int, int]:
    """Of a window, in latents: three of four hold the face."""
    last = LATENT_SIDE - WINDOW
    x, y = rng.integers(0, last + 1, 2)
    if rng.random() < 0.75:
        x, y = np.clip(np.round(middle - WINDOW / 2 + rng.normal(0, 1, 2)), 0, last).astype(int)
    return int(x), int(y)


def _sight(steering: nn.Module) -> list[nn.Module]:
    """The encoder's first stages, each to be called with what the one before it gives."""
    assert isinstance(steering, nn.Sequential)
    steering.eval().requires_grad_(False)
    ends = [0, *(stage + 1 for stage in STAGES)]
    return [steering[first:last] for first, last in pairwise(ends)]


def _unlike(stages: nn.ModuleList, made: Tensor, real: Tensor) -> Tensor:
    """How far the features are from each other, each place's of unit length."""
    total = made.new_zeros(())
    for stage in stages:
        made, real = stage(made), stage(real)
        total = total + (F.normalize(made) - F.normalize(real)).square().sum(1).mean()
    return total
