"""Comparing pictures: the sRGB formula, overlap of masks, noise, and pictures of what differs."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]

FAILED = Path(__file__).with_name("failed")
"""Where the pictures of failed comparisons are left; git does not look there."""

BAD_STEP = 12
"""Levels of 255 that a channel may be off before its pixel counts as bad: more than noise, less than an edge."""


def decode(encoded: Array) -> Array:
    """Turn sRGB-encoded values, 0 to 1, into linear light, as IEC 61966-2-1 has it."""
    v = np.asarray(encoded, np.float64)
    return np.where(v <= 0.04045, v / 12.92, ((np.maximum(v, 0.04045) + 0.055) / 1.055) ** 2.4)


def encode(light: Array) -> Array:
    """Turn linear light, 0 to 1, into sRGB-encoded values, as IEC 61966-2-1 has it."""
    v = np.asarray(light, np.float64)
    return np.where(v <= 0.0031308, v * 12.92, 1.055 * np.maximum(v, 0.0031308) ** (1 / 2.4) - 0.055)


def overlap(found: Array, true: Array) -> float:
    """Return intersection over union of two mattes, 0 to 1, at one half."""
    a, b = found > 0.5, true > 0.5
    return float((a & b).sum() / max(1, (a | b).sum()))


def psnr(actual: Array, expected: Array) -> float:
    """Return the peak signal-to-noise ratio of 8-bit pictures, in dB."""
    error = np.mean((np.asarray(actual, float) - np.asarray(expected, float)) ** 2)
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two 8-bit pictures are apart: mean of the absolute differences, and share of bad pixels."""

    mean: float
    bad: float

    @classmethod
    def between(cls, actual: Array, expected: Array) -> Difference:
        """Compare two pictures of one size."""
        apart = cv2.absdiff(actual, expected)
        return cls(float(apart.mean()), float((apart.max(axis=2) > BAD_STEP).mean()))


def magnified(actual: Array, expected: Array) -> Array:
    """Return the difference of two 8-bit pictures by its fourth root, so that a faint one can be seen."""
    apart = np.abs(actual.astype(float) - expected.astype(float)) / 255
    faint: Array = np.round(255 * apart**0.25).astype(np.uint8)
    return faint


def leave(name: str, actual: Array, expected: Array) -> Path:
    """Write actual, expected and magnified difference where a person can look at them; return the folder."""
    FAILED.mkdir(exist_ok=True)
    pictures = {"actual": actual, "expected": expected}
    if actual.shape == expected.shape:
        pictures["difference"] = magnified(actual, expected)
    for kind, picture in pictures.items():
        cv2.imwrite(str(FAILED / f"{name}.{kind}.png"), cv2.cvtColor(picture, cv2.COLOR_RGB2BGR))
    return FAILED


def save_png(path: Path, pixels: Array) -> Path:
    """Write RGB or straight RGBA, 8 bit, without loss."""
    code = cv2.COLOR_RGBA2BGRA if pixels.shape[2] == 4 else cv2.COLOR_RGB2BGR
    assert cv2.imwrite(str(path), cv2.cvtColor(pixels, code))
    return path
