"""A part of a video, at a speed of its own."""

from __future__ import annotations

from dataclasses import replace

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media.shot import SECOND_NS, Say, Shot, Source
from engine.media.video import Video


class Cut(Source):
    """Gives a file's shots from `from_s` to `to_s`, `speed` times as fast; a loop goes on at `from_s`.

    What lies before is decoded from the last key picture on, and written nowhere.
    """

    def __init__(self, address: str, camera: Camera, say: Say) -> None:
        self._video = Video(address, camera, say)
        self._camera = camera
        self._from_ns = round(camera.from_s * SECOND_NS)
        self._to_ns = round(camera.to_s * SECOND_NS) if camera.to_s else None
        self._given = 0
        self.interval_ns = max(1, round(self._video.interval_ns / camera.speed))
        length_ns = self._video.promised_ns
        if 0 < length_ns <= self._from_ns:
            words = f"is over after {length_ns / SECOND_NS:.1f} s, before from_s = {camera.from_s:g}; begin earlier"
            raise CameraError(f"{address} {words}")
        self._video.skip_to(self._from_ns)

    @property
    def description(self) -> str:  # type: ignore[override]
        """What the whole file is."""
        return self._video.description

    def next(self) -> Shot | None:
        """Return the next shot within the part, or None at its end."""
        while (shot := self._video.next()) is not None:
            if shot.time_ns < self._from_ns and self._video.length_ns <= self._from_ns:
                continue
            if self._to_ns is not None and shot.time_ns >= self._to_ns and self._given:
                break
            self._given += 1
            end_ns = min(self._video.length_ns, self._to_ns or self._video.length_ns)
            self.length_ns = max(round((end_ns - self._from_ns) / self._camera.speed), self.interval_ns)
            return replace(shot, time_ns=max(0, round((shot.time_ns - self._from_ns) / self._camera.speed)))
        return None

    def rewind(self) -> None:
        """Start again at `from_s`."""
        self._video.rewind()
        self._video.skip_to(self._from_ns)
        self._given = 0

    def close(self) -> None:
        """Close the file."""
        self._video.close()
