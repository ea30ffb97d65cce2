"""What a prompt says to leave away: "no", "without", "not", "-x", "don't draw", "glasses-free"; and how far that goes.

Knows no pack: whoever knows phrases says where the first one ends (`Phrases`).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

PAUSES = r"[,.;:!?|\n]"


class Phrases(Protocol):
    """What somebody knows of phrases, so that "no" reaches as far as the first one. Words are in lower case."""

    @property
    def pauses(self) -> str:
        """A pattern: where a phrase ends in any case."""
        ...

    def knows(self, word: str) -> bool: ...

    def split(self, word: str) -> list[str]:
        """A compound in its words."""
        ...

    def first_phrase(self, words: Sequence[str]) -> range | None:
        """The place of the phrase that begins first."""
        ...

    def alike(self, one: Sequence[str], other: Sequence[str]) -> bool | None:
        """Whether two phrases are of one kind: two accessories, two moods. None where nobody knows."""
        ...


FARTHEST = 16  # words: how far a phrase is looked for
_END = "\x1f"  # nothing that is kept out goes beyond
_TOKEN = re.compile(rf"{_END}|(?<![\w)'-])-(?=[^\W\d_])|\w+(?:['-]\w+)*")
_WITHOUT = frozenset(
    "without sans minus lacking lacks excluding excludes exclude except omit omitting remove avoid avoiding never "
    "neither nor not cannot dont doesnt didnt isnt arent wasnt werent hasnt havent hadnt cant couldnt wont wouldnt "
    "shouldnt mustnt".split()
)
_WITHOUT_OF = frozenset(
    [("free", "of"), ("free", "from"), ("devoid", "of"), ("instead", "of"), ("lack", "of"), ("absence", "of"),
     ("rid", "of"), ("rather", "than"), ("other", "than"), ("anything", "but"), ("no", "longer"), ("no", "more"),
     ("take", "off"), ("takes", "off"), ("taking", "off"), ("took", "off"), ("stopped", "wearing")]
)  # fmt: skip
_NO_CUES = frozenset(  # "no one", "not only smiling but laughing", "a no smoking sign": nothing is kept out
    [("no", word) for word in "one matter doubt wonder need way smoking parking entry".split()]
    + [("not", word) for word in "only just merely necessarily disturb enter".split()]
)
_CANCELLED_BY = frozenset("without forget omit remove avoid exclude lose skip miss lacking".split())  # "never without"
_PASSED_OVER = frozenset(  # between "don't" and what is not to be drawn
    "a an the any some her his their its my your much many of with to at all i she he they it me us you want "
    "wants wear wears wearing worn draw drawing drawn add adding show showing shown include including use "
    "using have has having had put putting give giving need make making let be being been is are was were "
    "very too so really even please kind kinds sort sorts type visible".split()
)
_STOPS = frozenset(
    "but with in on at by and or nor wearing wears dressed who which that while as is are has have under near behind "
    "beside against though although instead yet only just for from into".split()
) | {_END}
_DANGLING_BEFORE = r"(?:and|but|or|nor|with|who|that|is|are|was|were|does|do|has|have|she|he|they|only)"
_DANGLING_BEHIND = r"(?:and|but|or|nor)"
_NOT_FREE = frozenset({"care", "hands", "duty", "scot", "toll"})


def is_cue(word: str) -> bool:
    """Whether a word may say that something is to be kept out."""
    return word in ("no", "-") or word.replace("'", "") in _WITHOUT


class _Token(NamedTuple):
    word: str
    start: int
    end: int


@dataclass(frozen=True)
class _Cut:
    """What a part says is to be kept out: all that is cut from it, and of that the things themselves."""

    start: int  # in tokens
    end: int
    things: tuple[range, ...]
    cue: str


class AnyWords:
    pauses = r"[,;\n]|[.!?:](?=\s|$)"

    def knows(self, word: str) -> bool:
        return False

    def split(self, word: str) -> list[str]:
        return [word]

    def first_phrase(self, words: Sequence[str]) -> range | None:
        return None

    def alike(self, one: Sequence[str], other: Sequence[str]) -> bool | None:
        return None


def _with_cues_before(text: str, known: Phrases) -> str:
    """With "w/o", "zero hats", "used to wear a hat", "hat-free", "hatless", "no-hat", "hat off" said as "without"."""

    def free(found: re.Match[str]) -> str:
        return found[0] if found[1].lower() in _NOT_FREE else f"without {found[1]}{_END}"

    def if_known(found: re.Match[str]) -> str:
        word = found[1].lower()
        known_as = next((each for each in (word, f"{word}s", f"{word}es") if known.knows(each)), None)
        return f" without {found[1]}{_END}" if known_as and not known.knows(found[0].lower()) else found[0]

    text = re.sub(r"\bw/(?:o|out)\b", "without", text, flags=re.IGNORECASE)
    text = re.sub(r"(?<!'s )(?<!\bis )\bused to (?=(?:wear|have)\b)", "without ", text, flags=re.IGNORECASE)
    text = re.sub(
        r"(?:(?<=[,;\n])|(?<=\bwith)|(?<=\bhas)|(?<=\band)|^) *\bzero +(\w+)(?= *(?:[,;.\n]|$))", if_known, text
    )
    text = re.sub(r"\b(\w+) +off(?= *(?:[,;.\n]|$))", if_known, text, flags=re.IGNORECASE)
    text = re.sub(r"\b(\w+)-(?:free|less)\b", free, text, flags=re.IGNORECASE)
    text = re.sub(r"\b(\w{3,}?)less\b", if_known, text, flags=re.IGNORECASE)
    text = re.sub(r"\b(\w+) +free\b(?! +(?:of|from)\b)", if_known, text, flags=re.IGNORECASE)
    return re.sub(r"\b(?:no|non)-(\w+)\b", if_known, text, flags=re.IGNORECASE)


def parted(text: str, known: Phrases) -> tuple[list[str], list[str]]:
    """What is drawn and what is kept out, between the pauses."""
    parts = re.split(known.pauses, _with_cues_before(text, known))
    tokens = [_tokens(part, known) for part in parts]
    drawn, negated, at = list[str](), list[str](), 0
    while at < len(parts):
        cuts = _cuts([token.word for token in tokens[at]], known)
        drawn.append(_cut_out(parts[at], tokens[at], cuts))
        things = [thing for cut in cuts for thing in cut.things]
        negated += [parts[at][tokens[at][thing.start].start : tokens[at][thing.stop - 1].end] for thing in things]
        more = _listed_further(tokens, at, cuts, known)
        negated += [
            re.sub(r"^\s*(?:or|nor|and)\b", "", part, flags=re.I) for part in _at_or(parts[at + 1 : at + 1 + more])
        ]
        at += 1 + more
    return [part for each in drawn if (part := _tidy(each))], [part for each in negated if (part := _tidy(each))]


def _tidy(part: str) -> str:
    return " ".join(part.replace(_END, " ").split())


def _at_or(parts: Sequence[str]) -> list[str]:
    return [each for part in parts for each in re.split(r"\s(?:or|nor)\s", part, flags=re.IGNORECASE)]


def _tokens(part: str, known: Phrases) -> list[_Token]:
    found: list[_Token] = []
    for match in _TOKEN.finditer(part):
        at = match.start()
        for word in known.split(match[0].lower()):
            found.append(_Token(word, at, min(at + len(word), match.end())))
            at += len(word) + 1
    return found


def _cuts(words: list[str], known: Phrases) -> list[_Cut]:
    if not any(_cue(words, at) for at in range(len(words))):
        return []
    cuts, at = list[_Cut](), 0
    while at < len(words):
        whole = known.first_phrase(words[at : at + FARTHEST])
        if whole is not None and whole.start == 0 and len(whole) > 1:  # "no accessories" is one
            at += whole.stop
            continue
        length = _cue(words, at)
        if not length:
            at += 1
            continue
        if words[at + length : at + length + 1] and words[at + length] in _CANCELLED_BY and words[at] != "without":
            at += length + 1
            continue
        cut = _scope(words, at, length, known)
        cuts.append(cut)
        at = max(cut.end, at + length)
    return cuts


def _cue(words: list[str], at: int) -> int:
    """How many words say there that something is to be kept out."""
    pair = (*words[at : at + 2],)
    if pair in _NO_CUES:
        return 0
    if pair in _WITHOUT_OF:
        return 2
    word = words[at].replace("'", "")
    if word == "no":
        return int(len(pair) == 2 and not pair[1][:1].isdigit())
    return int(word in _WITHOUT or word == "-")


def _scope(words: list[str], cue: int, length: int, known: Phrases) -> _Cut:
    things, at, name = list[range](), cue + length, words[cue]
    while True:
        thing = _thing(words, at, known, one_word=name == "-" and cue > 0)
        if thing is None:
            break
        things.append(thing)
        end = thing.stop
        joint = words[end : end + 1]
        if joint in (["or"], ["nor"]) or (joint == ["and"] and _goes_on(words, name, thing, end + 1, known)):
            at = end + 1
        else:
            break
    end = things[-1].stop if things else cue + length
    if words[end : end + 2] == ["at", "all"]:
        end += 2
    return _Cut(cue, end, tuple(things), name)


def _thing(words: list[str], at: int, known: Phrases, one_word: bool) -> range | None:
    """The next thing to be kept out: the first phrase there, or for want of one all up to the next turn."""
    while at < len(words) and words[at] in _PASSED_OVER and not _begins_phrase(words[at : at + FARTHEST], known):
        at += 1
    if at >= len(words) or words[at] == _END or is_cue(words[at]):
        return None
    turn = next(
        (
            place
            for place in range(at, len(words))
            if words[place] in _STOPS or (place > at and words[place][-3:] == "ing")
        ),
        len(words),
    )
    phrase = known.first_phrase(words[at : at + FARTHEST])
    if phrase is not None and (phrase.start == 0 or at + phrase.start < turn):
        return range(at, at + phrase.stop)
    if turn == at:
        return None
    return range(at, at + 1 if one_word else turn)


def _begins_phrase(words: list[str], known: Phrases) -> bool:
    phrase = known.first_phrase(words)
    return phrase is not None and phrase.start == 0


def _goes_on(words: list[str], cue: str, thing: range, at: int, known: Phrases) -> bool:
    """Whether "and" names another thing to be kept out: "without hat and beard" does, "no hat and blue eyes" not."""
    following = _thing(words, at, known, one_word=False)
    if following is None or words[at] in _STOPS or _cue(words, at):
        return False
    if known.alike(words[thing.start : thing.stop], words[following.start : following.stop]):
        return True
    bare = len(following) == 1 and following.start == at and words[at][-3:] != "ing"
    return bare and cue not in ("no", "-", "not")


def _listed_further(tokens: list[list[_Token]], at: int, cuts: list[_Cut], known: Phrases) -> int:
    """How many of the next parts go on with a list: "without a hat, scarf, or glasses", "no hat, scarf or glasses"."""
    if not cuts or not cuts[-1].things or cuts[-1].end < len(tokens[at]) or cuts[-1].cue == "-":
        return 0
    said = [[token.word for token in part] for part in tokens[at + 1 : at + 5]]
    for more, words in enumerate(said, start=1):
        if words[:1] in (["or"], ["nor"]) and not any(_cuts(each, known) for each in said[:more]):
            return more
    if said and len(said[0]) == 3 and said[0][1] in ("or", "nor"):
        last = [token.word for token in tokens[at]][cuts[-1].things[-1].start : cuts[-1].things[-1].stop]
        alike = known.alike(last, said[0][:1])
        return int(alike or (alike is None and cuts[-1].cue in _WITHOUT))
    return 0


def _cut_out(part: str, tokens: list[_Token], cuts: list[_Cut]) -> str:
    kept, at = list[str](), 0
    for cut in cuts:
        kept.append(re.sub(rf"\b{_DANGLING_BEFORE}\s*$", "", part[at : tokens[cut.start].start], flags=re.IGNORECASE))
        at = tokens[cut.end - 1].end
    rest = part[at:]
    kept.append(re.sub(rf"^\s*{_DANGLING_BEHIND}\b", "", rest, flags=re.IGNORECASE) if cuts else rest)
    return " ".join(kept) if cuts else part
