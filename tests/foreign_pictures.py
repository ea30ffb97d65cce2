"""Small pictures that carry requests exactly as each program's own writer gives them; the writers are named.

All say the same: the prompt "woman, bob hair", negatively "hat", seed 5, 20 steps, a guidance scale of 7.
"""

from __future__ import annotations

import gzip
import io
import json
import struct
import zlib
from typing import Any

import numpy as np
from PIL import Image
from PIL.PngImagePlugin import PngInfo

PROMPT, NEGATIVE = "woman, bob hair", "hat"
EXIF_IFD, USER_COMMENT = 0x8769, 0x9286


def flat(mode: str = "RGB", side: int = 64) -> Image.Image:
    return Image.new(mode, (side, side), (200, 30, 60, 255)[: len(mode)])


def saved(picture: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def png(**texts: str) -> bytes:
    """PngInfo.add_text, as most of them do: tEXt for Latin-1, else iTXt."""
    chunks = PngInfo()
    for keyword, text in texts.items():
        chunks.add_text(keyword.replace("__", " "), text)
    return saved(flat(), "PNG", pnginfo=chunks)


def chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def behind_the_pixels(file: bytes, kind: bytes, data: bytes) -> bytes:
    assert file.endswith(chunk(b"IEND", b""))
    return file[:-12] + chunk(kind, data) + file[-12:]


def quoted(value: object) -> object:
    """A1111, modules/infotext_utils.py, quote."""
    if not set(",:\n") & set(str(value)):
        return value
    return json.dumps(value, ensure_ascii=False)


def infotext(prompt: str = PROMPT, negative: str = NEGATIVE, **settings: object) -> str:
    """A1111 1.10, modules/processing.py, create_infotext."""
    said = {
        "Steps": 20, "Sampler": "Euler a", "Schedule type": "Automatic", "CFG scale": 7, "Seed": 5, "Size": "512x512",
        "Model hash": "45dee52b", "Model": "dreamshaper_8", "Lora hashes": "detail: cd4e98, eyes: 12ab34",
        "Version": "v1.10.1", **settings,
    }  # fmt: skip
    line = ", ".join(f"{name}: {quoted(value)}" for name, value in said.items() if value is not None)
    negative_text = f"\nNegative prompt: {negative}" if negative else ""
    return f"{prompt}{negative_text}\n{line}".strip()


def with_user_comment(kind: str, comment: bytes) -> bytes:
    exif = Image.Exif()
    exif.get_ifd(EXIF_IFD)[USER_COMMENT] = comment
    return saved(flat(), kind, exif=exif.tobytes())


def piexif_comment(text: str) -> bytes:
    """piexif.helper.UserComment.dump(text, encoding="unicode"), which A1111's save_image_with_geninfo calls."""
    return b"UNICODE\0" + text.encode("utf-16-be")


def a1111_png() -> bytes:
    return png(parameters=infotext())


def forge_jpeg() -> bytes:
    return with_user_comment("JPEG", piexif_comment(infotext(Version="f2.0.1v1.10.1-previous-669-gdfdcbab6")))


def a1111_webp() -> bytes:
    return with_user_comment("WEBP", piexif_comment(infotext()))


GRAPH: dict[str, Any] = {  # ComfyUI's own default, with the words of the prompt from a linked node
    "3": {"class_type": "KSampler", "inputs": {
        "seed": 5, "steps": 20, "cfg": 7.0, "sampler_name": "euler", "scheduler": "normal", "denoise": 1.0,
        "model": ["4", 0], "positive": ["6", 0], "negative": ["7", 0], "latent_image": ["5", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "dreamshaper_8.safetensors"}},
    "5": {"class_type": "EmptyLatentImage", "inputs": {"width": 512, "height": 512, "batch_size": 1}},
    "6": {"class_type": "CLIPTextEncode", "inputs": {"text": ["12", 0], "clip": ["4", 1]}},
    "7": {"class_type": "CLIPTextEncode", "inputs": {"text": NEGATIVE, "clip": ["4", 1]}},
    "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
    "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "ComfyUI", "images": ["8", 0]}},
    "12": {"class_type": "PrimitiveStringMultiline", "inputs": {"value": PROMPT}},
}  # fmt: skip
WORKFLOW = {"last_node_id": 12, "nodes": [{"id": 3, "type": "KSampler"}], "links": [], "version": 0.4}


def changed(graph: dict[str, Any] = GRAPH, **nodes: Any) -> dict[str, Any]:
    return {**graph, **{id.removeprefix("n"): node for id, node in nodes.items()}}


def comfyui_png(graph: dict[str, Any] = GRAPH) -> bytes:
    """comfy_api/latest/_ui.py, _create_png_metadata: json.dumps, so that Korean is escaped."""
    return png(prompt=json.dumps(graph), workflow=json.dumps(WORKFLOW))


def comfyui_workflow_alone() -> bytes:
    return png(workflow=json.dumps(WORKFLOW))


def comfyui_animated_png() -> bytes:
    """_create_animated_png_metadata: a chunk of their own, behind the pixels."""
    data = b"prompt\0" + json.dumps(GRAPH).encode("latin-1")
    return behind_the_pixels(saved(flat(), "PNG", save_all=True, append_images=[flat("RGB")]), b"comf", data)


def comfyui_webp() -> bytes:
    """_create_webp_metadata: Model holds the graph, Make and what comes before it the rest."""
    exif = flat().getexif()
    exif[0x0110] = f"prompt:{json.dumps(GRAPH)}"
    exif[0x010F] = f"workflow:{json.dumps(WORKFLOW)}"
    return saved(flat(), "WEBP", exif=exif, save_all=True, append_images=[flat()], duration=100)


INVOKEAI: dict[str, Any] = {  # invokeai/app/invocations/metadata.py, CoreMetadataInvocation
    "generation_mode": "sdxl_txt2img", "positive_prompt": PROMPT, "negative_prompt": NEGATIVE, "width": 512,
    "height": 512, "seed": 5, "rand_device": "cpu", "cfg_scale": 7.0, "steps": 20, "scheduler": "euler_a",
    "model": {"key": "9e3b", "hash": "blake3:77", "name": "dreamshaper_8", "base": "sd-1", "type": "main"},
    "loras": [{"model": {"name": "detail"}, "weight": 0.8}], "ref_images": [], "app_version": "6.2.0",
}  # fmt: skip


def invokeai_png() -> bytes:
    """image_files_disk.py, save: json.dumps without escapes in version 6, an iTXt where there is Korean."""
    metadata = json.dumps(INVOKEAI, ensure_ascii=False)
    return png(invokeai_metadata=metadata, invokeai_graph='{"nodes": {}, "edges": []}')


FOOOCUS: dict[str, Any] = {  # modules/meta_parser.py, FooocusMetadataParser
    "adm_guidance": "(1.5, 0.8, 0.3)", "base_model": "dreamshaper_8", "base_model_hash": "879db523",
    "full_negative_prompt": [NEGATIVE, "ugly"], "full_prompt": [f"cinematic still {PROMPT}"], "guidance_scale": 7,
    "loras": [["detail", 0.1, "ab"]],
    "metadata_scheme": "fooocus", "negative_prompt": NEGATIVE, "performance": "Speed", "prompt": PROMPT,
    "refiner_model": "None", "resolution": "(512, 512)", "sampler": "dpmpp_2m_sde_gpu", "scheduler": "karras",
    "seed": "5",
    "sharpness": 2, "steps": 20, "styles": "['Fooocus V2']", "vae": "Default (model)", "version": "Fooocus v2.5.5",
}  # fmt: skip
FOOOCUS_INFOTEXT = (  # A1111MetadataParser
    f"cinematic still {PROMPT}, sharp\nNegative prompt: {NEGATIVE}, ugly\nSteps: 20, Sampler: DPM++ 2M SDE Karras, "
    'Seed: 5, Size: 512x512, CFG scale: 7, Sharpness: 2, ADM Guidance: "(1.5, 0.8, 0.3)", Model: dreamshaper_8, '
    "Model hash: 879db523, "
    f'Performance: Speed, Scheduler: karras, VAE: Default (model), Raw prompt: "{PROMPT}", '
    f'Raw negative prompt: {NEGATIVE}, Lora hashes: "detail: ab", Version: Fooocus v2.5.5'
)


def fooocus_png() -> bytes:
    return png(parameters=json.dumps(dict(sorted(FOOOCUS.items()))), fooocus_scheme="fooocus")


def fooocus_png_as_a1111() -> bytes:
    return png(parameters=FOOOCUS_INFOTEXT, fooocus_scheme="a1111")


def fooocus_picture(kind: str, text: str, scheme: str) -> bytes:
    """get_exif: all in the first directory."""
    exif = Image.Exif()
    exif[USER_COMMENT], exif[0x0131], exif[0x927C] = text, "Fooocus v2.5.5", scheme
    return saved(flat(), kind, exif=exif)


def fooocus_jpeg() -> bytes:
    return fooocus_picture("JPEG", json.dumps(FOOOCUS), "fooocus")


def fooocus_webp_as_a1111() -> bytes:
    return fooocus_picture("WEBP", FOOOCUS_INFOTEXT, "a1111")


SWARMUI = json.dumps({  # docs/Image Metadata Format.md
    "sui_image_params": {
        "prompt": PROMPT, "negativeprompt": NEGATIVE, "model": "dreamshaper_8", "seed": 5, "steps": 20,
        "cfgscale": "7.0",
        "aspectratio": "1:1", "width": 512, "height": 512, "sampler": "euler", "scheduler": "normal",
        "loras": ["detail"], "loraweights": ["0.8"], "swarm_version": "0.9.3.1"},
    "sui_extra_data": {"date": "2024-11-13", "generation_time": "6.11 (prep) and 4.84 (gen) seconds"},
    "sui_models": [{"name": "dreamshaper_8.safetensors", "param": "model", "hash": "0xd7a9"}],
}, indent=2)  # fmt: skip


def swarmui_png() -> bytes:
    """ImageSharp: compressed where it is longer than 1,024 characters."""
    chunks = PngInfo()
    chunks.add_text("parameters", SWARMUI, zip=True)
    return saved(flat(), "PNG", pnginfo=chunks)


def swarmui_jpeg() -> bytes:
    """src/Media/ImageFile.cs, ConvertTo: ImageSharp writes UTF-16, little-endian."""
    return with_user_comment("JPEG", b"UNICODE\0" + SWARMUI.encode("utf-16-le"))


def hidden(signature: bytes, text: str, kind: str = "PNG", side: int = 128) -> bytes:
    """src/Utils/MetadataHelper.cs, EmbedAlpha and EmbedRgb; NovelAI's inject_data is the same in alpha."""
    payload = gzip.compress(text.encode()) if signature.endswith(b"comp") else text.encode()
    bits = np.unpackbits(np.frombuffer(signature + struct.pack(">I", len(payload) * 8) + payload, np.uint8))
    pixels = np.array(flat("RGBA", side))
    channels = pixels[:, :, 3:] if b"png" in signature else pixels[:, :, :3]
    columns = np.ascontiguousarray(channels.transpose(1, 0, 2)).reshape(-1)
    columns[: len(bits)] = columns[: len(bits)] & 0xFE | bits
    channels[:] = columns.reshape(side, side, -1).transpose(1, 0, 2)
    return saved(Image.fromarray(pixels), kind, **({"lossless": True, "exact": True} if kind == "WEBP" else {}))


NOVELAI: dict[str, Any] = {  # the Comment; version 4's
    "prompt": PROMPT, "steps": 20, "height": 1216, "width": 832, "scale": 7.0, "uncond_scale": 0.0, "cfg_rescale": 0.0,
    "seed": 5, "n_samples": 1, "noise_schedule": "karras", "sampler": "k_euler_ancestral", "request_type":
    "PromptGenerateRequest", "signed_hash": "1yQ==", "uc": NEGATIVE,
    "v4_prompt": {"caption": {"base_caption": PROMPT, "char_captions": []}, "use_coords": False, "use_order": True},
    "v4_negative_prompt": {"caption": {"base_caption": NEGATIVE, "char_captions": []}},
}  # fmt: skip
NOVELAI_TEXTS = {
    "Title": "NovelAI generated image",
    "Description": PROMPT,
    "Software": "NovelAI",
    "Source": "NovelAI Diffusion V4 37442FCA",
    "Generation__time": "4.2",
    "Comment": json.dumps(NOVELAI),
}


def novelai_png() -> bytes:
    return png(**NOVELAI_TEXTS)


def novelai_hidden() -> bytes:
    """nai_meta_writer.py, serialize_metadata: without the title."""
    texts = {name.replace("__", " "): text for name, text in NOVELAI_TEXTS.items() if name != "Title"}
    return hidden(b"stealth_pngcomp", json.dumps(texts))


DRAW_THINGS = json.dumps({
    "c": PROMPT, "uc": NEGATIVE, "model": "dreamshaper_8.ckpt", "sampler": "Euler a", "scale": 7, "seed": 5,
    "seed_mode": "Scale Alike", "size": "512x512", "steps": 20, "strength": 1,
    "lora": [{"model": "a.ckpt", "weight": 0.8}],
    "v2": {"model": "dreamshaper_8.ckpt", "seed": 5, "steps": 20},
}, indent=2)  # fmt: skip
DRAW_THINGS_XMP = """<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 6.0.0">
   <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
      <rdf:Description rdf:about="" xmlns:dc="http://purl.org/dc/elements/1.1/"
            xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmlns:exif="http://ns.adobe.com/exif/1.0/">
         <dc:description><rdf:Alt>
            <rdf:li xml:lang="x-default">%s&#xA;-%s&#xA;Steps: 20, Sampler: Euler a, Guidance Scale: 7.0, Seed: 5, Size: 512x512, Model: dreamshaper_8.ckpt, Strength: 1.0, Seed Mode: Scale Alike</rdf:li>
         </rdf:Alt></dc:description>
         <xmp:CreatorTool>Draw Things</xmp:CreatorTool>
         %s
      </rdf:Description>
   </rdf:RDF>
</x:xmpmeta>"""  # noqa: E501
DRAW_THINGS_COMMENT = '<exif:UserComment><rdf:Alt><rdf:li xml:lang="x-default">%s</rdf:li></rdf:Alt></exif:UserComment>'


def draw_things_png(comment: str | None = DRAW_THINGS) -> bytes:
    user_comment = DRAW_THINGS_COMMENT % comment.replace("&", "&amp;").replace("<", "&lt;") if comment else ""
    chunks = PngInfo()
    chunks.add_itxt("XML:com.adobe.xmp", DRAW_THINGS_XMP % (PROMPT, NEGATIVE, user_comment))
    return saved(flat(), "PNG", pnginfo=chunks)


def draw_things_jpeg() -> bytes:
    xmp = DRAW_THINGS_XMP % (PROMPT, NEGATIVE, DRAW_THINGS_COMMENT % DRAW_THINGS)
    return saved(flat(), "JPEG", xmp=xmp.encode())


JOB = "Job ID: a7421d2f-b262-44f9-977c-ac23e9c7d3e3"


def midjourney_png(line: str = f"{PROMPT} --ar 2:3 --no {NEGATIVE} --seed 5 --v 6.1") -> bytes:
    return png(
        Description=f"{line} {JOB}", Author="somebody", Creation__Time="Wed, 13 Nov 2024 10:00:00 GMT",
    )  # fmt: skip
