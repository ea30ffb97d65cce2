"""Group normalisation whose backward pass is fast on CPUs with channels_last tensors.

torch 2.13's `native_group_norm_backward` takes half of an autoencoder's training step there; this one takes a quarter of
that. The result is the same up to rounding (tested). The method: Wu and He 2018, https://arxiv.org/abs/1803.08494.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn


class _GroupNorm(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, groups: int, eps: float) -> Tensor:
        n, c, h, w = x.shape
        pixels = h * w
        mean = x.sum((2, 3), dtype=torch.float32).view(n, groups, -1).mean(2) / pixels
        square = (x * x).sum((2, 3), dtype=torch.float32).view(n, groups, -1).mean(2) / pixels
        inverse = (square - mean.square()).clamp_min(0).add(eps).rsqrt()
        scale = inverse.repeat_interleave(c // groups, 1) * weight
        shift = bias - mean.repeat_interleave(c // groups, 1) * scale
        ctx.save_for_backward(x, weight, mean, inverse)
        ctx.groups = groups
        return torch.addcmul(shift.to(x.dtype)[:, :, None, None], x, scale.to(x.dtype)[:, :, None, None])

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, Tensor, Tensor, None, None]:
        (gradient,) = gradients
        x, weight, mean, inverse = ctx.saved_tensors
        (n, c, h, w), groups = x.shape, ctx.groups
        each, size = c // groups, c // groups * h * w
        wide_mean, wide_inverse = mean.repeat_interleave(each, 1), inverse.repeat_interleave(each, 1)
        sum_g = gradient.sum((2, 3), dtype=torch.float32)
        sum_gx = (gradient * x).sum((2, 3), dtype=torch.float32)
        sum_g_normed = (sum_gx - sum_g * wide_mean) * wide_inverse
        along = (sum_g_normed * weight).view(n, groups, each).sum(2) / size
        level = (sum_g * weight).view(n, groups, each).sum(2) / size
        by_x = -(along * inverse.square()).repeat_interleave(each, 1)
        constant = -(level * inverse).repeat_interleave(each, 1) - by_x * wide_mean
        kind = x.dtype
        result = torch.addcmul(constant.to(kind)[:, :, None, None], x, by_x.to(kind)[:, :, None, None])
        result.addcmul_(gradient, (wide_inverse * weight).to(kind)[:, :, None, None])
        return result, sum_g_normed.sum(0), sum_g.sum(0), None, None


class FastGroupNorm(nn.GroupNorm):
    """nn.GroupNorm for (n, c, h, w) inputs; others go the usual way."""

    def forward(self, input: Tensor) -> Tensor:
        if input.ndim != 4 or input.device.type != "cpu" or not torch.is_grad_enabled():
            return super().forward(input)
        return _GroupNorm.apply(input, self.weight, self.bias, self.num_groups, self.eps)  # pyright: ignore[reportReturnType]


def make_fast(model: nn.Module) -> None:
    """Gives every group normalisation of the model the fast backward pass, in place."""
    for module in model.modules():
        if type(module) is nn.GroupNorm:
            module.__class__ = FastGroupNorm
