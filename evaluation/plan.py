"""What a run draws and measures, decided before anything is drawn: of the same people and prompts the same cases."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from errors import InvalidRequest
from evaluation.rows import Arm

# All baselines together draw a quarter as many pictures as the variants at most: 1/16 + 4/40 + 1/40 + 3/100. Small runs
# pay more, because an arm of one picture would say nothing.
NO_ADAPTER_SHARE = 1 / 16  # of the pairs of a person and a prompt
SCALE_SHARE = 1 / 40
REFERENCES_SHARE = 1 / 40
CHAINS_A_PICTURE = 1 / 100
FEWEST = 2
SCALES = (0.25, 0.5, 0.75, 1.25)  # of the pack's own identity_scale, which the variants have
STRONGEST_SCALE = 1.5  # what a request may ask for
REFERENCES = 3
DEEPEST = 4
PICTURES_A_JOB = 4  # the largest batch of a generator: a killed run loses no more
LIMIT = 1000  # of prompts and of seeds, so that no two cases share a seed by chance


@dataclass(frozen=True)
class Case:
    """All that determines a row."""

    arm: Arm
    identity: str
    prompt: str
    prompt_number: int
    seed: int
    identity_scale: float | None = None
    references: int = 1
    depth: int = 0

    @property
    def id(self) -> str:
        """Unlike any other of a plan, and the same in every plan that has the case."""
        drawn = "" if self.identity_scale is None else f", scale {self.identity_scale:g}, depth {self.depth}"
        steered = f", {self.references} references" if self.references > 1 else ""
        return f"{self.arm}: {self.identity}, prompt {self.prompt_number}, seed {self.seed}{drawn}{steered}"


# Cases that are drawn by one request, and perhaps a chain that starts from the first: done together or not at all.
Job = tuple[Case, ...]


def read_prompts(file: Path) -> tuple[str, ...]:
    """One a line. Raises InvalidRequest."""
    try:
        lines = file.read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InvalidRequest(
            "The prompts in {file} cannot be read ({error}).",
            "Give a text file with one a line.",
            file=file,
            error=error,
        ) from error
    return tuple(line.strip() for line in lines if line.strip())


def make_jobs(people: Mapping[str, int], prompts: Sequence[str], count: int, identity_scale: float) -> tuple[Job, ...]:
    """The cases for people (how many pictures are known of each), prompts and `count` seeds at the pack's own scale.

    Raises InvalidRequest.
    """
    _check(people, prompts, count)
    planner = _Planner(tuple(people), tuple(prompts), count, identity_scale)
    return (
        *planner.variants(),
        *planner.no_adapter(),
        *planner.scales(),
        *planner.several_references(people),
        *planner.true_pictures(people),
    )


@dataclass(frozen=True)
class _Planner:
    people: tuple[str, ...]
    prompts: tuple[str, ...]
    count: int
    identity_scale: float

    def variants(self) -> Iterator[Job]:
        for person in range(len(self.people)):
            for prompt in range(len(self.prompts)):
                first, *others = self._drawn("variant", person, prompt, self.identity_scale)
                yield first + self._chain(person, prompt)
                yield from others

    def no_adapter(self) -> Iterator[Job]:
        for person, prompt in self._subset(NO_ADAPTER_SHARE):
            yield from self._drawn("no adapter", person, prompt, 0.0)

    def scales(self) -> Iterator[Job]:
        for person, prompt in self._subset(SCALE_SHARE):
            for scale in (round(part * self.identity_scale, 4) for part in SCALES):
                if scale <= STRONGEST_SCALE:
                    yield from self._drawn("scale", person, prompt, scale)

    def several_references(self, known: Mapping[str, int]) -> Iterator[Job]:
        """Of those of whom several pictures are known beside the one that is held out."""
        able = [person for person, name in enumerate(self.people) if known[name] > 2]
        for index, prompt in self._subset(REFERENCES_SHARE, len(able)):
            references = min(REFERENCES, known[self.people[able[index]]] - 1)
            yield from self._drawn("references", able[index], prompt, self.identity_scale, references)

    def true_pictures(self, known: Mapping[str, int]) -> Iterator[Job]:
        """What costs no drawing. The prompts go round: how much of one does a picture show that knows nothing of it?"""
        for person, name in enumerate(self.people):
            prompt = person % len(self.prompts)
            yield (self._case("pasted", person, prompt, 0),)
            if known[name] > 1:
                yield (self._case("true pair", person, prompt, 0),)
            if len(self.people) > 1:
                yield (self._case("stranger", person, prompt, 0),)

    def _chain(self, person: int, prompt: int) -> Job:
        """What goes on from a person's very first variant.

        Each link has the prompt and seed of another variant, so that the two differ in the reference alone.
        """
        pictures = len(self.people) * len(self.prompts) * self.count
        if prompt > 0 or person >= max(FEWEST, math.floor(pictures * CHAINS_A_PICTURE)):
            return ()
        return tuple(
            self._case("chain", person, (depth - 1) % len(self.prompts), 0, self.identity_scale, depth=depth)
            for depth in range(2, DEEPEST + 1)
        )

    def _subset(self, share: float, people: int | None = None) -> list[tuple[int, int]]:
        """A share of all pairs of person and prompt: each person once before one comes twice, the prompts in turn."""
        people, prompts = len(self.people) if people is None else people, len(self.prompts)
        wanted = min(people * prompts, max(FEWEST, math.floor(len(self.people) * prompts * share)))
        return [(i % people, (i % people + i // people) % prompts) for i in range(wanted)]

    def _drawn(self, arm: Arm, person: int, prompt: int, identity_scale: float, references: int = 1) -> Iterator[Job]:
        cases = [
            self._case(arm, person, prompt, seed, identity_scale, references, depth=1) for seed in range(self.count)
        ]
        for start in range(0, self.count, PICTURES_A_JOB):
            yield tuple(cases[start : start + PICTURES_A_JOB])

    def _case(
        self,
        arm: Arm,
        person: int,
        prompt: int,
        seed: int,
        identity_scale: float | None = None,
        references: int = 1,
        depth: int = 0,
    ) -> Case:
        return Case(
            arm,
            self.people[person],
            self.prompts[prompt],
            prompt,
            person * LIMIT * LIMIT + prompt * LIMIT + seed,  # the arms are paired: one person, prompt and seed
            identity_scale,
            references,
            depth,
        )


def _check(people: Mapping[str, int], prompts: Sequence[str], count: int) -> None:
    if not people:
        raise InvalidRequest("There is nobody to measure.", "Give references of one person at least.")
    if not 1 <= len(prompts) <= LIMIT:
        raise InvalidRequest(
            "There are {count} prompts.", "Give 1 to {limit}, one a line.", count=len(prompts), limit=LIMIT
        )
    if not 1 <= count <= LIMIT:
        raise InvalidRequest("{count} seeds were asked for.", "Choose 1 to {limit}.", count=count, limit=LIMIT)
