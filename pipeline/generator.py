"""A request -> pictures, with the stock Stable Diffusion pipeline and IP-Adapter FaceID.

With faceid.py, on_gpu.py, compiled.py, schedulers.py and clip_reader.py the only files that import torch or its
libraries. It knows no face model: an identity comes with the request.
"""

# diffusers' and transformers' own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import json
import logging
import threading
from copy import deepcopy
from functools import cached_property
from pathlib import Path
from typing import Any, TypeAlias

import diffusers
import torch
from diffusers import AutoencoderTiny
from diffusers.models.model_loading_utils import load_state_dict
from huggingface_hub import hf_hub_download
from huggingface_hub.utils import httpx  # the one that the hub's client uses, whatever its version
from PIL import Image
from safetensors import SafetensorError

from errors import InvalidRequest, PackUnavailable
from pipeline.faceid import FACEID_LORA, CompiledPipeline, FaceIDPipeline, FaceIDXLPipeline, Steered
from pipeline.likeness import identity_by
from pipeline.on_gpu import Ways, make_quick
from pipeline.packs import Pack
from pipeline.request import Engine, PictureRequest
from pipeline.schedulers import for_a_run, load_scheduler
from pipeline.values import Imagined, Reference, Step
from pipeline.variants import OnStep

PREVIEWS_AT = (0.5, 0.75)  # of a run; before, there is only noise to be seen
MOST_AT_ONCE = 4  # SD 1.5 at 512x512 in half precision then fits 8 GB
# As many as there are cores, for compiled models draw one on each: the first ones are there early, a Stop keeps them.
FEWEST_ON_CPU = 2
EMBEDDINGS = ("prompt_embeds", "negative_prompt_embeds", "pooled_prompt_embeds", "negative_pooled_prompt_embeds")
IDENTITY_SIZE = 512

logger = logging.getLogger("castbook")

StateDict: TypeAlias = dict[str, dict[str, torch.Tensor]]
_BROKEN = (OSError, ValueError, KeyError, RuntimeError, SafetensorError, httpx.HTTPError)


class DiffusersGenerator:
    """Draws one request at a time: identity strength and LoRA are switched on the UNet, which all requests share."""

    def __init__(self, pipeline: Steered, pack: Pack, previews: AutoencoderTiny | None = None) -> None:
        self._pipeline: Any = pipeline  # diffusers' own annotations are not its own practice
        self._pack = pack
        self._previews: Any = previews or _whole_vae(self._pipeline)
        self._scheduler = load_scheduler(pack, self._pipeline.scheduler.config)
        self._encoded_last: Any = (None, None)
        self._lock = threading.Lock()
        self._pipeline.set_progress_bar_config(disable=True)

    @classmethod
    def load(
        cls, pack: Pack, device: str | None = None, compiled: Path | None = None, ways: Ways | None = None
    ) -> DiffusersGenerator:
        """From a folder or the hub, to the best device there is. Raises PackUnavailable.

        `compiled` is the folder in which is kept what was compiled for this machine's CPU; None: nothing is compiled.
        `ways` to draw faster; None: what is usual on a GPU, and elsewhere none of them.
        """
        device = device or best_device()
        on_gpu = device.startswith("cuda")
        try:
            pipeline = _base(pack, torch.float16 if on_gpu else torch.float32)
            _check_tokenizers(pipeline)
            _load_adapter(pipeline, _adapter_weights(pack))
            pipeline.to(device)
            previews = _load_previews(pack, pipeline)
            if ways or on_gpu:
                make_quick(pipeline, ways or Ways())
            if compiled and device == "cpu" and isinstance(pipeline, FaceIDPipeline):
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
            drawn = self._pipeline(
                **self._encoded(request.prompt, request.negative_prompt),
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
        counted = tokenizer(
            prompt, add_special_tokens=False, truncation=False, verbose=False, return_offsets_mapping=True
        )
        room = tokenizer.model_max_length - 2  # two mark beginning and end
        return prompt[counted.offset_mapping[room][0] :].strip() if len(counted.input_ids) > room else ""

    @cached_property
    def _counting(self) -> Any:
        """A tokenizer beside that which draws: one may not be asked for two things at once."""
        return deepcopy(self._pipeline.tokenizer)

    def _encoded(self, prompt: str, negative_prompt: str) -> dict[str, torch.Tensor]:
        """Both as the UNet takes them, by the pipeline's names; once for all batches of a run."""
        if (prompt, negative_prompt) != self._encoded_last[0]:
            with torch.no_grad():
                encoded = self._pipeline.encode_prompt(
                    prompt=prompt,
                    negative_prompt=negative_prompt,
                    device=self._pipeline.device,
                    num_images_per_prompt=1,
                    do_classifier_free_guidance=True,
                )
            self._encoded_last = (prompt, negative_prompt), dict(zip(EMBEDDINGS, encoded, strict=False))
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
        """In the pictures' own size, however small it was decoded; none where nothing can decode them in time."""
        if self._previews is None:
            return ()
        decoder, factor = self._previews, self._pipeline.vae_scale_factor
        decoded = decoder.decode(latents / decoder.config.scaling_factor, return_dict=False)[0]
        size = (latents.shape[3] * factor, latents.shape[2] * factor)
        pictures = self._pipeline.image_processor.postprocess(decoded, output_type="pil")
        return tuple(picture.resize(size, Image.Resampling.BILINEAR) for picture in pictures)


def best_device() -> str:
    if torch.cuda.is_available():
        return "cuda"
    return "mps" if torch.backends.mps.is_available() else "cpu"


def _base(pack: Pack, dtype: torch.dtype) -> Any:
    """The base model's pipeline, of its own kind."""
    place = pack.locate(pack.base.model)
    kind: str = json.loads(_file(place, "model_index.json", "", pack.base.revision).read_bytes())["_class_name"]
    chosen: dict[str, Any] = {"revision": pack.base.revision, "variant": pack.base.variant, "dtype": dtype}
    if kind.startswith("StableDiffusionXL"):
        pipeline = FaceIDXLPipeline.from_pretrained(place, **chosen)
        pipeline.vae.enable_slicing()  # a picture at a time: at 1024 x 1024 one is work enough, and takes gigabytes
        return pipeline
    return FaceIDPipeline.from_pretrained(
        place,
        **chosen,
        safety_checker=None,  # each pack's licence note says so
        requires_safety_checker=False,
    )


def _whole_vae(pipeline: Any) -> Any:
    """To decode previews; None where it would overflow: SDXL's own in half precision."""
    vae = pipeline.vae
    return None if vae.dtype == torch.float16 and vae.config.force_upcast else vae


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


def _check_tokenizers(pipeline: Steered) -> None:
    """Where a tokenizer's files are missing, transformers makes one that knows no word, and says nothing."""
    for tokenizer_name, encoder_name in zip(pipeline.tokenizers, pipeline.text_encoders, strict=True):
        tokenizer: Any = getattr(pipeline, tokenizer_name)
        text_encoder: Any = getattr(pipeline, encoder_name)
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
    adapter = pack.adapter
    file = _file(pack.locate(adapter.model), adapter.weights, adapter.subfolder, adapter.revision)
    weights: Any = load_state_dict(str(file))
    if file.name.endswith(".safetensors"):
        parts = ("image_proj", "ip_adapter")
        weights = {
            part: {
                key.removeprefix(f"{part}."): tensor for key, tensor in weights.items() if key.startswith(f"{part}.")
            }
            for part in parts
        }
    return weights


def _file(place: str, name: str, subfolder: str, revision: str | None) -> Path:
    """In a folder or a hub repository."""
    if Path(place).is_dir():
        return Path(place, subfolder, name)
    return Path(hf_hub_download(place, name, subfolder=subfolder or None, revision=revision))


def _load_adapter(pipeline: Any, weights: StateDict) -> None:
    projection = weights["image_proj"]
    if "norm.weight" not in projection or any(key.startswith("perceiver_resampler.") for key in projection):
        raise ValueError("the adapter is no IP-Adapter FaceID or FaceID Portrait file")
    pipeline.load_ip_adapter(weights, subfolder="", weight_name="", image_encoder_folder=None)
    has_lora = any("_lora." in key for key in weights["ip_adapter"])
    if has_lora and FACEID_LORA not in pipeline.get_active_adapters():
        raise RuntimeError("the adapter's LoRA did not become active; is peft installed?")
