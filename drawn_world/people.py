"""Who is drawn: runs of seeds. The seed of a person and the number of a look determine a drawing on every machine."""

from __future__ import annotations

from dataclasses import dataclass


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


HELD_OUT = People(1_000_000, 600, 4)  # nothing is ever trained on them


def look_seed(person_seed: int, index: int) -> int:
    """Of a person's look of that number."""
    return person_seed * 100 + index
