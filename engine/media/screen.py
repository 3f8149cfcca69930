"""Finding a screen's colour in a picture: the one saturated hue that most of its borders have."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.gpu.planes import yuv_rows
from engine.media.picture import Picture

BORDER = 0.12
"""How much of the picture, from its left, right and upper border, is looked at: persons come in from below."""

SAMPLES = 160
"""How many pixels across are looked at: 3 ms of a 1080p picture."""

LEAST_SATURATION, LEAST_VALUE = 0.35, 0.15
"""Of a pixel that may be screen, 0 to 1: a wall is less."""

LEAST_SHARE = 0.4
"""Of the borders that must have one hue."""

HUE_STEPS = 36

Encoded = NDArray[np.float64]


def find_screen(picture: Picture) -> Encoded | None:
    """Return a screen's colour, (red, green, blue), encoded, 0 to 1; or None where there is none.

    Robust: a median of the pixels with the commonest hue, so half of them may be somebody or something else.
    """
    rgb = _small(picture)
    height, width = rgb.shape[:2]
    x, y = max(1, round(BORDER * width)), max(1, round(BORDER * height))
    border = np.concatenate([part.reshape(-1, 3) for part in (rgb[:, :x], rgb[:, -x:], rgb[:y, x:-x])])
    hsv = np.asarray(cv2.cvtColor(border[None].astype(np.float32), cv2.COLOR_RGB2HSV), np.float32)[0]
    able = (hsv[:, 1] > LEAST_SATURATION) & (hsv[:, 2] > LEAST_VALUE)
    if able.mean() < LEAST_SHARE:
        return None
    counts, _ = np.histogram(hsv[able, 0], HUE_STEPS, (0.0, 360.0))
    together = counts + np.roll(counts, 1) + np.roll(counts, -1)
    middle = (float(together.argmax()) + 0.5) * 360.0 / HUE_STEPS
    apart = np.abs((hsv[:, 0] - middle + 180.0) % 360.0 - 180.0)
    chosen = able & (apart <= 1.5 * 360.0 / HUE_STEPS)
    if chosen.mean() < LEAST_SHARE:
        return None
    return np.asarray(np.median(border[chosen], axis=0), np.float64)


def _small(picture: Picture) -> NDArray[np.float32]:
    """Return every so manieth pixel, encoded RGB, 0 to 1, (height, width, 3)."""
    step = max(1, picture.width // SAMPLES // 2) * 2
    if picture.layout == "rgba":
        return (picture.planes[0][::step, ::step, :3] / np.float32(255)).astype(np.float32)
    luma, both = picture.planes[0][::step, ::step], picture.planes[1][:: step // 2, :: step // 2]
    height, width = min(luma.shape[0], both.shape[0]), min(luma.shape[1], both.shape[1])
    yuv = np.dstack([luma[:height, :width], both[:height, :width], np.full((height, width), 255, np.uint8)])
    return np.clip(yuv.astype(np.float32) / 255 @ yuv_rows(picture.matrix, picture.full_range).T, 0, 1)
