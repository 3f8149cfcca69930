"""Holes and specks of a network's mask: what is too small to be true becomes what is around it.

By regions of pixels that hang together. Closing by a disc would need as many steps as a hole is wide, and would fill
what is open as well: the gap between an arm and the body.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media.picture import Plane

TO_FOUR, TO_EIGHT = 4, 8
"""Neighbours that a pixel is joined to: a gap closed but for a corner is a hole, a hair held by a corner no speck."""


@dataclass(frozen=True, slots=True)
class Tidying:
    """What is too small to be true. Areas are shares of the picture's, levels those of the mask, 0 to 255.

    A hole is what is nowhere person for certain (`most` and above), has person all around it, and is smaller than
    `hole`; a speck what is anywhere more than nothing (`least`), and smaller than `speck`. So both go with their rims.
    """

    hole: float = 0.0
    speck: float = 0.0
    least: float = 0.0
    most: float = 255.0

    def joined(self, other: Tidying) -> Tidying:
        """Return what harms neither of two who use the same mask."""
        return Tidying(
            min(self.hole, other.hole),
            min(self.speck, other.speck),
            min(self.least, other.least),
            max(self.most, other.most),
        )

    def tidy(self, mask: Plane) -> None:
        """Fill holes and drop specks in a mask, (height, width), in place.

        What touches the picture's border has person on fewer than all sides, and is no hole.
        """
        height, width = mask.shape
        if self.hole > 0.0:
            labels, boxes = _regions(mask < math.ceil(self.most), TO_FOUR)
            left, top, across, down, area = boxes.T
            within = (left > 0) & (top > 0) & (left + across < width) & (top + down < height)
            _paint(mask, labels, within & (area < self.hole * mask.size), 255)
        if self.speck > 0.0:
            labels, boxes = _regions(mask > math.floor(self.least), TO_EIGHT)
            _paint(mask, labels, boxes[:, cv2.CC_STAT_AREA] < self.speck * mask.size, 0)


def _regions(where: NDArray[np.bool_], neighbours: int) -> tuple[Any, Any]:
    """Return the number of each pixel's region, and left, top, width, height and area of each; 0 is what is in none."""
    few = where.size < 2 * 0xFFFF  # so many regions that two bytes number them, a fifth faster
    found: Any = cv2.connectedComponentsWithStats(
        where.view(np.uint8), connectivity=neighbours, ltype=cv2.CV_16U if few else cv2.CV_32S
    )
    return found[1], found[2]


def _paint(mask: Plane, labels: Any, chosen: Any, level: int) -> None:
    chosen[0] = False
    if chosen.any():
        mask[chosen[labels]] = level
