"""A camera's picture out of focus: discs of light, with nothing of a person in them."""

from __future__ import annotations

from typing import Any

from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.planes import LAYOUTS, Planes

FORMAT = "rgba16float"

RADIUS_PX = 5.0
"""Of a disc, at the size at which it is gathered: 48 samples fill it without gaps."""

MOST_SIGMA_PX = RADIUS_PX / 2.0
"""A disc's standard deviation along an axis is half its radius."""


class Bokeh:
    """Spreads every point of a picture over a disc, at a size at which that is a few pixels wide.

    Thread: main. Blocks: while its pipelines are compiled. Owns: two textures and a block. Fails: ShaderError.
    """

    def __init__(self, passes: Passes, planes: Planes, times: float, silhouette: Any) -> None:
        self._passes = passes
        self._factor = times
        width, height = (max(8, round(side / times)) for side in planes.size)
        drawn = Usage.RENDER_ATTACHMENT | Usage.TEXTURE_BINDING
        self._prepared, self.view = (
            passes.gpu.texture(f"bokeh {part}", width, height, FORMAT, drawn).create_view()
            for part in ("prepared", "gathered")
        )
        constants = {"LAYOUT": LAYOUTS[planes.layout], "OWN_PERSON": float(silhouette is not None)}
        self._prepare, self._gather = (
            passes.pipeline("bokeh.wgsl", FORMAT, constants=constants, fragment=fragment)
            for fragment in ("fs_prepare", "fs_gather")
        )
        self._block = passes.uniforms.block(passes.shaders.struct("bokeh.wgsl", "Bokeh"))
        self._block.data["pixel"] = (1.0 / width, 1.0 / height)
        planes_views = (*planes.views, None)[:2]
        self._source = passes.textures(*planes_views, silhouette)
        self._gathered_from = passes.textures(None, None, silhouette, self._prepared)

    def run(self, encoder: Any, planes: Planes, sigma_px: float) -> None:
        """Put out of focus what the planes hold now."""
        self._block.data["radius"] = sigma_px / MOST_SIGMA_PX * RADIUS_PX / self._factor
        planes.write_reading(self._block.data["reading"])
        self._passes.fill(encoder, self._prepare, self._block, self._source, self._prepared)
        self._passes.fill(encoder, self._gather, self._block, self._gathered_from, self.view)

    def free(self) -> None:
        """Give the block back."""
        self._block.free()
