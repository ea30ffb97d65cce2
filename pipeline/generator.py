"""A request -> pictures, with the stock Stable Diffusion pipeline and IP-Adapter FaceID.

With compiled.py, schedulers.py and clip_reader.py the only files that import torch or its libraries. It knows no face
model: an identity comes with the request.
"""

# diffusers' and transformers' own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import logging
import threading
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import diffusers
import torch
from diffusers import AutoencoderTiny, StableDiffusionPipeline
from diffusers.models.model_loading_utils import load_state_dict
from huggingface_hub import hf_hub_download
from huggingface_hub.utils import httpx  # the one that the hub's client uses, whatever its version
from PIL import Image
from safetensors import SafetensorError

from errors import InvalidRequest, PackUnavailable
from pipeline.likeness import identity_by
from pipeline.packs import Pack
from pipeline.request import Engine, PictureRequest
from pipeline.schedulers import for_a_run, load_scheduler
from pipeline.values import Imagined, Reference, Step
from pipeline.variants import OnStep

PREVIEWS_AT = (0.5, 0.75)  # of a run; before, there is only noise to be seen
MOST_AT_ONCE = 4  # SD 1.5 at 512x512 in half precision then fits 8 GB
# As many as there are cores, for compiled models draw one on each: the first ones are there early, a Stop keeps them.
FEWEST_ON_CPU = 2
FACEID_LORA = "faceid_0"  # the name that diffusers gives the LoRA in a FaceID file
IDENTITY_SIZE = 512

logger = logging.getLogger("castbook")

StateDict: TypeAlias = dict[str, dict[str, torch.Tensor]]
_BROKEN = (OSError, ValueError, KeyError, RuntimeError, SafetensorError, httpx.HTTPError)


class PerImage:
    """Gives every picture of a batch its own identity: `ip_adapter_image_embeds` is one tensor (pictures, 1, 512).

    Stock pipelines fold a batch's identities into one another (https://github.com/huggingface/diffusers/issues/9813):
    two people drawn together would blend. Without guidance there is no unconditional half, and with it that half sees
    zeros, as in FaceID's own (`get_image_embeds` in tencent-ailab/IP-Adapter, ip_adapter/ip_adapter_faceid.py).
    """

    unet: Any

    def prepare_ip_adapter_image_embeds(
        self,
        ip_adapter_image: None,
        ip_adapter_image_embeds: list[torch.Tensor],
        device: torch.device,
        num_images_per_prompt: int,
        do_classifier_free_guidance: bool,
    ) -> list[torch.Tensor]:
        (identities,) = ip_adapter_image_embeds
        if len(identities) != num_images_per_prompt:
            raise ValueError(f"{len(identities)} identities for {num_images_per_prompt} pictures")
        identities = identities.to(device=device, dtype=self.unet.dtype)
        return [torch.cat([torch.zeros_like(identities), identities]) if do_classifier_free_guidance else identities]


class FaceIDPipeline(PerImage, StableDiffusionPipeline):
    """The stock pipeline, with an identity a picture."""

    @property
    def only_size(self) -> tuple[int, int] | None:
        """Width and height of the pictures that it can draw; None: any."""
        return None

    @property
    def lora(self) -> str | None:
        """The name of the LoRA that came with the adapter."""
        return FACEID_LORA if FACEID_LORA in getattr(self.unet, "peft_config", {}) else None

    def steer(self, strength: float) -> None:
        """Sets all that a run changes on the UNet. At strength 0 the LoRA goes as well: it changes pictures too."""
        self.set_ip_adapter_scale(strength)
        if self.lora:
            (self.enable_lora if strength else self.disable_lora)()

    @property
    def computing(self) -> dict[str, str]:
        """What the UNet computes in, and by what program; as in `Engine`."""
        return {"dtype": str(self.unet.dtype).removeprefix("torch."), "runtime": ""}


class CompiledPipeline(FaceIDPipeline):
    """With a UNet and a VAE by compiled.py, in which strength and LoRA are inputs."""

    def steer(self, strength: float) -> None:
        self.unet.strength = strength

    @property
    def only_size(self) -> tuple[int, int] | None:
        return self.unet.size

    @property
    def computing(self) -> dict[str, str]:
        return {"dtype": self.unet.computes_in, "runtime": self.unet.runtime}


class DiffusersGenerator:
    """Draws one request at a time: identity strength and LoRA are switched on the UNet, which all requests share."""

    def __init__(self, pipeline: FaceIDPipeline, pack: Pack, previews: AutoencoderTiny | None = None) -> None:
        self._pipeline: Any = pipeline  # diffusers' own annotations are not its own practice
        self._pack = pack
        self._previews: Any = previews or pipeline.vae
        self._scheduler = load_scheduler(pack, self._pipeline.scheduler.config)
        self._encoded_last: Any = (None, None)
        self._lock = threading.Lock()
        pipeline.set_progress_bar_config(disable=True)

    @classmethod
    def load(cls, pack: Pack, device: str | None = None, compiled: Path | None = None) -> DiffusersGenerator:
        """From a folder or the hub, to the best device there is. Raises PackUnavailable.

        `compiled` is the folder in which is kept what was compiled for this machine's CPU; None: nothing is compiled.
        """
        device = device or best_device()
        try:
            pipeline = FaceIDPipeline.from_pretrained(
                pack.locate(pack.base.model),
                revision=pack.base.revision,
                variant=pack.base.variant,
                dtype=torch.float16 if device.startswith("cuda") else torch.float32,
                safety_checker=None,  # each pack's licence note says so
                requires_safety_checker=False,
            )
            _check_tokenizer(pipeline)
            _load_adapter(pipeline, _adapter_weights(pack))
            pipeline.to(device)
            previews = _load_previews(pack, pipeline)
            if compiled and device == "cpu":
                pipeline, previews = _compiled(pipeline, previews, pack, compiled)
            return cls(pipeline, pack, previews)
        except _BROKEN as error:
            raise PackUnavailable(
                "The models of the pack {pack} could not be loaded ({error}).",
                "Restore the files that {file} names, or go online once to download them.",
                pack=repr(pack.name),
                error=f"{type(error).__name__}: {error}",
                file=pack.folder / "pack.toml",
            ) from error

    @property
    def batch(self) -> int:
        on_cpu = min(max(torch.get_num_threads(), FEWEST_ON_CPU), MOST_AT_ONCE)
        return on_cpu if self._pipeline.device.type == "cpu" else MOST_AT_ONCE

    @property
    def engine(self) -> Engine:
        return Engine(
            name="diffusers",
            version=diffusers.__version__,
            torch=torch.__version__,
            device=self._pipeline.device.type,
            threads=torch.get_num_threads(),
            batch=self.batch,
            **self._pipeline.computing,
        )

    def generate(
        self, request: PictureRequest, somebody: Reference | Imagined | None, on_step: OnStep
    ) -> list[Image.Image]:
        """Picture i is drawn from `seed + i` alone, whatever is drawn beside it. What `on_step` raises ends the run.

        Raises InvalidRequest for a number of steps that the scheduler does not know how to take, and for a size that
        nothing was compiled for.
        """
        seeds = range(request.seed, request.seed + request.count)

        def after_step(_: object, index: int, _time: object, tensors: dict[str, Any]) -> dict[str, Any]:
            steps: int = self._pipeline.num_timesteps
            wanted = index + 1 in {round(part * steps) for part in PREVIEWS_AT}
            on_step(Step(index + 1, steps, self._preview(tensors["latents"]) if wanted else ()))
            return {}

        with self._lock:
            _check_size(request, self._pipeline.only_size)
            self._pipeline.steer(request.identity_scale if somebody else 0.0)
            self._pipeline.scheduler = for_a_run(self._scheduler, request.steps, seeds)
            words, kept_out = self._encoded(request.prompt, request.negative_prompt)
            drawn = self._pipeline(
                prompt_embeds=words,
                negative_prompt_embeds=kept_out,
                num_images_per_prompt=request.count,
                num_inference_steps=request.steps,
                guidance_scale=request.guidance_scale,
                width=request.width,
                height=request.height,
                generator=[torch.Generator("cpu").manual_seed(seed) for seed in seeds],
                ip_adapter_image_embeds=[self._identities(somebody, request.count)],
                callback_on_step_end=after_step,
            )
        return list(drawn.images)

    def cut_off(self, prompt: str) -> str:
        """The end of a prompt that is too long for the text encoder; "" where it fits. diffusers only logs it."""
        tokenizer = self._counting
        ids = tokenizer(prompt, add_special_tokens=False, truncation=False, verbose=False).input_ids
        return tokenizer.decode(ids[tokenizer.model_max_length - 2 :]).strip()  # two mark beginning and end

    @cached_property
    def _counting(self) -> Any:
        """A tokenizer beside that which draws: one may not be asked for two things at once."""
        return deepcopy(self._pipeline.tokenizer)

    def _encoded(self, *prompts: str) -> tuple[torch.Tensor, torch.Tensor]:
        """The prompt and the negative prompt as the UNet takes them; once for all batches of a run."""
        if prompts != self._encoded_last[0]:
            prompt, negative_prompt = prompts
            with torch.no_grad():
                encoded = self._pipeline.encode_prompt(prompt, self._pipeline.device, 1, True, negative_prompt)
            self._encoded_last = (prompts, encoded)
        return self._encoded_last[1]

    def _identities(self, somebody: Reference | Imagined | None, count: int) -> torch.Tensor:
        """(count, 1, 512). Zeros where there is nobody: the loaded adapter wants a tensor even at strength 0."""
        if somebody is None:
            return torch.zeros(count, 1, IDENTITY_SIZE)
        identity = identity_by(self._pack.faces.encoder, somebody.identities)
        if identity is None:
            raise ValueError(f"The reference has no identity by {self._pack.faces.encoder!r}, which steers this pack.")
        return torch.tensor(identity.embedding).reshape(1, 1, -1).repeat(count, 1, 1)

    def _preview(self, latents: torch.Tensor) -> tuple[Image.Image, ...]:
        """In the pictures' own size, however small it was decoded."""
        decoder, factor = self._previews, self._pipeline.vae_scale_factor
        decoded = decoder.decode(latents / decoder.config.scaling_factor, return_dict=False)[0]
        size = (latents.shape[3] * factor, latents.shape[2] * factor)
        pictures = self._pipeline.image_processor.postprocess(decoded, output_type="pil")
        return tuple(picture.resize(size, Image.Resampling.BILINEAR) for picture in pictures)


def best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _load_previews(pack: Pack, pipeline: Any) -> AutoencoderTiny | None:
    """None where the pack has none: the whole VAE then decodes previews, as it does where this one cannot be had."""
    if pack.preview is None:
        return None
    try:
        previews: Any = AutoencoderTiny.from_pretrained(
            pack.locate(pack.preview.model), revision=pack.preview.revision, dtype=pipeline.unet.dtype
        )
        return previews.to(pipeline.device)
    except _BROKEN as error:
        logger.warning("Previews of the pack %r are decoded by its whole VAE, which takes longer: %s", pack.name, error)
        return None


def _compiled(
    pipeline: FaceIDPipeline, previews: AutoencoderTiny | None, pack: Pack, folder: Path
) -> tuple[FaceIDPipeline, Any]:
    """Both as they are where they cannot be compiled."""
    try:
        from pipeline.compiled import compile_models  # imports openvino

        compiled = compile_models(pipeline, previews, (pack.defaults.width, pack.defaults.height), folder, pack.name)
    except Exception as error:  # whatever it is that openvino raises for a model or a machine that it does not know
        logger.warning("The pack %r is drawn without OpenVINO, which may take longer: %s", pack.name, error)
        return pipeline, previews
    parts: dict[str, Any] = pipeline.components | {"unet": compiled.unet, "vae": compiled.vae}
    return CompiledPipeline(**parts, requires_safety_checker=False), compiled.previews


def _check_size(request: PictureRequest, only: tuple[int, int] | None) -> None:
    if only and (request.width, request.height) != only:
        raise InvalidRequest(
            "What draws was compiled for pictures of {compiled}, and this one has {size}.",
            "Set CASTBOOK_COMPILE=0 and start Castbook anew to draw it.",
            compiled="{} x {}".format(*only),
            size=f"{request.width} x {request.height}",
        )


def _check_tokenizer(pipeline: FaceIDPipeline) -> None:
    """Where a tokenizer's files are missing, transformers makes one that knows no word, and says nothing."""
    tokenizer: Any = pipeline.tokenizer
    text_encoder: Any = pipeline.text_encoder
    if tokenizer.model_max_length > text_encoder.config.max_position_embeddings:
        raise ValueError(
            "the tokenizer allows longer prompts than the text encoder; tokenizer_config.json may be missing"
        )
    if len(tokenizer) <= len(tokenizer.all_special_tokens):
        raise ValueError("the tokenizer knows no words; vocab.json may be missing")


def _adapter_weights(pack: Pack) -> StateDict:
    """The adapter's file as diffusers takes it. A .bin is read weights-only: it can run nothing.

    Keys as in tencent-ailab/IP-Adapter, ip_adapter/ip_adapter_faceid.py, `load_ip_adapter`.
    """
    adapter, place = pack.adapter, pack.locate(pack.adapter.model)
    if Path(place).is_dir():
        file = str(Path(place, adapter.subfolder, adapter.weights))
    else:
        file = hf_hub_download(place, adapter.weights, subfolder=adapter.subfolder or None, revision=adapter.revision)
    weights: Any = load_state_dict(file)
    if file.endswith(".safetensors"):
        parts = ("image_proj", "ip_adapter")
        weights = {
            part: {
                key.removeprefix(f"{part}."): tensor for key, tensor in weights.items() if key.startswith(f"{part}.")
            }
            for part in parts
        }
    return weights


def _load_adapter(pipeline: Any, weights: StateDict) -> None:
    projection = weights["image_proj"]
    if "norm.weight" not in projection or any(key.startswith("perceiver_resampler.") for key in projection):
        raise ValueError("the adapter is no IP-Adapter FaceID or FaceID Portrait file")
    pipeline.load_ip_adapter(weights, subfolder="", weight_name="", image_encoder_folder=None)
    has_lora = any("_lora." in key for key in weights["ip_adapter"])
    if has_lora and FACEID_LORA not in pipeline.get_active_adapters():
        raise RuntimeError("the adapter's LoRA did not become active; is peft installed?")
