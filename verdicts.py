"""Every verdict that is shown to a person: the values of a judgement -> a message, said in whatever language.

`str` of what is given here is English: for programs, and for the evaluation. A plain text among it was written by
somebody else and stays as it is.
"""

from __future__ import annotations

from message import Message
from pipeline.likeness import Calibration, Drawings, ManyHands, TooFew
from pipeline.references import Outlier
from pipeline.strangers import ObservedRate
from pipeline.values import (
    Against,
    AnotherFace,
    AsWritten,
    Copied,
    Judgement,
    Likeness,
    Missing,
    NoFace,
    Objection,
)

RAREST = 1e-12  # a rate below it is none: nobody has so many strangers
EVERYBODY = 2 / 3  # a rate from which on one in so many is everybody


def one_in(rate: float) -> str:
    """Of how many strangers one passes at a false-accept rate, as all of Castbook says it: 0.001 -> "1,000".

    Two leading digits: a rate from a few thousand pairs has no more.
    """
    strangers = 1 / min(max(rate, RAREST), 1)
    digits = max(0, len(str(int(strangers))) - 2)
    return f"{int(round(strangers, -digits)):,}"


def line(rate: float) -> str:
    """A false-accept rate as the line that it is called by: 0.1 -> "10"."""
    return f"{100 * rate:g}"


def reason_of(likeness: Likeness) -> Message | str:
    """Why a likeness is what it is; "" where nobody knows."""
    if likeness.as_written is not None:
        return likeness.as_written
    reason = _measured(likeness) if likeness.similarity is not None else _not_measured(likeness)
    if likeness.copied:
        reason = Message(
            "Copied: this is nearly the reference picture itself. {reason} Try a lower identity strength.",
            reason=reason,
        )
    if likeness.circular:
        reason = Message(
            "{reason} Circular: measured by the encoder that steered the picture, for this pack has no other.",
            reason=reason,
        )
    return reason


def passing(rate: float) -> Message:
    """How many strangers would pass."""
    if rate < RAREST:
        return Message("no stranger would pass")
    if rate > EVERYBODY:
        return Message("any stranger would pass")
    return Message("1 in {number} strangers would pass", number=one_in(rate))


def passing_in_a_like_hand(likeness: Likeness | Judgement) -> Message | None:
    """The same of a likeness that was read against strangers; None where more pass than anybody has counted."""
    if likeness.false_accept_rate is None:
        return None
    return Message("of {number} strangers drawn in a like hand 1 would pass", number=one_in(likeness.false_accept_rate))


def objection(to: Objection) -> Message | str:
    """One of the things that speak against a picture."""
    match to:
        case NoFace():
            return Message("no face was found")
        case AnotherFace(_, rate, score) if score is not None:
            return Message(
                "another face: of {number} strangers drawn in a like hand more than 1 is as alike", number=one_in(rate)
            )
        case AnotherFace(similarity, rate):
            return Message(
                "another face: {similarity}, below the {line} % line", similarity=f"{similarity:.2f}", line=line(rate)
            )
        case Copied():
            return Message("copied: same pose and outfit as the reference")
        case Missing(phrases):
            named = ", ".join(f"“{phrase}”" for phrase in phrases)
            return Message("{phrases} are missing" if len(phrases) > 1 else "{phrases} is missing", phrases=named)
        case AsWritten(text):
            return text


def reason_for(outlier: Outlier) -> Message:
    if outlier.score is not None:
        return Message(
            "This picture shows somebody else: of {number} strangers drawn in a like hand more than 1 is as alike to "
            "the others.",
            number=one_in(outlier.rate),
        )
    return Message(
        "This picture shows somebody else: {similarity} to the others, where 1 in {number} strangers reach {line}.",
        similarity=f"{outlier.similarity:.2f}",
        number=one_in(outlier.rate),
        line=f"{outlier.threshold:.2f}",
    )


def observed(rate: ObservedRate) -> Message:
    """What a library check saw."""
    return Message(
        "In your library {passed} of {pairs} pairs of different characters would be taken for the same person; "
        "1 in {number} was expected.",
        passed=f"{rate.passed:,}",
        pairs=f"{rate.pairs:,}",
        number=one_in(rate.expected),
    )


def verdict_on(rate: ObservedRate) -> Message:
    """What to think of it."""
    match rate.verdict:
        case "more alike":
            return Message(
                "More alike than expected: these characters resemble each other more than those it was measured with."
            )
        case "less alike":
            return Message(
                "Less alike than expected: these characters are easier to tell apart than those it was measured with."
            )
        case "as expected":
            return Message("That is as expected, as far as so many pairs can tell.")


def measured_on(calibration: Calibration) -> Message | str:
    """What a calibration was measured on."""
    data = calibration.data
    if isinstance(data, Drawings):
        data = Message("drawings of held-out people, {looks} looks each", looks=data.looks)
    if isinstance(data, ManyHands):
        data = Message("pictures by {hands} hands, each measured against people by others", hands=data.hands)
    if calibration.faces is None or calibration.pictures is None:
        return data
    return Message(
        "{data}; a face was found in {found} of {pictures} pictures",
        data=data,
        found=f"{calibration.faces:,}",
        pictures=f"{calibration.pictures:,}",
    )


def why_not_known(left_out: TooFew | str) -> Message | str:
    """Why a calibration does not know a rate."""
    if isinstance(left_out, str):
        return left_out
    return Message(
        "only {count} pairs of people would be as alike, and {least} are needed to know",
        count=left_out.pairs,
        least=left_out.needed,
    )


def _not_measured(likeness: Likeness) -> Message | str:
    if likeness.not_measured is None:
        return ""
    return Message("No face was found in this picture, so likeness could not be measured.")


def _among_strangers(likeness: Likeness, against: Against, rate: float) -> Message:
    """Of a likeness that was read against strangers."""
    values = {"number": one_in(rate), "measured": _measured_against(against)}
    match likeness.band:
        case "same person" if likeness.usual:
            return Message(
                "Same person. Of {number} strangers drawn in a like hand 1 would pass; {measured}.", **values
            )
        case "same person":
            return Message(
                "Same person, though less alike than two pictures of one person usually are. Of {number} strangers "
                "drawn in a like hand 1 would pass; {measured}.",
                **values,
            )
        case "unsure":
            return Message(
                "Unsure. Of {number} strangers drawn in a like hand 1 would be as alike as this; {measured}. Look for "
                "yourself.",
                **values,
            )
        case "cannot tell":
            return Message(
                "This judge cannot tell people of this drawing style apart: in it even two pictures of one person "
                "hardly stand out among strangers; {measured}. Look for yourself.",
                measured=values["measured"],
            )
        case _:
            return Message(
                "Another person. Of {number} strangers drawn in a like hand more than 1 would be as alike as this; "
                "{measured}.",
                **values,
            )


def _measured_against(against: Against) -> Message:
    strangers = f"{against.strangers:,}"
    if not against.own:
        return Message("measured against {strangers} people by many hands", strangers=strangers)
    return Message(
        "measured against {strangers} people by many hands and {own} of your own",
        strangers=strangers,
        own=f"{against.own:,}",
    )


def _measured(likeness: Likeness) -> Message:
    rate = likeness.false_accept_rate or likeness.loosest_rate
    if likeness.band == "uncalibrated" or rate is None:
        return Message(
            "Similarity {similarity} by {encoder}, which is not calibrated: nobody knows how much that says.",
            similarity=f"{likeness.similarity:.2f}",
            encoder=likeness.encoder or Message("an unnamed encoder"),
        )
    if likeness.against is not None:
        return _among_strangers(likeness, likeness.against, rate)
    match likeness.band:
        case "same person":
            return Message(
                "Same person: as alike as two pictures of one person usually are (1 in {number} strangers would pass)."
                if likeness.usual
                else "Same person: less alike than two pictures of one person usually are (1 in {number} strangers "
                "would pass).",
                number=one_in(rate),
            )
        case "unsure":
            return Message(
                "Unsure: 1 in {number} strangers would be as alike as this. Look for yourself.", number=one_in(rate)
            )
        case _:
            return Message(
                "Another person: more than 1 in {number} strangers would be as alike as this.", number=one_in(rate)
            )
