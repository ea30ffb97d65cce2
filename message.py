"""A sentence of ours before it is in any language: its English template, and the values that fill it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing_extensions import LiteralString


class Message:
    """`str` of it is English; `ui.language.said` says it in a visitor's language, which it finds by the template.

    The template is written in the code, never put together, so that what people typed is only ever a value. A value
    that is a Message too is our own wording ("project", "This file"), said in that language as well.
    """

    def __init__(self, template: LiteralString, /, **values: object) -> None:
        self.template = template
        self.values = values

    def __str__(self) -> str:
        return self.template.format(**self.values)

    def __repr__(self) -> str:
        return f"Message({str(self)!r})"
