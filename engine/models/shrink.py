"""Pictures as a model takes them: small, upright, three channels; and masks turned back to lie on their pictures."""

from __future__ import annotations

from functools import cache
from typing import Any, Literal

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media.picture import Picture, Plane

CLOCKWISE = (-1, cv2.ROTATE_90_CLOCKWISE, cv2.ROTATE_180, cv2.ROTATE_90_COUNTERCLOCKWISE)

Channels = Literal["rgb", "bgr"]


class Shrinker:
    """Makes levels of `input_size` (width, height) of pictures, in a model's order of channels.

    The picture is stretched to the model's size, upright: for a 9:16 portrait in a 16:9 model that gives an overlap of
    .98 where bars at the sides give .94.

    Thread: one at a time. Blocks: for the work. Owns: its memory. Fails: never.
    """

    def __init__(self, input_size: tuple[int, int], mask_size: tuple[int, int], channels: Channels) -> None:
        self._input_size = input_size
        self._mask_size = mask_size
        self._channel_step = 1 if channels == "rgb" else -1
        self._from_rgba = cv2.COLOR_RGBA2RGB if channels == "rgb" else cv2.COLOR_RGBA2BGR
        self._scratches: dict[tuple[str, tuple[int, ...]], Plane] = {}

    def pixels(self, picture: Picture) -> Plane:
        """Return the picture upright and small, (height, width, 3), valid until the next call."""
        turns = picture.quarter_turns % 4
        width, height = self._input_size
        pixels = self._shrink_to_rgb(picture, (height, width) if turns % 2 else (width, height))
        return _turn(pixels, turns, self._scratch("upright", (height, width, 3))) if turns else pixels

    def turn_back(self, mask: Plane, quarter_turns: int) -> None:
        """Turn an upright mask, (height, width) of `mask_size`, as the planes of its picture are stored."""
        turns = quarter_turns % 4
        if turns:
            width, height = self._mask_size
            stored = (width, height) if turns % 2 else (height, width)
            turned = _turn(mask, -turns % 4, self._scratch("stored", stored))
            cv2.resize(turned, self._mask_size, dst=mask)

    def _shrink_to_rgb(self, picture: Picture, size: tuple[int, int]) -> Plane:
        """Return the picture's pixels at the model's size, as stored, in the model's channel order."""
        width, height = size
        rgb = self._scratch("rgb", (height, width, 3))
        if picture.layout == "rgba":
            cv2.cvtColor(self._shrink("rgba", picture.planes[0], size), self._from_rgba, dst=rgb)
        else:
            yuv = self._scratch("yuv", (height, width, 3))
            luma, chroma = picture.planes
            cv2.merge([self._shrink("luma", luma, size), self._shrink("chroma", chroma, size)], dst=yuv)
            matrix = yuv_to_rgb(picture.matrix, picture.full_range)
            cv2.transform(yuv, matrix[:: self._channel_step], dst=rgb)
        return rgb

    def _shrink(self, use: str, plane: Plane, size: tuple[int, int]) -> Plane:
        """Resize by 16 samples a pixel: bilinear to twice the size, then means of 2×2.

        As good to a model as the mean of all of them (overlap .957 with both), and 8 to 20 times faster at 1080p.
        """
        width, height = size
        channels = plane.shape[2:]
        if plane.shape[0] > 2 * height and plane.shape[1] > 2 * width:
            double = self._scratch(use + " double", (2 * height, 2 * width, *channels))
            cv2.resize(plane, (2 * width, 2 * height), dst=double, interpolation=cv2.INTER_LINEAR)
            plane = double
        small = self._scratch(use, (height, width, *channels))
        cv2.resize(plane, size, dst=small, interpolation=cv2.INTER_AREA)
        return small

    def _scratch(self, use: str, shape: tuple[int, ...]) -> Plane:
        """Return memory for one use, the same one at every call with this shape."""
        key = (use, shape)
        if key not in self._scratches:
            self._scratches[key] = np.empty(shape, np.uint8)
        return self._scratches[key]


def _turn(image: Plane, quarter_turns: int, turned: Plane) -> Plane:
    """Turn clockwise into `turned`."""
    cv2.rotate(image, CLOCKWISE[quarter_turns], dst=turned)
    return turned


@cache
def yuv_to_rgb(matrix: Literal["bt601", "bt709"], full_range: bool) -> NDArray[Any]:
    """Return the (3, 4) matrix that makes 8-bit R'G'B' of 8-bit Y'CbCr. ITU-R BT.601 and BT.709 give the numbers."""
    red, blue = (0.299, 0.114) if matrix == "bt601" else (0.2126, 0.0722)
    green = 1 - red - blue
    luma = np.array([1.0, 1.0, 1.0])
    from_cb = 2 * (1 - blue) * np.array([0, -blue / green, 1.0])
    from_cr = 2 * (1 - red) * np.array([1.0, -red / green, 0])
    zero = 0.0
    if not full_range:
        luma, from_cb, from_cr, zero = luma * 255 / 219, from_cb * 255 / 224, from_cr * 255 / 224, 16.0
    offset = -zero * luma - 128 * (from_cb + from_cr)
    return np.stack([luma, from_cb, from_cr, offset], axis=1).astype(np.float32)
