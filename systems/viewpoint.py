"""Viewpoint: from where the stage is seen, swaying by itself or following a person."""

from __future__ import annotations

import math

import numpy as np

from engine import components
from engine.component import state
from engine.geometry import Vector
from engine.media.picture import Plane
from engine.tick import Tick
from engine.world import World
from systems.inference import Inferred, Shown
from systems.masks import Matte

LEAST_SHARE = 0.005
"""Of the picture: where less of it is person, nobody is there, and the viewpoint stays."""

COARSE_PX = 128
"""A mask is looked at in steps that leave about so many columns."""


@state(components.Viewpoint)
class Followed:
    """Where the person is whom a viewpoint follows, from the middle of their picture: −1 to 1. Written by Viewpoint."""

    x: float = 0.0
    y: float = 0.0
    target_x: float = 0.0
    target_y: float = 0.0


class Viewpoint:
    """Follows the middle of a person's mask, smoothly.

    A key's mask is known to the GPU alone, and nothing is read back for this: it is followed by nobody.

    Reads: Viewpoint, Matte, Inferred, Shown. Writes: Followed. Sends: nothing.
    """

    def __init__(self, world: World) -> None:
        self._world = world

    def process(self, tick: Tick) -> None:
        """Go on towards where the person is."""
        for _, (viewpoint, followed) in self._world.each(components.Viewpoint, Followed):
            if not viewpoint.follow:
                continue
            self._look(viewpoint.follow, followed)
            share = 1.0 - math.exp(-tick.step_ns / 1e9 / max(viewpoint.smooth_s, 1e-3))
            followed.x += (followed.target_x - followed.x) * share
            followed.y += (followed.target_y - followed.y) * share

    def _look(self, name: str, followed: Followed) -> None:
        matte, inferred = self._world.get(name, Matte), self._world.get(name, Inferred)
        if matte is None or matte.camera is None or not matte.changed:
            return
        shown = self._world.get(matte.camera, Shown)
        if shown is None or shown.picture is None or shown.planes is None:
            return
        answer = inferred.answer if inferred is not None else None
        mask = answer.mask if answer is not None else shown.picture.truth
        middle = middle_of(mask) if mask is not None else None
        if middle is None:
            return
        x, y = middle
        for _ in range(shown.planes.quarter_turns):
            x, y = -y, x
        followed.target_x, followed.target_y = (-x if shown.planes.mirrored else x), y


def middle_of(mask: Plane) -> Vector | None:
    """Return the centroid of a mask (height, width) from its middle, −1 to 1; None where nobody is."""
    step = max(1, mask.shape[1] // COARSE_PX)
    coarse = mask[::step, ::step]
    columns, rows = coarse.sum(axis=0, dtype=np.float32), coarse.sum(axis=1, dtype=np.float32)
    total = float(columns.sum())
    if total < LEAST_SHARE * 255.0 * coarse.size:
        return None
    height, width = coarse.shape
    x = float(columns @ np.arange(width, dtype=np.float32)) / total
    y = float(rows @ np.arange(height, dtype=np.float32)) / total
    return (2.0 * (x + 0.5) / width - 1.0, 2.0 * (y + 0.5) / height - 1.0)


def viewpoint_shift(world: World, now_ns: int) -> Vector:
    """Return how far a layer at depth 1 has moved against the viewpoint, in fractions of the stage."""
    for _, (viewpoint, followed) in world.each(components.Viewpoint, Followed):
        phase = 2.0 * math.pi * (now_ns / 1e9) / viewpoint.period_s
        return (
            -viewpoint.sway_x * math.sin(phase) - viewpoint.follow_x * followed.x,
            -viewpoint.sway_y * math.sin(phase * 0.5) - viewpoint.follow_y * followed.y,
        )
    return (0.0, 0.0)
