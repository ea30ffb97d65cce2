"""The ways to draw faster on a GPU, taken on the CPU as far as that goes: the pictures stay what they are."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from fakes import Asked
from PIL import Image

from benchmarks.architectures import SDXL, write_pack
from pipeline.generator import DiffusersGenerator
from pipeline.on_gpu import Replayed, Ways, strength_of
from pipeline.packs import load_pack
from pipeline.values import Identity, Reference
from settings import BUILT_IN_PACKS

STEERING = ("toy-steering", "paperdoll-2/steering")
MINA = Reference(
    Image.new("RGB", (64, 64)), tuple(Identity(each, np.eye(1, 512, dtype=np.float32)[0]) for each in STEERING)
)
REQUEST = Asked("a cat", seed=3, count=2, reference=MINA, identity_scale=0.8, steps=2, guidance_scale=5.0)
NOBODY = replace(REQUEST, reference=None)
ROUNDING = 1e-2  # levels of 0 to 255, in the mean


def drawn(generator: DiffusersGenerator, request: Asked) -> np.ndarray:
    return np.stack([np.asarray(picture, np.float64) for picture in generator.generate(*request, lambda step: None)])


@pytest.fixture(scope="module", params=["lora", "doll", "xl"])
def both(
    request: pytest.FixtureRequest, toy_packs: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[DiffusersGenerator, DiffusersGenerator]:
    """As diffusers draws, and quickly: by an adapter with a LoRA, by one without, and by SDXL's two text encoders."""
    if request.param == "xl":
        folder = tmp_path_factory.mktemp("packs")
        write_pack(folder / "xl", SDXL.tiny(), steps=4, count=2)
        pack = load_pack("xl", [folder, BUILT_IN_PACKS])
    else:
        pack = load_pack(request.param, [toy_packs])
    return DiffusersGenerator.load(pack, "cpu"), DiffusersGenerator.load(pack, "cpu", ways=Ways())


@pytest.mark.parametrize("request_", [REQUEST, replace(REQUEST, identity_scale=0.3, guidance_scale=1.0), NOBODY])
def test_the_pictures_are_the_same(both: tuple[DiffusersGenerator, DiffusersGenerator], request_: Asked):
    plain, quick = both

    assert np.abs(drawn(plain, request_) - drawn(quick, request_)).mean() < ROUNDING


def test_who_was_drawn_between_leaves_no_trace_in_the_weights(both: tuple[DiffusersGenerator, DiffusersGenerator]):
    _, quick = both
    before = drawn(quick, REQUEST), drawn(quick, NOBODY)

    assert all((one == drawn(quick, each)).all() for one, each in zip(before, (REQUEST, NOBODY), strict=True))
    assert np.abs(before[0] - before[1]).mean() > 1


def test_self_attention_is_one_product_and_the_adapters_attention_is_still_its_own(
    both: tuple[DiffusersGenerator, DiffusersGenerator],
):
    unet: Any = both[1]._pipeline.unet  # pyright: ignore[reportPrivateUsage]

    assert {(path.split(".")[-2], type(processor).__name__) for path, processor in unet.attn_processors.items()} == {
        ("attn1", "FusedAttnProcessor2_0"),
        ("attn2", "IPAdapterAttnProcessor2_0"),
    }
    assert not any("lora" in name or ".attn1.to_q." in name for name, _ in unet.named_parameters())


class Recorder:
    """In the place of a CUDA graph: what was recorded is done again. A launch takes a second, a replay `takes`."""

    def __init__(self, takes: float = 0.5) -> None:
        self.recorded, self.replayed = 0, 0
        self._takes = takes
        self._replays: list[Any] = []

    def record(self, work: Any) -> Any:
        self.recorded += 1

        def replay() -> torch.Tensor:
            self.replayed += 1
            return work()

        self._replays.append(replay)
        return replay

    def seconds(self, work: Any) -> float:
        return self._takes if work in self._replays else 1.0


def replaying(generator: DiffusersGenerator, recorder: Recorder) -> DiffusersGenerator:
    unet: Any = generator._pipeline.unet  # pyright: ignore[reportPrivateUsage]
    unet.forward = Replayed(unet.forward, lambda: strength_of(unet), recorder.record, recorder.seconds)
    return generator


def test_recorded_steps_draw_the_same_and_are_recorded_anew_for_another_strength_or_number(toy_packs: Path):
    generator = DiffusersGenerator.load(load_pack("lora", [toy_packs]), "cpu")
    requests = (REQUEST, replace(REQUEST, seed=4), NOBODY, replace(NOBODY, count=1))
    before = [drawn(generator, each) for each in requests]
    recorder = Recorder()

    after = [drawn(replaying(generator, recorder), each) for each in requests[:1]]
    after += [drawn(generator, each) for each in requests[1:]]

    assert all((one == other).all() for one, other in zip(before, after, strict=True))
    assert (recorder.recorded, recorder.replayed) == (3, len(requests) * REQUEST.steps)


def forward(sample: torch.Tensor, timestep: torch.Tensor, words: torch.Tensor, **_: object) -> tuple[torch.Tensor]:
    return (sample * timestep + words.mean(),)


def stepped(unet: Replayed) -> float:
    embeddings = {"image_embeds": [torch.zeros(1, 1, 512)]}
    return float(unet(torch.ones(1, 4, 8, 8), torch.tensor(2.0), torch.ones(1, 77, 8), embeddings)[0].mean())


def test_what_is_no_quicker_is_not_replayed():
    recorder = Recorder(takes=1.5)
    unet = Replayed(forward, lambda: 1.0, recorder.record, recorder.seconds)

    assert [stepped(unet), stepped(unet)] == [3.0, 3.0]
    assert (recorder.recorded, recorder.replayed) == (1, 0)


def test_what_cannot_be_recorded_is_drawn_as_before_and_the_log_says_so(caplog: pytest.LogCaptureFixture):
    def fails(work: Any) -> Any:
        raise RuntimeError("CUDA error: operation not permitted when stream is capturing")

    unet = Replayed(forward, lambda: 1.0, fails, Recorder().seconds)

    with caplog.at_level("WARNING", "castbook"):
        assert [stepped(unet), stepped(unet)] == [3.0, 3.0]
    assert caplog.text.count("drawn without CUDA graphs") == 1
