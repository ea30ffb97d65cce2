"""SwarmUI: a JSON object with `sui_image_params`, wherever A1111 would have its text.

The PNG's chunk `parameters`, EXIF's UserComment in other formats (src/Media/ImageFile.cs, ConvertTo; UTF-16, which
ImageSharp writes little-endian), or hidden in the pixels (src/Utils/MetadataHelper.cs). "No specific parameters are
ever guaranteed", and numbers may be text (docs/Image Metadata Format.md).
"""

from __future__ import annotations

from typing import Any

from library_store.foreign_requests.said import Said, as_object, json_object, other_names, text_of
from pipeline.picture_texts import PictureTexts

_USED = {
    "prompt", "negativeprompt", "seed", "steps", "cfgscale", "sampler", "comfyuisampler", "model", "swarm_version",
    "width", "height", "aspectratio",
}  # fmt: skip


def read(texts: PictureTexts) -> Said | None:
    for text in (texts.chunks.get("parameters", ""), *(texts.exif.get(name, "") for name in ("UserComment", "Model"))):
        said = as_object((json_object(text) or {}).get("sui_image_params"))
        if said is not None:
            return _of(said)
    return None


def _of(said: dict[str, Any]) -> Said:
    return Said(
        "SwarmUI",
        prompt=text_of(said.get("prompt")),
        negative_prompt=text_of(said["negativeprompt"]) if "negativeprompt" in said else None,
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance_scale=said.get("cfgscale"),
        sampler=said.get("sampler") or said.get("comfyuisampler"),
        model=said.get("model"),
        unused=other_names(said, _USED),
    )
