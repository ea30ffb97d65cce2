"""The generator, taught by its own pictures of people whom it never saw (ReFL, Xu et al. 2023).

The app's sampler draws them with the app's guidance, by an identity alone; the reader tells at two of its steps whom the
picture is going to show. Training on noisy drawings never shows a generator where its own first steps lead, and needs
drawings: here a face drawn once is enough, so that what is learnt is to follow identities, not to know a few thousand.
The judge, the ruler and the combinations that are kept from training have no part in it.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import torch
from diffusers import UniPCMultistepScheduler
from torch import Tensor, nn
from torch.nn import functional as F
from transformers import CLIPTokenizer

from drawn_world.world import ACCESSORIES, BACKGROUNDS, EXPRESSIONS, LIGHTS, OUTFITS, VIEWS, Look
from training.dataset import Pictures
from training.generator import clean, guided, identity_of_others, scheduler, set_scale, velocity
from training.loop import Batch, Drawn, Losses, Schedule, device, train
from training.reader import Reader
from training.recipe import Run
from training.words import tokens

BATCH = 16
STEPS = 8  # the pack's default
WATCHED = ((2, 3, 4), (5, 6, 7))  # one of the first and one of the second are steps to learn from


def polish(
    run: Run,
    model: nn.ModuleDict,
    tokenizer: CLIPTokenizer,
    pictures: Pictures,
    latents: Tensor,
    identities: npt.NDArray[np.float32],
    strangers: npt.NDArray[np.float32],
    reader: Reader,
) -> nn.ModuleDict:
    """Trains the generator on. `latents` and `identities` (n, 512) belong to the pictures, in their order; `strangers`
    (people, looks, 512) are of others. The squared error on the pictures keeps what the generator knows."""
    noising, looks, batch = scheduler(), pictures.people.looks, run.recipe.batch(BATCH)
    known, reader = latents.numpy(), reader.to(device())
    means = strangers.mean(1) / np.linalg.norm(strangers.mean(1), axis=1, keepdims=True)

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen, whom = rng.integers(0, len(pictures), batch), rng.integers(0, len(strangers), batch)
        prompts = [whole_prompt(pictures.look(int(i)), rng) for i in chosen]
        given = np.stack([identity_of_others(identities, int(i), looks, rng) for i in chosen])
        return {
            "ids": tokens(tokenizer, prompts), "latents": known[chosen], "given": given.astype(np.float32),
            "strangers": strangers[whom, rng.integers(0, strangers.shape[1], batch)], "means": means[whom],
            "times": rng.integers(0, 1000, batch), "watched": np.array([rng.choice(steps) for steps in WATCHED]),
        }  # fmt: skip

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, nn.ModuleDict)
        set_scale(model["unet"], 1.0)
        ids, watched, others = batch["ids"], batch["watched"].tolist(), []
        sampler = UniPCMultistepScheduler.from_config(noising.config)
        sampler.set_timesteps(STEPS, device=device())
        picture = torch.randn(batch["latents"].shape, device=device())
        for step in range(max(watched) + 1):
            t = sampler.timesteps[step].repeat(len(ids))
            with torch.set_grad_enabled(step in watched):
                made = guided(model, picture, t, ids, batch["strangers"])
            if step in watched:
                sure = noising.alphas_cumprod.to(device())[t]  # of pure noise no clean picture can be told
                who = reader(clean(noising, picture, t, made))[1]
                others.append(sure * (1 - F.cosine_similarity(who, batch["means"])))
            picture = sampler.step(made.detach(), sampler.timesteps[step], picture).prev_sample
        latent, t = batch["latents"].float(), batch["times"]
        noise = torch.randn_like(latent)
        noisy, target = noising.add_noise(latent, noise, t), noising.get_velocity(latent, noise, t)
        error = (velocity(model, noisy, t, ids, batch["given"]) - target).square().mean()
        another = torch.stack(others).mean()
        return {"loss": error + another, "plain": error.detach(), "another": another.detach()}

    schedule = Schedule(run.recipe.polish_steps, learning_rate=2e-4, ema=0.98, warmup=20)
    trained = train(run, "polish", lambda: model, draw, losses, schedule)
    assert isinstance(trained, nn.ModuleDict)
    return trained


def whole_prompt(look: Look, rng: np.random.Generator) -> str:
    """All that a look is, in any order and with any of its words."""
    shown = ((OUTFITS, look.outfit), (EXPRESSIONS, look.expression), (BACKGROUNDS, look.background),
             (ACCESSORIES, look.accessory), (VIEWS, look.view), (LIGHTS, look.light))  # fmt: skip
    phrases = [str(rng.choice(words[name])) for words, name in shown]
    rng.shuffle(phrases)
    return ", ".join(phrases)
