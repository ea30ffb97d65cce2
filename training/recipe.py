"""How much of everything the embedded pack is made from. The seeds of the groups of people never overlap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

SEED = 2026


@dataclass(frozen=True)
class People:
    """A run of person seeds, and how many looks of each are drawn."""

    first: int
    count: int
    looks: int

    @property
    def name(self) -> str:
        """For files that belong to this group."""
        return f"{self.first}-{self.count}x{self.looks}"

    def split(self, parts: int) -> list[People]:
        step = -(-self.count // parts)
        starts = range(self.first, self.first + self.count, step)
        return [People(start, min(step, self.first + self.count - start), self.looks) for start in starts]


@dataclass(frozen=True)
class Recipe:
    """What the pack is made with; `Recipe.small()` goes through every stage in about two minutes, for a test of the way."""

    encoder_people: People = People(0, 6000, 8)
    judge_people: People = People(200_000, 5000, 6)
    picture_people: People = People(400_000, 6000, 2)
    held_out_people: People = People(1_000_000, 500, 4)
    encoder_steps: int = 1500
    judge_steps: int = 1300
    detector_steps: int = 1200
    autoencoder_steps: int = 3600
    decoder_steps: int = 2500
    word_steps: int = 600
    generator_steps: int = 12_000
    attribute_steps: int = 700
    prompt_reader_steps: int = 500

    @staticmethod
    def small() -> Recipe:
        few = 40
        return Recipe(
            People(0, few, 4), People(200_000, few, 4), People(400_000, few, 2), People(1_000_000, 8, 4),
            encoder_steps=8, judge_steps=8, detector_steps=8, autoencoder_steps=6, decoder_steps=4, word_steps=8, generator_steps=8, attribute_steps=8,
            prompt_reader_steps=8,
        )  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One training run: its folder (never committed), its recipe, and where the pack is written."""

    folder: Path
    recipe: Recipe
    pack: Path

    def file(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
