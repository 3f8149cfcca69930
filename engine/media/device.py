"""Webcams, through OpenCV: the same few lines on Linux, macOS and Windows."""

from __future__ import annotations

import sys
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import cv2

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media.picture import Picture, PictureBuffer, Plane
from engine.media.shot import SECOND_NS, Shot, Source

MOST_PROBED = 4
"""How many numbers are tried where the system cannot be asked; each try takes a moment."""

LINUX_DEVICES = Path("/sys/class/video4linux")


class FoundDevice(NamedTuple):
    """A webcam that is there: `number` is what "device:N" means."""

    number: int
    name: str


def list_devices() -> list[FoundDevice]:
    """Return the webcams that are there, quickly and without a word when there are none."""
    if sys.platform == "linux":
        return _listed_by_kernel(LINUX_DEVICES)
    return [FoundDevice(number, f"camera {number}") for number in range(MOST_PROBED) if _answers(number)]


def _listed_by_kernel(folder: Path) -> list[FoundDevice]:
    return sorted(
        FoundDevice(int(entry.name.removeprefix("video")), (entry / "name").read_text().strip())
        for entry in folder.glob("video*")
        if (entry / "index").read_text().strip() == "0"  # the other nodes of a webcam carry no pictures
    )


def _answers(number: int) -> bool:
    capture = _open(number)
    answers: bool = capture.isOpened()
    capture.release()
    return answers


def _open(number: int) -> Any:
    level = cv2.utils.logging.getLogLevel()
    cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
    try:
        return cv2.VideoCapture(number)
    finally:
        cv2.utils.logging.setLogLevel(level)


class Device(Source):
    """A webcam, asked for the camera's size and rate; what it gives instead is taken, and described."""

    live = True
    paced = False

    def __init__(self, number: int, camera: Camera) -> None:
        self._number = number
        self.which = f"device:{number}"
        self._capture = _open(number)
        if not self._capture.isOpened():
            there = ", ".join(f"device:{found.number} ({found.name})" for found in list_devices())
            raise CameraError(
                f"device:{number} does not open; plug it in, or close what uses it (there: {there or 'no webcam'})"
            )
        # Most webcams reach their full rate only compressed; the fourth character decides, so it goes first.
        self._capture.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
        self._capture.set(cv2.CAP_PROP_FRAME_WIDTH, camera.width)
        self._capture.set(cv2.CAP_PROP_FRAME_HEIGHT, camera.height)
        self._capture.set(cv2.CAP_PROP_FPS, camera.rate_hz)
        self._capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
        rate_hz = self._capture.get(cv2.CAP_PROP_FPS) or camera.rate_hz
        self.interval_ns = int(SECOND_NS / rate_hz)

    def next(self) -> Shot | None:
        """Wait for the next picture."""
        arrived, image = self._capture.read()
        if not arrived:
            raise CameraError(f"device:{self._number} gives no more pictures; plug it in again")
        if not self.description:
            height, width = image.shape[:2]
            self.description = f"webcam {self._number}, {width}×{height}, {SECOND_NS / self.interval_ns:.4g} Hz"
        time_ns, self.length_ns = self.length_ns, self.length_ns + self.interval_ns
        return Shot(time_ns, partial(_write, image))

    def close(self) -> None:
        """Let the webcam go."""
        self._capture.release()


def _write(bgr: Plane, buffer: PictureBuffer) -> Picture:
    height, width = bgr.shape[:2]
    planes = buffer.shape("rgba", width, height)
    cv2.cvtColor(bgr, cv2.COLOR_BGR2RGBA, planes[0])
    return Picture(0, 0, width, height, "rgba", planes, opaque=True)
