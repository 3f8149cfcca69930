"""Colour correction on the GPU: a matrix in light, and a look-up table as a texture."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.components.grade import Grade
from engine.gpu.device import Gpu, Usage
from engine.media.cube import Cube
from engine.temperature import WHITE_K, light_of

NO_LUT, CUBE, CURVES = range(3)
"""The constants of shaders/common/grade.wgsl."""

UNGRADED = {"GRADED": 0.0, "LUT": float(NO_LUT)}

WIDEST_PX = 4096
"""Curves that are longer are taken at fewer places: a 16-bit half float tells no more apart."""

Matrix = NDArray[np.float64]

# IEC 61966-2-1: linear sRGB to XYZ.
XYZ: Matrix = np.array([[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]])

# Bradford's cone responses (Lam 1985; Lindbloom, "Chromatic Adaptation").
BRADFORD: Matrix = np.array([[0.8951, 0.2664, -0.1614], [-0.7502, 1.7135, 0.0367], [0.0389, -0.0685, 1.0296]])

TINT_DUV = 0.02
"""How far from the black bodies, in CIE 1960 (u, v), a tint of 1 is."""


@lru_cache(maxsize=64)
def white_balance(temperature_k: float, tint: float) -> tuple[tuple[float, ...], ...]:
    """Return the matrix on linear sRGB under which light of this temperature and tint becomes white (D65).

    Von Kries' adaptation on Bradford's cones. Identity at 6504 K without tint.
    """
    white = XYZ @ np.ones(3)
    cones = BRADFORD @ (white / white[1]) / (BRADFORD @ _light(temperature_k, tint))
    adaptation = np.linalg.inv(BRADFORD) @ np.diag(cones) @ BRADFORD
    found = np.linalg.inv(XYZ) @ adaptation @ XYZ
    return tuple(tuple(float(part) for part in row) for row in found)


def _light(temperature_k: float, tint: float) -> Matrix:
    """Return the XYZ, of luminance 1, of a black body, moved across the line of black bodies by a tint."""

    def uv(kelvin: float) -> Matrix:
        x, y, z = XYZ @ np.array(light_of(kelvin))
        return np.array([4 * x, 6 * y]) / float(x + 15 * y + 3 * z)

    place = uv(temperature_k)
    along = uv(min(temperature_k * 1.01, 25000.0)) - uv(max(temperature_k / 1.01, 1667.0))
    # A light above the line, of greater v, is greener, so balancing it makes magenta.
    across = np.array([along[1], -along[0]]) / np.hypot(*along)
    u, v = place + across * math.copysign(1.0, float(across[1])) * tint * TINT_DUV
    x, y = 3 * u / (2 * u - 8 * v + 4), 2 * v / (2 * u - 8 * v + 4)
    return np.array([x / y, 1.0, (1 - x - y) / y])


class Grading:
    """What a shader is given to grade with.

    Thread: main. Blocks: never (an upload is a copy). Owns: the table's texture. Fails: never.
    """

    def __init__(self, gpu: Gpu, grade: Grade, cube: Cube | None) -> None:
        self.grade = grade
        self.view: Any = None
        self._cube = cube
        self._columns = 1.0
        kind = NO_LUT
        if cube is not None:
            kind = CURVES if cube.is_curves else CUBE
            pixels, self._columns = (_curves(cube), 1.0) if cube.is_curves else _atlas(cube)
            texture = gpu.texture(
                "look-up table", pixels.shape[1], pixels.shape[0], "rgba16float",
                Usage.TEXTURE_BINDING | Usage.COPY_DST,
            )  # fmt: skip
            gpu.upload(texture, pixels)
            self.view = texture.create_view()
        self.constants = {"GRADED": 1.0, "LUT": float(kind)}

    def write(self, data: Any) -> None:
        """Write a shader's `Grade`."""
        grade = self.grade
        rows = np.asarray(white_balance(grade.temperature_k, grade.tint)) * 2.0**grade.exposure
        if (grade.temperature_k, grade.tint) == (WHITE_K, 0.0):
            rows = np.eye(3) * 2.0**grade.exposure
        for name, row in zip(("red", "green", "blue"), rows, strict=True):
            data[name] = row
        data["share"] = grade.lut_share
        if self._cube is not None:
            data["low"] = self._cube.low
            data["scale"] = [1.0 / (b - a) for a, b in zip(self._cube.low, self._cube.high, strict=True)]
            data["size"] = min(self._cube.size, WIDEST_PX)
            data["columns"] = self._columns


def _curves(cube: Cube) -> NDArray[np.float16]:
    table = cube.table
    if len(table) > WIDEST_PX:
        places = np.linspace(0, len(table) - 1, WIDEST_PX)
        table = np.stack([np.interp(places, np.arange(len(table)), table[:, i]) for i in range(3)], axis=1)
    return _padded(table[None])


def _atlas(cube: Cube) -> tuple[NDArray[np.float16], float]:
    """Lay the slices of one blue beside and below each other; return them, and how many stand in a row."""
    side = cube.size
    columns = math.ceil(math.sqrt(side))
    rows = math.ceil(side / columns)
    pixels = np.zeros((rows * side, columns * side, 3), np.float32)
    for index, part in enumerate(cube.table):
        top, left = index // columns * side, index % columns * side
        pixels[top : top + side, left : left + side] = part
    return _padded(pixels), float(columns)


def _padded(rgb: NDArray[Any]) -> NDArray[np.float16]:
    return np.ascontiguousarray(np.dstack([rgb, np.ones(rgb.shape[:2])]), np.float16)
