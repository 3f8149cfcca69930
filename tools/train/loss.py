"""What the network is trained to make small."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

EDGE_WEIGHT = 3.0
"""How much more a pixel near the outline counts. Elsewhere most pixels are right after a few hundred steps."""

EDGE_PX = 5
"""How wide the band around the outline is."""

COARSE_WEIGHT = 0.3
"""How much the logits at a sixteenth count: they teach the encoder before the decoder can."""


def mask_loss(logits: Tensor, coarse: Tensor, alpha: Tensor) -> Tensor:
    """Return cross-entropy heavier at the outline, plus the share by which the areas miss each other (soft Dice)."""
    reach = EDGE_PX // 2
    band = functional.max_pool2d(alpha, EDGE_PX, 1, reach) + functional.max_pool2d(-alpha, EDGE_PX, 1, reach)
    weight = 1 + EDGE_WEIGHT * band
    entropy = functional.binary_cross_entropy_with_logits(logits, alpha, reduction="none")
    fine = (entropy * weight).sum((1, 2, 3)) / weight.sum((1, 2, 3))
    small = functional.adaptive_avg_pool2d(alpha, [coarse.shape[2], coarse.shape[3]])
    rough = functional.binary_cross_entropy_with_logits(coarse, small)
    return fine.mean() + 0.5 * _dice(logits, alpha) + COARSE_WEIGHT * rough


def _dice(logits: Tensor, alpha: Tensor) -> Tensor:
    """Return 1 − 2·common / sum, each picture alike. A picture without people gives no loss if nothing is found."""
    found = torch.sigmoid(logits)
    # 1 % of the picture more on both sides keeps the ratio calm for somebody tiny, and defined for nobody.
    calm = 0.01 * alpha[0].numel()
    common = (found * alpha).sum((1, 2, 3))
    total = found.sum((1, 2, 3)) + alpha.sum((1, 2, 3))
    return (1 - (2 * common + calm) / (total + calm)).mean()
