"""A picture's planes on the GPU, and how a shader is to read them."""

from __future__ import annotations

from itertools import count
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from engine.gpu.device import Gpu, Usage
from engine.media.picture import Layout, Picture

LAYOUTS: dict[str, int] = {"rgba": 0, "nv12": 1, "light": 2}
"""The constants of shaders/common/picture.wgsl."""

FORMATS = {"rgba": ("rgba8unorm",), "nv12": ("r8unorm", "rg8unorm"), "light": ("rgba16float",)}

_versions = count(1)


class Planes:
    """The textures of one camera; made anew only when its pictures change layout or size.

    Thread: main. Blocks: never (an upload is a copy). Owns: the textures. Fails: never.
    `version` is another whenever the views are, and no two cameras share one, so that whoever bound them knows to bind
    again: a mask may be given another camera on air.
    """

    def __init__(self, gpu: Gpu, name: str) -> None:
        self._gpu = gpu
        self._name = name
        self._key: tuple[Layout, int, int, int] | None = None
        self._textures: list[Any] = []
        self.views: list[Any] = []
        self.version = 0
        self.layout: Layout = "rgba"
        self.size = (1, 1)
        self.upright_size = (1, 1)
        self.quarter_turns = 0
        self.mirrored = False
        self.still = False
        self.opaque = False
        self._rows = np.zeros((3, 4), np.float32)
        self._luma = np.zeros(4, np.float32)

    def upload(self, picture: Picture) -> None:
        """Copy a picture's planes up as they are; a still's smaller copies too, as mip levels."""
        mips = 1 + len(picture.smaller)
        key = (picture.layout, picture.width, picture.height, mips)
        if key != self._key:
            self._key = key
            self._textures = [
                self._gpu.texture(
                    self._name, plane.shape[1], plane.shape[0], pixel_format,
                    Usage.TEXTURE_BINDING | Usage.COPY_DST, mips,
                )
                for plane, pixel_format in zip(picture.planes, FORMATS[picture.layout], strict=True)
            ]  # fmt: skip
            self.views = [texture.create_view() for texture in self._textures]
            self.version = next(_versions)
        for texture, plane in zip(self._textures, picture.planes, strict=True):
            self._gpu.upload(texture, plane)
        for mip, plane in enumerate(picture.smaller, start=1):
            self._gpu.upload(self._textures[0], plane, mip)
        self._gpu.submit()  # it is copied while Python goes on: a CPU takes 0.6 ms at 1080p
        self.layout = picture.layout
        self.size = (picture.width, picture.height)
        self.upright_size = picture.upright_size
        self.quarter_turns = picture.quarter_turns
        self.mirrored = picture.mirrored
        self.still = picture.still
        self.opaque = picture.opaque
        self._rows = yuv_rows(picture.matrix, picture.full_range)
        self._luma[:] = (*luma_parts(picture.matrix), 0.0 if picture.full_range else BLACK)

    def write_reading(self, reading: NDArray[Any], lod: float = 0.0) -> None:
        """Write a shader's `Reading`."""
        reading["red"], reading["green"], reading["blue"] = self._rows
        reading["luma"] = self._luma
        reading["pixel"] = (1.0 / self.size[0], 1.0 / self.size[1])
        reading["lod"] = lod


BLACK = 16 / 255
"""Y of black in limited range."""


def luma_parts(matrix: Literal["bt601", "bt709"]) -> tuple[float, float, float]:
    """Return Kr, Kg and Kb: what of R', G' and B' is in Y'."""
    kr, kb = (0.299, 0.114) if matrix == "bt601" else (0.2126, 0.0722)
    return kr, 1.0 - kr - kb, kb


def yuv_rows(matrix: Literal["bt601", "bt709"], full_range: bool) -> NDArray[np.float32]:
    """Return the rows that turn (Y, Cb, Cr, 1), as textures give them (0 to 1), into R', G' and B'.

    ITU-R BT.601-7 and BT.709-6: Kr, Kb; limited range is 16 to 235 for luma and 16 to 240 for chroma.
    """
    kr, kg, kb = luma_parts(matrix)
    luma, luma_zero, chroma = (1.0, 0.0, 1.0) if full_range else (255 / 219, BLACK, 255 / 224)
    rows = np.array(
        [
            [luma, 0.0, chroma * 2 * (1 - kr)],
            [luma, -chroma * 2 * (1 - kb) * kb / kg, -chroma * 2 * (1 - kr) * kr / kg],
            [luma, chroma * 2 * (1 - kb), 0.0],
        ]
    )
    zero = np.array([luma_zero, 128 / 255, 128 / 255])
    return np.column_stack([rows, -rows @ zero]).astype(np.float32)
