"""Packs of exactly the published layout with small untrained weights: every loader is the real one.

A toy face is a magenta square: the toy detector fires on it. What lies around the square is who it is.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import numpy as np
import onnx
import torch
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from onnx import TensorProto, helper, numpy_helper
from PIL import Image
from safetensors.torch import load_file, save_file
from transformers import (
    CLIPConfig,
    CLIPImageProcessor,
    CLIPModel,
    CLIPProcessor,
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTokenizer,
)

MAGENTA = (255, 0, 255)
FACE = 32  # side of a toy face in pixels: one cell of the detector's coarsest grid
ARCFACE_LANDMARKS = np.array(
    [[38.2946, 51.6963], [73.5318, 51.5014], [56.0252, 71.7366], [41.5493, 92.3655], [70.7299, 92.2041]], np.float32
)

PACK_TOML = """
name = "{name}"
title = "Toy"
draws = "Noise."
[licence]
name = "MIT"
commercial_use = true
note = "Untrained. No safety checker."
[base]
model = "."
[adapter]
model = "."
weights = "{weights}"
[faces]
model = "faces"
encoder = "toy-steering"
detection_size = 256
[judge]
model = "judge"
encoder = "toy-judge"
[scheduler]
class = "DDIMScheduler"
[defaults]
steps = 4
guidance_scale = 5.0
identity_scale = 0.7
count = 2
width = 64
height = 64
"""


def write_toy_pack(
    folder: Path, weights: str = "ip-adapter-faceid_toy.bin", kind: Literal["sd15", "doll", "small"] = "sd15"
) -> Path:
    """A whole pack. `.bin` weights are FaceID with LoRA, `.safetensors` Portrait's layout without.

    "sd15" has Stable Diffusion 1.5's proportions; "doll" 16 latent channels, a VAE of factor 16, v-prediction and a
    tokenizer of 48 words; "small" a UNet of two levels, soon compiled.
    """
    folder.mkdir(parents=True)
    (folder / "pack.toml").write_text(PACK_TOML.format(name=folder.name, weights=weights))
    unet = write_base(folder, kind)
    write_adapter(folder / weights, unet, tokens=4 if weights.endswith(".bin") else 16, lora=weights.endswith(".bin"))
    (folder / "faces").mkdir()
    write_detector(folder / "faces" / "det_10g.onnx")
    write_recogniser(folder / "faces" / "w600k_r50.onnx", seed=0)
    (folder / "judge").mkdir()
    write_recogniser(folder / "judge" / "glintr100.onnx", seed=1)
    return folder


def picture_of(*colours: tuple[int, int, int], width: int = 256, height: int = 256) -> Image.Image:
    """A grey picture with toy faces from left to right, each on a square of its colour."""
    picture = Image.new("RGB", (width, height), (90, 110, 100))
    for index, colour in enumerate(colours):
        left = 32 + index * 96
        picture.paste(colour, (left, 64, left + 3 * FACE, 64 + 3 * FACE))
        picture.paste(MAGENTA, (left + FACE, 64 + FACE, left + 2 * FACE, 64 + 2 * FACE))
    return picture


# -- Stable Diffusion ----------------------------------------------------------------------------------------------


def write_base(folder: Path, kind: Literal["sd15", "doll", "small"] = "sd15") -> UNet2DConditionModel:
    torch.manual_seed(0)
    doll = kind == "doll"
    channels, vae_channels = (16, 4 + 1) if doll else (4, 4)
    length = 48 if doll else 77
    size = write_tokenizer(folder / "tokenizer", length)
    text = CLIPTextConfig(
        vocab_size=size, hidden_size=64, intermediate_size=64, num_hidden_layers=2, num_attention_heads=4,
        max_position_embeddings=length, bos_token_id=size - 2, eos_token_id=size - 1, pad_token_id=size - 1,
    )  # fmt: skip
    levels, layers = (2, 1) if kind == "small" else (4, 2)
    unet = UNet2DConditionModel(
        sample_size=64 // (16 if doll else 8), in_channels=channels, out_channels=channels, layers_per_block=layers,
        block_out_channels=(32, 64, 64, 64)[:levels], cross_attention_dim=64, attention_head_dim=4, norm_num_groups=8,
        down_block_types=("CrossAttnDownBlock2D",) * (levels - 1) + ("DownBlock2D",),
        up_block_types=("UpBlock2D",) + ("CrossAttnUpBlock2D",) * (levels - 1),
    )  # fmt: skip
    vae = AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * vae_channels, up_block_types=("UpDecoderBlock2D",) * vae_channels,
        block_out_channels=(8, 8, 16, 16, 16)[:vae_channels], layers_per_block=1, latent_channels=channels,
        norm_num_groups=4, sample_size=64, scaling_factor=0.18215,
    )  # fmt: skip
    scheduler = DDIMScheduler(
        beta_start=0.00085, beta_end=0.012, beta_schedule="scaled_linear", clip_sample=False, set_alpha_to_one=False,
        steps_offset=1, prediction_type="v_prediction" if doll else "epsilon",
    )  # fmt: skip
    tokenizer = CLIPTokenizer.from_pretrained(folder / "tokenizer")
    StableDiffusionPipeline(
        vae=vae.eval(), text_encoder=CLIPTextModel(text).eval(), tokenizer=tokenizer, unet=unet.eval(),
        scheduler=scheduler, safety_checker=None, feature_extractor=None, image_encoder=None,
        requires_safety_checker=False,
    ).save_pretrained(folder)  # fmt: skip
    (folder / "unet" / "diffusion_pytorch_model.safetensors").unlink()
    unet.save_pretrained(folder / "unet", max_shard_size="500KB")  # in shards, as large models are
    _prefix_text_model(folder / "text_encoder" / "model.safetensors")
    return unet


def write_tokenizer(folder: Path, length: int) -> int:
    """vocab.json, merges.txt and the configurations, as published. Gives the size of the vocabulary."""
    folder.mkdir(parents=True)
    letters = [chr(code) for code in range(33, 127)]
    vocabulary = [*letters, *(letter + "</w>" for letter in letters), "<|startoftext|>", "<|endoftext|>"]
    (folder / "vocab.json").write_text(json.dumps({token: index for index, token in enumerate(vocabulary)}))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    special = {
        "bos_token": "<|startoftext|>",
        "eos_token": "<|endoftext|>",
        "pad_token": "<|endoftext|>",
        "unk_token": "<|endoftext|>",
    }
    (folder / "special_tokens_map.json").write_text(json.dumps(special))
    config = special | {"model_max_length": length, "tokenizer_class": "CLIPTokenizer", "do_lower_case": True}
    (folder / "tokenizer_config.json").write_text(json.dumps(config))
    return len(vocabulary)


def _prefix_text_model(file: Path) -> None:
    """transformers 5 writes CLIP's text keys without the prefix that every published file has."""
    tensors = load_file(file)
    save_file(
        {f"text_model.{key.removeprefix('text_model.')}": value for key, value in tensors.items()},
        file,
        {"format": "pt"},
    )


# -- IP-Adapter FaceID ---------------------------------------------------------------------------------------------


def write_adapter(file: Path, unet: UNet2DConditionModel, tokens: int, lora: bool) -> None:
    torch.manual_seed(1)
    width = int(unet.config["cross_attention_dim"])
    projection = torch.nn.Sequential(torch.nn.Linear(512, 1024), torch.nn.GELU(), torch.nn.Linear(1024, width * tokens))
    weights = {
        "image_proj": {f"proj.{key}": value.detach() for key, value in projection.state_dict().items()}
        | {"norm.weight": torch.ones(width), "norm.bias": torch.zeros(width)},
        "ip_adapter": _attention_weights(unet, width, lora),
    }
    if file.suffix == ".bin":
        torch.save(weights, file)
    else:
        save_file({f"{part}.{key}": value for part, tensors in weights.items() for key, value in tensors.items()}, file)


def _attention_weights(unet: UNet2DConditionModel, width: int, lora: bool, rank: int = 4) -> dict[str, torch.Tensor]:
    """Numbered as published: by place in `attn_processors` (down, up, mid), even for self-, odd for cross-attention."""
    weights: dict[str, torch.Tensor] = {}
    for index, name in enumerate(unet.attn_processors):
        hidden = unet.get_submodule(name.removesuffix(".processor")).to_q.in_features
        context = width if name.endswith("attn2.processor") else hidden
        if lora:
            for part, size in (("q", hidden), ("k", context), ("v", context), ("out", hidden)):
                weights[f"{index}.to_{part}_lora.down.weight"] = torch.randn(rank, size) * 0.1
                weights[f"{index}.to_{part}_lora.up.weight"] = torch.randn(hidden, rank) * 0.1
        if name.endswith("attn2.processor"):
            weights[f"{index}.to_k_ip.weight"] = torch.randn(hidden, width) * 0.1
            weights[f"{index}.to_v_ip.weight"] = torch.randn(hidden, width) * 0.3
    return weights


# -- insightface ---------------------------------------------------------------------------------------------------


def write_detector(file: Path, landmarks: bool = True) -> None:
    """SCRFD's nine outputs, six without landmarks.

    A score above a half where a 32 x 32 cell is all magenta (red and blue high, green low).
    """
    nodes: list[Any] = []
    constants: dict[str, np.ndarray] = {}
    for stride in (8, 16, 32):
        gain = 12.0 if stride == 32 else 0.0
        score = np.zeros((2, 3, 1, 1), np.float32)
        score[0, :, 0, 0] = [gain, -gain, gain]
        box = np.tile(np.array([0.5, 0.5, 1.5, 1.5], np.float32), 2)  # in strides: the cell and half around
        points = np.tile((ARCFACE_LANDMARKS / 112 * 2 - 0.5).reshape(-1), 2).astype(np.float32)
        nodes.append(
            helper.make_node(
                "AveragePool", ["input.1"], [f"cell{stride}"], kernel_shape=[stride] * 2, strides=[stride] * 2
            )
        )
        heads = {
            "score": (1, score, np.array([-gain * 2 if gain else -20.0, -20.0], np.float32)),
            "box": (4, np.zeros((8, 3, 1, 1), np.float32), box),
            "points": (10, np.zeros((20, 3, 1, 1), np.float32), points),
        }
        if not landmarks:
            del heads["points"]
        for head, (size, weight, bias) in heads.items():
            name = f"{head}{stride}"
            constants |= {f"{name}_w": weight, f"{name}_b": bias, f"{name}_shape": np.array([-1, size])}
            nodes.append(helper.make_node("Conv", [f"cell{stride}", f"{name}_w", f"{name}_b"], [f"{name}_conv"]))
            nodes.append(helper.make_node("Transpose", [f"{name}_conv"], [f"{name}_last"], perm=[0, 2, 3, 1]))
            nodes.append(
                helper.make_node(
                    "Reshape", [f"{name}_last", f"{name}_shape"], [name if head != "score" else f"{name}_logit"]
                )
            )
            if head == "score":
                nodes.append(helper.make_node("Sigmoid", [f"{name}_logit"], [name]))
    outputs = [
        (f"{head}{stride}", [f"n{stride}", size])
        for head, size in (("score", 1), ("box", 4), *((("points", 10),) if landmarks else ()))
        for stride in (8, 16, 32)
    ]
    _write_onnx(file, nodes, constants, [1, 3, "height", "width"], outputs)


def write_recogniser(file: Path, seed: int, size: int = 512) -> None:
    """ArcFace's shape: 112 x 112 to `size` numbers, by a random convolution and a random matrix."""
    random = np.random.default_rng(seed)
    constants = {
        "patches": (random.standard_normal((16, 3, 16, 16)) / 16).astype(np.float32),
        "matrix": (random.standard_normal((16 * 49, size)) * 0.05).astype(np.float32),
    }
    nodes = [
        helper.make_node("Conv", ["input.1", "patches"], ["conv"], kernel_shape=[16, 16], strides=[16, 16]),
        helper.make_node("Relu", ["conv"], ["relu"]),
        helper.make_node("Flatten", ["relu"], ["flat"], axis=1),
        helper.make_node("MatMul", ["flat", "matrix"], ["683"]),
    ]
    _write_onnx(file, nodes, constants, ["None", 3, 112, 112], [("683", ["None", size])])


# -- Adherence -----------------------------------------------------------------------------------------------------


def write_classifier(folder: Path) -> None:
    """Sees a picture's mean colour: red is a raincoat, green a dress, blue a spacesuit; bright is day, dark night."""
    folder.mkdir()
    labels = {"outfit": ["raincoat", "dress", "spacesuit"], "light": ["day", "night"]}
    (folder / "labels.json").write_text(json.dumps(labels))
    constants = {"outfit_of": np.eye(3, dtype=np.float32), "light_of": np.array([[1, -1]] * 3, np.float32)}
    nodes = [
        helper.make_node("GlobalAveragePool", ["picture"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["colour"]),
        *(helper.make_node("MatMul", ["colour", f"{group}_of"], [group]) for group in labels),
    ]
    outputs = [(group, [1, len(phrases)]) for group, phrases in labels.items()]
    _write_onnx(folder / "adherence.onnx", nodes, constants, [1, 3, 128, 128], outputs, "picture")


def write_marks_reader(folder: Path) -> None:
    """Sees a head's mean colour: red shows a scar and red hair, green freckles and green hair; blue a mole, which it is
    not to say."""
    folder.mkdir()
    labels = {
        "marks": ["a scar", "freckles", "a mole"],
        "colours": {"hair colour": ["red hair", "green hair", "blue hair"]},
        "said": ["a scar", "freckles", "hair colour"],
    }
    (folder / "labels.json").write_text(json.dumps(labels))
    nodes = [
        helper.make_node("GlobalAveragePool", ["head"], ["mean"]),
        helper.make_node("Flatten", ["mean"], ["marks"]),
        helper.make_node("Identity", ["marks"], ["hair colour"]),
    ]
    outputs = [("marks", [1, 3]), ("hair colour", [1, 3])]
    _write_onnx(folder / "marks.onnx", nodes, {}, [1, 3, 224, 224], outputs, "head")


def write_prior(folder: Path) -> None:
    """Red hair, green hair and a scar are the first axes, and chance has the next two."""
    folder.mkdir()
    (folder / "labels.json").write_text(json.dumps({"hair colour": ["red hair", "green hair"], "marks": ["a scar"]}))
    nodes = [
        helper.make_node("Concat", ["words", "noise"], ["both"], axis=1),
        helper.make_node("MatMul", ["both", "axes"], ["identity"]),
    ]
    inputs = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [1, size]) for name, size in (("noise", 2), ("words", 3))
    ]
    identity = [helper.make_tensor_value_info("identity", TensorProto.FLOAT, [1, 512])]
    axes = [numpy_helper.from_array(np.eye(5, 512, dtype=np.float32), "axes")]
    opset = [helper.make_opsetid("", 17)]
    graph = helper.make_graph(nodes, "toy", inputs, identity, axes)
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=8), folder / "prior.onnx")


def write_clip(folder: Path) -> None:
    """A small CLIP as published, untrained."""
    torch.manual_seed(2)
    size = write_tokenizer(folder, 77)
    shape = {"hidden_size": 32, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 4}
    text = {"vocab_size": size, "bos_token_id": size - 2, "eos_token_id": size - 1, "pad_token_id": size - 1}
    vision = {"image_size": 32, "patch_size": 8}
    config = CLIPConfig(text_config=shape | text, vision_config=shape | vision, projection_dim=32)
    CLIPModel(config).save_pretrained(folder)
    pictures = CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32})
    CLIPProcessor(pictures, CLIPTokenizer.from_pretrained(folder)).save_pretrained(folder)


def _write_onnx(
    file: Path,
    nodes: list[Any],
    constants: dict[str, np.ndarray],
    shape: list[Any],
    outputs: list[tuple[str, list[Any]]],
    input_name: str = "input.1",
) -> None:
    graph = helper.make_graph(
        nodes,
        "toy",
        [helper.make_tensor_value_info(input_name, TensorProto.FLOAT, shape)],
        [helper.make_tensor_value_info(name, TensorProto.FLOAT, dimensions) for name, dimensions in outputs],
        [numpy_helper.from_array(array, name) for name, array in constants.items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)])
    model.ir_version = 8
    onnx.checker.check_model(model)
    onnx.save(model, file)
