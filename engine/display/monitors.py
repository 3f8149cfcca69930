"""Which monitors there are, and which one somebody means."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from engine.errors import DisplayError
from engine.notices import log


def _import_glfw() -> Any:
    """Import glfw with the right one of its two libraries for Linux.

    Left alone, it takes the one for X11 wherever XDG_SESSION_TYPE is not set, even where there is only Wayland, and the
    one for Wayland wherever it is, even where only DISPLAY leads to a desktop.
    """
    before = dict(os.environ)
    wayland, x11 = before.get("WAYLAND_DISPLAY"), before.get("DISPLAY")
    if wayland or x11:
        in_wayland = wayland and (not x11 or before.get("XDG_SESSION_TYPE") == "wayland")
        os.environ.setdefault(VARIANT, "wayland" if in_wayland else "x11")
    try:
        import glfw

        return glfw
    finally:
        if VARIANT not in before:
            os.environ.pop(VARIANT, None)  # it is not for other programs, which may have another desktop


VARIANT = "PYGLFW_LIBRARY_VARIANT"

glfw = _import_glfw()

HZ_WHEN_UNKNOWN = 60.0
"""Virtual framebuffers report a refresh rate of 0."""

HASH_DIGITS = 12
"""Of an EDID's hash: enough that two of a million monitors differ, short enough to write into a scene."""

EDID_BYTES = 128
"""The first block of an EDID; the others hold no name."""

_started = 0
_revision = 0
_complaint = ""
_edids: dict[tuple[str, int], bytes] = {}


@dataclass(frozen=True, slots=True)
class Edid:
    """What a monitor says of itself: its model, its serial number, and the hash of all that it says."""

    model: str = ""
    serial: str = ""
    digest: str = ""

    @classmethod
    def parse(cls, data: bytes) -> Edid:
        """Read an EDID; of one that is none, nothing is known."""
        if len(data) < EDID_BYTES or data[:8] != b"\x00\xff\xff\xff\xff\xff\xff\x00":
            return cls()
        number = int.from_bytes(data[12:16], "little")
        texts = {}
        for at in (54, 72, 90, 108):  # four descriptors of 18 bytes; those that begin with 0 0 0 are no timings
            if data[at : at + 3] == b"\x00\x00\x00":
                texts[data[at + 3]] = data[at + 5 : at + 18].partition(b"\n")[0].decode("cp437").strip()
        serial = texts.get(0xFF, "") or (str(number) if number else "")
        return cls(texts.get(0xFC, ""), serial, hashlib.sha256(data).hexdigest()[:HASH_DIGITS])


@dataclass(frozen=True, slots=True)
class Monitor:
    """One monitor: where it lies on the desktop in screen coordinates, how often it refreshes, and which it is.

    Its name is its connector's on Linux, its model's elsewhere. What it says of itself is empty where the desktop does
    not pass it on.
    """

    index: int
    name: str
    x: int
    y: int
    width: int
    height: int
    refresh_hz: float
    scale: float = 1.0
    model: str = ""
    serial: str = ""
    edid: str = ""

    @property
    def box(self) -> tuple[int, int, int, int]:
        """Left, top, width and height on the desktop."""
        return (self.x, self.y, self.width, self.height)

    def holds(self, x: int, y: int) -> bool:
        """Whether a point of the desktop lies on it."""
        return self.x <= x < self.x + self.width and self.y <= y < self.y + self.height

    def is_same_as(self, other: Monitor) -> bool:
        """Whether it is the same device on the same connector, wherever it lies and however it is set."""
        return (self.name, self.edid) == (other.name, other.edid)

    def __str__(self) -> str:
        return f"{self.name} ({self.width}×{self.height}, {self.refresh_hz:g} Hz)"


# The desktop ---------------------------------------------------------------------------------------------------------


def start_desktop() -> None:
    """Get ready for windows and monitors; each call wants one `stop_desktop`.

    Thread: main. Blocks: while the desktop is asked. Fails: DisplayError where there is none.
    """
    global _started
    if _started == 0:
        wanted = ("DISPLAY", "WAYLAND_DISPLAY")
        if sys.platform.startswith("linux") and not any(os.environ.get(name) for name in wanted):
            raise DisplayError("no desktop: neither DISPLAY nor WAYLAND_DISPLAY is set")
        # By itself pyglfw prints what glfw complains of, which on air is mostly a monitor that has just gone.
        glfw.set_error_callback(_complained)
        if not glfw.init():
            raise DisplayError(f"no desktop: {_why_not()}")
        glfw.set_monitor_callback(_monitors_changed)
        if glfw.get_platform() == glfw.PLATFORM_X11:
            _introduce_to_xfixes()
    _started += 1


def stop_desktop() -> None:
    """Let go of the desktop. All surfaces must have been released: glfw takes their display away."""
    global _started
    _started -= 1
    if _started == 0:
        glfw.terminate()
        _edids.clear()


def monitors_revision() -> int:
    """Return a number that changes whenever a monitor has gone or come, as far as `poll_desktop` has heard of it."""
    return _revision


def has_positions() -> bool:
    """Whether windows can be put somewhere; on Wayland they can only be told which monitor to cover."""
    return bool(glfw.get_platform() != glfw.PLATFORM_WAYLAND)


def list_monitors() -> list[Monitor]:
    """Return every monitor, from left to right and top to bottom. Fails: DisplayError where there is no desktop.

    Thread: main. Blocks: 0.1 ms a monitor; the first time 1 ms more.
    """
    return [monitor for monitor, _ in _monitors_and_handles()]


def handle_of(monitor: Monitor) -> Any | None:
    """Return glfw's handle of a monitor, or None when it is gone."""
    return next((handle for other, handle in _monitors_and_handles() if other.is_same_as(monitor)), None)


def _monitors_and_handles() -> list[tuple[Monitor, Any]]:
    start_desktop()
    try:
        found = []
        for handle in glfw.get_monitors():
            try:
                mode = glfw.get_video_mode(handle)
            except ValueError:
                continue  # it went while we asked
            x, y = glfw.get_monitor_pos(handle)
            name = glfw.get_monitor_name(handle)
            name = name.decode(errors="replace") if isinstance(name, bytes) else str(name)
            refresh_hz = float(mode.refresh_rate) if mode.refresh_rate > 0 else HZ_WHEN_UNKNOWN
            scale = float(glfw.get_monitor_content_scale(handle)[0]) or 1.0
            edid = Edid.parse(_edid_of(name, handle))
            found.append(((x, y, name), mode.size, refresh_hz, scale, edid, handle))
    finally:
        stop_desktop()
    found.sort(key=lambda item: item[0])
    return [
        (
            Monitor(
                index, name, x, y, size.width, size.height, refresh_hz, scale, edid.model, edid.serial, edid.digest
            ),
            handle,
        )
        for index, ((x, y, name), size, refresh_hz, scale, edid, handle) in enumerate(found)
    ]


def _introduce_to_xfixes() -> None:
    """Tell the X server our version of XFIXES, which it wants from every connection before anything else of it.

    Mesa does so itself, but remembers connections by their address: when a desktop is left and entered again, the new
    connection may lie where the old one lay, and the first window's BadRequest ends the process.
    """
    try:
        fixes = ctypes.CDLL("libXfixes.so.3")
    except OSError:
        return
    first_event, first_error = ctypes.c_int(), ctypes.c_int()
    fixes.XFixesQueryExtension(_x11_display(), ctypes.byref(first_event), ctypes.byref(first_error))


def _x11_display() -> ctypes.c_void_p:
    return ctypes.c_void_p(ctypes.cast(glfw.get_x11_display(), ctypes.c_void_p).value)


def _complained(code: int, words: Any) -> None:
    global _complaint
    _complaint = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
    log.debug("glfw %d: %s", code, _complaint)


def _monitors_changed(_handle: Any, _event: int) -> None:
    global _revision
    _revision += 1
    _edids.clear()


def _why_not() -> str:
    """Say in one line why there is no desktop, and what to do."""
    # Opening a GPU sets it to /tmp where it is not set, since Vulkan asks for some folder; no desktop is there.
    if "Wayland" in _complaint and os.environ.get("XDG_RUNTIME_DIR", "") in ("", "/tmp"):
        return "WAYLAND_DISPLAY is set, but XDG_RUNTIME_DIR, where it is to be found, is not"
    return " ".join(_complaint.split()) or "glfw does not say why"


# What a monitor says of itself ---------------------------------------------------------------------------------------


def _edid_of(name: str, handle: Any) -> bytes:
    """Return a monitor's EDID, or nothing. It is asked for once, until monitors change."""
    if not sys.platform.startswith("linux"):
        return b""
    output = 0 if glfw.get_platform() != glfw.PLATFORM_X11 else int(glfw.get_x11_monitor(handle))
    if (name, output) not in _edids:
        _edids[name, output] = _edid_from_x11(output) if output else _edid_from_kernel(name)
    return _edids[name, output]


def _edid_from_kernel(name: str) -> bytes:
    """Read the EDID of the connector that a Wayland desktop names. X11's names are often others than the kernel's."""
    for path in sorted(Path("/sys/class/drm").glob("card*-*/edid")):
        if path.parent.name.partition("-")[2] == name:
            try:
                return path.read_bytes()
            except OSError:
                return b""
    return b""


def _edid_from_x11(output: int) -> bytes:
    """Ask the X server for the property EDID of an output."""
    try:
        x11, randr = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXrandr.so.2")
    except OSError:
        return b""
    display = _x11_display()
    x11.XInternAtom.restype = ctypes.c_ulong
    atom = ctypes.c_ulong(x11.XInternAtom(display, b"EDID", True))
    if not atom.value:
        return b""  # no output has ever had one
    kind, bits, count, rest = ctypes.c_ulong(), ctypes.c_int(), ctypes.c_ulong(), ctypes.c_ulong()
    data = ctypes.POINTER(ctypes.c_ubyte)()
    with _x11_errors_ignored(x11, display):
        failed = randr.XRRGetOutputProperty(
            display, ctypes.c_ulong(output), atom, ctypes.c_long(0), ctypes.c_long(128), 0, 0, ctypes.c_ulong(0),
            ctypes.byref(kind), ctypes.byref(bits), ctypes.byref(count), ctypes.byref(rest), ctypes.byref(data),
        )  # fmt: skip
    if failed or not data:
        return b""
    try:
        return bytes(data[: count.value]) if bits.value == 8 else b""
    finally:
        x11.XFree(data)


@contextmanager
def _x11_errors_ignored(x11: Any, display: ctypes.c_void_p) -> Iterator[None]:
    """Xlib ends the process at an error, such as a question about an output that has just gone (a DisplayPort hub)."""
    handler = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p)(lambda _display, _error: 0)
    x11.XSetErrorHandler.restype = ctypes.c_void_p
    before = x11.XSetErrorHandler(handler)
    try:
        yield
        x11.XSync(display, 0)
    finally:
        x11.XSetErrorHandler(ctypes.c_void_p(before))


# Which one is meant --------------------------------------------------------------------------------------------------


def matching(wanted: str, monitors: Sequence[Monitor]) -> list[Monitor]:
    """Return the monitors that a scene may mean by `wanted`, the best first; by "" it means any.

    Several of one make have one name, and some even one serial number, so there may be more than one.
    """
    kind, colon, value = (part.strip() for part in wanted.partition(":"))
    if not wanted:
        return list(monitors)
    if colon and kind == "serial":
        return [monitor for monitor in monitors if value and monitor.serial.casefold() == value.casefold()]
    if colon and kind == "edid":
        return [monitor for monitor in monitors if value and monitor.edid.startswith(value.lower())]
    if colon and kind == "at":
        place = _place(value)
        return [monitor for monitor in monitors if place is not None and monitor.holds(*place)]
    if wanted.isdecimal():
        return [monitor for monitor in monitors if monitor.index == int(wanted)]
    by_name = [monitor for monitor in monitors if monitor.name.casefold() == wanted.casefold()]
    return by_name + [
        monitor for monitor in monitors if monitor.model.casefold() == wanted.casefold() and monitor not in by_name
    ]


def names_a_place(wanted: str) -> bool:
    """Whether `wanted` says where a monitor lies rather than which it is: another may lie there after one has gone."""
    return not wanted or wanted.isdecimal() or wanted.startswith("at:")


def remedy(wanted: str, monitors: Sequence[Monitor]) -> str:
    """Say what there is instead of the monitor that is not there."""
    if wanted.startswith("at:") and _place(wanted[3:]) is None:
        return "write a place as at:X,Y"
    return f"there is {', '.join(monitor.name for monitor in monitors)}" if monitors else "there is none at all"


def _place(value: str) -> tuple[int, int] | None:
    try:
        x, y = (int(part) for part in value.split(","))
    except ValueError:
        return None
    return x, y
