"""What a creator reads about a picture."""

from __future__ import annotations

from dataclasses import replace

from fakes import BLACK, GREEN, RED, FakeFaces, fake_maker, fake_pack, flat

from library_store.library import CharacterLibrary
from pipeline.values import Likeness
from pipeline.variants import VariantMaker
from studio import Made, Models, Studio
from ui.run_area import report
from ui.words import long_likeness, measured_by, short_likeness, tone

SAME = Likeness(0.93, "judge", "same person", 0.001, False, "Same person.", 0.97)
ANOTHER = replace(SAME, similarity=0.21, band="another person", false_accept_rate=None, reason="Another person.")
COPIED = replace(SAME, copied=True, reason="Copied.")
UNMEASURED = Likeness(None, None, "not measured", None, None, "No face was found.")


def test_a_likeness_in_words_and_figures():
    assert long_likeness(SAME) == "**Same person** 0.93 · 1 in 1,000 strangers would pass"
    assert short_likeness(SAME) == "Same person 0.93"
    assert measured_by(SAME) == "by judge · the encoder that steered says 0.97"


def test_what_could_not_be_measured_is_no_zero():
    assert short_likeness(UNMEASURED) == "Not measured"
    assert "No face was found" in long_likeness(UNMEASURED)
    assert "0" not in long_likeness(UNMEASURED)


def test_a_copy_is_called_one_however_alike_it_is():
    assert short_likeness(COPIED) == "Copied 0.93"
    assert "copied rather than redrawn" in long_likeness(COPIED)


def test_each_verdict_has_its_colour():
    tones = [tone(likeness) for likeness in (SAME, COPIED, ANOTHER, UNMEASURED, None)]
    assert tones == ["tone-good", "tone-unsure", "tone-bad", "tone-none", "tone-none"]


def test_a_report_says_why_a_picture_is_rejected_and_what_was_not_drawn(library: CharacterLibrary):
    """Of three variants of red one is red, one green and one shows nobody; the prompt is too long."""
    colours = (RED, GREEN, BLACK)
    maker = fake_maker(lambda request, seed: flat(colours[seed % 3], 60 + seed) if request.reference else flat(RED))
    studio = Studio(library, fake_pack(), Models(lambda: VariantMaker(maker._generator, FakeFaces(), fake_pack())))
    story = studio.ensure_a_story()
    *_, hana = studio.generate_character(story.id, "Hana", "a girl", count=1, seed=0)
    reference = hana.member.options[0].image.id
    *_, made = studio.generate_character_variant(story.id, reference, "moon " * 41, count=3, seed=0)
    assert isinstance(made, Made)
    said = report(made)
    assert "3 new pictures of Hana" in said
    assert "Its end was left out: *moon*" in said
    lines = [line for line in said.splitlines() if line[:2] in ("1.", "2.", "3.")]
    assert lines[0].startswith("1. **Same person** 1.00")
    assert lines[1].startswith("2. **Not measured**")
    assert "Rejected: Another person" in lines[2]
