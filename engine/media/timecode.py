"""A time that can be read off a picture: a strip of black and white cells with the show's milliseconds and a checksum.

The strip lies near the upper edge: two rows of 24 cells, 40 × 36 px each in a picture of 1280 × 720, so that what a
show does to a picture leaves it readable: scaling down to 160 px across, any gamma, blur of a third of a cell, 4:2:0
and a lossy codec. Black and white have no colour, so a chroma key keeps them as it keeps a person, and the truth of a
synthetic picture covers the strip. A network cuts it off; then a plain layer of the same camera, cropped to `AREA`,
brings it to the stage.

    row 0   W B   the upper 20 bits                    W W
    row 1   B W   the lower 12 bits, checksum (8 bits)  B B

The outer cells tell black from white, and a strip that is mirrored or upside down from one that is not.
"""

from __future__ import annotations

from typing import NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

COLUMNS, ROWS = 24, 2

MILLISECOND_NS = 1_000_000

PERIOD_MS = 1 << 32
"""After 49 days it begins again."""

LEAST_CONTRAST = 32
"""Levels between black and white, below which there is no strip."""

LEAST_MARGIN = 0.15
"""How far every cell must be from grey, of the contrast: two pictures mixed, or a torn one, are not read wrongly."""


class Area(NamedTuple):
    """Where the strip is, in fractions of a picture."""

    left: float
    top: float
    right: float
    bottom: float

    def within(self, crop: tuple[float, float, float, float]) -> Area:
        """Return where it is once so much is cut off from the left, top, right and bottom."""
        left, top, right, bottom = crop
        width, height = 1.0 - left - right, 1.0 - top - bottom
        return Area(
            (self.left - left) / width,
            (self.top - top) / height,
            (self.right - left) / width,
            (self.bottom - top) / height,
        )

    def box_px(self, width: int, height: int) -> tuple[int, int, int, int]:
        """Return its edges in whole pixels: left, top, right, bottom."""
        return (
            round(self.left * width),
            round(self.top * height),
            round(self.right * width),
            round(self.bottom * height),
        )


AREA = Area(0.125, 0.03, 0.875, 0.13)
"""Off the edges, which displays crop, and over the head of the performer."""

_SYNC = np.array([[1, 0, 1, 1], [0, 1, 0, 0]], bool)
_SYNC_COLUMNS = np.array([0, 1, COLUMNS - 2, COLUMNS - 1])


def draw(rgba: Pixels, time_ns: int, alpha: Pixels | None = None) -> None:
    """Draw the time into a picture (height, width, 4), opaque, and into its alpha (height, width) if there is one."""
    height, width = rgba.shape[:2]
    left, top, right, bottom = AREA.box_px(width, height)
    cells = np.where(_cells(time_ns // MILLISECOND_NS % PERIOD_MS), np.uint8(255), np.uint8(0))
    strip = cv2.resize(cells, (right - left, bottom - top), interpolation=cv2.INTER_NEAREST)
    rgba[top:bottom, left:right, :3] = strip[..., None]
    rgba[top:bottom, left:right, 3] = 255
    if alpha is not None:
        alpha[top:bottom, left:right] = 255


def decode(picture: Pixels, area: Area = AREA) -> int | None:
    """Read the time, in milliseconds, off luma (height, width) or colours (height, width, 3 or 4); None: not there.

    `area` is where the strip should be; 0.25 cells beside it is still read.
    """
    height, width = picture.shape[:2]
    left, top, right, bottom = area.box_px(width, height)
    strip = picture[max(0, top) : bottom, max(0, left) : right]
    if strip.shape[0] < 2 * ROWS or strip.shape[1] < 2 * COLUMNS or left < 0 or top < 0:
        return None
    # Each cell is looked at in its middle only: 4 × 4 means of it, of which the inner four count.
    fine = cv2.resize(np.ascontiguousarray(strip), (4 * COLUMNS, 4 * ROWS), interpolation=cv2.INTER_AREA)
    levels = fine.astype(np.float32) if fine.ndim == 2 else fine[..., :3].mean(axis=2, dtype=np.float32)
    cells = levels.reshape(ROWS, 4, COLUMNS, 4)[:, 1:3, :, 1:3].mean(axis=(1, 3))
    sync = cells[:, _SYNC_COLUMNS]
    white, black = float(sync[_SYNC].mean()), float(sync[~_SYNC].mean())
    if white - black < LEAST_CONTRAST:
        return None
    values = (cells - black) / (white - black) - 0.5
    if np.abs(values).min() < LEAST_MARGIN:
        return None
    bits = values > 0
    time_ms = int("".join("1" if bit else "0" for bit in bits[:, 2:-2].ravel()[:32]), 2)
    return time_ms if (bits == _cells(time_ms)).all() else None


def _cells(time_ms: int) -> NDArray[np.bool_]:
    """Return all cells of a time, True for white."""
    word = time_ms << 8 | _checksum(time_ms)
    bits = np.array([word >> place & 1 for place in range(39, -1, -1)], bool)
    cells = np.empty((ROWS, COLUMNS), bool)
    cells[:, _SYNC_COLUMNS] = _SYNC
    cells[:, 2:-2] = bits.reshape(ROWS, COLUMNS - 4)
    return cells


def _checksum(time_ms: int) -> int:
    """Return the CRC-8 (polynomial x⁸ + x² + x + 1) of 32 bits, begun with ones so that zero has one too."""
    value = 0xFF
    for byte in time_ms.to_bytes(4, "big"):
        value ^= byte
        for _ in range(8):
            value = (value << 1 ^ 0x07 if value & 0x80 else value << 1) & 0xFF
    return value
