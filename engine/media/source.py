"""Which source a camera means, and opening it."""

from __future__ import annotations

from pathlib import Path

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media.cut import Cut
from engine.media.device import Device, list_devices
from engine.media.shot import Say, Source
from engine.media.stills import LIGHT_SUFFIXES, SUFFIXES, LightStill, Still
from engine.media.synthetic import Synthetic
from engine.media.test_card import TestCard
from engine.media.video import Video


def open_source(source: str, camera: Camera, say: Say) -> Source:
    """Open what `source` names, as `camera` asks for it; raise CameraError, in a sentence, when it cannot be."""
    if source == "auto":
        return _open_any(camera, say)
    if source == "synthetic":
        return Synthetic(camera)
    if source == "test-card":
        return TestCard(camera)
    if source.startswith("device:"):
        number = source.removeprefix("device:")
        if not number.isdecimal():
            raise CameraError(f'"{source}" names no device; write "device:0" for the first webcam')
        return Device(int(number), camera)
    if "://" in source:
        return Video(source, camera, say, network=True)
    if not Path(source).is_file():
        what = "is a folder, not a file" if Path(source).is_dir() else "does not exist"
        raise CameraError(f'{source} {what}; correct camera.source, or use "synthetic"')
    if Path(source).suffix.lower() in SUFFIXES:
        return Still(Path(source), say, camera.alpha)
    if Path(source).suffix.lower() in LIGHT_SUFFIXES:
        return LightStill(Path(source), say)
    if (camera.speed, camera.from_s, camera.to_s) != (1.0, 0.0, 0.0):
        return Cut(source, camera, say)
    return Video(source, camera, say)


def _open_any(camera: Camera, say: Say) -> Source:
    for device in list_devices():
        try:
            return Device(device.number, camera)
        except CameraError:
            continue
    say("no webcam opened, so the synthetic performer stands in")
    return Synthetic(camera)
