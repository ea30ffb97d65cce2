"""What another program says of a picture, and what of it a request can hold. One value for all programs."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, cast

from pipeline.request import LIMITS, PictureRequest

MOST_WORDS = 2**16  # characters of a prompt; a long one has two thousand
MOST_UNUSED = 40  # names, each of at most
MOST_NAME = 60  # characters

_JSON = re.compile(r"""[\s\ufeff]*[\[{][\s\[{]*("[^"]*"|'[^']*')\s*:""")
_WHOLE = re.compile(r"[+-]?\d{1,30}(\.0*)?")


@dataclass(frozen=True)
class Said:
    """As the program has it: a number may be text, too large or none at all."""

    program: str
    prompt: str = ""
    negative_prompt: str | None = None  # None: not said; "": said to be none
    seed: object = None
    steps: object = None
    guidance_scale: object = None
    sampler: object = None
    model: object = None
    unused: Iterable[str] = ()  # the names of what else it says


@dataclass(frozen=True)
class FoundRequest:
    """A request that a picture carries, and by whom it was written."""

    program: str
    request: PictureRequest
    sampler: str = ""  # as the program calls it: a pack has its own
    model: str = ""
    unused: tuple[
        str, ...
    ] = ()  # names of what a request cannot hold: the program's own, or a field's with a bad value


def found(said: Said) -> FoundRequest | None:
    """One bad number never voids the rest: it is named, and assumed. None where the prompt is not said."""
    numbers = {
        "seed": whole(said.seed),
        "steps": whole(said.steps),
        "guidance_scale": real(said.guidance_scale),
    }
    good = {name: value for name, value in numbers.items() if value is not None and _is_within(name, value)}
    given = {"seed": said.seed, "steps": said.steps, "guidance_scale": said.guidance_scale}
    bad = [str(LIMITS[name][0]) for name, value in given.items() if value not in (None, "") and name not in good]
    unused = dict.fromkeys(name for name in map(name_of, [*bad, *said.unused]) if name)
    request = _request(said, good)
    return request and FoundRequest(
        name_of(said.program),
        request,
        sampler=name_of(said.sampler),
        model=name_of(said.model),
        unused=tuple(unused)[:MOST_UNUSED],
    )


def _request(said: Said, numbers: Mapping[str, float]) -> PictureRequest | None:
    prompt, negative_prompt = cleaned(said.prompt), cleaned(said.negative_prompt or "")
    if not prompt.strip("[]{}(), \n\t") or max(len(prompt), len(negative_prompt)) > MOST_WORDS or is_json(prompt):
        return None
    request: dict[str, Any] = {"prompt": prompt, **numbers}
    if said.negative_prompt is not None and not is_json(negative_prompt):
        request["negative_prompt"] = negative_prompt
    seed = numbers.get("seed")
    return PictureRequest.read(request, None if seed is None else int(seed))


def _is_within(name: str, value: float) -> bool:
    _, lowest, highest = LIMITS[name]
    return lowest <= value <= highest


def whole(value: object) -> int | None:
    """7 of 7, 7.0, "7" and "7.0"."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    if isinstance(value, str):
        return int(value.strip().partition(".")[0]) if _WHOLE.fullmatch(value.strip()) else None
    return int(value) if value == value // 1 else None  # neither 7.5 nor infinity nor NaN


def real(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if number - number == 0 else None  # neither infinity nor NaN


def cleaned(text: str) -> str:
    """Without what neither a database nor a page takes: control characters and halves of a character."""
    whole_characters = text.encode("utf-16", "surrogatepass").decode("utf-16", "replace")
    lines = whole_characters.replace("\r\n", "\n").replace("\r", "\n")
    return re.sub(r"[\x00-\x08\x0b-\x1f\x7f\ufeff]", "", lines).strip()


def name_of(value: object) -> str:
    """Of a sampler, a model or a field: one line, as long as a page has room for."""
    text = " ".join(cleaned(value).split()) if isinstance(value, str) else ""
    return text if len(text) <= MOST_NAME else text[: MOST_NAME - 1] + "…"


def text_of(value: object) -> str:
    return value if isinstance(value, str) else ""


def is_json(text: str) -> bool:
    """Even where it was cut off. `{red|blue} hair` and `{{best}}, [[hat]]` are prompts."""
    return _JSON.match(text) is not None or isinstance(json_value(text), dict | list)


def json_value(text: str) -> object:
    """None for what is none."""
    try:
        return json.loads(text.lstrip("\ufeff"), parse_int=_int)
    except (ValueError, RecursionError):
        return None


def _int(digits: str) -> int | str:
    """One number too long for Python must not void the rest."""
    return int(digits) if len(digits) < 1000 else digits


def json_object(text: str) -> dict[str, Any] | None:
    return as_object(json_value(text))


def as_object(value: object) -> dict[str, Any] | None:
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def as_list(value: object) -> list[Any]:
    return cast("list[Any]", value) if isinstance(value, list) else []


def other_names(said: Mapping[str, object], used: Iterable[str]) -> list[str]:
    """What `said` says besides, by its names; what is empty or off says nothing."""
    empty: tuple[object, ...] = (None, "", False, [], {}, "None", "none")
    return [name for name in said if name not in set(used) and said[name] not in empty]
