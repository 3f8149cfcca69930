"""Which monitors there are."""

from __future__ import annotations

import os
import sys
import warnings
from dataclasses import dataclass
from typing import Any

import glfw

from engine.errors import DisplayError

HZ_WHEN_UNKNOWN = 60.0
"""Virtual framebuffers report a refresh rate of 0."""

_started = 0


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor: where it lies on the desktop in screen coordinates, and how often it refreshes."""

    index: int
    name: str
    x: int
    y: int
    width: int
    height: int
    refresh_hz: float


def start_desktop() -> None:
    """Get ready for windows and monitors; each call wants one `stop_desktop`.

    Thread: main. Blocks: while the desktop is asked. Fails: DisplayError where there is none.
    """
    global _started
    if _started == 0:
        wanted = ("DISPLAY", "WAYLAND_DISPLAY")
        if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in wanted):
            raise DisplayError("no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set")
        with warnings.catch_warnings(record=True) as said:
            warnings.simplefilter("always")
            if not glfw.init():
                reason = str(said[-1].message) if said else "glfw does not say why"
                raise DisplayError(f"no desktop: {reason}")
    _started += 1


def stop_desktop() -> None:
    """Let go of the desktop. All surfaces must have been released: glfw takes their display away."""
    global _started
    _started -= 1
    if _started == 0:
        glfw.terminate()


def list_monitors() -> list[Monitor]:
    """Return every monitor, from left to right and top to bottom. Fails: DisplayError where there is no desktop."""
    start_desktop()
    try:
        handles: list[Any] = glfw.get_monitors()
        found = []
        for handle in handles:
            mode = glfw.get_video_mode(handle)
            x, y = glfw.get_monitor_pos(handle)
            name = glfw.get_monitor_name(handle)
            name = name.decode() if isinstance(name, bytes) else str(name)
            refresh_hz = float(mode.refresh_rate) or HZ_WHEN_UNKNOWN
            found.append((x, y, name, mode.size.width, mode.size.height, refresh_hz))
    finally:
        stop_desktop()
    found.sort(key=lambda item: item[:2])
    return [
        Monitor(index, name, x, y, width, height, refresh_hz)
        for index, (x, y, name, width, height, refresh_hz) in enumerate(found)
    ]
