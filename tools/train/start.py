"""Weights of an exported network put back into one that can learn on: the file has no batch norms, they are folded."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import onnx
import torch
from onnx import numpy_helper
from torch import Tensor, nn


def unfold(network: nn.Module, path: Path, *inputs: Iterable[Tensor]) -> None:
    """Load an exported file into the network; what it is then shown, (n, …) of each input, sets the batch norms.

    A folded batch norm is the identity plus a bias, which the first step in training would undo. So each one takes
    the mean and the spread of what really reaches it as its statistics, and gives both back with its weights.
    """
    graph = onnx.load(path).graph
    values = {tensor.name: torch.from_numpy(numpy_helper.to_array(tensor).copy()) for tensor in graph.initializer}
    folded = [[values[name] for name in node.input[1:]] for node in graph.node if node.op_type == "Conv"]
    biases: dict[nn.BatchNorm2d, Tensor] = {}
    order: list[nn.Conv2d] = []
    norms = {
        child[0]: child[1]
        for child in (list(module.children()) for module in network.modules() if isinstance(module, nn.Sequential))
        if len(child) > 1 and isinstance(child[0], nn.Conv2d) and isinstance(child[1], nn.BatchNorm2d)
    }
    hooks: list[Any] = [
        module.register_forward_pre_hook(lambda module, _: order.append(module))
        for module in network.modules()
        if isinstance(module, nn.Conv2d)
    ]
    batch = [torch.cat(list(each)) for each in inputs]
    network.eval()
    with torch.no_grad():
        network(*batch)
        for hook in hooks:
            hook.remove()
        for convolution, (weight, bias) in zip(order, folded, strict=True):
            convolution.weight.copy_(weight)
            if convolution in norms:
                biases[norms[convolution]] = bias
            else:
                assert convolution.bias is not None
                convolution.bias.copy_(bias)

        def settle(norm: nn.Module, reaches: tuple[Tensor, ...]) -> None:
            assert isinstance(norm, nn.BatchNorm2d)
            spread, mean = torch.var_mean(reaches[0], dim=(0, 2, 3), correction=0)
            assert norm.running_mean is not None
            assert norm.running_var is not None
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(spread)
            norm.weight.copy_((spread + norm.eps).sqrt())
            norm.bias.copy_(mean + biases[norm])

        hooks = [norm.register_forward_pre_hook(settle) for norm in biases]
        network(*batch)
    for hook in hooks:
        hook.remove()
    network.train()
