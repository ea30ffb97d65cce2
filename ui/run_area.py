"""What a run of the models looks like on the page: progress, a preview, Stop, and what came of it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import gradio as gr

from errors import Stopped
from studio import Likeness, Made, Step, Studio
from ui.endpoints import GPU
from ui.handlers import PRIVATE, QUICK, unchanged
from ui.messages import told_to_people
from ui.stories import Place, new_revision
from ui.words import in_markdown, long_likeness, short_likeness

Run = Iterator[Step | Made]
WAITING = "<progress aria-label='Waiting'></progress><span>Waiting for the models …</span>"


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
            stop = gr.Button("Stop", variant="stop", size="sm", elem_id="run-stop", scale=0, min_width=80)
        report = gr.Markdown(elem_id="run-report")
        pictures = gr.Gallery(
            show_label=False,
            columns=2,
            allow_preview=False,
            interactive=False,
            buttons=[],
            object_fit="cover",
            fit_columns=False,
            visible=False,
            elem_id="run-pictures",
            elem_classes="people",
        )
    area = RunArea(box, progress, pictures, report, stop, gr.Textbox(visible="hidden"))

    def stop_it(request: gr.Request) -> Any:
        if stopping := area.stops.get(str(request.session_hash)):
            stopping.set()
        return gr.Button("Stopping …", interactive=False)

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

    def start(request: gr.Request, story_id: str, context: str) -> list[Any]:
        with told_to_people():
            studio.set_context(story_id, context)  # typed, and not left before the click
        area.stops[str(request.session_hash)] = threading.Event()
        return [
            gr.Column(visible=True),
            WAITING,
            gr.Gallery(visible=False),
            "",
            _stop_button(True),
            *_buttons(all_buttons, False),
        ]

    def run(request: gr.Request, *values: Any) -> Iterator[tuple[Any, ...]]:
        stop = area.stops.get(str(request.session_hash)) or threading.Event()
        with told_to_people():
            try:
                for event in begin(stop, *values):
                    yield _shown(studio, event)
            except Stopped:
                yield (
                    "",
                    gr.Gallery(visible=False),
                    "Stopped before a picture was finished.",
                    _stop_button(False),
                    "",
                    unchanged(),
                )

    def end(request: gr.Request) -> list[Any]:
        area.stops.pop(str(request.session_hash), None)
        return ["", _stop_button(False), *_buttons(all_buttons, True)]

    started = button.click(
        start,
        [place.remembered, place.context],
        [area.box, area.progress, area.pictures, area.report, area.stop, *all_buttons],
        **QUICK,
    )
    started.success(None, js="() => window.castbook?.showRun()")
    ran = started.success(run, list(inputs), [*area.outputs, place.revision], **PRIVATE, **GPU)
    for ended in (ran.success, ran.failure):  # `then` stays silent after a generator that failed at once
        ended(end, None, [area.progress, area.stop, *all_buttons], **QUICK)
    ran.success(None, area.made_for, js="(id) => window.castbook?.showCard(id)")


def _shown(studio: Studio, event: Step | Made) -> tuple[Any, ...]:
    if isinstance(event, Step):
        previews = [(picture, "") for picture in event.previews]
        gallery = gr.Gallery(previews, visible=True) if previews else unchanged()
        return _bar(event), gallery, unchanged(), unchanged(), unchanged(), unchanged()
    pictures = [
        (
            studio.library.get_thumbnail_path(option.image.id),
            f"{place + 1}. {short_likeness(option.image.likeness)}".rstrip(". "),
        )
        for place, option in enumerate(event.options)
    ]
    return "", gr.Gallery(pictures, visible=True), report(event), _stop_button(False), event.member.id, new_revision()


def report(made: Made) -> str:
    """Markdown: what came of a run, each picture in a line."""
    count = len(made.options)
    name = in_markdown(made.member.character.name)
    lines = [f"**{count} new picture{'s' if count > 1 else ''} of {name}**{', then stopped' if made.stopped else ''}"]
    if made.unknown_words:
        lines.append(unknown_words_note(made.unknown_words))
    if made.cut_off:
        lines.append(f"The prompt was too long. Its end was left out: *{in_markdown(made.cut_off)}*")
    judged = [option.image.likeness for option in made.options if option.image.likeness]
    ranked = "\n".join(f"{place + 1}. {_verdict(likeness)}" for place, likeness in enumerate(judged))
    return "\n\n".join([*lines, ranked])


def unknown_words_note(words: Sequence[str]) -> str:
    if not words:
        return ""
    named = ", ".join(f"**{in_markdown(word)}**" for word in words)
    return f"This pack cannot draw: {named}. The picture is made without."


def _verdict(likeness: Likeness) -> str:
    rejected = likeness.band == "another person" or likeness.copied
    return f"Rejected: {in_markdown(likeness.reason)}" if rejected else long_likeness(likeness)


def _bar(step: Step) -> str:
    return f"<progress value='{step.step}' max='{step.steps}'></progress><span>Step {step.step} of {step.steps}</span>"


def _stop_button(running: bool) -> gr.Button:
    return gr.Button("Stop", interactive=running, visible=running)


def _buttons(all_buttons: Sequence[gr.Button], interactive: bool) -> list[gr.Button]:
    return [gr.Button(interactive=interactive) for _ in all_buttons]
