"""The plain way, which Castbook has to beat: diffusers and insightface as their documentation puts them together.

From "IP-Adapter" in diffusers' guides (its part on face models) and insightface's README. It knows no pack but the
folders and names of one; same weights, steps, guidance, scheduler and size, all pictures in one batch, their faces
found and compared. Faces are looked for on the CPU, as onnxruntime is installed for it. It judges by the encoder that
steers, has no previews, and reads no prompt.
"""

from __future__ import annotations

from typing import Any

import diffusers
import numpy as np
import torch
from diffusers import DiffusionPipeline
from insightface.app import FaceAnalysis
from PIL import Image

from pipeline.packs import Pack


class PlainScript:
    def __init__(self, pack: Pack, device: str = "cpu", dtype: torch.dtype = torch.float32) -> None:
        self.pipeline: Any = DiffusionPipeline.from_pretrained(
            pack.locate(pack.base.model), dtype=dtype, safety_checker=None
        )
        self.pipeline.load_ip_adapter(
            pack.locate(pack.adapter.model),
            subfolder=pack.adapter.subfolder,
            weight_name=pack.adapter.weights,
            image_encoder_folder=None,
        )
        self.pipeline.to(device)
        scheduler = getattr(diffusers, pack.scheduler.class_name)
        self.pipeline.scheduler = scheduler.from_config(self.pipeline.scheduler.config, **pack.scheduler.config)
        self.pipeline.set_ip_adapter_scale(pack.defaults.identity_scale)
        self.pipeline.set_progress_bar_config(disable=True)
        size = (pack.faces.detection_size, pack.faces.detection_size)
        self.faces = FaceAnalysis(name=pack.locate(pack.faces.model), allowed_modules=["detection", "recognition"])
        self.faces.prepare(ctx_id=0, det_size=size)
        self.defaults = pack.defaults

    def identity(self, picture: Image.Image) -> np.ndarray | None:
        """Of the first face."""
        faces = self.faces.get(np.asarray(picture)[:, :, ::-1])
        return faces[0].normed_embedding if faces else None

    def draw(self, prompt: str, identity: np.ndarray, seed: int) -> tuple[list[Image.Image], list[float | None]]:
        """The pictures, and how alike their faces are to whom they have to show."""
        embedding = torch.from_numpy(identity).reshape(1, 1, -1).to(self.pipeline.device, self.pipeline.dtype)
        guided = torch.cat([torch.zeros_like(embedding), embedding])
        pictures = self.pipeline(
            prompt,
            negative_prompt=self.defaults.negative_prompt,
            ip_adapter_image_embeds=[guided],
            num_images_per_prompt=self.defaults.count,
            num_inference_steps=self.defaults.steps,
            guidance_scale=self.defaults.guidance_scale,
            width=self.defaults.width,
            height=self.defaults.height,
            generator=torch.Generator().manual_seed(seed),
        ).images
        found = [self.identity(picture) for picture in pictures]
        return pictures, [None if each is None else float(each @ identity) for each in found]
