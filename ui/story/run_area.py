"""What a run of the models looks like on the page: progress, a preview, Stop, and what came of it."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr
from PIL import Image

from errors import Stopped
from pipeline.packs import Pack
from pipeline.values import Step, Variant
from studio import Studio
from studio.drawing import Made
from ui.handlers import GPU, PRIVATE, QUICK, unchanged
from ui.language import say, t
from ui.messages import told_to_people
from ui.place import Place, new_revision
from ui.thumbnails import THUMBNAILS
from ui.words import in_markdown, long_likeness, rejected, short_likeness

Run = Iterator[Step | Made]


@dataclass(frozen=True)
class RunArea:
    box: gr.Column
    progress: gr.HTML  # figures only; what people typed must never get into HTML
    pictures: gr.Gallery
    report: gr.Markdown
    stop: gr.Button
    made_for: (
        gr.Textbox
    )  # id of the cast member whose card is to be scrolled to; hidden: a gr.State never reaches JavaScript
    stops: dict[str, threading.Event] = field(
        default_factory=dict[str, threading.Event]
    )  # by browser tab, while its run lasts

    @property
    def outputs(self) -> list[Any]:
        return [self.progress, self.pictures, self.report, self.stop, self.made_for]


def build_run_area() -> RunArea:
    with gr.Column(visible=False, elem_id="run") as box:
        with gr.Row(elem_classes="run-line"):
            progress = gr.HTML(elem_id="run-progress", padding=False)
            stop = gr.Button(t("Stop"), variant="stop", size="sm", elem_id="run-stop", scale=0, min_width=80)
        report = gr.Markdown(elem_id="run-report")
        pictures = gr.Gallery(
            columns=2,
            visible=False,
            elem_id="run-pictures",
            elem_classes="people",
            **THUMBNAILS,
        )
    area = RunArea(box, progress, pictures, report, stop, gr.Textbox(visible="hidden"))

    def stop_it(request: gr.Request) -> Any:
        if stopping := area.stops.get(str(request.session_hash)):
            stopping.set()
        return gr.Button(t("Stopping …"), interactive=False)

    stop.click(stop_it, None, stop, **QUICK)
    return area


def bind_run(
    studio: Studio,
    area: RunArea,
    place: Place,
    button: gr.Button,
    all_buttons: Sequence[gr.Button],
    begin: Callable[..., Run],
    inputs: Sequence[Any],
) -> None:
    """Makes a click on `button` begin a run; no other can begin in this tab until it has ended.

    `begin(stop, *values of inputs)` gives the studio's iterator.
    """

    def start(request: gr.Request, story_id: str, context: str, shown: str) -> list[Any]:
        with told_to_people():
            studio.library.update_story(
                story_id, context=context, instead_of=shown
            )  # typed, and not left before the click
        area.stops[str(request.session_hash)] = threading.Event()
        return [
            gr.Column(visible=True),
            _waiting(),
            gr.Gallery(visible=False),
            "",
            _stop_button(True),
            *_buttons(all_buttons, False),
        ]

    def run(request: gr.Request, *values: Any) -> Iterator[tuple[Any, ...]]:
        stop = area.stops.get(str(request.session_hash)) or threading.Event()
        with told_to_people():
            try:
                began, finished = None, 0
                for event in begin(stop, *values):
                    if isinstance(event, Made):
                        yield _shown_made(studio, event)
                        continue
                    began = began or time.monotonic()
                    seen = event.previews or len(event.finished) > finished
                    finished = len(event.finished)
                    yield (
                        progress_bar(event, time.monotonic() - began),
                        gr.Gallery(pictures_so_far(event), visible=True) if seen else unchanged(),
                        *[unchanged()] * 4,
                    )
            except Stopped:
                yield (
                    "",
                    gr.Gallery(visible=False),
                    say("Stopped before a picture was finished."),
                    _stop_button(False),
                    "",
                    unchanged(),
                )

    def end(request: gr.Request) -> list[Any]:
        area.stops.pop(str(request.session_hash), None)
        return ["", _stop_button(False), *_buttons(all_buttons, True)]

    started = button.click(
        start,
        place.written_context,
        [area.box, area.progress, area.pictures, area.report, area.stop, *all_buttons],
        **QUICK,
    )
    started.success(None, js="() => window.castbook?.showRun()")
    started.failure(None, js="() => window.castbook?.lookAtContext()")
    ran = started.success(run, list(inputs), [*area.outputs, place.revision], **PRIVATE, **GPU)
    for ended in (ran.success, ran.failure):  # `then` stays silent after a generator that failed at once
        ended(end, None, [area.progress, area.stop, *all_buttons], **QUICK)
    ran.success(None, area.made_for, js="(id) => window.castbook?.showCard(id)")


def pictures_so_far(step: Step) -> list[tuple[Image.Image, str]]:
    """With their captions: what is finished, best first, and behind it what is being drawn."""
    finished = [(variant.picture, _caption(variant)) for variant in step.finished]
    return [*finished, *[(picture, say("Being drawn …")) for picture in step.previews]]


def _shown_made(studio: Studio, made: Made) -> tuple[Any, ...]:
    """Kept pictures by their files, the others for as long as the page stays."""
    kept = [studio.library.get_thumbnail_path(option.image.id) for option in made.options]
    left_out = [variant.picture for variant in made.ranked[len(kept) :]]
    captions = [f"{place}. {_caption(variant)}".rstrip(". ") for place, variant in enumerate(made.ranked, start=1)]
    pictures = list(zip([*kept, *left_out], captions, strict=True))
    return "", gr.Gallery(pictures, visible=True), report(made), _stop_button(False), made.member.id, new_revision()


def report(made: Made) -> str:
    """Markdown: what came of a run, each picture in a line."""
    count, drawn = len(made.options), len(made.ranked)
    name = in_markdown(made.member.character.name)
    heading = [
        say(
            "**1 new picture of {name}**" if count == 1 else "**{count} new pictures of {name}**",
            count=count,
            name=name,
        ),
        say("the best of {drawn}", drawn=drawn) if drawn > count else "",
        say("then stopped") if made.stopped else "",
    ]
    lines = [", ".join(part for part in heading if part)]
    if note := words_note(made.unknown_words, made.half_said):
        lines.append(note)
    if made.cut_off:
        cut_off = f"*{in_markdown(made.cut_off)}*"
        lines.append(say("The prompt was too long. Its end was left out: {cut_off}", cut_off=cut_off))
    verdicts = [f"{place}. {_verdict(variant)}" for place, variant in enumerate(made.ranked, start=1)]
    if any(variant.likeness or variant.rejection for variant in made.ranked):
        lines.append("\n".join(verdicts[:count]))
    if drawn > count:
        lines += [say("Not kept:"), "\n".join(verdicts[count:])]
    return "\n\n".join(lines)


def prompt_note(pack: Pack, prompt: str) -> str:
    """The `words_note` of what would be drawn."""
    return words_note(pack.unknown_words(prompt), pack.half_said(prompt))


def words_note(unknown_words: Sequence[str], half_said: Mapping[str, Sequence[str]]) -> str:
    """Markdown: the words that are left out, and those that say too little, with phrases that say more; "" for none."""
    notes: list[str] = []
    if unknown_words:
        named = ", ".join(f"**{in_markdown(word)}**" for word in unknown_words)
        notes.append(say("This pack cannot draw: {named}. The picture is made without.", named=named))
    if half_said:
        named = ", ".join(f"**{in_markdown(word)}** ({_quoted(phrases)})" for word, phrases in half_said.items())
        notes.append(
            say(
                "Say these in a phrase that this pack knows: {named}. Said otherwise, they may draw something else.",
                named=named,
            )
        )
    return "\n\n".join(notes)


def _quoted(phrases: Sequence[str]) -> str:
    return ", ".join(f"“{in_markdown(phrase)}”" for phrase in phrases)


def _caption(variant: Variant) -> str:
    return say("Rejected") if variant.rejection else short_likeness(variant.likeness)


def _verdict(variant: Variant) -> str:
    if variant.rejection:
        return rejected(variant.rejection)
    seen = say("shows all that was asked for") if variant.missing == () else ""
    return " · ".join(part for part in (long_likeness(variant.likeness), seen) if part)


def progress_bar(step: Step, seconds: float) -> str:
    """HTML; `seconds` have passed since the first step was done."""
    done = step.step - 1
    so_far = say("Step {step} of {steps}", step=step.step, steps=step.steps)
    left = _time_left(seconds / done * (step.steps - step.step)) if done and step.step < step.steps else ""
    words = " · ".join(part for part in (so_far, left) if part)
    return f"<progress value='{step.step}' max='{step.steps}'></progress><span>{words}</span>"


def _time_left(seconds: float) -> str:
    if seconds < 90:
        return say("about {seconds} s left", seconds=math.ceil(seconds))
    return say("about {minutes} min left", minutes=round(seconds / 60))


def _waiting() -> str:
    waiting = say("Waiting for the models …")
    return f"<progress aria-label='{waiting}'></progress><span>{waiting}</span>"


def _stop_button(running: bool) -> gr.Button:
    return gr.Button(t("Stop"), interactive=running, visible=running)


def _buttons(all_buttons: Sequence[gr.Button], interactive: bool) -> list[gr.Button]:
    return [gr.Button(interactive=interactive) for _ in all_buttons]
