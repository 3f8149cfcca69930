"""Write a network as ONNX: `python -m tools.train.export --checkpoint FILE [--edges] [--to FILE]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from tools.train.edge_network import EdgeNet
from tools.train.network import PersonNet
from tools.train.place import EDGES, MASK, MODEL, PICTURE
from tools.train.train import FULL

MOST_BYTES = 1_000_000
OPSET = 17

NOBODY, SOMEBODY = 0.08, 0.68
"""What the network of edges says that is as good as 0, and as good as 1: it would rather be too small than too large.

Of the band error on the composites that takes .02 more of the raw masks'.
"""


class Share(nn.Module):
    """The network with the sigmoid in it: what comes out is 0 to 1."""

    def __init__(self, network: PersonNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """Return how much of each pixel is person."""
        logits: Tensor = self.network(picture)
        return torch.sigmoid(logits)


class SharedEdges(nn.Module):
    """The network that refines edges, with the sigmoid in it and the mean of each 2×2, which is the mask's size.

    Nothing is lost by that: fitted to the picture's colours afterwards, a mask of half the size is as near the truth.
    """

    def __init__(self, network: EdgeNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        """Return how much of each pixel of the mask is person."""
        person = torch.sigmoid(self.network.quarters(picture, mask)).mean(1, keepdim=True)
        return ((person - NOBODY) / (SOMEBODY - NOBODY)).clamp(0, 1)


def export(checkpoint: Path, path: Path, edges: bool) -> None:
    """Write the averaged weights, batch norms folded into convolutions. Fails if the file is over 1 MB."""
    network = EdgeNet() if edges else PersonNet()
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    width, height = PICTURE if edges else FULL
    inputs = {"picture": torch.zeros(1, 3, height, width)}
    if edges:
        inputs["mask"] = torch.zeros(1, 1, *MASK[::-1])
    path.parent.mkdir(parents=True, exist_ok=True)
    # The exporter that traces: it folds batch norms, and needs no onnxscript.
    torch.onnx.export(
        (SharedEdges(network) if isinstance(network, EdgeNet) else Share(network)).eval(),
        tuple(inputs.values()),
        str(path),
        opset_version=OPSET,
        input_names=list(inputs),
        output_names=["person"],
        dynamo=False,
    )
    size = path.stat().st_size
    if size > MOST_BYTES:
        raise SystemExit(f"{path} has {size} bytes, over {MOST_BYTES}")
    print(f"{path}: {size} bytes")


def main() -> None:
    """Read the options and export."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--edges", action="store_true", help="it is the network that refines edges")
    parser.add_argument("--to", type=Path)
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.to or (EDGES if arguments.edges else MODEL), arguments.edges)


if __name__ == "__main__":
    main()
