"""The Help tab: what the colours mean, who in one's own library looks alike, and for researchers how it is measured."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import gradio as gr

from pipeline.likeness import Calibration
from pipeline.packs import Pack
from studio import Castbook, Studio
from studio.trust import LibraryCheck, ReportFigure, RetentionReport
from ui.handlers import PRIVATE, QUICK, for_visitor
from ui.language import named, said, say, t
from ui.likeness.picture import draw_hills, one_stranger_in, table, tabulate
from ui.place import Place
from ui.thumbnails import THUMBNAILS
from ui.words import counted
from verdicts import measured_on, observed, verdict_on, why_not_known

LIKENESS = "likeness"  # the view's id
STEPS: dict[str, tuple[str, str]] = {  # by the class of its colour: a verdict, and what to think of it
    "tone-good": ("Same person", "As alike as two pictures of one person usually are. Use it."),
    "tone-unsure": ("Unsure", "Some strangers are as alike, or it nearly repeats the reference. Look for yourself."),
    "tone-bad": ("Another person", "Many strangers are as alike. It is set aside; you may use it all the same."),
    "tone-none": ("Not measured", "No face was found, or this judge cannot tell people of this drawing style apart."),
}
# The reference, and a face by each step's class: drawn by paperdoll of the same words, their likeness to the reference
# 0.76, 0.39 and 0.15 by its own judge, whose lines lie at 0.45 and 0.17.
FACES = Path(__file__).parent / "steps"
WHAT_IT_IS = (
    "Every picture made from a reference is looked at by a judge: a face encoder that had no part in drawing it. It "
    "says how alike the two faces are, 1 for the same face. What such a figure is worth was measured on people who are "
    "known."
)
AMONG_STRANGERS = (
    "People whom one artist draws resemble each other. So a likeness is read against strangers: {people} people by "
    "{hands} hands, and your own saved characters. The figures below say how far a pair stands out among them."
)
OWN_HAND = (
    "Two pictures that this pack drew itself are compared by a second judge, which knows this hand alone and knows it "
    "better. There the bare likeness is judged."
)
OLDER_KIND = (
    "It is of the older kind: the bare likeness is judged, against no strangers. What it says holds for pictures drawn "
    "like those it was measured on; people in another drawing style may all look alike to it."
)
CIRCULAR = "This pack has no judge of its own: the encoder that steered the picture judges it too, and is kind to it."
UNCALIBRATED = (
    "Nobody has measured yet what this pack's likeness means, so the cards say “Uncalibrated” and show the bare figure."
)
CHECK = (
    "Your saved characters are different people, so the judge should tell them apart. Here every two of them are "
    "compared, by the pictures that stand for them."
)
REPORT = "How much of a person survives in new pictures, measured over many people, prompts and seeds."
NO_REPORT = "Nothing was measured on this machine yet. This command measures it, and the next writes the report:"


@dataclass(frozen=True)
class RetentionTab:
    colours: gr.HTML
    meaning: gr.HTML
    check: gr.Button
    checked: gr.HTML
    alike: gr.Gallery  # the most alike of them, two beside each other
    report: gr.HTML
    whole: gr.Accordion  # shown where there is a report
    page: gr.HTML  # the report itself, once the accordion is opened

    @property
    def outputs(self) -> list[Any]:
        """What `_show` sets."""
        return [self.colours, self.meaning, self.check, self.report, self.whole, self.page]


def build_retention_tab() -> RetentionTab:
    with gr.Column(elem_id="likeness"):
        with gr.Row(elem_classes="likeness-parts"):
            with gr.Column(scale=6, min_width=320, elem_id="likeness-colours"):
                gr.Markdown(t("## What the colours mean"))
                colours = gr.HTML()
            with (
                gr.Column(scale=5, min_width=320, elem_id="likeness-checks"),
                gr.Column(elem_classes="likeness-part"),
            ):
                gr.Markdown(t("## Who looks alike in your library"))
                gr.Markdown(t(CHECK))
                check = gr.Button(t("Check this library"), size="md", elem_id="check-library")
                checked = gr.HTML(elem_id="library-checked")
                alike = gr.Gallery(
                    container=False, columns=2, elem_id="most-alike", elem_classes="people", **THUMBNAILS
                )
        with gr.Accordion(t("For researchers: how it is measured"), open=False, elem_id="likeness-research"):
            with gr.Row(elem_classes="likeness-parts"):
                with gr.Column(scale=6, min_width=320, elem_id="likeness-meaning"):
                    gr.Markdown(t("## What a likeness means"))
                    meaning = gr.HTML()
                with gr.Column(scale=5, min_width=320, elem_classes="likeness-part"):
                    gr.Markdown(t("## Retention"))
                    gr.Markdown(t(REPORT))
                    report = gr.HTML(elem_id="retention-report")
            with gr.Accordion(t("The whole report"), open=False, visible=False, elem_id="retention-whole") as whole:
                page = gr.HTML(elem_id="retention-page")
    return RetentionTab(colours, meaning, check, checked, alike, report, whole, page)


def bind_retention_tab(castbook: Castbook, part: RetentionTab, place: Place, tab: gr.Tab) -> None:
    """`tab` is the one all this is in."""

    @for_visitor(castbook)
    def show(studio: Studio) -> tuple[Any, ...]:
        return _show(studio)

    @for_visitor(castbook)
    def check(studio: Studio, project_id: str) -> tuple[Any, ...]:
        check = studio.trust.check_library(project_id)
        pairs = _pairs_alike(studio, check)
        return _checked(check), gr.Gallery(pairs, visible=bool(pairs))

    @for_visitor(castbook)
    def read(studio: Studio) -> str:
        report = studio.trust.latest_report()
        return _framed(report) if report else ""

    tab.select(show, None, part.outputs, **QUICK)
    part.check.click(check, place.project, [part.checked, part.alike], **PRIVATE)
    place.project.change(lambda: ("", gr.Gallery([], visible=False)), None, [part.checked, part.alike], **QUICK)
    part.whole.expand(read, None, part.page, **QUICK)


def _show(studio: Studio) -> tuple[Any, ...]:
    """Values for `RetentionTab.outputs`. A report that is open closes: there may be another by now."""
    calibration, report = studio.pack.calibration, studio.trust.latest_report()
    return (
        _colours(),
        _meaning(studio),
        gr.Button(interactive=calibration is not None),
        _summary(report) if report else _how_to_report(studio.pack.name),
        gr.Accordion(open=False, visible=report is not None),
        "",
    )


def _colours() -> str:
    """The steps of the scale, each with a face beside the one it is compared with."""
    steps = "".join(
        f'<li>{_face(tone)}<div><b class="{tone}">{say(verdict)}</b><p>{say(meaning)}</p></div></li>'
        for tone, (verdict, meaning) in STEPS.items()
    )
    compared = say("All of them are compared with this picture.")
    return f'<figure class="steps-of">{_face("reference")}<figcaption>{compared}</figcaption></figure><ul>{steps}</ul>'


def _face(name: str) -> str:
    picture = b64encode((FACES / f"{name}.webp").read_bytes()).decode()
    return f'<img src="data:image/webp;base64,{picture}" alt="" width="128" height="128">'


def _meaning(studio: Studio) -> str:
    pack, calibration = studio.pack, studio.pack.calibration
    parts = [f"<p>{say(WHAT_IT_IS)}</p>"]
    if calibration:
        parts.append(f"<p>{_kind(pack, calibration)}</p>")
    if pack.judge is None:
        parts.append(f'<p class="tone-unsure">{say(CIRCULAR)}</p>')
    if calibration is None:
        command = f"python -m evaluation calibrate --pack {pack.name} --dataset …"
        parts.append(f"<h3>{say('Uncalibrated')}</h3><p>{say(UNCALIBRATED)} {say('This command measures it:')}</p>")
        return "".join([*parts, _commands(command)])
    parts.append(_lines(calibration))
    if pack.own_calibration:
        parts.append(
            f"<h3>{say('Pictures that this pack drew')}</h3><p>{say(OWN_HAND)}</p>{_lines(pack.own_calibration)}"
        )
    return "".join(parts)


def _lines(calibration: Calibration) -> str:
    return "".join([draw_hills(calibration), tabulate(calibration), _source(calibration)])


def _kind(pack: Pack, calibration: Calibration) -> str:
    """What its figures are of."""
    if calibration.score == "cosine" or pack.cohort is None:
        return say(OLDER_KIND)
    people, hands = f"{len(pack.cohort):,}", len(pack.cohort.hands)
    return say(AMONG_STRANGERS, people=people, hands=hands)


def _source(calibration: Calibration) -> str:
    """How it is known, in small print."""
    usual = calibration.genuine_quantiles
    pairs = {"genuine": f"{calibration.genuine_pairs:,}", "impostor": f"{calibration.impostor_pairs:,}"}
    lines = [
        say(
            "Two pictures of one person usually reach {lowest} to {highest}.",
            lowest=f"{usual[min(usual)]:.2f}", highest=f"{usual[max(usual)]:.2f}",
        ),
        say(
            "The judge is {encoder}, measured on {genuine} pairs of one person and {impostor} of strangers: {data}.",
            encoder=escape(calibration.encoder), data=escape(said(measured_on(calibration))), **pairs,
        ),
    ]  # fmt: skip
    if calibration.threshold_intervals:
        lines.append(say("The ranges are 95 % intervals: what other people of the same kind might have given."))
    lines += [
        say("{rate} is not known: {reason}.", rate=one_stranger_in(rate), reason=escape(said(why_not_known(left_out))))
        for rate, left_out in (calibration.left_out or {}).items()
    ]
    lines.append(say("Date: {date}.", date=escape(calibration.date)))
    return f'<p class="fine">{" ".join(lines)}</p>'


def _checked(check: LibraryCheck) -> str:
    rows = [
        (f"{rate.threshold:.2f}", f"{rate.passed:,}", _pairs(rate.expected * rate.pairs), _percent(*rate.interval))
        for rate in check.rates
    ]
    head = say("Likeness"), say("pairs that reach it"), say("expected"), say("share, within")
    seen, verdict = said(observed(check.same_person)), said(verdict_on(check.same_person))
    parts = [f"<p><b>{seen}</b> {verdict}</p>", table(head, rows)]
    if check.left_out:
        one, many = "{count} character without a face is left out.", "{count} characters without a face are left out."
        parts.append(f'<p class="fine">{counted(one, many, check.left_out)}</p>')
    if check.most_alike:
        parts.append(f"<p>{say('The most alike of them, to be looked at:')}</p>")
    return "".join(parts)


def _pairs_alike(studio: Studio, check: LibraryCheck) -> list[tuple[str, str]]:
    """Thumbnails and captions, two of each pair in a row: what people typed is never HTML."""
    people = [who for pair in check.most_alike for who in (pair.one, pair.other)]
    paths = studio.library.get_thumbnail_paths([who.canonical_image_id or "" for who in people])
    shown: list[tuple[str, str]] = []
    for pair in check.most_alike:
        two = [(paths.get(who.canonical_image_id or ""), who.name) for who in (pair.one, pair.other)]
        (one, name), (other, other_name) = two
        if one and other:
            shown += [(one, name), (other, f"{other_name} · {pair.similarity:.2f}")]
    return shown


def _pairs(expected: float) -> str:
    return f"{expected:,.0f}" if expected >= 10 else f"{expected:.2g}"


def _percent(lowest: float, highest: float) -> str:
    return say("{lowest} to {highest}", lowest=f"{100 * lowest:.2g} %", highest=f"{100 * highest:.2g} %")


def _summary(report: RetentionReport) -> str:
    head = say("Pictures"), say("same person"), say("copied"), say("prompt shown")
    rows = [
        (
            f"{escape(named(row.label))}<small>n = {row.pictures:,}</small>",
            _figure(row.judge_retention, "{:.0%}"),
            _figure(row.copied, "{:.0%}"),
            _figure(row.adherence, "{:.2f}"),
        )
        for row in report.rows
    ]
    where = say("{file}, of {date}", file=escape(str(report.page)), date=f"{report.made:%Y-%m-%d}")
    return f'<h3>{escape(report.title)}</h3>{table(head, rows)}<p class="fine">{where}</p>'


def _figure(figure: ReportFigure, put: str) -> str:
    if figure.value is None:
        return "–"
    if figure.low is None or figure.high is None:
        return put.format(figure.value)
    interval = say("{lowest} to {highest}", lowest=put.format(figure.low), highest=put.format(figure.high))
    return f"{put.format(figure.value)}<small>{interval}</small>"


def _how_to_report(pack: str) -> str:
    run = "evaluation-runs/retention"
    return f"<p>{say(NO_REPORT)}</p>" + _commands(
        f"python -m evaluation retention --pack {pack} --output {run}", f"python -m evaluation report {run}"
    )


def _framed(report: RetentionReport) -> str:
    """Without scripts, and without the page's own rights: a report is a file that somebody may have been sent."""
    source, title = escape(report.page.read_text("utf-8")), escape(say("The retention report"))
    return f'<iframe sandbox title="{title}" srcdoc="{source}"></iframe>'


def _commands(*lines: str) -> str:
    return f"<pre>{escape(chr(10).join(lines))}</pre>"
