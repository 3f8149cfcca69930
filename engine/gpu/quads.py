"""Where a camera's picture lies on the stage, as shaders want it."""

from __future__ import annotations

from typing import Any

from engine.components.place import Place
from engine.geometry import Quad, Vector, lay
from engine.gpu.planes import Planes

UNPLACED = Place()


def lay_picture(stage_size: tuple[int, int], planes: Planes, place: Place, shift: Vector) -> Quad:
    """Lay a camera's picture on the stage; `shift` is how far depth 1 has moved, in fractions of the stage."""
    return lay(
        stage_size,
        planes.upright_size,
        fit=place.fit,
        centre=(place.x + shift[0] * place.depth, place.y + shift[1] * place.depth),
        scale=place.scale,
        rotate_degrees=place.rotate,
        crop=place.crop,
        quarter_turns=planes.quarter_turns,
        mirrored=planes.mirrored != place.mirror,
    )


def write_quad(data: Any, quad: Quad) -> None:
    """Write a shader's `Quad`."""
    for name, value in zip(Quad._fields, quad, strict=True):
        data[name] = value
