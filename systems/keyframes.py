"""Keyframes: numbers, points and colours that change with time, before anything else looks at them."""

from __future__ import annotations

import copy
from dataclasses import field

from engine import components
from engine.component import state
from engine.components.keyframes import KEYED
from engine.tick import Tick
from engine.timing.keyframes import Timeline
from engine.world import World

SET_ELSEWHERE = frozenset({"light", "lighting", "sound"})
"""What lights people is set by Lighting, to what it was when each person's picture was taken; how loud sound is by who
reads it, which is later."""


@state(components.Keyframes)
class Keyed:
    """The timeline of an entity, the components that follow it, and what the author wrote. Written by Keyframes."""

    timeline: Timeline | None = None
    following: dict[str, object] = field(default_factory=dict)
    written: dict[type, object] = field(default_factory=dict)


class Keyframes:
    """Sets keyed fields to what they are now.

    What changes is a copy that takes the component's place: what the author wrote stays as it is.

    Reads: Keyframes. Writes: Keyed, the components that are keyed. Sends: nothing.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._revision = -1
        self._swapped: dict[tuple[int, type], tuple[object, object]] = {}  # what the author wrote, and what follows

    def process(self, tick: Tick) -> None:
        """Go on to this tick's time."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        for _, (keyed,) in self._world.each(Keyed):
            if keyed.timeline is None:
                continue
            for name, part in keyed.following.items():
                if name not in SET_ELSEWHERE:
                    keyed.timeline.apply(name, part, tick.now_ns)

    def _reconcile(self) -> None:
        """Put what the author wrote back where it was, then copies where there are keyframes for it now."""
        there = {self._world.entity(name) for name in self._world.names()}
        for (entity, kind), (written, follower) in self._swapped.items():
            if entity in there and self._world.get(entity, kind) is follower:
                self._world.swap(entity, written)
        self._swapped.clear()
        for entity, (keyframes, keyed) in self._world.each(components.Keyframes, Keyed):
            keyed.timeline = Timeline(keyframes)
            keyed.following, keyed.written = {}, {}
            for name in keyed.timeline.tracks:
                written = self._world.get(entity, KEYED[name])
                if written is not None:
                    keyed.written[KEYED[name]] = written
                    follower = keyed.following[name] = copy.copy(written)
                    self._swapped[entity, KEYED[name]] = (written, follower)
        for (entity, _), (_, follower) in self._swapped.items():
            self._world.swap(entity, follower)
