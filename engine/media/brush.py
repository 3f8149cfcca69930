"""Painting smooth, rounded shapes: colour at full size, and volume as light and shade at a quarter of it.

A blur costs nothing at a quarter of the size, and makes round bodies of what was painted in two tones.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.media.picture import Plane

Points = NDArray[np.float64]
Corners = Points | Sequence[Points] | Sequence[Sequence[float]]
Rgb = tuple[int, int, int]

# Light and shade, as colours that multiply: UNIT is no change, shade is cool and light is warm.
UNIT = 160
RIM, CORE, DEEP = (120, 119, 130), (171, 168, 162), (98, 96, 110)
LIGHT = np.array((-0.010, -0.008))
"""Which way the lit core of a part lies: up and to the left."""


class Brush:
    """Paints parts onto a colour plane and a quarter-size volume plane, both RGBA with alpha multiplied in."""

    SHIFT = 4  # fractional bits of OpenCV's coordinates

    def __init__(self, colour: Plane, volume: Plane, unit_px: float, origin_px: tuple[float, float]) -> None:
        self._colour = colour
        self._volume = volume
        self._unit_px = unit_px
        self._origin_px = np.array(origin_px)

    def _px(self, points: Points, reduction: int = 1) -> NDArray[np.int32]:
        scaled = (points * self._unit_px + self._origin_px) * (2**self.SHIFT / reduction)
        whole: NDArray[np.int32] = np.rint(scaled).astype(np.int32)
        return whole

    def flat(self, points: Points, colour: Rgb) -> None:
        """Fill an outline, without volume."""
        cv2.fillPoly(self._colour, [self._px(points)], (*colour, 255), cv2.LINE_AA, self.SHIFT)

    def shade(self, points: Points, tone: Rgb) -> None:
        """Fill an outline of the volume only."""
        cv2.fillPoly(self._volume, [self._px(points, 4)], (*tone, UNIT), cv2.LINE_8, self.SHIFT)

    def solid(self, points: Points, colour: Rgb, core: float = 0.66, lit: Rgb = CORE) -> None:
        """Fill an outline that bulges: dark at its rim, lit towards its middle."""
        self.flat(points, colour)
        self.shade(points, RIM)
        middle = points.mean(axis=0)
        self.shade(middle + LIGHT + (points - middle) * core, lit)

    def limb(self, joints: Sequence[Points], widths: Sequence[float], colour: Rgb) -> None:
        """Fill a bent, tapering limb along its joints."""
        pieces, cores = _limb(np.array(joints), np.array(widths))
        for piece in pieces:
            self.flat(piece, colour)
            self.shade(piece, RIM)
        for core in cores:
            self.shade(core, CORE)

    def line(self, points: Points, colour: Rgb, width: float) -> None:
        """Draw a line with round ends."""
        thickness = max(1, round(width * self._unit_px))
        cv2.polylines(self._colour, [self._px(points)], False, (*colour, 255), thickness, cv2.LINE_AA, self.SHIFT)


_T = np.linspace(0, 1, 6, endpoint=False)
_CATMULL_ROM = 0.5 * np.stack(
    (-_T + 2 * _T**2 - _T**3, 2 - 5 * _T**2 + 3 * _T**3, _T + 4 * _T**2 - 3 * _T**3, -(_T**2) + _T**3), axis=1
)


def closed(points: Corners) -> Points:
    """Return a smooth closed outline through some points."""
    p = np.asarray(points, np.float64)
    return _smooth(np.concatenate((p[-1:], p, p[:2])))


def curve(points: Corners) -> Points:
    """Return a smooth open curve through some points."""
    p = np.asarray(points, np.float64)
    ends = np.concatenate((2 * p[:1] - p[1:2], p, 2 * p[-1:] - p[-2:-1]))
    return np.concatenate((_smooth(ends), p[-1:]))


def _smooth(p: Points) -> Points:
    """Return a curve through all points but the first and the last two."""
    corners = np.stack((p[:-3], p[1:-2], p[2:-1], p[3:]), axis=1)
    smooth: Points = (_CATMULL_ROM @ corners).reshape(-1, 2)
    return smooth


def ellipse(middle: Points, half_width: float, half_height: float) -> Points:
    """Return an ellipse's outline."""
    outline: Points = middle + _CIRCLE * (half_width, half_height)
    return outline


_ANGLES = np.linspace(0, 2 * math.pi, 28, endpoint=False)
_CIRCLE = np.stack((np.cos(_ANGLES), np.sin(_ANGLES)), axis=1)
_CAP = np.linspace(-math.pi / 2, math.pi / 2, 7)[1:-1, None]
_CAP_FORWARD, _CAP_ACROSS = np.cos(_CAP), np.sin(_CAP)


@lru_cache
def _spread(few: int, many: int) -> Points:
    """Return the matrix that spreads a few values evenly over many places."""
    return np.stack([np.interp(np.linspace(0, few - 1, many), range(few), row) for row in np.eye(few)], axis=1)


def _limb(joints: Points, widths: Points) -> tuple[list[Points], list[Points]]:
    """Return what fills a limb, and what fills its lit core: one outline, or two at a bend so sharp that one would
    cross itself."""
    along = curve(joints)
    count = len(along)
    half = _spread(len(widths), count) @ (widths[:, None] / 2)
    forward = np.empty_like(along)
    np.subtract(along[1:], along[:-1], out=forward[:-1])
    forward[-1] = forward[-2]
    forward /= np.hypot(forward[:, :1], forward[:, 1:]) + 1e-9
    normal = forward[:, ::-1] * (1, -1)

    def piece(first: int, end: int, middle: Points, half: Points) -> Points:
        across, last = half * normal, end - 1
        front = middle[last] + half[last] * (_CAP_FORWARD * forward[last] - _CAP_ACROSS * normal[last])
        back = middle[first] - half[first] * (_CAP_FORWARD * forward[first] - _CAP_ACROSS * normal[first])
        one, other = middle + across, middle - across
        return np.concatenate((one[first:end], front, other[first:end][::-1], back))

    sharp = len(joints) > 2 and float(forward[0] @ forward[-1]) < 0.5
    spans = ((0, count // 2 + 1), (count // 2, count)) if sharp else ((0, count),)
    core = along + LIGHT * 0.6
    return [piece(*span, along, half) for span in spans], [piece(*span, core, half * 0.58) for span in spans]


def moved(point: Points, x: float, y: float) -> Points:
    """Return a point that far to the right and down."""
    there: Points = point + np.array((x, y))
    return there


def darker(colour: Rgb, by: float) -> Rgb:
    """Return a colour multiplied by `by`; above 1 it is lighter."""
    red, green, blue = (min(245, round(part * by)) for part in colour)
    return red, green, blue


def blend(one: Rgb, other: Rgb, amount: float) -> Rgb:
    """Return the colour `amount` of the way from one to the other."""
    red, green, blue = (round(a + (b - a) * amount) for a, b in zip(one, other, strict=True))
    return red, green, blue
