"""What draws, made quick for a GPU: memory in the order that its matrix units read, fewer products, one launch a step.

FaceID's LoRA is added to the weights, which costs nothing while it draws, and is taken out again for whoever nobody
steers. Self-attention takes query, key and value from one product. A step's kernels, a thousand and more, are launched
as one CUDA graph where that is the quicker way; torch.compile takes tens of seconds and is left to whoever draws
thousands (`python -m benchmarks gpu` shows both). The pictures are the same to rounding.
"""

# diffusers' and peft's own annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

import torch
from diffusers.models.attention_processor import FusedAttnProcessor2_0

SELF_ATTENTION = "attn1"
PROJECTIONS = ("to_q", "to_k", "to_v")

logger = logging.getLogger("castbook")

Work: TypeAlias = Callable[[], torch.Tensor]


@dataclass(frozen=True)
class Ways:
    """To draw faster, each for itself."""

    channels_last: bool = True
    fused: bool = True  # the LoRA in the weights, and one product for query, key and value
    replayed: bool = True  # CUDA graphs, where there is CUDA and they are quicker
    compiled: bool = False  # torch.compile of the UNet's repeated blocks


def make_quick(pipeline: Any, ways: Ways) -> None:
    """A pipeline of faceid.py with its adapter loaded, where it is to draw. It cannot load another adapter then."""
    unet = pipeline.unet
    if ways.channels_last:
        for part in (unet, pipeline.vae):
            part.to(memory_format=torch.channels_last)
    if ways.fused:
        lora = SwitchedLora(unet, pipeline.lora)
        _fuse_self_attention(unet, lora)
        pipeline.switched_lora = lora
    if ways.compiled:
        unet.compile_repeated_blocks()
    if ways.replayed and unet.device.type == "cuda":
        unet.forward = Replayed(unet.forward, lambda: strength_of(unet), cuda_graph)


class SwitchedLora:
    """A LoRA that is in the weights or is not, bit for bit as often as it is switched: what they are without it is kept
    in the computer's own memory."""

    def __init__(self, unet: Any, name: str | None) -> None:
        """Takes the LoRA's layers out of the UNet, and is off."""
        self._weights: list[_Weight] = []
        self.on = False
        if name is None:
            return
        layers = [(path, layer) for path, layer in unet.named_modules() if name in getattr(layer, "lora_A", {})]
        for path, layer in layers:
            linear = layer.get_base_layer()
            self._weights.append(
                _Weight(
                    linear.weight.data,
                    linear.weight.data.cpu().clone(),
                    layer.lora_A[name].weight.data,
                    layer.lora_B[name].weight.data,
                    layer.scaling[name],
                )
            )
            unet.set_submodule(path, linear)
        unet.peft_config = {}

    def switch(self, on: bool) -> None:
        if on != self.on:
            for weight in self._weights:
                weight.set(on)
            self.on = on

    def moved(self, before: torch.Tensor, after: torch.Tensor) -> None:
        """A weight's numbers are in another place now."""
        for weight in self._weights:
            if weight.now.data_ptr() == before.data_ptr():
                weight.now = after


@dataclass
class _Weight:
    now: torch.Tensor  # what is multiplied with
    without: torch.Tensor
    down: torch.Tensor
    up: torch.Tensor
    scale: float

    def set(self, with_lora: bool) -> None:
        self.now.copy_(self.without)
        if with_lora:
            self.now.addmm_(self.up, self.down, alpha=self.scale)


def _fuse_self_attention(unet: Any, lora: SwitchedLora) -> None:
    """diffusers' own `fuse_qkv_projections` puts one processor everywhere, and the adapter's would be gone."""
    for path, attention in list(unet.named_modules()):
        if path.rpartition(".")[2] != SELF_ATTENTION:
            continue
        attention.fuse_projections()
        parts = attention.to_qkv.weight.data.chunk(len(PROJECTIONS))
        for name, part in zip(PROJECTIONS, parts, strict=True):
            lora.moved(getattr(attention, name).weight.data, part)
            delattr(attention, name)
        attention.set_processor(FusedAttnProcessor2_0())


def strength_of(unet: Any) -> tuple[float, ...]:
    """Of the adapter: numbers that a recorded step keeps."""
    return tuple(scale for each in unet.attn_processors.values() for scale in getattr(each, "scale", ()))


def seconds_of(work: Work) -> float:
    """Until the result is there, on whatever device."""
    started = time.perf_counter()
    work()[(0,) * 4].item()
    return time.perf_counter() - started


class Replayed:
    """A UNet's `forward` that is recorded the first time, and then replayed while shapes and strength stay.

    One recording is kept, for each holds memory of its own: other shapes are recorded anew, which takes as long as
    three steps. Where the replay is no quicker, or cannot be had, steps are drawn one kernel after the other.
    """

    def __init__(
        self,
        forward: Callable[..., Any],
        strength: Callable[[], object],
        record: Callable[[Work], Work],
        seconds: Callable[[Work], float] = seconds_of,
    ) -> None:
        self._forward, self._strength, self._record, self._seconds = forward, strength, record, seconds
        self._key: object = None
        self._inputs: list[torch.Tensor] = []
        self._replay: Work | None = None

    def __call__(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        added_cond_kwargs: dict[str, Any],
        **settings: Any,
    ) -> tuple[torch.Tensor]:
        names = sorted(added_cond_kwargs)
        inputs = [sample, timestep, encoder_hidden_states]
        inputs += [_only(added_cond_kwargs[name]) for name in names]
        key = (self._strength(), [(each.shape, each.dtype, each.device) for each in inputs])
        if key != self._key:
            self._key, self._replay = key, None  # first, so that the earlier one's memory is free
            self._inputs = [each.clone() for each in inputs]
            self._replay = self._recorded(names, settings)
        if self._replay is None:
            return self._forward(
                sample, timestep, encoder_hidden_states, added_cond_kwargs=added_cond_kwargs, **settings
            )
        for kept, given in zip(self._inputs, inputs, strict=True):
            kept.copy_(given)
        return (self._replay().clone(),)

    def _recorded(self, names: list[str], settings: dict[str, Any]) -> Work | None:
        """None where it is not worth it."""
        sample, timestep, words, *others = self._inputs
        added = {name: [each] if name == "image_embeds" else each for name, each in zip(names, others, strict=True)}

        def work() -> torch.Tensor:
            return self._forward(sample, timestep, words, added_cond_kwargs=added, **settings)[0]

        try:
            work()  # libraries choose their kernels the first time
            replay = self._record(work)
            return replay if self._seconds(replay) < self._seconds(work) else None
        except RuntimeError as error:
            logger.warning("Steps are drawn without CUDA graphs, which may take longer: %s", error)
            return None


def _only(given: Any) -> torch.Tensor:
    """diffusers hands the identities of each adapter over in a list; there is one adapter."""
    if isinstance(given, torch.Tensor):
        return given
    (only,) = given
    return only


def cuda_graph(work: Work) -> Work:
    """`work`'s kernels, recorded. What it reads and writes stays where it is."""
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph, capture_error_mode="thread_local"):  # other threads may use the GPU meanwhile
        drawn = work()

    def replay() -> torch.Tensor:
        graph.replay()
        return drawn

    return replay
