"""Viewpoint: from where the stage is seen, swaying by itself or following a person."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from engine import components
from engine.component import state
from engine.geometry import Vector
from engine.gpu.device import Gpu
from engine.gpu.readback import Copy, Readback
from engine.gpu.tiles import KEY
from engine.media.picture import Plane
from engine.tick import Tick
from engine.timing.clock import Clock
from engine.world import World
from systems.inference import Inferred, Shown
from systems.masks import Matte, Silhouette

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
    coming: Coming | None = None  # a key's mask, on its way back


class Coming:
    """The shape of a person whom a key finds: what is on the GPU alone comes back a tick later, small.

    Thread: main. Blocks: where the clock steps, for the GPU. Owns: two buffers. Fails: never.
    """

    def __init__(self, gpu: Gpu, silhouette: Silhouette) -> None:
        self.silhouette = silhouette
        self._readback = Readback(gpu, silhouette.texture, buffers=2)
        self._recorded: Copy | None = None

    def take(self, *, wait: bool) -> Vector | None:
        """Return the middle of the person in the oldest shape that has come, or None."""
        if self._recorded is not None:  # in the last tick, which is submitted by now
            self._readback.sent(self._recorded, 0)
            self._recorded = None
        with self._readback.read(wait=wait) as found:
            return middle_of(found[0][:, ::2]) if found is not None else None

    def ask(self, encoder: Any) -> None:
        """Have the shape copied as it is in this tick, unless two are on their way already."""
        self._recorded = self._readback.reserve()
        if self._recorded is not None:
            self._readback.copy(encoder, self._recorded)


class Viewpoint:
    """Follows the middle of a person's mask, smoothly; that of a key, which the GPU alone knows, a tick late.

    Reads: Viewpoint, Matte, Inferred, Shown. Writes: Followed. Sends: nothing.
    """

    def __init__(self, world: World, gpu: Gpu, clock: Clock) -> None:
        self._world = world
        self._gpu = gpu
        self._clock = clock

    def process(self, tick: Tick) -> None:
        """Go on towards where the person is."""
        for _, (viewpoint, followed) in self._world.each(components.Viewpoint, Followed):
            if not viewpoint.follow:
                continue
            self._look(tick, viewpoint.follow, followed)
            share = 1.0 - math.exp(-tick.step_ns / 1e9 / max(viewpoint.smooth_s, 1e-3))
            followed.x += (followed.target_x - followed.x) * share
            followed.y += (followed.target_y - followed.y) * share

    def _look(self, tick: Tick, name: str, followed: Followed) -> None:
        matte = self._world.get(name, Matte)
        shown = self._world.get(matte.camera, Shown) if matte is not None and matte.camera is not None else None
        if matte is None or shown is None or shown.picture is None or shown.planes is None:
            return
        if matte.kind == KEY:
            middle = self._keyed(tick, matte, followed)
        else:
            inferred = self._world.get(name, Inferred)
            answer = inferred.answer if inferred is not None else None
            mask = answer.mask if answer is not None else shown.picture.truth
            middle = middle_of(mask) if mask is not None and matte.changed else None
        if middle is None:
            return
        x, y = middle
        for _ in range(shown.planes.quarter_turns):
            x, y = -y, x
        followed.target_x, followed.target_y = (-x if shown.planes.mirrored else x), y

    def _keyed(self, tick: Tick, matte: Matte, followed: Followed) -> Vector | None:
        """Return the middle of an earlier shape of a person whom a key finds, and ask for this tick's."""
        if matte.silhouette is None:
            return None
        if followed.coming is None or followed.coming.silhouette is not matte.silhouette:
            followed.coming = Coming(self._gpu, matte.silhouette)
        middle = followed.coming.take(wait=self._clock.steps)
        if matte.changed:
            followed.coming.ask(tick.encoder)
        return middle


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
