#!/usr/bin/env bash
# diffusers 0.42.1 with transformers 5.23.0: a pipeline that was saved in float16 loads in two number types, and cannot draw.
#
# Where no dtype is given, diffusers loads its own models (UNet, VAE) as float32 whatever the files hold, and transformers
# 5 loads its models (the text encoder) in the type that the files hold. So a pipeline folder in half precision, as most
# are published, loads without a warning and fails in the middle of the first drawing, with a sentence about matrices.
# Castbook gives a dtype at every from_pretrained (pipeline/generator.py).
#
# Prints the versions, what each part was loaded as, and the error; fails where that changes.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check torch==2.13.0
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check diffusers==0.42.1 transformers==5.23.0
cd "$folder"
venv/bin/python - 2>warnings.txt <<'PYTHON'
import json
import sys
from pathlib import Path

import diffusers
import torch
import transformers
from diffusers import AutoencoderKL, DDIMScheduler, StableDiffusionPipeline, UNet2DConditionModel
from transformers import CLIPTextConfig, CLIPTextModel, CLIPTokenizer

words = ["<|startoftext|>", "<|endoftext|>", *"abcdefghijklmnopqrstuvwxyz", *(f"{letter}</w>" for letter in "abcdefghijklmnopqrstuvwxyz")]
Path("vocab.json").write_text(json.dumps({word: number for number, word in enumerate(words)}))
Path("merges.txt").write_text("#version: 0.2\n")
tokenizer = CLIPTokenizer("vocab.json", "merges.txt", model_max_length=16)
text = CLIPTextModel(CLIPTextConfig(vocab_size=len(words), hidden_size=16, intermediate_size=16, num_hidden_layers=1, num_attention_heads=2, max_position_embeddings=16, bos_token_id=0, eos_token_id=1, pad_token_id=1))
unet = UNet2DConditionModel(sample_size=8, block_out_channels=(16, 16), layers_per_block=1, norm_num_groups=8, cross_attention_dim=16, attention_head_dim=2,
                            down_block_types=("DownBlock2D", "CrossAttnDownBlock2D"), up_block_types=("CrossAttnUpBlock2D", "UpBlock2D"))
vae = AutoencoderKL(block_out_channels=(8, 8), norm_num_groups=4, down_block_types=("DownEncoderBlock2D",) * 2, up_block_types=("UpDecoderBlock2D",) * 2)
made = StableDiffusionPipeline(vae, text, tokenizer, unet, DDIMScheduler(), None, None, requires_safety_checker=False)
made.to(torch.float16).save_pretrained("saved")


def draw(**settings):
    pipeline = StableDiffusionPipeline.from_pretrained("saved", **settings)
    pipeline.set_progress_bar_config(disable=True)
    types = {part: str(getattr(pipeline, part).dtype) for part in ("text_encoder", "unet", "vae")}
    try:
        pipeline("a", num_inference_steps=1, height=16, width=16)
    except RuntimeError as error:
        return types, str(error)
    return types, "drew"


without, given = draw(), draw(dtype=torch.float32)
print("diffusers", diffusers.__version__, "transformers", transformers.__version__, "torch", torch.__version__)
print("no dtype:", *without)
print("dtype=torch.float32:", *given)
mixed = {"text_encoder": "torch.float16", "unet": "torch.float32", "vae": "torch.float32"}
sys.exit(not (without[0] == mixed and "dtype" in without[1] and set(given[0].values()) == {"torch.float32"} and given[1] == "drew"))
PYTHON
