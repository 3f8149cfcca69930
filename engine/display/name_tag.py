"""A display's number and name, large in the middle of it for some seconds, for whoever wonders which one it is."""

from __future__ import annotations

import time

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.display.panel import ASCENT, BACKING, DESCENT, SEMIBOLD, VALUE, font
from engine.display.sticker import Draw, Screen, put_at, sticker_block
from engine.gpu.device import Usage
from engine.gpu.passes import Passes
from engine.gpu.uniforms import Block

NUMBER = 0.34
"""The number's height, in heights of the display."""

NAME = 0.2
"""The name's, in heights of the number."""

BACKING_ALPHA = 0.8


class NameTag:
    """A number and a name. A sticker that goes by itself.

    It is for people who stand before the display, so its seconds are theirs and not the show's, and presenters leave it
    out of whatever is recorded or streamed.
    """

    def __init__(self, passes: Passes, name: str) -> None:
        self.draws: tuple[Draw, ...] = ()
        self._passes = passes
        self._name = name
        self._text: tuple[int, str] = (0, "")
        self._until_s = 0.0
        self._block: Block | None = None
        self._laid_for: Screen | None = None

    def show(self, number: int, name: str, seconds: float) -> None:
        """Show a number and a name for so long; 0 takes them away."""
        self._text = (number, name)
        self._until_s = time.monotonic() + seconds
        self._laid_for = None

    @property
    def is_shown(self) -> bool:
        """Whether it is time to be seen."""
        return time.monotonic() < self._until_s

    def lay_out(self, screen: Screen) -> None:
        """Put it into the middle, or take it away."""
        if not self.is_shown:
            self.draws = ()
            return
        if screen == self._laid_for:
            return
        self._laid_for = screen
        pixels = tag(*self._text, screen.upright)
        height, width = pixels.shape[:2]
        usage = Usage.TEXTURE_BINDING | Usage.COPY_DST
        texture = self._passes.gpu.texture(f"{self._name} name", width, height, "rgba8unorm", usage)
        self._passes.gpu.upload(texture, pixels)
        block = self._block = self._block or sticker_block(self._passes)
        left, top = (screen.upright[0] - width) // 2, (screen.upright[1] - height) // 2
        put_at(block, screen, (width, height), left, top)
        block.data["opacity"] = 1.0
        pipeline = self._passes.pipeline("sticker.wgsl", screen.format, mix="normal", constants={"PANEL": 1.0})
        self.draws = (Draw(pipeline, block, self._passes.textures(texture.create_view())),)


def tag(number: int, name: str, display_px: tuple[int, int]) -> NDArray[np.uint8]:
    """Return a number above a name on a dark ground, premultiplied, no larger than the display. 1 ms at 1080p."""
    large = max(8, round(NUMBER * display_px[1]))
    covers = [_cover(str(number), large), _cover(name, max(8, round(NAME * large)))]
    margin = large // 4
    width = max(cover.shape[1] for cover in covers) + 2 * margin
    cover = np.zeros((sum(map(len, covers)) + margin, width), np.uint8)
    top = margin // 4
    for line in covers:
        left = (width - line.shape[1]) // 2
        cover[top : top + len(line), left : left + line.shape[1]] = line
        top += len(line)
    scale = min(1.0, 0.9 * display_px[0] / width, 0.9 * display_px[1] / len(cover))
    if scale < 1.0:
        size = (max(1, round(width * scale)), max(1, round(len(cover) * scale)))
        cover = np.asarray(cv2.resize(cover, size, interpolation=cv2.INTER_AREA), np.uint8)
    share = np.arange(256)[:, None] / 255.0
    ground = BACKING_ALPHA * np.array((*BACKING, 255))
    inks = np.rint(share * (*VALUE, 255) + (1.0 - share) * ground).astype(np.uint8)
    return np.take(inks, cover, axis=0)


def _cover(text: str, size: int) -> NDArray[np.uint8]:
    """Return how much of each pixel a text covers: it is large, so it needs no fineness."""
    x, _, wide, _ = cv2.getTextSize((0, 0), text, (0, 0), font(), size, SEMIBOLD)
    cover = np.zeros((round((ASCENT + DESCENT) * size), max(1, x + wide)), np.uint8)
    cv2.putText(cover, text, (0, round(ASCENT * size)), (255,), font(), size, SEMIBOLD)
    return cover
