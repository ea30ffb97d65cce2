"""The real OpenVINO on a toy pack: what is compiled draws what diffusers draws, and is made anew when it must be."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from fakes import Asked
from PIL import Image
from safetensors.torch import load_file, save_file
from toy_packs import write_toy_pack

from errors import InvalidRequest
from pipeline.generator import DiffusersGenerator
from pipeline.packs import Pack, load_pack
from pipeline.values import Identity, Reference

MINA = Reference(Image.new("RGB", (64, 64)), (Identity("toy-steering", np.eye(1, 512, dtype=np.float32)[0]),))
REQUEST = Asked("a cat", seed=3, count=3, reference=MINA, identity_scale=0.8, steps=4, guidance_scale=5.0)
ALIKE = 1.0  # mean difference in levels of 0 to 255: bfloat16


def drawn(generator: DiffusersGenerator, request: Asked) -> np.ndarray:
    return np.stack([np.asarray(picture, np.float64) for picture in generator.generate(*request, lambda step: None)])


@pytest.fixture(scope="module")
def pack(tmp_path_factory: pytest.TempPathFactory) -> Pack:
    folder = tmp_path_factory.mktemp("packs")
    write_toy_pack(folder / "small", kind="small")
    return load_pack("small", [folder])


@pytest.fixture(scope="module")
def folder(pack: Pack, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("compiled")


@pytest.fixture(scope="module")
def compiled(pack: Pack, folder: Path) -> DiffusersGenerator:
    return DiffusersGenerator.load(pack, "cpu", folder)


@pytest.fixture(scope="module")
def plain(pack: Pack) -> DiffusersGenerator:
    return DiffusersGenerator.load(pack, "cpu")


def blobs(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir()}


@pytest.mark.parametrize("strength", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_it_draws_what_diffusers_draws(
    compiled: DiffusersGenerator, plain: DiffusersGenerator, strength: float, guidance_scale: float
):
    """Whatever the strength: adapter and LoRA are inputs, not what they were when it was compiled."""
    request = replace(REQUEST, identity_scale=strength, guidance_scale=guidance_scale)

    assert np.abs(drawn(compiled, request) - drawn(plain, request)).mean() < ALIKE


def test_strength_is_no_constant_in_it(compiled: DiffusersGenerator):
    weak, strong = (drawn(compiled, replace(REQUEST, identity_scale=scale)) for scale in (0.0, 1.0))

    assert np.abs(weak - strong).mean() > 3 * ALIKE


def test_a_picture_has_the_same_pixels_whatever_is_drawn_beside_it(compiled: DiffusersGenerator):
    together = drawn(compiled, REQUEST)

    for i, picture in enumerate(together):
        assert (picture == drawn(compiled, replace(REQUEST, seed=3 + i, count=1))[0]).all()


def test_the_engine_says_what_drew(compiled: DiffusersGenerator, plain: DiffusersGenerator):
    assert compiled.engine.runtime.startswith("OpenVINO 20")
    assert compiled.engine.dtype in ("float32", "bfloat16")
    assert (plain.engine.runtime, plain.engine.dtype) == ("", "float32")


def test_what_is_kept_is_taken_and_gives_the_same_pixels(pack: Pack, folder: Path, compiled: DiffusersGenerator):
    before = blobs(folder)
    again = DiffusersGenerator.load(pack, "cpu", folder)

    assert blobs(folder) == before != {}
    assert (drawn(again, REQUEST) == drawn(compiled, REQUEST)).all()


def test_what_is_damaged_is_made_anew(pack: Pack, folder: Path, compiled: DiffusersGenerator, tmp_path: Path):
    own = shutil.copytree(folder, tmp_path / "own")
    decoder = own / "small-decoder.blob"
    decoder.write_bytes(decoder.read_bytes()[:-1] + b"x")

    repaired = DiffusersGenerator.load(pack, "cpu", own)

    assert repaired.engine == compiled.engine
    assert (drawn(repaired, REQUEST) == drawn(compiled, REQUEST)).all()


def test_other_weights_are_another_model(pack: Pack, folder: Path, compiled: DiffusersGenerator, tmp_path: Path):
    own = shutil.copytree(pack.folder, tmp_path / "small")
    weights = own / "vae" / "diffusion_pytorch_model.safetensors"
    save_file({key: tensor * 1.1 for key, tensor in load_file(weights).items()}, weights)
    kept = shutil.copytree(folder, tmp_path / "kept")

    changed = DiffusersGenerator.load(load_pack("small", [tmp_path]), "cpu", kept)

    assert (kept / "small-unet.blob").read_bytes() == (folder / "small-unet.blob").read_bytes()
    assert np.abs(drawn(changed, REQUEST) - drawn(compiled, REQUEST)).mean() > 3 * ALIKE


def test_a_picture_of_another_size_is_refused(compiled: DiffusersGenerator):
    with pytest.raises(InvalidRequest, match="compiled for pictures of 64 x 64"):
        drawn(compiled, replace(REQUEST, width=128))


def test_where_it_cannot_be_had_the_plain_way_is_taken_and_the_log_says_so(
    pack: Pack, plain: DiffusersGenerator, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    (tmp_path / "no-folder").write_text("a file")
    with caplog.at_level(logging.WARNING, "castbook"):
        generator = DiffusersGenerator.load(pack, "cpu", tmp_path / "no-folder")

    assert "'small' is drawn without OpenVINO" in caplog.text
    assert generator.engine.runtime == ""
    assert (drawn(generator, REQUEST) == drawn(plain, REQUEST)).all()


def test_openvino_does_not_tell_its_makers_that_it_is_used():
    """Its telemetry is on unless somebody says no."""
    script = "import pipeline.compiled, openvino.tools.ovc as ovc; print(type(ovc.telemetry).__module__)"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)

    assert run.stdout.strip().endswith("telemetry_stub")
