"""The stock pipelines with an identity a picture, and one way to set how strongly it steers.

The others that import torch: generator.py, on_gpu.py, compiled.py, schedulers.py and clip_reader.py.
"""

# diffusers' own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportPrivateImportUsage=false

from __future__ import annotations

from typing import Any

import torch
from diffusers import StableDiffusionPipeline, StableDiffusionXLPipeline

FACEID_LORA = "faceid_0"  # the name that diffusers gives the LoRA in a FaceID file


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


class Steered(PerImage):
    """What the generator asks of a pipeline, beside drawing."""

    set_ip_adapter_scale: Any
    enable_lora: Any
    disable_lora: Any
    switched_lora: Any = None  # by on_gpu.py, if the LoRA is in the weights
    tokenizers = ("tokenizer",)  # of components, each beside its text encoder
    text_encoders = ("text_encoder",)

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
        if self.switched_lora:
            self.switched_lora.switch(bool(strength))
        elif self.lora:
            (self.enable_lora if strength else self.disable_lora)()

    @property
    def computing(self) -> dict[str, str]:
        """What the UNet computes in, and by what program; as in `Engine`."""
        return {"dtype": str(self.unet.dtype).removeprefix("torch."), "runtime": ""}


class FaceIDPipeline(Steered, StableDiffusionPipeline):
    """Stable Diffusion 1.5 and its like."""


class FaceIDXLPipeline(Steered, StableDiffusionXLPipeline):
    """Stable Diffusion XL and its like."""

    tokenizers = ("tokenizer", "tokenizer_2")
    text_encoders = ("text_encoder", "text_encoder_2")


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
