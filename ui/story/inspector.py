"""The inspector: the picture that is chosen in the stream, beside the one it was made from, what the judge says of it,
and what can be done with it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import astuple, dataclass, replace
from typing import Any

import gradio as gr

from errors import CastbookError, InvalidRequest, NotFound
from library_store.records import CastMember
from pipeline.request import composed
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor, unchanged
from ui.language import said, say, t
from ui.place import Place, new_revision
from ui.story.desk import Desk, show_request, show_scene, show_seed
from ui.story.save_form import FOCUS_SAVE, show_save_form
from ui.story.stream import OnOffer, address, build_pair
from ui.undo import Undo, offer
from ui.words import full_origin, in_markdown, marks_said, measured_by, profile_line, tone, verdict_line

FOCUS_SCENE = "() => window.castbook?.showDesk('#scene-prompt')"
FOCUS_TURNED_TO = "(field) => window.castbook?.showDesk(field)"
NO_PAIR: dict[str, Any] = {}
COMPARE = "Compare with the reference"
MARKS = ("marks", "hair colour", "eyes")  # groups of a vocabulary
NOTHING = """### How somebody stays the same
1. **Draw** them, until one picture shows whom you mean.
2. **Save to library**: this picture is their reference from now on.
3. **Generate with Reference**, in any story. Each new picture is judged: is this still the same person?"""


@dataclass(frozen=True)
class Inspector:
    nothing: gr.Markdown  # shown while no picture is chosen
    box: gr.Column
    heading: gr.Markdown
    pair: gr.HTML  # the picture, and the one that it was made from
    comparison: gr.Column  # in the place of both while it is asked for
    slider: gr.ImageSlider
    likeness: gr.Markdown
    marks: gr.Markdown
    judged_by: gr.Markdown
    activate: gr.Button
    save: gr.Button
    variants: gr.Button
    use_seed: gr.Button
    remove: gr.Button
    compare: gr.Button
    remix: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """What `show_picture` sets."""
        return [
            self.nothing, self.box, self.heading, self.pair, self.comparison, self.likeness, self.marks,
            self.judged_by,
            self.activate, self.save, self.variants, self.use_seed, self.compare, self.remix,
        ]  # fmt: skip


def build_inspector() -> Inspector:
    nothing = gr.Markdown(t(NOTHING), visible=False, elem_id="nothing-chosen")
    with gr.Column(visible=False, elem_id="looked-at") as box:
        heading = gr.Markdown(elem_classes="card-name")
        pair = build_pair()
        comparison, slider = _build_comparison()
        likeness = gr.Markdown(elem_classes="badge")
        marks = gr.Markdown(elem_id="marks")
        with gr.Column(elem_classes="deeds"):
            activate = _button("Use in this story", "do-activate")
            save = _button("Save to library", "do-save")
            variants = _button("Vary this", "do-variants")
            use_seed = _button("Same seed, new words", "do-seed")
            remove = _button("Remove picture", "do-remove")
        with gr.Accordion(t("Details"), open=False, elem_classes="card-more"):
            judged_by = gr.Markdown(elem_classes="fine-print")
            with gr.Row(elem_classes="card-actions"):
                compare = _button(COMPARE, "do-compare")
                remix = _button("Remix", "do-remix")
    return Inspector(
        nothing, box, heading, pair, comparison, slider, likeness, marks, judged_by,
        activate, save, variants, use_seed, remove, compare, remix,
    )  # fmt: skip


def show_picture(studio: Studio, members: Sequence[CastMember], image_id: str) -> tuple[Any, ...]:
    """Values for `Inspector.outputs`; of a picture that none of the members offers: nothing is chosen."""
    offers = [OnOffer(member, option) for member in members for option in member.options]
    chosen = next((each for each in offers if each.option.image.id == image_id), None)
    if chosen is None:
        hidden = gr.Button(visible=False)
        shown = gr.Markdown(visible=True), gr.Column(visible=False)
        return *shown, "", NO_PAIR, gr.Column(visible=False), "", "", "", *[hidden] * 6
    member, image = chosen.member, chosen.option.image
    try:
        pair = _pair(studio, chosen)
        likeness = image.likeness and replace(image.likeness, lost_marks=None)  # they are in the lists below
        verdict = verdict_line(likeness, likeness.rejection if likeness else ())
    except CastbookError as error:  # one damaged file must not hide the others
        pair, verdict = NO_PAIR, in_markdown(said(error.cause_message))
    in_library = member.character.is_saved_to_library and member.character.trashed_at is None
    main = "variants" if in_library else "save"
    main = main if chosen.is_active else "activate"
    return (
        gr.Markdown(visible=False),
        gr.Column(visible=True),
        _heading(member),
        pair,
        gr.Column(visible=False),
        gr.Markdown(verdict, elem_classes=["badge", tone(image.likeness)]),
        _marks(studio, chosen),
        _fine_print(chosen),
        _as_main(main == "activate", visible=not chosen.is_active),
        _as_main(main == "save", value=t("Update in library" if in_library else "Save to library"), visible=True),
        _as_main(main == "variants", visible=True),
        gr.Button(visible=image.seed is not None),
        gr.Button(t(COMPARE), visible=image.parent_id is not None),
        gr.Button(visible=image.request is not None),
    )


def _button(text: str, elem_class: str) -> gr.Button:
    return gr.Button(t(text), size="md", min_width=0, elem_classes=elem_class)


def _as_main(is_main: bool, **changed: Any) -> gr.Button:
    """There is one main button in every state: what one most likely does next."""
    return gr.Button(variant="primary" if is_main else "secondary", **changed)


def _build_comparison() -> tuple[gr.Column, gr.ImageSlider]:
    with gr.Column(visible=False, elem_classes="comparison") as box:
        slider = gr.ImageSlider(
            show_label=False,
            interactive=False,
            buttons=[],
            container=False,
            visible=False,  # so that it is not fetched before
            elem_classes="portrait",
        )
        with gr.Row(elem_classes="ends"):
            gr.Markdown(t("Reference"))
            gr.Markdown(t("This picture"))
    return box, slider


def _pair(studio: Studio, chosen: OnOffer) -> dict[str, Any]:
    """The figures that tiles.js draws."""
    image, name = chosen.option.image, chosen.member.character.name
    figures = [{"src": address(studio.library.get_picture_path(image.id)), "says": say("This picture"), "file": name}]
    if image.parent_id:
        known = image.parent_id == chosen.member.character.canonical_image_id
        says = say("{name}, as saved", name=name) if known else say("Made from")
        paths = studio.library.get_picture_paths([image.parent_id])
        figures[:0] = [{"src": address(path), "says": says, "file": ""} for path in paths.values()]
    return {"figures": figures, "name": name, "download": say("Download")}


def _heading(member: CastMember) -> str:
    character = member.character
    place = say("in the trash") if character.trashed_at else say("in the library")
    mark = f" <small>{place}</small>" if character.is_saved_to_library else ""
    about = character.description or profile_line(character.visual_profile) or character.prompt
    return f"### {in_markdown(character.name)}{mark}\n{in_markdown(about)}"


def _marks(studio: Studio, chosen: OnOffer) -> str:
    image, character = chosen.option.image, chosen.member.character
    if image.likeness is None or image.request is None or image.parent_id is None:
        return ""
    theirs = _marks_in(studio, composed(character.prompt, *astuple(character.visual_profile)))
    return marks_said(image.likeness, _marks_in(studio, image.request.asked), theirs)


def _marks_in(studio: Studio, text: str) -> list[str]:
    phrases = studio.pack.read(text).phrases
    return [mark for group in MARKS for mark in phrases.get(group, ())]


def _fine_print(chosen: OnOffer) -> str:
    image = chosen.option.image
    facts = [full_origin(chosen.option, chosen.member.options)]
    if image.seed is not None:
        facts.append(say("seed {seed}", seed=image.seed))
    by = measured_by(image.likeness)
    return " · ".join([*facts, by] if by else facts)


def bind_inspector(
    castbook: Castbook, inspector: Inspector, place: Place, chosen: gr.Textbox, desk: Desk, undo: Undo
) -> None:
    """`chosen`: the id of the picture that is looked at."""
    _bind_deeds(castbook, inspector, place, chosen, undo)
    _bind_comparison(castbook, inspector, chosen)
    _bind_desk(castbook, inspector, place, chosen, desk)


def member_with(studio: Studio, story_id: str, image_id: str) -> CastMember:
    """Raises NotFound where the picture is not on offer in the story any more."""
    for member in studio.library.list_cast(story_id):
        if any(option.image.id == image_id for option in member.options):
            return member
    raise NotFound("picture", image_id)


def _bind_deeds(castbook: Castbook, inspector: Inspector, place: Place, chosen: gr.Textbox, undo: Undo) -> None:
    @for_visitor(castbook)
    def activate(studio: Studio, story_id: str, image_id: str) -> str:
        studio.library.select_image(member_with(studio, story_id, image_id).id, image_id)
        return new_revision()

    @for_visitor(castbook)
    def take_out(studio: Studio, story_id: str, image_id: str) -> tuple[Any, ...]:
        member = member_with(studio, story_id, image_id)
        character = member.character
        studio.library.remove_option(member.id, image_id)
        stands = character.is_saved_to_library and image_id == character.canonical_image_id
        text = say("A picture of {name} is out of this story.", name=in_markdown(character.name))
        text += f" {say('The library keeps it.')}" if stands else ""
        return *offer(text, "picture", member.id, image_id), new_revision()

    picture = [place.story, chosen]
    inspector.activate.click(activate, picture, place.revision, **PRIVATE)
    inspector.remove.click(take_out, picture, [*undo.outputs, place.revision], **PRIVATE)


def _bind_comparison(castbook: Castbook, inspector: Inspector, chosen: gr.Textbox) -> None:
    comparing = gr.State(False)

    @for_visitor(castbook)
    def compare(studio: Studio, image_id: str, shown: bool) -> tuple[Any, ...]:
        if shown:
            return gr.HTML(visible=True), gr.Column(visible=False), unchanged(), gr.Button(t(COMPARE)), False
        parent_id = studio.library.get_image(image_id).parent_id
        if parent_id is None:
            raise InvalidRequest("The reference of this picture is gone.", "It cannot be compared any more.")
        pair = studio.library.get_picture_path(parent_id), studio.library.get_picture_path(image_id)
        slider = gr.ImageSlider(pair, visible=True)
        return gr.HTML(visible=False), gr.Column(visible=True), slider, gr.Button(t("End comparison")), True

    inspector.compare.click(
        compare,
        [chosen, comparing],
        [inspector.pair, inspector.comparison, inspector.slider, inspector.compare, comparing],
        **QUICK,
    )
    chosen.change(lambda: (False, gr.HTML(visible=True)), None, [comparing, inspector.pair], **PRIVATE)


def _bind_desk(castbook: Castbook, inspector: Inspector, place: Place, chosen: gr.Textbox, desk: Desk) -> None:
    """What hands the picture, or what it was made by, over to a form."""

    @for_visitor(castbook)
    def to_save_form(studio: Studio, story_id: str, image_id: str) -> tuple[Any, ...]:
        return show_save_form(studio, desk.save_form, member_with(studio, story_id, image_id), image_id)

    @for_visitor(castbook)
    def to_scene(studio: Studio, story_id: str, image_id: str, *words: Any) -> tuple[Any, ...]:
        return show_scene(studio, desk, story_id, image_id, words)

    @for_visitor(castbook)
    def remix(studio: Studio, story_id: str, image_id: str) -> tuple[Any, ...]:
        return request_of(studio, desk, story_id, image_id)

    @for_visitor(castbook)
    def use_seed(studio: Studio, story_id: str, image_id: str, reference: str | None, *words: Any) -> tuple[Any, ...]:
        return show_seed(studio, desk, story_id, image_id, reference, words)

    picture, words = [place.story, chosen], desk.scene.words
    inspector.save.click(to_save_form, picture, desk.save_form.outputs, **QUICK).success(None, js=FOCUS_SAVE)
    varied = inspector.variants.click(to_scene, [*picture, *words], desk.scene_outputs, **QUICK)
    varied.success(None, js=FOCUS_SCENE)
    for turned in (
        inspector.remix.click(remix, picture, desk.remix_outputs, **QUICK),
        inspector.use_seed.click(use_seed, [*picture, desk.scene.reference, *words], desk.seed_outputs, **QUICK),
    ):
        turned.success(None, desk.turned_to, js=FOCUS_TURNED_TO)


def request_of(studio: Studio, desk: Desk, story_id: str, image_id: str) -> tuple[Any, ...]:
    """Values for `Desk.remix_outputs`."""
    request = studio.requests.of_image(image_id)
    if request is None:
        raise InvalidRequest("This picture says nothing of how it was made.", "Choose one that was drawn here.")
    return show_request(studio, desk, story_id, request)
