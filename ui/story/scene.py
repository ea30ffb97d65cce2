"""The form for a new scene with somebody who is there already: from the library, or from a card."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from errors import InvalidRequest
from library_store.records import VisualProfile
from pipeline.request import MOST_PICTURES, NO_LOOK, STRONGEST, PictureRequest
from studio import Castbook, Studio
from ui.handlers import LATEST, QUICK, for_visitor, on, unchanged
from ui.language import say, t
from ui.place import Place
from ui.profile_editor import ProfileEditor, build_profile_editor
from ui.story.counts import build_count, build_draw, follow_count
from ui.story.new_character import build_composed, build_notes, build_seed, unsay_in_another_story
from ui.story.run_area import DrawingRun, RunArea, bind_run
from ui.story.stream import title_of
from ui.story.word_notes import prompt_note
from ui.story.words_help import WordsHelp, bind_words_help, build_popovers, line_value
from ui.thumbnails import THUMBNAILS
from ui.unseen import UNSEEN
from ui.words import LOOK_FIELDS, in_markdown, profile_line, strength_in_words

PROMPT = "scene-prompt"


@dataclass(frozen=True)
class SceneForm:
    nobody: gr.Column  # shown while no reference is chosen
    choose: gr.Button
    chosen: gr.Column
    change: gr.Button
    leave: gr.Button  # to a new character
    reference: gr.State  # the reference image id
    person: gr.Textbox  # whom the composer is about: a character's id, "" for a new one; hidden: its change is heard
    picture: gr.Image
    who: gr.Markdown
    steering: gr.Gallery  # the pictures that steer, where they are several
    prompt: gr.Textbox
    look: ProfileEditor  # this scene's clothes and mood; the character's own profile is never written from here
    count: gr.Slider
    keep: gr.Slider
    identity_scale: gr.Slider
    strength: gr.Markdown
    more: gr.Accordion
    seed: gr.Number
    composed: gr.Textbox
    unknown: gr.Markdown
    help: WordsHelp
    generate: gr.Button

    @property
    def words(self) -> list[Any]:
        """What the scene is described in."""
        return [self.prompt, *self.look.inputs]

    @property
    def composed_outputs(self) -> list[Any]:
        """What follows the words."""
        return [self.composed, self.unknown, self.help.line]

    @property
    def outputs(self) -> list[Any]:
        """What `show_reference` sets."""
        return [
            self.nobody, self.chosen, self.reference, self.person, self.picture, self.who, self.steering,
            *self.composed_outputs,
        ]  # fmt: skip

    @property
    def remix_outputs(self) -> list[Any]:
        """What `show_request` sets."""
        return [
            *self.outputs, *self.words, self.count, self.keep, self.identity_scale, self.strength, self.seed,
        ]  # fmt: skip


def build_scene(castbook: Castbook) -> SceneForm:
    with gr.Column(visible=False, elem_id="scene-nobody") as nobody:
        gr.Markdown(t("**Who should be in the new pictures?** Press a face on the left, or choose a saved character."))
        choose = gr.Button(t("Choose from the library"), size="md", elem_id="scene-choose")
    with gr.Column(visible=False) as chosen:
        with gr.Row(elem_classes="composer-line"):
            with gr.Row(elem_classes=["who", "who-pill"]):
                picture = gr.Image(
                    show_label=False,
                    interactive=False,
                    buttons=[],
                    container=False,
                    scale=0,
                    min_width=34,
                    elem_classes="who-picture",
                )
                who = gr.Markdown(elem_id="scene-who")
                change = gr.Button(t("Someone else"), size="sm", elem_id="scene-change", min_width=0)
                leave = gr.Button(t("Nobody: a new character"), size="sm", elem_id="scene-leave", min_width=0)
            prompt = gr.Textbox(
                "",
                label=t("Scene"),
                show_label=False,
                placeholder=t("Clothes, mood, place: spacesuit, laughing, outer space"),
                lines=1,
                max_lines=5,
                min_width=120,
                container=False,
                elem_id=PROMPT,
            )
            generate = build_draw(castbook, "scene-generate")
        unknown, line = build_notes(PROMPT)
        with gr.Row(elem_classes="chips"):
            help = WordsHelp(PROMPT, line, build_popovers(PROMPT))
            with gr.Accordion(
                t("Clothes, mood, place"), open=False, visible=castbook.pack.vocabulary is None, elem_id="scene-look",
                elem_classes="chip",
            ):  # fmt: skip
                look = build_profile_editor(castbook, "scene", NO_LOOK, LOOK_FIELDS)
            with gr.Accordion(t("Face or scene"), open=False, elem_id="scene-balance", elem_classes="chip"):
                identity_scale, strength = _build_strength(castbook)
                steering = _build_steering()
            with gr.Accordion(t("Pictures"), open=False, elem_id="scene-counts", elem_classes="chip") as counts:
                count = build_count(castbook, "scene-count")
                keep = _build_keep(castbook)
            with gr.Accordion(t("More"), open=False, elem_id="scene-more", elem_classes="chip") as more:
                seed = build_seed("scene-seed")
                composed = build_composed("scene-composed")
    follow_count(count, generate, counts)
    return SceneForm(
        nobody, choose, chosen, change, leave, gr.State(None), gr.Textbox("", elem_classes=UNSEEN), picture, who,
        steering, prompt, look, count, keep, identity_scale, strength, more, seed, composed, unknown, help, generate,
    )  # fmt: skip


def _build_steering() -> gr.Gallery:
    return gr.Gallery(
        container=False,
        columns=6,
        elem_id="scene-steering",
        elem_classes="steering",
        **THUMBNAILS,
    )


def _build_keep(castbook: Castbook) -> gr.Slider:
    return gr.Slider(
        1,
        MOST_PICTURES,
        value=castbook.pack.defaults.count,
        step=1,
        label=t("Keep the best"),
        elem_id="scene-keep",
        buttons=[],
    )


def _build_strength(castbook: Castbook) -> tuple[gr.Slider, gr.Markdown]:
    """The slider between what it leads to, and a sentence that follows its value."""
    with gr.Column(elem_classes="strength"):
        scale = gr.Slider(
            0,
            STRONGEST,
            value=castbook.pack.defaults.identity_scale,
            step=0.05,
            label=t("Identity strength"),
            elem_id="scene-strength",
            buttons=[],
        )
        with gr.Row(elem_classes="ends"):
            for end in ("The scene", "Both", "The face"):
                gr.Markdown(t(end))
        sentence = gr.Markdown(strength_in_words(castbook.pack.defaults.identity_scale), elem_id="scene-strength-says")
    return scale, sentence


def show_reference(
    studio: Studio, form: SceneForm, story_id: str, image_id: str, words: Sequence[Any]
) -> tuple[Any, ...]:
    """Values for `SceneForm.outputs`."""
    character = studio.library.get_character(studio.library.get_image(image_id).character_id)
    looks = character.visual_profile
    kept = profile_line(VisualProfile(looks.hair, looks.face, looks.body)) or say(
        "The face in this picture is the reference."
    )
    who = f"### {in_markdown(character.name)}\n{in_markdown(kept)}"
    steering = _steering(studio, character.id, character.canonical_image_id, image_id)
    if len(steering) > 1:
        who += "\n\n" + say("{count} pictures used as reference", count=len(steering))
    return (
        gr.Column(visible=False),
        gr.Column(visible=True),
        image_id,
        character.id,
        studio.library.get_thumbnail_path(image_id),
        who,
        gr.Gallery([studio.library.get_thumbnail_path(id) for id in steering], visible=len(steering) > 1),
        *_composed(studio, form, story_id, image_id, words, None),
    )


def show_request(
    studio: Studio, form: SceneForm, story_id: str, request: PictureRequest, seed: int | None
) -> tuple[Any, ...]:
    """Values for `SceneForm.remix_outputs`."""
    written, look = request.written, request.look
    if studio.pack.vocabulary:  # which has all of it in the line
        written, look = title_of(request), NO_LOOK
    words = [written, *form.look.values(look)]
    count, strength = min(request.count, MOST_PICTURES), min(request.identity_scale, STRONGEST)
    shown = show_reference(studio, form, story_id, str(request.main_image_id), words)
    return *shown, *words, count, count, strength, strength_in_words(strength), seed


def bind_scene(
    castbook: Castbook, form: SceneForm, place: Place, area: RunArea, all_buttons: Sequence[gr.Button]
) -> None:
    nothing = "", "", unchanged()

    @for_visitor(castbook)
    def compose(studio: Studio, story_id: str, image_id: str | None, context: str, *words: Any) -> tuple[Any, ...]:
        if not image_id:
            return nothing
        try:
            return _composed(studio, form, story_id, image_id, words, context)
        except InvalidRequest:  # the project was left, and its people with it
            return nothing

    def begin(
        studio: Studio,
        story_id: str,
        image_id: str | None,
        count: int,
        keep: int,
        seed: int | None,
        identity_scale: float,
        *words: Any,
    ) -> DrawingRun:
        if not image_id:
            raise InvalidRequest("No character is chosen.", "Choose one from the library first.")
        return studio.drawing.generate_character_variant(
            story_id,
            image_id,
            str(words[0]),
            look=form.look.profile(words[1:]),
            count=int(count),
            keep=min(int(keep), int(count)),
            seed=seed,
            identity_scale=identity_scale,
        )

    on(
        [form.prompt.change, *form.look.edited, place.context.change, place.revision.change],
        compose,
        [place.story, form.reference, place.context, *form.words],
        form.composed_outputs,
        **LATEST,
    )
    unsay_in_another_story(place, form.unknown)
    bind_words_help(castbook, form.help, form.prompt)
    form.count.change(_keep_of, form.count, form.keep, **LATEST)
    form.identity_scale.input(strength_in_words, form.identity_scale, form.strength, **LATEST)
    place.project.change(forget_reference, None, form.outputs, **QUICK)
    inputs = [place.story, form.reference, form.count, form.keep, form.seed, form.identity_scale, *form.words]
    bind_run(castbook, area, place, form.generate, all_buttons, begin, inputs)


def forget_reference() -> tuple[Any, ...]:
    """Values for `SceneForm.outputs` when nobody is chosen: another project has other people."""
    hidden = gr.Gallery([], visible=False)
    return gr.Column(visible=True), gr.Column(visible=False), None, "", None, "", hidden, "", "", unchanged()


def _keep_of(count: int) -> gr.Slider:
    """As many as are drawn, until the creator asks for fewer. A slider needs two ends: of one picture one is kept."""
    return gr.Slider(maximum=max(2, count), value=count, interactive=count > 1)


def _steering(studio: Studio, character_id: str, canonical_image_id: str | None, image_id: str) -> list[str]:
    """The pictures whose identities steer: others join in only where the reference stands for the character."""
    others = studio.library.list_steering(character_id) if image_id == canonical_image_id else []
    return [image_id, *(other for other in others if other != image_id)]


def _composed(
    studio: Studio, form: SceneForm, story_id: str, image_id: str, words: Sequence[Any], context: str | None
) -> tuple[Any, ...]:
    """Values for `SceneForm.composed_outputs`; `words` are those of `SceneForm.words`."""
    prompt, *look = words
    profile = form.look.profile(look)
    composed = studio.drawing.prompt_of_variant(story_id, image_id, str(prompt), context, profile)
    return composed, prompt_note(studio, composed, str(prompt)), line_value(studio.pack, PROMPT, str(prompt), composed)
