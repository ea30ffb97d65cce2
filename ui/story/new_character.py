"""The form for a character who is not there yet, from words. From a picture of the creator's own: upload_form.py."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr

from library_store.records import VisualProfile
from pipeline.request import MOST_PICTURES, NO_LOOK, PictureRequest
from studio import Castbook, Studio
from ui.handlers import LATEST, PRIVATE, QUICK, for_visitor, on
from ui.language import t
from ui.place import Place
from ui.profile_editor import ProfileEditor, build_profile_editor
from ui.profile_filling import build_filled, followed, in_the_words, opened
from ui.story.counts import build_count, build_draw, follow_count
from ui.story.run_area import DrawingRun, RunArea, bind_run
from ui.story.word_notes import overruled_note, prompt_note
from ui.story.words_help import WordsHelp, bind_words_help, build_popovers, build_words_line, line_value

PROMPT = "new-prompt"
NOTHING_SAID = '() => ""'


@dataclass(frozen=True)
class NewCharacterForm:
    who: gr.Button  # chooses somebody instead
    name: gr.Textbox
    prompt: gr.Textbox
    profile: ProfileEditor
    filled: gr.Textbox  # what of the profile the words said
    overruled: gr.Row  # shown where words and profile say otherwise of one thing
    says: gr.Markdown
    follow: gr.Button  # the words
    more: gr.Accordion
    description: gr.Textbox
    count: gr.Slider
    seed: gr.Number
    composed: gr.Textbox
    unknown: gr.Markdown
    help: WordsHelp
    create: gr.Button
    clear: gr.Button

    @property
    def written(self) -> list[Any]:
        return [self.name, self.prompt, self.description, *self.profile.inputs]

    @property
    def composed_outputs(self) -> list[Any]:
        """What follows the words."""
        return [self.composed, self.unknown, self.help.line, self.overruled, self.says]

    @property
    def followed(self) -> list[Any]:
        """What the words fill."""
        return [self.filled, *self.profile.inputs]


def build_new_character(castbook: Castbook) -> NewCharacterForm:
    with gr.Row(elem_classes="composer-line"):
        who = gr.Button(t("New character"), size="sm", elem_id="new-who", elem_classes="who-pill", scale=0, min_width=0)
        name = gr.Textbox(
            "",
            label=t("Name"),
            show_label=False,
            placeholder=t("Name"),
            min_width=90,
            container=False,
            elem_id="new-name",
            max_length=120,
        )
        prompt = gr.Textbox(
            "",
            label=t("Prompt"),
            show_label=False,
            placeholder=t("Who it is, what they wear, where: woman, bob hair, hoodie, cafe"),
            lines=1,
            max_lines=5,
            min_width=120,
            container=False,
            elem_id=PROMPT,
        )
        create = build_draw(castbook, "new-create")
    unknown, line = build_notes(PROMPT)
    with gr.Row(visible=False, elem_id="new-overruled", elem_classes="notice-line") as overruled:
        says = gr.Markdown()
        follow = gr.Button(t("Take the words"), size="sm", elem_id="new-follow", scale=0, min_width=100)
    with gr.Row(elem_classes="chips"):
        help = WordsHelp(PROMPT, line, build_popovers(PROMPT))
        with gr.Accordion(t("Visual profile"), open=False, elem_id="new-profile", elem_classes=["chip", "profile"]):
            profile = build_profile_editor(castbook, "new", NO_LOOK)
        with gr.Accordion(t("Pictures"), open=False, elem_id="new-counts", elem_classes="chip") as counts:
            count = build_count(castbook, "new-count")
        with gr.Accordion(t("More"), open=False, elem_id="new-more", elem_classes="chip") as more:
            description = gr.Textbox(
                "",
                label=t("Description"),
                placeholder=t("Who they are in the story"),
                lines=2,
                elem_id="new-description",
            )
            seed = build_seed("new-seed")
            composed = build_composed("new-composed")
        clear = gr.Button(t("Clear form"), size="sm", elem_id="new-clear", elem_classes="quiet", scale=0, min_width=0)
    follow_count(count, create, counts)
    return NewCharacterForm(
        who, name, prompt, profile, build_filled(), overruled, says, follow, more, description, count, seed, composed,
        unknown, help, create, clear,
    )  # fmt: skip


def build_seed(elem_id: str) -> gr.Number:
    return gr.Number(value=None, label=t("Seed"), precision=0, minimum=0, placeholder=t("by chance"), elem_id=elem_id)


def build_composed(elem_id: str) -> gr.Textbox:
    return gr.Textbox(
        "",
        label=t("What will be drawn"),
        interactive=False,
        lines=1,
        max_lines=5,
        elem_id=elem_id,
        elem_classes="composed",
    )


def build_notes(prompt: str) -> tuple[gr.Markdown, gr.HTML]:
    """Below the words: which of them cannot be drawn, and phrases for them that can."""
    with gr.Row(elem_classes="notes"):
        unknown = gr.Markdown(elem_classes="unknown-words")
        line = build_words_line(prompt)
    return unknown, line


def unsay_in_another_story(place: Place, unknown: gr.Markdown) -> None:
    """What was said of the words, with the context of the story that one leaves, goes at once; what is said of the
    next comes from the server."""
    on([place.project.input, place.story.input], None, None, unknown, js=NOTHING_SAID, **PRIVATE)


def bind_new_character(
    castbook: Castbook, form: NewCharacterForm, place: Place, area: RunArea, all_buttons: Sequence[gr.Button]
) -> None:
    @for_visitor(castbook)
    def compose(studio: Studio, story_id: str, context: str, prompt: str, *looks: Any) -> tuple[Any, ...]:
        return _composed(studio, story_id, prompt, form.profile.profile(looks), context)

    @for_visitor(castbook)
    def follow(studio: Studio, prompt: str, filled: str, *looks: Any) -> tuple[Any, ...]:
        profile, filled = followed(studio.pack, prompt, filled, form.profile.profile(looks))
        return filled, *form.profile.changed(looks, profile)

    @for_visitor(castbook)
    def agree(studio: Studio, prompt: str, *looks: Any) -> tuple[Any, ...]:
        profile, filled = in_the_words(studio.pack, prompt, form.profile.profile(looks))
        return filled, *form.profile.changed(looks, profile)

    def begin(
        studio: Studio,
        story_id: str,
        count: int,
        seed: int | None,
        name: str,
        prompt: str,
        description: str,
        *looks: Any,
    ) -> DrawingRun:
        profile = form.profile.profile(looks)
        return studio.drawing.generate_character(story_id, name, prompt, profile, description, int(count), seed)

    worded = [place.context, form.prompt, *form.profile.inputs]
    on([form.prompt.change, *form.profile.chosen], follow, [form.prompt, *form.followed], form.followed, **LATEST)
    on(
        [form.prompt.change, *form.profile.edited, place.context.change, place.revision.change],
        compose,
        [place.story, *worded],
        form.composed_outputs,
        **LATEST,
    )
    unsay_in_another_story(place, form.unknown)
    bind_run(
        castbook, area, place, form.create, all_buttons, begin, [place.story, form.count, form.seed, *form.written]
    )
    form.follow.click(agree, [form.prompt, *form.profile.inputs], form.followed, **QUICK)
    bind_words_help(castbook, form.help, form.prompt)
    all_of_it = [form.seed, form.name, form.description, *form.followed, form.prompt]
    emptied = form.clear.click(lambda: _emptied(form), None, all_of_it, **QUICK)
    emptied.then(compose, [place.story, *worded], form.composed_outputs, **QUICK)


def remix_outputs(form: NewCharacterForm) -> list[Any]:
    """What `show_request` sets."""
    return [form.count, form.seed, *form.followed, *form.composed_outputs, form.prompt]


def show_request(
    studio: Studio, form: NewCharacterForm, story_id: str, request: PictureRequest, seed: int | None
) -> tuple[Any, ...]:
    """Values for `remix_outputs`, the prompt last: what follows it finds the others set. The name is left to the
    creator."""
    profile, filled = opened(studio.pack, request.written, request.look)
    shown = filled, *form.profile.values(profile), *_composed(studio, story_id, request.written, profile, None)
    return min(request.count, MOST_PICTURES), seed, *shown, request.written


def _composed(
    studio: Studio, story_id: str, prompt: str, profile: VisualProfile, context: str | None
) -> tuple[Any, ...]:
    composed = studio.drawing.prompt_of_character(story_id, prompt, profile, context)
    says = overruled_note(studio.pack, prompt, profile)
    return (
        composed,
        prompt_note(studio, composed, prompt),
        line_value(studio.pack, PROMPT, prompt, composed),
        gr.Row(visible=bool(says)),
        says,
    )


def _emptied(form: NewCharacterForm) -> list[Any]:
    return [None, "", "", "", *form.profile.values(NO_LOOK), ""]
