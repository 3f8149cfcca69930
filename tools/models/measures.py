"""How near a mask is to the truth, by the measures that matting and segmentation use."""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media.picture import Plane

BOUNDARY = 0.008
"""How far an edge may lie from its true place, of the picture's diagonal (Perazzi et al., DAVIS, 2016)."""

GRADIENT_SIGMA_PX = 1.4
"""Of the Gaussian whose derivatives are compared (Rhemann et al., 2009)."""

Values = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Scores:
    """Of one picture, or means of many.

    `overlap` is intersection over union of what is more than half there; `boundary` the F-measure of the edges;
    `difference` the sum of absolute differences of alpha, in thousands of pixels; `square` the mean squared difference,
    in thousandths; `gradient` the squared difference of the gradients' lengths, summed, in thousands.
    """

    overlap: float
    boundary: float
    difference: float
    square: float
    gradient: float


def scores(found: Plane, truth: Plane) -> Scores:
    """Compare a mask, 0 to 255 at any size, with the truth, at the size of the truth."""
    mask = fitted(found, truth)
    apart = mask - _alpha(truth)
    return Scores(
        overlap=overlap(found, truth),
        boundary=boundary(mask > 0.5, truth > 127),
        difference=float(np.abs(apart).sum()) / 1e3,
        square=float(np.square(apart).mean()) * 1e3,
        gradient=float(np.square(_slope(mask) - _slope(_alpha(truth))).sum()) / 1e3,
    )


def mean(many: list[Scores]) -> Scores:
    """Return the mean of each score."""
    return Scores(*np.mean([astuple(each) for each in many], axis=0).tolist())


def flicker(found: list[Plane], truths: list[Plane]) -> float:
    """Return how much more masks change from frame to frame than the truth: dtSSD, in hundredths of alpha.

    The mean of the root mean square of each frame's (Erofeev et al., 2015); 0 for fewer than two frames.
    """
    masks = [fitted(mask, truth) for mask, truth in zip(found, truths, strict=True)]
    exact = [_alpha(truth) for truth in truths]
    errors = [
        float(np.sqrt(np.square((masks[i] - masks[i - 1]) - (exact[i] - exact[i - 1])).mean()))
        for i in range(1, len(masks))
    ]
    return 100 * float(np.mean(errors)) if errors else 0.0


def overlap(found: Plane, truth: Plane) -> float:
    """Return intersection over union of what is more than half there; 1 where both are empty."""
    one, other = fitted(found, truth) > 0.5, truth > 127
    whole = int((one | other).sum())
    return float((one & other).sum() / whole) if whole else 1.0


def boundary(found: NDArray[np.bool_], truth: NDArray[np.bool_]) -> float:
    """Return the F-measure of two edges, each point right within `BOUNDARY` of the other; 1 where both have none."""
    edges = [_edge(found), _edge(truth)]
    if not edges[0].any() and not edges[1].any():
        return 1.0
    reach_px = max(1, round(BOUNDARY * float(np.hypot(*truth.shape))))
    disc: Any = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach_px + 1, 2 * reach_px + 1))
    near: list[Any] = [cv2.dilate(edge, disc) for edge in edges]
    precision = float((edges[0] & near[1]).sum() / max(1, edges[0].sum()))
    recall = float((edges[1] & near[0]).sum() / max(1, edges[1].sum()))
    return 2 * precision * recall / (precision + recall) if precision + recall else 0.0


def fitted(found: Plane, truth: Plane) -> Values:
    """Return a mask as alpha, 0 to 1, at the size of the truth."""
    height, width = truth.shape
    return _alpha(np.asarray(cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)))


def _alpha(levels: NDArray[Any]) -> Values:
    return levels.astype(np.float32) / np.float32(255)


def _edge(shape: NDArray[np.bool_]) -> NDArray[np.uint8]:
    """Return the pixels of a shape that have a neighbour outside it. The picture's own border is no edge."""
    levels = shape.astype(np.uint8)
    inside: Any = cv2.erode(levels, np.ones((3, 3), np.uint8), borderType=cv2.BORDER_REPLICATE)
    return np.asarray(levels - inside, np.uint8)


def _slope(alpha: Values) -> Values:
    """Return the length of the gradient of a picture blurred by a Gaussian of `GRADIENT_SIGMA_PX`."""
    soft: Any = cv2.GaussianBlur(alpha, (0, 0), GRADIENT_SIGMA_PX)
    across: Any = cv2.Scharr(soft, cv2.CV_32F, 1, 0, scale=1 / 32)
    down: Any = cv2.Scharr(soft, cv2.CV_32F, 0, 1, scale=1 / 32)
    return np.asarray(np.hypot(across, down), np.float32)
