"""The synthetic performer: somebody who walks, turns and waves when no camera is there, with an exact mask."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from engine.components.camera import Camera
from engine.media import timecode
from engine.media.backdrop import backdrop
from engine.media.brush import UNIT, Brush
from engine.media.figure import HALF_WIDTH, TOP, Figure
from engine.media.performer import appearance_of, pose_at
from engine.media.picture import Picture, PictureBuffer
from engine.media.shot import SECOND_NS, Shot, Source


class Synthetic(Source):
    """Draws the performer at the camera's size and rate, for ever: the same seed and time give the same picture.

    The performer is drawn on nothing, with colour times coverage, and then laid over the backdrop:
    what covered is the picture's `truth`, to the last bit.
    """

    def __init__(self, camera: Camera) -> None:
        self._camera = camera
        self._appearance = appearance_of(camera.seed)
        self._index = 0
        self.interval_ns = int(SECOND_NS / camera.rate_hz)
        self.description = f"synthetic, {camera.width}×{camera.height}, {camera.rate_hz:g} Hz, rgba"
        self.backdrop = backdrop(camera.backdrop, camera.width, camera.height, camera.seed)
        # The figure stands on the lower edge, as high as the picture, unless that is narrow.
        self._unit_px = min(camera.height, camera.width / (2 * HALF_WIDTH + 0.04))
        self._top_px = int(camera.height - self._unit_px * (1 - TOP))
        figure_width = min(camera.width, 2 * round(HALF_WIDTH * self._unit_px))
        self._colour = np.zeros((camera.height - self._top_px, figure_width, 4), np.uint8)
        self._volume = np.zeros((-(-self._colour.shape[0] // 4), -(-figure_width // 4), 4), np.uint8)

    def next(self) -> Shot | None:
        """Decide the next time; nothing is drawn yet."""
        time_ns = int(self._index * SECOND_NS / self._camera.rate_hz)
        self._index += 1
        return Shot(time_ns, partial(self.picture_at, time_ns))

    def stamp(self, picture: Picture, time_ns: int) -> None:
        """Draw the time code, if the camera shows one: the one thing in a picture that is of the show's own time."""
        if self._camera.timecode:
            timecode.draw(picture.planes[0], time_ns, picture.truth)

    def picture_at(self, time_ns: int, buffer: PictureBuffer) -> Picture:
        """Draw the picture of a time: it depends on nothing else."""
        camera, colour, volume = self._camera, self._colour, self._volume
        pose = pose_at(camera.seed, time_ns)
        height, width = colour.shape[:2]
        way_px = 0.94 * (camera.width - width) / 2
        middle_px = camera.width / 2 + pose.x * way_px
        left = int(middle_px - width / 2)
        colour[:] = 0
        volume[:] = UNIT
        origin_px = (middle_px - left, -TOP * self._unit_px)
        Figure(self._appearance, pose, Brush(colour, volume, self._unit_px, origin_px)).draw()
        cv2.GaussianBlur(volume, (0, 0), 0.0085 * self._unit_px / 4, dst=volume)
        shading = cv2.resize(volume, (width, height), interpolation=cv2.INTER_LINEAR)
        figure = cv2.multiply(colour, shading, scale=1 / UNIT)

        (picture,) = planes = buffer.shape("rgba", camera.width, camera.height)
        if buffer.truth is None:
            buffer.truth = np.empty(picture.shape[:2], np.uint8)
        buffer.truth[:] = 0
        np.copyto(picture, self.backdrop)
        area = np.s_[self._top_px :, left : left + width]
        alpha = buffer.truth[area] = colour[..., 3]
        uncovered = cv2.merge([255 - alpha] * 4)
        picture[area] = cv2.add(cv2.multiply(picture[area], uncovered, scale=1 / 255), figure)
        return Picture(0, 0, camera.width, camera.height, "rgba", planes, truth=buffer.truth, opaque=True)
