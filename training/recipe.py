"""How much of everything the embedded pack is made from. The seeds of the groups of people never overlap."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from drawn_world.people import HELD_OUT, People

SEED = 2026


@dataclass(frozen=True)
class Recipe:
    """What the pack is made with. The default is full strength: a quarter of an hour of an H100, days of two cores."""

    encoder_people: People = People(0, 6000, 8)
    judge_people: People = People(200_000, 6000, 8)
    picture_people: People = People(400_000, 7000, 4)
    drawn_judge_people: People = People(200_000, 1500, 4)  # the judge's own people, shown whole: one hand among many
    prior_people: People = People(410_000, 8000, 2)
    held_out_people: People = HELD_OUT
    encoder_steps: int = 2200
    judge_steps: int = 2200
    detector_steps: int = 1500
    drawn_judge_steps: int = 3000
    drawn_detector_steps: int = 1000
    left_out_steps: int = 150  # of each judge that never saw one designer
    left_out_hands: int = 120  # of our own artist's, that it saw
    left_out_lines: int = 100  # of the reserved hands, that its lines are learnt on
    autoencoder_steps: int = 4800
    small_crops_until: float = 0.0  # of the autoencoder's steps: small ones first, where each costs
    decoder_steps: int = 2500
    preview_steps: int = 3000
    previewed: int = 1500  # of the pictures: so many latents the decoder of previews learns from
    word_steps: int = 1500
    reader_steps: int = 1500
    generator_steps: int = 3800
    generator_batch: int = 512
    trained_on_steps: int = 4000  # of a pack's generator, with the words that the app has beside an identity
    redrawn: int = 6000  # of the pictures: so many latents the decoder sees as the generator draws them
    attribute_steps: int = 1000
    prompt_reader_steps: int = 1000
    heads: int = 3200  # drawn for the reader of marks; three quarters as many are softened as well
    marks_steps: int = 3000
    prior_steps: int = 12_000
    batches: float = 4.0  # the sizes of all other batches, in those that suit two cores

    def batch(self, size: int) -> int:
        """How many of something a batch has, of which `size` suit two cores."""
        return max(2, round(size * self.batches))

    @staticmethod
    def two_cores() -> Recipe:
        """What two CPU cores without bf16 can teach in two hours to a pack that already knows an earlier world."""
        return Recipe(
            People(0, 3000, 8), People(200_000, 3000, 8), People(400_000, 5000, 3), encoder_steps=300, judge_steps=500,
            detector_steps=300, autoencoder_steps=3600, decoder_steps=900, preview_steps=2500, previewed=400, redrawn=2400, word_steps=600, reader_steps=500,
            generator_steps=3000, generator_batch=16, trained_on_steps=1400, attribute_steps=600, prompt_reader_steps=500,
            marks_steps=3000, prior_steps=4000, small_crops_until=0.85, batches=1.0,
        )  # fmt: skip

    @staticmethod
    def small() -> Recipe:
        """Every stage with next to nothing, in half a minute."""
        return Recipe(
            People(0, 12, 4), People(200_000, 12, 4), People(400_000, 12, 3), People(200_000, 12, 3), People(410_000, 12, 2), People(1_000_000, 8, 4),
            encoder_steps=4, judge_steps=4, detector_steps=4, drawn_judge_steps=4, drawn_detector_steps=4, left_out_steps=2, left_out_hands=2, left_out_lines=3, autoencoder_steps=4, decoder_steps=4, preview_steps=4, previewed=6, redrawn=24, word_steps=4,
            reader_steps=4, generator_steps=4, generator_batch=4, trained_on_steps=4, attribute_steps=4, prompt_reader_steps=4, heads=8, marks_steps=4, prior_steps=4,
            small_crops_until=0.85, batches=0.1,
        )  # fmt: skip


@dataclass(frozen=True)
class Run:
    """One training run: its folder (never committed), its recipe, and where the pack is written."""

    folder: Path
    recipe: Recipe
    pack: Path
    ends: float | None = None  # by time.monotonic(): training stops then, to go on in another piece

    def file(self, name: str) -> Path:
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        return path
