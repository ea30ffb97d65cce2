"""A phrase that is chosen, put into a text as it was written, or taken out of it: what stands around it stays."""

from __future__ import annotations

import re

from pipeline.vocabulary import Vocabulary

SEVERAL = frozenset({"accessories"})  # groups of which a picture shows more than one; of others a new choice replaces
_PART = re.compile(r"[^,;\n]+")
_LEADS = frozenset("a an the in on at of with and by wearing wears dressed as".split())  # to what follows
_LONGEST = 4  # words of a phrase


def choose(vocabulary: Vocabulary, text: str, group: str, phrase: str, called: str) -> str:
    """The text with the phrase, `called` so in the text's language; or without it, where it says it already."""
    said = vocabulary.phrases_in(text).get(group, ())
    if phrase in said:
        return _exchanged(vocabulary, text, group, phrase, "")
    others = () if group in SEVERAL else said
    for number, other in enumerate(others):
        text = _exchanged(vocabulary, text, group, other, "" if number else called)
    if others:
        return text
    before = text.rstrip(" ,;\n")
    return f"{before}, {called}" if before else called


def _exchanged(vocabulary: Vocabulary, text: str, group: str, phrase: str, instead: str) -> str:
    """In each part of the text that says the phrase, the fewest words that say it."""
    for part in reversed([*_PART.finditer(text)]):
        if phrase not in vocabulary.phrases_in(part[0]).get(group, ()):
            continue
        words = part[0].split()
        start, stop = _saying(vocabulary, words, group, phrase)
        if not instead and (stop == len(words) or words[stop].lower() in _LEADS):
            while start and words[start - 1].lower() in _LEADS:
                start -= 1
        left = " ".join([*words[:start], *([instead] if instead else []), *words[stop:]])
        text, instead = _with_part(text, part, left), ""
    return text


def _saying(vocabulary: Vocabulary, words: list[str], group: str, phrase: str) -> tuple[int, int]:
    """The fewest words without which the phrase is not said any more, and all else is: those that say it by themselves,
    or else any; all of them where there are none."""
    others, found = _meanings(vocabulary, words) - {(group, phrase)}, list[tuple[int, int]]()
    for length in range(1, _LONGEST + 1):
        for start in range(len(words) - length + 1):
            run = start, start + length
            if _meanings(vocabulary, words[:start] + words[start + length :]) == others:
                if _meanings(vocabulary, words[slice(*run)]) == {(group, phrase)}:
                    return run
                found.append(run)
    return found[0] if found else (0, len(words))


def _meanings(vocabulary: Vocabulary, words: list[str]) -> set[tuple[str, str]]:
    said = vocabulary.phrases_in(" ".join(words))
    return {(group, phrase) for group, phrases in said.items() for phrase in phrases}


def _with_part(text: str, part: re.Match[str], left: str) -> str:
    """Of a part of which nothing is left its pause goes, too."""
    before, after = text[: part.start()], text[part.end() :]
    if left:
        space = part[0][: len(part[0]) - len(part[0].lstrip())]
        return f"{before}{space}{left}{after}"
    before, after = before.rstrip(" ,;"), after.lstrip(" ,;")
    return f"{before}, {after}" if before.strip() and after.strip() else before + after
