"""What a run of the models looks like on the page: progress, a preview, Stop, and what came of it.

The page only watches: a run goes on when its tab is closed, and a page that is loaded again shows it again.
"""

from __future__ import annotations

import math
from base64 import b64encode
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import gradio as gr
from PIL import Image

from errors import Stopped
from pipeline.values import Step, Variant
from studio import Castbook, Studio
from studio.drawing import Asked, Made
from studio.runs import Run, Waiting
from ui.handlers import PRIVATE, QUICK, WATCHING, for_visitor, unchanged
from ui.language import say, t
from ui.place import Place, new_revision
from ui.remembered import build_remembered, read_remembered
from ui.story.stream import address, build_live, title_of
from ui.story.word_notes import words_note
from ui.unseen import UNSEEN
from ui.words import counted, in_markdown, short_likeness, tone, verdict_line

DrawingRun = Run[Asked, Made]
RUN = "castbook-run"
TILE = 256  # pixels a side, as shown before a picture is kept and has a thumbnail
Shown = dict[Any, Any]  # what Gradio takes for some of an event's outputs: component to value


@dataclass(frozen=True)
class RunArea:
    progress: gr.HTML  # figures only; what people typed must never get into HTML
    pictures: gr.HTML  # its tiles, as JSON that tiles.js draws
    report: gr.Markdown
    stop: gr.Button
    run: gr.Textbox  # the id of the run that is shown, or was last, in this browser; hidden
    made_for: gr.Textbox  # the id of the cast member whom the last run was for; hidden: its change is heard

    @property
    def outputs(self) -> list[Any]:
        return [self.progress, self.pictures, self.report, self.stop, self.run, self.made_for]


def build_run_area(castbook: Castbook) -> RunArea:
    with gr.Column(elem_id="run"):
        with gr.Row(elem_classes="run-line"):
            progress = gr.HTML(elem_id="run-progress", padding=False)
            report = gr.Markdown(elem_id="run-report")
            stop = gr.Button(
                t("Stop"), variant="stop", size="sm", elem_id="run-stop", scale=0, min_width=80, visible=False
            )
        pictures = build_live()
    run = build_remembered(RUN)

    @for_visitor(castbook)
    def stop_it(studio: Studio, run_id: str) -> Any:
        studio.runs.stop(run_id, studio.visitor.name)
        return gr.Button(t("Stopping …"), interactive=False)

    stop.click(stop_it, run, stop, **QUICK)
    return RunArea(progress, pictures, report, stop, run, gr.Textbox(elem_classes=UNSEEN))


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

    prepared = button.click(prepare, place.written_context, [*area.outputs, *all_buttons], **QUICK)
    prepared.success(None, js="() => window.castbook?.showRun()")
    prepared.failure(None, js="() => window.castbook?.lookAtContext()")
    outputs = [*area.outputs, *all_buttons, place.revision]
    prepared.success(draw, list(inputs), outputs, **PRIVATE, **WATCHING)


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

    outputs = [*area.outputs, *all_buttons, place.revision]
    read = f"(story) => [story, {read_remembered(RUN)}]"
    loaded(come_back, [place.remembered, area.run], outputs, js=read, **PRIVATE, **WATCHING)


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
    ended: Shown = {area.progress: "", area.stop: _stop_button(False), **_enabled(all_buttons, studio.models.ready)}
    try:
        run = begin()
        empty = live_value(run.asked, [], 0.0)
        yield {**(opened or {}), area.run: run.id, area.stop: _stop_button(True), area.pictures: empty}
        for shown in _watched(studio, area, place, run):
            yield shown
            # A second time at the end: a busy page that is turned to another story may miss the first.
            ended[area.pictures] = shown.get(area.pictures, unchanged())
    except Stopped:
        yield {area.pictures: {}, area.report: say("Stopped before a picture was finished.")}
    except Exception:
        yield {**ended, area.pictures: {}}
        raise
    yield ended


def _watched(studio: Studio, area: RunArea, place: Place, run: DrawingRun) -> Iterator[Shown]:
    last, encoded = None, Encoded()
    for event in run:
        if isinstance(event, Made):
            best = next(iter(event.image_ids), "")
            yield _shown_made(studio, area, run.asked, event) | {place.revision: new_revision(best)}
        elif event is last:
            yield {area.progress: unchanged()}  # a sign of life: a generator can be closed only where it yields
        elif isinstance(event, Waiting):
            yield {area.progress: _waiting(event)}
        else:
            tiles = live_value(run.asked, pictures_so_far(event, encoded), event.step / event.steps)
            yield {area.progress: progress_bar(event, run.seconds), area.pictures: tiles}
        last = event


class Encoded:
    """Pictures that no file is kept of yet, as addresses that hold them; each is encoded once while it lives."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[Image.Image, str]] = {}

    def address(self, picture: Image.Image) -> str:
        known = self._known.get(id(picture))
        if known is None:
            small, file = picture.convert("RGB"), BytesIO()
            small.thumbnail((TILE, TILE))
            small.save(file, "WEBP", quality=75)
            known = picture, f"data:image/webp;base64,{b64encode(file.getvalue()).decode()}"
            self._known[id(picture)] = known
        return known[1]


def live_value(asked: Asked, tiles: Sequence[Shown], fraction: float, images: Sequence[str] = ()) -> dict[str, Any]:
    """What tiles.js draws of a run: its `tiles` so far, room for those to come, and how much of it is done.

    `images`: ids of what was kept of it. Once the stream shows these, the run is shown no more.
    """
    request = asked.request
    return {
        "story": asked.story_id,
        "who": asked.name,
        "title": title_of(request),
        "count": request.count,
        "fraction": fraction,
        "tiles": list(tiles),
        "images": list(images),
        "words": {"drawing": say("Being drawn …")},
    }


def pictures_so_far(step: Step, encoded: Encoded) -> list[Shown]:
    """Tiles: what is finished, best first, and behind it what is being drawn."""
    finished = [_tile(encoded.address(variant.picture), variant) for variant in step.finished]
    return [*finished, *[{"src": encoded.address(picture)} for picture in step.previews]]


def _tile(src: str, variant: Variant) -> Shown:
    return {"src": src, "label": _caption(variant), "tone": tone(variant.likeness)}


def _shown_made(studio: Studio, area: RunArea, asked: Asked, made: Made) -> Shown:
    paths, encoded = studio.library.get_thumbnail_paths(made.image_ids), Encoded()
    kept = [address(paths.get(image_id)) for image_id in made.image_ids]
    tiles = [
        _tile(src or encoded.address(variant.picture), variant) for src, variant in zip(kept, made.ranked, strict=False)
    ]
    return {
        area.pictures: live_value(asked, tiles, 1.0, made.image_ids),
        area.report: report(made, studio.library.is_in_trash(made.member.story_id)),
        area.made_for: made.member.id,
    }


def report(made: Made, in_trash: bool = False) -> str:
    """Markdown: what came of a run, why the rest was not kept, and where it is if its story is in the trash by now."""
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
    if drawn > count:
        dropped = [f"{place}. {verdict_on(variant)}" for place, variant in enumerate(made.ranked[count:], count + 1)]
        lines += [say("Not kept:"), "\n".join(dropped)]
    return "\n\n".join(lines)


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
        area.progress: _waiting(Waiting(ahead=0)),
        area.pictures: {},
        area.report: "",
        area.stop: _stop_button(False),  # until there is a run to stop
        **_enabled(all_buttons, False),
    }


def _stop_button(running: bool) -> gr.Button:
    return gr.Button(t("Stop"), interactive=running, visible=running)


def _enabled(all_buttons: Sequence[gr.Button], interactive: bool) -> Shown:
    return {button: gr.Button(interactive=interactive) for button in all_buttons}
