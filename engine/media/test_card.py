"""A test card: what shows whether a display is in focus, square, whole, and even in tone."""

from __future__ import annotations

from functools import partial

import cv2
import numpy as np

from engine.components.camera import Camera
from engine.media.picture import Plane
from engine.media.shot import Shot, Source
from engine.media.stills import halves, write_rgba

BACK, LINE, BRIGHT = (38, 40, 44, 255), (120, 124, 130, 255), (255, 255, 255, 255)
BARS = ((191, 191, 191), (191, 191, 0), (0, 191, 191), (0, 191, 0), (191, 0, 191), (191, 0, 0), (0, 0, 191))
"""The colour bars of SMPTE EG 1, at 75 %."""

CELLS = 18
"""Squares of the grid in the picture's height."""

WAYS = ("top left", "top right", "bottom left", "bottom right")


class TestCard(Source):
    """Draws the card once, at the camera's size."""

    __test__ = False  # for pytest, which takes it for a test

    def __init__(self, camera: Camera) -> None:
        card = draw(camera.width, camera.height)
        self.description = f"test card, {camera.width}×{camera.height}"
        self._shot: Shot | None = Shot(0, partial(write_rgba, card, halves(card)))

    def next(self) -> Shot | None:
        """Return the card the first time."""
        shot, self._shot = self._shot, None
        return shot


def draw(width: int, height: int) -> Plane:
    """Return the card (height, width, 4): a grid, circles, colour bars, a ramp, steps near black and white."""
    card = np.full((height, width, 4), BACK, np.uint8)
    cell = height / CELLS
    middle = (width / 2, height / 2)
    thin = max(1, round(height / 720))
    for step in range(-int(width / cell), int(width / cell)):
        x, y = round(middle[0] + step * cell), round(middle[1] + step * cell)
        cv2.line(card, (x, 0), (x, height), LINE, thin)
        cv2.line(card, (0, y), (width, y), LINE, thin)
    bright = max(1, 2 * thin)

    def circle(x: float, y: float, radius: float) -> None:
        cv2.circle(card, (round(16 * x), round(16 * y)), round(16 * radius), BRIGHT, bright, cv2.LINE_AA, 4)

    circle(*middle, 8 * cell)
    for across in (2 * cell, width - 2 * cell):
        for down in (2 * cell, height - 2 * cell):
            circle(across, down, 1.5 * cell)
    cv2.line(card, (0, round(middle[1])), (width, round(middle[1])), BRIGHT, thin)
    cv2.line(card, (round(middle[0]), 0), (round(middle[0]), height), BRIGHT, thin)
    cv2.rectangle(card, (0, 0), (width - 1, height - 1), BRIGHT, 1)  # its outermost pixels

    def box(left: float, top: float, right: float, bottom: float) -> Plane:
        x0, x1 = (round(middle[0] + edge * cell) for edge in (left, right))
        y0, y1 = (round(middle[1] + edge * cell) for edge in (top, bottom))
        return card[max(y0, 0) : y1, max(x0, 0) : x1]

    bars = box(-6, -3, 6, -1)
    for index, colour in enumerate(BARS):
        edges = [round(bars.shape[1] * (index + end) / len(BARS)) for end in (0, 1)]
        bars[:, edges[0] : edges[1], :3] = colour
    ramp = box(-6, -1, 6, 1)
    ramp[..., :3] = np.round(np.linspace(0, 255, ramp.shape[1]))[None, :, None]
    for left, levels in ((-6, (0, 4, 8, 12, 16, 20)), (0, (235, 239, 243, 247, 251, 255))):
        for index, level in enumerate(levels):
            box(left + index, 1, left + index + 1, 3)[..., :3] = level
    checks = box(-1, 4, 1, 6)
    checks[..., :3] = (255 * (np.indices(checks.shape[:2]).sum(axis=0) % 2))[..., None]  # grey, or not in focus or size
    for index, way in enumerate(WAYS):
        size = cell / 36
        wide, tall = cv2.getTextSize(way, cv2.FONT_HERSHEY_SIMPLEX, size, bright)[0]
        start = cell * 4 if index % 2 == 0 else width - cell * 4 - wide
        base = (cell * 2 if index < 2 else height - cell * 2) + tall / 2
        cv2.putText(card, way, (round(start), round(base)), cv2.FONT_HERSHEY_SIMPLEX, size, BRIGHT, bright, cv2.LINE_AA)
    return card
