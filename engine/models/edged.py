"""A model, and a second network of our own that looks again for the edges of what it found."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.around import Around
from engine.models.runner import Runner
from engine.models.session import Session
from engine.models.shrink import CLOCKWISE, Shrinker

EDGES = Path(__file__).with_name("scrim_edges.onnx")
"""MODEL_CARD.md says how it was made, and where it is weak."""

MOST_MOVED_PX, THIN_PX = 8, 8
"""Of the mask: how far an edge may be moved, and half the width of what is too thin to be taken away."""

MOVED, THIN = (
    np.asarray(cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * reach + 1, 2 * reach + 1)))
    for reach in (MOST_MOVED_PX, THIN_PX)
)


class SegmenterEdged(Around):
    """Finds the person by a model, and then looks at picture and mask once more for where the edge is.

    A model sees 256 × 144 and is wrong at the edge by some 2 px of a picture 640 wide, which no filter of the picture's
    colours mends: what lies there is hair before wood, or a shoulder before a rail. This one sees the picture at twice
    that, and the mask. What it gives has the mask's size again: fitted to the picture's colours later, more would be no
    nearer to the truth.

    Thread: one at a time. Blocks: for both, one after the other. Owns: both. Fails: as the model does; where the
    network of edges fails, what the model found is what comes out, from then on.
    """

    def __init__(self, here: Runner, *, threads: int = 1, shares: bool = True) -> None:
        """`shares` says that nobody but `here` looks at its picture: then it may be given what was made small already.

        A picture is made small once then, 5 % less work; means of 2×2 are as near to it (overlap within 0.0004).
        """
        super().__init__(here)
        self.where = f"{here.where}, edges by {EDGES.stem}"
        self._session = Session(EDGES, threads=threads, provider="cpu")
        picture, mask = (tensor.shape for tensor in self._session.declared_inputs)
        self._session.bind(picture, mask)
        self.mask_size = (mask[3], mask[2])
        width, height = picture[3], picture[2]
        self._shrinker = Shrinker((width, height), self.mask_size, "rgb")
        self._small: Plane | None = None  # what `here` is given: the picture upright, in RGBA
        if shares and here.input_size == (width // 2, height // 2):
            self._small = np.empty((height, width, 4), np.uint8)
        self._alone = False  # while it is spared
        self._trouble = ""  # why the network of edges is given up
        self._found = np.zeros(here.mask_size[::-1], np.uint8)
        self._channel = np.empty(picture[2:], np.uint8)
        self._bounds = np.empty((2, *mask[2:]), np.uint8)

    @property
    def fallback(self) -> str:
        """Why either does not run where or how it should."""
        return "; ".join(filter(None, (self.here.fallback, self._session.fallback, self._trouble)))

    @property
    def lighter(self) -> str:
        """The name of a lighter model, or that this one is alone."""
        return self.here.lighter or (f"{self.name} without {EDGES.stem}" if self._alone else "")

    def lighten(self, on: bool, took_ms: float = 0.0) -> bool:
        """Have the model alone, which takes a third of the time, and a lighter one in its place if there is one."""
        self._alone = on
        self.here.lighten(on, took_ms)
        return True

    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:
        """Write the person of `picture` into `mask`, (height, width) of `mask_size`."""
        if self._alone or self._trouble:
            self.here.run(picture, self._found, camera)
            cv2.resize(self._found, self.mask_size, dst=mask, interpolation=cv2.INTER_LINEAR)
            return
        pixels = self._shrinker.pixels(picture)
        coarse = self._look(picture, pixels, camera)
        try:
            self._find(pixels, coarse, mask)
        except ModelError as error:
            self._trouble = f"edges are the model's own: {error}"
            self.run(picture, mask, camera)
        else:
            self._shrinker.turn_back(mask, picture.quarter_turns)

    def _look(self, picture: Picture, pixels: Plane, camera: str) -> Plane:
        """Return what the model finds in a picture, of which `pixels` are made, upright."""
        if self._small is not None:
            cv2.cvtColor(pixels, cv2.COLOR_RGB2RGBA, dst=self._small)
            height, width = self._small.shape[:2]
            picture = Picture(picture.sequence, picture.captured_ns, width, height, "rgba", (self._small,))
        self.here.run(picture, self._found, camera)
        turns = picture.quarter_turns % 4
        return np.asarray(cv2.rotate(self._found, CLOCKWISE[turns])) if turns else self._found

    def _find(self, pixels: Plane, coarse: Plane, mask: Plane) -> None:
        """Write the person of a picture into `mask`, all upright."""
        planes, levels = self._session.inputs[0][0], self._session.inputs[1][0, 0]
        for index, plane in enumerate(planes):
            cv2.extractChannel(pixels, index, dst=self._channel)
            np.multiply(self._channel, np.float32(1 / 255), out=plane)
        if coarse.shape != levels.shape:
            coarse = np.asarray(cv2.resize(coarse, self.mask_size, interpolation=cv2.INTER_AREA))
        np.multiply(coarse, np.float32(1 / 255), out=levels)
        self._session.run()
        person: Any = self._session.outputs[0][0, 0]
        cv2.convertScaleAbs(person, dst=mask, alpha=255)
        self._hold_to(coarse, mask)

    def _hold_to(self, coarse: Plane, mask: Plane) -> None:
        """Take from the mask what is no edge moved by MOST_MOVED_PX: it has seen few arms, and fewer rooms."""
        least, most = self._bounds
        cv2.morphologyEx(coarse, cv2.MORPH_TOPHAT, THIN, dst=most)  # an arm or a finger, which it may not take away
        cv2.erode(coarse, MOVED, dst=least)
        cv2.max(least, most, dst=least)
        cv2.dilate(coarse, MOVED, dst=most)
        cv2.min(mask, most, dst=mask)
        cv2.max(mask, least, dst=mask)
