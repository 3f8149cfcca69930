"""The outlines of persons on one display: a thin line along the edge of each matte."""

from __future__ import annotations

from typing import Any, NamedTuple

from engine.components.overlay import Overlay
from engine.display.sticker import Draw, Screen
from engine.geometry import Quad, Vector
from engine.gpu.passes import Passes
from engine.gpu.quads import write_quad
from engine.gpu.uniforms import Block

TILES = 48 * 27
"""As in shaders/outline.wgsl."""

THINNEST_PX = 1.5
THICKNESS = 1 / 480
"""Of the display's height: 1.5 px at 720p, 2.25 px at 1080p."""


class Person(NamedTuple):
    """A silhouette, where its picture lies on the stage, and which part of it is shown."""

    silhouette: Any
    quad: Quad
    crop_from: Vector
    crop_to: Vector


class OutlineSticker:
    """The outlines of everybody on the stage. A sticker."""

    def __init__(self, passes: Passes) -> None:
        self.draws: tuple[Draw, ...] = ()
        self.people: tuple[Person, ...] = ()
        self.wanted = False
        self._colour = (1.0, 1.0, 1.0)
        self._passes = passes
        self._blocks: list[Block] = []  # as many as there ever were persons
        self._laid: Any = None

    def look(self, overlay: Overlay | None) -> None:
        """Take over what the author says."""
        self.wanted = overlay is not None and overlay.outline and overlay.opacity > 0.0
        if overlay is not None:
            self._colour = overlay.outline_colour
        if not self.wanted:
            self.people = ()

    def lay_out(self, screen: Screen) -> None:
        """Follow the persons; costs nothing while all stand still."""
        laid = (screen, self.people, self._colour)
        if laid == self._laid:
            return
        self._laid = laid
        passes = self._passes
        struct = passes.shaders.struct("outline.wgsl", "Outline")
        while len(self._blocks) < len(self.people):
            self._blocks.append(passes.uniforms.block(struct))
        draws = []
        for block, person in zip(self._blocks, self.people, strict=False):
            data = block.data
            write_quad(data["person"], person.quad)
            write_quad(data["screen"], screen.stage)
            data["crop_from"], data["crop_to"] = person.crop_from, person.crop_to
            data["colour"] = [encoded(part) for part in self._colour]
            data["width_px"] = max(THINNEST_PX, THICKNESS * screen.size[1])
            pipeline = passes.pipeline("outline.wgsl", screen.format, mix="normal")
            draws.append(Draw(pipeline, block, person.silhouette, TILES))
        self.draws = tuple(draws)


def encoded(light: float) -> float:
    """Encode linear light for a display (IEC 61966-2-1)."""
    return light * 12.92 if light <= 0.0031308 else 1.055 * light ** (1 / 2.4) - 0.055
