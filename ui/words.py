"""Figures and origins in the creator's words, and text made safe for Markdown."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import replace
from html import escape

from library_store.foreign_requests import FoundRequest
from library_store.records import CastOption, VisualProfile
from pipeline.values import NOT_COMPARED, Band, Judgement, Likeness, Missing, Objection, verdict_of
from ui.language import phrase_name, said, say, t
from verdicts import objection, passing, passing_in_a_like_hand, reason_of

ORIGIN = {"uploaded": "Uploaded", "generated": "Created", "variant": "Variant"}
IDENTITY_FIELDS = {"hair": "Hair", "face": "Face", "body": "Body"}  # the character's own
LOOK_FIELDS = {"outfit": "Outfit", "accessories": "Accessories", "other": "Mood and place"}  # a scene's
PROFILE_FIELDS = IDENTITY_FIELDS | LOOK_FIELDS
CHANGED = {  # fields of a PictureRequest
    "pack": "the model pack",
    "pack_hash": "the model pack",
    "scheduler": "the scheduler",
    "scheduler_settings": "the scheduler",
    "width": "the size",
    "height": "the size",
    "engine": "the program that draws",
}
MOST_NAMES = 12  # of what a picture says and the form does not take; a toast has room for these
STRENGTHS = {  # up to which identity scale
    0.15: "the scene alone, it may be anybody",
    0.45: "mostly the scene, a likeness at most",
    0.75: "scene and face in balance",
    1.15: "the face leads",
    1.5: "the face above all, pose and clothes may be copied",
}


def in_markdown(text: str) -> str:
    """What someone typed, shown as they typed it: neither HTML nor Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$:])", r"\\\1", escape(text.replace("\n", " "), quote=False))


def origin(option: CastOption) -> str:
    return say("Loaded" if option.how == "loaded" else ORIGIN[option.image.source])


def full_origin(option: CastOption, options: Sequence[CastOption]) -> str:
    """The origin, and for a variant of which picture: one of the `options` on the same card, by its number there."""
    if option.image.parent_id is None:
        return origin(option)
    numbers = {each.image.id: number for number, each in enumerate(options, 1)}
    if number := numbers.get(option.image.parent_id):
        made = say("Variant of picture {number}", number=number)
    else:
        made = say("Variant of a picture that is not in this story")
    return f"{origin(option)} · {made}" if option.how == "loaded" else made


def short_likeness(likeness: Likeness | None) -> str:
    """For a small caption: "Same person"; "Same person 0.93" where the bare figure is all that was judged."""
    if likeness is None or _is_original(likeness):
        return ""
    if likeness.similarity is None:
        return say("Not measured")
    words = say("Copied") if likeness.copied else in_a_word(likeness.band)
    return words if likeness.against else f"{words} {likeness.similarity:.2f}"


def long_likeness(likeness: Likeness | None) -> str:
    """Markdown: the band and figure, how sure that is, and what the picture lacks."""
    if likeness is None:
        return say("**Original** nothing to compare it with")
    lacking = [in_markdown(said(objection(each))) for each in likeness.rejection if isinstance(each, Missing)]
    if likeness.similarity is None:
        original = _is_original(likeness)
        said_of_it = long_likeness(None) if original else f"**{say('Not measured')}** {_reason(likeness)}".rstrip()
        return " · ".join([said_of_it, *lacking])
    facts = [_headline(likeness, likeness.similarity)]
    if likeness.against:
        facts += [said(rate)] if (rate := passing_in_a_like_hand(likeness)) and likeness.band != "cannot tell" else []
    elif likeness.false_accept_rate is not None:
        facts.append(said(passing(likeness.false_accept_rate)))
    if likeness.copied:
        facts.insert(1, say("copied rather than redrawn"))
    if likeness.lost_marks:
        facts.append(in_markdown(said(objection(Missing(likeness.lost_marks)))))
    if likeness.unwanted_marks:
        marks = ", ".join(f"“{mark}”" for mark in likeness.unwanted_marks)
        facts.append(say("still shows {marks}", marks=in_markdown(marks)))
    return " · ".join([*facts, *lacking])


def marks_said(likeness: Likeness, asked: Sequence[str], theirs: Collection[str]) -> str:
    """Markdown: which of the marks that a picture was `asked` for it shows, which it does not, and of which nobody
    says. Only what was the person's before, `theirs`, is kept or lost: the rest is drawn or not."""
    kept, lost = likeness.kept_marks or (), likeness.lost_marks or ()
    lists = {
        "✓ **Kept:** {marks}": [mark for mark in kept if mark in theirs],
        "✓ **Drawn as asked:** {marks}": [mark for mark in kept if mark not in theirs],
        "✗ **Lost:** {marks}": [mark for mark in lost if mark in theirs],
        "✗ **Asked for, not drawn:** {marks}": [mark for mark in lost if mark not in theirs],
        "**Not looked at:** {marks}": [mark for mark in asked if mark not in (*kept, *lost)],
    }
    lines = [say(line, marks=in_markdown(", ".join(map(phrase_name, marks)))) for line, marks in lists.items() if marks]
    return "\n\n".join(lines)


def verdict_line(likeness: Likeness | None, rejection: Sequence[Objection]) -> str:
    """Markdown: why a picture is set aside, else how alike it is and what it lacks."""
    if verdict_of(rejection) == "kept":
        return long_likeness(replace(likeness or NOT_COMPARED, rejection=tuple(rejection)))
    reasons = "; ".join(said(objection(each)) for each in rejection)
    return f"**{say('Set aside')}** {in_markdown(reasons)}"


def measured_by(likeness: Likeness | None) -> str:
    """Markdown: who judged, beside it the circular figure of the encoder that steered, and what else is to be said."""
    if likeness is None or likeness.similarity is None:
        return ""
    by = say("by {encoder}", encoder=in_markdown(likeness.encoder or say("an unnamed encoder")))
    if likeness.against:
        by += " · " + say("cosine {similarity}", similarity=f"{likeness.similarity:.2f}")
    elif likeness.band != "uncalibrated":
        by += " · " + say("by the bare likeness")
    if likeness.steering_similarity is not None:
        steering = f"{likeness.steering_similarity:.2f}"
        by += " · " + say("the encoder that steered says {similarity}", similarity=steering)
    plain = likeness.band == "same person" and not (likeness.copied or likeness.circular or likeness.against)
    return by if plain else f"{by}<br>{_reason(likeness)}"


def tone(likeness: Likeness | None) -> str:
    """The CSS class of a likeness: good, unsure, bad or none."""
    if likeness and verdict_of(likeness.rejection) == "set aside":
        return "tone-bad"
    if likeness is None or likeness.similarity is None:
        return "tone-none"
    if likeness.copied:
        return "tone-unsure"
    tones: dict[Band, str] = {"same person": "tone-good", "another person": "tone-bad", "cannot tell": "tone-none"}
    return tones.get(likeness.band, "tone-unsure")


def caption(option: CastOption, is_active: bool, number: int) -> str:
    first = f"{'★ ' if is_active else ''}{number} · {origin(option)}"
    return "\n".join(line for line in (first, short_likeness(option.image.likeness)) if line)


def profile_line(profile: VisualProfile) -> str:
    """In the visitor's language, as far as the words are a pack's."""
    fields = (str(getattr(profile, name)).strip().split(", ") for name in PROFILE_FIELDS)
    return " · ".join(", ".join(map(phrase_name, phrases)) for phrases in fields if phrases != [""])


def strength_in_words(identity_scale: float) -> str:
    """ "0.3: mostly the scene, a likeness at most"."""
    words = next((words for most, words in STRENGTHS.items() if identity_scale <= most), STRENGTHS[max(STRENGTHS)])
    return f"{identity_scale:.2f}: {t(words)}"


def changed_words(fields: Sequence[str]) -> str:
    """What is another now than when a picture was drawn, by `PictureRequest`'s names."""
    words = dict.fromkeys(say(CHANGED[field]) for field in fields)
    return say("Not the same as when it was drawn: {changed}.", changed=", ".join(words))


def found_words(found: FoundRequest) -> str:
    """What of another program's request the form takes, and by name what it has no place for: HTML, for a toast."""
    request = found.request
    said = {
        "negative prompt": bool(request.negative_prompt) and "negative_prompt" not in request.assumed,
        "steps": "steps" not in request.assumed,
        "guidance scale": "guidance_scale" not in request.assumed,
    }
    names = [say(name) for name, is_said in said.items() if is_said]
    for label, value in (("sampler {name}", found.sampler), ("model {name}", found.model)):
        names += [say(label, name=escape(value))] if value else []
    names += [escape(say(name) if name in said or name == "seed" else name) for name in found.unused]
    shown = ", ".join(names[:MOST_NAMES])
    if "seed" in request.assumed:
        taken = say("Its prompt is in the form.")
    else:
        taken = say("Its prompt and seed are in the form.")
    if not names:
        return taken
    if len(names) > MOST_NAMES:
        return f"{taken} {say('Not used: {names} and {count} more.', names=shown, count=len(names) - MOST_NAMES)}"
    return f"{taken} {say('Not used: {names}.', names=shown)}"


def counted(one: str, many: str, count: int) -> str:
    """The sentence for one or the one for several (or none), with the {count} in it."""
    return say(one if count == 1 else many, count=count)


def in_a_word(band: Band) -> str:
    return say(band[0].upper() + band[1:])


def how_near(similarity: float, judgement: Judgement | None) -> str:
    """For a list of who is alike: the band, or the bare figure where that is all that was judged."""
    return in_a_word(judgement.band) if judgement and judgement.against else f"{similarity:.2f}"


def _is_original(likeness: Likeness) -> bool:
    """Whether there was nothing to compare a picture with."""
    return likeness.similarity is None and likeness.not_measured is None and likeness.as_written is None


def _headline(likeness: Likeness, similarity: float) -> str:
    if likeness.band == "cannot tell":
        return say("**Cannot tell** people of this drawing style apart")
    band = f"**{in_a_word(likeness.band)}**"
    return band if likeness.against else f"{band} {similarity:.2f}"


def _reason(likeness: Likeness) -> str:
    """Markdown."""
    return in_markdown(said(reason_of(likeness)))
