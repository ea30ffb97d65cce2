"""Fooocus: JSON or A1111's text, and beside it which of them (`fooocus` or `a1111`).

A PNG has the chunks `parameters` and `fooocus_scheme` (modules/private_logger.py, log); a JPEG or WebP has UserComment,
MakerNote (the scheme) and Software in EXIF's first directory, where no usual reader looks (modules/meta_parser.py,
get_exif). In A1111's text the prompt is the styled one, and "Raw prompt" what was written. Pillow writes such a text as
ASCII, with a ? for every other letter.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from library_store.foreign_requests.a1111 import read_infotext, settings_of
from library_store.foreign_requests.said import Said, json_object, other_names, text_of
from pipeline.picture_texts import PictureTexts

_USED = {
    "prompt", "negative_prompt", "full_prompt", "full_negative_prompt", "seed", "steps", "guidance_scale", "sampler",
    "base_model", "version", "metadata_scheme", "created_by", "base_model_hash", "resolution",
}  # fmt: skip


def read(texts: PictureTexts) -> Said | None:
    text, scheme = texts.chunks.get("parameters", ""), texts.chunks.get("fooocus_scheme", "")
    if not scheme and texts.exif.get("Software", "").startswith("Fooocus"):
        text, scheme = texts.exif.get("UserComment", ""), texts.exif.get("MakerNote", "")
    said = _folded(text)
    if said is not None and (scheme or {"prompt", "base_model"} <= set(said)):
        return _of_json(said)
    return _of_infotext(text) if scheme == "a1111" else None


def _folded(text: str) -> dict[str, Any] | None:
    """Before version 2.2 the names were labels: "Negative Prompt", "Base Model"."""
    said = json_object(text)
    return said and {name.lower().replace(" ", "_"): value for name, value in said.items()}


def _of_json(said: dict[str, Any]) -> Said:
    return Said(
        "Fooocus",
        prompt=text_of(said.get("prompt")),
        negative_prompt=text_of(said.get("negative_prompt")) if "negative_prompt" in said else None,
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance_scale=said.get("guidance_scale"),
        sampler=said.get("sampler"),
        model=said.get("base_model"),
        unused=other_names(said, _USED),
    )


def _of_infotext(text: str) -> Said | None:
    said = read_infotext(text)
    if said is None:
        return None
    settings = settings_of(text.strip().rpartition("\n")[2])
    used = ("Raw prompt", "Raw negative prompt", "User")
    return replace(
        said,
        program="Fooocus",
        prompt=settings.get("Raw prompt") or said.prompt,
        negative_prompt=settings.get("Raw negative prompt", said.negative_prompt),
        unused=[name for name in said.unused if name not in used],
    )
