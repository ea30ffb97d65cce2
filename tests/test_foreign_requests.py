"""What is read of the requests that other programs write into their pictures, and what is not claimed."""

from __future__ import annotations

import json
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import foreign_pictures as files
import pytest
from foreign_pictures import GRAPH, JOB, NEGATIVE, PROMPT, changed, infotext, png
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from errors import InvalidRequest
from library_store.foreign_requests import FoundRequest
from library_store.foreign_requests.said import MOST_NAME, MOST_UNUSED, Said, found, is_json
from library_store.png_request import find_request, read_request
from pipeline.picture_texts import MAX_TEXT

DREAMSHAPER = "dreamshaper_8"
WRITTEN: list[tuple[str, Callable[[], bytes], str, str]] = [  # program, its file, sampler, model
    ("AUTOMATIC1111", files.a1111_png, "Euler a", DREAMSHAPER),
    ("Forge", files.forge_jpeg, "Euler a", DREAMSHAPER),
    ("AUTOMATIC1111", files.a1111_webp, "Euler a", DREAMSHAPER),
    ("ComfyUI", files.comfyui_png, "euler", "dreamshaper_8.safetensors"),
    ("ComfyUI", files.comfyui_animated_png, "euler", "dreamshaper_8.safetensors"),
    ("ComfyUI", files.comfyui_webp, "euler", "dreamshaper_8.safetensors"),
    ("InvokeAI", files.invokeai_png, "euler_a", DREAMSHAPER),
    ("Fooocus", files.fooocus_png, "dpmpp_2m_sde_gpu", DREAMSHAPER),
    ("Fooocus", files.fooocus_jpeg, "dpmpp_2m_sde_gpu", DREAMSHAPER),
    ("Fooocus", files.fooocus_png_as_a1111, "DPM++ 2M SDE Karras", DREAMSHAPER),
    ("Fooocus", files.fooocus_webp_as_a1111, "DPM++ 2M SDE Karras", DREAMSHAPER),
    ("SwarmUI", files.swarmui_png, "euler", DREAMSHAPER),
    ("SwarmUI", files.swarmui_jpeg, "euler", DREAMSHAPER),
    ("SwarmUI", lambda: files.hidden(b"stealth_pngcomp", files.SWARMUI), "euler", DREAMSHAPER),
    ("SwarmUI", lambda: files.hidden(b"stealth_rgbcomp", files.SWARMUI), "euler", DREAMSHAPER),
    ("SwarmUI", lambda: files.hidden(b"stealth_rgbcomp", files.SWARMUI, "WEBP"), "euler", DREAMSHAPER),
    ("AUTOMATIC1111", lambda: files.hidden(b"stealth_pnginfo", infotext()), "Euler a", DREAMSHAPER),
    ("AUTOMATIC1111", lambda: files.hidden(b"stealth_rgbinfo", infotext()), "Euler a", DREAMSHAPER),
    ("NovelAI", files.novelai_png, "k_euler_ancestral", "NovelAI Diffusion V4 37442FCA"),
    ("NovelAI", files.novelai_hidden, "k_euler_ancestral", "NovelAI Diffusion V4 37442FCA"),
    ("Draw Things", files.draw_things_png, "Euler a", "dreamshaper_8.ckpt"),
    ("Draw Things", files.draw_things_jpeg, "Euler a", "dreamshaper_8.ckpt"),
    ("Draw Things", lambda: files.draw_things_png(None), "Euler a", "dreamshaper_8.ckpt"),
    ("Draw Things", lambda: png(Software="Draw Things", Comment=files.DRAW_THINGS), "Euler a", "dreamshaper_8.ckpt"),
    ("Midjourney", files.midjourney_png, "", "Midjourney 6.1"),
]


def read(file: bytes) -> FoundRequest:
    answer = find_request(file)
    assert answer is not None
    return answer


def words(file: bytes) -> tuple[str, str]:
    request = read(file).request
    return request.prompt, request.negative_prompt


@pytest.mark.parametrize(("program", "file", "sampler", "model"), WRITTEN)
def test_every_programs_own_picture_says_its_request(
    program: str, file: Callable[[], bytes], sampler: str, model: str
) -> None:
    answer = read(file())
    request = answer.request
    assert (answer.program, answer.sampler, answer.model) == (program, sampler, model)
    assert (request.prompt, request.written, request.negative_prompt) == (PROMPT, PROMPT, NEGATIVE)
    assert (request.seed, request.picture_seed) == (5, 5)
    unsaid = {"steps", "guidance_scale"} if program == "Midjourney" else set[str]()
    assert unsaid | {"scheduler", "width", "height", "pack", "identity_scale"} <= set(request.assumed)
    if program != "Midjourney":
        assert (request.steps, request.guidance_scale) == (20, 7)


@pytest.mark.parametrize(
    ("file", "names"),
    [
        (files.a1111_png, {"Schedule type", "Size", "Lora hashes"}),
        (files.comfyui_png, set[str]()),
        (files.invokeai_png, {"loras"}),
        (files.fooocus_png, {"performance", "styles", "scheduler", "adm_guidance", "loras", "sharpness", "vae"}),
        (files.fooocus_png_as_a1111, {"Performance", "Scheduler", "ADM Guidance", "Lora hashes", "Sharpness", "VAE"}),
        (files.swarmui_png, {"scheduler", "loras", "loraweights"}),
        (files.novelai_png, {"noise_schedule"}),
        (files.draw_things_png, {"strength", "lora"}),
        (files.midjourney_png, {"--ar"}),
    ],
)
def test_what_no_request_can_hold_is_named(file: Callable[[], bytes], names: set[str]) -> None:
    assert names <= set(read(file()).unused)
    assert not {"Seed", "seed", "prompt", "Steps", "Raw prompt", "uc", "c"} & set(read(file()).unused)


KOREAN = "비 오는 서울의 여자, café, ☂️"


@pytest.mark.parametrize(
    "file",
    [
        png(parameters=infotext(KOREAN)),
        files.with_user_comment("JPEG", files.piexif_comment(infotext(KOREAN))),
        files.with_user_comment("JPEG", b"UNICODE\0" + infotext(KOREAN).encode("utf-16-le")),
        files.with_user_comment("WEBP", b"UNICODE\0" + infotext(KOREAN).encode("utf-16")),
        files.with_user_comment("WEBP", bytes(8) + infotext(KOREAN).encode()),
        files.with_user_comment("WEBP", b"UNICODE\0" + infotext(KOREAN).encode()),
        files.with_user_comment("AVIF", files.piexif_comment(infotext(KOREAN))),
        png(parameters=f"\ufeff{files.SWARMUI.replace(PROMPT, KOREAN)}"),
        png(invokeai_metadata=f'{{"positive_prompt": "{KOREAN}", "seed": {"9" * 5000}}}'),
        files.comfyui_png(changed(n12={"class_type": "PrimitiveString", "inputs": {"value": KOREAN}})),
        png(invokeai_metadata=json.dumps({**files.INVOKEAI, "positive_prompt": KOREAN}, ensure_ascii=False)),
        files.fooocus_picture("JPEG", json.dumps({**files.FOOOCUS, "prompt": KOREAN}), "fooocus"),
        files.with_user_comment("JPEG", b"UNICODE\0" + files.SWARMUI.replace(PROMPT, KOREAN).encode("utf-16-le")),
        png(Software="NovelAI", Comment=json.dumps({**files.NOVELAI, "v4_prompt": None, "prompt": KOREAN})),
        files.hidden(b"stealth_pngcomp", infotext(KOREAN)),
        files.draw_things_png(files.DRAW_THINGS.replace(PROMPT, KOREAN)),
        png(Description=f"{KOREAN} --v 6 {JOB}"),
        files.behind_the_pixels(png(), b"tEXt", b"parameters\0" + infotext(KOREAN).encode()),
    ],
)
def test_words_of_every_language_arrive(file: bytes) -> None:
    assert words(file)[0] == KOREAN


@pytest.mark.parametrize("seed", [2**64 - 1, 2**64, -1, "", "random", "5.5", None, 10**400, "9" * 5000])
def test_a_seed_that_cannot_be_used_costs_the_seed_alone(seed: object) -> None:
    for file in (
        png(parameters=infotext(Seed=seed)),
        files.comfyui_png(changed(n3={**GRAPH["3"], "inputs": {**GRAPH["3"]["inputs"], "seed": seed}})),
        png(invokeai_metadata=json.dumps({**files.INVOKEAI, "seed": seed})),
        png(parameters=json.dumps({"sui_image_params": {"prompt": PROMPT, "negativeprompt": NEGATIVE, "steps": 20,
                                                        "seed": seed}})),
        png(Software="NovelAI", Comment=json.dumps({**files.NOVELAI, "seed": seed})),
    ):  # fmt: skip
        answer = read(file)
        assert words(file) == (PROMPT, NEGATIVE)
        assert (answer.request.steps, "seed" in answer.request.assumed) == (20, True)
        assert ("seed" in answer.unused) == (seed not in ("", None))


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("steps", [0, -3, 20.5, 10_000, True, [20], "many"]),
        ("guidance_scale", [-1, 1e9, float("nan"), "inf", {}, False]),
    ],
)
def test_so_do_steps_and_guidance(field: str, values: list[object]) -> None:
    for value in values:
        answer = found(Said("Somebody", prompt=PROMPT, seed=5, **{field: value}))  # pyright: ignore[reportArgumentType]
        assert answer is not None and (answer.request.prompt, answer.request.seed) == (PROMPT, 5)
        assert field in answer.request.assumed
        assert answer.unused == (field.replace("_", " "),)


def test_numbers_may_be_text_or_whole_fractions() -> None:
    answer = found(Said("Somebody", prompt=PROMPT, seed="5", steps=20.0, guidance_scale="7.5"))
    assert answer is not None
    assert (answer.request.seed, answer.request.steps, answer.request.guidance_scale) == (5, 20, 7.5)


# A1111


@pytest.mark.parametrize(
    ("text", "prompt", "negative", "seed"),
    [
        (infotext() + "\nTemplate: woman, {bob|long} hair\nNegative Template: {hat|cap}", PROMPT, NEGATIVE, 5),
        (infotext() + "\nTemplate: woman,\n{bob|long} hair", PROMPT, NEGATIVE, 5),
        (infotext("a\nb, (c:1.2)", "d,\ne"), "a\nb, (c:1.2)", "d,\ne", 5),
        (infotext("Steps: 9, Sampler: DDIM, Seed: 1"), "Steps: 9, Sampler: DDIM, Seed: 1", NEGATIVE, 5),
        (infotext("hair: bob, eyes: green, mood: calm", ""), "hair: bob, eyes: green, mood: calm", "", 5),
        (infotext(PROMPT, "Steps: 9, Seed: 1"), PROMPT, "Steps: 9, Seed: 1", 5),
        (infotext(PROMPT, f"{NEGATIVE}\nNegative prompt: cap"), PROMPT, f"{NEGATIVE}\ncap", 5),
        (infotext(**{"Hires prompt": "x, Seed: 7, y", "Model": 'my, model: "v2"'}), PROMPT, NEGATIVE, 5),
        (infotext(Sampler="DPM++ 2M", Seed=None), PROMPT, NEGATIVE, None),
        (infotext().replace("\n", "\r\n"), PROMPT, NEGATIVE, 5),
        (f"{PROMPT}\nSteps: 20, Seed: 5", PROMPT, "", 5),
        (f"{PROMPT}\nSize: 512x512, Seed: 5, Steps: 20, CFG scale: 7", PROMPT, "", 5),
        (PROMPT, PROMPT, "", None),
        ("a girl: tall, pale: very, calm: yes", "a girl: tall, pale: very, calm: yes", "", None),
        ("{red|blue} hair, {{best}}, [[hat]]", "{red|blue} hair, {{best}}, [[hat]]", "", None),
        (f"{PROMPT}\nNegative prompt: {NEGATIVE}\nTemplate: x\nNegative template: y\n"
         "Steps: 20, Size: 512x512, Sampler: Euler a, Seed: 5, App: SD.Next, Version: 1a2b3c", PROMPT, NEGATIVE, 5),
        (f'{PROMPT}\nSteps: 25, Sampler: Euler a, CFG scale: 4, Seed: 5, Civitai resources: [{{"type":"checkpoint",'
         '"modelVersionId":128713,"weight":1}], Civitai metadata: {"Seed": 9}', PROMPT, "", 5),
    ],
)  # fmt: skip
def test_a1111s_text_is_taken_apart_as_it_was_put_together(
    text: str, prompt: str, negative: str, seed: int | None
) -> None:
    answer = read(png(parameters=text))
    assert words(png(parameters=text)) == (prompt, negative)
    assert (None if "seed" in answer.request.assumed else answer.request.seed) == seed


def test_a_model_with_commas_and_what_stands_behind_the_settings_are_named_whole() -> None:
    answer = read(png(parameters=infotext(Model='my, model: "v2"') + "\nTemplate: a\nNegative Template: b"))
    assert answer.model == 'my, model: "v2"'
    assert {"Template", "Negative Template", "Lora hashes"} <= set(answer.unused)
    assert "eyes" not in answer.unused


@pytest.mark.parametrize(
    ("version", "more", "program"),
    [("v1.10.1", {}, "AUTOMATIC1111"), ("f2.0.1v1.10.1-previous", {}, "Forge"), (None, {}, "AUTOMATIC1111"),
     ("1a2b3c", {"App": "SD.Next"}, "SD.Next"), ("ComfyUI", {}, "ComfyUI"),
     (None, {"Civitai resources": "[]"}, "Civitai")],
)  # fmt: skip
def test_programs_that_write_like_a1111_are_told_apart(version: str | None, more: dict[str, Any], program: str) -> None:
    assert read(png(parameters=infotext(Version=version, **more))).program == program


def test_a_comfyui_picture_with_a1111s_text_beside_the_graph_says_what_was_drawn() -> None:
    graph = changed(n6={"class_type": "CLIPTextEncode", "inputs": {"text": "woman, __hair__"}})
    answer = read(png(parameters=infotext(Version=None), prompt=json.dumps(graph)))
    assert (answer.program, answer.request.prompt) == ("ComfyUI", PROMPT)


# Without what would be UTF-8 by chance: a tEXt chunk of "Â¡" is taken for a "¡" of one who did not heed the standard.
LETTERS = st.sampled_from(list('ab ,:"\\(){}|<>0é비')) | st.characters(
    exclude_categories=["C", "Zl", "Zp"], exclude_characters=[chr(code) for code in range(0x80, 0xC0)]
)
LINE = st.text(LETTERS, max_size=20)
SETTING_LIKE = st.sampled_from(
    ["Steps: 9, Sampler: DDIM, Seed: 1", "Steps:", "Steps: 9", "Seed: 1, x", "Size: 1x1, a: b"]
)
PROMPTS = st.lists(LINE | SETTING_LIKE, max_size=4).map("\n".join).map(str.strip)


@settings(deadline=None)
@given(PROMPTS, PROMPTS, st.integers(0, 2**32 - 1), st.integers(1, 150), st.floats(0, 30), LINE)
@example("Steps: 9, Sampler: DDIM, Seed: 1", "Steps: 9, Sampler: DDIM, Seed: 1", 5, 20, 7.0, 'a, Seed: 7, "b')
def test_of_a1111s_own_text_no_field_is_ever_wrong(
    prompt: str, negative: str, seed: int, steps: int, scale: float, hires_prompt: str
) -> None:
    """All that its writer may be given, except a line of the prompt that begins as its own label does."""
    assume(prompt.strip("[]{}(), ") and not is_json(prompt))
    text = infotext(
        prompt, negative, Seed=seed, Steps=steps, **{"CFG scale": scale, "Hires prompt": hires_prompt or None}
    )
    answer = read(png(parameters=text))
    assert words(png(parameters=text)) == (prompt, "" if is_json(negative) else negative)
    request = answer.request
    assert (request.seed, request.steps, request.guidance_scale) == (seed, steps, scale)
    assert (answer.sampler, answer.model) == ("Euler a", DREAMSHAPER)


# ComfyUI


def ksampler(**inputs: Any) -> dict[str, Any]:
    return {"class_type": "KSampler", "inputs": {**GRAPH["3"]["inputs"], **inputs}}


def node(kind: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": kind, "inputs": inputs}


FLUX = {
    "1": node("RandomNoise", noise_seed=5),
    "2": node("UNETLoader", unet_name="flux1-dev.safetensors", weight_dtype="default"),
    "3": node("DualCLIPLoader", clip_name1="t5xxl", clip_name2="clip_l", type="flux"),
    "4": node("CLIPTextEncode", text=PROMPT, clip=["3", 0]),
    "5": node("FluxGuidance", guidance=3.5, conditioning=["4", 0]),
    "6": node("BasicGuider", model=["2", 0], conditioning=["5", 0]),
    "7": node("KSamplerSelect", sampler_name="euler"),
    "8": node("BasicScheduler", scheduler="simple", steps=20, denoise=1.0, model=["2", 0]),
    "9": node("EmptySD3LatentImage", width=1024, height=1024, batch_size=1),
    "10": node("SamplerCustomAdvanced", noise=["1", 0], guider=["6", 0], sampler=["7", 0], sigmas=["8", 0],
               latent_image=["9", 0]),
    "11": node("VAEDecode", samples=["10", 0], vae=["12", 0]),
    "12": node("VAELoader", vae_name="ae.safetensors"),
    "13": node("SaveImage", filename_prefix="flux", images=["11", 0]),
}  # fmt: skip


@pytest.mark.parametrize(
    ("graph", "prompt", "negative", "seed"),
    [
        (FLUX, PROMPT, "", 5),
        # a negative that zeroes out the prompt says nothing
        (changed(n3=ksampler(negative=["13", 0]), n13=node("ConditioningZeroOut", conditioning=["6", 0])),
         PROMPT, "", 5),
        # through controls, areas and styles
        (changed(n3=ksampler(positive=["13", 0], negative=["13", 1]),
                 n13=node("ControlNetApplyAdvanced", positive=["6", 0], negative=["7", 0], image=["14", 0]),
                 n14=node("LoadImage", image="pose.png")), PROMPT, NEGATIVE, 5),
        # two encoders with the same words, and with others
        (changed(n6=node("CLIPTextEncodeSDXL", text_g=PROMPT, text_l=PROMPT, width=1024)), PROMPT, NEGATIVE, 5),
        (changed(n6=node("CLIPTextEncodeSDXL", text_g="woman", text_l="bob hair", width=1024)), PROMPT, NEGATIVE, 5),
        (changed(n3=ksampler(positive=["13", 0]), n6=node("CLIPTextEncode", text="woman"),
                 n13=node("ConditioningConcat", conditioning_to=["6", 0], conditioning_from=["14", 0]),
                 n14=node("CLIPTextEncode", text="bob hair")), PROMPT, NEGATIVE, 5),
        # text nodes
        (changed(n12=node("StringConcatenate", string_a="woman", string_b=["13", 0], delimiter=", "),
                 n13=node("PrimitiveString", value="bob hair")), PROMPT, NEGATIVE, 5),
        (changed(n12=node("StringReplace", string="woman, X", find="X", replace="bob hair")), PROMPT, NEGATIVE, 5),
        # a refining second pass has a seed of its own
        (changed(n8=node("VAEDecode", samples=["20", 0], vae=["4", 2]), n20=ksampler(seed=99, latent_image=["21", 0]),
                 n21=node("LatentUpscale", samples=["3", 0])), PROMPT, NEGATIVE, 5),
        # nodes of a subgraph; what hangs on nothing that is saved
        (changed(n3=ksampler(positive=["57:6", 0]), **{"n57:6": node("CLIPTextEncode", text=PROMPT)}),
         PROMPT, NEGATIVE, 5),
        (changed(n30=node("KSampler", seed=99, positive=["31", 0], negative=["31", 0], steps=1, cfg=1),
                 n31=node("CLIPTextEncode", text="nobody")), PROMPT, NEGATIVE, 5),
        # the seed from a node
        (changed(n3=ksampler(seed=["13", 0]), n13=node("Seed (rgthree)", seed=5)), PROMPT, NEGATIVE, 5),
        # a loader with both prompts in it
        (changed(n3=ksampler(positive=["13", 1], negative=["13", 2], model=["13", 0]),
                 n13=node("Efficient Loader", ckpt_name="dreamshaper_8.ckpt", positive=PROMPT, negative=NEGATIVE)),
         PROMPT, NEGATIVE, 5),
        # nodes that join texts, or bring model and words along in a pipe
        (changed(n12=node("Text Concatenate", delimiter=", ", text_a="woman", text_b=["13", 0]),
                 n13=node("Text Multiline", text="bob hair")), PROMPT, NEGATIVE, 5),
        (changed(n12=node("easy positive", positive=PROMPT)), PROMPT, NEGATIVE, 5),
        (changed(n12=node("ShowText|pysssss", text=["13", 0], text_0="of another day"),
                 n13=node("PrimitiveString", value=PROMPT)), PROMPT, NEGATIVE, 5),
        (changed(n3=node("ImpactKSamplerBasicPipe", basic_pipe=["13", 0], seed=5, steps=20, latent_image=["5", 0]),
                 n13=node("ToBasicPipe", model=["4", 0], positive=["6", 0], negative=["7", 0])), PROMPT, NEGATIVE, 5),
        (changed(n6=node("ImpactWildcardEncode", wildcard_text="{woman|man}", populated_text=PROMPT, seed=1,
                         clip=["4", 1])), PROMPT, NEGATIVE, 5),
        # several pictures of one prompt and two seeds: which is this one's is not said
        (changed(n40=ksampler(seed=6), n41=node("VAEDecode", samples=["40", 0]),
                 n42=node("SaveImage", images=["41", 0])), PROMPT, NEGATIVE, None),
    ],
)  # fmt: skip
def test_comfyuis_words_are_found_along_the_links(
    graph: dict[str, Any], prompt: str, negative: str, seed: int | None
) -> None:
    answer = read(files.comfyui_png(graph))
    assert (answer.request.prompt, answer.request.negative_prompt) == (prompt, negative)
    assert (None if "seed" in answer.request.assumed else answer.request.seed) == seed
    assert answer.request.steps == 20


@pytest.mark.parametrize(
    "graph",
    [
        # made when it runs
        changed(n12=node("OllamaGenerateV2", prompt="Describe a woman in a cafe", model="llama3")),
        changed(n12=node("DPRandomGenerator", text="{woman|man}", seed=3)),
        changed(n12=node("Captioner", prompt="Describe", image=["13", 0]), n13=node("LoadImage", image="a.png")),
        changed(n12=node("Prompts", positive=PROMPT, negative=NEGATIVE)),
        changed(n12=node("OllamaGenerate", prompt_template=["13", 0], model="llama"),
                n13=node("X", a=["14", 0], b=["15", 0])),
        changed(n12=node("StringConcatenate", string_a="woman", string_b=["13", 0]), n13=node("Ollama", a=1)),
        # pictures of two prompts
        changed(n40=ksampler(positive=["43", 0]), n41=node("VAEDecode", samples=["40", 0]),
                n42=node("SaveImage", images=["41", 0]), n43=node("CLIPTextEncode", text="man, short hair")),
        # links to nowhere, and in a circle
        changed(n6=node("CLIPTextEncode", text=["99", 0])),
        changed(n12=node("Reroute", value=["12", 0])),
        {"1": node("LoadImage", image="a.png"), "2": node("SaveImage", images=["1", 0])},
    ],
)  # fmt: skip
def test_of_words_that_no_graph_says_none_are_claimed(graph: dict[str, Any]) -> None:
    with pytest.raises(InvalidRequest, match="made by ComfyUI, but its prompt cannot be read"):
        find_request(files.comfyui_png(graph))


@pytest.mark.parametrize(
    ("tag", "text"),
    [(0x010F, "Prompt:" + json.dumps(GRAPH)), (0x010E, "prompt: " + json.dumps(GRAPH)),
     (0x010E, json.dumps({"prompt": GRAPH, "workflow": files.WORKFLOW})),
     (0x9286, json.dumps({"prompt": json.dumps(GRAPH)})), (0x0110, json.dumps(GRAPH))],
)  # fmt: skip
def test_other_nodes_save_the_graph_in_other_tags(tag: int, text: str) -> None:
    exif = files.flat().getexif()
    exif[tag] = text
    assert words(files.saved(files.flat(), "WEBP", exif=exif)) == (PROMPT, NEGATIVE)
    assert read(files.saved(files.flat(), "JPEG", exif=exif)).program == "ComfyUI"


def test_steps_are_found_behind_what_splits_them() -> None:
    graph = {**FLUX, "10": {**FLUX["10"], "inputs": {**FLUX["10"]["inputs"], "sigmas": ["20", 0]}},
             "20": node("SplitSigmas", sigmas=["8", 0], step=10)}  # fmt: skip
    assert read(files.comfyui_png(graph)).request.steps == 20


def test_what_else_comfyui_did_is_named() -> None:
    graph = changed(
        n3=ksampler(model=["13", 0], positive=["14", 0]),
        n13=node("LoraLoader", lora_name="detail.safetensors", strength_model=0.8, model=["4", 0], clip=["4", 1]),
        n14=node("ControlNetApply", conditioning=["6", 0], image=["15", 0]),
        n15=node("LoadImage", image="pose.png"),
    )
    answer = read(files.comfyui_png(graph))
    assert set(answer.unused) == {"LoRA detail.safetensors", "ControlNetApply", "LoadImage"}
    assert answer.model == "dreamshaper_8.safetensors"


def test_flux_has_no_guidance_scale_of_that_kind() -> None:
    answer = read(files.comfyui_png(FLUX))
    assert "guidance_scale" in answer.request.assumed
    assert (answer.sampler, answer.model, answer.unused) == ("euler", "flux1-dev.safetensors", ("FluxGuidance",))


# The others


def test_novelais_characters_were_drawn_too() -> None:
    comment = {
        **files.NOVELAI,
        "v4_prompt": {"caption": {"base_caption": "2girls, cafe, ", "char_captions": [
            {"char_caption": "girl, red hair", "centers": []}, {"char_caption": "girl, bob hair"}]}},
        "v4_negative_prompt": {"caption": {"base_caption": "blurry", "char_captions": [{"char_caption": "hat"}]}},
    }  # fmt: skip
    assert words(png(Software="NovelAI", Description="2girls, cafe, ", Comment=json.dumps(comment))) == (
        "2girls, cafe, girl, red hair, girl, bob hair",
        "blurry, hat",
    )


@pytest.mark.parametrize(
    ("line", "prompt", "negative", "model", "unused"),
    [
        ("a woman, bob hair", "a woman, bob hair", "", "", ()),
        ("a woman, the number --7 and --dashed words", "a woman, the number --7 and", "", "", ("--dashed",)),
        ("a woman --no hat, cap --niji 6", "a woman", "hat, cap", "Niji 6", ()),
        ("a woman --no hat --no cap", "a woman", "hat, cap", "", ()),
        ("a well-lit -- dash -- woman --v 7 --raw --sref https://s.mj.run/a 12", "a well-lit -- dash -- woman", "",
         "Midjourney 7", ("--raw", "--sref")),
        ("https://s.mj.run/abc <https://s.mj.run/d> a woman —ar 2:3", "a woman", "", "", ("image prompt", "--ar")),
    ],
)  # fmt: skip
def test_midjourneys_parameters_are_no_words(
    line: str, prompt: str, negative: str, model: str, unused: tuple[str, ...]
) -> None:
    answer = read(files.midjourney_png(line))
    assert words(files.midjourney_png(line)) == (prompt, negative)
    assert (answer.model, answer.unused) == (model, unused)


def test_invokeai_before_version_3_had_its_negative_words_in_brackets() -> None:
    image = {"prompt": [{"prompt": "woman, bob hair [hat] [cap]", "weight": 1.0}], "seed": 5, "steps": 20,
             "cfg_scale": 7, "sampler": "k_lms"}  # fmt: skip
    file = png(**{"sd-metadata": json.dumps({"model_weights": "sd-1.5", "image": image})})
    answer = read(file)
    assert words(file) == (PROMPT, "hat, cap")
    assert (answer.program, answer.request.seed, answer.sampler, answer.model) == ("InvokeAI", 5, "k_lms", "sd-1.5")


# Strangers' files


@pytest.mark.parametrize(
    "text",
    [
        '{"sui_image_params": {"negativeprompt": "hat"}}',
        '{"sui_image_params": {"prompt": "woman',
        '{ "prompt": 5 }',
        "[]",
        '[{"prompt": "woman"}]',
        "{}",
        "{'prompt': 'woman'}",
        json.dumps({"prompt": json.dumps({"prompt": "woman"}), "base_model": "x"}),
        json.dumps({"sui_image_params": {"prompt": '{"a": 1}'}}),
    ],
)
def test_json_never_becomes_a_prompt(text: str) -> None:
    for file in (
        png(parameters=text),
        files.with_user_comment("JPEG", files.piexif_comment(text)),
        files.hidden(b"stealth_pngcomp", text),
    ):
        assert read_request(file) is None


@pytest.mark.parametrize(
    "keyword", ["parameters", "prompt", "invokeai_metadata", "Comment", "Description", "sd-metadata"]
)
@pytest.mark.parametrize(
    "text", ["", "null", "[" * 60_000, '{"a": ' * 50_000, "{}", '{"image": 5}', '{"1": {"class_type": 5}}']
)
def test_a_text_that_is_no_request_is_none(keyword: str, text: str) -> None:
    file = png(**{keyword: text, "Software": "NovelAI"} if keyword == "Comment" else {keyword: text})
    request = read_request(file)
    assert request is None or (keyword, request.prompt) == ("parameters", "null")  # words like any others


def test_a_text_of_2_mb_beside_it_changes_nothing() -> None:
    other = files.behind_the_pixels(files.a1111_png(), b"tEXt", b"Raw\0" + b"x" * 2**21)
    assert words(other) == (PROMPT, NEGATIVE)


@pytest.mark.parametrize(
    "damage",
    [
        lambda file: file[:-20],
        lambda file: files.behind_the_pixels(file, b"iTXt", b"broken"),
        lambda file: files.behind_the_pixels(file, b"zTXt", b"parameters\0\0" + zlib.compress(b"a" * 2**26)),
        lambda file: files.behind_the_pixels(file, b"tEXt", b"parameters\0" + b"a" * (MAX_TEXT + 1)),
        lambda file: files.behind_the_pixels(file, b"eXIf", b"MM\0*\xff\xff\xff\xff"),
        lambda file: file.replace(b"IDAT", b"IDAX"),
        lambda file: file + b"rubbish",
    ],
)
def test_what_is_damaged_or_too_long_costs_itself_alone(damage: Callable[[bytes], bytes]) -> None:
    assert words(damage(files.a1111_png())) == (PROMPT, NEGATIVE)


def test_names_are_few_and_short() -> None:
    answer = read(png(parameters=infotext(**{f"name {number} {'x' * 40}": 1 for number in range(99)}, Model="m" * 999)))
    assert len(answer.unused) == MOST_UNUSED
    assert max(map(len, (*answer.unused, answer.model))) == MOST_NAME


def test_control_characters_and_halves_of_letters_are_left_out() -> None:
    answer = found(Said("Somebody", prompt="bob\x00 \x1bhair \ud83d", negative_prompt="a\x07"))
    assert answer is not None
    assert (answer.request.prompt, answer.request.negative_prompt) == ("bob hair �", "a")


@pytest.mark.parametrize("text", ["a:" * 30_000, 'a:"' * 20_000, ", Steps: 1" * 6_000, "\nSteps: 1, Seed: 2" * 3_000,
                                  "\nNegative prompt:" * 3_800, "Steps: 1, " + 'x: "' * 16_000])  # fmt: skip
def test_no_text_takes_long(text: str) -> None:
    started = time.perf_counter()
    read_request(png(parameters=text))
    assert time.perf_counter() - started < 2


def test_a_graph_takes_no_longer_where_everything_hangs_on_everything() -> None:
    layers = {
        f"{layer}": node("ConditioningCombine", conditioning_1=[f"{layer + 1}", 0], conditioning_2=[f"{layer + 1}", 0])
        for layer in range(100, 150)
    }
    graph = changed(n3=ksampler(positive=["100", 0]), **layers, n150=node("CLIPTextEncode", text=PROMPT))
    started = time.perf_counter()
    assert words(files.comfyui_png(graph)) == (PROMPT, NEGATIVE)
    assert time.perf_counter() - started < 2


def test_a_file_is_read_as_its_bytes_are(tmp_path: Path) -> None:
    (tmp_path / "forge.png").write_bytes(files.forge_jpeg())  # a JPEG, whatever it is called
    assert find_request(tmp_path / "forge.png") == find_request(files.forge_jpeg())
    assert find_request(tmp_path / "missing.png") is None
