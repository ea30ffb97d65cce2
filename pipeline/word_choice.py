"""A phrase that is chosen, put into a text as it was written, or taken out of it: what stands around it stays. And two
texts of one person that do not say the same."""

from __future__ import annotations

import re
from collections.abc import Sequence

from pipeline.vocabulary import Vocabulary

# Groups of which a picture shows more than one; of others a new choice replaces.
SEVERAL = frozenset({"accessories", "body", "marks"})
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


def overruled(vocabulary: Vocabulary, text: str, by: str) -> list[tuple[str, str]]:
    """Groups and phrases that the text says, and of which `by` says otherwise: another colour of hair, another age."""
    others = vocabulary.phrases_in(by)
    return [
        (group, phrase)
        for group, phrases in vocabulary.phrases_in(text).items()
        for phrase in phrases
        if phrase not in others.get(group, ())
        and any(_are_rivals(vocabulary, group, phrase, other) for other in others.get(group, ()))
    ]


def without(vocabulary: Vocabulary, text: str, phrases: Sequence[tuple[str, str]]) -> str:
    """The text, which does not say these phrases of groups any more; of a part that says nothing else nothing stays."""
    for group, phrase in phrases:
        for part in reversed([*_PART.finditer(text)]):
            if phrase in vocabulary.phrases_in(part[0]).get(group, ()):
                left = _exchanged(vocabulary, part[0].strip(), group, phrase, "")
                says = _meanings(vocabulary, left) or vocabulary.read(left).negated
                text = _with_part(text, part, left if says else "")
    return text


def unsaid(vocabulary: Vocabulary, text: str, by: str) -> str:
    """Those parts of the text that say more than `by` says already."""
    said = _meanings(vocabulary, by)
    return ", ".join(part for part in map(str.strip, _PART.findall(text)) if not _says_only(vocabulary, part, said))


def _are_rivals(vocabulary: Vocabulary, group: str, one: str, other: str) -> bool:
    return group not in SEVERAL or {one, other} <= vocabulary.near.ages.keys()


def _says_only(vocabulary: Vocabulary, part: str, said: set[tuple[str, str]]) -> bool:
    reading, meanings = vocabulary.read(part), _meanings(vocabulary, part)
    return bool(meanings) and meanings <= said and not (reading.left_out or reading.half_said or reading.kept_out)


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
    """The fewest words without which the phrase is not said any more, all else is, and nothing is left that only meant
    something beside them: those that say it by themselves, or else any; all of them where there are none."""
    whole, found = " ".join(words), list[tuple[int, int]]()
    others, unknown = _meanings(vocabulary, whole) - {(group, phrase)}, set(vocabulary.read(whole).unknown)
    for length in range(1, _LONGEST + 1):
        for start in range(len(words) - length + 1):
            run, left = (start, start + length), " ".join(words[:start] + words[start + length :])
            if _meanings(vocabulary, left) == others and unknown.issuperset(vocabulary.read(left).unknown):
                if _meanings(vocabulary, " ".join(words[slice(*run)])) == {(group, phrase)}:
                    return run
                found.append(run)
    return found[0] if found else (0, len(words))


def _meanings(vocabulary: Vocabulary, text: str) -> set[tuple[str, str]]:
    return {(group, phrase) for group, phrases in vocabulary.phrases_in(text).items() for phrase in phrases}


def _with_part(text: str, part: re.Match[str], left: str) -> str:
    """Of a part of which nothing is left its pause goes, too."""
    before, after = text[: part.start()], text[part.end() :]
    if left:
        space = part[0][: len(part[0]) - len(part[0].lstrip())]
        return f"{before}{space}{left}{after}"
    before, after = before.rstrip(" ,;"), after.lstrip(" ,;")
    return f"{before}, {after}" if before.strip() and after.strip() else before + after
