"""How much there is to compute in a drawing, and how fast this machine multiplies matrices, measured."""

# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

REPEATS = 7


@dataclass(frozen=True)
class Rate:
    """The faster of a large matrix product and a large convolution."""

    dtype: str
    gflops: float  # GFLOP/s


def gflop_of(work: Callable[[], object]) -> float:
    """Multiplications and additions of matrices and convolutions in torch, in 10^9."""
    with FlopCounterMode(display=False) as counter:
        work()
    return counter.get_total_flops() / 1e9


@torch.inference_mode()
def matrix_rates() -> list[Rate]:
    """On the CPU, with as many threads as torch has."""
    return [Rate(str(dtype).removeprefix("torch."), _rate(dtype)) for dtype in (torch.float32, torch.bfloat16)]


def _rate(dtype: torch.dtype) -> float:
    square = torch.randn(1536, 1536).to(dtype)
    picture = torch.randn(1, 256, 64, 64).to(dtype).to(memory_format=torch.channels_last)
    kernel = torch.randn(256, 256, 3, 3).to(dtype).to(memory_format=torch.channels_last)
    product, convolution = lambda: square @ square, lambda: F.conv2d(picture, kernel, padding=1)
    return max(2 * 1536**3 / _seconds(product), 2 * 64**2 * 9 * 256**2 / _seconds(convolution)) / 1e9


def _seconds(work: Callable[[], object]) -> float:
    """The quickest: what else the machine does only slows."""
    work()
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work()
        times.append(time.perf_counter() - started)
    return min(times)
