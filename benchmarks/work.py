"""How much there is to compute in a drawing, and how fast this machine multiplies matrices, measured."""

# pyright: reportPrivateImportUsage=false
from __future__ import annotations

import time
from collections.abc import Callable, Sequence
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
def matrix_rates(device: str = "cpu", dtypes: Sequence[torch.dtype] = (torch.float32, torch.bfloat16)) -> list[Rate]:
    """With as many threads as torch has, if it is the CPU."""
    return [Rate(str(dtype).removeprefix("torch."), _rate(dtype, device)) for dtype in dtypes]


def _rate(dtype: torch.dtype, device: str) -> float:
    side, pictures = (1536, 1) if device == "cpu" else (8192, 32)
    square = torch.randn(side, side, device=device).to(dtype)
    picture = torch.randn(pictures, 256, 64, 64, device=device).to(dtype).to(memory_format=torch.channels_last)
    kernel = torch.randn(256, 256, 3, 3, device=device).to(dtype).to(memory_format=torch.channels_last)
    product, convolution = lambda: square @ square, lambda: F.conv2d(picture, kernel, padding=1)
    operations = 2 * side**3, 2 * pictures * 64**2 * 9 * 256**2
    return max(operations[0] / _seconds(product), operations[1] / _seconds(convolution)) / 1e9


def _seconds(work: Callable[[], torch.Tensor]) -> float:
    """The quickest: what else the machine does only slows."""
    work()
    times: list[float] = []
    for _ in range(REPEATS):
        started = time.perf_counter()
        work().flatten()[0].item()  # waits for the device
        times.append(time.perf_counter() - started)
    return min(times)
