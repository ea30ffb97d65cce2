"""Korean and Japanese prompts: what is said in them is drawn, or kept out, and what only looks like it is not."""

from __future__ import annotations

from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evaluation.words import understood
from pipeline.dictionary import DICTIONARIES, Dictionary, dictionary
from pipeline.packs import load_pack
from pipeline.prompt import read_prose
from settings import BUILT_IN_PACKS

PAPERDOLL = load_pack("paperdoll", (BUILT_IN_PACKS,)).vocabulary
assert PAPERDOLL is not None
AMBIGUOUS = ("サイドテールではなくポニーテール、女",)  # "no side ponytail": what is kept out is never drawn
WITHOUT = {"ko": "{} 없이", "ja": "{}なし"}


def table(text: str) -> list[tuple[str, ...]]:
    return [tuple(part.strip() for part in f"{line} ".split("->")) for line in text.strip().splitlines()]


def names_of(words: Dictionary) -> list[tuple[str, str]]:
    """English, and what it is called."""
    groups = {group: names for group, names in words.groups.items() if group != "more"}
    return [(english, name) for names in groups.values() for english, called in names.items() for name in called]


@cache
def drawn_by(english: str) -> set[tuple[str, str]]:
    phrases = PAPERDOLL.phrases_in(english.replace("(", "").replace(")", ""))
    return {(group, name) for group, names in phrases.items() for name in names}


@pytest.mark.parametrize(("prompts", "least"), [("ko", 0.95), ("ja", 0.9), ("ko-2", 0.95), ("ja-2", 0.9)])
def test_prompts_written_without_sight_of_the_words_are_understood(prompts: str, least: float):
    results = understood(PAPERDOLL, prompts)
    asked = sum(result.right + len(result.missed) for result in results)
    assert sum(result.right for result in results) / asked >= least
    assert [result.asked.prompt for result in results if result.wrong and result.asked.prompt not in AMBIGUOUS] == []


@pytest.mark.parametrize("code", DICTIONARIES)
def test_all_that_the_pack_draws_has_a_name(code: str):
    phrases = {phrase for names in PAPERDOLL.groups.values() for phrase in names}
    assert {phrase for phrase in phrases if dictionary(code).name_of(phrase) is None} == set()


@pytest.mark.parametrize("code", DICTIONARIES)
def test_whatever_it_is_called_it_is_drawn_and_can_be_kept_out(code: str):
    """But for the names of verbs, which have endings."""
    for english, name in names_of(dictionary(code)):
        if name.endswith("~") or not drawn_by(english):
            continue
        reading = PAPERDOLL.read(name)
        named = {(group, each) for group, names in reading.phrases.items() for each in names}
        assert named == drawn_by(english), name
        assert reading.unknown == ()


@pytest.mark.parametrize(
    ("written", "drawn", "kept_out"),
    table(
        """
        검은 긴 머리 여자, 교복, 웃는 얼굴, 카페 -> black long hair, woman, school uniform, smiling, cafe ->
        머리가 길고 눈이 파란 여자 -> long hair, blue eyes, woman ->
        머리는 검은색이고 길어요 -> black long hair ->
        파란색 머리에 파란색 눈 -> blue hair, blue eyes ->
        긴_머리, ＃여자／카페, (안경:1.3) -> long hair, woman, cafe, glasses ->
        long 머리 여자, smile하는 소녀 -> long hair, woman, smile, woman ->
        안경을 낀 여자와 모자를 쓴 남자 -> glasses, woman, beret, man ->
        교복을 입지 않은 여자가 안경을 쓰고 있다 -> woman, glasses -> school uniform
        안경이나 모자 없이, 카페 -> cafe -> glasses, beret
        여자와 안경 없는 남자 -> woman, man -> glasses
        웃는 얼굴과 안경 없는 남자 -> smiling, man -> glasses
        미소와 함께 모자 없이 -> smiling -> beret
        눈이 크고 파란 여자 -> blue eyes, woman ->
        곱슬거리는 금발, 귀걸이는 안 해도 돼요 -> curly hair, blonde hair -> earrings
        glasses 없이, no 모자, 여자 -> woman -> glasses, beret
        안 웃는 남자 -> man -> smiling
        안경 잊지 마세요 -> glasses ->
        흑발 벽안 남, 안경녀가 윙크한다 -> black hair, blue eyes, man, glasses, woman, winking ->
        고양이를 안은 여자, 남은 시간, 여는 날 -> woman ->
        성별: 여, 나이: 20, 머리색: 분홍, 눈: 초록 -> woman, adult, pink hair, green eyes ->
        웨이브진 긴 갈색 머리 -> long wavy brown hair ->
        안경이 없으면 안 돼 -> glasses ->
        체육복 여학생 -> tracksuit, woman ->
        교복 아닌 여고생 -> woman, teenager -> school uniform
        스무 살 여자, 30대 초반 남자 -> adult, woman, adult, man ->
        21세기 도시 -> city street ->
        髪が長くて黒い女性 -> long black hair, woman ->
        ﾒｶﾞﾈをかけた男 -> glasses, man ->
        眼鏡をかけていない、制服を着た女の子 -> school uniform, woman -> glasses
        眼鏡も帽子もない男 -> man -> glasses, beret
        黒髪ロング, ウェーブの茶髪ロング -> black hair, long wavy hair, brown hair ->
        三十代の女性、七歳の男の子 -> adult, woman, child, man ->
        """
    ),
)
def test_what_is_said_is_drawn(written: str, drawn: str, kept_out: str):
    reading = PAPERDOLL.read(written)
    assert (reading.drawn, reading.negated) == (drawn, kept_out)


@pytest.mark.parametrize(
    "written",
    [
        "한복판, 바다표범, 비행기, 밤나무, 낮은 목소리, 눈사람, 점심, 방울, 카페인, 숲길, 우아한, 빼빼로",
        "안개, 안내원, 마술사, 우정, 울타리, 정장미, 나무, 낮잠, 자기소개, 애인, 눈썹, 티켓, 점수, 비누",
        "雨傘、雪女、海老、夜明け、目玉焼き、毛布、花火、白鳥、赤信号、黒板、青森、危ない、金魚、銀行、人形、カフェオレ",
    ],
)
def test_a_word_within_another_is_not_said(written: str):
    reading = PAPERDOLL.read(written)
    assert (reading.drawn, reading.negated, reading.phrases) == ("", "", {})


def test_what_is_not_known_is_named_as_it_was_written_and_offers_go_into_its_place():
    reading = PAPERDOLL.read("기모노를 입은 여자, 우산, 안갱")
    assert reading.unknown == ("기모노", "우산", "안갱")
    assert reading.offered == {"기모노": ("hanbok",), "우산": ("raincoat", "rain"), "안갱": ("glasses",)}
    assert PAPERDOLL.with_phrase("기모노를 입은 여자", "기모노", "hanbok", "한복") == "한복를 입은 여자"


def test_a_pack_that_takes_any_words_gets_the_english_of_what_is_known():
    reading = read_prose("미나, 우산을 쓴 검은 머리 여자, 안경 없이, portrait of 준호")
    assert reading.drawn == "미나, umbrella, black hair, woman, portrait of 준호"
    assert reading.negated == "glasses"
    assert reading.is_translated
    assert not read_prose("portrait of 준호").is_translated


NAMES = [
    (code, english, name) for code in DICTIONARIES for english, name in names_of(dictionary(code)) if "~" not in name
]


@settings(max_examples=300, deadline=None)
@given(st.lists(st.sampled_from(NAMES), min_size=1, max_size=4), st.sampled_from([", ", " ", "/"]))
def test_whatever_is_kept_out_is_not_drawn(said: list[tuple[str, str, str]], pause: str):
    code, _, unwanted = said[0]
    reading = PAPERDOLL.read(pause.join([*(name for _, _, name in said[1:]), WITHOUT[code].format(unwanted)]))
    drawn = {(group, name) for group, names in reading.phrases.items() for name in names}
    kept_out = {(group, name) for group, names in PAPERDOLL.phrases_in(reading.negated).items() for name in names}
    assert not drawn & kept_out
