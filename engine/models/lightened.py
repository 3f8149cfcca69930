"""A model, and a lighter one that stands in for it while the machine is hot or the model late."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import cv2
import numpy as np

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.runner import Runner


class SegmenterLightened(Runner):
    """Finds the person by a model, or, while it is told to, by a lighter one; masks keep the size of the model's.

    The lighter one is looked for and opened when it is first wanted. When it fails, the model takes the same picture,
    and it is not asked again.

    Thread: one at a time. Blocks: as the model; `lighten` for opening the lighter one. Owns: both. Fails: as the model.
    """

    def __init__(self, whole: Runner, find: Callable[[float], Runner | None]) -> None:
        """`find` opens the lighter model, or says by None that there is none, given the milliseconds of this one."""
        self.whole = whole
        self.name, self.path, self.where = whole.name, whole.path, whole.where
        self.input_size, self.mask_size = whole.input_size, whole.mask_size
        self._find: Callable[[float], Runner | None] | None = find
        self._light: Runner | None = None
        self._lightened = False
        self._trouble = ""

    @property
    def _now(self) -> Runner:
        return self._light if self._lightened and self._light is not None else self.whole

    @property
    def lighter(self) -> str:
        """The name of the lighter one, while it is at work."""
        return "" if self._now is self.whole else self._now.name

    @property
    def provider(self) -> str:
        """What runs the one at work."""
        return self._now.provider

    @property
    def nodes(self) -> dict[str, int]:
        """Of the one at work."""
        return self._now.nodes

    @property
    def fallback(self) -> str:
        """Of the model, and why there is no lighter one any more."""
        return "; ".join(filter(None, (self.whole.fallback, self._trouble)))

    @property
    def address(self) -> str:
        """Of the one at work."""
        return self._now.address

    @property
    def pid(self) -> int:
        """Of the one at work."""
        return self._now.pid

    def lighten(self, on: bool, took_ms: float = 0.0) -> bool:
        """Have the lighter one at work, or no longer; False where there is none."""
        if on and self._find is not None:
            find, self._find = self._find, None
            try:
                self._light = find(took_ms)
            except ModelError as error:
                self._trouble = f"there is no lighter model: {error}"
        self._lightened = on and self._light is not None
        if self._light is not None:
            width, height = self._light.mask_size
            self._found = np.zeros((height, width), np.uint8)
        return self._lightened == on

    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:
        """Write the person of `picture` into `mask`."""
        if not self._lightened or self._light is None:
            self.whole.run(picture, mask, camera)
            return
        same = self._light.mask_size == self.mask_size
        try:
            self._light.run(picture, mask if same else self._found, camera)
        except ModelError as error:
            self._trouble = f"{self._light.name}, the lighter model, is given up: {error}"
            self._light.close()
            self._light, self._lightened = None, False
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
        self.whole.close()
        if self._light is not None:
            self._light.close()
