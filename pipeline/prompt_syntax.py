"""Other programs' prompt syntax -> the words within, what is weighed down to nothing, and what is left out.

It is that of AUTOMATIC1111's web UI (modules/prompt_parser.py), ComfyUI, NovelAI, Midjourney, compel and
sd-dynamic-prompts. None of it means anything to diffusers: a text encoder would read it as words.
"""

from __future__ import annotations

import re

from pipeline.negation import PAUSES
from pipeline.request import LeftOut, Why


def without_syntax(text: str) -> WithoutSyntax:
    return WithoutSyntax().over(text)


DEEPEST = 20  # brackets in brackets
_NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)"
_SYNTAX = re.compile(
    rf"""
    \\(?P<escaped>[^\w\s])
    |(?P<addon><[^\W\d_][\w.-]*(?::[^<>\n]*)?>|\bembedding:[\w./\\-]+)
    |(?P<wildcard>__[^\s,_](?:[^\s,]*?[^\s,_])?__|\$\{{[^{{}}\n]*\}})
    |(?P<command>(?<![\w'-])(?:BREAK|AND|ADDCOMM|ADDBASE|ADDCOL|ADDROW)(?![\w'-]))
    |(?<!\S)--(?i:no)(?=\s)(?P<no>(?:(?!\s--\w).)*)
    |(?P<setting>(?<!\S)--[^\W\d_][\w-]*(?:[ ]+(?:[^\s,-][^\s,]*\d[^\s,]*|\d[^\s,]*|raw|cute|scenic|expressive))?)
    |(?<![\w)\]}}'-])(?P<minus>-)(?=[(\[{{])
    |(?P<open>[(\[{{])
    |(?<![\w.])(?P<novelai>{_NUMBER})::(?P<emphasised>[^:\n]*?)(?:::|(?=\n)|$)
    |(?P<midjourney>::(?:{_NUMBER})?)
    |(?<!\d):(?P<bare>[+-]?\d*\.\d+|0|-\d+)(?=\s*(?:[,;\n]|$))
    |(?<=\w)(?P<compel>\+{{1,3}}|-{{2,3}})(?=\s*(?:[,;\n]|$))
    """,
    re.VERBOSE,
)
# As AUTOMATIC1111 writes a request: its negative prompt, and a line of settings behind
_NEGATIVE = re.compile(r"(?<!\S)Negative prompt:(?P<no>.*?)(?=\sSteps: ?\d|\Z)", re.IGNORECASE | re.DOTALL)
_SETTINGS = re.compile(r"(?<!\S)(?P<line>Steps: ?\d+, ?[A-Z][\w /-]*:[^\n]*)")
_CLOSING = {"(": ")", "[": "]", "{": "}"}
_WEIGHTED = re.compile(rf"(?P<inner>.*[^\d\s])\s*:\s*(?P<weight>{_NUMBER})\s*", re.DOTALL)
_SWITCH = re.compile(rf".*:\s*{_NUMBER}\s*", re.DOTALL)  # [from:to:when]
_AFTER = re.compile(rf"\+{{1,4}}|-{{1,4}}(?!\w)|{_NUMBER}(?![\w.:])")  # compel's weights: (x)++, (x)1.3
_LITERAL = {"(": "\ue000", ")": "\ue001"}  # brackets of prose, kept from being taken for syntax


class WithoutSyntax:
    """What is left of a text without syntax, what was weighed down to nothing, and what was left out."""

    def __init__(self) -> None:
        self.drawn = ""
        self.negated: list[str] = []
        self.left_out: list[LeftOut] = []
        self._depth = 0

    def over(self, text: str) -> WithoutSyntax:
        has_commands = any(each.islower() for each in text)  # all in capitals, AND is a word
        asked, text = text, _NEGATIVE.sub("", text)
        for found in _NEGATIVE.finditer(asked):
            self.negated += re.split(PAUSES, self._without(found["no"], has_commands, within=True))
        for found in _SETTINGS.finditer(text):
            self._leave_out(found["line"], "setting")
        self.drawn = self._without(_SETTINGS.sub("", text), has_commands, within=False)
        for stand_in, bracket in ((_LITERAL["("], "("), (_LITERAL[")"], ")")):
            self.drawn = self.drawn.replace(stand_in, bracket)
        return self

    def _without(self, text: str, has_commands: bool, within: bool) -> str:
        """The words of a text; `within` says that a weight around it is named already."""
        kept, at, closings = list[str](), 0, _closings(text)
        while found := _SYNTAX.search(text, at):
            kept.append(text[at : found.start()])
            at = found.end()
            kind = found.lastgroup
            if kind == "escaped":
                kept.append(" " if found[kind] in "()[]{}<>" else found[kind])
            elif kind in ("addon", "wildcard", "setting"):
                self._leave_out(found[0], _WHY[kind])
                kept.append(" ")
            elif kind == "command":
                if has_commands:
                    self._leave_out(found[0], "command")
                kept.append(", " if has_commands else found[0])
            elif kind == "no":
                self.negated += re.split(PAUSES, found["no"])
            elif kind == "minus" and (end := closings.get(at)) and self._depth < DEEPEST:
                self._depth += 1
                words, at = self._bracket(text, at, end, has_commands, within=True)
                self._depth -= 1
                self.negated += re.split(PAUSES, words)
                kept.append(" ")
            elif kind == "minus":
                kept.append(found[0])
            elif kind == "open":
                end = closings.get(found.start()) if self._depth < DEEPEST else None
                if end is None:
                    kept.append(found[0])
                    continue
                self._depth += 1
                words, at = self._bracket(text, found.start(), end, has_commands, within)
                self._depth -= 1
                kept.append(words)
            elif kind == "emphasised" or kind == "novelai":
                inner = self._without(found["emphasised"], has_commands, within=True)
                kept.append(self._weighed(inner, float(found["novelai"]), found[0], within))
            else:  # a weight behind words: it is of all since the last pause
                kept = self._weighed_behind("".join(kept), found[0], within)
        return "".join([*kept, text[at:]])

    def _bracket(self, text: str, at: int, end: int, has_commands: bool, within: bool) -> tuple[str, int]:
        """The words of the bracket from `at` to `end`, and where the text goes on."""
        opening, inner, behind = text[at], text[at + 1 : end], end + 1
        if _has_choice(inner) or (opening == "{" and "$$" in inner):
            self._leave_out(text[at:behind], "choice")
            return " ", behind
        weighted = _WEIGHTED.fullmatch(inner)
        if opening == "[" and _SWITCH.fullmatch(inner):
            self._leave_out(text[at:behind], "switch")
            return " ", behind
        if opening != "[" and weighted:
            words = self._without(weighted["inner"], has_commands, within=True)
            return self._weighed(words, float(weighted["weight"]), text[at:behind], within), behind
        if after := _AFTER.match(text, behind):
            words = self._without(inner, has_commands, within=True)
            weight = float(after[0]) if re.fullmatch(_NUMBER, after[0]) else 1.1
            return self._weighed(words, weight, text[at : after.end()], within), after.end()
        if opening == "(" and not within and not _is_emphasis(text, at, end):
            return f"{_LITERAL['(']}{self._without(inner, has_commands, within)}{_LITERAL[')']}", behind
        words = self._without(inner, has_commands, within=True)
        return self._weighed(words, 0.9 if opening == "[" else 1.1, text[at:behind], within), behind

    def _weighed_behind(self, before: str, written: str, within: bool) -> list[str]:
        whole, pause, words = before.rpartition(max(",;\n([{", key=before.rfind))  # or what is left open
        if not words.strip():
            return [before, written]
        number = written.lstrip(":")
        weight = float(number) if re.fullmatch(_NUMBER, number) else 1.1
        weighed = self._weighed(words, weight, f"{words}{written}", within)
        return [whole, pause, weighed, ", " if written.startswith("::") else ""]

    def _weighed(self, words: str, weight: float, source: str, within: bool) -> str:
        if weight <= 0:
            self.negated += re.split(PAUSES, words)
            return " "
        if weight != 1 and not within and words.strip():
            self._leave_out(source, "weight")
        return words

    def _leave_out(self, words: str, why: Why) -> None:
        left = LeftOut(" ".join(words.split()), why)
        if left not in self.left_out:
            self.left_out.append(left)


_WHY: dict[str, Why] = {"addon": "add-on", "wildcard": "wildcard", "setting": "setting"}


def _closings(text: str) -> dict[int, int]:
    """By where a bracket opens, where it is closed."""
    opened: dict[str, list[int]] = {closing: [] for closing in _CLOSING.values()}
    found: dict[int, int] = {}
    for place, each in enumerate(text):
        if text[place - 1 : place] == "\\":
            continue
        if each in _CLOSING:
            opened[_CLOSING[each]].append(place)
        elif opened.get(each):
            found[opened[each].pop()] = place
    return found


def _has_choice(inner: str) -> bool:
    """Whether it has a bar outside of further brackets."""
    depth = 0
    for each in inner:
        depth += (each in "([{") - (each in ")]}")
        if each == "|" and depth == 0:
            return True
    return False


def _is_emphasis(text: str, at: int, end: int) -> bool:
    """Whether a plain bracket says "more of this", and is no aside: it is doubled, or all between two pauses."""
    inner = text[at + 1 : end].strip()
    if inner[:1] == "(" and _closings(inner).get(0) == len(inner) - 1:
        return True
    before, after = text[:at].rstrip(" "), text[end + 1 :].lstrip(" ")
    return before[-1:] in ("", ",", ";", "\n", "(") and after[:1] in ("", ",", ";", "\n", ")")
