"""The real diffusers on untrained models of the published layout: who is drawn, and that no run leaves a trace."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import AutoencoderTiny, DDIMScheduler, StableDiffusionPipeline
from fakes import Asked
from PIL import Image
from toy_packs import write_clip

from errors import PackUnavailable, Stopped
from pipeline.generator import DiffusersGenerator, FaceIDPipeline
from pipeline.packs import Pack, load_pack
from pipeline.values import Identity, Reference, Step

Pixels = np.ndarray
EQUAL = 1e-2  # mean difference in levels of 0 to 255: rounding in batches of other sizes


def person(number: int, encoder: str = "toy-steering") -> Reference:
    embedding = np.random.default_rng(number).standard_normal(512).astype(np.float32)
    return Reference(Image.new("RGB", (64, 64)), (Identity(encoder, embedding / np.linalg.norm(embedding)),))


MINA, JUN = person(1), person(2)
REQUEST = Asked("a cat", seed=3, count=1, reference=MINA, identity_scale=0.8, steps=4, guidance_scale=5.0)


def ignore(step: Step) -> None:
    pass


def drawn(generator: DiffusersGenerator, request: Asked) -> list[Pixels]:
    return [np.asarray(picture, dtype=np.float64) for picture in generator.generate(*request, ignore)]


def difference(one: Pixels, other: Pixels) -> float:
    return float(np.abs(one - other).mean())


@pytest.fixture(scope="module", params=["lora", "doll"])
def pack(request: pytest.FixtureRequest, toy_packs: Path) -> Pack:
    return load_pack(request.param, [toy_packs])


@pytest.fixture(scope="module")
def generator(pack: Pack) -> DiffusersGenerator:
    return DiffusersGenerator.load(pack, device="cpu")


@pytest.fixture(scope="module")
def vanilla(pack: Pack) -> Pixels:
    """REQUEST by the stock pipeline that never saw an adapter."""
    pipeline: Any = StableDiffusionPipeline.from_pretrained(pack.folder)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.scheduler = DDIMScheduler.from_config(pipeline.scheduler.config)
    picture = pipeline(
        "a cat",
        num_inference_steps=4,
        guidance_scale=5.0,
        height=64,
        width=64,
        generator=torch.Generator().manual_seed(3),
    ).images[0]
    return np.asarray(picture, dtype=np.float64)


def test_pictures_have_the_packs_size(generator: DiffusersGenerator):
    assert [picture.size for picture in generator.generate(*replace(REQUEST, count=2), ignore)] == [(64, 64)] * 2


def test_on_the_cpu_as_many_are_drawn_at_once_as_there_are_cores(generator: DiffusersGenerator):
    assert generator.batch == min(max(torch.get_num_threads(), 2), 4)


def test_one_request_gives_the_same_bytes_twice(generator: DiffusersGenerator):
    first, second = (generator.generate(*replace(REQUEST, count=2), ignore) for _ in range(2))

    assert [picture.tobytes() for picture in first] == [picture.tobytes() for picture in second]


def test_another_person_gives_another_picture(generator: DiffusersGenerator):
    (mina,), (jun,) = drawn(generator, REQUEST), drawn(generator, replace(REQUEST, reference=JUN))

    assert difference(mina, jun) > 1


def test_a_picture_follows_from_its_own_seed_whatever_is_drawn_beside_it(generator: DiffusersGenerator):
    together = drawn(generator, replace(REQUEST, seed=2, count=3))

    for i, picture in enumerate(together):
        assert difference(picture, drawn(generator, replace(REQUEST, seed=2 + i))[0]) < EQUAL
    assert difference(together[0], together[1]) > 1


@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_two_people_in_one_batch_never_blend(generator: DiffusersGenerator, guidance_scale: float):
    """What stock pipelines get wrong (diffusers #9813): here each is exactly who she is alone."""
    pipeline = generator._pipeline  # pyright: ignore[reportPrivateUsage]
    drawn(generator, REQUEST)  # steers at 0.8

    def together(*people: Reference) -> list[Pixels]:
        pictures: Any = pipeline(
            "a cat",
            num_images_per_prompt=len(people),
            num_inference_steps=4,
            guidance_scale=guidance_scale,
            height=64,
            width=64,
            generator=[torch.Generator().manual_seed(3) for _ in people],
            ip_adapter_image_embeds=[
                torch.stack([torch.from_numpy(someone.identities[0].embedding)[None] for someone in people])
            ],
            output_type="np",
        )
        return list(pictures.images)

    mina, jun = together(MINA, JUN)

    assert np.allclose(mina, together(MINA)[0], atol=1e-4)
    assert np.allclose(jun, together(JUN)[0], atol=1e-4)
    assert np.abs(mina - jun).mean() > 1e-3


@pytest.mark.parametrize("guidance_scale", [5.0, 1.0])
def test_one_person_is_drawn_as_the_stock_pipeline_draws_her(
    pack: Pack, generator: DiffusersGenerator, guidance_scale: float
):
    stock: Any = StableDiffusionPipeline.from_pretrained(pack.folder)
    stock.load_ip_adapter(str(pack.folder), subfolder="", weight_name=pack.adapter.weights, image_encoder_folder=None)
    stock.set_ip_adapter_scale(0.8)
    stock.set_progress_bar_config(disable=True)
    embedding = torch.from_numpy(MINA.identities[0].embedding).reshape(1, 1, 512)
    guided = torch.cat([torch.zeros_like(embedding), embedding])
    theirs = stock(
        "a cat",
        num_inference_steps=4,
        guidance_scale=guidance_scale,
        height=64,
        width=64,
        generator=torch.Generator().manual_seed(3),
        ip_adapter_image_embeds=[guided if guidance_scale > 1 else embedding],
    ).images[0]

    (ours,) = drawn(generator, replace(REQUEST, guidance_scale=guidance_scale))

    assert difference(ours, np.asarray(theirs, dtype=np.float64)) < EQUAL


@pytest.mark.parametrize("without", [{"reference": None}, {"identity_scale": 0.0}])
def test_without_a_reference_the_picture_is_the_base_models_own(
    generator: DiffusersGenerator, vanilla: Pixels, without: dict[str, Any]
):
    drawn(generator, REQUEST)

    assert difference(drawn(generator, replace(REQUEST, **without))[0], vanilla) == 0


def test_no_request_leaves_a_trace_in_the_next(generator: DiffusersGenerator):
    (before,) = drawn(generator, REQUEST)
    drawn(generator, replace(REQUEST, reference=None, steps=2))
    drawn(generator, replace(REQUEST, reference=JUN, identity_scale=0.2, count=2, guidance_scale=1.0))

    assert difference(before, drawn(generator, REQUEST)[0]) == 0


def test_a_stronger_identity_changes_more(generator: DiffusersGenerator, vanilla: Pixels):
    """Than none: the picture moves away from the one that the words alone give."""
    weak, strong = (drawn(generator, replace(REQUEST, identity_scale=scale))[0] for scale in (0.1, 1.0))

    assert 0 < difference(weak, vanilla) < difference(strong, vanilla)


def test_the_lora_in_a_faceid_file_is_active_and_a_file_without_one_has_none(pack: Pack, generator: DiffusersGenerator):
    pipeline = generator._pipeline  # pyright: ignore[reportPrivateUsage]
    adapters = getattr(pipeline.unet, "peft_config", {})

    assert list(adapters) == (["faceid_0"] if pack.name == "lora" else [])


def test_every_step_is_told_and_a_few_show_a_preview(generator: DiffusersGenerator):
    seen: list[Step] = []

    generator.generate(*replace(REQUEST, steps=10, count=2), seen.append)

    assert [(step.step, step.steps) for step in seen] == [(i, 10) for i in range(1, 11)]
    assert [step.step for step in seen if step.previews] == [5, 8]
    assert [preview.size for preview in seen[4].previews] == [(64, 64)] * 2


def test_previews_do_not_change_the_picture(generator: DiffusersGenerator, monkeypatch: pytest.MonkeyPatch):
    (with_previews,) = drawn(generator, REQUEST)
    monkeypatch.setattr("pipeline.generator.PREVIEWS_AT", ())

    assert difference(with_previews, drawn(generator, REQUEST)[0]) == 0


def test_previews_are_decoded_by_the_packs_tiny_autoencoder_in_the_pictures_size(copied: Path):
    tiny = AutoencoderTiny(
        encoder_block_out_channels=(1,), num_encoder_blocks=(0,),
        decoder_block_out_channels=(8,) * 2, num_decoder_blocks=(1, 0),
    )  # fmt: skip
    torch.nn.init.zeros_(tiny.decoder.layers[-1].weight)
    torch.nn.init.constant_(tiny.decoder.layers[-1].bias, 0.2)  # grey, whatever the latents
    tiny.save_pretrained(copied / "preview")
    rewrite(copied, "[adapter]", '[preview]\nmodel = "preview"\n[adapter]')
    seen: list[Step] = []

    load(copied).generate(*replace(REQUEST, count=2), seen.append)

    previews = next(step.previews for step in seen if step.previews)
    assert [preview.tobytes() for preview in previews] == [Image.new("RGB", (64, 64), (51, 51, 51)).tobytes()] * 2


def test_without_its_tiny_autoencoder_the_whole_vae_decodes_previews_and_the_log_says_so(
    copied: Path, caplog: pytest.LogCaptureFixture
):
    rewrite(copied, "[adapter]", '[preview]\nmodel = "./nowhere"\n[adapter]')
    seen: list[Step] = []

    with caplog.at_level("WARNING", "castbook"):
        load(copied).generate(*REQUEST, seen.append)

    assert "Previews of the pack 'lora' are decoded by its whole VAE" in caplog.text
    assert any(step.previews for step in seen)


def test_stopping_ends_the_run_at_that_very_step_and_the_next_run_is_right(generator: DiffusersGenerator):
    (before,) = drawn(generator, REQUEST)
    seen: list[int] = []

    def stop_at_two(step: Step) -> None:
        seen.append(step.step)
        if step.step == 2:
            raise Stopped

    with pytest.raises(Stopped):
        generator.generate(*replace(REQUEST, steps=9, reference=JUN, count=2), stop_at_two)

    assert seen == [1, 2]
    assert difference(before, drawn(generator, REQUEST)[0]) == 0


def test_people_who_draw_at_once_each_get_their_own(generator: DiffusersGenerator):
    requests = [REQUEST, replace(REQUEST, reference=JUN), replace(REQUEST, reference=None)]
    alone = [drawn(generator, request)[0] for request in requests]
    at_once: dict[int, Pixels] = {}

    def draw(i: int) -> None:
        at_once[i] = drawn(generator, requests[i])[0]

    threads = [threading.Thread(target=draw, args=(i,)) for i in range(len(requests))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert [difference(alone[i], at_once[i]) for i in range(len(requests))] == [0, 0, 0]


def test_a_reference_that_the_packs_encoder_never_saw_is_a_fault(generator: DiffusersGenerator):
    with pytest.raises(ValueError, match="no identity by 'toy-steering'"):
        generator.generate(*replace(REQUEST, reference=person(1, encoder="another")), ignore)


def test_as_many_identities_as_pictures_or_it_is_a_fault(generator: DiffusersGenerator):
    pipeline: FaceIDPipeline = generator._pipeline  # pyright: ignore[reportPrivateUsage]

    with pytest.raises(ValueError, match="1 identities for 2 pictures"):
        pipeline("a cat", num_images_per_prompt=2, ip_adapter_image_embeds=[torch.zeros(1, 1, 512)])


# -- loading -----------------------------------------------------------------------------------------------------


@pytest.fixture
def copied(toy_packs: Path, tmp_path: Path) -> Path:
    """An operator's own pack folder, to be damaged."""
    return shutil.copytree(toy_packs / "lora", tmp_path / "lora")


def rewrite(pack: Path, before: str, after: str) -> None:
    file = pack / "pack.toml"
    text = file.read_text()
    assert before in text
    file.write_text(text.replace(before, after))


def remove(*files: Path) -> None:
    for file in files:
        file.unlink(missing_ok=True)


def load(folder: Path) -> DiffusersGenerator:
    return DiffusersGenerator.load(load_pack(folder.name, [folder.parent]), device="cpu")


def test_the_toy_base_is_in_shards_as_large_models_are(toy_packs: Path):
    assert len(list((toy_packs / "lora" / "unet").glob("*-of-*.safetensors"))) > 1


def test_an_adapter_in_a_subfolder_is_found(copied: Path, toy_packs: Path):
    (copied / "adapters").mkdir()
    (copied / "ip-adapter-faceid_toy.bin").rename(copied / "adapters" / "ip-adapter-faceid_toy.bin")
    rewrite(copied, '[adapter]\nmodel = "."', '[adapter]\nmodel = "."\nsubfolder = "adapters"')

    (moved,), (usual,) = (drawn(load(folder), REQUEST) for folder in (copied, toy_packs / "lora"))

    assert difference(moved, usual) == 0


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # diffusers 0.42 with numpy 2.4
def test_the_packs_scheduler_and_its_settings_are_taken(copied: Path):
    rewrite(copied, 'class = "DDIMScheduler"', 'class = "DPMSolverMultistepScheduler"\nuse_karras_sigmas = true')
    generator = load(copied)

    drawn(generator, REQUEST)

    scheduler = generator._pipeline.scheduler  # pyright: ignore[reportPrivateUsage]
    assert type(scheduler).__name__ == "DPMSolverMultistepScheduler"
    assert (scheduler.config.use_karras_sigmas, scheduler.config.beta_schedule) == (True, "scaled_linear")


def test_the_base_models_safety_checker_is_left_out_knowingly(copied: Path):
    """Stable Diffusion 1.5 names one. Its weights are missing here, so only a pipeline that leaves it out loads."""
    index = json.loads((copied / "model_index.json").read_text())
    index |= {"safety_checker": ["stable_diffusion", "StableDiffusionSafetyChecker"], "requires_safety_checker": True}
    (copied / "model_index.json").write_text(json.dumps(index))

    assert load(copied)._pipeline.safety_checker is None  # pyright: ignore[reportPrivateUsage]


def test_a_prompt_that_is_too_long_says_what_was_cut_off(generator: DiffusersGenerator):
    room = generator._pipeline.tokenizer.model_max_length - 2  # pyright: ignore[reportPrivateUsage]

    assert generator.cut_off("a " * room) == ""
    assert generator.cut_off("a " * room + "B  c") == "B  c"  # as it was written


FULL_SIZE = """
from pipeline.adherence import load_prompt_reader
from pipeline.faces import InsightFaces
from pipeline.generator import DiffusersGenerator
from pipeline.packs import load_pack
from settings import BUILT_IN_PACKS
from toy_packs import picture_of
pack = load_pack("sd15-faceid", [BUILT_IN_PACKS])
generator = DiffusersGenerator.load(pack, "cpu")
reader = load_prompt_reader(pack)
assert reader.missing(picture_of((255, 200, 0)), "a cat") is not None
face, *_ = InsightFaces.load(pack).faces(picture_of((255, 200, 0)))
print(type(generator._scheduler).__name__, *generator._pipeline.unet.peft_config, *(i.encoder for i in face.identities))
"""


def test_the_full_size_pack_is_loaded_from_files_of_its_names_and_layout(toy_packs: Path, tmp_path: Path):
    """`packs/sd15-faceid/pack.toml` as it is, from the places where the hub's client and insightface keep downloads."""
    toy, hub, models = toy_packs / "lora", tmp_path / "hub", tmp_path / ".insightface" / "models"
    for name in ("stable-diffusion-v1-5--stable-diffusion-v1-5", "h94--IP-Adapter-FaceID"):
        snapshot = hub / f"models--{name}" / "snapshots" / "0a1b2c"
        shutil.copytree(toy, snapshot)
        (snapshot / "ip-adapter-faceid_toy.bin").rename(snapshot / "ip-adapter-faceid_sd15.bin")
        (snapshot.parent.parent / "refs").mkdir()
        (snapshot.parent.parent / "refs" / "main").write_text("0a1b2c")
    snapshot = hub / "models--openai--clip-vit-base-patch32" / "snapshots" / "0a1b2c"
    snapshot.parent.mkdir(parents=True)
    write_clip(snapshot)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("0a1b2c")
    shutil.copytree(toy / "faces", models / "buffalo_l")
    places = {"HOME": str(tmp_path), "HF_HUB_CACHE": str(hub), "HF_HUB_OFFLINE": "1", "PYTHONPATH": "tests"}

    run = subprocess.run([sys.executable, "-c", FULL_SIZE], env=os.environ | places, capture_output=True, text=True)

    assert run.returncode == 0, run.stderr
    said = "DPMSolverMultistepScheduler faceid_0 buffalo_l/w600k_r50 drawn-1"
    assert run.stdout.splitlines()[-1] == said


ADAPTER = "ip-adapter-faceid_toy.bin"
NOT_FACEID = {"image_proj": {"proj.weight": torch.zeros(1)}, "ip_adapter": {}}
DAMAGES = {
    "no adapter": lambda pack: remove(pack / ADAPTER),
    "LFS pointer": lambda pack: (pack / ADAPTER).write_bytes(b"version https://git-lfs.github.com/spec/v1"),
    "HTML": lambda pack: (pack / ADAPTER).write_bytes(b"<html>"),
    "cut short": lambda pack: (pack / ADAPTER).write_bytes((pack / ADAPTER).read_bytes()[:5000]),
    "other keys": lambda pack: torch.save({"unet": {}}, pack / ADAPTER),
    "no FaceID": lambda pack: torch.save(NOT_FACEID, pack / ADAPTER),
    "no shard": lambda pack: remove(*(pack / "unet").glob("*-00002-of-*")),
    "broken shard": lambda pack: next((pack / "unet").glob("*-00002-of-*")).write_bytes(b"\0" * 100),
    "no VAE": lambda pack: shutil.rmtree(pack / "vae"),
    "no tokenizer": lambda pack: shutil.rmtree(pack / "tokenizer"),
    "no prompt length": lambda pack: remove(pack / "tokenizer" / "tokenizer_config.json"),
    "no words": lambda pack: remove(
        *(pack / "tokenizer" / file for file in ("vocab.json", "merges.txt", "tokenizer.json"))
    ),
    "no index": lambda pack: remove(pack / "model_index.json"),
    "broken index": lambda pack: (pack / "model_index.json").write_text("{"),
}


@pytest.mark.parametrize("damage", DAMAGES.values(), ids=DAMAGES.keys())
def test_a_damaged_pack_is_said_to_be_so(copied: Path, damage: Any):
    damage(copied)

    with pytest.raises(PackUnavailable, match="models of the pack 'lora' could not be loaded"):
        load(copied)


def test_a_hub_name_without_a_network_says_what_to_do(copied: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    rewrite(copied, '[base]\nmodel = "."', '[base]\nmodel = "nobody/nothing"')
    with pytest.raises(PackUnavailable, match="go online"):
        load(copied)

    rewrite(copied, "nobody/nothing", ".")
    rewrite(copied, '[adapter]\nmodel = "."', '[adapter]\nmodel = "nobody/adapter"')
    with pytest.raises(PackUnavailable, match="go online"):
        load(copied)


def test_hub_repositories_are_loaded_by_the_same_code(copied: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """From a hub cache as `hf download` leaves it, with the files of h94's layout."""
    usual = drawn(load(copied), REQUEST)[0]
    snapshot = tmp_path / "cache" / "models--toy--base" / "snapshots" / "0a1b2c"
    shutil.copytree(copied, snapshot)
    (snapshot.parent.parent / "refs").mkdir()
    (snapshot.parent.parent / "refs" / "main").write_text("0a1b2c")
    for file in copied.glob("*"):
        if file.name not in ("pack.toml", "faces", "judge"):
            shutil.rmtree(file) if file.is_dir() else file.unlink()
    rewrite(copied, 'model = "."', 'model = "toy/base"')
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    assert difference(drawn(load(copied), REQUEST)[0], usual) == 0


def test_a_checkpoint_can_run_nothing(copied: Path, tmp_path: Path):
    class Payload:
        def __reduce__(self) -> tuple[Any, ...]:
            return Path.touch, (tmp_path / "it ran",)

    torch.save({"image_proj": Payload(), "ip_adapter": {}}, copied / "ip-adapter-faceid_toy.bin")

    with pytest.raises(PackUnavailable):
        load(copied)
    assert not (tmp_path / "it ran").exists()
