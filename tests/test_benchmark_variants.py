"""The comparison with the plain script: what it counts, not how fast anything is."""

from __future__ import annotations

import os
import time
from types import SimpleNamespace

import pytest
from fakes import fake_pack

from benchmarks.architectures import SD15, SDXL
from benchmarks.sides import Drawing, Side, in_its_own_process
from benchmarks.variants import Work, table


@pytest.mark.parametrize(("architecture", "published"), [(SD15, 859_520_964), (SDXL, 2_567_463_684)])
def test_the_architectures_have_as_many_weights_as_the_published_ones(architecture, published):
    assert architecture.empty_unet().num_parameters() == published


def counting_side() -> Side:
    """Sleeps 20 ms in its one part, of 50 ms in all, and shows a preview between."""
    model = SimpleNamespace(run=lambda: time.sleep(0.02))

    def draw(seed, seen):
        model.run()
        seen("preview")
        time.sleep(0.03)
        return os.getpid()

    return Side(draw, {"model": (model, "run")})


def test_a_side_draws_in_a_process_of_its_own_and_counts_each_drawing_anew():
    with in_its_own_process(counting_side) as draw:
        first, second = draw(0), draw(1)

    for drawing in (first, second):
        assert 0.02 <= drawing.parts["model"] <= drawing.first_preview <= drawing.seconds - 0.03
        assert drawing.first_finished == pytest.approx(drawing.seconds, abs=0.01)
        assert drawing.cpu_seconds < drawing.seconds
    assert first.peak > 10


def test_the_table_says_the_median_of_each_rounds_own_ratio():
    def drawing(seconds: float, **parts: float) -> Drawing:
        return Drawing(seconds, seconds, None, seconds, parts, 500)

    plain = [drawing(4, UNet=3), drawing(8, UNet=6), drawing(4, UNet=3)]  # all were twice as slow in the second round
    castbook = [drawing(2, previews=1), drawing(4, previews=2), drawing(1, previews=1)]

    lines = table(fake_pack(), plain, castbook, Work(80.0, {"float32": 100.0}))

    assert "| **four pictures** | 4.00 | 2.00 |" in lines
    assert "| UNet | 3.000 | – |" in lines
    assert "| previews | – | 1.000 |" in lines
    assert "| GFLOP/s, of the plain script's operations | 20 | 40 |" in lines
    assert "2.00 times as fast" in lines[-1]
