"""Who else is in a project: its owner lets people in and takes that back, and who was let in may leave."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any
from urllib.parse import urlencode

import gradio as gr

from errors import InvalidRequest
from library_store.records import May, Story
from studio import Castbook, Studio
from ui.handlers import PRIVATE, for_visitor
from ui.invitations import PATH
from ui.language import say, t
from ui.place import Place, bind_move, new_revision
from ui.words import in_markdown

WHOLE_LINK = "(path) => path && new URL(path, location.href.split('?')[0]).href"


def build_sharing(castbook: Castbook, place: Place, box: gr.Accordion) -> None:
    with gr.Column(elem_id="sharing"):
        gr.Markdown(t("Others in this project"), elem_classes="fine-print")
        with gr.Row(elem_classes="manage-line"):
            look = gr.Button(t("Invite to look"), size="sm", elem_id="invite-to-view", min_width=110)
            work = gr.Button(t("Invite to work in it"), size="sm", elem_id="invite-to-edit", min_width=130)
        link = gr.Textbox(
            label=t("Send this link to one person: it is good once, for a week"),
            visible=False, interactive=False, buttons=["copy"], elem_id="invitation-link",
        )  # fmt: skip
        changed = gr.State("")
        _build_guests(castbook, place, box, changed)
    leave = gr.Button(t("Leave this project"), size="sm", elem_id="leave-project")

    @for_visitor(castbook)
    def invited(studio: Studio, project_id: str | None, may: May) -> tuple[Any, ...]:
        if not project_id:
            raise InvalidRequest("There is no project chosen.", "Choose one.")
        key = studio.library.guests.invite(project_id, may)
        return gr.Textbox(f"{PATH}?{urlencode({'key': key})}", visible=True), new_revision()

    for button, may in ((look, "view"), (work, "edit")):
        made = button.click(invited, [place.project, gr.State(may)], [link, changed], **PRIVATE)
        made.success(None, link, link, js=WHOLE_LINK)

    def go_away(studio: Studio, project_id: str) -> Story:
        studio.library.guests.leave(project_id)
        return studio.library.ensure_a_story()

    bind_move(castbook, place, [leave.click], go_away, [place.project])
    place.project.change(lambda: gr.Textbox("", visible=False), None, link, **PRIVATE)  # it is another's


def _build_guests(castbook: Castbook, place: Place, box: gr.Accordion, changed: gr.State) -> None:
    @gr.render(
        inputs=[place.project],
        triggers=[box.expand, place.project.change, changed.change],
        show_progress="hidden",
        queue=False,
    )
    @for_visitor(castbook)
    def who_is_in(studio: Studio, project_id: str | None) -> None:
        guests = studio.library.guests
        if not project_id or not guests.owns(project_id):
            return
        for guest in guests.list_guests(project_id):
            name = in_markdown(guest.name) or say("A visitor since {date}", date=f"{guest.added_at:%Y-%m-%d}")
            says = "{name} may look at it" if guest.may == "view" else "{name} may work in it"
            _line(castbook, changed, say(says, name=name), partial(_remove, project_id, guest.id))
        for invitation in guests.list_invitations(project_id):
            until = f"{invitation.ends_at:%Y-%m-%d}"
            looks = "A link to look at it, good until {date}"
            says = looks if invitation.may == "view" else "A link to work in it, good until {date}"
            _line(castbook, changed, say(says, date=until), partial(_withdraw, project_id, invitation.id))


def _line(castbook: Castbook, changed: gr.State, text: str, undo: Callable[[Studio], None]) -> None:
    with gr.Row(elem_classes="trash-line"):
        gr.Markdown(text)
        back = gr.Button(say("Take it back"), size="sm", scale=0, min_width=90, elem_classes="take-back")

    @for_visitor(castbook)
    def taken_back(studio: Studio) -> str:
        undo(studio)
        return new_revision()

    back.click(taken_back, None, changed, **PRIVATE)


def _remove(project_id: str, guest_id: str, studio: Studio) -> None:
    studio.library.guests.remove(project_id, guest_id)


def _withdraw(project_id: str, invitation_id: str, studio: Studio) -> None:
    studio.library.guests.withdraw(project_id, invitation_id)
