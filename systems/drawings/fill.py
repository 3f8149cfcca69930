"""Drawing of a colour or a gradient."""

from __future__ import annotations

import math
from typing import Any

from engine.components import Fill
from engine.geometry import Vector
from engine.gpu.quads import write_quad
from engine.tick import Tick
from systems.drawings.drawing import Drawing, Site, Stroke, lay_over


class FillDrawing(Drawing):
    """A colour or a gradient."""

    def __init__(self, site: Site, fill: Fill) -> None:
        super().__init__(site)
        self._fill = fill
        self._block = site.passes.uniforms.block(site.passes.shaders.struct("fill.wgsl", "Fill"))
        self._pack()
        self._textures = self._bound()

    def _pack(self) -> None:
        fill, data = self._fill, self._block.data
        angle = math.radians(fill.angle)
        data["from_colour"] = (*fill.colour, 1.0)
        data["to_colour"] = (*(fill.colour if fill.shape == "plain" else fill.to), 1.0)
        data["direction"] = (math.cos(angle), math.sin(angle))
        data["radial"] = fill.shape == "radial"

    def prepare(self, tick: Tick, shift: Vector) -> None:  # noqa: ARG002 - a fill stands still in time
        """Pack colours, opacity and place."""
        self.visible = True
        data = self._block.data
        if self.is_keyed:
            self._pack()
        data["opacity"] = self.layer.opacity
        self.hides = self.layer.opacity == 1.0 and self.layer.blend == "normal"
        place = self._place
        write_quad(data["quad"], lay_over(self._canvas.size, place, shift))
        self._note(self._block)

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw the fill's quad."""
        pipeline = self._pipeline("fill.wgsl", target_format, stroke, opaque=self.hides)
        self._passes.draw(render, pipeline, self._block, self._textures)

    def free(self) -> None:
        """Give back the block."""
        self._block.free()
