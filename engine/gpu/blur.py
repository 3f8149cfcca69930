"""A round Gaussian blur in two passes, at whatever size its target has."""

from __future__ import annotations

import math
from typing import Any

from engine.gpu.device import Gpu, Usage
from engine.gpu.passes import Passes, Textures
from engine.gpu.planes import LAYOUTS, Planes

MOST_SIGMA_PX = 6.0
"""Standard deviation in target pixels above which a smaller target does the same with less work."""


class Blur:
    """Blurs one source into `view`; keeps its textures and blocks.

    Thread: main. Blocks: while its pipelines are compiled, at construction. Owns: two textures. Fails: ShaderError.
    """

    def __init__(
        self,
        passes: Passes,
        name: str,
        width: int,
        height: int,
        pixel_format: str,
        layout: str = "light",
        *,
        shrinks: bool = False,
    ) -> None:
        """`shrinks` says that the source has more pixels than the target."""
        self._passes = passes
        gpu: Gpu = passes.gpu
        usage = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING | Usage.COPY_SRC
        self.size = (width, height)
        self._half = gpu.texture(f"{name} blur x", width, height, pixel_format, usage)
        self.texture = gpu.texture(f"{name} blur", width, height, pixel_format, usage)
        self._half_view = self._half.create_view()
        self.view: Any = self.texture.create_view()
        decodes = layout != "light"
        across = {"LAYOUT": LAYOUTS[layout], "DECODE": decodes, "PAIRS": not (decodes or shrinks)}
        self._across = passes.pipeline("blur.wgsl", pixel_format, constants=across)
        down = {"LAYOUT": LAYOUTS["light"], "DECODE": False, "PAIRS": True}
        self._down = passes.pipeline("blur.wgsl", pixel_format, constants=down)
        dtype = passes.shaders.struct("blur.wgsl", "Blur")
        self._blocks = (passes.uniforms.block(dtype), passes.uniforms.block(dtype))
        for block, axis in zip(self._blocks, ((1.0 / width, 0.0), (0.0, 1.0 / height)), strict=True):
            block.data["axis"] = axis
            block.data["reading"]["pixel"] = (1.0 / width, 1.0 / height)
        self._half_textures = passes.textures(self._half_view)

    def read_planes(self, planes: Planes, lod: float) -> None:
        """Say how the source's planes are to be read."""
        planes.write_reading(self._blocks[0].data["reading"], lod)

    def run(self, encoder: Any, source: Textures, sigma_px: float) -> None:
        """Blur `source` with this standard deviation in target pixels."""
        sigma = max(sigma_px, 0.3)
        for block in self._blocks:
            block.data["sigma"] = sigma
            block.data["reach"] = math.ceil(min(2.5 * sigma, 40.0))
        self._passes.fill(encoder, self._across, self._blocks[0], source, self._half_view)
        self._passes.fill(encoder, self._down, self._blocks[1], self._half_textures, self.view)

    def free(self) -> None:
        """Give the blocks back."""
        for block in self._blocks:
            block.free()


def reduction_of(sigma_px: float, most_px: float) -> float:
    """Return how many times smaller than a picture a target is on which a blur of it is at most `most_px` wide."""
    return max(1.0, sigma_px / most_px)


def octave_of(sigma_px: float, most_px: float) -> int:
    """Return the same as a power of two: a few sizes do for all of a blur that changes with time."""
    return math.ceil(math.log2(reduction_of(sigma_px, most_px)))


class PictureBlur:
    """A camera's picture, so many times smaller that a blur is a few pixels wide."""

    def __init__(self, passes: Passes, planes: Planes, times: float) -> None:
        self._factor = times
        width, height = (max(8, round(side / times)) for side in planes.size)
        self._blur = Blur(passes, "layer", width, height, "rgba16float", planes.layout, shrinks=True)
        self._source = passes.textures(*planes.views)
        self.view = self._blur.view

    def run(self, encoder: Any, planes: Planes, sigma_px: float) -> None:
        """Blur the picture that the planes hold now."""
        self._blur.read_planes(planes, lod=max(0.0, math.log2(self._factor)))
        self._blur.run(encoder, self._source, sigma_px / self._factor)

    def free(self) -> None:
        """Give the blocks back."""
        self._blur.free()
