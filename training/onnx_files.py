"""Models in ONNX files as insightface's model zoo reads them: matrices in float16, for a pack is small; computed in float32."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper, numpy_helper
from torch import nn

Axes = dict[str, dict[int, str]]  # of each input and output, the sizes that may change
ENCODER_AXES: Axes = {"input.1": {0: "batch"}, "embedding": {0: "batch"}}
HALF = ".half"  # ends the names of weights that are stored so


def export(model: nn.Module, path: Path, shape: Sequence[int] = (1, 3, 112, 112), axes: Axes = ENCODER_AXES) -> None:
    """Writes the file, each weight under its name in the model (`read_weights`)."""
    path.parent.mkdir(parents=True, exist_ok=True)
    outputs = [name for name in axes if name != "input.1"]
    model.cpu().float().eval()
    # Of the outermost module alone: else the exporter merges weights that are equal, and names go.
    model.training = True
    torch.onnx.export(
        model, (torch.zeros(*shape),), str(path), input_names=["input.1"], output_names=outputs,
        dynamic_axes=axes, opset_version=17, dynamo=False, do_constant_folding=False,
        training=torch.onnx.TrainingMode.PRESERVE,
    )  # fmt: skip
    model.eval()
    halve(path)


def read_weights(model: nn.Module, path: Path) -> nn.Module:
    """The model with the weights that `export` wrote: a pack can be trained on."""
    stored = {
        tensor.name.removesuffix(HALF): numpy_helper.to_array(tensor) for tensor in onnx.load(path).graph.initializer
    }
    wanted = [name for name in model.state_dict() if not name.endswith("num_batches_tracked")]
    model.load_state_dict({name: torch.from_numpy(stored[name].astype(np.float32)) for name in wanted}, strict=False)
    return model


def halve(file: Path) -> None:
    """Stores an ONNX model's matrices in float16; it still computes in float32."""
    model = onnx.load(file)
    for weights in model.graph.initializer:
        values = numpy_helper.to_array(weights)
        if values.dtype == np.float32 and values.ndim > 1:
            whole = weights.name
            weights.CopyFrom(numpy_helper.from_array(values.astype(np.float16), f"{whole}{HALF}"))
            model.graph.node.insert(0, helper.make_node("Cast", [f"{whole}{HALF}"], [whole], to=TensorProto.FLOAT))
    onnx.save(model, file)
