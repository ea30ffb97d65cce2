"""The view of what is the visitor's own: who can open it, on which devices and by which programs, and its end."""

from __future__ import annotations

from typing import Any

import gradio as gr

from errors import InvalidRequest
from library_store.keys import LINK_LASTS
from studio import Castbook, Studio
from ui.handlers import PRIVATE, for_visitor
from ui.language import say, t
from ui.moving import PATH
from ui.sign_in import LOGOUT
from ui.who_asks import TOKEN
from ui.words import in_markdown

WHOSE = {
    "single": "Whoever reaches this Castbook is its one owner: all that is here is yours.",
    "visitors": (
        "What you make here is this browser's alone: there is no account and no password, and nobody else sees it. "
        "Clear the browser's cookies, and it is lost."
    ),
    "accounts": "What you make here is your account's alone.",
}
RELOAD = "() => location.reload()"
SIGN_OUT = f"() => fetch('{LOGOUT}', {{ method: 'POST' }}).then(() => location.reload())"
WHOLE_LINK = "(path) => path && new URL(path, location.href.split('?')[0]).href"


def build_yours(castbook: Castbook, view: gr.Tab) -> None:
    access = castbook.entrance.access
    with gr.Column(elem_id="yours"):
        gr.Markdown(t(WHOSE[access]))
        if access == "accounts":
            _build_account(castbook, view)
        note = gr.Markdown(elem_classes="fine-print", elem_id="how-long")
        view.select(lambda: _lasting(castbook), None, note, **PRIVATE)
        if access == "visitors":
            _build_moving(castbook)
        if access != "single":
            _build_tokens(castbook, view)
        _build_end(castbook)


def _lasting(castbook: Castbook) -> Any:
    notes, retention = list[str](), castbook.retention
    if castbook.entrance.access == "visitors":
        notes.append(say("It is removed after {days} days without a visit.", days=retention.idle_days))
    if castbook.forgets_at_restart:
        notes.append(say("**This Space forgets everything when it restarts:** export what you want to keep."))
    if retention.trash_days is None:
        notes.append(say("What is in the trash stays there until it is deleted."))
    else:
        notes.append(say("What is in the trash is deleted for good after {days} days.", days=retention.trash_days))
    minutes = retention.export_minutes
    kept = say("Exports can be fetched for {minutes} minutes; uploaded files go within an hour.", minutes=minutes)
    return gr.Markdown(" ".join([*notes, kept]))


def _build_account(castbook: Castbook, view: gr.Tab) -> None:
    with gr.Row():
        who = gr.Markdown(elem_id="signed-in")
        leave = gr.Button(t("Sign out"), size="md", elem_id="sign-out", scale=0, min_width=150)

    @for_visitor(castbook)
    def named(studio: Studio) -> str:
        name = castbook.store.keys.name_of(studio.visitor.name)
        return say("You are signed in as {name}.", name=in_markdown(name))

    view.select(named, None, who, **PRIVATE)
    leave.click(None, js=SIGN_OUT, **PRIVATE)


def _build_moving(castbook: Castbook) -> None:
    gr.Markdown(t("### On another device"))
    make = gr.Button(t("Make a link"), size="md", elem_id="make-link")
    link = gr.Textbox(
        label=t("Open this on the other device: it is good once, for an hour"),
        visible=False, interactive=False, buttons=["copy"], elem_id="move-link",
    )  # fmt: skip

    @for_visitor(castbook)
    def made(studio: Studio) -> Any:
        _, secret = castbook.store.keys.make(studio.visitor.name, "move", lasts=LINK_LASTS)
        return gr.Textbox(f"{PATH}?key={secret}", visible=True)

    make.click(made, None, link, **PRIVATE).success(None, link, link, js=WHOLE_LINK)


def _build_tokens(castbook: Castbook, view: gr.Tab) -> None:
    gr.Markdown(t("### For programs"))
    gr.Markdown(t("A program that shows a token, in the header x-castbook-token, may do here all that you may."))
    with gr.Row():
        name = gr.Textbox(label=t("What it is for"), max_length=120, elem_id="token-name", scale=3)
        make = gr.Button(t("Make a token"), size="md", elem_id="make-token", scale=0, min_width=150)
    token = gr.Textbox(
        label=t("Copy it now: it is not shown again"),
        visible=False, interactive=False, buttons=["copy"], elem_id="token",
    )  # fmt: skip
    with gr.Row():
        tokens = gr.Dropdown([], label=t("Tokens"), interactive=True, elem_id="tokens", scale=3)
        revoke = gr.Button(t("Take it back"), size="md", elem_id="revoke-token", scale=0, min_width=150)

    def choices(studio: Studio) -> Any:
        keys = castbook.store.keys.list(studio.visitor.name, "program")
        return gr.Dropdown(choices=[(key.label, key.id) for key in keys], value=None)

    @for_visitor(castbook)
    def made(studio: Studio, name: str) -> tuple[Any, ...]:
        label = name.strip()[:120] or say("A program")
        _, secret = castbook.store.keys.make(studio.visitor.name, "program", label)
        return gr.Textbox(TOKEN + secret, visible=True), "", choices(studio)

    @for_visitor(castbook)
    def revoked(studio: Studio, key_id: str | None) -> tuple[Any, ...]:
        if not key_id:
            raise InvalidRequest("There is no token chosen.", "Choose one.", at="tokens")
        castbook.store.keys.revoke(studio.visitor.name, key_id)
        return gr.Textbox("", visible=False), choices(studio)

    @for_visitor(castbook)
    def listed(studio: Studio) -> Any:
        return choices(studio)

    make.click(made, name, [token, name, tokens], **PRIVATE)
    revoke.click(revoked, tokens, [token, tokens], **PRIVATE)
    view.select(listed, None, tokens, **PRIVATE)


def _build_end(castbook: Castbook) -> None:
    gr.Markdown(t("### The end"))
    sure = gr.Checkbox(
        False, label=t("All my projects, pictures, face embeddings, links and tokens shall go, for ever"),
        interactive=True, container=False, elem_id="delete-sure",
    )  # fmt: skip
    delete = gr.Button(t("Delete everything of mine now"), variant="stop", size="md", elem_id="delete-everything")

    @for_visitor(castbook)
    def deleted(studio: Studio, sure: bool) -> bool:
        if not sure:
            raise InvalidRequest("Nothing was deleted.", "Tick first that all of it shall go.", at="sure")
        castbook.delete_everything(studio.visitor)
        return False

    delete.click(deleted, sure, sure, **PRIVATE).success(None, js=RELOAD)
