"""Drawing of what an author's own shader makes."""

from __future__ import annotations

from typing import Any

from engine.components import Shader
from engine.geometry import Vector
from engine.gpu.look import Look
from engine.gpu.quads import write_quad
from engine.tick import Tick
from systems.drawings.drawing import Drawing, Site, Stroke, lay_over


class LookDrawing(Drawing):
    """What an author's own shader draws."""

    def __init__(self, site: Site, name: str, shader: Shader) -> None:
        super().__init__(site)
        self._shader = shader
        self._look = Look(site.passes, name, shader, site.canvas.size)
        self._block = site.passes.uniforms.block(site.passes.shaders.struct("stretched.wgsl", "Stretched"))
        self._textures = self._bound(self._look.view)

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Draw the look of this tick's time; pack opacity and place."""
        self.visible = True
        if self.is_keyed:
            self._look.set(self._shader.parameters)
        self._look.draw(tick.encoder, tick.now_ns / 1e9 * self._shader.speed)
        data = self._block.data
        data["opacity"] = self.layer.opacity
        self.hides = self.layer.opacity == 1.0 and self.layer.blend == "normal"
        write_quad(data["quad"], lay_over(self._canvas.size, self._place, shift))
        self._note(self._block, otherwise=True)

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw the look's quad."""
        pipeline = self._pipeline("stretched.wgsl", target_format, stroke, opaque=self.hides)
        self._passes.draw(render, pipeline, self._block, self._textures)

    def free(self) -> None:
        """Give back the blocks."""
        self._block.free()
        self._look.free()
