"""UNet and IP-Adapter FaceID, trained together on cached latents of the drawn world; the text encoder before (words.py).

The identity always comes from *another* picture of the same person, or is the mean of several, so that only what stays can
be learnt from it. One step in six trains without the adapter (identity_scale 0): there the words alone describe the person.
Beside the usual squared error a reader (reader.py) tells what in the predicted picture says something else than it should.
A generator that is trained on is taught what the app asks of it: words beside every identity, and identities that a prior
imagined, so that words decide where these are unsure.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import DDIMScheduler, UNet2DConditionModel, UniPCMultistepScheduler
from safetensors.torch import load_file
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import Tensor, nn
from tqdm import tqdm
from transformers import CLIPTextModel, CLIPTokenizer

from drawn_world.world import Look, Person, caption, marks, vocabulary
from pipeline.prior import IdentityPrior
from training.autoencoder import LATENT_CHANNELS
from training.dataset import Pictures
from training.loop import Batch, Drawn, Losses, Schedule, autocast, device, train
from training.reader import Reader, misread
from training.reader import shown as labels_of
from training.recipe import Recipe, Run
from training.words import TOKENS, WIDTH, tokens

IDENTITY_TOKENS = 4
LATENT_SIDE, CELL = 16, 16  # latents a side, and the pixels a side that each stands for
GUIDANCE = 3.0  # the pack's default
STEPS = 8  # the pack's default
BEGUN = (4, 5, 6)  # the steps from which latents are drawn on; before, hardly anything is left of what they show
BATCH = 16  # of a generator that is trained on
REDRAWN = 16  # at once
READ = 0.1  # the weight of what is misread, beside the squared error
SEVERAL = 0.3  # of the identities are means over two or more pictures: a creator may give several references
LATE = (80, 400)  # the times of a picture's last steps, of which eight take 374, 249 and 124


@dataclass(frozen=True)
class Lessons:
    """What a generator is taught by: how many batches of which size, how they are mixed, and how fast."""

    name: str
    steps: int
    batch: int
    learning_rate: float
    warmup: int
    without_adapter: float  # of the batches
    described: float  # of the captions beside an identity say as well what the person looks like
    imagined: float = 0  # of the identities are a prior's
    late: float = 0  # of the times are LATE
    marked: float = 0  # somebody is drawn so much oftener for each mark


def from_nothing(recipe: Recipe) -> Lessons:
    return Lessons(
        "generator", recipe.generator_steps, recipe.generator_batch, learning_rate=1e-3, warmup=200,
        without_adapter=1 / 6, described=0.25,
    )  # fmt: skip


def trained_on(recipe: Recipe) -> Lessons:
    """For a pack's generator: the words stand beside the identity, as in the app."""
    return Lessons(
        "generator-on", recipe.trained_on_steps, recipe.batch(BATCH), learning_rate=3e-4, warmup=100,
        without_adapter=0.1, described=0.7, imagined=0.3, late=0.5, marked=1.0,
    )  # fmt: skip


def scheduler() -> DDIMScheduler:
    """Zero terminal SNR and v-prediction (Lin et al. 2024, https://arxiv.org/abs/2305.08891): flat, bright and dark backgrounds come out as drawn."""
    return DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False, steps_offset=1,
        prediction_type="v_prediction", rescale_betas_zero_snr=True, timestep_spacing="trailing",
    )  # fmt: skip


def write_tokenizer(folder: Path) -> CLIPTokenizer:
    """A CLIP tokenizer whose merges were learnt from the vocabulary: each known word is one token."""
    words = vocabulary_words()
    bpe = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    bpe.normalizer = normalizers.Lowercase()
    bpe.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    trainer = trainers.BpeTrainer(vocab_size=20_000, end_of_word_suffix="</w>", show_progress=False, min_frequency=1)
    bpe.train_from_iterator(words, trainer)
    learnt = [
        tuple(m) if isinstance(m, list) else tuple(m.split(" ")) for m in json.loads(bpe.to_str())["model"]["merges"]
    ]
    letters = _byte_letters()
    tokens = [*letters, *(f"{letter}</w>" for letter in letters), *("".join(pair) for pair in learnt)]
    tokens = list(dict.fromkeys([*tokens, "<|startoftext|>", "<|endoftext|>"]))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({token: i for i, token in enumerate(tokens)}, ensure_ascii=False))
    (folder / "merges.txt").write_text("#version: 0.2\n" + "\n".join(" ".join(pair) for pair in learnt) + "\n")
    marks = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
    }
    config = {"tokenizer_class": "CLIPTokenizer", "model_max_length": TOKENS, "do_lower_case": True, **marks}
    (folder / "tokenizer_config.json").write_text(json.dumps(config, indent=2))
    (folder / "special_tokens_map.json").write_text(json.dumps(marks, indent=2))
    return CLIPTokenizer.from_pretrained(folder)


def vocabulary_words() -> list[str]:
    """Every word the world's phrases are made of."""
    found = vocabulary()
    groups, filler = found["groups"], found["filler"]
    assert isinstance(groups, dict) and isinstance(filler, list)
    phrases = [text for group in groups.values() for name, others in group.items() for text in (name, *others)]
    words = {word for phrase in phrases for word in phrase.replace("-", " ").split()}
    return sorted(words | set(filler) | set(",."))


def build(text: CLIPTextModel, start: Path | None = None, adapter_file: str = "") -> nn.ModuleDict:
    """The UNet with the adapter loaded by diffusers itself, new or of the pack `start`; with a text encoder that knows
    its words: left free, it forgets in 500 steps all of them but those of places."""
    text.requires_grad_(False)
    if start is None:
        unet = UNet2DConditionModel(
            sample_size=16, in_channels=LATENT_CHANNELS, out_channels=LATENT_CHANNELS, layers_per_block=1,
            block_out_channels=(96, 192), attention_head_dim=2, norm_num_groups=16, cross_attention_dim=WIDTH,
            down_block_types=("CrossAttnDownBlock2D",) * 2, up_block_types=("CrossAttnUpBlock2D",) * 2,
        )  # fmt: skip
        unet._load_ip_adapter_weights([fresh_adapter(unet)])
    else:
        unet = UNet2DConditionModel.from_pretrained(start / "unet", dtype=torch.float32)
        kept = {key: value.float() for key, value in load_file(start / adapter_file).items()}
        parts = ("image_proj", "ip_adapter")
        weights = {p: {k.removeprefix(f"{p}."): v for k, v in kept.items() if k.startswith(f"{p}.")} for p in parts}
        unet._load_ip_adapter_weights([weights])
    return nn.ModuleDict({"unet": unet, "text": text})


def attentive(model: nn.ModuleDict) -> nn.ModuleDict:
    """The same, of which only what attends to words and identities is trained from here on: with little time, all else
    would get worse before it gets better."""
    for name, weights in model["unet"].named_parameters():
        weights.requires_grad_("attentions" in name or "encoder_hid_proj" in name)
    return model


def fresh_adapter(unet: UNet2DConditionModel) -> dict[str, dict[str, Tensor]]:
    """FaceID weights in h94's layout, without its LoRA (as in the Portrait file): nothing to lose on a UNet of our own.

    The layout is that of `MLPProjModel` and `load_ip_adapter` in tencent-ailab/IP-Adapter, ip_adapter/ip_adapter_faceid.py.
    """
    project = nn.Sequential(nn.Linear(512, 1024), nn.GELU(), nn.Linear(1024, WIDTH * IDENTITY_TOKENS))
    image_proj = {f"proj.{name}": value.detach() for name, value in project.state_dict().items()}
    image_proj |= {"norm.weight": torch.ones(WIDTH), "norm.bias": torch.zeros(WIDTH)}
    ip_adapter = {}
    for i, (name, hidden) in enumerate(_attentions(unet)):
        if name.endswith("attn2.processor"):
            for part in ("k", "v"):
                ip_adapter[f"{i}.to_{part}_ip.weight"] = torch.randn(hidden, WIDTH) * WIDTH**-0.5
    return {"image_proj": image_proj, "ip_adapter": ip_adapter}


def adapter_weights(unet: UNet2DConditionModel) -> dict[str, Tensor]:
    """The trained adapter as h94's flat safetensors keys."""
    state = unet.encoder_hid_proj.image_projection_layers[0].state_dict()
    renamed = {"ff.net.0.proj": "proj.0", "ff.net.2": "proj.2", "norm": "norm"}
    found = {}
    for key, value in state.items():
        module, leaf = key.rsplit(".", 1)
        found[f"image_proj.{renamed[module]}.{leaf}"] = value
    for i, (name, processor) in enumerate(unet.attn_processors.items()):
        if name.endswith("attn2.processor"):
            found[f"ip_adapter.{i}.to_k_ip.weight"] = processor.to_k_ip[0].weight
            found[f"ip_adapter.{i}.to_v_ip.weight"] = processor.to_v_ip[0].weight
    return {key: value.detach().cpu().contiguous() for key, value in found.items()}


def train_generator(
    run: Run,
    build: Callable[[], nn.Module],
    tokenizer: CLIPTokenizer,
    pictures: Pictures,
    latents: Tensor,
    identities: npt.NDArray[np.float32],
    reader: Reader,
    lessons: Lessons,
    imagined: npt.NDArray[np.float32] | None = None,
) -> nn.ModuleDict:
    """Trains what `build` gives: a new one or a pack's.

    `latents` (n, 16, 16, 16) float16, `identities` (n, 512) and what a prior `imagined` (n, 512) belong to the pictures,
    in their order.
    """
    noising, looks, batch = scheduler(), pictures.people.looks, lessons.batch
    labels, known, reader = labels_of(pictures).numpy(), latents.numpy(), reader.to(device())
    signal = noising.alphas_cumprod.to(device()).sqrt()

    weights = np.stack([_weights(box) for box in pictures.boxes])
    often = np.array([1 + lessons.marked * len(marks(who)) for who, _ in pictures.shown], np.float64)
    often /= often.sum()

    def draw(rng: np.random.Generator, progress: float) -> Drawn:
        chosen = rng.choice(len(pictures), batch, p=often)
        with_identity = rng.random() >= lessons.without_adapter
        given = np.stack([identity_of_others(identities, int(i), looks, rng) for i in chosen])
        guessed = rng.random(batch) < lessons.imagined
        if imagined is not None:
            given[guessed] = imagined[chosen[guessed]]
        given = (given * (rng.random((batch, 1)) > 0.12 * with_identity)).astype(np.float32)
        described = [
            1.0 if by_prior or not with_identity or not one.any() else lessons.described
            for by_prior, one in zip(guessed, given, strict=True)
        ]
        captions = [
            _training_caption(*pictures.shown[i], rng, share) for i, share in zip(chosen, described, strict=True)
        ]
        return {
            "latents": known[chosen], "times": _times(rng, batch, lessons.late), "ids": tokens(tokenizer, captions), "given": given,
            "labels": labels[chosen], "identities": identities[chosen], "weights": weights[chosen],
            "with_identity": np.float32(with_identity),
        }  # fmt: skip

    def losses(model: nn.Module, batch: Batch, progress: float) -> Losses:
        assert isinstance(model, nn.ModuleDict)
        latent, t = batch["latents"].float(), batch["times"]
        noise = torch.randn_like(latent)
        noisy, target = noising.add_noise(latent, noise, t), noising.get_velocity(latent, noise, t)
        set_scale(model["unet"], float(batch["with_identity"]))
        made = velocity(model, noisy, t, batch["ids"], batch["given"])
        with autocast():
            read = reader(clean(noising, noisy, t, made))
        error = (made - target).square().mean(1)
        wrong, other = misread(*(part.float() for part in read), batch["labels"], batch["identities"])
        sure = signal[t].square()  # of pure noise no clean picture can be told
        taught = (sure * (wrong + batch["with_identity"] * other)).mean()
        return {
            "loss": (error * batch["weights"]).mean() + READ * taught,
            "plain": error.detach().mean(),
            "misread": (sure * wrong).detach().mean(),
            "another": (sure * other).detach().mean(),
        }

    schedule = Schedule(lessons.steps, lessons.learning_rate, ema=0.997, warmup=lessons.warmup)
    model = train(run, lessons.name, build, draw, losses, schedule)
    assert isinstance(model, nn.ModuleDict)
    return model


@torch.no_grad()
def redrawn(
    model: nn.ModuleDict,
    tokenizer: CLIPTokenizer,
    pictures: Pictures,
    latents: Tensor,
    identities: npt.NDArray[np.float32],
    count: int,
) -> Tensor:
    """The first `count` latents as they come out of the generator: (count, 16, 16, 16) float16.

    Noise is put over them, and the generator goes on from there as the app does, by identities and words, guided (SDEdit:
    Meng et al. 2022, https://arxiv.org/abs/2108.01073). What it draws is still what the pictures show, in its own lines.
    """
    model.to(device(), memory_format=torch.channels_last).eval()
    looks, rng, found = pictures.people.looks, np.random.default_rng(0), []
    torch.manual_seed(0)
    set_scale(model["unet"], 1.0)
    for start in tqdm(range(0, count, REDRAWN), desc="redrawing", mininterval=5):
        rows = range(start, min(start + REDRAWN, count))
        given = np.stack([identity_of_others(identities, i, looks, rng) for i in rows])
        captions = [caption(*pictures.shown[i], rng, describe_person=False) for i in rows]
        ids = torch.from_numpy(tokens(tokenizer, captions)).to(device())
        sampler = UniPCMultistepScheduler.from_config(scheduler().config)
        sampler.set_timesteps(STEPS)
        begin = int(rng.choice(BEGUN))
        sampler.set_begin_index(begin)
        times = sampler.timesteps[begin:]
        latent = latents[start : rows.stop].float().to(device())
        drawn = sampler.add_noise(latent, torch.randn_like(latent), times[:1].expand(len(latent)))
        for t in times:
            made = _guided(model, drawn, t.expand(len(latent)).to(device()), ids, torch.from_numpy(given).to(device()))
            drawn = sampler.step(made, t, drawn, return_dict=False)[0]
        found.append(drawn.half().cpu())
    return torch.cat(found)


def _guided(model: nn.ModuleDict, noisy: Tensor, t: Tensor, ids: Tensor, given: Tensor) -> Tensor:
    """The velocity by words and identities, away from that by neither, as the app's pipeline has it (classifier-free
    guidance: Ho and Salimans 2022, https://arxiv.org/abs/2207.12598)."""
    nothing = torch.full_like(ids, int(ids[0, -1]))
    nothing[:, 0] = ids[0, 0]
    without = velocity(model, noisy, t, nothing, torch.zeros_like(given))
    return without + GUIDANCE * (velocity(model, noisy, t, ids, given) - without)


def velocity(model: nn.ModuleDict, noisy: Tensor, t: Tensor, ids: Tensor, given: Tensor) -> Tensor:
    """What the UNet predicts by the words `ids` (n, 64) and the identities `given` (n, 512)."""
    with autocast():
        states = model["text"](ids).last_hidden_state
        embeds = {"image_embeds": [given[:, None]]}
        return model["unet"](noisy, t, encoder_hidden_states=states, added_cond_kwargs=embeds).sample.float()


def clean(noising: DDIMScheduler, noisy: Tensor, t: Tensor, velocity: Tensor) -> Tensor:
    """What is left when the noise that was predicted is taken away."""
    signal = noising.alphas_cumprod.to(noisy.device)[t].sqrt().view(-1, 1, 1, 1)
    return signal * noisy - (1 - signal.square()).sqrt() * velocity


def identity_of_others(
    identities: npt.NDArray[np.float32], i: int, looks: int, rng: np.random.Generator
) -> npt.NDArray[np.float32]:
    """(512,): of another picture of the person in picture i, or the mean of several others, of unit length."""
    first = i // looks * looks
    others = rng.permutation([k for k in range(first, first + looks) if k != i])
    mean = identities[others[: int(rng.integers(1, looks)) if rng.random() < SEVERAL else 1]].mean(0)
    return mean / np.linalg.norm(mean)


def imagined_by(
    prior: IdentityPrior, pictures: Pictures, identities: npt.NDArray[np.float32]
) -> npt.NDArray[np.float32]:
    """(n, 512): for each person as many faces as they have looks, of all that the prior makes of the pictures' words those
    that come nearest. Anybody else's would teach that such a face says nothing."""
    looks = pictures.people.looks
    rng, made = np.random.default_rng(0), []
    for i, shown in enumerate(tqdm(pictures.shown, desc="imagining", mininterval=5)):
        words = caption(*shown, rng, describe_person=True)
        made.append(prior.imagine(words, "", seed=i).identities[0].embedding)
    faces = np.stack(made)
    people = identities.reshape(-1, looks, identities.shape[1]).mean(1)
    nearest = np.concatenate([np.argsort(-(some @ faces.T))[:, :looks] for some in np.array_split(people, 20)])
    return faces[nearest].reshape(len(pictures), -1)


def set_scale(unet: UNet2DConditionModel, scale: float) -> None:
    """The adapter's strength in every cross-attention."""
    for name, processor in unet.attn_processors.items():
        if name.endswith("attn2.processor"):
            processor.scale = [scale]


def _times(rng: np.random.Generator, batch: int, late: float) -> npt.NDArray[np.int64]:
    """Most of a batch in the middle of the noise, where shapes are decided (logit-normal, Esser et al. 2024,
    https://arxiv.org/abs/2403.03206), but for a share that is LATE."""
    middle = 1 / (1 + np.exp(-rng.normal(0.2, 1.0, batch)))
    anywhere = rng.random(batch)
    early = np.where(rng.random(batch) < 0.2, anywhere, middle) * 1000
    return np.where(rng.random(batch) < late, rng.integers(*LATE, batch), early).astype(np.int64)


def _weights(box: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
    """(16, 16), of mean 1: three times as much where the head is. A stranger is told by it, not by the scenery."""
    weights = np.where(is_head(box), 3, 1).astype(np.float32)
    return weights / weights.mean()


def is_head(box: npt.NDArray[np.float32]) -> npt.NDArray[np.bool_]:
    """(16, 16): which latents show the head around a face's box."""
    (left, top, right, bottom), margin = box / CELL, 1.5
    rows, columns = np.mgrid[0:LATENT_SIDE, 0:LATENT_SIDE] + 0.5
    return (abs(columns - (left + right) / 2) < (right - left) / 2 + margin) & (rows > top - margin) & (rows < bottom)


def _training_caption(person: Person, look: Look, rng: np.random.Generator, described: float) -> str:
    """By chance the person is described too, or nothing is said at all."""
    if rng.random() < 0.1:
        return ""
    return caption(person, look, rng, describe_person=rng.random() < described)


def _attentions(unet: UNet2DConditionModel) -> list[tuple[str, int]]:
    """The attention processors in h94's numbering (down, up, mid), with their hidden sizes: `set_ip_adapter` in
    tencent-ailab/IP-Adapter, ip_adapter/ip_adapter_faceid.py."""
    widths = unet.config.block_out_channels
    found = []
    for name in unet.attn_processors:
        part, index = name.split(".")[0], name.split(".")[1]
        hidden = {"mid_block": widths[-1]}.get(part)
        if hidden is None:
            hidden = widths[int(index)] if part == "down_blocks" else widths[::-1][int(index)]
        found.append((name, hidden))
    return found


def _byte_letters() -> list[str]:
    """CLIP's printable stand-ins for the 256 bytes."""
    return sorted(pre_tokenizers.ByteLevel.alphabet())
