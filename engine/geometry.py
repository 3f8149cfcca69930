"""Where things lie: pictures on the stage, and the stage on displays."""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

Vector = tuple[float, float]

Fit = Literal["cover", "contain", "stretch", "none"]


class Quad(NamedTuple):
    """A parallelogram in fractions of its target (y down), and which part of its texture each corner shows.

    A point (s, t) of the quad, 0 to 1, lies at `origin + s·axis_x + t·axis_y` and shows `uv_origin + s·uv_x + t·uv_y`.
    """

    origin: Vector
    axis_x: Vector
    axis_y: Vector
    uv_origin: Vector
    uv_x: Vector
    uv_y: Vector

    def is_exact(self, target: tuple[int, int], texture: tuple[int, int]) -> bool:
        """Whether every texel falls on one whole target pixel, upright."""
        (ax, skew), (slant, ay) = self.axis_x, self.axis_y
        (ux, uskew), (uslant, uy) = self.uv_x, self.uv_y
        if any(abs(v) > 1e-9 for v in (skew, slant, uskew, uslant)):
            return False
        return all(
            abs(a * size - u * texels) < 1e-3 and abs(o * size - round(o * size)) < 1e-3
            for a, u, o, size, texels in (
                (ax, ux, self.origin[0], target[0], texture[0]),
                (ay, uy, self.origin[1], target[1], texture[1]),
            )
        )

    def texels_a_pixel(self, target: tuple[int, int], texture: tuple[int, int]) -> float:
        """How many texels, along an axis, fall on one target pixel: above 1 the texture is shown smaller."""
        across = math.hypot(self.axis_x[0] * target[0], self.axis_x[1] * target[1])
        down = math.hypot(self.axis_y[0] * target[0], self.axis_y[1] * target[1])
        texels_across = math.hypot(self.uv_x[0] * texture[0], self.uv_x[1] * texture[1])
        texels_down = math.hypot(self.uv_y[0] * texture[0], self.uv_y[1] * texture[1])
        return max(texels_across / max(across, 1e-6), texels_down / max(down, 1e-6))


WHOLE = Quad((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0), (1.0, 0.0), (0.0, 1.0))


def stored(u: float, v: float, quarter_turns: int, mirrored: bool) -> Vector:
    """Return where a point of a picture as shown lies in the picture as stored.

    Shown means turned clockwise by `quarter_turns`, then flipped left and right if `mirrored`.
    """
    if mirrored:
        u = 1.0 - u
    return ((u, v), (v, 1.0 - u), (1.0 - u, 1.0 - v), (1.0 - v, u))[quarter_turns % 4]


def stored_box(inset: tuple[float, float, float, float], quarter_turns: int, mirrored: bool) -> tuple[Vector, Vector]:
    """Return the least and greatest stored uv of what is left after cutting `inset` off a picture as shown."""
    left, top, right, bottom = inset
    u, v = stored(left, top, quarter_turns, mirrored)
    other_u, other_v = stored(1.0 - right, 1.0 - bottom, quarter_turns, mirrored)
    return (min(u, other_u), min(v, other_v)), (max(u, other_u), max(v, other_v))


def lay(
    target: tuple[int, int],
    picture: tuple[int, int],
    *,
    fit: Fit = "cover",
    centre: Vector = (0.5, 0.5),
    scale: float = 1.0,
    rotate_degrees: float = 0.0,
    crop: tuple[float, float, float, float] = (0.0, 0.0, 0.0, 0.0),
    quarter_turns: int = 0,
    mirrored: bool = False,
) -> Quad:
    """Lay a picture (its size as shown, in px) on a target (px); see component Place for the words."""
    left, top, right, bottom = crop
    width = picture[0] * max(1.0 - left - right, 1e-3)
    height = picture[1] * max(1.0 - top - bottom, 1e-3)
    across, down = target[0] / width, target[1] / height
    match fit:
        case "cover":
            across = down = max(across, down)
        case "contain":
            across = down = min(across, down)
        case "none":
            across = down = 1.0
    width *= across * scale
    height *= down * scale
    turn = math.radians(rotate_degrees)
    cosine, sine = math.cos(turn), math.sin(turn)
    right_px = (width * cosine, width * sine)
    down_px = (-height * sine, height * cosine)
    origin = tuple(centre[i] * target[i] - (right_px[i] + down_px[i]) / 2 for i in (0, 1))

    first = stored(left, top, quarter_turns, mirrored)
    second = stored(1.0 - right, top, quarter_turns, mirrored)
    third = stored(left, 1.0 - bottom, quarter_turns, mirrored)
    return Quad(
        (origin[0] / target[0], origin[1] / target[1]),
        (right_px[0] / target[0], right_px[1] / target[1]),
        (down_px[0] / target[0], down_px[1] / target[1]),
        first,
        (second[0] - first[0], second[1] - first[1]),
        (third[0] - first[0], third[1] - first[1]),
    )


def is_convex(corners: tuple[Vector, ...]) -> bool:
    """Whether corners, clockwise as seen (y down), make a picture that nowhere folds over."""
    for position in range(4):
        (ax, ay), (bx, by), (cx, cy) = (corners[(position + step) % 4] for step in range(3))
        if (bx - ax) * (cy - by) - (by - ay) * (cx - bx) <= 1e-6:
            return False
    return True
