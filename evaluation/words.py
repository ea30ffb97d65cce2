"""How much of prompts in other languages a pack understands: `python -m evaluation words`.

The prompts lie in `prompts/`, each with the phrases that it asks for and those that it asks to leave away.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pipeline.dictionary import DICTIONARIES
from pipeline.prompt import Reading
from pipeline.vocabulary import Vocabulary

FOLDER = Path(__file__).parent / "prompts"


@dataclass(frozen=True)
class AskedFor:
    prompt: str
    drawn: frozenset[str]
    negated: frozenset[str]


@dataclass(frozen=True)
class Understood:
    """Phrases by their first names."""

    asked: AskedFor
    missed: frozenset[str]
    wrong: frozenset[str]  # drawn or kept out unasked

    @property
    def right(self) -> int:
        return len(self.asked.drawn) + len(self.asked.negated) - len(self.missed)

    @property
    def in_words(self) -> str:
        lists = {"missed": self.missed, "wrong": self.wrong}
        return "; ".join(f"{name} {', '.join(sorted(phrases))}" for name, phrases in lists.items() if phrases)


def report_of(vocabulary: Vocabulary) -> str:
    lines = list[str]()
    for name in (f"{code}{which}" for code in DICTIONARIES for which in ("", "-2")):
        results = understood(vocabulary, name)
        lines += [f"  {result.asked.prompt}: {result.in_words}" for result in results if result.missed or result.wrong]
        lines.append(f"{name}: {summary(results)}")
    return "\n".join(lines)


def understood(vocabulary: Vocabulary, prompts: str) -> list[Understood]:
    """`prompts`: the file's name."""
    return [_compared(asked, vocabulary) for asked in read_prompts(prompts)]


def read_prompts(name: str) -> Iterator[AskedFor]:
    for line in (FOLDER / f"{name}.txt").read_text("utf-8").splitlines():
        if not line.startswith("#"):
            prompt, drawn, negated = [part.strip() for part in f"{line} -> ".split("->")[:3]]
            yield AskedFor(prompt, _phrases(drawn), _phrases(negated))


def summary(results: list[Understood]) -> str:
    asked = sum(result.right + len(result.missed) for result in results)
    right = sum(result.right for result in results)
    wrong = sum(len(result.wrong) for result in results)
    return f"{len(results)} prompts: {right} of {asked} phrases understood ({right / asked:.1%}), {wrong} wrongly"


def _compared(asked: AskedFor, vocabulary: Vocabulary) -> Understood:
    reading = vocabulary.read(asked.prompt)
    drawn, negated = _named(reading), _named(vocabulary.read(reading.negated))
    missed = (asked.drawn - drawn) | (asked.negated - negated)
    return Understood(asked, missed, (drawn - asked.drawn) | (negated - asked.negated))


def _named(reading: Reading) -> frozenset[str]:
    return frozenset(name for names in reading.phrases.values() for name in names)


def _phrases(said: str) -> frozenset[str]:
    return frozenset(phrase.strip() for phrase in said.split(",") if phrase.strip())
