"""The form for a character from a picture of the creator's own: which face is meant, and whom it is too near to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from PIL import Image

from errors import InvalidRequest, all_at_once
from library_store.records import FaceMatch
from library_store.text import required
from pipeline.request import NO_LOOK
from pipeline.uploads import Upload
from studio import Castbook, Studio
from studio.consent import check_agreed
from ui.consent import build_consent
from ui.handlers import LATEST, PRIVATE, QUICK, for_visitor, on
from ui.language import said, say, t
from ui.place import Place, new_revision
from ui.profile_editor import ProfileEditor, build_profile_editor
from ui.story.marked_picture import Marks, View, marked
from ui.words import in_markdown

ADD, ADD_ANYWAY = "Add to the cast", "Add anyway"
BY_HAND = -1  # the choice beside the faces' numbers
EDGES = {"left": "Left, %", "top": "Top, %", "right": "Right, %", "bottom": "Bottom, %"}
PLACES = {"across": "Place from left, %", "down": "Place from top, %"}
LARGE = 1024  # a side from which on a picture can be looked at from nearer
FIRST_EDGES = (30.0, 20.0, 70.0, 70.0)  # where the sliders stand before there is a box


@dataclass(frozen=True)
class UploadForm:
    file: gr.File
    picture: gr.Image  # with everything marked on it
    near: gr.Row
    view: list[gr.Slider]  # how near, and the place as PLACES
    note: gr.Markdown
    choice: gr.Radio
    by_hand: gr.Column
    edges: list[gr.Slider]  # as EDGES: the same box for whoever cannot tap
    name: gr.Textbox
    profile: ProfileEditor
    consent: gr.Checkbox
    description: gr.Textbox
    warning: gr.Markdown
    add: gr.Button
    clear: gr.Button
    marks: gr.State
    warned: gr.State  # ids of the look-alikes that the creator has been told of

    @property
    def shown(self) -> list[Any]:
        """What changes when another face is meant."""
        return [
            self.marks, self.picture, self.near, *self.view, self.note, self.choice, self.by_hand, *self.edges,
            self.warned, self.warning, self.add,
        ]  # fmt: skip

    @property
    def written(self) -> list[Any]:
        return [self.name, self.description, self.consent, *self.profile.inputs]


def build_upload_form(castbook: Castbook, place: Place) -> UploadForm:
    """`form.add` wants to be enabled when the models are there, as `follow_models` does."""
    file = gr.File(
        label=t("Picture with a face (PNG, JPEG, WebP, PSD, KRA, TIFF ...)"),
        type="filepath",
        height=110,
        elem_id="upload-file",
    )
    picture = gr.Image(
        show_label=False,
        interactive=False,
        visible=False,
        buttons=[],
        container=False,
        elem_id="upload-picture",
    )
    with gr.Row(visible=False, elem_id="upload-near") as near:
        view = [
            gr.Slider(
                1, 2, value=1, step=0.1, label=t("Zoom"), min_width=160,
                buttons=[], interactive=True, elem_id="upload-zoom",
            )
        ] + [
            gr.Slider(
                0, 100, value=50, step=0.5, label=t(label), min_width=160,
                buttons=[], interactive=True, elem_id=f"upload-{place}",
            )
            for place, label in PLACES.items()
        ]  # fmt: skip
    note = gr.Markdown(visible=False, elem_id="upload-note")
    choice = gr.Radio([], label=t("Who is it?"), visible=False, interactive=True, elem_id="upload-choice")
    with gr.Column(visible=False, elem_id="upload-by-hand") as by_hand, gr.Row():
        edges = [
            gr.Slider(
                0, 100, value=start, step=0.5, label=t(label), min_width=160,
                buttons=[], interactive=True, elem_id=f"upload-{edge}",
            )
            for (edge, label), start in zip(EDGES.items(), FIRST_EDGES, strict=True)
        ]  # fmt: skip
    name = gr.Textbox("", label=t("Name"), placeholder=t("Hana"), elem_id="upload-name", max_length=120)
    with gr.Accordion(t("Visual profile"), open=False, elem_classes="profile"):
        profile = build_profile_editor(castbook, "upload", NO_LOOK)
    with gr.Accordion(t("More"), open=False, elem_id="upload-more"):
        description = gr.Textbox(
            "",
            label=t("Description"),
            placeholder=t("Who they are in the story"),
            lines=2,
            elem_id="upload-description",
        )
    consent = build_consent(castbook, "upload")
    warning = gr.Markdown(visible=False, elem_id="upload-warning", elem_classes=["badge", "tone-unsure", "badge-long"])
    with gr.Row(elem_classes=["actions", "action-bar"]):
        add = gr.Button(
            t(ADD), variant="primary", size="md", interactive=castbook.models.ready, elem_id="upload-add", scale=3
        )
        clear = gr.Button(t("Clear form"), size="md", elem_id="upload-clear", scale=1, min_width=100)
    form = UploadForm(
        file, picture, near, view, note, choice, by_hand, edges, name, profile, consent, description, warning, add,
        clear, marks=gr.State(Marks()), warned=gr.State(()),
    )  # fmt: skip
    _bind_looking(castbook, form)
    _bind_marking(castbook, form)
    clear.click(lambda: _emptied(form), None, [file, *form.written], **QUICK)
    place.project.change(lambda: _nobody_warned_of(form), None, [form.warned, warning, add], **QUICK)
    return form


def bind_upload_form(castbook: Castbook, form: UploadForm, place: Place) -> None:
    """What its button does: the character joins the story's cast, once the creator knows whom they look like."""

    @for_visitor(castbook)
    def add(
        studio: Studio,
        project_id: str,
        story_id: str,
        path: str | None,
        marks: Marks,
        warned: Sequence[str],
        name: str,
        description: str,
        agreed: bool,
        *looks: Any,
    ) -> dict[Any, Any]:
        with all_at_once() as checked:
            checked(_check_picture, studio, path, agreed, marks)
            checked(required, name, "character")
        assert path
        alike = studio.faces.look_alikes(studio.faces.face_in_upload(path, marks.chosen, marks.box), project_id)
        if not {match.character.id for match in alike} <= set(warned):
            return {
                form.warned: tuple(match.character.id for match in alike),
                form.warning: gr.Markdown(_warning(alike), visible=True),
            }
        profile = form.profile.profile(looks)
        member = studio.faces.upload_character(
            story_id, name, path, profile, description, marks.chosen, marks.box, agreed
        )
        emptied = dict(zip([form.file, *form.written], _emptied(form), strict=True))
        return {
            **emptied,
            **_nobody_warned_of(form),
            place.revision: new_revision(member.active_image_id or ""),
        }

    looking = form.add.click(
        lambda: gr.Button(say("Looking at the face …"), interactive=False), None, form.add, **QUICK
    )
    inputs = [place.project, place.story, form.file, form.marks, form.warned, *form.written]
    outputs = [form.file, *form.written, form.warned, form.warning, form.add, place.revision]
    added = looking.success(add, inputs, outputs, **PRIVATE)
    for ended in (added.success, added.failure):
        ended(_add_button, form.warned, form.add, **QUICK)
    added.success(None, js="() => window.castbook?.closeDialog()")


def _check_picture(studio: Studio, path: str | None, agreed: bool, marks: Marks) -> None:
    if not path:
        raise InvalidRequest("There is no picture yet.", "Choose a file of yours above.", at="file")
    check_agreed(studio.pack, agreed)
    studio.faces.look_at_upload(path)  # one that cannot be read has no faces to choose from either
    if marks.chosen is None and marks.box is None:
        raise InvalidRequest(
            "There is no box around the face yet.",
            "Tap two opposite corners of one in the picture, or move the sliders.",
            at="file",
        )


def _bind_looking(castbook: Castbook, form: UploadForm) -> None:
    """Faces are looked for beside what is being drawn, not after it: that takes the other models."""

    def say_so(path: str | None) -> Any:
        return gr.Markdown(say("Looking for faces …"), visible=bool(path))

    @for_visitor(castbook)
    def look(studio: Studio, path: str | None) -> dict[Any, Any]:
        if not path:
            return _nothing_shown(form)
        upload = studio.faces.look_at_upload(path)
        marks, view = Marks.on(upload.faces), View.on(upload.picture)
        choice = gr.Radio(choices=_choices(marks), value=_chosen(marks), visible=bool(marks.faces))
        near = gr.Row(visible=max(upload.picture.size) > LARGE)
        zoom = gr.Slider(value=view.zoom, maximum=max(2.0, View.nearest(upload.picture)))
        view = _towards_chosen(view, upload.picture, marks)
        shown = _shown(form, upload, marks, view)
        return {**shown, form.choice: choice, form.near: near, **_place(form, view), form.view[0]: zoom}

    chosen = form.file.change(say_so, form.file, form.note, **QUICK)
    looked = chosen.then(look, form.file, form.shown, **PRIVATE)
    looked.failure(lambda: {form.file: None, **_nothing_shown(form)}, None, [form.file, *form.shown], **QUICK)


def _bind_marking(castbook: Castbook, form: UploadForm) -> None:
    @for_visitor(castbook)
    def choose(
        studio: Studio, path: str, marks: Marks, zoom: float, across: float, down: float, face: int
    ) -> dict[Any, Any]:
        upload, chosen = studio.faces.look_at_upload(path), marks.choose(None if face == BY_HAND else face)
        view = _towards_chosen(_view(zoom, across, down), upload.picture, chosen)
        return {**_shown(form, upload, chosen, view), **_place(form, view)}

    @for_visitor(castbook)
    def tap(
        studio: Studio, path: str, marks: Marks, zoom: float, across: float, down: float, event: gr.SelectData
    ) -> dict[Any, Any]:
        upload, view = studio.faces.look_at_upload(path), _view(zoom, across, down)
        x, y = event.index
        return _shown(form, upload, marks.tap(*view.place(upload.picture, x, y)), view)

    @for_visitor(castbook)
    def slide(studio: Studio, path: str, marks: Marks, *percents: float) -> dict[Any, Any]:
        upload, view = studio.faces.look_at_upload(path), _view(*percents[:3])
        width, height = upload.picture.size
        left, top, right, bottom = (percent / 100 for percent in percents[3:])
        shown = _shown(form, upload, marks.draw((left * width, top * height, right * width, bottom * height)), view)
        return {part: value for part, value in shown.items() if part not in form.edges}  # one is being held

    @for_visitor(castbook)
    def go_near(studio: Studio, path: str | None, marks: Marks, *place: float) -> gr.Image:
        if not path:
            return gr.Image()
        return gr.Image(marked(studio.faces.look_at_upload(path).picture, marks, _view(*place)))

    looked_at = [form.file, form.marks, *form.view]
    on([slider.input for slider in form.view], go_near, looked_at, form.picture, **LATEST)
    form.choice.input(choose, [*looked_at, form.choice], form.shown, **PRIVATE)
    # A tap while the last one is still being drawn counts as well.
    form.picture.select(tap, looked_at, form.shown, trigger_mode="multiple", **PRIVATE)
    on([edge.input for edge in form.edges], slide, [*looked_at, *form.edges], form.shown, **LATEST)


def _view(zoom: float, across: float, down: float) -> View:
    return View(zoom, across / 100, down / 100)


def _place(form: UploadForm, view: View) -> dict[Any, Any]:
    return dict(zip(form.view[1:], (round(100 * view.across, 1), round(100 * view.down, 1)), strict=True))


def _towards_chosen(view: View, picture: Image.Image, marks: Marks) -> View:
    return view if marks.chosen is None else view.around(picture, marks.faces[marks.chosen].box)


def _shown(form: UploadForm, upload: Upload, marks: Marks, view: View) -> dict[Any, Any]:
    picture = upload.picture
    return {
        form.marks: marks,
        form.picture: gr.Image(marked(picture, marks, view), visible=True, alt_text=_alt_text(marks)),
        form.note: gr.Markdown(" ".join([_note(marks), *map(said, upload.said)]), visible=True),
        form.choice: _chosen(marks),
        form.by_hand: gr.Column(visible=marks.chosen is None),
        **dict(zip(form.edges, _percents(picture, marks), strict=True)),
        **_nobody_warned_of(form),
    }


def _nothing_shown(form: UploadForm) -> dict[Any, Any]:
    return {
        form.marks: Marks(),
        form.picture: gr.Image(None, visible=False),
        form.near: gr.Row(visible=False),
        form.note: gr.Markdown("", visible=False),
        form.choice: gr.Radio(visible=False),
        form.by_hand: gr.Column(visible=False),
        **_nobody_warned_of(form),
    }


def _nobody_warned_of(form: UploadForm) -> dict[Any, Any]:
    return {form.warned: (), form.warning: gr.Markdown("", visible=False), form.add: gr.Button(say(ADD))}


def _emptied(form: UploadForm) -> list[Any]:
    return [None, "", "", False, *form.profile.values(NO_LOOK)]


def _add_button(warned: Sequence[str]) -> gr.Button:
    return gr.Button(say(ADD_ANYWAY if warned else ADD), interactive=True)


def _percents(picture: Image.Image, marks: Marks) -> list[float]:
    if marks.drawn is None:
        return list(FIRST_EDGES)
    sizes = (*picture.size, *picture.size)
    return [round(200 * edge / size) / 2 for edge, size in zip(marks.drawn, sizes, strict=True)]


def _choices(marks: Marks) -> list[tuple[str, int]]:
    numbers = [(say("Face {number}", number=i + 1), i) for i in range(len(marks.faces))]
    return [*numbers, (say("None of these, I draw the box"), BY_HAND)]


def _chosen(marks: Marks) -> int:
    return BY_HAND if marks.chosen is None else marks.chosen


def _note(marks: Marks) -> str:
    """Markdown: what was found, and what is to be done next."""
    if marks.chosen is not None:
        if len(marks.faces) == 1:
            return say("**One face was found.**")
        return say("**{count} faces were found.** Tap the one you mean, or choose it below.", count=len(marks.faces))
    if marks.box:
        return say("**Boxed by hand.** Tap two other corners to draw the box anew, or move its edges.")
    if marks.corner:
        return say("Now tap the opposite corner.")
    how = say("Tap two opposite corners of a box from forehead to chin and cheek to cheek, or move its edges.")
    return how if marks.faces else f"{say('**No face was found**, not even with room around the picture.')} {how}"


def _alt_text(marks: Marks) -> str:
    if marks.chosen is not None:
        number, count = marks.chosen + 1, len(marks.faces)
        return say("Your picture: face {number} of {count} is chosen", number=number, count=count)
    return say("Your picture, with the box drawn by hand") if marks.box else say("Your picture, without a box")


def _named(match: FaceMatch) -> str:
    """With the bare figure where that is all that was judged."""
    name = f"**{in_markdown(match.character.name)}**"
    return name if match.judgement and match.judgement.against else f"{name} ({match.similarity:.2f})"


def _warning(alike: Sequence[FaceMatch]) -> str:
    """Markdown: who it is, how near, and what can be done."""
    named = ", ".join(_named(match) for match in alike)
    return say(
        "In this project's library, {named} has nearly the same face: they would be taken for one person. "
        "Is it the same one? Then use Load Character. If not, you can still add this one.",
        named=named,
    )
