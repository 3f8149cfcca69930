"""Drawing of a group: its layers, composed by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from engine.geometry import Vector
from engine.gpu.planes import LAYOUTS
from engine.gpu.quads import write_quad
from engine.gpu.stage import GroupImage
from engine.tick import Tick
from systems.cues import Cues
from systems.drawings.drawing import Drawing, Site, Stroke, lay_over


class GroupDrawing(Drawing):
    """A group: the layers in it, what they are composed on, and the draw of that as one layer."""

    def __init__(self, site: Site, image: GroupImage, members: Sequence[Drawing], cues: Cues) -> None:
        super().__init__(site)
        self.image = image
        self.members = members
        self._cues = cues
        self._block = site.passes.uniforms.block(site.passes.shaders.struct("layer.wgsl", "Layer"))
        self._textures = self._bound(image.view)
        self._exact = False
        self._seen: list[Drawing] = []
        self.stale = True  # whether its layers have to be composed anew; Composite says when they are

    @property
    def isolated(self) -> bool:
        """Whether its layers depend on nothing but each other."""
        return self.image.beneath is None

    def prepare(self, tick: Tick, shift: Vector) -> None:
        """Pack its layers, then opacity and place."""
        prepare_seen(self.members, self._cues.hidden, tick, shift)
        seen = [member for member in self.members if member.visible]
        dissolving = not self._cues.differing.isdisjoint(member.entity for member in seen)
        moved = dissolving or seen != self._seen or any(member.changed for member in seen)
        self.stale = self.stale or moved
        self._seen = seen
        self.visible = bool(seen)
        data, size = self._block.data, self._canvas.size
        quad = lay_over(size, self._place, shift)
        self._exact = quad.is_exact(size, size)
        write_quad(data["quad"], quad)
        data["crop_to"] = (1.0, 1.0)
        data["reading"]["pixel"] = (1.0 / size[0], 1.0 / size[1])
        data["opacity"] = self.layer.opacity
        self._note(self._block, otherwise=moved)

    def touch(self) -> None:
        """Count as changed in the next tick, with all its layers."""
        super().touch()
        for member in self.members:
            member.touch()

    def _stroke(self, render: Any, target_format: str, stroke: Stroke) -> None:
        """Draw what was composed."""
        constants = {"LAYOUT": LAYOUTS["light"], "EXACT": float(self._exact and not stroke.small)}
        pipeline = self._pipeline("layer.wgsl", target_format, stroke, constants)
        self._passes.draw(render, pipeline, self._block, self._textures)

    def free(self) -> None:
        """Give back the block, and what the layers have."""
        self._block.free()
        for member in self.members:
            member.free()


def every(drawings: Sequence[Drawing]) -> Iterator[Drawing]:
    """Every drawing, those in groups after their group."""
    for drawing in drawings:
        yield drawing
        if isinstance(drawing, GroupDrawing):
            yield from every(drawing.members)


def prepare_seen(drawings: Sequence[Drawing], hidden: frozenset[int], tick: Tick, shift: Vector) -> None:
    """Pack the layers that some selection shows: a hidden one costs nothing."""
    for drawing in drawings:
        if drawing.entity in hidden:
            drawing.visible = False
        else:
            drawing.prepare(tick, shift)
