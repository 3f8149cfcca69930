"""Capture: the newest picture of every camera."""

from __future__ import annotations

import dataclasses
import threading

from engine.component import state
from engine.components import Camera
from engine.errors import CameraError
from engine.media.feed import Feed
from engine.media.picture import Picture
from engine.notices import Notices
from engine.tick import Tick
from engine.timing.clock import Clock
from engine.trace import Trace
from engine.world import World

NUMBERS_APART = 1000
"""How many pictures may be under way from a feed that is replaced; a new one's numbers begin above them."""


@state(Camera)
class Captured:
    """The newest picture of a camera, held until a newer one comes. Written by Capture."""

    feed: Feed | None = None
    opened_as: Camera | None = None  # what the feed was opened with
    newest: Picture | None = None
    arrived: bool = False  # whether it came in this tick
    presence: float = 1.0  # 1 while pictures come, fading to 0 once the camera is lost
    taken: int = 0  # pictures that ticks took


class Capture:
    """Takes what the camera workers have delivered, and lets the last picture of a lost camera fade.

    Reads: Camera. Writes: Captured. Sends: nothing.
    """

    def __init__(self, world: World, clock: Clock, notices: Notices, trace: Trace) -> None:
        self._world = world
        self._clock = clock
        self._notices = notices
        self._trace = trace
        self._revision = -1
        self._feeds: dict[int, Feed] = {}  # also of entities that have gone, until they are closed

    def open(self) -> None:
        """Open every camera and decode its first picture: before the show is on air, so that a bad one stops it."""
        for entity, (camera, captured) in self._world.each(Camera, Captured):
            self._attach(entity, camera, captured).open()

    def start(self) -> None:
        """Let pictures come."""
        for feed in self._feeds.values():
            feed.start()

    def process(self, tick: Tick) -> None:
        """Take the newest pictures."""
        if self._revision != self._world.revision:
            self._revision = self._world.revision
            self._reconcile()
        for _, (camera, captured) in self._world.each(Camera, Captured):
            feed = captured.feed
            picture = feed.newest(tick.now_ns) if feed is not None else None
            captured.arrived = picture is not None
            if picture is not None:
                if captured.newest is not None:
                    captured.newest.release()
                captured.newest = picture
                captured.taken += 1
            if feed is not None and feed.lost_at_ns is not None:
                lost_s = (tick.now_ns - feed.lost_at_ns) / 1e9
                captured.presence = max(0.0, 1.0 - lost_s / max(camera.fade_s, 1e-3))
            else:
                captured.presence = 1.0

    def close(self) -> None:
        """Close every camera."""
        for _, (captured,) in self._world.each(Captured):
            if captured.newest is not None:
                captured.newest.release()
                captured.newest = None
        for feed in self._feeds.values():
            feed.close()

    def _attach(self, entity: int, camera: Camera, captured: Captured) -> Feed:
        feed = Feed(self._world.name(entity), camera, self._clock, self._notices, self._trace)
        if captured.newest is not None:
            feed.before = captured.newest.sequence + NUMBERS_APART
        captured.feed = self._feeds[entity] = feed
        captured.opened_as = dataclasses.replace(camera)
        return feed

    def _reconcile(self) -> None:
        """Open what is new or changed, close what is gone."""
        for entity in [entity for entity in self._feeds if self._world.get(entity, Captured) is None]:
            self._retire(entity)
        for entity, (camera, captured) in self._world.each(Camera, Captured):
            if captured.opened_as != camera:
                self._retire(entity)
                self._open_on_air(self._attach(entity, camera, captured))

    def _open_on_air(self, feed: Feed) -> None:
        """Open a camera on its own thread, or at once where time steps; a bad one costs only its own pictures."""
        if self._clock.steps:
            try:
                feed.open()
            except CameraError as error:
                self._notices.say("visible", "capture", str(error))
        feed.start()

    def _retire(self, entity: int) -> None:
        """Close a feed without waiting for its worker."""
        feed = self._feeds.pop(entity, None)
        if feed is not None:
            threading.Thread(target=feed.close, name=f"closing {feed.name}", daemon=True).start()
