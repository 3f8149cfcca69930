"""The network that refines edges: a picture and another network's mask of it at half the size in, alpha out."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional

from tools.train.network import Bottleneck, ConvNorm, Merge

HALF, QUARTER, EIGHTH = 16, 32, 64
"""Channels at each scale of the picture, in sixteens, since onnxruntime computes sixteen at a time whatever is asked.

Half the picture is the mask's scale, where two fifths of the time go.
"""


class Halved(nn.Sequential):
    """Features at half the size: 2×2 of them to one. Strided filters by channel took a quarter of training."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__(
            nn.Conv2d(inputs, outputs, 2, 2, bias=False), nn.BatchNorm2d(outputs, momentum=0.03), nn.ReLU(inplace=True)
        )


class EdgeNet(nn.Module):
    """R'G'B' of 0 to 1, (n, 3, height, width), and a mask of 0 to 1, (n, 1, height / 2, width / 2), in; logits out.

    Logits of alpha, (n, 1, height, width). Height and width are multiples of 8.
    """

    def __init__(self) -> None:
        super().__init__()
        self.of_picture = nn.Sequential(
            nn.Conv2d(3, HALF, 4, 2, 1, bias=False),  # a pixel's own 2×2 and one around them
            nn.BatchNorm2d(HALF, momentum=0.03),
        )
        self.of_mask = ConvNorm(1, HALF, 3, activation="none")
        self.at_half = Bottleneck(HALF, HALF, HALF)
        self.at_quarter = nn.Sequential(Halved(HALF, QUARTER), Bottleneck(QUARTER, 64, QUARTER))
        self.at_eighth = nn.Sequential(
            Halved(QUARTER, EIGHTH),
            Bottleneck(EIGHTH, 96, EIGHTH, 5),
            Bottleneck(EIGHTH, 96, EIGHTH, 5),
            Bottleneck(EIGHTH, 96, EIGHTH, 5),
        )
        self.to_quarter = Merge(EIGHTH, QUARTER, QUARTER)
        self.to_half = Merge(QUARTER, HALF, HALF)
        self.last = nn.Conv2d(HALF, 4, 1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out" if module.groups == 1 else "fan_in")
        for module in self.modules():
            if isinstance(module, Bottleneck) and module.residual:
                nn.init.zeros_(module.body[-1][1].weight)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, picture: Tensor, mask: Tensor) -> Tensor:
        """Return the logits."""
        return functional.pixel_shuffle(self.quarters(picture, mask), 2)

    def quarters(self, picture: Tensor, mask: Tensor) -> Tensor:
        """Return them as four channels of the mask's size: the mask's own at first, and what is learned to be added."""
        centred = mask - 0.5
        half = self.at_half(functional.relu(self.of_picture(picture - 0.5) + self.of_mask(centred)))
        quarter = self.at_quarter(half)
        eighth = self.at_eighth(quarter)
        found: Tensor = self.last(self.to_half(self.to_quarter(eighth, quarter), half))
        return found + 6 * centred
