"""The cast of the story: a card for each character, with the picture looked at, all that are on offer, and what can be
done with them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from html import escape
from typing import Any

import gradio as gr

from studio import CastMember, CastOption, Studio, VisualProfile
from ui.handlers import PRIVATE, QUICK
from ui.messages import told_to_people
from ui.new_character import build_profile_fields
from ui.stories import Place
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


def build_cast(
    studio: Studio, place: Place, to_scene: Callable[[str, str, str], Any], scene_prompt: Any, scene_outputs: list[Any]
) -> None:
    """`to_scene(story_id, image_id, prompt)` gives the values for `scene_outputs`: the desk turns to that picture."""

    @gr.render(
        inputs=[place.story, place.revision], triggers=[place.revision.change], show_progress="hidden", queue=False
    )
    def cast(story_id: str | None, _revision: int) -> None:
        members = [member for member in studio.list_cast(story_id) if member.options] if story_id else []
        if not members:
            gr.Markdown(EMPTY, elem_classes="empty", elem_id="cast-empty")
        for member in reversed(members):  # who joined last is on top
            with gr.Column(elem_classes="card", elem_id=f"card-{member.id}"):
                _card(studio, place, member, to_scene, scene_prompt, scene_outputs)


def _card(
    studio: Studio,
    place: Place,
    member: CastMember,
    to_scene: Callable[[str, str, str], Any],
    scene_prompt: Any,
    scene_outputs: list[Any],
) -> None:
    options = member.options
    active = next((option for option in options if option.image.id == member.active_image_id), options[-1])
    with gr.Row(elem_classes="card-row"):
        picture = gr.Image(
            studio.library.get_picture_path(active.image.id),
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
            strip = _strip(studio, member, active)
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
                remove = gr.Button("Remove from this story", size="sm", min_width=150, elem_classes="do-remove")
    viewer = Viewer(gr.State(active.image.id), picture, likeness, judged_by, activate)
    _bind_strip(studio, member, strip, viewer)
    _bind_actions(studio, place, member, viewer, remove)
    variants.click(to_scene, [place.story, viewer.viewed, scene_prompt], scene_outputs, **QUICK).success(
        None, js=FOCUS_SCENE
    )
    _build_save_form(studio, place, member, viewer, save)


def _strip(studio: Studio, member: CastMember, active: CastOption) -> gr.Gallery:
    return gr.Gallery(
        [
            (
                studio.library.get_thumbnail_path(option.image.id),
                caption(option, option.image.id == member.active_image_id),
            )
            for option in member.options
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


def _bind_actions(studio: Studio, place: Place, member: CastMember, viewer: Viewer, remove: gr.Button) -> None:
    def activate(image_id: str, revision: int) -> int:
        with told_to_people():
            studio.select_image(member.id, image_id)
            return revision + 1

    def take_out(image_id: str, revision: int) -> int:
        with told_to_people():
            studio.remove_image(member.id, image_id)
        kept = " The library keeps it." if member.character.is_saved_to_library else ""
        gr.Info(f"The picture is out of this story.{kept}", title="Removed")
        return revision + 1

    viewer.activate.click(activate, [viewer.viewed, place.revision], place.revision, **PRIVATE)
    remove.click(take_out, [viewer.viewed, place.revision], place.revision, **PRIVATE)


def _build_save_form(studio: Studio, place: Place, member: CastMember, viewer: Viewer, open_form: gr.Button) -> None:
    character = member.character
    with gr.Column(visible=False, elem_classes="save-form") as form:
        gr.Markdown(
            "#### Save to library\nThe picture shown above will stand for this character in every story of the project."
        )
        description = gr.Textbox(character.description, label="Description", lines=2, elem_classes="save-description")
        prompt = gr.Textbox(character.prompt, label="Original prompt", lines=1, max_lines=4, elem_classes="save-prompt")
        profile = build_profile_fields(f"save-{member.id}", character.visual_profile)
        with gr.Row(elem_classes="actions"):
            save = gr.Button("Save", variant="primary", size="md", elem_classes="save-confirm", scale=3)
            cancel = gr.Button("Cancel", size="md", scale=1, min_width=90, elem_classes="save-cancel")

    def save_it(image_id: str, revision: int, description: str, prompt: str, *profile: str) -> int:
        with told_to_people():
            studio.save_character(member.id, image_id, description, VisualProfile(*profile), prompt)
        gr.Success(f"{escape(character.name)} is in the library now, for every story of this project.", title="Saved")
        return revision + 1

    open_form.click(lambda: gr.Column(visible=True), None, form, **QUICK)
    cancel.click(lambda: gr.Column(visible=False), None, form, **QUICK)
    save.click(save_it, [viewer.viewed, place.revision, description, prompt, *profile], place.revision, **PRIVATE)


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
