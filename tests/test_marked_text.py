"""Where the words of a prompt stand of which its reading says something, and words put in and taken out by a click."""

from __future__ import annotations

import pytest

from pipeline.marked_text import marks_in
from pipeline.packs import load_pack
from pipeline.prompt import read_prose
from pipeline.word_choice import choose, overruled, without
from settings import BUILT_IN_PACKS

PACK = load_pack("paperdoll", (BUILT_IN_PACKS,))


def marked(text):
    return [(text[mark.start : mark.end], mark.kind) for mark in marks_in(text, PACK.read)]


def test_what_cannot_be_drawn_is_marked_where_it_stands_and_what_can_is_not():
    assert marked("laughing in the café with an Umbrella, hoodie") == [("Umbrella", "unknown")]
    assert marked("red hair, red, umbrella, UMBRELLA") == [
        ("red", "too little"), ("umbrella", "unknown"), ("UMBRELLA", "unknown"),
    ]  # fmt: skip
    assert marks_in("red hair, red", PACK.read)[0].start == 10
    assert marked("a woman, long_hair, labcoat, blond") == []


def test_what_is_kept_out_and_what_a_weight_is_about_is_marked_as_the_parser_reads_it():
    assert marked("no hat, without glasses or a scarf, not smiling") == [
        (word, "kept out") for word in ("hat", "glasses", "scarf", "smiling")
    ]
    assert marked("(umbrella:1.3), (red hair:1.2), <lora:x:1> BREAK") == [
        ("umbrella", "unknown"), ("(red hair:1.2)", "syntax"), ("<lora:x:1>", "syntax"), ("BREAK", "syntax"),
    ]  # fmt: skip
    assert [mark.kind for mark in marks_in("a cat, no dog", read_prose)] == ["kept out"]  # by a pack of any words


def test_korean_is_marked_as_it_was_written():
    assert marked("우산 쓴 여자, 안경 없이, 후드티") == [("우산", "unknown"), ("안경", "kept out")]


@pytest.mark.parametrize(
    ("text", "group", "phrase", "called", "chosen"),
    [
        ("", "outfit", "hoodie", "hoodie", "hoodie"),
        ("a woman, ", "outfit", "hoodie", "hoodie", "a woman, hoodie"),
        ("laughing in the cafe, hoodie", "background", "forest", "forest", "laughing in the forest, hoodie"),
        ("wearing a raincoat, crying", "outfit", "spacesuit", "spacesuit", "wearing a spacesuit, crying"),
        ("city at night, sad", "background", "snow", "snow", "snow, sad"),
        ("a woman with glasses", "accessories", "beret", "beret", "a woman with glasses, beret"),  # of these several
        ("카페에서 웃는 여자", "outfit", "hoodie", "후드티", "카페에서 웃는 여자, 후드티"),
        # what is there goes
        ("laughing in the cafe with an umbrella, sad", "background", "cafe", "cafe", "laughing with an umbrella, sad"),
        ("wearing a raincoat, crying", "outfit", "raincoat", "raincoat", "crying"),
        ("sad, in the rain", "background", "rain", "rain", "sad"),
        ("a happy girl", "expression", "smiling", "smiling", "a girl"),  # by whatever word
        ("카페에서 웃는 여자", "background", "cafe", "카페", "웃는 여자"),
    ],
)
def test_a_word_that_is_chosen_is_put_in_or_taken_out_and_the_rest_stays(text, group, phrase, called, chosen):
    assert choose(PACK.vocabulary, text, group, phrase, called) == chosen


@pytest.mark.parametrize(
    ("story", "scene", "left"),
    [
        ("비 오는 날", "카페", ""),
        ("비 내리는 밤, 안경", "카페", "밤, 안경"),  # no word is left that meant something beside what went
        ("a grim noir city, sad", "on a beach", "sad"),
        ("a cafe at night", "on a beach", "at night"),
    ],
)
def test_what_a_scene_overrules_leaves_no_rubble(story: str, scene: str, left: str):
    overruling = overruled(PACK.vocabulary, story, scene)
    assert without(PACK.vocabulary, story, overruling) == left
