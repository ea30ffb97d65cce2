"""A likeness as it is kept, in a row of the database, a PNG and an export; and how it was kept before.

Until version 2 two of its fields were finished English sentences. Those that Castbook wrote become values again, known
by the patterns below; what else stands there came with a stranger's file, and is kept as it was written. So the
patterns are simple, match a whole text or nothing, and only see texts as long as ours can be.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import asdict
from typing import Annotated, Any, cast

from pydantic import BeforeValidator, TypeAdapter

from pipeline.values import AnotherFace, AsWritten, Copied, Likeness, Missing, NoFace, Objection

VERSION = 2
CANNOT_TELL = "cannot_tell"
LONGEST = 4000  # characters of a sentence of ours: one that names all the phrases of a long prompt has two thousand

NO_FACE = "No face was found in this picture, so likeness could not be measured."
COPIED = "Copied: this is nearly the reference picture itself. ", " Try a lower identity strength."
CIRCULAR = " Circular: measured by the encoder that steered the picture, for this pack has no other."
ONE_IN = r"1 in ([1-9][0-9,]{0,14}) strangers"
SAME_PERSON = re.compile(
    rf"Same person: (as alike as|less alike than) two pictures of one person usually are \({ONE_IN} would pass\)\."
)
UNSURE = re.compile(rf"Unsure: {ONE_IN} would be as alike as this\. Look for yourself\.")
ANOTHER_PERSON = re.compile(rf"Another person: more than {ONE_IN} would be as alike as this\.")
UNCALIBRATED = re.compile(
    r"Similarity -?[0-9.]{1,8} by .{1,400}, which is not calibrated: nobody knows how much that says\.", re.DOTALL
)
REJECTION = re.compile(
    r"(?:(?P<no_face>no face was found)(?:; |\Z))?"
    r"(?:another face: (?P<similarity>-?[0-9]{1,3}\.[0-9]{2}), below the (?P<line>[0-9]{1,3}(?:\.[0-9]{1,8})?) % line"
    r"(?:; |\Z))?"
    r"(?:(?P<copied>copied: same pose and outfit as the reference)(?:; |\Z))?"
    r"(?:“(?P<phrases>.+)” (?:is|are) missing)?",
    re.DOTALL,
)


def to_json(likeness: Likeness) -> dict[str, Any]:
    """A Castbook that does not know of strangers reads it as well: what it does not know it leaves, and a band that it
    would refuse is called by the nearest that it has."""
    kept: dict[str, Any] = {"version": VERSION, **asdict(likeness)}
    return {**kept, "band": "unsure", CANNOT_TELL: True} if likeness.band == "cannot tell" else kept


def from_json(kept: Mapping[str, Any]) -> Likeness:
    """However it was kept. Raises ValueError for what is no likeness, or one of a newer Castbook."""
    return _LIKENESS.validate_python(kept)


def upgraded(kept: object) -> object:
    """A likeness of version 1 as one of this version; anything else as it is, to be validated."""
    if not isinstance(kept, dict):
        return kept
    old = cast("dict[str, Any]", kept)
    if "version" not in old:
        return _from_sentences(old)
    if old["version"] != VERSION:
        raise ValueError(f"is of version {old['version']}, and Castbook knows version {VERSION}")
    return {**old, "band": "cannot tell"} if old.get(CANNOT_TELL) is True else old


KeptLikeness = Annotated[Likeness, BeforeValidator(upgraded)]

_LIKENESS = TypeAdapter[Likeness](KeptLikeness)


def _from_sentences(old: Mapping[str, Any]) -> dict[str, Any]:
    reason, rejection = old.get("reason"), old.get("rejection")
    if not isinstance(reason, str) or not isinstance(rejection, str | None):
        raise ValueError("says its reason or its rejection in something else than a sentence")
    objections = _objections(rejection) if rejection else ()
    similarity = old.get("similarity")
    said = _said_by(reason, old)
    return {
        "loosest_rate": next((each.rate for each in objections if isinstance(each, AnotherFace)), None),
        **{name: value for name, value in old.items() if name not in ("reason", "rejection")},
        "circular": similarity is not None and similarity == old.get("steering_similarity"),
        "rejection": objections,
        **({"as_written": reason} if said is None else said),
    }


def _said_by(reason: str, old: Mapping[str, Any]) -> dict[str, Any] | None:
    """What a sentence of ours says beyond the figures; None for one that is none of ours, or contradicts these."""
    if len(reason) > LONGEST:
        return None
    sentence = reason.removesuffix(CIRCULAR)
    if old.get("copied"):
        sentence = sentence.removeprefix(COPIED[0]).removesuffix(COPIED[1])
    band, rate = old.get("band"), old.get("false_accept_rate")
    if band == "not measured" and sentence == NO_FACE:
        return {"not_measured": "no face"}
    if band == "uncalibrated" and UNCALIBRATED.fullmatch(sentence):
        return {}
    if band == "same person" and rate is not None and (said := SAME_PERSON.fullmatch(sentence)):
        return {"usual": said[1] == "as alike as"}
    if band == "unsure" and rate is not None and UNSURE.fullmatch(sentence):
        return {}
    if band == "another person" and (said := ANOTHER_PERSON.fullmatch(sentence)):
        return {"loosest_rate": 1 / int(said[1].replace(",", ""))}
    return None


def _objections(rejection: str) -> tuple[Objection, ...]:
    said = REJECTION.fullmatch(rejection) if len(rejection) <= LONGEST else None
    if said is None:
        return (AsWritten(rejection),)
    objections = list[Objection]()
    if said["no_face"]:
        objections.append(NoFace())
    if said["similarity"]:
        objections.append(AnotherFace(float(said["similarity"]), float(said["line"]) / 100))
    if said["copied"]:
        objections.append(Copied())
    if said["phrases"]:
        objections.append(Missing(tuple(said["phrases"].split("”, “"))))
    return tuple(objections)
