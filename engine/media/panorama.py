"""Panoramas of light: equirectangular .hdr files, as the few numbers that a person is lit by."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import CameraError
from engine.media.shot import Say

COARSE = (64, 32)
"""Harmonics of order 2 need no more: a pixel of 6° is a twentieth of their shortest wave."""

LARGEST = 1e6
"""The sun is about 1e5 times as bright as its sky; what is beyond it is no light."""


def read_panorama(path: Path, say: Say) -> NDArray[np.float32]:
    """Read a panorama, coarsely: (height, width, 3), linear light. Raises CameraError where it is none.

    Pixels that are no light are left out, and that is said.
    """
    try:
        image: Any = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.dtype != np.float32:
        raise CameraError(f"{path} is no panorama of light; choose a Radiance file (.hdr)")
    light: NDArray[np.float32] = np.asarray(image[..., ::-1], np.float32)
    good: NDArray[np.bool_] = np.all(np.isfinite(light) & (light >= 0.0) & (light <= LARGEST), axis=2)
    if not good.any():
        raise CameraError(f"{path} holds no number that could be light; make or copy it again")
    if not good.all():
        say(f"{path.name}: {np.count_nonzero(~good)} pixels are no light, and are left out; make or copy it again")
        light = np.where(good[..., None], light, np.float32(0.0))
    covered: Any = cv2.resize(good.astype(np.float32), COARSE, interpolation=cv2.INTER_AREA)[..., None]
    coarse: Any = cv2.resize(light, COARSE, interpolation=cv2.INTER_AREA) / np.maximum(covered, 1e-6)
    return np.asarray(np.where(covered > 0.0, coarse, light[good].mean(axis=0)), np.float32)


def harmonics(panorama: NDArray[np.float32], turn_degrees: float = 0.0) -> NDArray[np.float32]:
    """Project a panorama (height, width, 3), turned to the right, onto real spherical harmonics up to order 2: (9, 3).

    Its middle lies behind the stage.

    The basis is that of shaders/common/harmonics.wgsl, in the stage's axes: right, down, towards the viewer.
    """
    height, width = panorama.shape[:2]
    down, around = np.meshgrid(
        ((np.arange(height) + 0.5) / height - 0.5) * np.pi,
        ((np.arange(width) + 0.5) / width - 0.5) * 2.0 * np.pi + np.radians(turn_degrees),
        indexing="ij",
    )
    x, y, z = np.sin(around) * np.cos(down), np.sin(down), -np.cos(around) * np.cos(down)
    basis = np.stack(
        [
            np.full_like(x, 0.282095),
            *(0.488603 * axis for axis in (y, z, x)),
            *(1.092548 * pair for pair in (x * y, y * z)),
            0.315392 * (3.0 * z * z - 1.0),
            1.092548 * x * z,
            0.546274 * (x * x - y * y),
        ]
    )
    weight = np.cos(down)
    found = np.einsum("khw,hw,hwc->kc", basis, weight, panorama) * (4.0 * np.pi / weight.sum())
    return np.asarray(found, np.float32)
