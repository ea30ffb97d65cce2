"""InvokeAI: JSON in the PNG's chunk `invokeai_metadata`, since version 3.

invokeai/app/services/image_files/image_files_disk.py, DiskImageFileStorage.save; the fields are those of
invokeai/app/invocations/metadata.py, CoreMetadataInvocation. Version 2 wrote `sd-metadata`, with the negative words
within the prompt in [square brackets].
"""

from __future__ import annotations

import re
from typing import Any

from library_store.foreign_requests.said import Said, as_list, as_object, json_object, other_names, text_of
from pipeline.picture_texts import PictureTexts

_USED = {
    "positive_prompt", "negative_prompt", "seed", "steps", "cfg_scale", "scheduler", "model", "app_version",
    "generation_mode", "width", "height", "rand_device",
}  # fmt: skip
_USED_BEFORE = {"prompt", "seed", "steps", "cfg_scale", "sampler", "type", "width", "height"}


def read(texts: PictureTexts) -> Said | None:
    if said := json_object(texts.chunks.get("invokeai_metadata", "")):
        negative = said.get("negative_prompt")
        return Said(
            "InvokeAI",
            prompt=text_of(said.get("positive_prompt")),
            negative_prompt=None if "negative_prompt" not in said else text_of(negative),
            seed=said.get("seed"),
            steps=said.get("steps"),
            guidance_scale=said.get("cfg_scale"),
            sampler=said.get("scheduler"),
            model=_model(said.get("model")),
            unused=other_names(said, _USED),
        )
    return _of_version_2(texts)


def _of_version_2(texts: PictureTexts) -> Said | None:
    metadata = json_object(texts.chunks.get("sd-metadata", "")) or {}
    said = as_object(metadata.get("image"))
    if said is None:
        return None
    prompts = [text_of((as_object(part) or {}).get("prompt")) for part in as_list(said.get("prompt"))]
    prompt = " ".join(prompts) or text_of(said.get("prompt"))
    return Said(
        "InvokeAI",
        prompt=re.sub(r"\s*\[[^\]]*\]", "", prompt),
        negative_prompt=", ".join(re.findall(r"\[([^\]]*)\]", prompt)),
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance_scale=said.get("cfg_scale"),
        sampler=said.get("sampler"),
        model=metadata.get("model_weights"),
        unused=other_names(said, _USED_BEFORE),
    )


def _model(model: object) -> Any:
    """ModelIdentifierField has a `name`; before version 4 it was `model_name`."""
    said = as_object(model) or {}
    return said.get("name") or said.get("model_name")
