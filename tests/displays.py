"""Virtual monitors: an X server without a screen, started on a free number, and what is to be seen on it."""

from __future__ import annotations

import ctypes
import ctypes.util
import mmap
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

CLIENT_MESSAGE = 33
WIDTH, HEIGHT = 800, 600


def need_xvfb() -> str:
    """Return where Xvfb is; without it the test skips, or fails where a complete machine is demanded."""
    program = shutil.which("Xvfb")
    if program is None:
        words = "Xvfb is not installed (Debian and Ubuntu: apt-get install xvfb)"
        if os.environ.get("SCRIM_REQUIRE_LAVAPIPE"):
            pytest.fail(words)
        pytest.skip(words)
    return program


class Desktop:
    """An X server with one monitor and no window manager; seen through its frame buffer file."""

    def __init__(self, folder: Path, size: tuple[int, int] = (WIDTH, HEIGHT), depth: int = 24) -> None:
        self._depth = depth
        self._folder = folder
        self._size = size
        self._process: subprocess.Popen[bytes] | None = None
        self._x: Any = None
        self._connection: Any = None
        self.name = ""

    def start(self) -> None:
        """Start the server; it chooses a free number itself and says which when it is ready."""
        if not sys.platform.startswith("linux"):
            pytest.skip("virtual monitors are for Linux")
        program = need_xvfb()
        ready, says = os.pipe()
        arguments = [program, "-displayfd", str(says), "-screen", "0", "{}x{}x{}".format(*self._size, self._depth)]
        # It ends when its last client goes: that is the connection made below, even if the tests are killed.
        arguments += ["-fbdir", str(self._folder), "-nolisten", "tcp", "-terminate"]
        self._process = subprocess.Popen(arguments, pass_fds=(says,), stderr=subprocess.DEVNULL)
        os.close(says)
        with os.fdopen(ready) as answer:
            number = answer.readline().strip()
        if not number:
            self.stop()
            pytest.fail("Xvfb did not start")
        self.name = f":{number}"
        self._connect()

    def stop(self) -> None:
        """End the server by its process id; glfw must have let go of it."""
        if self._connection is not None:
            self._x.XCloseDisplay(self._connection)
            self._connection = None
        if self._process is not None:
            self._process.terminate()
            self._process.wait(10)

    def screenshot(self) -> NDArray[np.uint8]:
        """Return what the monitor shows: (height, width, 3)."""
        path = self._folder / "Xvfb_screen0"
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as screen:
            # The format of xwd, most significant byte first: sizes, then colours of 12 bytes, then BGRX.
            header = np.frombuffer(screen[:100], ">u4")
            header_bytes, line_bytes, colours = int(header[0]), int(header[12]), int(header[19])
            rows = np.frombuffer(screen[:], np.uint8)[header_bytes + 12 * colours :][: self._size[1] * line_bytes]
        return np.ascontiguousarray(rows.reshape(self._size[1], -1, 4)[:, : self._size[0], 2::-1])

    # What a person does, from another connection than the program's.

    def resize(self, window: int, width: int, height: int) -> None:
        """Give a window another size."""
        self._connect().XResizeWindow(self._connection, window, width, height)
        self._x.XSync(self._connection, 0)

    def move(self, window: int, x: int, y: int) -> None:
        """Put a window elsewhere."""
        self._connect().XMoveWindow(self._connection, window, x, y)
        self._x.XSync(self._connection, 0)

    def close(self, window: int) -> None:
        """Press a window's close button: ask its program to close it, as a window manager does."""
        x = self._connect()
        event = (ctypes.c_long * 24)()
        protocols, delete = (
            x.XInternAtom(self._connection, name, 0) for name in (b"WM_PROTOCOLS", b"WM_DELETE_WINDOW")
        )
        # type, serial, send_event, display, window, message_type, format, data: each in a long of its own.
        event[0], event[4], event[5], event[6], event[7] = CLIENT_MESSAGE, window, protocols, 32, delete
        x.XSendEvent(self._connection, window, 0, 0, ctypes.byref(event))
        x.XSync(self._connection, 0)

    def _connect(self) -> Any:
        if self._connection is None:
            self._x = ctypes.CDLL(ctypes.util.find_library("X11") or "libX11.so.6")
            self._x.XOpenDisplay.restype = ctypes.c_void_p
            self._x.XInternAtom.restype = ctypes.c_ulong
            self._x.XOpenDisplay.argtypes = [ctypes.c_char_p]
            self._x.XInternAtom.argtypes = [ctypes.c_void_p, ctypes.c_char_p, ctypes.c_int]
            self._x.XSync.argtypes = [ctypes.c_void_p, ctypes.c_int]
            self._x.XCloseDisplay.argtypes = [ctypes.c_void_p]
            self._x.XMoveWindow.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_int]
            self._x.XResizeWindow.argtypes = [ctypes.c_void_p, ctypes.c_ulong, ctypes.c_uint, ctypes.c_uint]
            self._x.XSendEvent.argtypes = [
                ctypes.c_void_p, ctypes.c_ulong, ctypes.c_int, ctypes.c_long, ctypes.c_void_p,
            ]  # fmt: skip
            self._connection = self._x.XOpenDisplay(self.name.encode())
            assert self._connection, f"cannot connect to {self.name}"
        return self._x
