"""AUTOMATIC1111's web UI, Forge and all who write like them: prompt, negative prompt and one line of settings.

modules/processing.py, create_infotext: f"{prompt_text}{negative_prompt_text}\\n{generation_params_text}". It stands in
the chunk `parameters` of a PNG, and in EXIF's UserComment of a JPEG, WebP or AVIF (modules/images.py,
save_image_with_geninfo). Their own reader (modules/infotext_utils.py, parse_generation_parameters) takes the last line
for the settings where it has three pairs; here it is the last line that begins as only the writer begins one, so that
neither a prompt's own line is taken for it, nor what an extension wrote behind it for the prompt: sd-dynamic-prompts
appends "Template: ..." and "Negative Template: ..." (sd_dynamic_prompts/ui/pnginfo_saver.py, update_pnginfo).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from library_store.foreign_requests.said import MOST_WORDS, Said, is_json, json_object, json_value
from pipeline.picture_texts import PictureTexts

_NAME = re.compile(r"\s*(\w[\w \-/]{1,60}):[ ]?")
_QUOTED = re.compile(r'("(?:\\.|[^\\"])*")\s*(?:,|$)')
_LABEL = re.compile(r"^[ \t]*Negative prompt:", re.MULTILINE)
_TEMPLATES = re.compile(r"\n(Template|Negative template):.*", re.DOTALL)
_FIRST = {"steps", "sampler", "cfg scale", "guidance scale", "seed", "size", "model", "model hash"}
_USED = {"steps", "sampler", "cfg scale", "guidance scale", "seed", "model", "model hash", "version", "app"}


def read(texts: PictureTexts) -> Said | None:
    text = texts.chunks.get("parameters") or texts.exif.get("UserComment") or ""
    said = None if is_json(text) else read_infotext(text)
    return replace(said, program="ComfyUI") if said and json_object(texts.chunks.get("prompt", "")) else said


def read_infotext(text: str) -> Said | None:
    """None for no text, and for one longer than any prompt. All of it is the prompt where no settings follow."""
    if not text.strip() or len(text) > MOST_WORDS:
        return None
    lines = text.replace("\r\n", "\n").strip().split("\n")
    last = next((at for at in reversed(range(len(lines))) if _is_settings(lines[at])), len(lines))
    settings = settings_of(lines[last]) if last < len(lines) else {}
    body = "\n".join(lines[:last])
    if settings.get("App") == "SD.Next":  # modules/processing_info.py: its templates stand before the settings
        body = _TEMPLATES.sub("", body)
    prompt, *negatives = _LABEL.split(body)
    return Said(
        program=_program(settings),
        prompt=prompt,
        negative_prompt="\n".join(negative.strip() for negative in negatives),
        seed=_setting(settings, "seed"),
        steps=_setting(settings, "steps"),
        guidance_scale=_setting(settings, "cfg scale", "guidance scale"),
        sampler=_setting(settings, "sampler"),
        model=_setting(settings, "model"),
        unused=[*(name for name in settings if name.casefold() not in _USED), *_labels(lines[last + 1 :])],
    )


def settings_of(line: str) -> dict[str, str]:
    """`Steps: 20, Sampler: Euler a, Model: "with, comma"`; of a name that comes twice the first counts."""
    settings: dict[str, str] = {}
    for name, value in _pairs(line):
        settings.setdefault(name, value)
    return settings


def _pairs(line: str) -> Iterator[tuple[str, str]]:
    """From comma to comma, so that a name within a value is none. No line takes long."""
    at = 0
    while at < len(line):
        named = _NAME.match(line, at)
        start = named.end() if named else at
        quoted = _QUOTED.match(line, start) if named else None
        end = line.find(",", start)
        end = quoted.end(1) if quoted else len(line) if end < 0 else end
        if named:
            value = line[start:end].strip()
            unquoted = json_value(value) if quoted else value
            yield named[1].strip(), unquoted if isinstance(unquoted, str) else value
        at = quoted.end() if quoted else end + 1


def _is_settings(line: str) -> bool:
    """`Steps: 20, Sampler: ...`: it begins with a setting, has the steps, and one setting more."""
    if ":" not in line[:40]:
        return False
    names = {name.casefold(): value for name, value in settings_of(line).items()}
    begins_so = next(iter(names), "") in _FIRST and line.lstrip().casefold().startswith(next(iter(names)))
    return (
        begins_so and len(_FIRST & set(names)) > 1 and re.fullmatch(r"-?\d+(\.0+)?", names.get("steps", "")) is not None
    )


def _setting(settings: dict[str, str], *names: str) -> str | None:
    folded = {name.casefold(): value for name, value in settings.items()}
    return next((folded[name] for name in names if name in folded), None)


def _program(settings: dict[str, str]) -> str:
    """Forge's version is like f2.0.1v1.10.1, SD.Next names itself, Civitai its resources."""
    version = settings.get("Version", "")
    for name in ("ComfyUI", "Fooocus"):
        if version.startswith(name):
            return name
    if "App" in settings:
        return settings["App"]
    if any(name.startswith("Civitai") for name in settings):
        return "Civitai"
    return "Forge" if re.match(r"f\d|neo", version) else "AUTOMATIC1111"


def _labels(lines: list[str]) -> Iterator[str]:
    """Of what stands behind the settings."""
    for line in lines:
        if named := _NAME.match(line):
            yield named[1].strip()
