"""Tiny ONNX models whose answer is known: they give back a channel of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

Shape = Sequence[int | str]


def save(
    path: Path, nodes: list[Any], inputs: dict[str, Shape], outputs: dict[str, Shape | None], **options: Any
) -> Path:
    """Write a model of float tensors; `weights` are its constants, `opset` and `dtype` as they say."""
    dtype = options.get("dtype", TensorProto.FLOAT)
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, dtype, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, dtype, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in options.get("weights", {}).items()],
    )
    opset = helper.make_opsetid("", options.get("opset", 17))
    path.write_bytes(helper.make_model(graph, opset_imports=[opset], ir_version=8).SerializeToString())
    return path


def mixer(
    path: Path, layout: str, mixes: list[list[float]], *, size: tuple[Any, Any] = (32, 16), then: str = ""
) -> Path:
    """Write a model whose output channels are mixes of the picture's three, then perhaps Sigmoid or Softmax."""
    width, height = size
    weights = {"mix": np.array(mixes, np.float32)[:, :, None, None]}
    nchw_in = "picture" if layout == "nchw" else "channels_first"
    nodes = [] if layout == "nchw" else [helper.make_node("Transpose", ["picture"], [nchw_in], perm=[0, 3, 1, 2])]
    nodes.append(helper.make_node("Conv", [nchw_in, "mix"], ["mixed"]))
    last = "mixed"
    if then:
        axis: dict[str, Any] = {"axis": 1} if then == "Softmax" else {}
        nodes.append(helper.make_node(then, [last], ["shares"], **axis))
        last = "shares"
    perm = [0, 1, 2, 3] if layout == "nchw" else [0, 2, 3, 1]
    nodes.append(helper.make_node("Transpose", [last], ["mask"], perm=perm))
    picture = (1, 3, height, width) if layout == "nchw" else (1, height, width, 3)
    count = len(mixes)
    mask = (1, count, height, width) if layout == "nchw" else (1, height, width, count)
    return save(path, nodes, {"picture": picture}, {"mask": mask}, weights=weights)


__all__ = ["helper", "mixer", "onnx", "save"]
