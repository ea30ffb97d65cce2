"""Pages of one form, before or beside Gradio's: in the visitor's language, light and dark."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import wraps
from html import escape
from typing import Any

from gradio.context import LocalContext
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from ui.language import language

Answer = Callable[[Request], Awaitable[Response]]

STYLE = """
:root { color-scheme: light dark; --ink: light-dark(#2e2822, #f6f0e8); --accent: light-dark(#c8401f, #ff8263) }
body { font: 1.05rem/1.55 "IBM Plex Sans", system-ui, sans-serif; margin: 0; padding: 12vh 1rem 2rem; color: var(--ink);
  background: light-dark(#fdfaf6, #171310) }
main { max-width: 24rem; margin: auto }
h1 { font: 700 1.7rem Quicksand, system-ui, sans-serif; color: var(--accent); margin: 0 0 .6em }
form { display: grid; gap: .3rem; margin: 1.2rem 0 }
label { margin-top: .5rem; font-size: .9rem }
input, button, .button { font: inherit; border-radius: .5rem; padding: .6rem .8rem; box-sizing: border-box;
  width: 100% }
input { color: inherit; border: 1px solid light-dark(#a89989, #7c6f62); background: light-dark(#fff, #171310) }
button, .button { display: block; margin-top: .9rem; border: 0; cursor: pointer; text-align: center; font-weight: 700;
  text-decoration: none; color: light-dark(#fff, #171310); background: var(--accent) }
button:hover, .button:hover { background: light-dark(#a63419, #ffa68e) }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px }
.error { border-left: 3px solid var(--accent); padding-left: .7rem; margin: .8rem 0 0 }
"""
VIEWPORT = "<meta name=viewport content='width=device-width'>"


def plain_page(*body: str, status: int = 200, script: str = "") -> HTMLResponse:
    """Within `in_their_language`. `body`: HTML, as `paragraph` and others here make it. Nobody keeps the page, and no
    other site learns its address."""
    head = f"<meta charset=utf-8>{VIEWPORT}<title>Castbook</title><style>{STYLE}</style>"
    main = f"<main><h1>Castbook</h1>{''.join(body)}</main>"
    scripts = f"<script>{script}</script>" if script else ""
    whole = f"<!doctype html><html lang={language()}><head>{head}</head><body>{main}{scripts}</body></html>"
    return HTMLResponse(whole, status, {"referrer-policy": "same-origin", "cache-control": "no-store"})


def paragraph(text: str, of_class: str = "") -> str:
    role = " role=alert" if of_class == "error" else ""
    return f"<p class='{of_class}'{role}>{escape(text)}</p>" if text else ""


def field(name: str, label: str, kind: str, autocomplete: str, value: str = "", has_focus: bool = False) -> str:
    how = f"type={kind} autocomplete={autocomplete} required maxlength=1000{' autofocus' * has_focus}"
    return f"<label for={name}>{escape(label)}</label><input id={name} name={name} {how} value='{escape(value)}'>"


def hidden(name: str, value: str) -> str:
    return f"<input type=hidden name={name} value='{escape(value)}'>"


def form(button: str, *fields: str, action: str = "") -> str:
    to = f" action='{escape(action)}'" if action else ""
    return f"<form method=post{to}>{''.join(fields)}<button>{escape(button)}</button></form>"


def link(text: str, to: str, elem_id: str = "") -> str:
    return f"<a class=button id='{elem_id}' href='{escape(to)}'>{escape(text)}</a>"


def in_their_language(answer: Answer) -> Answer:
    """Of a route's handler: `say` and `said` speak to who asks, as they do in Gradio's events."""

    @wraps(answer)
    async def answer_them(request: Request) -> Response:
        asked: Any = request
        LocalContext.request.set(asked)
        return await answer(request)

    return answer_them
