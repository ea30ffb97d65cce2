"""From nothing to the embedded pack: everything that it is made of, each made once and kept in the run's folder."""

from __future__ import annotations

import copy
import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from diffusers import AutoencoderKL, AutoencoderTiny, StableDiffusionPipeline, UNet2DConditionModel
from filelock import FileLock
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from transformers import CLIPTextModel, CLIPTokenizer

from drawn_world.world import vocabulary
from pipeline.pack_files import without_files, write_files
from pipeline.packs import load_pack
from pipeline.prior import load_prior
from settings import BUILT_IN_PACKS
from training import attributes, autoencoder, detector, encoders, generator, marks, prior
from training.dataset import Pictures, pictures
from training.decoder import train_decoder
from training.loop import device
from training.onnx_files import export, read_weights
from training.previews import train_previews, write_previews
from training.reader import Reader, train_reader
from training.recipe import Run
from training.words import teach_words

SHARD = "9MB"  # the repository takes no file of 10 MB or more
ADAPTER_FILE = "ip-adapter-faceid-paperdoll.safetensors"
DETECTOR_FILE, STEERING_FILE = "faces/det_paperdoll.onnx", "faces/rec_paperdoll.onnx"
JUDGE_FILE, CALIBRATION_FILE = "judge/rec_paperdoll_judge.onnx", "judge/calibration.json"


def make_pack(run: Run, start: Path | None = None) -> Run:
    """Draws, trains and writes everything that `run.pack` holds besides README.md and the calibration.

    From nothing, or from the weights of the pack `start`: an earlier world is a good beginning. Killed, it goes on; what
    belongs to one version of a pack is kept in a folder of its own. Returns the run with that folder.
    """
    workshop = Workshop(run, start)
    if not (run.pack / "pack.toml").exists():
        run.pack.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(BUILT_IN_PACKS / "paperdoll" / "pack.toml", run.pack / "pack.toml")
    toml = run.pack / "pack.toml"
    toml.write_text(without_files(toml.read_text("utf-8")), "utf-8")  # they change now
    write_previews(workshop.previews, run.pack / "preview")  # before the decoder becomes float16
    write_generator(run.pack, workshop.tokenizer, workshop.generator, workshop.decoder)
    write_face_models(run.pack, workshop.steering, workshop.judge, workshop.detector)
    attributes.export_prompt_reader(workshop.prompt_reader, run.pack / "adherence")
    marks.export_marks(workshop.marks_reader, run.pack / "marks")
    prior.export_prior(workshop.prior, run.pack / "prior")
    write_files(run.pack)
    return workshop.run


class Workshop:
    """Everything that a pack is made of, each made when it is first asked for, with what it needs.

    Each is kept in the run's folder, and made once: several processes may ask for different ones at the same time, and
    wait for one another where one needs what another makes.
    """

    def __init__(self, run: Run, start: Path | None = None) -> None:
        self.data, self.start = run.folder / "data", start
        self.run = run if start is None else replace(run, folder=run.folder / f"on-{_fingerprint(start)}")
        self.recipe = run.recipe

    @cached_property
    def shown(self) -> Pictures:
        return pictures(self.data / "pictures", self.recipe.picture_people)

    @cached_property
    def encoder_faces(self) -> Pictures:
        return pictures(self.data / "encoder", self.recipe.encoder_people, faces_only=True)

    @cached_property
    def judge_faces(self) -> Pictures:
        return pictures(self.data / "judge", self.recipe.judge_people, faces_only=True)

    @cached_property
    def vae(self) -> AutoencoderKL:
        """With an encoder that no longer changes, and latents of deviation 1."""

        def build() -> AutoencoderKL:
            if self.start is None:
                return autoencoder.build()
            return AutoencoderKL.from_pretrained(self.start / "vae", dtype=torch.float32)

        def write(file: Path) -> None:
            vae = autoencoder.train_autoencoder(self.run, build, self.shown)
            autoencoder.standardise(vae, self.shown)
            save_file({key: value.contiguous() for key, value in vae.state_dict().items()}, file)

        vae = build()
        vae.load_state_dict(load_file(self._cached("vae.safetensors", write)))
        return vae

    @cached_property
    def steering(self) -> nn.Module:
        build = self._build(encoders.steering_encoder, STEERING_FILE)
        faces, steps = self.encoder_faces, self.recipe.encoder_steps
        return encoders.train_encoder(self.run, "encoder", build, faces, self._soft(faces), steps, arc=True)

    @cached_property
    def judge(self) -> nn.Module:
        build, faces, steps = self._build(encoders.Judge, JUDGE_FILE), self.judge_faces, self.recipe.judge_steps
        return encoders.train_encoder(self.run, "judge", build, faces, self._soft(faces), steps, arc=False)

    @cached_property
    def detector(self) -> nn.Module:
        build, steps = self._build(detector.Detector, DETECTOR_FILE), self.recipe.detector_steps
        return detector.train_detector(self.run, "detector", build, [self.shown], steps)

    @cached_property
    def latents(self) -> Tensor:
        def write(file: Path) -> None:
            save_file({"latents": autoencoder.encode(self.vae, self.shown.pixels).contiguous()}, file)

        return load_file(self._cached(f"latents-{self.shown.people.name}.safetensors", write))["latents"]

    @cached_property
    def identities(self) -> npt.NDArray[np.float32]:
        def write(file: Path) -> None:
            np.save(file, encoders.embed(encoders.trained(self.steering), self.shown))

        return np.load(self._cached(f"identities-{self.shown.people.name}.npy", write))

    @cached_property
    def reader(self) -> Reader:
        return train_reader(self.run, self.shown, self.latents, self.identities)

    @cached_property
    def tokenizer(self) -> CLIPTokenizer:
        with FileLock(self.run.file("tokenizer.lock")):
            return generator.write_tokenizer(self.run.folder / "tokenizer")

    @cached_property
    def words(self) -> CLIPTextModel:
        return teach_words(self.run, self.tokenizer)

    @cached_property
    def generator(self) -> nn.ModuleDict:
        parts = (self.tokenizer, self.shown, self.latents, self.identities, self.reader)
        return generator.train_generator(
            self.run,
            lambda: generator.build(self.words, self.start, ADAPTER_FILE),
            *parts,
            generator.from_nothing(self.recipe),
        )

    @cached_property
    def decoder(self) -> AutoencoderKL:
        """The VAE, with a decoder that trained on, on the generator's latents too."""

        def write(file: Path) -> None:
            parts = (self.tokenizer, self.shown, self.latents, self.identities)
            count = min(self.recipe.redrawn, len(self.shown))
            save_file({"redrawn": generator.redrawn(self.generator, *parts, count)}, file)

        kept = load_file(self._cached(f"redrawn-{self.shown.people.name}.safetensors", write))
        vae, steering = copy.deepcopy(self.vae), copy.deepcopy(self.steering)
        return train_decoder(self.run, vae, self.shown, self.latents, kept["redrawn"], steering)

    @cached_property
    def previews(self) -> AutoencoderTiny:
        return train_previews(self.run, self.decoder, self.latents)

    @cached_property
    def ruler(self) -> attributes.AttributeClassifier:
        """Not part of the pack: it measures what the pack's pictures show."""
        return attributes.train_attributes(self.run, self.shown)

    @cached_property
    def prompt_reader(self) -> attributes.PromptReader:
        def write(file: Path) -> None:
            np.save(file, autoencoder.soften(self.vae, self.shown.pixels[:: attributes.SOFT_EVERY]))

        soft = np.load(self._cached(f"soft-{self.shown.people.name}.npy", write), mmap_mode="r")
        return attributes.train_prompt_reader(self.run, self.shown, soft)

    @cached_property
    def marks_reader(self) -> nn.Module:
        count = self.recipe.heads
        crisp = self._heads("heads", marks.CRISP, count, None)
        return marks.train_marks(self.run, crisp, self._heads("soft-heads", marks.SOFT, count * 3 // 4, self.vae))

    @cached_property
    def prior(self) -> prior.Prior:
        people = self.recipe.prior_people

        def write(file: Path) -> None:
            faces = pictures(self.data / "prior", people, faces_only=True)
            np.save(file, prior.identities(faces, encoders.trained(self.steering)))

        return prior.train_prior(self.run, people, np.load(self._cached(f"prior-identities-{people.name}.npy", write)))

    def _heads(self, name: str, first: int, count: int, vae: AutoencoderKL | None) -> marks.Shown:
        drawn = self._cached(
            f"{name}-{count}.npz", lambda file: marks.draw_marked(first, count, vae).heads().save(file)
        )
        return marks.Shown.load(drawn)

    def _soft(self, faces: Pictures) -> npt.NDArray[np.uint8]:
        """Every SOFT_EVERY-th of the faces as the VAE draws it from noisy latents."""

        def write(file: Path) -> None:
            np.save(file, autoencoder.soften(self.vae, faces.pixels[:: encoders.SOFT_EVERY]))

        return np.load(self._cached(f"soft-faces-{faces.people.name}.npy", write), mmap_mode="r")

    def _build(self, fresh: Callable[[], nn.Module], file: str) -> Callable[[], nn.Module]:
        """A new model, or the one that the pack at the start holds in `file`."""
        start = self.start
        return fresh if start is None else lambda: read_weights(fresh(), start / file)

    def _cached(self, name: str, write: Callable[[Path], None]) -> Path:
        """The run's file of that name, written whole or not at all."""
        kept = self.run.file(name)
        with FileLock(kept.with_name(f"{name}.lock")):
            if not kept.exists():
                spare = kept.with_name(f"unfinished-{name}")
                write(spare)
                spare.replace(kept)
        return kept


class PartAlone(Workshop):
    """Of a pack of which one part is trained while all else stays as it is; on so many of the pictures, or all."""

    def __init__(self, run: Run, count: int | None = None) -> None:
        super().__init__(run, run.pack)
        self.pack, self.count = run.pack, count

    @cached_property
    def shown(self) -> Pictures:
        everything = pictures(self.data / "pictures", self.recipe.picture_people)
        return everything.first(self.count) if self.count else everything

    @cached_property
    def vae(self) -> AutoencoderKL:
        return AutoencoderKL.from_pretrained(self.pack / "vae", dtype=torch.float32)

    @cached_property
    def steering(self) -> nn.Module:
        return read_weights(encoders.steering_encoder(), self.pack / STEERING_FILE)

    @cached_property
    def tokenizer(self) -> CLIPTokenizer:
        return CLIPTokenizer.from_pretrained(self.pack / "tokenizer")

    @cached_property
    def words(self) -> CLIPTextModel:
        return teach_words(self.run, self.tokenizer, lambda: load_text_encoder(self.pack))

    @cached_property
    def generator(self) -> nn.ModuleDict:
        return load_generator(self.pack)

    @cached_property
    def generator_on(self) -> nn.ModuleDict:
        """The pack's generator trained on, with a text encoder that knows every word of today's world."""
        parts = (self.tokenizer, self.shown, self.latents, self.identities, self.reader)
        return generator.train_generator(
            self.run, lambda: generator.attentive(generator.build(self.words, self.pack, ADAPTER_FILE)), *parts,
            generator.trained_on(self.recipe), self.imagined,
        )  # fmt: skip

    @cached_property
    def imagined(self) -> npt.NDArray[np.float32] | None:
        """None where the pack has no prior."""
        imagining = load_prior(load_pack(self.pack.name, (self.pack.parent, BUILT_IN_PACKS)))
        if imagining is None:
            return None

        def write(file: Path) -> None:
            np.save(file, generator.imagined_by(imagining, self.shown, self.identities))

        return np.load(self._cached(f"imagined-{self.shown.people.name}.npy", write))

    def write_prior(self) -> None:
        prior.export_prior(self.prior, self.pack / "prior")

    def write_generator(self) -> None:
        write_generator(self.pack, self.tokenizer, self.generator_on, self.vae)

    def write_decoder(self) -> None:
        """With that of previews, which learns from it."""
        write_previews(self.previews, self.pack / "preview")  # before the decoder becomes float16
        self.decoder.to("cpu", torch.float16).save_pretrained(self.pack / "vae")
        _forget_where_it_came_from(self.pack / "vae" / "config.json")


def load_generator(pack: Path) -> nn.ModuleDict:
    """The pack's UNet with its adapter, and its text encoder, as they are trained."""
    model = (
        generator.build(load_text_encoder(pack), pack, ADAPTER_FILE)
        .to(device(), memory_format=torch.channels_last)
        .eval()
    )
    generator.set_scale(model["unet"], 1.0)
    return model


def load_text_encoder(pack: Path) -> CLIPTextModel:
    text = CLIPTextModel.from_pretrained(pack / "text_encoder", dtype=torch.float32)
    assert isinstance(text, CLIPTextModel)
    return text


STAGES = tuple(name for name, made in vars(Workshop).items() if isinstance(made, cached_property))


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
    (pack / "vocabulary.json").write_text(json.dumps(vocabulary()))


def write_face_models(pack: Path, steering: nn.Module, judge: nn.Module, found: nn.Module) -> None:
    """insightface loads the files of a folder in their alphabetical order, the first of each kind.

    A calibration speaks of the encoders it was made with, so the old one goes.
    """
    (pack / CALIBRATION_FILE).unlink(missing_ok=True)
    detector.export_detector(found, pack / DETECTOR_FILE)
    export(steering, pack / STEERING_FILE)
    export(judge, pack / JUDGE_FILE)


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
