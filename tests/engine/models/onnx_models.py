"""Tiny ONNX models whose answer is known: they give back a channel of the picture."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import TensorProto, helper, numpy_helper

from engine.models.runtime import Array

Shape = Sequence[int | str]


def save(
    path: Path,
    nodes: list[Any],
    inputs: dict[str, Shape],
    outputs: dict[str, Shape],
    *,
    weights: dict[str, Array] | None = None,
    types: tuple[int, int] = (TensorProto.FLOAT, TensorProto.FLOAT),
    opset: int = 17,
) -> Path:
    """Write a model; `types` are those of its inputs and of its outputs."""
    taken, given = types
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info(name, taken, shape) for name, shape in inputs.items()],
        [helper.make_tensor_value_info(name, given, shape) for name, shape in outputs.items()],
        [numpy_helper.from_array(array, name) for name, array in (weights or {}).items()],
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=8)
    path.write_bytes(model.SerializeToString())
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


def spinner(path: Path) -> Path:
    """Write a model that gives back its picture, after as many turns of a loop as its brightest number says."""
    body = helper.make_graph(
        [helper.make_node("Identity", ["going"], ["goes on"]), helper.make_node("Identity", ["was"], ["is"])],
        "turn",
        [
            helper.make_tensor_value_info("turn", TensorProto.INT64, []),
            helper.make_tensor_value_info("going", TensorProto.BOOL, []),
            helper.make_tensor_value_info("was", TensorProto.FLOAT, None),
        ],
        [
            helper.make_tensor_value_info("goes on", TensorProto.BOOL, []),
            helper.make_tensor_value_info("is", TensorProto.FLOAT, None),
        ],
    )
    nodes = [
        helper.make_node("ReduceMax", ["picture"], ["brightest"], keepdims=0),
        helper.make_node("Cast", ["brightest"], ["turns"], to=TensorProto.INT64),
        helper.make_node("Loop", ["turns", "yes", "picture"], ["mask"], body=body),
    ]
    shape = (1, 3, 16, 32)
    return save(path, nodes, {"picture": shape}, {"mask": shape}, weights={"yes": np.array(True)})


__all__ = ["TensorProto", "helper", "mixer", "save", "spinner"]
