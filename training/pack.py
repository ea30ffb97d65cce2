"""From nothing to the embedded pack: every stage in order. Each goes on from what the run's folder already holds."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL, StableDiffusionPipeline, UNet2DConditionModel
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from training import attributes, autoencoder, detector, encoders, generator
from training.dataset import Pictures, pictures
from training.reader import train_reader
from training.recipe import Run
from training.world import vocabulary

SHARD = "9MB"  # the repository takes no file of 10 MB or more
ADAPTER_FILE = "ip-adapter-faceid-paperdoll.safetensors"
DETECTOR_FILE, STEERING_FILE = "faces/det_paperdoll.onnx", "faces/rec_paperdoll.onnx"
JUDGE_FILE = "judge/rec_paperdoll_judge.onnx"


def make_pack(run: Run, start: Path | None = None) -> Run:
    """Draws, trains and writes everything that `run.pack` holds besides pack.toml, README.md and the calibration.

    From nothing, or from the weights of the pack `start`: an earlier world is a good beginning. Killed, it goes on; what
    belongs to one version of a pack is kept in a folder of its own. Returns the run with that folder.
    """
    recipe, data = run.recipe, run.folder / "data"
    if start is not None:
        run = replace(run, folder=run.folder / f"on-{_fingerprint(start)}")
    shown = pictures(data / "pictures", recipe.picture_people)
    vae = frozen_encoder(run, shown, start)
    faces = pictures(data / "encoder", recipe.encoder_people, faces_only=True)
    steering = encoders.train_encoder(
        run, "encoder", _build(encoders.steering_encoder, start, STEERING_FILE), faces, softened(run, "encoder", vae, faces),
        recipe.encoder_steps, arc=True,
    )  # fmt: skip
    latents = cached_latents(run, vae, shown)
    identities = cached_identities(run, encoders.trained(steering), shown)
    reader = train_reader(run, shown, latents, identities)
    tokenizer = generator.write_tokenizer(run.folder / "tokenizer")
    made = generator.train_generator(
        run, lambda: generator.build(tokenizer, start, ADAPTER_FILE), tokenizer, shown, latents, identities, reader
    )
    vae = autoencoder.train_decoder(run, vae, shown, latents)
    faces = pictures(data / "judge", recipe.judge_people, faces_only=True)
    judge = encoders.train_encoder(
        run, "judge", _build(encoders.Judge, start, JUDGE_FILE), faces, softened(run, "judge", vae, faces),
        recipe.judge_steps, arc=False,
    )  # fmt: skip
    found = detector.train_detector(run, _build(detector.Detector, start, DETECTOR_FILE), shown)
    write_generator(run.pack, tokenizer, made, vae)
    write_face_models(run.pack, steering, judge, found)
    return run


def _build(fresh: Callable[[], nn.Module], start: Path | None, file: str) -> Callable[[], nn.Module]:
    """A new model, or the one that the pack `start` holds in `file`."""
    return fresh if start is None else lambda: encoders.read_weights(fresh(), start / file)


def write_prompt_reader(run: Run) -> None:
    """Trains and writes what tells whether a picture shows what its prompt asked for."""
    shown = pictures(run.folder / "data" / "pictures", run.recipe.picture_people)
    vae = AutoencoderKL.from_pretrained(run.pack / "vae", dtype=torch.float32)

    def write(file: Path) -> None:
        np.save(file, autoencoder.soften(vae, shown.pixels[:: attributes.SOFT_EVERY]))

    softened = np.load(_cached(run, f"soft-{shown.people.name}.npy", write), mmap_mode="r")
    attributes.export_prompt_reader(attributes.train_prompt_reader(run, shown, softened), run.pack / "adherence")


def frozen_encoder(run: Run, shown: Pictures, start: Path | None) -> AutoencoderKL:
    """The VAE, with an encoder that no longer changes and latents of deviation 1."""

    def build() -> AutoencoderKL:
        return (
            autoencoder.build() if start is None else AutoencoderKL.from_pretrained(start / "vae", dtype=torch.float32)
        )

    def write(file: Path) -> None:
        vae = autoencoder.train_autoencoder(run, build, shown)
        autoencoder.standardise(vae, shown)
        save_file({key: value.contiguous() for key, value in vae.state_dict().items()}, file)

    vae = build()
    vae.load_state_dict(load_file(_cached(run, "vae.safetensors", write)))
    return vae


def softened(run: Run, name: str, vae: AutoencoderKL, faces: Pictures) -> npt.NDArray[np.uint8]:
    """Every SOFT_EVERY-th of the faces as the VAE draws it from noisy latents."""

    def write(file: Path) -> None:
        np.save(file, autoencoder.soften(vae, faces.pixels[:: encoders.SOFT_EVERY]))

    return np.load(_cached(run, f"soft-{name}-{faces.people.name}.npy", write), mmap_mode="r")


def cached_latents(run: Run, vae: AutoencoderKL, shown: Pictures) -> Tensor:
    def write(file: Path) -> None:
        save_file({"latents": autoencoder.encode(vae, shown.pixels).contiguous()}, file)

    return load_file(_cached(run, f"latents-{shown.people.name}.safetensors", write))["latents"]


def cached_identities(run: Run, encode: encoders.Encode, shown: Pictures) -> npt.NDArray[np.float32]:
    def write(file: Path) -> None:
        np.save(file, encoders.embed(encode, shown))

    return np.load(_cached(run, f"identities-{shown.people.name}.npy", write))


def _cached(run: Run, name: str, write: Callable[[Path], None]) -> Path:
    """The run's file of that name, written whole or not at all."""
    kept = run.file(name)
    if not kept.exists():
        spare = kept.with_name(f"unfinished-{name}")
        write(spare)
        spare.replace(kept)
    return kept


def _fingerprint(pack: Path) -> str:
    """Of all weights, so that nothing made with one version of a pack is taken for another's."""
    files = sorted([*pack.rglob("*.safetensors"), *pack.rglob("*.onnx")])
    return hashlib.sha256(b"".join(hashlib.sha256(file.read_bytes()).digest() for file in files)).hexdigest()[:12]


def write_generator(pack: Path, tokenizer: CLIPTokenizer, made: nn.ModuleDict, vae: AutoencoderKL) -> None:
    """Base model and adapter apart, in the published formats, in float16."""
    trained, text = made["unet"], made["text"]
    assert isinstance(trained, UNet2DConditionModel) and isinstance(text, CLIPTextModel)
    tokenizer = CLIPTokenizer.from_pretrained(tokenizer.name_or_path)  # without the padding that training asked for
    pack.mkdir(parents=True, exist_ok=True)
    save_file({key: value.half() for key, value in generator.adapter_weights(trained).items()}, pack / ADAPTER_FILE)
    bare = UNet2DConditionModel.from_config({**trained.config, "encoder_hid_dim_type": None})
    bare.load_state_dict({k: v for k, v in trained.state_dict().items() if k in bare.state_dict()})
    pipeline = StableDiffusionPipeline(
        vae=vae, text_encoder=text, tokenizer=tokenizer, unet=bare, scheduler=generator.scheduler(),
        safety_checker=None, feature_extractor=None, requires_safety_checker=False,
    )  # fmt: skip
    pipeline.to("cpu", torch.float16).save_pretrained(pack, max_shard_size=SHARD)
    for part in ("unet", "vae"):
        _forget_where_it_came_from(pack / part / "config.json")
    for name in ("vocab.json", "merges.txt"):  # save_pretrained leaves out the published pair
        (pack / "tokenizer" / name).write_bytes((Path(tokenizer.name_or_path) / name).read_bytes())
    _use_published_keys(pack / "text_encoder" / "model.safetensors")
    (pack / "vocabulary.json").write_text(json.dumps(vocabulary(), indent=1))


def write_face_models(pack: Path, steering: nn.Module, judge: nn.Module, found: nn.Module) -> None:
    """insightface loads the files of a folder in their alphabetical order, the first of each kind.

    A calibration speaks of the encoders it was made with, so the old one goes.
    """
    (pack / "calibration.json").unlink(missing_ok=True)
    detector.export_detector(found, pack / DETECTOR_FILE)
    encoders.export(steering, pack / STEERING_FILE)
    encoders.export(judge, pack / JUDGE_FILE)


def _forget_where_it_came_from(config: Path) -> None:
    """diffusers writes down the folder that a model was loaded from."""
    kept = {key: value for key, value in json.loads(config.read_text()).items() if key != "_name_or_path"}
    config.write_text(json.dumps(kept, indent=2) + "\n")


def _use_published_keys(file: Path) -> None:
    """transformers 5 writes CLIP's text model without the prefix that published files have."""
    weights = load_file(file)
    save_file(
        {f"text_model.{key.removeprefix('text_model.')}": value for key, value in weights.items()},
        file,
        {"format": "pt"},
    )
