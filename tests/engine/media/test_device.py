"""Webcams, with OpenCV's capture replaced: no machine that runs tests has one."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media import device
from engine.media.device import Device, FoundDevice
from engine.media.picture import PictureBuffer
from engine.media.source import open_source


class FakeCapture:
    """A webcam 64×48 that gives two blue pictures; only number 1 is there."""

    def __init__(self, number: int) -> None:
        self._left = 2 if number == 1 else 0
        self.asked: dict[int, float] = {}

    def isOpened(self) -> bool:  # noqa: N802 - OpenCV's name
        return self._left > 0

    def set(self, what: int, value: float) -> bool:
        self.asked[what] = value
        return True

    def get(self, _what: int) -> float:
        return 25.0

    def read(self) -> tuple[bool, NDArray[np.uint8] | None]:
        self._left -= 1
        return (True, np.full((48, 64, 3), (255, 0, 0), np.uint8)) if self._left >= 0 else (False, None)

    def release(self) -> None:
        self._left = 0


@pytest.fixture
def webcam(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "VideoCapture", FakeCapture)


@pytest.mark.usefixtures("webcam")
def test_a_webcam_gives_pictures_until_it_is_pulled_out() -> None:
    source = Device(1, Camera())
    for _ in range(2):
        shot = source.next()
        assert shot is not None
        picture = shot.write(PictureBuffer())
        assert picture.planes[0][0, 0].tolist() == [0, 0, 255, 255]
    assert source.description == "webcam 1, 64×48, 25 Hz"
    with pytest.raises(CameraError, match="device:1 gives no more pictures"):
        source.next()


@pytest.mark.usefixtures("webcam")
def test_a_webcam_that_does_not_open_names_those_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device, "list_devices", lambda: [FoundDevice(1, "desk")])
    with pytest.raises(CameraError, match=r"device:0 does not open; .*device:1 \(desk\)"):
        Device(0, Camera())


@pytest.mark.usefixtures("webcam")
def test_auto_takes_the_first_webcam_that_opens_and_stays_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [FoundDevice(0, "broken"), FoundDevice(1, "desk")]
    monkeypatch.setattr("engine.media.source.list_devices", lambda: found)
    said = list[str]()
    source = open_source("auto", Camera(), said.append)
    assert source.which == "device:1"
    assert not said


def test_linux_lists_webcams_by_name_without_opening_any(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for node, index, name in (("video2", 0, "desk"), ("video3", 1, "desk"), ("video0", 0, "built in")):
        (tmp_path / node).mkdir()
        (tmp_path / node / "index").write_text(f"{index}\n")
        (tmp_path / node / "name").write_text(f"{name}\n")
    monkeypatch.setattr("sys.platform", "linux")
    monkeypatch.setattr(device, "LINUX_DEVICES", tmp_path)
    assert device.list_devices() == [FoundDevice(0, "built in"), FoundDevice(2, "desk")]
    monkeypatch.setattr(device, "LINUX_DEVICES", tmp_path / "none")
    assert device.list_devices() == []
