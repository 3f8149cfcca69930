"""Drawing of a cloud of particles."""

from __future__ import annotations

from typing import Any

from engine.geometry import Vector
from engine.tick import Tick
from engine.world import World
from systems.drawings.drawing import Drawing, Site, Stroke
from systems.particles import SHAPE, Cloud


class CloudDrawing(Drawing):
    """A cloud of particles, moved by the system of that name."""

    overlapping = True

    def __init__(self, site: Site, world: World) -> None:
        super().__init__(site)
        self._world = world
        self._textures = self._bound()
        self._cloud: Cloud | None = None

    def prepare(self, tick: Tick, shift: Vector) -> None:  # noqa: ARG002 - the cloud was moved already
        """Pack opacity and parallax beside what moves the cloud."""
        self._cloud = self._world.get(self.entity, Cloud)
        self.visible = self._cloud is not None and self._cloud.block is not None
        if self._cloud is not None and self._cloud.block is not None:
            self._cloud.block.data["opacity"] = self.layer.opacity
            self._cloud.block.data["shift"] = (shift[0] * self._place.depth, shift[1] * self._place.depth)

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw every particle's quad."""
        assert self._cloud is not None
        assert self._cloud.block is not None
        render.set_bind_group(3, self._cloud.vertices)
        shape = SHAPE[self._cloud.component.shape] if self._cloud.component is not None else 0
        pipeline = self._pipeline("particles.wgsl", target_format, stroke, {"SHAPE": shape})
        self._passes.draw(render, pipeline, self._cloud.block, self._textures, self._cloud.quads)

    @property
    def quad(self) -> None:
        """Return None: it is wherever its particles are."""

    def free(self) -> None:
        """Do nothing: the block belongs to the cloud."""
