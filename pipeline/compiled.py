"""What draws, compiled by OpenVINO for this machine's CPU: the UNet with its adapter, and the VAE's decoder.

Compiling takes seconds, so it is done once and kept, with a checksum over it and over all that it was made from: other
weights, another OpenVINO or another CPU, and it is made anew. OpenVINO takes bfloat16 where the CPU computes in it.
Pictures are drawn one by one, as many at once as there are cores: so what is beside a picture cannot change it, and it
costs a tenth more than a batch (paperdoll, a step of four pictures with guidance: 48 ms of one core, 44 in one batch).
"""

# openvino's and diffusers' annotations are partial.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportPrivateImportUsage=false

from __future__ import annotations

import hashlib
import json
import os
import sys
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

sys.modules.setdefault("openvino_telemetry", None)  # pyright: ignore[reportArgumentType]: it reports every import to its makers
import openvino  # noqa: E402

IDENTITY_SIZE = 512
GUIDED = 2  # a picture's rows in the UNet: without and with the words
NUMBER_TYPES = {"bf16": "bfloat16", "f16": "float16", "f32": "float32"}  # OpenVINO's names and torch's
MOST_AT_ONCE = 4  # pictures: more than a run usually has would only take memory
CHECKSUM = 32  # bytes
TRIES = 3  # of which the quickest counts


class NotFaster(Exception):
    """On this machine torch draws as quickly."""

    def __str__(self) -> str:
        return "torch draws as quickly here"


class CompiledUNet(torch.nn.Module):
    """`strength` is the IP-Adapter scale; at 0 neither adapter nor LoRA does anything."""

    dtype, device = torch.float32, torch.device("cpu")  # of what goes in and comes out
    runtime = "OpenVINO " + openvino.__version__.partition("-")[0]

    def __init__(self, rows: _Rows, config: Any, size: tuple[int, int]) -> None:
        super().__init__()
        self.config, self.size = config, size
        self.strength = 1.0
        self.computes_in = rows.computes_in
        self._run = rows.run

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        encoder_hidden_states: torch.Tensor,
        added_cond_kwargs: dict[str, list[torch.Tensor]],
        **_: object,
    ) -> tuple[torch.Tensor]:
        (identities,) = added_cond_kwargs["image_embeds"]
        strength = torch.tensor(self.strength)
        return (self._run(sample, timestep.float(), encoder_hidden_states, identities, strength),)


class CompiledDecoder(torch.nn.Module):
    dtype, device = torch.float32, torch.device("cpu")

    def __init__(self, rows: _Rows, config: Any) -> None:
        super().__init__()
        self.config = config
        self._run = rows.run

    def decode(self, latents: torch.Tensor, return_dict: bool = False, generator: object = None) -> tuple[torch.Tensor]:
        return (self._run(latents),)


@dataclass(frozen=True)
class Compiled:
    """In the place of a pipeline's `unet` and `vae`, and of the tiny autoencoder that decodes previews."""

    unet: CompiledUNet
    vae: CompiledDecoder
    previews: CompiledDecoder | None


def compile_models(pipeline: Any, previews: Any, size: tuple[int, int], folder: Path, name: str) -> Compiled:
    """For pictures of that width and height; what is compiled is kept in `folder` by `name`.

    Raises NotFaster, and OSError or RuntimeError where it cannot be had.
    """
    unet, vae, factor = pipeline.unet, pipeline.vae, pipeline.vae_scale_factor
    width, height = size
    latents = torch.randn(GUIDED, unet.config.in_channels, height // factor, width // factor)
    words = torch.randn(GUIDED, pipeline.tokenizer.model_max_length, unet.config.cross_attention_dim)
    guided = (latents, torch.tensor(500.0), words, torch.randn(GUIDED, 1, IDENTITY_SIZE), torch.tensor(1.0))
    compiler = _Compiler(folder, name)
    drawing = compiler.compiled("unet", _SteeredUNet(unet, pipeline.lora), guided, only_if_faster=True)

    def decoder(part: str, module: torch.nn.Module, config: Any) -> CompiledDecoder:
        return CompiledDecoder(compiler.compiled(part, module, (latents[:1],)), config)

    return Compiled(
        CompiledUNet(drawing, unet.config, size),
        decoder("decoder", _Decoder(vae), vae.config),
        decoder("previews", previews.decoder, previews.config) if previews else None,
    )


class _SteeredUNet(torch.nn.Module):
    """The UNet as a function of tensors alone: how strongly the adapter acts is one of them, and no attribute."""

    def __init__(self, unet: Any, lora: str | None) -> None:
        super().__init__()
        self.unet = unet
        self._lora = lora
        self._adapters = [each for each in unet.attn_processors.values() if hasattr(each, "scale")]
        layers = [each for each in unet.modules() if lora and lora in getattr(each, "scaling", {})]
        self._layers = [(layer, layer.scaling[lora]) for layer in layers]

    def forward(
        self,
        sample: torch.Tensor,
        timestep: torch.Tensor,
        words: torch.Tensor,
        identities: torch.Tensor,
        strength: torch.Tensor,
    ) -> torch.Tensor:
        self._set([strength], (strength > 0).float())
        given = {"image_embeds": [identities]}
        drawn = self.unet(sample, timestep, words, added_cond_kwargs=given, return_dict=False)[0]
        self._set([1.0], 1.0)
        return drawn

    def _set(self, strength: list[Any], lora: Any) -> None:
        for adapter in self._adapters:
            adapter.scale = strength
        for layer, scale in self._layers:
            layer.scaling[self._lora] = scale * lora


class _Decoder(torch.nn.Module):
    def __init__(self, vae: Any) -> None:
        super().__init__()
        self.post_quant_conv, self.decoder = vae.post_quant_conv, vae.decoder

    def forward(self, latents: torch.Tensor) -> torch.Tensor:
        return self.decoder(self.post_quant_conv(latents) if self.post_quant_conv is not None else latents)


class _Compiler:
    def __init__(self, folder: Path, name: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._core = openvino.Core()
        self._folder, self._name = folder, name

    def compiled(
        self, part: str, module: torch.nn.Module, example: Sequence[torch.Tensor], only_if_faster: bool = False
    ) -> _Rows:
        """Of as many rows as the example has. Raises NotFaster, and knows it the next time."""
        file = self._folder / f"{self._name}-{part}.blob"
        made_from = self._made_from(module, example)
        blob = _read(file, made_from)
        if blob is None:
            blob = self._compile(module.eval(), example)
            if only_if_faster and not self._is_faster(blob, module, example):
                blob = b""
            _write(file, made_from, blob)
        if not blob:
            raise NotFaster
        return self._rows(blob, len(example[0]))

    def _compile(self, module: torch.nn.Module, example: Sequence[torch.Tensor]) -> bytes:
        """Weights are kept in half precision, as packs have them."""
        with warnings.catch_warnings(), torch.inference_mode(), TemporaryDirectory(dir=self._folder) as spare:
            warnings.simplefilter("ignore")  # torch's, of what a trace fixes: the shapes are fixed anyway
            shapes = [list(tensor.shape) for tensor in example]
            model = openvino.convert_model(module, example_input=tuple(example), input=shapes)
            file = Path(spare, "model.xml")
            openvino.save_model(model, file, compress_to_fp16=True)
            return self._core.compile_model(file, "CPU").export_model().getvalue()

    def _is_faster(self, blob: bytes, module: torch.nn.Module, example: Sequence[torch.Tensor]) -> bool:
        """Than torch with a usual batch."""
        run = self._rows(blob, len(example[0])).run
        batch = [torch.cat([tensor] * MOST_AT_ONCE) if tensor.ndim else tensor for tensor in example]
        with torch.inference_mode():
            return _seconds(lambda: run(*batch)) < _seconds(lambda: module(*batch))

    def _rows(self, blob: bytes, rows: int) -> _Rows:
        threads = torch.get_num_threads()
        streams = min(threads, MOST_AT_ONCE)
        settings = {
            "INFERENCE_NUM_THREADS": threads,
            "NUM_STREAMS": streams,
            "ENABLE_CPU_PINNING": False,  # or two processes' threads would sit on the same cores
        }
        return _Rows(self._core.import_model(blob, "CPU", settings), rows, streams)

    def _made_from(self, module: torch.nn.Module, example: Sequence[torch.Tensor]) -> bytes:
        said = [
            openvino.get_version(),
            torch.__version__,
            self._core.get_property("CPU", "FULL_DEVICE_NAME"),
            self._core.get_property("CPU", "OPTIMIZATION_CAPABILITIES"),
            [list(tensor.shape) for tensor in example],
            str(module),
        ]
        made_from = hashlib.sha256(json.dumps(said).encode())
        for name, tensor in module.state_dict().items():
            made_from.update(name.encode())
            made_from.update(tensor.contiguous().numpy().tobytes())
        return made_from.digest()


class _Rows:
    """A compiled model of so many rows, for any number of them: each part is drawn apart, some at the same time."""

    def __init__(self, model: openvino.CompiledModel, rows: int, streams: int) -> None:
        self.computes_in = NUMBER_TYPES[model.get_property("INFERENCE_PRECISION_HINT").to_string()]
        self._rows = rows
        self._queue = openvino.AsyncInferQueue(model, streams)

    def run(self, *inputs: torch.Tensor) -> torch.Tensor:
        """Each input's rows, or a single number for all."""
        starts, parts = range(0, len(inputs[0]), self._rows), dict[int, torch.Tensor]()

        def done(request: openvino.InferRequest, start: int) -> None:
            parts[start] = torch.from_numpy(request.get_output_tensor().data.copy())

        self._queue.set_callback(done)
        for start in starts:
            self._queue.start_async([self._part(each, start).numpy() for each in inputs], start)
        self._queue.wait_all()
        return torch.cat([parts[start] for start in starts])[: len(inputs[0])]

    def _part(self, rows: torch.Tensor, start: int) -> torch.Tensor:
        """The last part is filled up with its last row."""
        if not rows.ndim:
            return rows
        part = rows[start : start + self._rows]
        return torch.cat([part, part[-1:].expand(self._rows - len(part), *part.shape[1:])])


def _read(file: Path, made_from: bytes) -> bytes | None:
    """None where there is none, it was made from something else, or it is damaged."""
    if not file.is_file():
        return None
    with file.open("rb") as stream:
        checksum, blob = stream.read(CHECKSUM), stream.read()
    return blob if checksum == _checksum(made_from, blob) else None


def _write(file: Path, made_from: bytes, blob: bytes) -> None:
    """Whole or not at all."""
    unfinished = file.with_name(f".{file.name}.{os.getpid()}")
    with unfinished.open("wb") as stream:
        stream.write(_checksum(made_from, blob))
        stream.write(blob)
    unfinished.replace(file)


def _checksum(made_from: bytes, blob: bytes) -> bytes:
    checksum = hashlib.sha256(made_from)
    checksum.update(blob)
    return checksum.digest()


def _seconds(work: Callable[[], object]) -> float:
    """Of processor time: what else the machine does at a first start decides nothing that is kept."""
    work()
    times: list[float] = []
    for _ in range(TRIES):
        started = time.process_time()
        work()
        times.append(time.process_time() - started)
    return min(times)
