"""How a verb becomes an endpoint: its name, hints and docstring are what programs see, its errors two sentences.

Gradio tells programs the types and lets through what is of another, and so do tools: each value is checked here. The
modules beside this one do without `from __future__ import annotations`: Gradio does not resolve a type that is text.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, fields
from functools import cached_property
from inspect import Parameter, isgeneratorfunction, signature
from reprlib import repr as shortened
from typing import Annotated, Any, Literal, cast, get_args, get_type_hints

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from pydantic import Field, TypeAdapter, ValidationError, WithJsonSchema

from errors import InvalidRequest
from library_store.limits import LOOK, NAME, QUERY, TAG, TAGS, WORDS
from library_store.records import CharacterText, VisualProfile
from logs import told
from pipeline.request import LIMITS
from studio import Castbook
from ui.endpoints.answers import Json
from ui.handlers import WATCHING, Handler, api, asked_by_request, studio_for
from ui.messages import told_to_programs
from ui.request_log import request_id

Effect = Literal[
    "reads",  # changes nothing
    "adds",  # once more each time; nothing that is there changes
    "sets",  # what can be set back; a second time changes nothing
    "loses",  # what was there before is gone
]

PROFILE = [field.name for field in fields(VisualProfile)]


def _told(**schema: Any) -> Any:
    """What programs are told of a value. The library itself refuses what is beyond, in a sentence."""
    return Field(json_schema_extra=schema)


def _from_to(part: str) -> Any:
    _, lowest, highest = LIMITS[part]
    return _told(minimum=lowest, maximum=highest)


Amount = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Edges = Annotated[list[Number], Field(min_length=4, max_length=4)]  # of a box: left, top, right, bottom, in pixels
Count = Annotated[int, _from_to("count")]
Seed = Annotated[int, _from_to("seed")]
Strength = Annotated[float, Field(allow_inf_nan=False), _from_to("identity_scale")]
Name = Annotated[str, _told(maxLength=NAME)]
Words = Annotated[str, _told(maxLength=WORDS)]
Query = Annotated[str, _told(maxLength=QUERY)]
Tags = Annotated[list[Annotated[str, _told(maxLength=TAG)]], _told(maxItems=TAGS)]
_PHRASES = {"anyOf": [{"type": "string", "maxLength": LOOK}, {"type": "array", "items": {"type": "string"}}]}
Look = Annotated[
    Json,
    WithJsonSchema({"type": "object", "properties": dict.fromkeys(PROFILE, _PHRASES), "additionalProperties": False}),
]
File = Annotated[
    Json,
    WithJsonSchema(
        {
            "type": "object",
            "properties": {
                "base64": {"type": "string", "contentEncoding": "base64", "description": "what is in the file"},
                "path": {"type": "string", "description": "or the address that uploading it to this server gave"},
            },
            "minProperties": 1,
        }
    ),
]


@dataclass(frozen=True)
class Endpoint:
    """A verb as programs know it."""

    verb: Handler  # its first argument is the `Studio` of who asks; one that streams ends with its answer
    effect: Effect
    shows: str = ""  # the part of its answer that names the pictures to look at

    @property
    def name(self) -> str:
        return self.verb.__name__

    @property
    def streams(self) -> bool:
        return isgeneratorfunction(self.verb)

    @cached_property
    def hints(self) -> dict[str, Any]:
        """Of what it takes, and what it answers as "return"."""
        return {name: hint for name, hint in get_type_hints(self.verb, include_extras=True).items() if name != "studio"}

    @property
    def answer(self) -> Any:
        """The type of what it answers; of what streams, that of the last it gives."""
        hint = self.hints["return"]
        return get_args(get_args(hint)[0])[-1] if self.streams else hint

    @property
    def files(self) -> list[str]:
        """What it takes that is a file, or several."""
        return [name for name, hint in self.hints.items() if hint in (File, list[File])]

    @property
    def parameters(self) -> list[Parameter]:
        """Without the studio."""
        return list(signature(self.verb).parameters.values())[1:]

    def values(self, named: Mapping[str, Any]) -> list[Any]:
        """In the verb's own order, with its defaults. Raises InvalidRequest."""
        known = {parameter.name: parameter.default for parameter in self.parameters}
        if unknown := sorted(named.keys() - known.keys()):
            raise InvalidRequest(
                "There is no argument called {unknown}.", "{verb} takes {known}.",
                unknown=", ".join(unknown), verb=self.name, known=", ".join(known) or "none",
            )  # fmt: skip
        if missing := [name for name, default in known.items() if default is Parameter.empty and name not in named]:
            raise InvalidRequest("{missing} is missing.", "Say what it is.", missing=", ".join(missing))
        return [named.get(name, default) for name, default in known.items()]

    def check(self, values: Sequence[Any]) -> None:
        """Raises InvalidRequest for what is of another type."""
        for (name, adapter), value in zip(self._adapters.items(), values, strict=True):
            try:
                adapter.validate_python(value, strict=True)
            except ValidationError as error:
                raise _refusal(name.replace("_", " "), value, error.errors()[0]["msg"]) from error

    @cached_property
    def _adapters(self) -> dict[str, TypeAdapter[Any]]:
        return {name: TypeAdapter(hint) for name, hint in self.hints.items() if name != "return"}


def endpoint(effect: Effect, shows: str = "") -> Callable[[Handler], Endpoint]:
    """Makes an endpoint of the verb's own name, for whoever asks."""
    return lambda verb: Endpoint(verb, effect, shows)


def serve(castbook: Castbook, endpoint: Endpoint) -> None:
    """By Gradio: to gradio_client and curl. Must be called inside a gr.Blocks."""

    def answer(visit: gr.Request, *values: Any) -> Any:
        with told_to_programs(), told("verb", request_id(visit.request), which=endpoint.name):
            endpoint.check(values)
            return endpoint.verb(studio_for(castbook, visit), *values)

    def stream(visit: gr.Request, *values: Any) -> Iterator[Any]:
        with told_to_programs(), told("verb", request_id(visit.request), which=endpoint.name):
            endpoint.check(values)
            yield from endpoint.verb(studio_for(castbook, visit), *values)

    called = asked_by_request(endpoint.verb, stream if endpoint.streams else answer)
    api(called, api_name=endpoint.name, **(WATCHING if endpoint.streams else {}))


def uploaded(file: Json) -> str:
    """The path of an uploaded file. Gradio itself looks whether it is one only if the caller marks it as a file."""
    path = file.get("path")
    if not isinstance(path, str) or not is_in_or_equal(path, get_upload_folder()):
        raise InvalidRequest(
            "The file was not uploaded.", "Upload it: in gradio_client by handle_file(path), to a tool as base64."
        )
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
    if unknown := set(profile) - set(PROFILE):
        raise InvalidRequest(
            "The visual profile has no {unknown}.",
            "It has {known}.",
            unknown=", ".join(sorted(unknown)),
            known=", ".join(sorted(PROFILE)),
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
