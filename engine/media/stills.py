"""Still pictures: one shot, for ever."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import CameraError
from engine.media.alpha import Meaning, read_alpha, seems_premultiplied
from engine.media.picture import Picture, PictureBuffer, Plane
from engine.media.shot import Say, Shot, Source

SUFFIXES = frozenset({".png", ".jpg", ".jpeg", ".webp", ".bmp", ".tif", ".tiff"})

LIGHT_SUFFIXES = frozenset({".hdr"})

BRIGHTEST = 60_000.0
"""What a half float holds: the sun itself is brighter, and is cut off there."""

SMALLEST_PX = 16
"""Where halving ends: what is shown smaller than that is a dot."""

LARGEST_PX = 8192
"""What every GPU takes as a texture; larger pictures are reduced to it."""


class Still(Source):
    """A picture file; 16 bit and grey become 8 bit RGBA, and what EXIF says of its rotation is obeyed."""

    def __init__(self, path: Path, say: Say, alpha: Meaning = "straight") -> None:
        rgba = read_rgba(path, say)
        if alpha == "straight" and seems_premultiplied(rgba):
            say(f'{path.name} has dark rims: its alpha seems to be in its colours; set alpha = "premultiplied"')
        read_alpha(rgba, alpha)
        height, width = rgba.shape[:2]
        self.description = f"still {path.suffix[1:].lower()}, {width}×{height}"
        self._shot: Shot | None = Shot(0, partial(write_rgba, rgba, halves(rgba)))

    def next(self) -> Shot | None:
        """Return the picture the first time."""
        shot, self._shot = self._shot, None
        return shot


class LightStill(Source):
    """A picture of light (Radiance .hdr), as it is: beyond white."""

    def __init__(self, path: Path, say: Say) -> None:
        light = read_light(path, say)
        height, width = light.shape[:2]
        self.description = f"still hdr, {width}×{height}"
        smaller: list[Any] = []
        half = light
        while max(half.shape[:2]) > SMALLEST_PX:
            size = (max(1, half.shape[1] // 2), max(1, half.shape[0] // 2))
            half = np.asarray(cv2.resize(half, size, interpolation=cv2.INTER_AREA), np.float32)
            smaller.append(half.astype(np.float16))
        whole: Any = light.astype(np.float16)
        self._shot: Shot | None = Shot(0, partial(write_light, whole, tuple(smaller)))

    def next(self) -> Shot | None:
        """Return the picture the first time."""
        shot, self._shot = self._shot, None
        return shot


def read_light(path: Path, say: Say) -> NDArray[np.float32]:
    """Decode a Radiance file to linear light (height, width, 4), of at most `LARGEST_PX` a side; alpha is 1.

    Pixels that are no light (no number, below 0, or infinite) become black, and that is said.
    """
    try:
        image: Any = cv2.imread(str(path), cv2.IMREAD_ANYDEPTH | cv2.IMREAD_COLOR)
    except cv2.error:
        image = None
    if image is None or image.dtype != np.float32:
        raise CameraError(f"{path} is no picture of light, or is cut off; save it again as Radiance .hdr")
    light: NDArray[Any] = sane_light(image[..., ::-1], path.name, say)
    light = _reduced(np.dstack([light, np.ones(light.shape[:2], np.float32)]), path, say)
    return np.ascontiguousarray(light, np.float32)


def sane_light(light: NDArray[Any], name: str, say: Say) -> NDArray[np.float32]:
    """Return light without what is none: that becomes black, and is said."""
    good = np.all(np.isfinite(light) & (light >= 0.0), axis=2)
    if not good.all():
        say(f"{name}: {np.count_nonzero(~good)} pixels are no light, and are black; make or copy it again")
    return np.where(good[..., None], np.minimum(light, BRIGHTEST), 0.0).astype(np.float32)


def _reduced(image: NDArray[Any], path: Path, say: Say) -> NDArray[Any]:
    reduction = LARGEST_PX / max(image.shape[:2])
    if reduction >= 1:
        return image
    size = tuple(max(1, round(side * reduction)) for side in image.shape[1::-1])
    say(f"{path.name} has {image.shape[1]}×{image.shape[0]} px; it is shown with {size[0]}×{size[1]}")
    return np.asarray(cv2.resize(image, size, interpolation=cv2.INTER_AREA))


def read_rgba(path: Path, say: Say = lambda _: None) -> Plane:
    """Decode a picture file to straight RGBA, upright, of at most `LARGEST_PX` a side."""
    try:
        data = np.fromfile(path, np.uint8)
        image: Any = cv2.imdecode(data, cv2.IMREAD_UNCHANGED) if data.size else None
        if image is not None and (image.ndim == 2 or image.shape[2] != 4):
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)  # unlike UNCHANGED it obeys EXIF
    except (OSError, cv2.error) as error:
        raise CameraError(f"{path} cannot be read ({error}); save it again as PNG or JPEG") from error
    if image is None:
        raise CameraError(f"{path} is not a picture, or is cut off; save it again as PNG or JPEG")
    if image.dtype == np.uint16:
        image = cv2.convertScaleAbs(image, alpha=1 / 257)
    image = _reduced(image, path, say)
    rgba: Plane = cv2.cvtColor(image, cv2.COLOR_BGRA2RGBA if image.shape[2] == 4 else cv2.COLOR_BGR2RGBA)
    return rgba


def halves(rgba: Plane) -> tuple[Plane, ...]:
    """Return an image at half, a quarter and so on of its size, averaged in linear light, weighed by alpha."""
    decoding = _decoded(np.arange(256, dtype=np.float32) / 255).reshape(1, 256)
    alpha: NDArray[Any] = rgba[..., 3:].astype(np.float32) / 255
    light: NDArray[Any] = np.dstack([cv2.LUT(np.ascontiguousarray(rgba[..., :3]), decoding) * alpha, alpha])
    smaller: list[Plane] = []
    while max(light.shape[:2]) > SMALLEST_PX:
        size = (max(1, light.shape[1] // 2), max(1, light.shape[0] // 2))
        light = np.asarray(cv2.resize(light, size, interpolation=cv2.INTER_AREA), np.float32)
        alpha = light[..., 3:]
        straight = np.clip(light[..., :3] / np.maximum(alpha, 1e-4), 0.0, 1.0)
        smaller.append(np.round(np.dstack([_encoded(straight), alpha]) * 255).astype(np.uint8))
    return tuple(smaller)


def _decoded(encoded: NDArray[Any]) -> NDArray[Any]:
    """IEC 61966-2-1: encoded to light."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4).astype(np.float32)


def _encoded(light: NDArray[Any]) -> NDArray[Any]:
    """IEC 61966-2-1: light to encoded."""
    return np.where(light <= 0.0031308, light * 12.92, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def write_rgba(rgba: Plane, smaller: tuple[Plane, ...], buffer: PictureBuffer) -> Picture:
    """Copy a whole RGBA image into a buffer."""
    height, width = rgba.shape[:2]
    planes = buffer.shape("rgba", width, height)
    np.copyto(planes[0], rgba)
    opaque = bool(rgba[..., 3].min() == 255)
    return Picture(0, 0, width, height, "rgba", planes, still=True, smaller=smaller, opaque=opaque)


def write_light(light: Any, smaller: tuple[Any, ...], buffer: PictureBuffer) -> Picture:
    """Copy a whole picture of light into a buffer."""
    height, width = light.shape[:2]
    planes = buffer.shape("light", width, height)
    np.copyto(planes[0], light)
    return Picture(0, 0, width, height, "light", planes, still=True, smaller=smaller, opaque=True)
