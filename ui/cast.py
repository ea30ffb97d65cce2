"""The cast of the story: a card for each character, with the picture looked at, all that are on offer, and what can be
done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import CastbookError
from studio import CastMember, CastOption, Studio
from ui.handlers import PRIVATE, QUICK
from ui.messages import told_to_people
from ui.save_form import FOCUS_SAVE, SaveForm, show_save_form
from ui.stories import Place, new_revision
from ui.words import caption, in_markdown, long_likeness, measured_by, origin, profile_line, tone

EMPTY = """### Nobody is in this story yet
Describe someone under **New character** and press **Create**, or bring somebody in with **Load Character**."""
FOCUS_SCENE = "() => window.castbook?.showDesk('#scene-prompt')"


@dataclass(frozen=True)
class Viewer:
    """The parts of a card that follow the option which is looked at."""

    viewed: gr.State  # its image id
    picture: gr.Image
    likeness: gr.Markdown
    judged_by: gr.Markdown
    activate: gr.Button

    @property
    def outputs(self) -> list[Any]:
        return [self.viewed, self.picture, self.likeness, self.judged_by, self.activate]


@dataclass(frozen=True)
class Undo:
    """The line that takes back the last removal."""

    line: gr.Row
    text: gr.Markdown
    removed: gr.State  # ids of cast member and picture

    @property
    def outputs(self) -> list[Any]:
        return [self.line, self.text, self.removed]


@dataclass(frozen=True)
class Desk:
    """What the cards hand a picture over to."""

    to_scene: Callable[[str, str, str], Any]  # story id, image id, prompt: the values for `scene_outputs`
    scene_prompt: Any
    scene_outputs: list[Any]
    save_form: SaveForm


def build_cast(studio: Studio, place: Place, desk: Desk) -> None:
    undo = _build_undo(studio, place)

    @gr.render(
        inputs=[place.story, place.revision], triggers=[place.revision.change], show_progress="hidden", queue=False
    )
    def cast(story_id: str | None, _revision: int) -> None:
        with told_to_people():
            members = studio.list_cast(story_id) if story_id else []
            if not members:
                gr.Markdown(EMPTY, elem_classes="empty", elem_id="cast-empty")
            for member in reversed(members):  # who joined last is on top
                with gr.Column(elem_classes="card", elem_id=f"card-{member.id}"):
                    try:
                        thumbnails = [studio.library.get_thumbnail_path(option.image.id) for option in member.options]
                        active = _active(member)
                        picture = studio.library.get_picture_path(active.image.id)
                    except CastbookError as error:  # one damaged file must not hide the others
                        gr.Markdown(f"### {in_markdown(member.character.name)}\n{in_markdown(str(error))}")
                    else:
                        _card(studio, place, member, active, picture, thumbnails, desk, undo)


def _active(member: CastMember) -> CastOption:
    options = member.options
    return next((option for option in options if option.image.id == member.active_image_id), options[-1])


def _build_undo(studio: Studio, place: Place) -> Undo:
    with gr.Row(visible=False, elem_id="undo", elem_classes="inline-form") as line:
        text = gr.Markdown(elem_id="undo-text")
        button = gr.Button("Undo", size="sm", elem_id="undo-button", scale=0, min_width=90)
    undo = Undo(line, text, gr.State(None))

    def restore(removed: tuple[str, str]) -> tuple[Any, ...]:
        with told_to_people():
            studio.restore_image(*removed)
            return gr.Row(visible=False), new_revision()

    button.click(restore, undo.removed, [line, place.revision], **PRIVATE)
    place.story.change(lambda: gr.Row(visible=False), None, line, **QUICK)
    return undo


def _card(
    studio: Studio,
    place: Place,
    member: CastMember,
    active: CastOption,
    picture_path: str,
    thumbnails: list[str],
    desk: Desk,
    undo: Undo,
) -> None:
    with gr.Row(elem_classes="card-row"):
        picture = gr.Image(
            picture_path,
            show_label=False,
            interactive=False,
            buttons=["download", "fullscreen"],
            container=False,
            min_width=200,
            elem_classes="portrait",
        )
        with gr.Column(min_width=240, elem_classes="card-body"):
            gr.Markdown(_heading(member), elem_classes="card-name")
            likeness = gr.Markdown(
                long_likeness(active.image.likeness), elem_classes=["badge", tone(active.image.likeness)]
            )
            judged_by = gr.Markdown(_fine_print(active), elem_classes="fine-print")
            strip = _strip(member, active, thumbnails)
            with gr.Row(elem_classes="card-actions"):
                variants = gr.Button("Generate variants", size="sm", min_width=130, elem_classes="do-variants")
                activate = gr.Button("Make active", size="sm", min_width=100, visible=False, elem_classes="do-activate")
                saved = member.character.is_saved_to_library
                save = gr.Button(
                    "Update in library" if saved else "Save to library",
                    size="sm",
                    min_width=120,
                    elem_classes="do-save",
                )
                remove = gr.Button("Remove picture", size="sm", min_width=120, elem_classes="do-remove")
    viewer = Viewer(gr.State(active.image.id), picture, likeness, judged_by, activate)
    _bind_strip(studio, member, strip, viewer)
    _bind_actions(studio, place, member, viewer, remove, undo)
    to_scene = variants.click(
        desk.to_scene, [place.story, viewer.viewed, desk.scene_prompt], desk.scene_outputs, **QUICK
    )
    to_scene.success(None, js=FOCUS_SCENE)
    _bind_save(studio, member, viewer, save, desk.save_form)


def _strip(member: CastMember, active: CastOption, thumbnails: list[str]) -> gr.Gallery:
    return gr.Gallery(
        [
            (thumbnail, caption(option, option.image.id == member.active_image_id))
            for thumbnail, option in zip(thumbnails, member.options, strict=True)
        ],
        selected_index=member.options.index(active),
        show_label=False,
        container=False,
        columns=6,
        allow_preview=False,
        interactive=False,
        buttons=[],
        object_fit="cover",
        fit_columns=False,
        elem_classes="strip",
    )


def _bind_strip(studio: Studio, member: CastMember, strip: gr.Gallery, viewer: Viewer) -> None:
    def view(event: gr.SelectData) -> tuple[Any, ...]:
        with told_to_people():
            option = member.options[int(event.index)]
            judged = option.image.likeness
            return (
                option.image.id,
                studio.library.get_picture_path(option.image.id),
                gr.Markdown(long_likeness(judged), elem_classes=["badge", tone(judged)]),
                _fine_print(option),
                gr.Button(visible=option.image.id != member.active_image_id),
            )

    strip.select(view, None, viewer.outputs, **QUICK)


def _bind_actions(
    studio: Studio, place: Place, member: CastMember, viewer: Viewer, remove: gr.Button, undo: Undo
) -> None:
    character = member.character

    def activate(image_id: str) -> str:
        with told_to_people():
            studio.select_image(member.id, image_id)
            return new_revision()

    def take_out(image_id: str) -> tuple[Any, ...]:
        with told_to_people():
            studio.remove_image(member.id, image_id)
            stands = character.is_saved_to_library and image_id == character.canonical_image_id
            kept = " The library keeps it." if stands else ""
            text = f"A picture of {in_markdown(character.name)} is out of this story.{kept}"
            return gr.Row(visible=True), text, (member.id, image_id), new_revision()

    viewer.activate.click(activate, viewer.viewed, place.revision, **PRIVATE)
    remove.click(take_out, viewer.viewed, [*undo.outputs, place.revision], **PRIVATE)


def _bind_save(studio: Studio, member: CastMember, viewer: Viewer, button: gr.Button, form: SaveForm) -> None:
    def open_form(image_id: str) -> tuple[Any, ...]:
        with told_to_people():
            return show_save_form(studio, member, image_id)

    button.click(open_form, viewer.viewed, form.outputs, **QUICK).success(None, js=FOCUS_SAVE)


def _heading(member: CastMember) -> str:
    character = member.character
    mark = " <small>in the library</small>" if character.is_saved_to_library else ""
    about = character.description or profile_line(character.visual_profile) or character.prompt
    return f"### {in_markdown(character.name)}{mark}\n{in_markdown(about)}"


def _fine_print(option: CastOption) -> str:
    facts = [origin(option)]
    if option.image.seed is not None:
        facts.append(f"seed {option.image.seed}")
    by = measured_by(option.image.likeness)
    return " · ".join([*facts, by] if by else facts)
