"""Midjourney: the PNG's chunk Description is the line that was typed, and the job.

"woman, bob hair --ar 2:3 --v 6.1 Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3"; beside it Author and Creation Time.
Parameters follow the prompt (docs.midjourney.com, Parameter List); `--no` are the negative words. Their writer is not
public.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from library_store.foreign_requests.said import Said
from pipeline.picture_texts import PictureTexts

_JOB = re.compile(r"\s*\bJob ID:\s*[\w-]+\s*\Z")
_TYPED = re.compile(r"\s--(ar|v|niji|no|s|seed|stylize|style|chaos|c|q|raw|sref|cref|oref|profile|p)\b")
_PARAMETER = re.compile(r"(?:^|\s)(?:--|—)(?=[a-zA-Z])")  # a phone makes a long dash of two
_ADDRESS = re.compile(r"<?https?://\S+")
_IMAGE_PROMPT = "image prompt"


def read(texts: PictureTexts) -> Said | None:
    for text in (texts.chunks.get("Description", ""), texts.exif.get("ImageDescription", "")):
        if _JOB.search(text) or _TYPED.search(text):
            return read_line(_JOB.sub("", text))
    return None


def read_line(line: str) -> Said:
    prompt, *written = _PARAMETER.split(line)
    parameters = dict(_parameters(written))
    unwanted = [value for name, value in _parameters(written) if name == "no" and value]
    version, niji = parameters.get("v") or parameters.get("version"), parameters.get("niji")
    return Said(
        "Midjourney",
        prompt=_ADDRESS.sub("", prompt),
        negative_prompt=", ".join(unwanted),
        seed=parameters.get("seed"),
        model=f"Niji {niji}" if niji is not None else f"Midjourney {version}" if version else None,
        unused=[
            *([_IMAGE_PROMPT] if _ADDRESS.search(prompt) else []),
            *(f"--{name}" for name in parameters if name not in ("no", "seed", "v", "version", "niji")),
        ],
    )


def _parameters(written: list[str]) -> Iterator[tuple[str, str]]:
    for text in written:
        name, _, value = text.strip().partition(" ")
        yield name.casefold(), value.strip()
