"""The cast of the story: a card for each character, with the picture looked at, all that are on offer, and what can be
done with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import CastbookError, InvalidRequest
from library_store.records import CastMember, CastOption
from studio import Castbook, Studio
from ui.handlers import PRIVATE, QUICK, for_visitor, unchanged
from ui.language import said, say, t
from ui.place import Place, new_revision
from ui.story.desk import Desk, show_request, show_scene, show_seed
from ui.story.save_form import FOCUS_SAVE, show_save_form
from ui.thumbnails import THUMBNAILS
from ui.undo import Undo, offer
from ui.words import (
    caption,
    counted,
    full_origin,
    in_markdown,
    measured_by,
    profile_line,
    tone,
    verdict_line,
)

EMPTY = """### Nobody is in this story yet
Describe someone under **New character** and press **Create**, or bring somebody in with **Load Character**."""
CARDS = 12  # of the largest casts, until all are asked for: each is fifty components for the browser
FOCUS_SCENE = "() => window.castbook?.showDesk('#scene-prompt')"
FOCUS_TURNED_TO = "(field) => window.castbook?.showDesk(field)"
COMPARE = "Compare with the reference"


@dataclass(frozen=True)
class Viewer:
    """The parts of a card that follow the option which is looked at."""

    viewed: gr.State  # its image id
    picture: gr.Image
    comparison: gr.Column  # in the picture's place while it is asked for
    likeness: gr.Markdown
    judged_by: gr.Markdown
    activate: gr.Button
    compare: gr.Button
    remix: gr.Button
    use_seed: gr.Button

    @property
    def outputs(self) -> list[Any]:
        """What `_looked_at` sets."""
        return [
            self.viewed, self.picture, self.comparison, self.likeness, self.judged_by,
            self.activate, self.compare, self.remix, self.use_seed,
        ]  # fmt: skip


def build_cast(castbook: Castbook, place: Place, desk: Desk, undo: Undo) -> None:
    whole = gr.State("")  # id of the story whose cast is shown to the last

    @gr.render(
        inputs=[place.story, whole, place.revision], triggers=[place.revision.change],
        show_progress="hidden", queue=False,
    )  # fmt: skip
    @for_visitor(castbook)
    def cast(studio: Studio, story_id: str | None, whole_id: str, _revision: str) -> None:
        members = studio.library.list_cast(story_id) if story_id else []
        if not members:
            gr.Markdown(t(EMPTY), elem_classes="empty", elem_id="cast-empty")
        newest_first = members[::-1]
        shown = newest_first if whole_id == story_id else newest_first[:CARDS]
        pictures = studio.library.get_picture_paths([_active(member).image.id for member in shown])
        thumbnails = studio.library.get_thumbnail_paths([each.image.id for member in shown for each in member.options])
        for member in shown:
            with gr.Column(elem_classes="card", elem_id=f"card-{member.id}"):
                try:
                    picture, strip = _files(studio, member, pictures, thumbnails)
                except CastbookError as error:  # one damaged file must not hide the others
                    cause = in_markdown(said(error.cause_message))
                    gr.Markdown(f"### {in_markdown(member.character.name)}\n{cause}")
                else:
                    _card(castbook, place, member, _active(member), picture, strip, desk, undo)
        if len(shown) < len(members):
            show_all = say("Show the whole cast of {count}", count=str(len(members)))
            everyone = gr.Button(show_all, elem_id="whole-cast")
            everyone.click(_all_of, place.story, [whole, place.revision], **PRIVATE)


def _all_of(story_id: str) -> tuple[str, str]:
    return story_id, new_revision()


def _active(member: CastMember) -> CastOption:
    options = member.options
    return next((option for option in options if option.image.id == member.active_image_id), options[-1])


def _files(
    studio: Studio, member: CastMember, pictures: Mapping[str, str], thumbnails: Mapping[str, str]
) -> tuple[str, list[str]]:
    """The active picture and a thumbnail of each option. One that is missing is asked for again, for its error."""
    active = _active(member).image.id
    picture = pictures.get(active) or studio.library.get_picture_path(active)
    ids = [option.image.id for option in member.options]
    return picture, [thumbnails.get(id) or studio.library.get_thumbnail_path(id) for id in ids]


def _card(
    castbook: Castbook,
    place: Place,
    member: CastMember,
    active: CastOption,
    picture_path: str,
    thumbnails: list[str],
    desk: Desk,
    undo: Undo,
) -> None:
    with gr.Row(elem_classes="card-row"):
        with gr.Column(min_width=200, elem_classes="portrait-column"):
            picture = _portrait(picture_path)
            comparison, slider = _comparison()
        with gr.Column(min_width=240, elem_classes="card-body"):
            gr.Markdown(_heading(member), elem_classes="card-name")
            likeness = gr.Markdown(_verdict(active), elem_classes=["badge", tone(active.image.likeness)])
            judged_by = gr.Markdown(_fine_print(active, member), elem_classes="fine-print")
            strips = _strips(member, active, thumbnails)
            with gr.Row(elem_classes="card-actions"):
                save = _button("Update in library" if _in_library(member) else "Save to library", "do-save")
                variants = _button("Generate variants", "do-variants")
                activate = _button("Make active", "do-activate", visible=active.image.id != member.active_image_id)
            with (
                gr.Accordion(t("More"), open=False, elem_classes="card-more"),
                gr.Row(elem_classes="card-actions"),
            ):
                compare = _button(COMPARE, "do-compare", visible=_is_variant(active))
                remix = _button("Remix", "do-remix", visible=active.image.request is not None)
                use_seed = _button("Use seed", "do-seed", visible=active.image.seed is not None)
                remove = _button("Remove from this story", "do-remove")
    viewer = Viewer(
        gr.State(active.image.id), picture, comparison, likeness, judged_by, activate, compare, remix, use_seed
    )
    for options, strip in strips:
        _bind_strip(castbook, member, options, strip, viewer)
    _bind_comparison(castbook, viewer, slider)
    _bind_actions(castbook, place, member, viewer, remove, undo)
    _bind_desk(castbook, place, member, viewer, save, variants, desk)


def _button(text: str, elem_class: str, visible: bool = True) -> gr.Button:
    return gr.Button(t(text), size="sm", min_width=100, visible=visible, elem_classes=elem_class)


def _portrait(path: str) -> gr.Image:
    return gr.Image(
        path,
        show_label=False,
        interactive=False,
        buttons=["download", "fullscreen"],
        container=False,
        min_width=200,
        elem_classes="portrait",
    )


def _comparison() -> tuple[gr.Column, gr.ImageSlider]:
    with gr.Column(visible=False, elem_classes="comparison") as box:
        slider = gr.ImageSlider(
            show_label=False, interactive=False, buttons=[], container=False, elem_classes="portrait"
        )
        with gr.Row(elem_classes="ends"):
            gr.Markdown(t("Reference"))
            gr.Markdown(t("This picture"))
    return box, slider


def _strips(
    member: CastMember, active: CastOption, thumbnails: list[str]
) -> list[tuple[Sequence[CastOption], gr.Gallery]]:
    """The pictures on offer; folded behind them those that are set aside."""
    numbered = list(enumerate(zip(member.options, thumbnails, strict=True), 1))
    aside = [each for each in numbered if each[1][0].image.verdict == "set aside"]
    kept = [each for each in numbered if each not in aside]
    strips = [_strip(member, active, kept)] if kept else []
    if aside:
        words = counted("{count} picture set aside", "{count} pictures set aside", len(aside))
        with gr.Accordion(words, open=not kept or active.image.verdict == "set aside", elem_classes="set-aside"):
            strips.append(_strip(member, active, aside))
    return strips


def _strip(
    member: CastMember, active: CastOption, numbered: Sequence[tuple[int, tuple[CastOption, str]]]
) -> tuple[Sequence[CastOption], gr.Gallery]:
    """The options of a strip, and the strip. `numbered`: by their number on the card, with their thumbnails."""
    options = [option for _, (option, _) in numbered]
    return options, gr.Gallery(
        [
            (thumbnail, caption(option, option.image.id == member.active_image_id, number))
            for number, (option, thumbnail) in numbered
        ],
        selected_index=options.index(active) if active in options else None,
        container=False,
        columns=6,
        elem_classes="strip",
        **THUMBNAILS,
    )


def _bind_strip(
    castbook: Castbook, member: CastMember, options: Sequence[CastOption], strip: gr.Gallery, viewer: Viewer
) -> None:
    @for_visitor(castbook)
    def view(studio: Studio, event: gr.SelectData) -> tuple[Any, ...]:
        return _looked_at(studio, member, options[int(event.index)])

    strip.select(view, None, viewer.outputs, **QUICK)


def _looked_at(studio: Studio, member: CastMember, option: CastOption) -> tuple[Any, ...]:
    """Values for `Viewer.outputs`."""
    image = option.image
    return (
        image.id,
        gr.Image(studio.library.get_picture_path(image.id), visible=True),
        gr.Column(visible=False),
        gr.Markdown(_verdict(option), elem_classes=["badge", tone(image.likeness)]),
        _fine_print(option, member),
        gr.Button(visible=image.id != member.active_image_id),
        gr.Button(t(COMPARE), visible=_is_variant(option)),
        gr.Button(visible=image.request is not None),
        gr.Button(visible=image.seed is not None),
    )


def _bind_comparison(castbook: Castbook, viewer: Viewer, slider: gr.ImageSlider) -> None:
    comparing = gr.State(False)

    @for_visitor(castbook)
    def compare(studio: Studio, image_id: str, shown: bool) -> tuple[Any, ...]:
        if shown:
            return gr.Image(visible=True), gr.Column(visible=False), unchanged(), gr.Button(t(COMPARE)), False
        parent_id = studio.library.get_image(image_id).parent_id
        if parent_id is None:
            raise InvalidRequest("The reference of this picture is gone.", "It cannot be compared any more.")
        pair = studio.library.get_picture_path(parent_id), studio.library.get_picture_path(image_id)
        return gr.Image(visible=False), gr.Column(visible=True), pair, gr.Button(t("End comparison")), True

    viewer.compare.click(
        compare,
        [viewer.viewed, comparing],
        [viewer.picture, viewer.comparison, slider, viewer.compare, comparing],
        **QUICK,
    )
    viewer.viewed.change(lambda: False, None, comparing, **PRIVATE)


def _bind_actions(
    castbook: Castbook, place: Place, member: CastMember, viewer: Viewer, remove: gr.Button, undo: Undo
) -> None:
    character = member.character

    @for_visitor(castbook)
    def activate(studio: Studio, image_id: str) -> str:
        studio.library.select_image(member.id, image_id)
        return new_revision()

    @for_visitor(castbook)
    def take_out(studio: Studio, image_id: str) -> tuple[Any, ...]:
        studio.library.remove_option(member.id, image_id)
        stands = character.is_saved_to_library and image_id == character.canonical_image_id
        text = say("A picture of {name} is out of this story.", name=in_markdown(character.name))
        text += f" {say('The library keeps it.')}" if stands else ""
        return *offer(text, "picture", member.id, image_id), new_revision()

    viewer.activate.click(activate, viewer.viewed, place.revision, **PRIVATE)
    remove.click(take_out, viewer.viewed, [*undo.outputs, place.revision], **PRIVATE)


def _bind_desk(
    castbook: Castbook,
    place: Place,
    member: CastMember,
    viewer: Viewer,
    save: gr.Button,
    variants: gr.Button,
    desk: Desk,
) -> None:
    """What hands the picture, or what it was made by, over to a form."""

    @for_visitor(castbook)
    def to_save_form(studio: Studio, image_id: str) -> tuple[Any, ...]:
        return show_save_form(studio, desk.save_form, member, image_id)

    @for_visitor(castbook)
    def to_scene(studio: Studio, story_id: str, image_id: str, *words: Any) -> tuple[Any, ...]:
        return show_scene(studio, desk, story_id, image_id, words)

    @for_visitor(castbook)
    def remix(studio: Studio, story_id: str, image_id: str) -> tuple[Any, ...]:
        request = studio.requests.of_image(image_id)
        if request is None:
            raise InvalidRequest("This picture says nothing of how it was made.", "Choose one that was drawn here.")
        return show_request(studio, desk, story_id, request)

    @for_visitor(castbook)
    def use_seed(studio: Studio, story_id: str, image_id: str, chosen: str | None, *words: Any) -> tuple[Any, ...]:
        return show_seed(studio, desk, story_id, image_id, chosen, words)

    looked_at = [place.story, viewer.viewed]
    save.click(to_save_form, viewer.viewed, desk.save_form.outputs, **QUICK).success(None, js=FOCUS_SAVE)
    variants.click(to_scene, [*looked_at, *desk.scene.words], desk.scene_outputs, **QUICK).success(None, js=FOCUS_SCENE)
    for turned in (
        viewer.remix.click(remix, looked_at, desk.remix_outputs, **QUICK),
        viewer.use_seed.click(
            use_seed, [*looked_at, desk.scene.reference, *desk.scene.words], desk.seed_outputs, **QUICK
        ),
    ):
        turned.success(None, desk.turned_to, js=FOCUS_TURNED_TO)


def _in_library(member: CastMember) -> bool:
    return member.character.is_saved_to_library and member.character.trashed_at is None


def _heading(member: CastMember) -> str:
    character = member.character
    place = say("in the trash") if character.trashed_at else say("in the library")
    mark = f" <small>{place}</small>" if character.is_saved_to_library else ""
    about = character.description or profile_line(character.visual_profile) or character.prompt
    return f"### {in_markdown(character.name)}{mark}\n{in_markdown(about)}"


def _verdict(option: CastOption) -> str:
    likeness = option.image.likeness
    return verdict_line(likeness, likeness.rejection if likeness else ())


def _fine_print(option: CastOption, member: CastMember) -> str:
    facts = [full_origin(option, member.options)]
    if option.image.seed is not None:
        facts.append(say("seed {seed}", seed=option.image.seed))
    by = measured_by(option.image.likeness)
    return " · ".join([*facts, by] if by else facts)


def _is_variant(option: CastOption) -> bool:
    return option.image.parent_id is not None
