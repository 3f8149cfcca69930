"""Windows on a desktop, through glfw, and their swapchains."""

from __future__ import annotations

import sys
from typing import Any

import wgpu

from engine.components.display import Display
from engine.display.monitors import (
    HZ_WHEN_UNKNOWN,
    Monitor,
    glfw,
    handle_of,
    has_positions,
    list_monitors,
    start_desktop,
    stop_desktop,
)
from engine.display.vsync import open_vsync_source
from engine.errors import DisplayError
from engine.gpu.device import Gpu

PREFERRED_FORMATS = ("bgra8unorm", "rgba8unorm")
"""Without sRGB in the name: displays encode in their own shader, with their own gamma and dither."""

DEEP_FORMAT = "rgb10a2unorm"
"""Of 10 bits a colour, as Wayland offers it, and X11 at a depth of 30; drawing into it takes no longer."""

PRESENT_MODES = ("mailbox", "immediate", "fifo")
"""Mailbox first: with fifo, one slow display on a shared device holds up all others (51 fps instead of 60)."""


class Window:
    """One window and its swapchain.

    With a monitor it is placed on that, and covers it when `covers` says so; without one the desktop chooses.

    Thread: made, polled, moved and closed by the main thread, drawn into by its presenter. Blocks: `acquire` for an
    image; making one takes 2 to 5 ms. Owns: the window and the surface. Fails: DisplayError when it cannot be made.
    """

    def __init__(
        self,
        gpu: Gpu,
        name: str,
        display: Display,
        size: tuple[int, int],
        monitor: Monitor | None = None,
        *,
        covers: bool = False,
    ) -> None:
        start_desktop()
        self._handle: Any = None
        try:
            self._handle = self._make(name, display, size, monitor, covers)
            self._context: Any = wgpu.gpu.get_canvas_context(surface_info(self._handle))
            capabilities = offered(self._context, gpu)
        except Exception:
            if self._handle:
                glfw.destroy_window(self._handle)
            stop_desktop()
            raise
        self._size: tuple[int, int] = glfw.get_framebuffer_size(self._handle)
        self._context.set_physical_size(*self._size)
        deep = display.depth_bits == 10 or (display.depth_bits == 0 and self._desktop_is_deep)
        formats = (DEEP_FORMAT, *PREFERRED_FORMATS) if deep else PREFERRED_FORMATS
        self.format = first_of(formats, capabilities["formats"])
        self.present_mode = first_of(PRESENT_MODES, capabilities["present_modes"])
        # wgpu-py 0.32 chooses fifo or immediate, never mailbox; where one mode is left it takes that.
        capabilities["present_modes"] = [self.present_mode]
        self._context.configure(device=gpu.device, format=self.format, alpha_mode="opaque")
        self._texture: Any = None
        self.closed_by_hand = False
        self._follow_vsync(monitor or self.monitor)
        glfw.set_framebuffer_size_callback(self._handle, self._resized)
        glfw.set_window_close_callback(self._handle, self._closing)

    @property
    def size(self) -> tuple[int, int]:
        """Width and height in pixels."""
        return self._size

    @property
    def handle(self) -> Any:
        """What glfw knows the window by."""
        return self._handle

    @property
    def monitor(self) -> Monitor | None:
        """The monitor that the window's centre is on, or that it covers on Wayland, which tells no positions."""
        if not has_positions():
            covered = glfw.get_window_monitor(self._handle)
            return next((monitor for monitor in list_monitors() if covered and handle_of(monitor) == covered), None)
        x, y = glfw.get_window_pos(self._handle)
        width, height = glfw.get_window_size(self._handle)
        centre = (x + width // 2, y + height // 2)
        return next((monitor for monitor in list_monitors() if monitor.holds(*centre)), None)

    def keeps_time_of(self, monitor: Monitor) -> bool:
        """Whether it goes by the vsyncs that this monitor has now."""
        known = self._keeps_time_of
        return known is not None and known.is_same_as(monitor) and known.refresh_hz == monitor.refresh_hz

    def keep_time_of(self, monitor: Monitor) -> None:
        """Go by another monitor's vsyncs, or other ones; its presenter must have stopped. Thread: main."""
        self.vsync.close()
        self._follow_vsync(monitor)

    def retitle(self, title: str) -> None:
        """Write something else above it. Thread: main."""
        glfw.set_window_title(self._handle, title)

    def keep_open(self) -> None:
        """Take back that it was closed by hand. Thread: main."""
        self.closed_by_hand = False
        glfw.set_window_should_close(self._handle, glfw.FALSE)

    def cover(self, monitor: Monitor) -> None:
        """Cover a monitor that has moved or changed its mode. Thread: main."""
        if has_positions():
            glfw.set_window_pos(self._handle, monitor.x, monitor.y)
            glfw.set_window_size(self._handle, monitor.width, monitor.height)

    def move_to(self, x: int, y: int) -> None:
        """Put its top left corner somewhere on the desktop, where windows can be put somewhere. Thread: main."""
        if has_positions():
            glfw.set_window_pos(self._handle, x, y)

    def move_by(self, x: int, y: int) -> None:
        """Move with its monitor. Thread: main."""
        if has_positions():
            before = glfw.get_window_pos(self._handle)
            glfw.set_window_pos(self._handle, before[0] + x, before[1] + y)

    def acquire(self) -> Any | None:
        """Return the swapchain's next image, or None when the window is hidden or changing."""
        if 0 in self._size:
            return None
        try:
            self._texture = self._context.get_current_texture()
        except (wgpu.DrawCancelled, RuntimeError):
            return None
        return self._texture.create_view()

    def present(self) -> None:
        """Put the image on the screen."""
        self._context.present()
        self._texture = None

    def release(self) -> None:
        """Close the window; its presenter must have stopped."""
        self._texture = None
        self.vsync.close()
        self._context.unconfigure()
        del self._context  # the surface goes before the window it belongs to
        glfw.destroy_window(self._handle)
        stop_desktop()

    @property
    def _desktop_is_deep(self) -> bool:
        """Whether the desktop has more than 8 bits a colour, as far as it says so: Wayland never does."""
        primary = glfw.get_primary_monitor()
        return bool(primary) and min(glfw.get_video_mode(primary).bits) > 8

    def _make(self, name: str, display: Display, size: tuple[int, int], monitor: Monitor | None, covers: bool) -> Any:
        glfw.default_window_hints()
        glfw.window_hint(glfw.CLIENT_API, glfw.NO_API)
        # A frameless window over the monitor leaves its mode alone, where glfw's own fullscreen may change it.
        glfw.window_hint(glfw.DECORATED, not covers)
        glfw.window_hint(glfw.FOCUS_ON_SHOW, glfw.FALSE)
        glfw.window_hint(glfw.AUTO_ICONIFY, glfw.FALSE)
        fullscreen_on = None
        if covers and monitor is not None:
            size = (monitor.width, monitor.height)
            # Wayland takes no positions, and no program can change a mode there.
            fullscreen_on = None if has_positions() else handle_of(monitor)
        if monitor is not None and has_positions():
            # Where it is from the start: shown elsewhere first, it would flash over another display.
            glfw.window_hint(glfw.POSITION_X, monitor.x)
            glfw.window_hint(glfw.POSITION_Y, monitor.y)
        handle = glfw.create_window(*size, display.title or name, fullscreen_on, None)
        if not handle:
            raise DisplayError(f"{name}: the desktop gives no window of {size[0]}×{size[1]}")
        if monitor is not None and has_positions():
            glfw.set_window_pos(handle, monitor.x, monitor.y)  # some window managers go by this alone
        return handle

    def _follow_vsync(self, monitor: Monitor | None) -> None:
        self._keeps_time_of = monitor
        self.refresh_hz = monitor.refresh_hz if monitor is not None else HZ_WHEN_UNKNOWN
        self.vsync = open_vsync_source(self._handle, monitor)

    def _resized(self, _handle: Any, width: int, height: int) -> None:
        self._size = (width, height)
        if width and height:
            self._context.set_physical_size(width, height)

    def _closing(self, _handle: Any) -> None:
        self.closed_by_hand = True


def offered(context: Any, gpu: Gpu) -> dict[str, Any]:
    """Return what a surface can do; DisplayError where it takes nothing that the GPU can draw."""
    if not gpu.can_draw_on(context._surface_id):
        raise DisplayError(
            "this desktop takes no picture that the GPU can draw; set it to 24 bits a pixel, or try another driver"
        )
    capabilities: dict[str, Any] = context._get_capabilities(gpu.adapter)
    return capabilities


def first_of(preferred: tuple[str, ...], offered: list[str]) -> str:
    """Return the first of the preferred that is offered, else the first offered."""
    return next((name for name in preferred if name in offered), offered[0])


def poll_desktop() -> None:
    """Let windows hear what happened to them. Thread: main. Blocks: never."""
    glfw.poll_events()


def surface_info(handle: Any) -> dict[str, Any]:
    """Return what wgpu wants to know to make a surface for a window. A NULL window would abort the process."""
    if not handle:
        raise DisplayError("there is no window to draw into")
    if sys.platform == "win32":
        return {"window": int(glfw.get_win32_window(handle))}
    if sys.platform == "darwin":
        return {"window": int(glfw.get_cocoa_window(handle))}
    if glfw.get_platform() == glfw.PLATFORM_WAYLAND:
        return {
            "platform": "wayland",
            "window": int(glfw.get_wayland_window(handle)),
            "display": int(glfw.get_wayland_display()),
        }
    return {"platform": "x11", "window": int(glfw.get_x11_window(handle)), "display": int(glfw.get_x11_display())}
