"""NovelAI: PNG chunks Title, Description, Software, Source (the model), Generation time, and Comment, a JSON object.

The same texts lie hidden in alpha (github.com/NovelAI/novelai-image-metadata, nai_meta_writer.py, serialize_metadata).
Version 4 has a prompt for the whole picture and one for every character in it: all of them were drawn.
"""

from __future__ import annotations

from typing import Any

from library_store.foreign_requests.said import Said, as_list, as_object, json_object, other_names, text_of
from pipeline.picture_texts import PictureTexts

_USED = {
    "prompt", "uc", "seed", "steps", "scale", "sampler", "v4_prompt", "v4_negative_prompt", "width", "height",
    "n_samples", "version", "signed_hash", "request_type",
}  # fmt: skip


def read(texts: PictureTexts) -> Said | None:
    said = json_object(texts.chunks.get("Comment", "") or texts.exif.get("UserComment", "")) or {}
    said = json_object(text_of(said.get("Comment"))) or said  # a WebP has the texts of the PNG as one JSON object
    is_theirs = texts.chunks.get("Software", "").startswith("NovelAI") or {"prompt", "uc", "scale"} <= set(said)
    if not is_theirs:
        return None
    prompt = _captions(said, "v4_prompt") or text_of(said.get("prompt")) or texts.chunks.get("Description", "")
    negative = _captions(said, "v4_negative_prompt") or text_of(said.get("uc"))
    return Said(
        "NovelAI",
        prompt=prompt,
        negative_prompt=negative if negative or "uc" in said else None,
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance_scale=said.get("scale"),
        sampler=said.get("sampler"),
        model=texts.chunks.get("Source"),
        unused=other_names(said, _USED),
    )


def _captions(said: dict[str, Any], name: str) -> str:
    caption = as_object((as_object(said.get(name)) or {}).get("caption")) or {}
    characters = [as_object(character) or {} for character in as_list(caption.get("char_captions"))]
    words = [caption.get("base_caption"), *(character.get("char_caption") for character in characters)]
    return ", ".join(text.strip(" ,") for text in map(text_of, words) if text.strip(" ,"))
