"""Prompts as people write them: what is drawn of them, what is kept out, and what is named as no words at all."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.dictionary import DICTIONARIES, dictionary
from pipeline.packs import load_pack
from pipeline.prompt import LONGEST, read_prose, search_words
from pipeline.vocabulary import NearWords, Vocabulary, words
from settings import BUILT_IN_PACKS

PAPERDOLL = load_pack("paperdoll", (BUILT_IN_PACKS,)).vocabulary
assert PAPERDOLL is not None


def table(text: str) -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in line.split("->")) for line in text.strip().splitlines()]


# -- Spelling ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("written", "plain"),
    table(
        """
        long_hair, black_hair, school_uniform -> long hair, black hair, school uniform
        looking_left,city_at_night -> looking left, city at night
        ｌｏｎｇ＿ｈａｉｒ，ｃａｆｅ -> long hair, cafe
        woman、smile。cafe -> woman, smile, cafe
        T‑shirt, t‐shirt, t–shirt, t_shirt -> t-shirt, t-shirt, t-shirt, t-shirt
        tshirt, t shirt, T-SHIRTS -> t-shirt, t-shirt, t-shirt
        space‑suit, space_suit -> space suit, space suit
        labcoat, schooluniform, pixiecut -> lab coat, school uniform, pixie cut hair
        blond_girl, gray eyes -> blonde girl, grey eyes
        black-haired boy, blue-eyed girl -> black hair boy, blue eyes girl
        hoodies, freckle, scarves of a girl -> hoodie, freckles, of a girl
        space buns, pony tail, twin tails -> space buns hair, ponytail, twin tails hair
        woman at night, closed eyes -> woman by night, eyes closed
        looking at viewer, white background -> front view, plain background
        1girl, café, ocean -> girl, cafe, sea
        school girl -> girl, school uniform
        - Hair: pink; Eye color: blue; Gender: female; Age: 20 -> pink hair, blue eyes, woman, adult
        """
    ),
)  # fmt: skip
def test_however_it_is_spelled_it_is_the_same_phrase(written: str, plain: str):
    assert PAPERDOLL.known_part(written) == plain
    assert PAPERDOLL.half_said(written) == {}
    assert set(PAPERDOLL.unknown_words(written)) <= {"scarves"}


@pytest.mark.parametrize(
    ("written", "age"),
    table(
        """
        20 years old woman -> adult
        a 20-year-old woman -> adult
        8yo girl -> child
        fifteen year old boy -> teenager
        a woman in her 30s -> adult
        aged 71 -> elderly
        sixty-five years old -> elderly
        13 y/o -> teenager
        man, 45 yrs old -> adult
        """
    ),
)
def test_an_age_is_no_old_age(written: str, age: str):
    ages = {"child", "teenager", "adult", "elderly"}
    assert set(PAPERDOLL.phrases_in(written)["body"]) & ages == {age}
    assert PAPERDOLL.unknown_words(written) == ()


@pytest.mark.parametrize(
    "written",
    ["school bag", "old-fashioned", "living room", "glasses of wine", "rain boots", "stars in her eyes", "years old"],
)
def test_words_that_only_sound_like_a_phrase_draw_none(written: str):
    assert PAPERDOLL.phrases_in(written) == {}
    assert PAPERDOLL.unknown_words(written)


def test_what_is_near_to_an_unknown_word_is_offered():
    assert PAPERDOLL.read("a kimono, glases, zeppelin").offered == {"kimono": ("hanbok",), "glases": ("glasses",)}


def test_near_words_mean_what_the_pack_knows():
    for near in (NearWords(taken={"moonlight": ("moon",)}), NearWords(spellings={"lune": "moon"})):
        with pytest.raises(ValueError, match="moon"):
            Vocabulary({"hair": {"red hair": ()}}, near=near)


# -- Kept out ------------------------------------------------------------------------------------------------------

KEPT_OUT = table(
    """
    woman without glasses -> woman -> glasses
    woman, !glasses -> woman -> glasses
    woman, glasses: false -> woman -> glasses
    woman, zero glasses -> woman -> glasses
    a woman who used to wear glasses -> a woman -> glasses
    Exclude: glasses, hat; smile -> smile -> glasses, hat
    Glasses ❌, hat ✔ -> hat -> glasses
    ❌ glasses ❌ freckles -> -> glasses, freckles
    a woman with long hair and glasses ❌ -> a woman with long hair -> glasses
    woman. Exclude: glasses / freckles. smile -> woman, smile -> glasses, freckles
    -!glasses, !(hat, freckles) -> -> glasses, hat, freckles
    woman, hat off -> woman -> hat
    여자. 안경 X 주근깨 O -> woman, freckles -> glasses
    제외: 안경 및 주근깨。 여자 -> woman -> glasses, freckles
    안경 쓴 여자 ❌ -> glasses, woman ->
    제외: 안경, 주근깨 -> -> glasses, freckles
    여자, 안경 X, 주근깨 O -> woman, freckles -> glasses
    여자, 眼鏡× -> woman -> glasses
    woman, no glasses, smile -> woman, smile -> glasses
    woman, -(glasses), -{hat} -> woman -> glasses, hat
    woman (glasses:0, smile -> woman, smile -> glasses
    Hair: red, Glasses: none, Hat: no, Outfit: hoodie -> red hair, hoodie -> glasses, hat
    안경: 없음, 여자 -> woman -> glasses
    眼鏡：なし、女性 -> woman -> glasses
    woman Negative prompt: (hat:1.4), [glasses] -> woman -> hat, glasses
    no glasses or hat -> -> glasses, hat
    no glasses nor a hat, cafe -> cafe -> glasses, hat
    no hat and no scarf -> -> hat, scarf
    without a hat and scarf, blue eyes -> blue eyes -> hat, scarf
    a man with no beard and blue eyes -> a man, blue eyes -> beard
    without a hat, scarf, or glasses, cafe -> cafe -> hat, scarf, glasses
    neither glasses nor a hat -> -> glasses, hat
    not smiling, angry -> angry -> smiling
    never smiling -> -> smiling
    she isn't wearing glasses ->  -> glasses
    don't draw a hat, beach -> beach -> hat
    Don’t show her glasses -> -> glasses
    woman w/o hat in a cafe -> woman in a cafe -> hat
    a glasses-free woman -> a, woman -> glasses
    woman free of glasses -> woman -> glasses
    hatless man -> man -> hat
    no-glasses, non-smiling -> -> glasses, smiling
    woman -glasses smiling -> woman smiling -> glasses
    −glasses, cafe -> cafe -> glasses
    (glasses:0), woman -> woman -> glasses
    (glasses:-1.5), woman -> woman -> glasses
    glasses:0, woman -> woman -> glasses
    -1::glasses::, woman -> woman -> glasses
    woman --no glasses, hat --v 6 -> woman -> glasses, hat
    no_glasses, woman -> woman -> glasses
    ＮＯ　ＧＬＡＳＳＥＳ -> -> glasses
    woman with a hat but no glasses -> woman with a hat -> glasses
    instead of a hat a scarf -> a scarf -> hat
    no long black hair, bob hair -> bob hair -> long hair, black hair
    long hair without glasses -> long hair -> glasses
    no city at night, cafe -> cafe -> city at night
    no glasses at all, cafe -> cafe -> glasses
    """
)


@pytest.mark.parametrize(("written", "drawn", "kept_out"), KEPT_OUT)
def test_what_is_to_be_left_away_is_kept_out(written: str, drawn: str, kept_out: str):
    reading = PAPERDOLL.read(written)
    assert (words(reading.drawn), reading.negated) == (words(drawn), kept_out)
    assert reading.unknown == ()


@pytest.mark.parametrize(
    ("written", "drawn"),
    table(
        """
        no accessories, woman -> no accessories, woman
        no background -> plain background
        no hair -> bald head
        no expression -> neutral expression
        not only smiling but laughing -> smiling laughing
        never without her hat -> her hat
        don't forget the scarf -> the scarf
        """
    ),
)
def test_not_every_no_keeps_something_out(written: str, drawn: str):
    assert PAPERDOLL.read(written).drawn == drawn
    assert PAPERDOLL.read(written).negated == ""


def test_a_request_that_was_copied_whole_is_taken_apart():
    settings = "Steps: 20, Sampler: Euler a, CFG scale: 7, Seed: 5"
    for reading in (each(f"woman, smile\nNegative prompt: hat\n{settings}") for each in (PAPERDOLL.read, read_prose)):
        assert (reading.drawn, reading.negated) == ("woman, smile", "hat")
        assert [(left.words, left.why) for left in reading.left_out] == [(settings, "setting")]


def test_what_is_asked_for_and_to_be_kept_out_is_kept_out_and_named():
    reading = PAPERDOLL.read("happy woman, black wavy hair, no smile, no wavy hair")
    assert reading.drawn == "woman, black hair"
    assert [(left.words, left.why) for left in reading.left_out] == [("happy", "kept out"), ("wavy hair", "kept out")]


def test_what_is_kept_out_takes_its_article_along():
    assert PAPERDOLL.read("brown skin, a beard, man, a scarf, no beard").drawn == "brown skin, man, a scarf"


def test_what_cannot_be_kept_out_is_named():
    assert PAPERDOLL.unknown_words("no eyes, no humans, no watermark") == ("no humans", "no eyes", "watermark")


# -- Other programs' syntax ----------------------------------------------------------------------------------------

SYNTAX = table(
    """
    woman <lora:red_hair:0.8> -> woman -> add-on
    woman, <lyco:red hair:1> -> woman -> add-on
    embedding:hat, woman -> woman -> add-on
    woman, __hair/red__ -> woman -> wildcard
    woman, {red hair|blue hair} -> woman -> choice
    woman, {2$$hat$$glasses}, [hat|glasses] -> woman -> choice choice
    woman, [hat:glasses:0.5], [hat::10] -> woman -> switch switch
    woman BREAK cafe AND smile -> woman, cafe, smile -> command command
    woman, cafe --ar 16:9 --v 6 -> woman, cafe -> setting setting
    (blue eyes:1.3), woman -> blue eyes, woman -> weight
    (blue eyes, (hat:1.2):0.8), woman -> blue eyes, hat, woman -> weight
    ((blue eyes)), [[hat]], {{smile}} -> blue eyes, hat, smile -> weight weight weight
    (blue eyes)1.3, (hat)++, smile+ -> blue eyes, hat, smile -> weight weight weight
    1.2::blue eyes::, hat::2 -> blue eyes, hat -> weight weight
    blue (eyes:1.2) -> blue eyes -> weight
    （blue eyes：１．３） -> blue eyes -> weight
    (blue eyes:1.2 -> blue eyes -> weight
    """
)


@pytest.mark.parametrize(("written", "drawn", "named"), SYNTAX)
def test_other_programs_syntax_is_named_and_never_drawn(written: str, drawn: str, named: str):
    for reading in (PAPERDOLL.read(written), read_prose(written)):
        assert re.sub(r"[^\w, ]", "", reading.drawn) == drawn
        assert [left.why for left in reading.left_out] == named.split()
        assert reading.negated == ""


# -- A pack that takes any words -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "prose",
    [
        "A (Cat)! It's 12:30 — he said “hello”…",
        "No-Face and a girl, not only smiling but laughing",
        "a café at No. 5, 16:9, e.g. a woman (my sister) :)",
        "no one is there, well-known long-haired girl o_o",
        "WOMEN AND MEN",
        "미나와 준호, 동네 편의점",
        " two  spaces\nand a line ",
        "score_9, score_8_up, C++ programmer, f(x)=2, http://a.b/c, a<b and c>d",
        "a no smoking sign, do not disturb",
    ],
)
def test_prose_is_sent_to_the_letter(prose: str):
    reading = read_prose(prose)
    assert (reading.drawn, reading.negated, reading.left_out) == (prose, "", ())


@pytest.mark.parametrize(
    ("written", "drawn", "kept_out"),
    [
        ("A woman without glasses in a cafe", "A woman in a cafe", "glasses"),
        ("portrait of Mina, no hat or scarf, Rain", "portrait of Mina, Rain", "hat, scarf"),
        ("(masterpiece), ((Best quality)), blue_eyes, no humans", "masterpiece, Best quality, blue eyes", "humans"),
        ("a street, -people, (cars:0)", "a street", "people, cars"),
        ("A dog without a leash and a cat", "A dog a cat", "leash"),
        ("a house with no windows, no doors, and a red roof", "a house, and a red roof", "windows, doors"),
        ("she doesn't wear a hat but glasses", "glasses", "hat"),
    ],
)
def test_a_pack_without_a_vocabulary_keeps_out_as_well(written: str, drawn: str, kept_out: str):
    reading = read_prose(written)
    assert (reading.drawn, reading.negated) == (drawn, kept_out)


def test_a_search_knows_tags_and_what_nobody_may_have():
    assert search_words("long_hair  -hat Jean-Luc Ａ") == (["long", "hair", "Jean-Luc", "A"], ["hat"])


# -- Whatever is written -------------------------------------------------------------------------------------------

PHRASES = [phrase for names in PAPERDOLL.groups.values() for each in names.items() for phrase in (each[0], *each[1])]
SAID = [
    *(name for code in DICTIONARIES for names in dictionary(code).groups.values() for each in names.values()
      for name in each),
    *"머리 눈 긴 검은 파란색 없이 없는 빼고 말고 안 쓴 입은 이 가 은 는 도 와 20살 스무 가방".split(),
    *"髪 目 青い 黒 長くて なし ではない の が と も 七歳 猫".split(),
]  # fmt: skip
PIECES = [
    *PHRASES, *SAID, *PAPERDOLL.near.taken, *PAPERDOLL.near.spellings, "\n", "years old",
    *"without no not or and but with never don't w/o nor wearing instead of free glasses-free hatless - --no".split(),
    *"( ) [ ] { } | (( )) :1.3 :0 :: ++ _ , , ; <lora:hat:1> __hat__ BREAK AND zeppelin a hair 20".split(),
]  # fmt: skip
PROMPTS = st.one_of(
    st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join),
    st.lists(st.sampled_from(PIECES), max_size=6).map("".join),
    st.text(max_size=40),
)
OFTEN = settings(max_examples=300, deadline=None)


@OFTEN
@given(PROMPTS)
def test_no_word_is_both_drawn_and_named_unknown(prompt: str):
    reading = PAPERDOLL.read(prompt)
    assert not set(words(reading.drawn)) & set(reading.unknown)
    assert set(words(reading.drawn)) <= PAPERDOLL.known


@OFTEN
@given(PROMPTS)
def test_nothing_that_is_to_be_kept_out_is_drawn(prompt: str):
    reading = PAPERDOLL.read(prompt)
    for group, names in PAPERDOLL.phrases_in(reading.negated).items():
        assert not set(names) & set(reading.phrases.get(group, ()))


@OFTEN
@given(PROMPTS)
def test_what_was_sent_reads_the_same_again(prompt: str):
    """So a picture is drawn again from its own record."""
    reading = PAPERDOLL.read(prompt)
    again = PAPERDOLL.read(reading.drawn)
    assert (again.drawn, again.negated, again.phrases) == (reading.drawn, "", reading.phrases)
    assert read_prose(read_prose(prompt).drawn).drawn == read_prose(prompt).drawn


@OFTEN
@given(st.lists(st.sampled_from(PIECES), max_size=9).map(" ".join))
def test_white_space_and_case_change_nothing(prompt: str):
    """But for commands, which are in capitals."""
    asked = PAPERDOLL.read(prompt)
    for other in (prompt.replace(" ", " \t  "), prompt if re.search("BREAK|AND", prompt) else prompt.title()):
        reading = PAPERDOLL.read(other)
        assert (reading.drawn, reading.negated, reading.unknown) == (asked.drawn, asked.negated, asked.unknown)


@OFTEN
@given(st.sampled_from(PHRASES), st.sampled_from(["without", "no", "not", "w/o", "never", "don't draw", "-"]))
def test_any_phrase_can_be_kept_out(phrase: str, cue: str):
    if phrase == "no accessories":
        return
    reading = PAPERDOLL.read(f"webtoon portrait, {cue}{'' if cue == '-' else ' '}{phrase}, very close up")
    assert reading.phrases == {}
    assert PAPERDOLL.phrases_in(reading.negated) == PAPERDOLL.phrases_in(phrase)


@pytest.mark.parametrize(
    "endless",
    ["(" * 70_000, "(" * 2000 + "x" + ")" * 2000, "no glasses " * 7000, "1::" * 2000, "긴" * 5000, "の" * 5000]
    + [f"{before}{' ' * 3900}{behind}" for before in ("", "a", "가") for behind in ("", ":", "x", "❌ b", ": none b")]
    + [
        again * (LONGEST // len(again))
        for again in ("!", "❌ ", "안경x", "exclude: ", "no: a, ", ". ", "zero ", "a - ")
    ],
)
def test_nothing_that_a_stranger_writes_takes_long(endless: str):
    """And what is beyond reach is named."""
    started = time.process_time()
    for reading in (PAPERDOLL.read(endless), read_prose(endless)):
        assert any(left.why == "no room" for left in reading.left_out) == (len(endless) > LONGEST)
    assert time.process_time() - started < 10  # seconds, a tenth of which would do
