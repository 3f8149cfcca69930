"""A model, and a lighter one that stands in for it while the machine is hot or the model late."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.around import Around
from engine.models.runner import Runner


class SegmenterLightened(Around):
    """Finds the person by a model, or, while it is told to, by a lighter one; masks keep the size of the model's.

    The lighter one is looked for and opened when it is first wanted; `beside` says that the model goes on meanwhile.
    When it fails, the model takes the same picture, and it is not asked again.

    Thread: one at a time. Blocks: as the model; if not `beside`, `lighten` for opening the lighter one. Owns: both, and
    a thread that opens. Fails: as the model.
    """

    def __init__(self, whole: Runner, find: Callable[[float], Runner | None], *, beside: bool = False) -> None:
        """`find` opens the lighter model, or says by None that there is none, given the milliseconds of this one."""
        super().__init__(whole)  # `here` is the one at work
        self.whole = whole
        self._find: Callable[[float], Runner | None] | None = find
        self._beside = beside
        self._opening: threading.Thread | None = None
        self._closed = False
        self._light: Runner | None = None
        self._trouble = ""

    @property
    def lighter(self) -> str:
        """The name of the lighter one, while it is at work."""
        return "" if self.here is self.whole else self.here.name

    @property
    def fallback(self) -> str:
        """Of the model, and why there is no lighter one any more."""
        return "; ".join(filter(None, (self.whole.fallback, self._trouble)))

    def lighten(self, on: bool, took_ms: float = 0.0) -> bool:
        """Have the lighter one at work, as soon as it is open, or no longer; False where there is none."""
        if on and self._find is not None:
            find, self._find = self._find, None
            self._opening = threading.Thread(
                target=self._open_lighter, args=(find, took_ms), name=f"opening for {self.name}", daemon=True
            )
            self._opening.start()
            if not self._beside:
                self._opening.join()
        if on and self._opening is not None and self._opening.is_alive():
            return True
        self.here = self._light if on and self._light is not None else self.whole
        return on == (self.here is not self.whole)

    def _open_lighter(self, find: Callable[[float], Runner | None], took_ms: float) -> None:
        try:
            light = find(took_ms)
        except ModelError as error:
            self._trouble = f"there is no lighter model: {error}"
            return
        if light is not None and self._closed:
            light.close()
        elif light is not None:
            self._found = np.zeros(light.mask_size[::-1], np.uint8)
            self._light = light

    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:
        """Write the person of `picture` into `mask`."""
        if self.here is self.whole:
            self.whole.run(picture, mask, camera)
            return
        same = self.here.mask_size == self.mask_size
        try:
            self.here.run(picture, mask if same else self._found, camera)
        except ModelError as error:
            self._trouble = f"{self.here.name}, the lighter model, is given up: {error}"
            self.here.close()
            self._light, self.here = None, self.whole
            self.whole.run(picture, mask, camera)
            return
        if not same:
            larger: Any = mask
            cv2.resize(self._found, self.mask_size, dst=larger, interpolation=cv2.INTER_LINEAR)

    def open(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Make sure of both, as far as they were open."""
        self.whole.open(stopping)
        if self._light is not None:
            self._light.open(stopping)

    def close(self) -> None:
        """Give both back."""
        self._closed = True
        self.whole.close()
        if self._light is not None:
            self._light.close()
