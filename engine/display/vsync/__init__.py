"""When a window's display has its vsyncs: the best source of stamps that this platform has.

A mailbox swapchain's present returns at once, so it says nothing about vsyncs. What does, best first:

    Wayland   presentation times: this very picture was shown then           wayland.py
    Linux     the kernel's vblanks of the CRTC that drives the monitor       drm.py
    Wayland   frame callbacks: the compositor wants the next picture         wayland.py
    macOS     a display link, which tells of the vsync to come               macos.py
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

from engine.display.monitors import Monitor, glfw, handle_of
from engine.display.vsync.source import Nominal, NoVsyncError, Stamp, VsyncSource

__all__ = ["Nominal", "Stamp", "VsyncSource", "open_vsync_source"]


def open_vsync_source(window_handle: Any, monitor: Monitor | None) -> VsyncSource:
    """Return the best source for glfw's window; without any a Nominal, whose `detail` says why.

    `monitor` is the one that the window is on, None where that is not known: then only Wayland has an answer. When the
    window has gone to another monitor, the source must be opened anew.

    Thread: main. Blocks: two questions to the desktop, 1 ms. Fails: never.
    """
    reasons = []
    for attempt in _attempts(window_handle, monitor):
        try:
            return attempt()
        except NoVsyncError as reason:
            reasons.append(str(reason))
    return Nominal("; ".join(reasons))


def _attempts(window_handle: Any, monitor: Monitor | None) -> list[Callable[[], VsyncSource]]:
    """Return how to open each source that there might be, the best first."""
    if sys.platform == "darwin":
        return [lambda: _open_display_link(monitor)]
    if not sys.platform.startswith("linux"):
        return [_give_up]
    if glfw.get_platform() == glfw.PLATFORM_WAYLAND:
        return [
            lambda: _open_wayland(window_handle, presentation=True),
            lambda: _open_vblank(monitor),
            lambda: _open_wayland(window_handle, presentation=False),
        ]
    return [lambda: _open_vblank(monitor)]


def _open_wayland(window_handle: Any, *, presentation: bool) -> VsyncSource:
    from engine.display.vsync.wayland import Wayland

    display, surface = int(glfw.get_wayland_display()), int(glfw.get_wayland_window(window_handle))
    return Wayland(display, surface, presentation=presentation)


def _open_vblank(monitor: Monitor | None) -> VsyncSource:
    if monitor is None:
        raise NoVsyncError("vblank: the window's monitor is not known")
    from engine.display.vsync.drm import open_vblank

    return open_vblank(monitor)


def _open_display_link(monitor: Monitor | None) -> VsyncSource:
    handle = None if monitor is None else handle_of(monitor)
    if not handle:
        raise NoVsyncError("display link: the window's monitor is not known")
    from engine.display.vsync.macos import DisplayLink

    return DisplayLink(int(glfw.get_cocoa_monitor(handle)))


def _give_up() -> VsyncSource:
    raise NoVsyncError(f"no source of vsyncs is known on {sys.platform}")
