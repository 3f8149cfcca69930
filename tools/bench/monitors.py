"""Virtual monitors that can be plugged and unplugged (Xorg's dummy driver), or that keep true vsync (headless sway)."""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

Picture = NDArray[np.uint8]

DUMMY = """
Section "Device"
    Identifier "card"
    Driver "dummy"
    VideoRam 256000
EndSection
Section "Monitor"
    Identifier "monitor"
    HorizSync 1.0-2000.0
    VertRefresh 1.0-2000.0
EndSection
Section "Screen"
    Identifier "screen"
    Device "card"
    Monitor "monitor"
    DefaultDepth 24
    SubSection "Display"
        Depth 24
        Modes "1920x1080"
        Virtual 8192 4096
    EndSubSection
EndSection
Section "ServerFlags"
    Option "AutoAddDevices" "false"
    Option "AutoAddGPU" "false"
EndSection
"""

MOVING = """
[back.fill]
colour = "#ff8000"
[back.layer]
[dust.particles]
count = 300
[dust.layer]
order = 1
"""
"""What a bench puts on monitors: never black, and another picture at each tick."""

DESKTOP = ("--fb", "5760x2160")
"""The desktop's size stays, so that one can look at where an unplugged monitor was."""

NOBODY = 65534
"""Sway refuses to run as root."""


class MissingError(Exception):
    """There can be no virtual monitors here, and why."""


def need(program: str, package: str) -> str:
    """Return where a program is. Fails: MissingError where it is not."""
    found = shutil.which(program)
    if found is None or not sys.platform.startswith("linux"):
        raise MissingError(f"{program} is not installed (Debian and Ubuntu: apt-get install {package})")
    return found


def clean_environment() -> dict[str, str]:
    """Return this program's environment without any desktop."""
    desktop = ("DISPLAY", "WAYLAND_DISPLAY", "XDG_SESSION_TYPE", "XDG_RUNTIME_DIR", "PYGLFW_LIBRARY_VARIANT")
    return {name: value for name, value in os.environ.items() if name not in desktop}


def until(seen: Callable[[], bool], seconds: float, what: str, every_s: float = 0.02) -> float:
    """Wait for something, looking every so often; return how many seconds that took."""
    begun = time.monotonic()
    while not seen():
        assert time.monotonic() - begun < seconds, f"not within {seconds:g} s: {what}"
        time.sleep(every_s)
    return time.monotonic() - begun


def end(process: subprocess.Popen[Any]) -> None:
    """End a program that we started, by its process id."""
    process.terminate()
    try:
        process.wait(10)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait(10)


# Xorg with the dummy driver -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Output:
    """One virtual monitor: its connector, size, rate, and where it lies."""

    name: str
    width: int
    height: int
    rate_hz: float
    x: int
    y: int = 0

    @property
    def mode(self) -> str:
        """The name of its mode."""
        return f"{self.width}x{self.height}@{self.rate_hz:g}"


THREE = (
    Output("DUMMY0", 1920, 1080, 60, 0),
    Output("DUMMY1", 1920, 1080, 50, 1920),
    Output("DUMMY2", 1280, 720, 144, 3840),
)
"""Two projectors and a gaming monitor: three rates, two sizes."""


class Xorg:
    """An X server with sixteen connectors, of which `xrandr` plugs and unplugs monitors."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self._modes: set[str] = set()
        self.name = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a program on it gets."""
        return {**clean_environment(), "DISPLAY": self.name}

    def start(self) -> None:
        """Start the server; it chooses a free number itself and says which when it is ready."""
        program = need("Xorg", "xserver-xorg-core xserver-xorg-video-dummy")
        need("xrandr", "x11-xserver-utils")
        (self._folder / "dummy.conf").write_text(DUMMY, encoding="ascii")
        ready, says = os.pipe()
        arguments = [program, "-displayfd", str(says), "-config", str(self._folder / "dummy.conf"), "-noreset", "-ac"]
        arguments += ["-logfile", str(self._folder / "xorg.log"), "-nolisten", "tcp", "-novtswitch", "-sharevts"]
        with (self._folder / "xorg.err").open("wb") as words:
            self._process = subprocess.Popen(arguments, pass_fds=(says,), stdout=words, stderr=words)
        os.close(says)
        with os.fdopen(ready) as answer:
            number = answer.readline().strip()
        if not number:
            self.stop()
            raise MissingError(f"Xorg did not start: {(self._folder / 'xorg.err').read_text('utf-8')[-500:]}")
        self.name = f":{number}"

    def stop(self) -> None:
        """End the server."""
        if self._process is not None:
            end(self._process)

    def xrandr(self, *arguments: str) -> str:
        """Run `xrandr`."""
        done = subprocess.run(["xrandr", *arguments], env=self.environment, check=True, capture_output=True, text=True)
        return done.stdout

    def plug(self, *outputs: Output) -> None:
        """Plug monitors in, all at once, or change those that are."""
        added = []
        for output in outputs:
            if output.mode not in self._modes:
                self._modes.add(output.mode)
                self.xrandr("--newmode", output.mode, *_timing(output))
            if f"{output.name} {output.mode}" not in self._modes:
                self._modes.add(f"{output.name} {output.mode}")
                self.xrandr("--addmode", output.name, output.mode)
            added += ["--output", output.name, "--mode", output.mode, "--pos", f"{output.x}x{output.y}"]
        self.xrandr(*DESKTOP, *added)
        self.xrandr("-q")  # an output that is on for the first time is announced only when somebody asks

    def unplug(self, *outputs: Output) -> None:
        """Pull monitors out."""
        self.xrandr(*DESKTOP, *(word for output in outputs for word in ("--output", output.name, "--off")))

    def screenshot(self, output: Output, size: tuple[int, int] | None = None) -> Picture:
        """Return what a monitor shows, or the part of it around its middle: (height, width, 3)."""
        with self.watch(output, size) as look:
            return look()

    @contextmanager
    def watch(self, output: Output, size: tuple[int, int] | None = None) -> Iterator[Callable[[], Picture]]:
        """Give a function that looks at the middle of a monitor, or at where it would be, again and again."""
        width, height = size or (output.width, output.height)
        x, y = output.x + (output.width - width) // 2, output.y + (output.height - height) // 2
        options = {"video_size": f"{width}x{height}", "framerate": "1000", "draw_mouse": "0"}
        options |= {"grab_x": str(x), "grab_y": str(y)}
        with av.open(self.name, format="x11grab", options=options) as grabber:
            pictures = grabber.decode(video=0)
            yield lambda: next(pictures).to_ndarray(format="rgb24").astype(np.uint8, copy=False)

    def identify(self, output: Output, edid: bytes) -> None:
        """Let a monitor say which it is."""
        x11, randr = ctypes.CDLL("libX11.so.6"), ctypes.CDLL("libXrandr.so.2")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = x11.XDefaultRootWindow.restype = ctypes.c_ulong
        display = ctypes.c_void_p(x11.XOpenDisplay(self.name.encode()))
        property_name = ctypes.c_ulong(x11.XInternAtom(display, b"EDID", False))
        integer, bits, replace = ctypes.c_ulong(19), 8, 0
        randr.XRRChangeOutputProperty(
            display, ctypes.c_ulong(self._number_of(output)), property_name, integer, bits, replace, edid, len(edid)
        )
        x11.XSync(display, False)
        x11.XCloseDisplay(display)

    def close_window(self, title: str) -> None:
        """Press the close button of a window: ask its program to close it, as a window manager does."""
        with self._window(title) as (x11, display, window):
            protocols, delete = (x11.XInternAtom(display, n, 0) for n in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW"))
            event = (ctypes.c_long * 24)()
            # type, serial, send_event, display, window, message_type, format, data: each in a long of its own.
            event[0], event[4], event[5], event[6], event[7] = 33, window.value, protocols, 32, delete
            x11.XSendEvent(display, window, 0, ctypes.c_long(0), ctypes.byref(event))

    def move_window(self, title: str, x: int, y: int) -> None:
        """Drag a window's top left corner to somewhere on the desktop."""
        with self._window(title) as (x11, display, window):
            x11.XMoveWindow(display, window, x, y)

    @contextmanager
    def _window(self, title: str) -> Iterator[tuple[Any, ctypes.c_void_p, ctypes.c_ulong]]:
        """Give Xlib, a connection of our own, and the window of this title."""
        x11 = ctypes.CDLL("libX11.so.6")
        x11.XOpenDisplay.restype = ctypes.c_void_p
        x11.XInternAtom.restype = x11.XDefaultRootWindow.restype = ctypes.c_ulong
        display = ctypes.c_void_p(x11.XOpenDisplay(self.name.encode()))
        root, parent, count = ctypes.c_ulong(), ctypes.c_ulong(), ctypes.c_uint()
        windows = ctypes.POINTER(ctypes.c_ulong)()
        x11.XQueryTree(
            display, ctypes.c_ulong(x11.XDefaultRootWindow(display)), ctypes.byref(root), ctypes.byref(parent),
            ctypes.byref(windows), ctypes.byref(count),
        )  # fmt: skip
        for window in windows[: count.value]:
            name = ctypes.c_char_p()
            x11.XFetchName(display, ctypes.c_ulong(window), ctypes.byref(name))
            if name.value == title.encode():
                yield x11, display, ctypes.c_ulong(window)
                break
        x11.XSync(display, 0)
        x11.XCloseDisplay(display)

    def _number_of(self, output: Output) -> int:
        lines = self.xrandr("--verbose").splitlines()
        at = next(i for i, line in enumerate(lines) if line.startswith(f"{output.name} "))
        # `DUMMY0 connected primary 1920x1080+0+0 (0x50) …`, then `Identifier: 0x4e`
        return int(next(line for line in lines[at:] if "Identifier:" in line).split()[1], 16)


def _timing(output: Output) -> list[str]:
    """Return a modeline that has just the rate, to 0.01 Hz."""
    across, down = output.width + 80, output.height + 40
    clock_mhz = across * down * output.rate_hz / 1e6
    horizontal = [output.width, output.width + 16, output.width + 48, across]
    vertical = [output.height, output.height + 3, output.height + 8, down]
    return [f"{clock_mhz:.4f}", *map(str, horizontal + vertical)]


@contextmanager
def xorg(folder: Path) -> Iterator[Xorg]:
    """Start an X server with three monitors, and end it."""
    server = Xorg(folder)
    try:
        server.start()
        server.plug(*THREE)
        yield server
    finally:
        server.stop()


def make_edid(model: str, serial: str, number: int = 0) -> bytes:
    """Return what a monitor says of itself: 128 bytes, as VESA has it."""
    data = bytearray(b"\x00\xff\xff\xff\xff\xff\xff\x00" + b"\x4c\x2d" + b"\x01\x02" + number.to_bytes(4, "little"))
    data += b"\x01\x20\x01\x04" + bytes(34)
    for kind, text in ((0xFC, model), (0xFF, serial), (0x10, ""), (0x10, "")):
        padded = (text.encode("cp437") + b"\n")[:13].ljust(13, b" ")
        data += b"\x00\x00\x00" + bytes([kind, 0]) + padded
    data += b"\x00"
    return bytes(data) + bytes([-sum(data) % 256])


# Headless sway --------------------------------------------------------------------------------------------------------

SWAY = """
xwayland disable
default_border none
output HEADLESS-1 mode --custom {width}x{height}@60Hz position 0 0
output HEADLESS-2 mode --custom {width}x{height}@50Hz position {width} 0
output HEADLESS-3 mode --custom {width}x{height}@75Hz position {twice} 0
"""


class Sway:
    """A Wayland compositor with two monitors of one size, at 60 and at 50 Hz, that waits for their vsync."""

    def __init__(self, folder: Path, size: tuple[int, int] = (640, 360)) -> None:
        self._folder = folder
        self._size = size
        self._process: subprocess.Popen[bytes] | None = None
        self.name = ""

    @property
    def environment(self) -> dict[str, str]:
        """What a program on it gets."""
        return {**clean_environment(), "WAYLAND_DISPLAY": self.name, "XDG_RUNTIME_DIR": str(self._folder)}

    def start(self) -> None:
        """Start it, as nobody where we are root."""
        program = need("sway", "sway")
        need("grim", "grim")
        width, height = self._size
        config = SWAY.format(width=width, height=height, twice=2 * width)
        (self._folder / "config").write_text(config, encoding="ascii")
        environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
        environment |= {"HOME": str(self._folder), "XDG_RUNTIME_DIR": str(self._folder), "WLR_BACKENDS": "headless"}
        environment |= {"WLR_HEADLESS_OUTPUTS": "2", "WLR_RENDERER": "pixman", "WLR_LIBINPUT_NO_DEVICES": "1"}
        command = [program, "-c", str(self._folder / "config")]
        self._folder.chmod(0o700)
        if os.geteuid() == 0:
            os.chown(self._folder, NOBODY, NOBODY)
            command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", *command]
        words = self._folder / "sway.err"
        with words.open("wb") as file:
            self._process = subprocess.Popen(command, env=environment, cwd=self._folder, stdout=file, stderr=file)
        begun = time.monotonic()
        while not (sockets := list(self._folder.glob("wayland-?"))) or not list(self._folder.glob("sway-ipc*")):
            if self._process.poll() is not None or time.monotonic() - begun > 20:
                self.stop()
                raise MissingError(f"sway did not start: {words.read_text('utf-8')[-500:]}")
            time.sleep(0.02)
        self.name = sockets[0].name

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            end(self._process)

    def tell(self, *words: str) -> None:
        """Give it one of its commands. `create_output` plugs HEADLESS-3 in; to unplug, only sway 1.8 and later can."""
        (socket,) = self._folder.glob("sway-ipc*")
        subprocess.run(["swaymsg", "-s", str(socket), *words], check=True, capture_output=True)

    def screenshot(self, output: str) -> Picture:
        """Return what a monitor shows: (height, width, 3)."""
        command = ["grim", "-o", output, "-t", "ppm", "-"]
        done = subprocess.run(command, env=self.environment, check=True, capture_output=True)
        _, size, _, pixels = done.stdout.split(b"\n", 3)
        width, height = map(int, size.split())
        return np.frombuffer(pixels, np.uint8).reshape(height, width, 3)


@contextmanager
def sway(size: tuple[int, int] = (640, 360)) -> Iterator[Sway]:
    """Start sway in a short folder of its own, since a socket's path has at most 108 characters, and end it."""
    with tempfile.TemporaryDirectory(prefix="scrim", ignore_cleanup_errors=True) as folder:
        compositor = Sway(Path(folder), size)
        try:
            compositor.start()
            yield compositor
        finally:
            compositor.stop()


# A show in a process of its own ---------------------------------------------------------------------------------------


@contextmanager
def running(scene: Path, environment: dict[str, str], *options: str) -> Iterator[subprocess.Popen[str]]:
    """Run a show; afterwards ask it to end, and wait until it has."""
    command = [sys.executable, "-m", "tools.cli", "run", str(scene), *options]
    with (scene.parent / "words.txt").open("w") as words:
        process = subprocess.Popen(command, env=environment, stdout=words, stderr=words, text=True)
    try:
        yield process
    finally:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.terminate()
            process.wait(30)
        if process.poll() is None:
            process.kill()
            process.wait(10)
