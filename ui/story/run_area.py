"""What a run of the models looks like on the page: progress, a preview, Stop, and what came of it.

The page only watches: a run goes on when its tab is closed, and a page that is loaded again shows it again.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import gradio as gr
from PIL import Image

from errors import Stopped
from pipeline.packs import Pack
from pipeline.prompt import Reading
from pipeline.request import LeftOut, Why
from pipeline.values import Step, Variant, Verdict
from studio import Castbook, Studio
from studio.drawing import Asked, Made
from studio.runs import Run, Waiting
from ui.handlers import PRIVATE, QUICK, WATCHING, for_visitor, unchanged
from ui.language import phrase_name, say, t
from ui.place import Place, new_revision
from ui.thumbnails import THUMBNAILS
from ui.words import counted, in_markdown, short_likeness, verdict_line

DrawingRun = Run[Asked, Made]
WHY_LEFT_OUT: dict[Why, str] = {
    "unknown word": "This pack cannot draw: {named}. The picture is made without.",
    "kept out": "Not drawn, for it is to be kept out as well: {named}.",
    "weight": "Weights count for nothing here: {named}. The words are drawn.",
    "add-on": "Files of another program are not loaded: {named}.",
    "choice": "Another program would choose: {named}. Write the one you mean.",
    "switch": "Another program would change this while it draws: {named}. Write the one you mean.",
    "wildcard": "A list of another program is not known here: {named}. Write the words you mean.",
    "command": "A command of another program does nothing here: {named}.",
    "setting": "A setting of another program does nothing here: {named}.",
}
HEADINGS: dict[Verdict, str] = {
    "kept": "",
    "set aside": "Set aside, at the end of their card:",
    "dropped": "Not kept:",
}
Shown = dict[Any, Any]  # what Gradio takes for some of an event's outputs: component to value


@dataclass(frozen=True)
class RunArea:
    box: gr.Column
    progress: gr.HTML  # figures only; what people typed must never get into HTML
    pictures: gr.Gallery
    report: gr.Markdown
    stop: gr.Button
    run: gr.BrowserState  # the id of the run that is shown, or was last
    # The id of the cast member whose card is to be scrolled to; hidden: a gr.State never reaches JavaScript.
    made_for: gr.Textbox

    @property
    def outputs(self) -> list[Any]:
        return [self.progress, self.pictures, self.report, self.stop, self.run, self.made_for]


def build_run_area(castbook: Castbook) -> RunArea:
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
    run = gr.BrowserState("", storage_key="castbook-run", secret="castbook")

    @for_visitor(castbook)
    def stop_it(studio: Studio, run_id: str) -> Any:
        studio.runs.stop(run_id, studio.visitor.name)
        return gr.Button(t("Stopping …"), interactive=False)

    stop.click(stop_it, run, stop, **QUICK)
    return RunArea(box, progress, pictures, report, stop, run, gr.Textbox(visible="hidden"))


def bind_run(
    castbook: Castbook,
    area: RunArea,
    place: Place,
    button: gr.Button,
    all_buttons: Sequence[gr.Button],
    begin: Callable[..., DrawingRun],
    inputs: Sequence[Any],
) -> None:
    """Makes a click on `button` begin the run that `begin(studio, *values of inputs)` gives.

    None of `all_buttons` can be pressed in this tab until it has ended.
    """

    @for_visitor(castbook)
    def prepare(studio: Studio, story_id: str, context: str, shown: str) -> Shown:
        studio.library.update_story(story_id, context=context, instead_of=shown)  # typed, and not left before the click
        return _opened(area, all_buttons)

    @for_visitor(castbook)
    def draw(studio: Studio, *values: Any) -> Iterator[Shown]:
        yield from _until_it_ends(studio, area, place, all_buttons, lambda: begin(studio, *values))

    prepared = button.click(prepare, place.written_context, [area.box, *area.outputs, *all_buttons], **QUICK)
    prepared.success(None, js="() => window.castbook?.showRun()")
    prepared.failure(None, js="() => window.castbook?.lookAtContext()")
    outputs = [*area.outputs, *all_buttons, place.revision]
    ran = prepared.success(draw, list(inputs), outputs, **PRIVATE, **WATCHING)
    ran.success(None, area.made_for, js="(id) => window.castbook?.showCard(id)")


def bind_return(
    castbook: Castbook, area: RunArea, place: Place, all_buttons: Sequence[gr.Button], loaded: Callable[..., Any]
) -> None:
    """When a page is `loaded` and knows its story, it shows the run that was left there or in this browser, if any."""

    @for_visitor(castbook)
    def come_back(studio: Studio, story_id: str, run_id: str) -> Iterator[Shown]:
        run = next(iter(_left(studio, story_id, run_id)), None)
        if run is None:
            yield {area.progress: unchanged()}  # without any yield, Gradio empties all outputs, a button's words too
            return
        opened = _opened(area, all_buttons)
        yield from _until_it_ends(studio, area, place, all_buttons, lambda: run, opened)

    outputs = [area.box, *area.outputs, *all_buttons, place.revision]
    loaded(come_back, [place.remembered, area.run], outputs, **PRIVATE, **WATCHING)


def _left(studio: Studio, story_id: str, run_id: str) -> list[DrawingRun]:
    """Those that go on, and those of which nobody has seen what came: the newest first."""
    runs = studio.runs.list(studio.visitor.name)
    return [run for run in runs if not run.told and (run.id == run_id or run.asked.story_id == story_id)]


def _until_it_ends(
    studio: Studio,
    area: RunArea,
    place: Place,
    all_buttons: Sequence[gr.Button],
    begin: Callable[[], DrawingRun],
    opened: Shown | None = None,
) -> Iterator[Shown]:
    ended = {area.progress: "", area.stop: _stop_button(False), **_enabled(all_buttons, studio.models.ready)}
    try:
        run = begin()
        yield {**(opened or {}), area.run: run.id, area.stop: _stop_button(True)}
        yield from _watched(studio, area, place, run)
    except Stopped:
        yield {area.pictures: gr.Gallery(visible=False), area.report: say("Stopped before a picture was finished.")}
    except Exception:
        yield ended
        raise
    yield ended


def _watched(studio: Studio, area: RunArea, place: Place, run: DrawingRun) -> Iterator[Shown]:
    last = None
    for event in run:
        if isinstance(event, Made):
            yield _shown_made(studio, area, event) | {place.revision: new_revision()}
        elif event is last:
            yield {area.progress: unchanged()}  # a sign of life: a generator can be closed only where it yields
        elif isinstance(event, Waiting):
            yield {area.progress: _waiting(event)}
        else:
            yield _shown_step(area, event, run.seconds, last)
        last = event


def _shown_step(area: RunArea, step: Step, seconds: float, last: object) -> Shown:
    finished_before = len(last.finished) if isinstance(last, Step) else 0
    progress = {area.progress: progress_bar(step, seconds)}
    if not step.previews and len(step.finished) == finished_before:
        return progress
    return progress | {area.pictures: gr.Gallery(pictures_so_far(step), visible=True)}


def pictures_so_far(step: Step) -> list[tuple[Image.Image, str]]:
    """With their captions: what is finished, best first, and behind it what is being drawn."""
    finished = [(variant.picture, _caption(variant)) for variant in step.finished]
    return [*finished, *[(picture, say("Being drawn …")) for picture in step.previews]]


def _shown_made(studio: Studio, area: RunArea, made: Made) -> Shown:
    """Kept pictures by their files, the others for as long as the page stays."""
    paths = studio.library.get_thumbnail_paths(made.image_ids)
    kept = [paths[image_id] for image_id in made.image_ids if image_id in paths]
    left_out = [variant.picture for variant in made.ranked[len(kept) :]]
    captions = [f"{place}. {_caption(variant)}".rstrip(". ") for place, variant in enumerate(made.ranked, start=1)]
    pictures = list(zip([*kept, *left_out], captions, strict=True))
    return {
        area.pictures: gr.Gallery(pictures, visible=True),
        area.report: report(made, studio.library.is_in_trash(made.member.story_id)),
        area.made_for: made.member.id,
    }


def report(made: Made, in_trash: bool = False) -> str:
    """Markdown: what came of a run, each picture in a line; and where it is, if its story is in the trash by now."""
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
    if in_trash:
        lines.append(say("The story was moved to the trash meanwhile. The pictures are in it: restore it to use them."))
    if note := words_note(made.reading, made.request.left_out):
        lines.append(note)
    if made.cut_off:
        cut_off = f"*{in_markdown(made.cut_off)}*"
        lines.append(say("The prompt was too long. Its end was left out: {cut_off}", cut_off=cut_off))
    verdicts = defaultdict[Verdict, list[str]](list)
    for place, variant in enumerate(made.ranked):
        verdicts[made.verdict(place)].append(f"{place + 1}. {verdict_on(variant)}")
    if any(variant.likeness or variant.rejection for variant in made.ranked):
        for verdict, heading in HEADINGS.items():
            if verdicts[verdict]:
                lines += [*([say(heading)] if heading else []), "\n".join(verdicts[verdict])]
    return "\n\n".join(lines)


def prompt_note(pack: Pack, prompt: str) -> str:
    """The `words_note` of what would be drawn."""
    return words_note(pack.read(prompt))


def words_note(reading: Reading, left_out: Sequence[LeftOut] | None = None) -> str:
    """Markdown: what is kept out, what is left out and why, and the words that say too little, with phrases that say
    more; "" for none. `left_out` is what was left out of a picture, where that is known."""
    left_out = reading.left_out if left_out is None else left_out
    notes = list[str]()
    if reading.is_translated:
        notes.append(say("Drawn in English: {drawn}.", drawn=in_markdown(reading.drawn)))
    if reading.negated:
        kept_out = ", ".join(map(phrase_name, reading.negated.split(", ")))
        notes.append(say("Kept out, as far as the pack can: {named}.", named=_strong(kept_out)))
    for why, sentence in WHY_LEFT_OUT.items():
        if words := [left.words for left in left_out if left.why == why]:
            notes.append(say(sentence, named=", ".join(map(_strong, words))))
    if reading.offered:
        notes.append(say("Near to them, this pack knows: {named}.", named=_with_phrases(reading.offered)))
    if reading.half_said:
        notes.append(
            say(
                "Say these in a phrase that this pack knows: {named}. Said otherwise, they may draw something else.",
                named=_with_phrases(reading.half_said),
            )
        )
    return "\n\n".join(notes)


def _with_phrases(words: Mapping[str, Sequence[str]]) -> str:
    return ", ".join(f"{_strong(word)} ({_quoted(phrases)})" for word, phrases in words.items())


def _strong(words: str) -> str:
    return f"**{in_markdown(words)}**"


def _quoted(phrases: Sequence[str]) -> str:
    return ", ".join(f"“{in_markdown(phrase_name(phrase))}”" for phrase in phrases)


def _caption(variant: Variant) -> str:
    return say("Set aside") if variant.verdict == "set aside" else short_likeness(variant.likeness)


def verdict_on(variant: Variant) -> str:
    likeness = variant.likeness
    wrong = variant.rejection or (likeness and (likeness.lost_marks or likeness.unwanted_marks))
    seen = say("shows all that was asked for") if variant.missing == () and not wrong else ""
    return " · ".join(part for part in (verdict_line(likeness, variant.rejection), seen) if part)


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


def _waiting(waiting: Waiting) -> str:
    one, several = "Waiting: {count} drawing before yours …", "Waiting: {count} drawings before yours …"
    text = counted(one, several, waiting.ahead) if waiting.ahead else say("Waiting for the models …")
    return f"<progress aria-label='{text}'></progress><span>{text}</span>"


def _opened(area: RunArea, all_buttons: Sequence[gr.Button]) -> Shown:
    return {
        area.box: gr.Column(visible=True),
        area.progress: _waiting(Waiting(ahead=0)),
        area.pictures: gr.Gallery(visible=False),
        area.report: "",
        area.stop: _stop_button(False),  # until there is a run to stop
        **_enabled(all_buttons, False),
    }


def _stop_button(running: bool) -> gr.Button:
    return gr.Button(t("Stop"), interactive=running, visible=running)


def _enabled(all_buttons: Sequence[gr.Button], interactive: bool) -> Shown:
    return {button: gr.Button(interactive=interactive) for button in all_buttons}
