"""The synthetic performer: somebody who walks, turns and waves when no camera is there, with an exact mask."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from engine.components.camera import Camera
from engine.media.picture import Picture, PictureBuffer
from engine.media.shot import SECOND_NS, Shot, Source


class Synthetic(Source):
    """Draws the performer at the camera's size and rate, for ever."""

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._index = 0
        self.interval_ns = int(SECOND_NS / camera.rate_hz)
        self.description = f"synthetic, {camera.width}×{camera.height}, {camera.rate_hz:g} Hz, rgba"

    def next(self) -> Shot | None:
        """Decide the next time; nothing is drawn yet."""
        time_ns = int(self._index * SECOND_NS / self._camera.rate_hz)
        self._index += 1
        return Shot(time_ns, partial(self._draw, time_ns))

    def _draw(self, time_ns: int, buffer: PictureBuffer) -> Picture:
        width, height = self._camera.width, self._camera.height
        planes = buffer.shape("rgba", width, height)
        if buffer.truth is None:
            buffer.truth = np.empty((height, width), np.uint8)
        x = int(width * (0.5 + 0.2 * np.sin(time_ns / 1e9)))
        buffer.truth[:] = 0
        cv2.ellipse(buffer.truth, (x, height), (height // 4, height // 2), 0, 0, 360, 255, -1, cv2.LINE_AA)
        cv2.circle(buffer.truth, (x, height // 3), height // 8, 255, -1, cv2.LINE_AA)
        alpha = buffer.truth[..., None] / np.float32(255)
        planes[0][..., :3] = alpha * (200, 150, 120) + (1 - alpha) * (0, 177, 64)
        planes[0][..., 3] = 255
        return Picture(0, 0, width, height, "rgba", planes, truth=buffer.truth)
