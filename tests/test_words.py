"""What a creator reads about a picture."""

from __future__ import annotations

from dataclasses import replace

import pytest
from fakes import BLACK, GREEN, RED, FakeFaces, FakeGenerator, fake_maker, fake_pack, flat, studio_of
from PIL import Image

from library_store.foreign_requests import FoundRequest
from library_store.foreign_requests.said import Said, found
from library_store.store import LibraryStore
from pipeline.packs import load_pack
from pipeline.prompt import Reading
from pipeline.request import LeftOut
from pipeline.values import NOT_COMPARED, Against, AnotherFace, Likeness, Missing, Step, Variant
from pipeline.variants import VariantMaker
from pipeline.vocabulary import Vocabulary
from settings import BUILT_IN_PACKS
from studio.drawing import Made
from ui.story.run_area import Encoded, pictures_so_far, progress_bar, report, verdict_on
from ui.story.word_notes import offered, words_note
from ui.words import MOST_NAMES, found_words, long_likeness, measured_by, short_likeness, tone, verdict_line
from verdicts import objection, reason_of

SAME = Likeness(0.93, "judge", "same person", 0.001, False, 0.97, usual=True, loosest_rate=0.1)
ANOTHER = replace(SAME, similarity=0.21, band="another person", false_accept_rate=None)
COPIED = replace(SAME, copied=True)
UNMEASURED = Likeness(None, None, "not measured", None, None, not_measured="no face")


def test_a_likeness_in_words_and_figures():
    assert long_likeness(SAME) == "**Same person** 0.93 · 1 in 1,000 strangers would pass"
    assert short_likeness(SAME) == "Same person 0.93"
    assert measured_by(SAME) == "by judge · by the bare likeness · the encoder that steered says 0.97"


AMONG = replace(SAME, score=6.51, against=Against(2900, 110, 34))
CANNOT_TELL = replace(AMONG, band="cannot tell", false_accept_rate=None)


def test_a_likeness_among_strangers_says_what_it_stands_on_and_its_cosine_in_small_print_only():
    assert long_likeness(AMONG) == "**Same person** · of 1,000 strangers drawn in a like hand 1 would pass"
    assert short_likeness(AMONG) == "Same person"
    assert str(reason_of(AMONG)) == (
        "Same person. Of 1,000 strangers drawn in a like hand 1 would pass; measured against 2,900 people by many "
        "hands and 34 of your own."
    )
    assert str(reason_of(replace(AMONG, against=Against(2900, 110, 0)))).endswith("against 2,900 people by many hands.")
    assert measured_by(AMONG).startswith("by judge · cosine 0.93 · the encoder that steered says 0.97<br>Same person")


def test_where_nobody_can_tell_no_colour_and_no_figure_is_shown():
    assert long_likeness(CANNOT_TELL) == "**Cannot tell** people of this drawing style apart"
    assert (short_likeness(CANNOT_TELL), tone(CANNOT_TELL)) == ("Cannot tell", "tone-none")
    assert "cannot tell people of this drawing style apart" in str(reason_of(CANNOT_TELL))


def test_somebody_else_among_strangers_is_told_without_a_cosine():
    other = replace(AMONG, band="another person", false_accept_rate=None)

    assert long_likeness(other) == "**Another person**"
    assert "more than 1 would be as alike as this" in str(reason_of(other))
    assert str(objection(AnotherFace(0.21, 0.1, -1.2))) == (
        "another face: of 10 strangers drawn in a like hand more than 1 is as alike"
    )


def test_what_could_not_be_measured_is_no_zero():
    assert short_likeness(UNMEASURED) == "Not measured"
    assert "No face was found" in long_likeness(UNMEASURED)
    assert "0" not in long_likeness(UNMEASURED)


def test_a_copy_is_called_one_however_alike_it_is():
    assert short_likeness(COPIED) == "Copied 0.93"
    assert "copied rather than redrawn" in long_likeness(COPIED)


def test_what_a_picture_lacks_is_said_and_does_not_set_it_aside():
    lacking = replace(SAME, rejection=(Missing(("hat",)),))
    original = replace(NOT_COMPARED, rejection=(Missing(("hat",)),))

    assert verdict_line(lacking, lacking.rejection) == f"{long_likeness(SAME)} · “hat” is missing"
    assert verdict_line(None, original.rejection) == "**Original** nothing to compare it with · “hat” is missing"
    assert (short_likeness(lacking), tone(lacking)) == ("Same person 0.93", "tone-good")
    assert (short_likeness(original), tone(original)) == ("", "tone-none")


def test_each_verdict_has_its_colour():
    tones = [tone(likeness) for likeness in (SAME, COPIED, ANOTHER, UNMEASURED, None)]
    assert tones == ["tone-good", "tone-unsure", "tone-bad", "tone-none", "tone-none"]


def test_a_report_says_why_a_picture_is_rejected_and_what_was_not_drawn(store: LibraryStore):
    """Of three variants of red one is red, one green and one shows nobody; the prompt is too long."""
    colours = (RED, GREEN, BLACK)
    maker = fake_maker(lambda request, seed: flat(colours[seed % 3], 60 + seed) if request.reference else flat(RED))
    studio = studio_of(store, fake_pack(), lambda: VariantMaker(maker._generator, FakeFaces(), fake_pack()))
    story = studio.library.ensure_a_story()
    *_, hana = studio.drawing.generate_character(story.id, "Hana", "a girl", count=1, seed=0)
    reference = hana.member.options[0].image.id
    *_, made = studio.drawing.generate_character_variant(story.id, reference, "moon " * 41, count=3, seed=0)
    assert isinstance(made, Made)
    said = report(made)
    assert "3 new pictures of Hana" in said
    assert "Its end was left out: *moon*" in said
    said = [verdict_on(variant) for variant in made.ranked]
    assert said[0].startswith("**Same person** 1.00")
    assert said[1:] == ["**Set aside** no face was found", r"**Set aside** another face\: 0\.00, below the 10 % line"]


def test_words_that_are_left_out_and_words_that_say_too_little_share_a_note():
    unknown = (LeftOut("zeppelin", "unknown word"), LeftOut("<b>", "unknown word"), LeftOut("(cat:1.3)", "weight"))
    half_said = {"space": ("outer space", "space suit"), "night": ("by night",)}
    said = words_note(Reading("cat", "hat", unknown, half_said=half_said, offered={"zeppelin": ("sky",)}))

    assert said == (
        "This pack cannot draw: **zeppelin**, **&lt;b&gt;**. The picture is made without.\n\n"
        r"Weights count for nothing here: **\(cat\:1\.3\)**. The words are drawn."
        "\n\nKept out, as far as the pack can: **hat**.\n\n"
        "Near to them, this pack knows: **zeppelin** (“sky”).\n\n"
        "Say these in a phrase that this pack knows: **space** (“outer space”, “space suit”), **night** (“by night”). "
        "Said otherwise, they may draw something else."
    )
    assert words_note(Reading("night", half_said={"night": ("by night",)})).startswith("Say these")
    assert words_note(Reading("cat")) == ""


def test_a_report_says_which_words_say_too_little(store: LibraryStore):
    pack = fake_pack(vocabulary=Vocabulary({"background": {"outer space": ("stars",)}}, ("a", "girl", "in")))
    studio = studio_of(store, pack, lambda: VariantMaker(FakeGenerator(), FakeFaces(), pack))

    *_, made = studio.drawing.generate_character(
        studio.library.ensure_a_story().id, "Hana", "a girl in space", count=1, seed=0
    )

    assert "**space** (“outer space”)" in report(made)


class Wishes:
    """A prompt reader that sees a hat in red pictures alone."""

    def missing(self, picture: Image.Image, prompt: str) -> tuple[str, ...]:
        return () if picture.getpixel((5, 5)) == RED else ("hat",)


def test_a_report_tells_the_best_from_those_that_were_not_kept(store: LibraryStore):
    colours = (RED, GREEN, (255, 60, 0))
    generator = FakeGenerator(
        lambda request, seed: flat(colours[seed % 3], 60 + seed) if request.reference else flat(RED)
    )
    studio = studio_of(store, fake_pack(), lambda: VariantMaker(generator, FakeFaces(), fake_pack(), Wishes()))
    story = studio.library.ensure_a_story()
    *_, hana = studio.drawing.generate_character(story.id, "Hana", "a girl", count=1, seed=0)
    reference = hana.member.options[0].image.id
    *_, made = studio.drawing.generate_character_variant(story.id, reference, "hat", count=3, keep=1, seed=0)

    heading, not_kept, left_out = report(made).split("\n\n")

    assert heading == "**1 new picture of Hana**, the best of 3"
    kept = "**Same person** 1.00 · 1 in 1,000 strangers would pass · shows all that was asked for"
    assert verdict_on(made.ranked[0]) == kept
    assert not_kept == "Not kept:"
    assert left_out.splitlines()[0].startswith("2. **Same person** 0.97 ·")
    assert left_out.splitlines()[0].endswith("“hat” is missing")
    assert left_out.splitlines()[1].endswith("below the 10 % line; “hat” is missing")


@pytest.mark.parametrize(
    ("step", "seconds", "words"),
    [
        (Step(1, 40), 0.0, "Step 1 of 40"),
        (Step(11, 41), 5.0, "Step 11 of 41 · about 15 s left"),
        (Step(11, 41), 100.0, "Step 11 of 41 · about 5 min left"),
        (Step(40, 40), 20.0, "Step 40 of 40"),
    ],
)
def test_a_run_says_how_much_time_is_left_as_soon_as_that_is_known(step: Step, seconds: float, words: str):
    assert f"<span>{words}</span>" in progress_bar(step, seconds)


def test_what_is_finished_stands_before_what_is_being_drawn():
    rejection = (AnotherFace(0.21, 0.1),)
    finished = (Variant(flat(RED), 0, None, SAME), Variant(flat(GREEN), 1, None, ANOTHER, rejection=rejection))

    tiles = pictures_so_far(Step(5, 8, previews=(flat(BLACK),), finished=finished), Encoded())

    assert [tile.get("label") for tile in tiles] == ["Same person 0.93", "Set aside", None]
    assert all(tile["src"].startswith("data:image/webp;base64,") for tile in tiles)


def of_another_program(**said: object) -> FoundRequest:
    answer = found(Said("ComfyUI", prompt="woman, bob hair", **said))  # pyright: ignore[reportArgumentType]
    assert answer is not None
    return answer


def test_what_another_programs_picture_says_and_the_form_does_not_take_is_named():
    everything = of_another_program(
        negative_prompt="hat",
        seed=5,
        steps=20,
        guidance_scale=7,
        sampler="euler",
        model="dreamshaper",
        unused=["LoRA a"],
    )
    assert found_words(everything) == (
        "Its prompt and seed are in the form. "
        "Not used: negative prompt, steps, guidance scale, sampler euler, model dreamshaper, LoRA a."
    )
    assert found_words(of_another_program(seed=5)) == "Its prompt and seed are in the form."
    assert found_words(of_another_program(seed=2**64)) == "Its prompt is in the form. Not used: seed."


def test_a_toast_has_room_for_so_many_names_and_takes_none_for_html():
    many = of_another_program(model="<img src=x>", unused=[f"<b>{number}" for number in range(20)])
    assert "model &lt;img src=x&gt;, &lt;b&gt;0" in found_words(many) and "<" not in found_words(many)
    assert found_words(many).endswith(f" and {21 - MOST_NAMES} more.")


def test_a_click_writes_the_phrase_where_the_word_says_too_little():
    pack = load_pack("paperdoll", (BUILT_IN_PACKS,))
    written = "a woman, Red hair, red dress, Glases, in space"
    assert offered(pack.read(written)) == {
        "red": ("red hair", "red eyes", "red scarf"),
        "space": ("outer space", "space buns hair", "space suit"),
    }
    written_instead = pack.vocabulary.with_phrase
    assert written_instead(written, "space", "outer space") == "a woman, Red hair, red dress, Glases, in outer space"
    assert written_instead(written, "red", "red scarf") == "a woman, Red hair, red scarf dress, Glases, in space"
    assert written_instead("a woman, glases", "glases", "glasses") == "a woman, glasses"
    assert written_instead("a woman", "glases", "glasses") == "a woman"
    assert offered(fake_pack().read(written)) == {}
