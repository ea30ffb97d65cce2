"""How far a generator's prediction of clean latents is off, by how much noise is over them: for people it was trained on and
for strangers, where heads are and where scenery is.

A latent space is judged by it, and by what the VAE gives back, before any generator is trained on it for long: where the
error is hardly less than the noise, the network sees no more than noise in what it should predict.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import torch
from diffusers import AutoencoderKL
from torch import Tensor, nn
from transformers import CLIPTokenizer

from drawn_world.people import HELD_OUT, People
from drawn_world.world import caption
from training.autoencoder import encode
from training.dataset import Pictures, pictures
from training.encoders import embed, steering_encoder, trained
from training.generator import clean, identity_of_others, is_head, scheduler, velocity
from training.loop import device
from training.onnx_files import read_weights
from training.pack import STEERING_FILE, load_generator
from training.recipe import Run
from training.words import tokens

TIMES = (20, 60, 125, 250, 500, 750, 999)
LOOKS = 3


def latent_errors(run: Run, people: int) -> Iterator[Sequence[str]]:
    """The rows of a table, a column for each time: noise beside signal, then the deviation of what is predicted, by the
    right words and identity and without guidance, from what is there; the latents' own deviation is 1."""
    model, tokenizer = load_generator(run.pack), CLIPTokenizer.from_pretrained(run.pack / "tokenizer")
    kept = scheduler().alphas_cumprod
    yield "time", *(str(t) for t in TIMES)
    yield "noise beside signal", *(f"{float(((1 - kept[t]) / kept[t]).sqrt()):.2f}" for t in TIMES)
    groups = {
        "trained": People(run.recipe.picture_people.first, people, LOOKS),
        "held-out": People(HELD_OUT.first, people, LOOKS),
    }
    for name, group in groups.items():
        heads, scenery = _errors(run.pack, model, tokenizer, pictures(run.folder / "data" / f"errors-{name}", group))
        yield f"{name} people, heads", *(f"{error:.3f}" for error in heads)
        yield f"{name} people, scenery", *(f"{error:.3f}" for error in scenery)


@torch.no_grad()
def _errors(
    pack: Path, model: nn.ModuleDict, tokenizer: CLIPTokenizer, shown: Pictures
) -> tuple[list[float], list[float]]:
    noising, rng = scheduler(), np.random.default_rng(0)
    latents = (
        encode(AutoencoderKL.from_pretrained(pack / "vae", dtype=torch.float32), shown.pixels).float().to(device())
    )
    identities = embed(trained(read_weights(steering_encoder(), pack / STEERING_FILE)), shown)
    given = np.stack([identity_of_others(identities, i, shown.people.looks, rng) for i in range(len(shown))])
    ids = tokens(tokenizer, [caption(*one, rng, describe_person=False) for one in shown.shown])
    heads = torch.from_numpy(np.stack([is_head(box) for box in shown.boxes])).to(device())
    torch.manual_seed(0)
    found = []
    for t in TIMES:
        times = torch.full((len(latents),), t, device=device())
        noisy = noising.add_noise(latents, torch.randn_like(latents), times)
        made = [
            velocity(model, *(part.to(device()) for part in some))
            for some in zip(
                *(part.split(16) for part in (noisy, times, torch.from_numpy(ids), torch.from_numpy(given))),
                strict=True,
            )
        ]
        found.append((clean(noising, noisy, times, torch.cat(made)) - latents).square().mean(1))
    return _deviation(found, heads), _deviation(found, ~heads)


def _deviation(errors: Sequence[Tensor], where: Tensor) -> list[float]:
    return [float(error[where].mean().sqrt()) for error in errors]
