"""How a function becomes an endpoint: its name, hints and docstring are what programs see, its errors two sentences.

Gradio tells programs the types and lets through what is of another, so each value is checked here. The modules beside
this one do without `from __future__ import annotations`: Gradio does not resolve a return type that is text.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import fields
from inspect import isgeneratorfunction
from reprlib import repr as shortened
from typing import Annotated, Any, get_type_hints

import gradio as gr
from gradio.utils import get_upload_folder, is_in_or_equal
from pydantic import Field, TypeAdapter, ValidationError

from errors import InvalidRequest
from library_store.records import VisualProfile
from studio import Castbook
from ui.handlers import GPU, Handler, api, asked_by_request, visitor_of
from ui.messages import told_to_programs

Json = dict[str, Any]
Amount = Annotated[int, Field(ge=0)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Edges = Annotated[list[Number], Field(min_length=4, max_length=4)]  # of a box: left, top, right, bottom, in pixels


def endpoint(castbook: Castbook) -> Callable[[Handler], None]:
    """Makes a function whose first argument is a `Studio` an endpoint of its own name, for whoever asks."""
    return lambda verb: _serve(castbook, verb)


def model_endpoint(castbook: Castbook) -> Callable[[Handler], None]:
    """For what uses the models: one call at a time, in turn with the page's own."""
    return lambda verb: _serve(castbook, verb, **GPU)


def uploaded(file: Json) -> str:
    """The path of an uploaded file. Gradio itself looks whether it is one only if the caller marks it as a file."""
    path = file.get("path")
    if not isinstance(path, str) or not is_in_or_equal(path, get_upload_folder()):
        raise InvalidRequest("The file was not uploaded.", "Upload it, in gradio_client by handle_file(path).")
    return path


def profile_of(given: Json | None) -> VisualProfile:
    """Raises InvalidRequest for a field that no profile has."""
    known = {field.name for field in fields(VisualProfile)}
    given = given or {}
    if unknown := set(given) - known:
        raise InvalidRequest(
            f"The visual profile has no {', '.join(sorted(unknown))}.", f"It has {', '.join(sorted(known))}."
        )
    return VisualProfile(**{name: "" if value is None else str(value) for name, value in given.items()})


def _serve(castbook: Castbook, verb: Handler, **how: Any) -> None:
    hints = get_type_hints(verb, include_extras=True)
    types = {name: TypeAdapter(hint) for name, hint in hints.items() if name not in ("studio", "return")}

    def answer(visit: gr.Request, *values: Any) -> Any:
        with told_to_programs():
            _check(types, values)
            return verb(castbook.seen_by(visitor_of(visit)), *values)

    def stream(visit: gr.Request, *values: Any) -> Iterator[Any]:
        with told_to_programs():
            _check(types, values)
            yield from verb(castbook.seen_by(visitor_of(visit)), *values)

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
    verb, subject = ("are", "They") if name.endswith("s") else ("is", "It")
    return InvalidRequest(f"The {name} {verb} {shortened(value)}.", f"{subject} {why.removeprefix('Input ')}.")
