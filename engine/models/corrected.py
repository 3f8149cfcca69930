"""Two models together: a quick one here on every picture, a heavier one on a server that corrects it now and then."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from engine.errors import ModelError
from engine.media.picture import Picture, Plane
from engine.models.address import parse_server
from engine.models.around import Around
from engine.models.runner import Runner
from engine.models.segmenter import Segmenter
from engine.models.served import ServerCall
from engine.notices import Notices
from engine.threads.mailbox import Mailbox
from engine.threads.worker import Worker

PATIENCE_S = 1.0
"""A correction that takes longer is of a picture that nobody remembers."""

KEPT_NS = 2_000_000_000
"""How old a correction may become; in the second half of that it fades."""

SPREAD_PX = 2.0
"""A correction is about regions, not about edges: so it is blurred (standard deviation, of a mask of 256 × 144).

Measured: correcting scrim_person by sinet_320 every 6 pictures, 3 late, takes the overlap from .946 to .962, which is
the heavier model's own; unblurred .958; moved by optical flow instead .960.
"""

STILL = 12
"""A picture has changed where its luma differs by so many levels (of 255); half of that is noise."""

LEVELS = np.arange(256, dtype=np.float32)
TRUST = np.clip(2 - 2 * LEVELS / STILL, 0, 1).astype(np.float32)
"""How much of a correction holds, by how much the picture has changed since."""


@dataclass(slots=True)
class _Asked:
    """One picture that is with the server: small, with the mask that the quick model gave."""

    captured_ns: int
    quarter_turns: int
    pixels: Plane
    luma: Plane
    mask: Plane
    there: Segmenter


@dataclass(slots=True)
class _Correction:
    """What the heavier model would add to the quick one's masks, in levels, and the picture that this is about."""

    captured_ns: int
    luma: Plane
    levels: NDArray[np.float32]


@dataclass(slots=True)
class _Camera:
    inbox: Mailbox[_Asked] = field(default_factory=Mailbox)
    unasked: int = 1 << 30  # pictures since the last one that was asked about
    correction: _Correction | None = None


class SegmenterCorrected(Around):
    """Finds the person in a picture here, and corrects that by what a heavier model said of an earlier one.

    The two are merged by the stamp of the picture they are of: what the heavier model added to *that* picture's mask is
    added to the newer ones, where they still look like it. Where something moved, the quick model is alone until the
    next correction comes. A server that is lost costs nothing but its corrections.

    With `inline` the server is asked on the caller's thread, for a clock that steps.

    Thread: one at a time. Blocks: for the model here; with `inline` for the server too. Owns: the model here, the call,
    and a thread that waits for the server. Fails: as the model here does.
    """

    def __init__(self, here: Runner, url: str, every: int, notices: Notices, *, inline: bool = False) -> None:
        address = parse_server(url)
        super().__init__(here)
        self.where = f"{here.where}, corrected by {address.shown}"
        self.corrections = 0
        self._every = every
        self._inline = inline
        path = here.path.with_name(f"{address.model or here.name}.onnx")
        self._call = ServerCall(address, path, notices, patience_s=PATIENCE_S)
        self._worker = _Worker(self, notices)
        self._cameras: dict[str, _Camera] = {}
        self.open()

    @property
    def provider(self) -> str:
        """What runs the model here, and the server."""
        there = self._call.there
        return self.here.provider if there is None else f"{self.here.provider}, corrected by {there.provider}"

    @property
    def fallback(self) -> str:
        """Why nothing is corrected, or what is wrong with the model here."""
        alone = f"nothing corrects it: {self._call.trouble}" if self._call.trouble else ""
        return "; ".join(filter(None, (self.here.fallback, alone)))

    def open(self, stopping: Callable[[], bool] = lambda: False) -> None:
        """Make sure of the model here, and that the server is called."""
        self.here.open(stopping)
        self._call.begin()
        self._worker.begin()

    def close(self) -> None:
        """Hang up, and give the model here back."""
        self._worker.stop()
        self._call.stop()
        self.here.close()

    def run(self, picture: Picture, mask: Plane, camera: str = "") -> None:
        """Write the person of `picture` into `mask`."""
        self.here.run(picture, mask, camera)
        known = self._cameras.setdefault(camera, _Camera())
        luma = self._luma(picture)
        known.unasked += 1
        if known.unasked >= self._every and (there := self._call.there) is not None:
            known.unasked = 0
            pixels = there.shrinker.pixels(picture).copy()
            asked = _Asked(picture.captured_ns, picture.quarter_turns, pixels, luma, mask.copy(), there)
            known.inbox.put(asked)
            if self._inline:
                self.ask()
            else:
                self._worker.work.set()
        if known.correction is not None:
            _correct(mask, known.correction, luma, picture.captured_ns)

    def ask(self) -> None:
        """Have the server look at what is waiting, one picture of each camera."""
        for known in list(self._cameras.values()):
            asked = known.inbox.take()
            if asked is None:
                continue
            width, height = asked.there.mask_size
            found = np.zeros((height, width), np.uint8)
            try:
                asked.there.find(asked.pixels, found)
            except ModelError as error:
                self._call.lose(asked.there, str(error))
                continue
            asked.there.shrinker.turn_back(found, asked.quarter_turns)
            better: Any = cv2.resize(found, self.mask_size, interpolation=cv2.INTER_AREA)
            levels: Any = cv2.GaussianBlur(
                better.astype(np.float32) - asked.mask, (0, 0), SPREAD_PX * self.mask_size[0] / 256
            )
            known.correction = _Correction(asked.captured_ns, asked.luma, levels)
            self.corrections += 1

    def _luma(self, picture: Picture) -> Plane:
        """Return how bright the picture is, at the mask's size and as its planes lie."""
        small: Any = cv2.resize(picture.planes[0], self.mask_size, interpolation=cv2.INTER_LINEAR)
        gray: Any = small if small.ndim == 2 else cv2.cvtColor(small, cv2.COLOR_RGBA2GRAY)
        return gray  # type: ignore[no-any-return]


def _correct(mask: Plane, correction: _Correction, luma: Plane, captured_ns: int) -> None:
    """Add to a mask what holds of a correction, in place."""
    fresh = min(1.0, 2.0 - 2.0 * (captured_ns - correction.captured_ns) / KEPT_NS)
    if fresh <= 0:
        return
    change = cv2.blur(cv2.absdiff(luma, correction.luma), (5, 5))
    trust: Any = cv2.LUT(change, TRUST)
    trust *= fresh * correction.levels
    trust += mask
    np.clip(np.rint(trust, out=trust), 0, 255, out=trust)
    np.copyto(mask, trust, casting="unsafe")


class _Worker(Worker):
    """Waits for the server, so that the quick model need not."""

    def __init__(self, corrected: SegmenterCorrected, notices: Notices) -> None:
        super().__init__(f"corrections of {corrected.name}", notices)
        self.work = threading.Event()
        self._corrected = corrected
        self._begun = False

    def begin(self) -> None:
        if not self._begun:
            self._begun = True
            self.start()

    def turn(self) -> None:
        if self.work.wait(1.0):
            self.work.clear()
            self._corrected.ask()

    def wake(self) -> None:
        self.work.set()

    def stop(self, timeout_s: float = 5.0) -> None:
        super().stop(timeout_s)
        self._begun = False
