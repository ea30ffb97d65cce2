"""A likeness as it is kept, and as it was kept when two of its fields were sentences."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from fakes import RED, flat
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import create_engine, text

from library_store.kept_likeness import LONGEST, VERSION, from_json, to_json
from library_store.library import CharacterLibrary
from library_store.records import NewPicture, Story
from pipeline.values import Against, AnotherFace, AsWritten, Copied, Likeness, Missing, NoFace, Objection
from ui.language import said
from ui.words import in_markdown, long_likeness, measured_by, verdict_line
from verdicts import objection, reason_of

SAME = Likeness(0.93, "judge", "same person", 0.001, False, 0.97, usual=True)
UNMEASURED = Likeness(None, None, "not measured", None, None, not_measured="no face")
ALIKE = "Same person: as alike as two pictures of one person usually are (1 in 1,000 strangers would pass)."
NO_FACE = "No face was found in this picture, so likeness could not be measured."


def old(likeness: Likeness, reason: str, rejection: str | None = None) -> dict[str, Any]:
    """As it was kept before version 2."""
    return {
        "similarity": likeness.similarity,
        "encoder": likeness.encoder,
        "band": likeness.band,
        "false_accept_rate": likeness.false_accept_rate,
        "copied": likeness.copied,
        "reason": reason,
        "steering_similarity": likeness.steering_similarity,
        "rejection": rejection,
    }


@pytest.mark.parametrize(
    "likeness",
    [
        SAME,
        UNMEASURED,
        replace(SAME, rejection=(NoFace(), AnotherFace(0.2, 0.1), Copied(), Missing(("hat", "coat")), AsWritten("x"))),
        replace(SAME, as_written="It is her."),
        replace(SAME, score=6.5, against=Against(2900, 110, 34), rejection=(AnotherFace(0.2, 0.1, -1.5),)),
        replace(SAME, score=1.5, against=Against(2900, 110, 0), band="cannot tell", false_accept_rate=None),
    ],
)
def test_what_is_kept_is_read_again(likeness: Likeness):
    written = json.loads(json.dumps(to_json(likeness)))

    assert written["version"] == VERSION
    assert from_json(written) == likeness


def test_an_older_castbook_reads_what_a_newer_one_keeps_and_finds_no_band_that_it_would_refuse():
    kept = to_json(replace(SAME, score=1.5, against=Against(2900, 110, 0), band="cannot tell"))

    assert (kept["version"], kept["band"]) == (2, "unsure")  # it leaves fields that it does not know


def test_what_was_kept_before_there_were_strangers_says_that_it_is_of_the_older_kind():
    kept = {name: value for name, value in to_json(SAME).items() if name not in ("score", "against")}

    assert from_json(kept) == SAME
    assert "by the bare likeness" in measured_by(from_json(kept))


@pytest.mark.parametrize(
    ("likeness", "reason"),
    [
        (SAME, ALIKE),
        (replace(SAME, usual=False),
         "Same person: less alike than two pictures of one person usually are (1 in 1,000 strangers would pass)."),
        (replace(SAME, copied=True),
         f"Copied: this is nearly the reference picture itself. {ALIKE} Try a lower identity strength."),
        (replace(SAME, steering_similarity=0.93, circular=True),
         f"{ALIKE} Circular: measured by the encoder that steered the picture, for this pack has no other."),
        (replace(SAME, steering_similarity=0.93, circular=True, copied=True),
         f"Copied: this is nearly the reference picture itself. {ALIKE} Try a lower identity strength. "
         "Circular: measured by the encoder that steered the picture, for this pack has no other."),
        (Likeness(0.6, "judge", "unsure", 0.01, False),
         "Unsure: 1 in 100 strangers would be as alike as this. Look for yourself."),
        (Likeness(0.1, "judge", "another person", None, False, loosest_rate=0.1),
         "Another person: more than 1 in 10 strangers would be as alike as this."),
        (Likeness(-0.1, "judge", "uncalibrated", None, None),
         "Similarity -0.10 by judge, which is not calibrated: nobody knows how much that says."),
        (UNMEASURED, NO_FACE),
        (replace(UNMEASURED, copied=True),
         f"Copied: this is nearly the reference picture itself. {NO_FACE} Try a lower identity strength."),
    ],
)  # fmt: skip
def test_each_sentence_that_was_kept_becomes_values_that_say_the_same(likeness: Likeness, reason: str):
    assert from_json(old(likeness, reason)) == likeness
    assert str(reason_of(likeness)) == reason


@pytest.mark.parametrize(
    ("objections", "rejection"),
    [
        ((), None),
        ((NoFace(),), "no face was found"),
        ((AnotherFace(-0.12, 0.001),), "another face: -0.12, below the 0.1 % line"),
        ((Copied(),), "copied: same pose and outfit as the reference"),
        ((Missing(("hat",)),), "“hat” is missing"),
        ((AnotherFace(0.2, 0.1), Copied(), Missing(("hat; coat", "“scarf”"))),
         "another face: 0.20, below the 10 % line; copied: same pose and outfit as the reference; "
         "“hat; coat”, ““scarf”” are missing"),
        ((NoFace(), Missing(("hat",))), "no face was found; “hat” is missing"),
    ],
)  # fmt: skip
def test_each_rejection_that_was_kept_becomes_values_that_say_the_same(
    objections: tuple[Objection, ...], rejection: str | None
):
    assert from_json(old(SAME, ALIKE, rejection)).rejection == objections
    assert ("; ".join(str(objection(each)) for each in objections) or None) == rejection


def test_a_rejection_says_where_unsure_began_when_the_reason_is_none_of_ours():
    likeness = from_json(old(replace(SAME, band="another person"), "?", "another face: 0.93, below the 10 % line"))

    assert (likeness.loosest_rate, likeness.as_written) == (0.1, "?")


def test_the_first_rows_had_neither_a_steering_similarity_nor_a_rejection():
    first = old(SAME, ALIKE)
    del first["steering_similarity"], first["rejection"]

    assert from_json(first) == replace(SAME, steering_similarity=None)


def test_a_sentence_that_contradicts_its_figures_stays_a_sentence():
    assert from_json(old(Likeness(0.6, "judge", "unsure", 0.01, False), ALIKE)).as_written == ALIKE
    assert from_json(old(replace(SAME, false_accept_rate=None), ALIKE)).as_written == ALIKE


HOSTILE = (
    "x", "<script>", "{name}", "{name.__class__}", "*a*", "no face was found; ", "“", "“a” is missing “",
    "another face: 0.00, below the ", "Same person: as alike as ", "Similarity 0.00 by ", "1 in 1,000 strangers ",
    "Copied: this is nearly the reference picture itself. ",
)  # fmt: skip


@pytest.mark.parametrize(("part", "size"), [*((part, 11_000) for part in HOSTILE), ("“", 1_000_000), ("x", 1_000_000)])
def test_a_strangers_sentence_is_shown_as_it_was_written_however_long(part: str, size: int):
    """Every text is escaped and no more: what would take long is not even tried."""
    foreign = (part * size)[:size]

    likeness = from_json(old(UNMEASURED, foreign, foreign))
    measured = from_json(old(Likeness(0.5, "judge", "unsure", 0.1, False), foreign))

    assert likeness.rejection == (AsWritten(foreign),)
    assert verdict_line(likeness, likeness.rejection) == f"**Set aside** {in_markdown(foreign)}"
    assert long_likeness(likeness) == f"**Not measured** {in_markdown(foreign)}".rstrip()
    assert measured_by(measured) == f"by judge · by the bare likeness<br>{in_markdown(foreign)}"


@given(st.text(max_size=100))
def test_a_strangers_sentence_is_kept_as_it_was_written(foreign: str):
    likeness = from_json(old(UNMEASURED, foreign, foreign))

    assert said(reason_of(likeness)) == foreign
    assert "; ".join(said(objection(each)) for each in likeness.rejection) == foreign


def test_a_sentence_that_names_the_phrases_of_a_long_prompt_is_not_too_long():
    phrases = tuple(f"phrase {number}" for number in range(200))
    named = ", ".join(f"“{phrase}”" for phrase in phrases)

    assert LONGEST / 2 < len(named) < LONGEST
    assert from_json(old(SAME, ALIKE, f"{named} are missing")).rejection == (Missing(phrases),)


@pytest.mark.parametrize(
    "kept",
    [
        {},
        old(SAME, ALIKE) | {"reason": None},
        old(SAME, ALIKE) | {"reason": 5},
        old(SAME, ALIKE) | {"rejection": ["no face was found"]},
        old(SAME, ALIKE) | {"similarity": "very"},
        to_json(SAME) | {"version": VERSION + 1},
        to_json(SAME) | {"band": "sister"},
        to_json(SAME) | {"rejection": [{"kind": "ugly"}]},
    ],
)
def test_what_is_no_likeness_is_refused(kept: dict[str, Any]):
    with pytest.raises(ValueError):
        from_json(kept)


def test_a_row_with_sentences_is_read_and_a_new_one_has_none(library: CharacterLibrary, story: Story, tmp_path: Path):
    new = replace(UNMEASURED, rejection=(NoFace(),))
    pictures = [NewPicture(flat(RED, size), "generated", likeness=new) for size in (64, 65)]
    first, second = (
        option.image.id for option in library.create_character(story.id, "Mina", pictures, "generated").options
    )
    engine = create_engine(f"sqlite:///{tmp_path / 'castbook.db'}")
    with engine.begin() as connection:
        table = "character_reference_images"
        kept = connection.scalar(text(f"SELECT likeness FROM {table} WHERE id = :id"), {"id": second})
        connection.execute(
            text(f"UPDATE {table} SET likeness = :likeness WHERE id = :id"),
            {"id": first, "likeness": json.dumps(old(UNMEASURED, NO_FACE, "no face was found"))},
        )
    engine.dispose()

    assert "sentence" not in kept and NO_FACE not in kept and json.loads(kept)["version"] == VERSION
    assert library.get_image(first).likeness == library.get_image(second).likeness == new
