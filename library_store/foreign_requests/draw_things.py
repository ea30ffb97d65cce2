"""Draw Things: XMP, whose exif:UserComment is a JSON object (`c` the prompt, `uc` the negative one).

In a PNG it is the chunk `XML:com.adobe.xmp`, in a JPEG a segment; xmp:CreatorTool is "Draw Things". dc:description says
the same as text: the prompt, a line that begins with "-", and a line of settings. Some have the JSON as the chunk
Comment. The app's own writer was not to be found; the form is that of its pictures, as others read and write it anew.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from library_store.foreign_requests.a1111 import read_infotext
from library_store.foreign_requests.said import Said, json_object, other_names, text_of
from pipeline.picture_texts import PictureTexts

_USED = {"c", "uc", "seed", "steps", "scale", "sampler", "model", "size", "v2", "seed_mode"}


def read(texts: PictureTexts) -> Said | None:
    is_theirs = _is_theirs(texts)
    for text in (
        _property(texts.xmp, "exif:UserComment"), texts.chunks.get("Comment", ""), texts.exif.get("UserComment", ""),
    ):  # fmt: skip
        said = json_object(text)
        if said is not None and "c" in said and (is_theirs or "uc" in said):
            return _of(said)
    return _of_description(_property(texts.xmp, "dc:description")) if is_theirs else None


def _is_theirs(texts: PictureTexts) -> bool:
    tools = (texts.chunks.get("Software", ""), texts.exif.get("Software", ""), _property(texts.xmp, "xmp:CreatorTool"))
    return any(tool.startswith("Draw Things") for tool in tools)


def _property(xmp: str, name: str) -> str:
    """The text of an XMP property, as an element, in an rdf:Alt or as an attribute. A stranger's XML is not parsed."""
    element = re.search(rf"<{name}>(.*?)</{name}>", xmp, re.DOTALL)
    if element:
        item = re.search(r"<rdf:li[^>]*>(.*?)</rdf:li>", element[1], re.DOTALL)
        return unescape(item[1] if item else element[1]).strip()
    attribute = re.search(rf'\s{name}="([^"]*)"', xmp)
    return unescape(attribute[1]) if attribute else ""


def _of(said: dict[str, Any]) -> Said:
    return Said(
        "Draw Things",
        prompt=text_of(said["c"]),
        negative_prompt=text_of(said["uc"]) if "uc" in said else None,
        seed=said.get("seed"),
        steps=said.get("steps"),
        guidance_scale=said.get("scale"),
        sampler=said.get("sampler"),
        model=said.get("model"),
        unused=other_names(said, _USED),
    )


def _of_description(text: str) -> Said:
    said = read_infotext(re.sub(r"\n-(.*\n[^\n]*)\Z", r"\nNegative prompt: \1", text, count=1, flags=re.DOTALL))
    if said is None:
        return Said("Draw Things")
    return Said(
        "Draw Things", said.prompt, said.negative_prompt, said.seed, said.steps, said.guidance_scale, said.sampler,
        said.model, said.unused,
    )  # fmt: skip
