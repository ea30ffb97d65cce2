"""One run on several processes and GPUs: `accelerate launch -m evaluation retention ...`. A plain start is one process.

The processes share the run's folder and nothing else, so none of them gathers what the others made.
"""

# accelerate's own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any, TypeVar

import torch
from accelerate import PartialState

LONGEST_RUN = timedelta(days=14)  # so long the quickest process waits for the slowest; the default is half an hour

Value = TypeVar("Value")


class Processes:
    """The processes that `accelerate launch` or `torchrun` started; each takes its own GPU, where there are any."""

    def __init__(self) -> None:
        self._state: Any = PartialState(cpu=not torch.cuda.is_available(), timeout=LONGEST_RUN)

    @property
    def is_first(self) -> bool:
        return bool(self._state.is_main_process)

    def first_alone(self, work: Callable[[], Value]) -> Value:
        """Done by the first process, then by the others, which find what it left on the disk."""
        with self._state.main_process_first():
            return work()

    def share(self, places: Sequence[int]) -> list[int]:
        """This process's part. They take turns, because what lies side by side in a plan takes equally long."""
        count = int(self._state.num_processes)
        in_turns = [place for process in range(count) for place in places[process::count]]
        with self._state.split_between_processes(in_turns) as mine:
            return list(mine)

    def wait(self) -> None:
        """Until every process is here."""
        self._state.wait_for_everyone()
