"""Writing pictures to a video file, in this process: for whoever has time to wait."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from engine.errors import OutputError
from engine.media.address import parse_address
from engine.media.output import Output, Settings, Steady


class VideoFile:
    """A video of constant rate without sound, H.264, BT.709 in limited range, written in this process.

    Thread: one at a time. Blocks: `write` for encoding and the disk. Owns: the file. Fails: OutputError, when made and
    in `write`; after that the file is closed, holds what came so far, and further writes do nothing.
    """

    def __init__(self, path: Path, width: int, height: int, rate_hz: float) -> None:
        self.path = path
        self._output = Output(Settings(parse_address(str(path)), width, height, rate_hz))
        self.encoder = self._output.encoder
        self._steady = Steady(self._output, rate_hz)
        self._failed = False

    @property
    def frames(self) -> int:
        """How many pictures are in the file, repeated ones included."""
        return self._steady.frames

    @property
    def repeated(self) -> int:
        """How many places had no picture of their own."""
        return self._steady.repeated

    @property
    def dropped(self) -> int:
        """How many pictures had no place of their own."""
        return self._steady.dropped

    def write(self, i420: NDArray[np.uint8], time_ns: int) -> None:
        """Add a picture: the planes Y, U and V below each other, (height × 3/2, width)."""
        if self._failed:
            return
        try:
            self._steady.write(i420, time_ns)
        except OutputError:
            self._failed = True
            raise

    def close(self) -> None:
        """Write what the encoder still holds, and close the file. May be called twice."""
        self._output.close()
