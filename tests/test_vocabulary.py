"""What a pack understands of a prompt."""

import pytest

from pipeline.vocabulary import Vocabulary


def test_a_word_is_known_in_any_phrase_synonym_or_filler():
    vocabulary = Vocabulary({"outfit": {"spacesuit": ("space suit", "astronaut's suit")}}, ("a", "wearing"))

    assert vocabulary.unknown_words("A red space-suit, red; wearing ASTRONAUT'S") == ("red",)
    assert vocabulary.known_part("A red space-suit, red; wearing ASTRONAUT'S") == "a space suit, wearing astronaut's"


def test_a_compound_is_one_word_where_it_is_known_as_one():
    vocabulary = Vocabulary({"outfit": {"t-shirt": (), "dress": ()}}, ("blue",))

    assert vocabulary.known_part("blue T-shirt") == "blue t-shirt"
    assert vocabulary.known_part("sky-blue dress") == "blue dress"
    assert vocabulary.unknown_words("sky-blue dress") == ("sky",)


def test_the_phrases_of_a_prompt_are_found_by_their_first_names_though_adjectives_stand_between():
    vocabulary = Vocabulary(
        {
            "hair": {"long straight hair": ("long hair",)},
            "hair colour": {"black hair": (), "brown hair": (), "dark brown hair": (), "green hair": ()},
            "eyes": {"green eyes": ()},
            "marks": {"a scar": ()},
            "outfit": {"school uniform": ()},
            "background": {"classroom": ("school",)},
        },
        ("a", "and", "hair", "eyes"),
    )

    assert vocabulary.phrases_in("a girl: long shiny black hair, scar; School Uniform") == {
        "hair": ("long straight hair",),
        "hair colour": ("black hair",),
        "marks": ("a scar",),
        "outfit": ("school uniform",),
    }
    assert vocabulary.phrases_in("green eyes black hair") == {"hair colour": ("black hair",), "eyes": ("green eyes",)}
    assert vocabulary.phrases_in("dark brown hair") == {"hair colour": ("dark brown hair",)}
    assert vocabulary.phrases_in("long, hair") == {}


SPACE = Vocabulary(
    {
        "hair": {"space buns hair": ("two buns",), "curly hair": ("curls",), "ponytail hair": ("ponytail",)},
        "hair colour": {"brown hair": (), "dark brown hair": ()},
        "eyes": {"brown eyes": ()},
        "skin": {"brown skin": (), "dark skin": ()},
        "body": {"slim build": ()},
        "outfit": {"spacesuit": ("space suit", "astronaut suit"), "wooden space boots": ()},
        "background": {"outer space": ("stars",), "coffee shop": (), "city at night": ()},
        "light": {"night light": ("by night",)},
    },
    ("a", "girl", "in", "at", "by", "hair", "eyes", "skin", "build"),
)


def test_a_word_that_is_only_part_of_phrases_is_half_said_and_has_phrases_offered_the_easiest_first():
    """Of few words of weight and first names before others, one of each meaning, three at most."""
    assert SPACE.half_said("a girl in space") == {"space": ("outer space", "space buns hair", "space suit")}
    assert SPACE.half_said("night: Coffee") == {"night": ("by night", "city at night"), "coffee": ("coffee shop",)}
    assert SPACE.half_said("brown dress") == {"brown": ("brown hair", "brown eyes", "brown skin")}


@pytest.mark.parametrize(
    "said",
    [
        "a girl in a space-suit, outer space, stars",
        "dark brown curly hair, by night",
        "city at night",
        "a juggling girl in the moonlight",  # these are unknown, and told as such
        "a slim girl, curly",  # what is missing has no weight
    ],
)
def test_what_a_phrase_takes_or_means_by_itself_is_not_half_said(said: str):
    assert SPACE.half_said(said) == {}


def test_a_word_in_a_phrase_is_half_said_where_it_stands_outside_of_it_once_more():
    assert SPACE.half_said("brown hair, brown suit") == {
        "brown": ("brown hair", "brown eyes", "brown skin"),
        "suit": ("space suit",),
    }


def test_a_colour_belongs_to_hair_whatever_the_hair_is_called():
    """A ponytail is ponytail hair, with the word or without."""
    for said in (
        "dark brown ponytail hair",
        "dark brown ponytail",
        "ponytail, dark brown curls",
        "dark brown two buns",
    ):
        assert SPACE.phrases_in(said)["hair colour"] == ("dark brown hair",), said
        assert SPACE.half_said(said) == {}, said


def test_a_combination_that_training_left_out_is_unseen_in_whatever_words():
    groups = {"outfit": {"hanbok": ("korean dress",), "suit": ()}, "expression": {"smiling": ("happy",), "sad": ()}}
    vocabulary = Vocabulary(groups, ("wearing", "a"), (("hanbok", "smiling"),))

    assert vocabulary.is_unseen("happy, wearing a Korean dress")
    assert vocabulary.is_unseen("sad, wearing a Korean dress") is False
    assert vocabulary.is_unseen("smiling") is False
    assert Vocabulary(groups).is_unseen("happy, wearing a Korean dress") is None
