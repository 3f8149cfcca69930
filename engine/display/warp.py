"""Bending a display's picture to the wall it falls on: the arithmetic of corners and meshes, and their texture."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from engine.components.edges import Edges
from engine.components.warp import Warp
from engine.geometry import Vector, is_convex
from engine.gpu.device import Gpu, Usage

STEPS = 8
"""Into how many each cell of a mesh is divided along an axis: its edges are straight, but its face may bend."""


def homography(corners: tuple[Vector, ...]) -> NDArray[np.float64]:
    """Return the matrix that takes the unit square's corners, clockwise from the top left, to these.

    Heckbert 1989, "Fundamentals of Texture Mapping and Image Warping", section 2.2.3.
    """
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    dx1, dx2, sx = x1 - x2, x3 - x2, x0 - x1 + x2 - x3
    dy1, dy2, sy = y1 - y2, y3 - y2, y0 - y1 + y2 - y3
    area = dx1 * dy2 - dx2 * dy1
    g, h = (sx * dy2 - dx2 * sy) / area, (dx1 * sy - sx * dy1) / area
    return np.array([[x1 - x0 + g * x1, x3 - x0 + h * x3, x0], [y1 - y0 + g * y1, y3 - y0 + h * y3, y0], [g, h, 1.0]])


class Warping:
    """What display.wgsl is given to bend a picture and fade its edges.

    Thread: main. Blocks: never. Owns: the mesh's texture. Fails: never.
    """

    def __init__(self, gpu: Gpu, warp: Warp | None, edges: Edges | None) -> None:
        self.bends = warp is not None
        self.moves = False
        self._warp = warp or Warp()
        self._edges = edges or Edges()
        columns, rows = self._warp.columns, self._warp.rows
        # A half float is too coarse for places: what it leaves over is kept in a second.
        exact = mesh(self._warp)
        coarse = exact.astype(np.float16)
        texels = np.concatenate([coarse, (exact - coarse).astype(np.float16)], axis=2)
        texture = gpu.texture("mesh", columns, rows, "rgba16float", Usage.TEXTURE_BINDING | Usage.COPY_DST)
        gpu.upload(texture, np.ascontiguousarray(texels))
        self.view: Any = texture.create_view()
        self._steps = STEPS if self._warp.points else 1  # perspective needs no steps
        self.cells = (columns - 1) * (rows - 1) * self._steps**2

    def follow(self, warp: Warp | None, edges: Edges | None) -> None:
        """Take corners and edges that change with time from these, from now on."""
        self.moves = True
        self._warp, self._edges = warp or self._warp, edges or self._edges

    def write(self, data: Any) -> None:
        """Write a shader's `Warp`; between two of their keyframes corners that would fold the picture over stay."""
        warp, edges = self._warp, self._edges
        corners = warp.corners
        if self.moves and not is_convex(corners):
            return
        for name, row in zip(("across", "down", "away"), homography(corners), strict=True):
            data[name] = row
        data["columns"], data["rows"], data["steps"] = warp.columns, warp.rows, self._steps
        data["widths"] = (edges.left, edges.top, edges.right, edges.bottom)
        data["gamma"], data["curve"] = edges.gamma, edges.curve


def mesh(warp: Warp) -> NDArray[np.float64]:
    """Return the points of a warp as (rows, columns, 2)."""
    if warp.points:
        return np.array(warp.points).reshape(warp.rows, warp.columns, 2)
    x, y = np.meshgrid(np.linspace(0.0, 1.0, warp.columns), np.linspace(0.0, 1.0, warp.rows))
    return np.stack([x, y], axis=-1)
