"""Write the network as ONNX: `python -m tools.train.export --checkpoint FILE [--to FILE]`."""

from __future__ import annotations

import argparse
from pathlib import Path

import torch
from torch import Tensor, nn

from tools.train.network import PersonNet
from tools.train.place import MODEL
from tools.train.train import FULL

MOST_BYTES = 1_000_000
OPSET = 17


class Share(nn.Module):
    """The network with the sigmoid in it: what comes out is 0 to 1."""

    def __init__(self, network: PersonNet) -> None:
        super().__init__()
        self.network = network

    def forward(self, picture: Tensor) -> Tensor:
        """Return how much of each pixel is person."""
        logits: Tensor = self.network(picture)
        return torch.sigmoid(logits)


def export(checkpoint: Path, path: Path) -> None:
    """Write the averaged weights, batch norms folded into convolutions. Fails if the file is over 1 MB."""
    network = PersonNet()
    network.load_state_dict(torch.load(checkpoint, weights_only=True)["average"])
    width, height = FULL
    picture = torch.zeros(1, 3, height, width)
    path.parent.mkdir(parents=True, exist_ok=True)
    # The exporter that traces: it folds batch norms, and needs no onnxscript.
    torch.onnx.export(
        Share(network).eval(),
        (picture,),
        str(path),
        opset_version=OPSET,
        input_names=["picture"],
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
    parser.add_argument("--to", type=Path, default=MODEL)
    arguments = parser.parse_args()
    export(arguments.checkpoint, arguments.to)


if __name__ == "__main__":
    main()
