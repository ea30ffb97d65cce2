"""How a function becomes an endpoint: its name, hints and docstring are what programs see, its errors two sentences.

Gradio tells programs the types and lets through what is of another, so each value is checked here. The modules beside
this one do without `from __future__ import annotations`: Gradio does not resolve a return type that is text.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from inspect import isgeneratorfunction
from reprlib import repr as shortened
from typing import Annotated, Any, cast, get_type_hints

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from pydantic import Field, TypeAdapter, ValidationError

from errors import InvalidRequest
from library_store.records import CharacterText, VisualProfile
from studio import Castbook
from ui.handlers import WATCHING, Handler, api, asked_by_request, studio_for
from ui.messages import told_to_programs

Json = dict[str, Any]
Amount = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Edges = Annotated[list[Number], Field(min_length=4, max_length=4)]  # of a box: left, top, right, bottom, in pixels


def endpoint(castbook: Castbook) -> Callable[[Handler], None]:
    """Makes a function whose first argument is a `Studio` an endpoint of its own name, for whoever asks."""
    return lambda verb: _serve(castbook, verb)


def watching_endpoint(castbook: Castbook) -> Callable[[Handler], None]:
    """For what streams a run, which waits for its own turn."""
    return lambda verb: _serve(castbook, verb, **WATCHING)


def uploaded(file: Json) -> str:
    """The path of an uploaded file. Gradio itself looks whether it is one only if the caller marks it as a file."""
    path = file.get("path")
    if not isinstance(path, str) or not is_in_or_equal(path, get_upload_folder()):
        raise InvalidRequest("The file was not uploaded.", "Upload it, in gradio_client by handle_file(path).")
    return path


def box_of(edges: list[float] | None) -> tuple[float, float, float, float] | None:
    if edges is None:
        return None
    left, top, right, bottom = edges
    return left, top, right, bottom


def profile_of(given: Json | None) -> VisualProfile:
    """Raises InvalidRequest for a part that no profile has, and for one that is neither a text nor a list of texts."""
    return VisualProfile(**_parts_of(given or {}))


def text_of(name: str | None, description: str | None, prompt: str | None, profile: Json | None) -> CharacterText:
    """What a program writes about a character. Raises as `profile_of` does."""
    return CharacterText(name, description, prompt, **_parts_of(profile or {}))


def text_read(read: Json | None) -> CharacterText:
    """What a program says that it read about a character: all that an endpoint gave of one, or less.

    Raises InvalidRequest for what no endpoint gives.
    """
    read, profile = read or {}, (read or {}).get("visual_profile")
    if not isinstance(profile, dict | None):
        raise InvalidRequest(
            "The visual profile is {value}.", "It should be a valid dictionary.", value=shortened(profile)
        )
    texts = {name: _words(name, read[name]) for name in ("name", "description", "prompt") if name in read}
    return CharacterText(**texts, **_parts_of(cast("Json", profile or {})))


def _parts_of(profile: Json) -> dict[str, str]:
    known = {field.name for field in fields(VisualProfile)}
    if unknown := set(profile) - known:
        raise InvalidRequest(
            "The visual profile has no {unknown}.",
            "It has {known}.",
            unknown=", ".join(sorted(unknown)),
            known=", ".join(sorted(known)),
        )
    return {name: _words(name, value) for name, value in profile.items()}


def _words(name: str, value: object) -> str:
    """Several phrases are one text, as the page's own fields write them; nothing is an empty one."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    try:
        phrases = TypeAdapter(list[str]).validate_python(value, strict=True)
    except ValidationError as error:
        raise InvalidRequest(
            "The {name} is {value}.", "It should be a text, or a list of texts.", name=name, value=shortened(value)
        ) from error
    return ", ".join(phrase.strip() for phrase in phrases if phrase.strip())


def _serve(castbook: Castbook, verb: Handler, **how: Any) -> None:
    hints = get_type_hints(verb, include_extras=True)
    types = {name: TypeAdapter(hint) for name, hint in hints.items() if name not in ("studio", "return")}

    def answer(visit: gr.Request, *values: Any) -> Any:
        with told_to_programs():
            _check(types, values)
            return verb(studio_for(castbook, visit), *values)

    def stream(visit: gr.Request, *values: Any) -> Iterator[Any]:
        with told_to_programs():
            _check(types, values)
            yield from verb(studio_for(castbook, visit), *values)

    called = asked_by_request(verb, stream if isgeneratorfunction(verb) else answer)
    api(called, api_name=verb.__name__, **how)


def _check(types: dict[str, TypeAdapter[Any]], values: Sequence[Any]) -> None:
    for (name, adapter), value in zip(types.items(), values, strict=True):
        try:
            adapter.validate_python(value, strict=True)
        except ValidationError as error:
            raise _refusal(name.replace("_", " "), value, error.errors()[0]["msg"]) from error


def _refusal(name: str, value: object, why: str) -> InvalidRequest:
    """`why` is pydantic's: "Input should be a valid list"."""
    several = name.endswith("s")
    return InvalidRequest(
        "The {name} are {value}." if several else "The {name} is {value}.",
        "They {duty}." if several else "It {duty}.",
        name=name,
        value=shortened(value),
        duty=why.removeprefix("Input "),
    )
