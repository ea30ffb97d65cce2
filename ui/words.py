"""Figures and origins in the creator's words, and text made safe for Markdown."""

from __future__ import annotations

import re
from html import escape

from studio import CastOption, Likeness, VisualProfile

ORIGIN = {"uploaded": "Uploaded", "generated": "Created", "variant": "Variant"}
PROFILE_FIELDS = {
    "hair": "Hair",
    "face": "Face",
    "body": "Body",
    "outfit": "Outfit",
    "accessories": "Accessories",
    "other": "Other",
}


def in_markdown(text: str) -> str:
    """What someone typed, shown as they typed it: neither HTML nor Markdown."""
    return re.sub(r"([\\`*_{}\[\]()#+\-.!|~$:])", r"\\\1", escape(text.replace("\n", " "), quote=False))


def origin(option: CastOption) -> str:
    return "Loaded" if option.how == "loaded" else ORIGIN[option.image.source]


def short_likeness(likeness: Likeness | None) -> str:
    """For a small caption: "Same person 0.93"."""
    if likeness is None:
        return ""
    if likeness.similarity is None:
        return "Not measured"
    words = "Copied" if likeness.copied else _band(likeness)
    return f"{words} {likeness.similarity:.2f}"


def long_likeness(likeness: Likeness | None) -> str:
    """Markdown: the band and figure, how sure that is, by whom, and the reason."""
    if likeness is None:
        return "**Original** made without a reference"
    if likeness.similarity is None:
        return f"**Not measured** {in_markdown(likeness.reason)}"
    facts = [f"**{_band(likeness)}** {likeness.similarity:.2f}", strangers(likeness.false_accept_rate)]
    if likeness.copied:
        facts.insert(1, "copied rather than redrawn")
    return " · ".join(fact for fact in facts if fact)


def measured_by(likeness: Likeness | None) -> str:
    """Markdown: who judged, beside it the circular figure of the encoder that steered, and what else is to be said."""
    if likeness is None or likeness.similarity is None:
        return ""
    by = f"by {in_markdown(likeness.encoder or 'an unnamed encoder')}"
    if likeness.steering_similarity is not None:
        by += f" · the encoder that steered says {likeness.steering_similarity:.2f}"
    plain = (
        likeness.band == "same person" and not likeness.copied and likeness.similarity != likeness.steering_similarity
    )
    return by if plain else f"{by}<br>{in_markdown(likeness.reason)}"


def strangers(false_accept_rate: float | None) -> str:
    if false_accept_rate is None:
        return ""
    if false_accept_rate <= 0:
        return "no stranger would pass"
    one_in = 1 / false_accept_rate
    return "any stranger would pass" if one_in < 1.5 else f"1 in {_rounded(one_in):,} strangers would pass"


def tone(likeness: Likeness | None) -> str:
    """The CSS class of a likeness: good, unsure, bad or none."""
    if likeness is None or likeness.similarity is None:
        return "tone-none"
    if likeness.copied:
        return "tone-unsure"
    return {"same person": "tone-good", "another person": "tone-bad"}.get(likeness.band, "tone-unsure")


def caption(option: CastOption, is_active: bool) -> str:
    first = f"{'★ ' if is_active else ''}{origin(option)}"
    return "\n".join(line for line in (first, short_likeness(option.image.likeness)) if line)


def profile_line(profile: VisualProfile) -> str:
    return " · ".join(value for name in PROFILE_FIELDS if (value := str(getattr(profile, name)).strip()))


def _band(likeness: Likeness) -> str:
    return likeness.band[0].upper() + likeness.band[1:]


def _rounded(number: float) -> int:
    """Two leading digits: a rate from a few thousand pairs has no more."""
    digits = max(0, len(str(int(number))) - 2)
    return int(round(number, -digits))
