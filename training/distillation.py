"""The generator in four steps without guidance, instead of eight with: a LoRA over it, learnt when all else is there.

Latent consistency distillation (Luo et al. 2023): what the student makes of a noisy picture shall be what it makes of the same
picture one step of the guided generator later. That alone blurs what few steps cannot know, so a discriminator (Sauer et
al. 2023) tells made from drawn latents, and right from wrong ones: it knows whose face and which words were asked for. And the
reader says, as to the generator, what is read otherwise. The judge and the ruler, which measure the pack, teach it nothing.
"""

from __future__ import annotations

import copy
from itertools import pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DDIMScheduler, LCMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from peft import LoraConfig, get_peft_model_state_dict
from torch import Tensor, nn
from transformers import CLIPTokenizer

from training.autoencoder import LATENT_CHANNELS
from training.dataset import Pictures
from training.generator import asked, clean, guided, head_weights, scheduler, set_scale, velocity
from training.loop import Batch, Drawn, Losses, Schedule, autocast, device, train
from training.reader import SIZES, Reader, misread
from training.reader import shown as labels_of
from training.recipe import Run

RANK = 32
# All that diffusers' own LCM-LoRA script adapts of a UNet; the IP-Adapter stays as it is.
LAYERS = r"(down|mid|up)_block.*\.(to_[qkv]|to_out\.0|proj_(in|out)|ff\.net\.(0\.proj|2)|conv[12]?|conv_shortcut|time_emb_proj)"
STRIDE = (
    1000 // LCMScheduler().config.original_inference_steps
)  # of the times: the pipeline asks for multiples of it alone
READ, JUDGED = 0.1, 0.02  # the weights of what is misread and of the discriminator's verdict, beside the squared error
OWN = 0.5  # of the noisy pictures are noised from what the student itself took pure noise for: so it is when it draws
BLUR = 0.3  # at most, the noise over what the discriminator sees: it shall not live on traces


class Discriminator(nn.Module):
    """Latents (n, 16, 16, 16) to whether they are drawn, and show what was asked for: above 0 yes, below 0 no.

    What was asked for: identities (n, 512) of the reference, and indices (n, kinds) of SHOWN.
    """

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        blocks: list[nn.Module] = []
        for stride, (inputs, outputs) in zip((1, 2, 2), pairwise((LATENT_CHANNELS, 64, 128, 192)), strict=True):
            blocks += [nn.Conv2d(inputs, outputs, 3, stride, 1), nn.GroupNorm(8, outputs), nn.SiLU()]
            blocks += [nn.Conv2d(outputs, outputs, 3, 1, 1), nn.GroupNorm(8, outputs), nn.SiLU()]
        self.features, self.seen = nn.Sequential(*blocks), nn.Linear(192 * 16, width)
        self.place, self.whole = nn.Conv2d(192, 1, 1), nn.Linear(width, 1)
        self.said, self.who = nn.EmbeddingBag(sum(SIZES), width, mode="sum"), nn.Linear(512, width)
        self.register_buffer("first", torch.tensor([0, *np.cumsum(SIZES)[:-1]]))

    def forward(self, latents: Tensor, identities: Tensor, labels: Tensor) -> Tensor:
        """(n, 17): of the whole, and of each of 16 places."""
        features = self.features(latents)
        seen = self.seen(features.flatten(1))
        wanted = self.said(labels + self.first) + self.who(identities * 512**0.5)
        whole = self.whole(seen) + (seen * wanted).mean(1, keepdim=True)
        return torch.cat([whole, self.place(features).flatten(1)], 1)


def train_distilled(
    run: Run,
    generator: nn.ModuleDict,
    tokenizer: CLIPTokenizer,
    pictures: Pictures,
    latents: Tensor,
    identities: npt.NDArray[np.float32],
    reader: Reader,
) -> UNet2DConditionModel:
    """The generator's UNet with a LoRA by which it needs four steps and no guidance; the generator stays as it is.

    `latents` (n, 16, 16, 16) float16 and `identities` (n, 512) belong to the pictures, in their order.
    """
    noising, batch = scheduler(), run.recipe.distillation_batch
    teacher = generator.to(device(), memory_format=torch.channels_last).eval().requires_grad_(False)
    labels, known, reader = labels_of(pictures).numpy(), latents.numpy(), reader.to(device())
    weights = np.stack([head_weights(box) for box in pictures.boxes])

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen, with_identity = rng.integers(0, len(pictures), batch), rng.random() < 5 / 6
        ids, given = asked(
            tokenizer, pictures, identities, chosen.tolist(), rng, described=0.25 if with_identity else 1.0
        )
        return {
            "latents": known[chosen], "times": rng.integers(1, 1000 // STRIDE + 1, batch) * STRIDE - 1, "ids": ids,
            "given": given, "labels": labels[chosen], "identities": identities[chosen], "weights": weights[chosen],
            "own": rng.random(batch) < OWN,
            "with_identity": np.float32(with_identity),
        }  # fmt: skip

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, nn.ModuleDict)
        latent, t, ids, given = batch["latents"].float(), batch["times"], batch["ids"], batch["given"]
        for unet in (model["unet"], teacher["unet"]):
            set_scale(unet, float(batch["with_identity"]))
        student = nn.ModuleDict({"unet": model["unet"], "text": teacher["text"]})
        with torch.no_grad():
            beneath = torch.where(
                batch["own"].view(-1, 1, 1, 1), _first_sight(noising, student, latent, ids, given), latent
            )
            noisy = noising.add_noise(beneath, torch.randn_like(latent), t)
            earlier, before = _one_step(noising, noisy, t, guided(teacher, noisy, t, ids, given))
            target = clean(noising, earlier, before, velocity(student, earlier, before, ids, given))
            target = torch.where((t < STRIDE).view(-1, 1, 1, 1), earlier, target)
        made = clean(noising, noisy, t, velocity(student, noisy, t, ids, given))
        error = ((made - target).square() + 1e-3).sqrt().mean(1)
        with autocast():
            read = reader(made)
        wrong, other = misread(*(part.float() for part in read), batch["labels"], batch["identities"])
        taught = (wrong + batch["with_identity"] * other).mean()
        verdict, told = _verdicts(model["discriminator"], made, latent, batch["with_identity"] * given, batch["labels"])
        return {
            "loss": (error * batch["weights"]).mean() + READ * taught - JUDGED * verdict + told,
            "error": error.detach().mean(),
            "misread": wrong.detach().mean(),
            "another": other.detach().mean(),
            "told": told.detach(),
        }

    schedule = Schedule(run.recipe.distillation_steps, learning_rate=5e-4, weight_decay=0.0, ema=0.995, warmup=100)
    model = train(run, "distilled", lambda: _with_lora(teacher["unet"]), draw, losses, schedule)
    assert isinstance(model, nn.ModuleDict) and isinstance(model["unet"], UNet2DConditionModel)
    return model["unet"]


def write_lora(unet: UNet2DConditionModel, file: Path) -> None:
    """In the published LCM-LoRA's layout, in float16."""
    layers = {key: value.half().cpu().contiguous() for key, value in get_peft_model_state_dict(unet).items()}
    StableDiffusionPipeline.save_lora_weights(file.parent, unet_lora_layers=layers, weight_name=file.name)


def _with_lora(unet: nn.Module) -> nn.ModuleDict:
    """A copy of the UNet of which only the LoRA learns, and the discriminator."""
    student = copy.deepcopy(unet)
    student.add_adapter(LoraConfig(r=RANK, lora_alpha=RANK, target_modules=LAYERS))
    return nn.ModuleDict({"unet": student, "discriminator": Discriminator()})


def _first_sight(noising: DDIMScheduler, student: nn.ModuleDict, latent: Tensor, ids: Tensor, given: Tensor) -> Tensor:
    """What the student takes pure noise for."""
    last = torch.full((len(latent),), 999, device=latent.device)
    noise = torch.randn_like(latent)
    return clean(noising, noise, last, velocity(student, noise, last, ids, given))


def _one_step(noising: DDIMScheduler, noisy: Tensor, t: Tensor, velocity: Tensor) -> tuple[Tensor, Tensor]:
    """DDIM's step of STRIDE times down, without chance; and the times there, of which the last is 0."""
    signals = noising.alphas_cumprod.to(noisy.device).sqrt()
    signal, below = signals[t].view(-1, 1, 1, 1), (t - STRIDE)
    reached = torch.where(below < 0, 1.0, signals[below]).view(-1, 1, 1, 1)
    noise = (1 - signal.square()).sqrt() * noisy + signal * velocity
    return reached * clean(noising, noisy, t, velocity) + (1 - reached.square()).sqrt() * noise, below.clamp(min=0)


def _verdicts(
    discriminator: nn.Module, made: Tensor, drawn: Tensor, identities: Tensor, labels: Tensor
) -> tuple[Tensor, Tensor]:
    """The discriminator's verdict on what was made, which teaches the student alone; and its own (hinge) loss.

    It shall also refuse drawings of another person and look than were asked for.
    """

    def blurred(latents: Tensor) -> Tensor:
        deviation = BLUR * torch.rand(len(latents), 1, 1, 1, device=latents.device)
        return latents + deviation * torch.randn_like(latents)

    discriminator.requires_grad_(False)
    verdict = discriminator(blurred(made), identities, labels).mean()
    discriminator.requires_grad_(True)
    on_drawn = discriminator(blurred(drawn), identities, labels)
    on_made = discriminator(blurred(made.detach()), identities, labels)
    on_other = discriminator(blurred(drawn), identities.roll(1, 0), labels.roll(1, 0))[:, :1]
    return verdict, (1 - on_drawn).relu().mean() + (1 + on_made).relu().mean() + (1 + on_other).relu().mean()
