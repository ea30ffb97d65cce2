"""ComfyUI: the graph of nodes that made the picture, in which the words are looked for along the links.

The API graph stands as JSON in the PNG's chunk `prompt` (nodes.py, SaveImage.save_images), in an animated PNG's `comf`
behind the pixels, and in a WebP's EXIF Model as "prompt:{...}" (comfy_api/latest/_ui.py, _create_webp_metadata). Every
node is {"class_type": ..., "inputs": {name: value or ["id of another node", number of its output]}}.

From what is saved the way of the picture leads back to its first sampler, whose inputs say everything else. What a node
makes only when it runs (a language model's words, a wildcard drawn) is in no graph: then the words are not to be read.
Where a graph saves several pictures of different words nobody knows which this is, and a field on which they differ is
not claimed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, cast

from library_store.foreign_requests.said import MOST_WORDS, Said, as_list, as_object, json_object, text_of
from pipeline.picture_texts import PictureTexts

Node = Mapping[str, Any]

# The inputs that carry the picture itself; a reference's or a control's come in through others.
_PICTURE = ("latent_image", "latent", "samples", "samples1", "pixels", "image", "images")
_WORDS = (  # under which text encoders, their front ends and text nodes have their words
    "populated_text", "text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "bert", "mt5xl", "llama", "prompt",
    "value", "string", "String", "Text", "text_string", "multiline_text",
)  # fmt: skip
_CONDITIONING = ("conditioning", "conditioning_1", "conditioning_2", "conditioning_to", "conditioning_from")
_NUMBER = ("seed", "noise_seed", "value", "int", "Number", "number", "float", "a")
_MODEL = ("ckpt_name", "unet_name", "model_name", "base_ckpt_name")
_PLAIN = {  # nodes that say nothing beyond what is read
    "BasicGuider", "BasicScheduler", "CFGGuider", "CheckpointLoaderSimple", "CLIPLoader", "CLIPTextEncode",
    "ConditioningZeroOut", "DualCLIPLoader", "EmptyLatentImage", "EmptySD3LatentImage", "KSampler", "KSamplerSelect",
    "PreviewImage", "PrimitiveFloat", "PrimitiveInt", "PrimitiveString", "PrimitiveStringMultiline", "RandomNoise",
    "SamplerCustomAdvanced", "SaveAnimatedPNG", "SaveAnimatedWEBP", "SaveImage", "StringConcatenate", "UNETLoader",
    "VAEDecode", "VAELoader",
}  # fmt: skip
_MADE = {  # a text node with one of these makes its words when it runs
    "api_key", "image", "images", "llm", "max_new_tokens", "max_tokens", "model", "seed", "temperature", "url",
}  # fmt: skip
_PART = re.compile(r"(text|string|prompt|str)_?([a-z]|\d{1,2})")  # an input of a node that joins texts
_LABEL = re.compile(r"\s*[Pp]rompt:")  # before the graph in EXIF; nodes of others use other tags than ComfyUI's own
_DEEPEST = 60  # links in a row


def read(texts: PictureTexts) -> Said | None:
    nodes = _nodes(texts)
    if nodes is None:
        written = [texts.chunks.get("workflow", ""), texts.exif.get("Make", "").removeprefix("workflow:")]
        is_workflow = any("nodes" in (json_object(text) or {}) for text in written)
        return Said("ComfyUI", unused=["workflow"]) if is_workflow else None
    graph = _Graph(nodes)
    samplers = graph.first_samplers()
    if not samplers:
        return Said("ComfyUI")
    runs = [graph.said_by(sampler) for sampler in samplers]
    agreed = {field: {_Comparable(getattr(run, field)) for run in runs} for field in _FIELDS}
    one = {field: next(iter(values)).value if len(values) == 1 else None for field, values in agreed.items()}
    several = [field.replace("_", " ") for field, values in agreed.items() if len(values) > 1]
    return Said(
        "ComfyUI",
        prompt=text_of(one["prompt"]),
        negative_prompt=cast("str | None", one["negative_prompt"]),
        seed=one["seed"],
        steps=one["steps"],
        guidance_scale=one["guidance_scale"],
        sampler=one["sampler"],
        model=one["model"],
        unused=[*several, *(name for run in runs for name in run.unused)],
    )


_FIELDS = ("prompt", "negative_prompt", "seed", "steps", "guidance_scale", "sampler", "model")


@dataclass(frozen=True)
class _Comparable:
    value: object

    def __hash__(self) -> int:
        return hash(repr(self.value))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Comparable) and repr(self.value) == repr(other.value)


def _nodes(texts: PictureTexts) -> dict[str, Node] | None:
    """By id; a node of a subgraph has one like "57:6"."""
    for text in (texts.chunks.get("prompt", ""), *texts.exif.values()):
        written = json_object(_LABEL.sub("", text)) or {}
        written = as_object(written.get("prompt")) or json_object(text_of(written.get("prompt"))) or written
        nodes = {id: node for id, node in ((id, as_object(node)) for id, node in written.items()) if node}
        if any("class_type" in node for node in nodes.values()):
            return {id: node for id, node in nodes.items() if as_object(node.get("inputs")) is not None}
    return None


class _Graph:
    def __init__(self, nodes: Mapping[str, Node]) -> None:
        self._nodes = nodes
        self._known: dict[tuple[int, str], str | None] = {}  # the words of a node in a role, each found once

    def first_samplers(self) -> list[Node]:
        """Of every picture that is saved the sampler that began it, without repeats; later ones only refine."""
        saving = [node for node in self._nodes.values() if "save" in _kind(node).lower()]
        showing = [node for node in self._nodes.values() if "preview" in _kind(node).lower()]
        begun = [self._first_sampler(node) for node in saving or showing]
        found = [node for node in begun if node is not None]
        found = found or [node for node in self._nodes.values() if _is_sampler(node)]
        return list({id(node): node for node in found}.values())

    def said_by(self, sampler: Node) -> Said:
        """From its own inputs, or from those of the nodes that it has instead of them."""
        guider = self._linked(sampler, "guider") or self._with_words(sampler)
        noise = self._linked(sampler, "noise") or sampler
        sigmas = self._linked(sampler, "sigmas") or sampler
        select = self._linked(sampler, "sampler") or sampler
        words = self._words_of(guider, "positive" if "positive" in _inputs(guider) else "conditioning")
        negative = self._words_of(guider, "negative") if "negative" in _inputs(guider) else ""
        upstream = list(self._upstream(sampler))
        return Said(
            "ComfyUI",
            prompt=words or "",
            negative_prompt=negative,
            seed=self._first_of(noise, "seed", "noise_seed"),
            steps=self._first_of(self._with(sigmas, "steps", "sigmas"), "steps"),
            guidance_scale=self._first_of(sampler if "cfg" in _inputs(sampler) else guider, "cfg"),
            sampler=self._first_of(select, "sampler_name"),
            model=self._model_of(guider if "model" in _inputs(guider) else sampler),
            unused=dict.fromkeys(name for node in upstream if (name := _named(node))),
        )

    def _with_words(self, sampler: Node) -> Node:
        """Itself, or from where a pipe brings it model, words and all."""
        return self._with(sampler, "positive", "basic_pipe", "pipe")

    def _with(self, node: Node, name: str, *ways: str) -> Node:
        """The first along these links that has such an input; where none has, the one that it began with."""
        further: Node | None = node
        for _ in range(_DEEPEST):
            if further is None or name in _inputs(further):
                break
            further = next((linked for way in ways if (linked := self._linked(further, way))), None)
        return further or node

    def _first_sampler(self, node: Node | None) -> Node | None:
        last: Node | None = None
        for _ in range(_DEEPEST):
            if node is None:
                break
            last = node if _is_sampler(node) else last
            ways = [way for name in _PICTURE if (way := self._linked(node, name))]
            if not ways and not _is_sampler(node):
                others = [way for name in _inputs(node) if (way := self._linked(node, name))]
                ways = others if len(others) == 1 else []
            node = ways[0] if ways else None
        return last

    def _words_of(self, node: Node, role: str, depth: int = 0) -> str | None:
        """Of the node that `role` is linked to; None where they cannot be known."""
        linked = self._linked(node, role)
        if linked is None:
            return text_of(_inputs(node).get(role))
        key = id(linked), role
        if key not in self._known:
            self._known[key] = None  # until it is known: for a circle
            words = self._words(linked, role, depth + 1)
            self._known[key] = words if words is None or len(words) <= MOST_WORDS else None
        return self._known[key]

    def _words(self, node: Node, role: str, depth: int) -> str | None:
        if depth > _DEEPEST:
            return None
        kind, inputs = _kind(node), _inputs(node)
        if kind == "ConditioningZeroOut":  # no words at all, whatever it is given
            return ""
        if computed := _COMPUTED.get(kind):
            parts = [self._text(node, name, depth) for name in computed[0]]
            return None if None in parts else computed[1](*cast("list[str]", parts), inputs)
        if "select" in inputs and "input1" in inputs:
            return self._words_of(node, f"input{self._first_of(node, 'select')}", depth)
        own = [name for name in (role, *_WORDS) if name in inputs]
        if role in ("positive", "negative") and role in own:  # a control, or a loader with both
            return self._text(node, role, depth)
        if re.search("concat|join", kind, re.IGNORECASE) and (parts := sorted(filter(_PART.fullmatch, inputs))):
            texts = [self._text(node, name, depth) for name in parts]
            between = text_of(inputs.get("delimiter", inputs.get("separator", ""))).replace("\\n", "\n")
            return None if None in texts else between.join(filter(None, texts))
        if further := [name for name in _CONDITIONING if self._linked(node, name)]:
            return _joined(self._words_of(node, name, depth) for name in further)
        if "clip" not in inputs and "populated_text" not in inputs and _MADE & set(inputs):
            return None
        own = own or [name for name in ("positive", "negative") if isinstance(inputs.get(name), str)][:2]
        if len(own) == 2 and own == ["positive", "negative"]:  # two texts, and which is meant stands in no name
            return None
        if own:
            return _joined(self._text(node, name, depth) for name in own)
        links = [name for name in inputs if self._linked(node, name)]
        return self._words_of(node, links[0], depth) if len(links) == 1 else None

    def _text(self, node: Node, name: str, depth: int) -> str | None:
        value = _inputs(node).get(name)
        if isinstance(value, str):
            return value
        return self._words_of(node, name, depth) if self._linked(node, name) else None

    def _first_of(self, node: Node, *names: str, depth: int = 0) -> object:
        """The value of the first of these inputs that there is, or where its link ends."""
        for name in names:
            if name not in _inputs(node):
                continue
            linked = self._linked(node, name)
            if linked is None:
                value: object = _inputs(node)[name]
                return None if isinstance(value, list | dict) else value
            return self._first_of(linked, *names, *_NUMBER, depth=depth + 1) if depth < _DEEPEST else None
        return None

    def _model_of(self, node: Node | None) -> object:
        for _ in range(_DEEPEST):
            if node is None:
                return None
            if name := next((name for name in _MODEL if isinstance(_inputs(node).get(name), str)), None):
                return _inputs(node)[name]
            node = next(
                (linked for way in ("model", "basic_pipe", "pipe") if (linked := self._linked(node, way))), None
            )
        return None

    def _upstream(self, node: Node) -> Iterator[Node]:
        seen, waiting = {id(node)}, [node]
        while waiting:
            node = waiting.pop()
            yield node
            for name in _inputs(node):
                linked = self._linked(node, name)
                if linked is not None and id(linked) not in seen:
                    seen.add(id(linked))
                    waiting.append(linked)

    def _linked(self, node: Node, name: str) -> Node | None:
        link = as_list(_inputs(node).get(name))
        return self._nodes.get(str(link[0])) if len(link) == 2 and isinstance(link[1], int) else None


def _kind(node: Node) -> str:
    return text_of(node.get("class_type"))


def _inputs(node: Node) -> dict[str, Any]:
    return as_object(node.get("inputs")) or {}


def _is_sampler(node: Node) -> bool:
    inputs = _inputs(node)
    has_seed = "seed" in inputs or "noise_seed" in inputs
    return "guider" in inputs or (has_seed and ("positive" in inputs or "steps" in inputs))


def _named(node: Node) -> str:
    """A LoRA by its own name, every other node by what it is called in ComfyUI."""
    lora = text_of(_inputs(node).get("lora_name"))
    if lora not in ("", "None"):
        return f"LoRA {lora}"
    return "" if _kind(node) in _PLAIN else _kind(node)


def _joined(parts: Iterator[str | None]) -> str | None:
    """Two encoders are mostly given the same words."""
    known = list(parts)
    return None if None in known else ", ".join(dict.fromkeys(filter(None, cast("list[str]", known))))


def _concatenated(first: str, second: str, inputs: Mapping[str, Any]) -> str:
    return text_of(inputs.get("delimiter")).join((first, second))


def _replaced(text: str, find: str, replace: str, _: Mapping[str, Any]) -> str:
    return text.replace(find, replace)


def _trimmed(text: str, inputs: Mapping[str, Any]) -> str:
    trims = {"Left": str.lstrip, "Right": str.rstrip}
    return trims.get(text_of(inputs.get("mode")), str.strip)(text)


_Compute = Callable[..., str]
_COMPUTED: dict[str, tuple[tuple[str, ...], _Compute]] = {  # comfy_extras/nodes_string.py
    "StringConcatenate": (("string_a", "string_b"), _concatenated),
    "StringReplace": (("string", "find", "replace"), _replaced),
    "StringTrim": (("string",), _trimmed),
}
