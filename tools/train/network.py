"""The network: a MobileNetV3-class encoder to a sixteenth, LR-ASPP, and a decoder back to full size."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

STEM, QUARTER, EIGHTH, SIXTEENTH, HEAD = 16, 24, 40, 72, 96
"""Channels at each scale. Chosen so that all weights stay under 250,000, which is 1 MB in fp32."""


class ConvNorm(nn.Sequential):
    """Convolution, batch norm, activation. Odd kernels, padded to keep size."""

    def __init__(
        self, inputs: int, outputs: int, kernel: int = 1, stride: int = 1, groups: int = 1, activation: str = "relu"
    ) -> None:
        layers: list[nn.Module] = [
            nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
            nn.BatchNorm2d(outputs, momentum=0.03),
        ]
        if activation != "none":
            # ReLU where planes are large, since onnxruntime fuses it into the convolution and h-swish not.
            layers.append(nn.ReLU(inplace=True) if activation == "relu" else nn.Hardswish(inplace=True))
        super().__init__(*layers)


class Squeeze(nn.Module):
    """Squeeze and excite: scale channels by what the whole picture holds."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        hidden = max(8, channels // 8)
        self.shrink = nn.Conv2d(channels, hidden, 1)
        self.grow = nn.Conv2d(hidden, channels, 1)

    def forward(self, features: Tensor) -> Tensor:
        """Return the features, scaled."""
        mean = functional.adaptive_avg_pool2d(features, 1)
        return features * functional.hardsigmoid(self.grow(functional.relu(self.shrink(mean))))


class Bottleneck(nn.Module):
    """Inverted residual: widen, filter each channel, excite, narrow."""

    def __init__(
        self,
        inputs: int,
        wide: int,
        outputs: int,
        kernel: int = 3,
        stride: int = 1,
        squeeze: bool = False,
        activation: str = "relu",
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        if wide != inputs:
            layers.append(ConvNorm(inputs, wide, activation=activation))
        layers.append(ConvNorm(wide, wide, kernel, stride, groups=wide, activation=activation))
        if squeeze:
            layers.append(Squeeze(wide))
        layers.append(ConvNorm(wide, outputs, activation="none"))
        self.body = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, features: Tensor) -> Tensor:
        """Return the features of the next block."""
        narrowed: Tensor = self.body(features)
        return features + narrowed if self.residual else narrowed


class Merge(nn.Module):
    """One step up: narrow, double, add the encoder's features of that scale, filter."""

    def __init__(self, inputs: int, skip: int, outputs: int, kernel: int = 3) -> None:
        super().__init__()
        self.narrow = ConvNorm(inputs, outputs, activation="none")
        self.skip = ConvNorm(skip, outputs, activation="none")
        self.filter = nn.Sequential(ConvNorm(outputs, outputs, kernel, groups=outputs), ConvNorm(outputs, outputs))

    def forward(self, features: Tensor, skip: Tensor) -> Tensor:
        """Return features at the scale of `skip`."""
        larger = functional.interpolate(self.narrow(features), scale_factor=2.0, mode="bilinear", align_corners=False)
        added = functional.relu(larger + self.skip(skip))
        filtered: Tensor = self.filter(added)
        return added + filtered


class PersonNet(nn.Module):
    """R'G'B' of 0 to 1, (n, 3, height, width), in; logits of a person, (n, 1, height, width), out.

    Height and width are multiples of 16.

    In training it also returns logits at a sixteenth, which have a loss of their own.
    """

    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Sequential(ConvNorm(3, STEM, 3, stride=2), Bottleneck(STEM, STEM, STEM))
        self.quarter = nn.Sequential(
            Bottleneck(STEM, 64, QUARTER, stride=2),
            Bottleneck(QUARTER, 72, QUARTER),
        )
        self.eighth = nn.Sequential(
            Bottleneck(QUARTER, 96, EIGHTH, 5, stride=2, squeeze=True),
            Bottleneck(EIGHTH, 120, EIGHTH, 5, squeeze=True, activation="hardswish"),
        )
        self.sixteenth = nn.Sequential(
            Bottleneck(EIGHTH, 160, SIXTEENTH, 5, stride=2, squeeze=True, activation="hardswish"),
            Bottleneck(SIXTEENTH, 208, SIXTEENTH, 5, squeeze=True, activation="hardswish"),
            Bottleneck(SIXTEENTH, 208, SIXTEENTH, 5, squeeze=True, activation="hardswish"),
            Bottleneck(SIXTEENTH, 208, SIXTEENTH, 5, squeeze=True, activation="hardswish"),
        )
        self.context = ConvNorm(SIXTEENTH, HEAD)
        self.gate = nn.Conv2d(SIXTEENTH, HEAD, 1)
        self.coarse = nn.Conv2d(HEAD, 1, 1)
        self.to_eighth = Merge(HEAD, EIGHTH, 40, 5)
        self.to_quarter = Merge(40, QUARTER, 24)
        self.to_half = Merge(24, STEM, 16)
        self.last = nn.Conv2d(16, 4, 3, padding=1)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out" if module.groups == 1 else "fan_in")
                if module.bias is not None:
                    nn.init.zeros_(module.bias)
        for module in self.modules():
            if isinstance(module, Bottleneck) and module.residual:
                nn.init.zeros_(module.body[-1][1].weight)  # each block starts as nothing: deep from the first step

    def forward(self, picture: Tensor) -> Tensor | tuple[Tensor, Tensor]:
        """Return logits, and in training the coarse ones too."""
        half = self.stem(picture)
        quarter = self.quarter(half)
        eighth = self.eighth(quarter)
        deep = self.sixteenth(eighth)
        share = torch.sigmoid(self.gate(functional.adaptive_avg_pool2d(deep, 1)))
        context = self.context(deep) * share
        merged = self.to_half(self.to_quarter(self.to_eighth(context, eighth), quarter), half)
        logits = functional.pixel_shuffle(self.last(merged), 2)
        return (logits, self.coarse(context)) if self.training else logits
