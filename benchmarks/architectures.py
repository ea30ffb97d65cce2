"""Packs of the architectures that others publish, with weights by chance: as much work as theirs, and nothing to see.

Stable Diffusion 1.5's and SDXL's configurations as published, and IP-Adapter FaceID files in h94's layout with a LoRA
of rank 128. Previews are by a tiny autoencoder of TAESD's form. In noise no face is found: judging is finding alone.
"""

# pyright: reportUnknownMemberType=false, reportUnknownVariableType=false, reportUnknownArgumentType=false
# pyright: reportPrivateImportUsage=false, reportMissingTypeStubs=false

from __future__ import annotations

import json
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderTiny,
    DDIMScheduler,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
)
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTextModelWithProjection, CLIPTokenizer

from settings import BUILT_IN_PACKS

WORDS = 49408  # CLIP's vocabulary
TOKENS = 4  # of an identity
RANK = 128
# Widths, heads and layers of tiny ones. A text encoder has as many heads as ever, and its width is a multiple of them.
PICTURES = {5: 2, 10: 4, 20: 8, 128: 32, 256: 32, 320: 32, 512: 64, 640: 64, 768: 96, 1280: 128, 2048: 256, 2816: 1696}
TEXTS = {768: 96, 1280: 160, 3072: 96, 5120: 160}

_UP_TO_NOISE = {"beta_start": 0.00085, "beta_end": 0.012, "beta_schedule": "scaled_linear", "steps_offset": 1}
_VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "layers_per_block": 2,
    "latent_channels": 4,
}
_VIT_L = {"hidden_size": 768, "intermediate_size": 3072, "num_attention_heads": 12, "num_hidden_layers": 12}


@dataclass(frozen=True)
class Architecture:
    """Configurations as the published files say them, where these differ from the libraries' own."""

    name: str
    size: int  # pixels
    unet: Mapping[str, Any]
    vae: Mapping[str, Any]
    texts: tuple[Mapping[str, Any], ...]  # one text encoder or two

    def tiny(self) -> Architecture:
        """The same with a tenth of the width: every path, and no time."""
        texts = tuple({**_narrow(text, TEXTS), "num_hidden_layers": 2} for text in self.texts)
        return Architecture(f"{self.name}-tiny", 64, _narrow(self.unet, PICTURES), _narrow(self.vae, PICTURES), texts)

    def empty_unet(self) -> UNet2DConditionModel:
        """Without weights, to be counted."""
        with torch.device("meta"):
            return UNet2DConditionModel(**self.unet)


SD15 = Architecture(
    "sd15",
    512,
    {
        "sample_size": 64,
        "block_out_channels": (320, 640, 1280, 1280),
        "cross_attention_dim": 768,
        "attention_head_dim": 8,
        "down_block_types": ("CrossAttnDownBlock2D",) * 3 + ("DownBlock2D",),
        "up_block_types": ("UpBlock2D",) + ("CrossAttnUpBlock2D",) * 3,
    },
    {**_VAE, "sample_size": 512, "scaling_factor": 0.18215},
    (_VIT_L,),
)
SDXL = Architecture(
    "sdxl",
    1024,
    {
        "sample_size": 128,
        "block_out_channels": (320, 640, 1280),
        "cross_attention_dim": 2048,
        "attention_head_dim": (5, 10, 20),
        "transformer_layers_per_block": (1, 2, 10),
        "use_linear_projection": True,
        "down_block_types": ("DownBlock2D",) + ("CrossAttnDownBlock2D",) * 2,
        "up_block_types": ("CrossAttnUpBlock2D",) * 2 + ("UpBlock2D",),
        "addition_embed_type": "text_time",
        "addition_time_embed_dim": 256,
        "projection_class_embeddings_input_dim": 2816,
    },
    {**_VAE, "sample_size": 1024, "scaling_factor": 0.13025, "force_upcast": True},
    (
        _VIT_L,
        {
            "hidden_size": 1280,
            "intermediate_size": 5120,
            "num_attention_heads": 20,
            "num_hidden_layers": 32,
            "hidden_act": "gelu",
            "projection_dim": 1280,
        },
    ),
)
ARCHITECTURES = {each.name: each for each in (SD15, SDXL)}

PACK_TOML = """
name = "{name}"
title = "{name}"
draws = "Noise."
[licence]
name = "Apache-2.0"
commercial_use = true
note = "Weights by chance."
[base]
model = "."
[preview]
model = "preview"
[adapter]
model = "."
weights = "ip-adapter-faceid.bin"
[faces]
model = "{faces}"
encoder = "paperdoll-2/steering"
detection_size = {detection}
[judge]
model = "judges/drawn"
encoder = "drawn-1"
landmark_scale = 1.6
[scheduler]
class = "DPMSolverMultistepScheduler"
[defaults]
steps = {steps}
guidance_scale = 7.5
identity_scale = 0.7
count = {count}
width = {size}
height = {size}
"""


def write_pack(folder: Path, architecture: Architecture, *, size: int | None = None, steps: int, count: int) -> str:
    """In half precision, as packs are. Gives the pack's name, which is the folder's."""
    folder.mkdir(parents=True)
    size = size or architecture.size
    said = {"faces": BUILT_IN_PACKS / "paperdoll" / "faces", "detection": max(64, size // 32 * 32)}
    (folder / "pack.toml").write_text(
        PACK_TOML.format(name=folder.name, size=size, steps=steps, count=count, **said), "utf-8"
    )
    torch.manual_seed(0)
    with _in_half_precision():
        unet = UNet2DConditionModel(**architecture.unet)
        _write_base(folder, architecture, unet)
        torch.save(_adapter(unet), folder / "ip-adapter-faceid.bin")
        AutoencoderTiny().save_pretrained(folder / "preview")
    return folder.name


def _write_base(folder: Path, architecture: Architecture, unet: UNet2DConditionModel) -> None:
    names = ("tokenizer", "tokenizer_2")[: len(architecture.texts)]
    for name in names:
        _write_tokenizer(folder / name)
    tokenizers = {name: CLIPTokenizer.from_pretrained(folder / name) for name in names}
    configs = [
        CLIPTextConfig(vocab_size=WORDS, bos_token_id=WORDS - 2, eos_token_id=WORDS - 1, pad_token_id=1, **text)
        for text in architecture.texts
    ]
    parts: dict[str, Any] = {
        "unet": unet,
        "vae": AutoencoderKL(**architecture.vae),
        "scheduler": DDIMScheduler(**_UP_TO_NOISE, clip_sample=False, set_alpha_to_one=False),
        "text_encoder": CLIPTextModel(configs[0]),
        **tokenizers,
    }
    if len(configs) == 1:
        none = {"safety_checker": None, "feature_extractor": None, "requires_safety_checker": False}
        StableDiffusionPipeline(**parts, **none).save_pretrained(folder)
    else:
        second = CLIPTextModelWithProjection(configs[1])
        StableDiffusionXLPipeline(**parts, text_encoder_2=second).save_pretrained(folder)


def _write_tokenizer(folder: Path) -> None:
    """Letters, and nothing in the places of all other words."""
    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)]
    known = [*letters, *(letter + "</w>" for letter in letters)]
    vocabulary = [*known, *(f"<{i}>" for i in range(len(known), WORDS - 2)), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(vocabulary)}), "utf-8")
    (folder / "merges.txt").write_text("#version: 0.2\n", "utf-8")
    end = "<|endoftext|>"
    special = {"bos_token": "<|startoftext|>", "eos_token": end, "pad_token": end, "unk_token": end}
    config = special | {"model_max_length": 77, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(config), "utf-8")


def _adapter(unet: UNet2DConditionModel) -> dict[str, dict[str, torch.Tensor]]:
    """Numbered by place in `attn_processors`, even for self-, odd for cross-attention."""
    width = int(unet.config["cross_attention_dim"])
    projection = torch.nn.Sequential(
        torch.nn.Linear(512, 1024), torch.nn.GELU(), torch.nn.Linear(1024, width * TOKENS)
    ).state_dict()
    attention: dict[str, torch.Tensor] = {}
    for index, name in enumerate(unet.attn_processors):
        hidden = unet.get_submodule(name.removesuffix(".processor")).to_q.in_features
        context = width if name.endswith("attn2.processor") else hidden
        for part, inputs in (("q", hidden), ("k", context), ("v", context), ("out", hidden)):
            attention[f"{index}.to_{part}_lora.down.weight"] = torch.randn(RANK, inputs) / inputs**0.5
            attention[f"{index}.to_{part}_lora.up.weight"] = torch.randn(hidden, RANK) * 0.02
        if name.endswith("attn2.processor"):
            attention[f"{index}.to_k_ip.weight"] = torch.randn(hidden, width) / width**0.5
            attention[f"{index}.to_v_ip.weight"] = torch.randn(hidden, width) / width**0.5
    image_proj = {f"proj.{key}": value for key, value in projection.items()}
    norm = {"norm.weight": torch.ones(width), "norm.bias": torch.zeros(width)}
    return {"image_proj": image_proj | norm, "ip_adapter": attention}


def _narrow(config: Mapping[str, Any], smaller: Mapping[int, int]) -> dict[str, Any]:
    def narrower(value: Any) -> Any:
        return tuple(map(narrower, value)) if isinstance(value, tuple) else smaller.get(value, value)

    kept = ("sample_size", "addition_time_embed_dim")
    return {name: value if name in kept else narrower(value) for name, value in config.items()}


@contextmanager
def _in_half_precision() -> Generator[None, None, None]:
    usual = torch.get_default_dtype()
    torch.set_default_dtype(torch.float16)
    try:
        yield
    finally:
        torch.set_default_dtype(usual)
