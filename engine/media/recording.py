"""Writing the show to a video file."""

from __future__ import annotations

import contextlib
from fractions import Fraction
from pathlib import Path
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc
from numpy.typing import NDArray

from engine.errors import OutputError
from engine.media.shot import SECOND_NS

ENCODERS: dict[str, dict[str, str]] = {
    "h264_nvenc": {"preset": "p4", "tune": "ll", "cq": "20"},
    "h264_videotoolbox": {"realtime": "1", "b": "8M"},
    "h264_qsv": {"preset": "veryfast", "global_quality": "20"},
    "libx264": {"preset": "veryfast", "tune": "zerolatency", "crf": "20"},
}
"""H.264 encoders and their options, best first. That libav lists one says nothing: it must open."""

CONTAINERS: dict[str, dict[str, str]] = {
    ".mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"},
    ".mkv": {"flush_packets": "1", "cluster_time_limit": "1000"},
}
"""Kinds of file, so written that what is on the disk plays even if the program is killed."""

KEY_S = 1
"""A key picture this often, and so a fragment: as much is lost when the program is killed."""

BT709 = 1
"""AVColorSpace of BT.709."""


class VideoFile:
    """A video of constant rate, H.264, BT.709 in limited range.

    A picture goes to the place in the file that its time asks for: gaps are filled by repeating the last one, and of
    two for one place the second is dropped. Both are counted.

    Thread: one at a time. Blocks: `write` for encoding and the disk. Owns: the file. Fails: OutputError, when made and
    in `write`; after that the file is closed, holds what came so far, and further writes do nothing.
    """

    def __init__(self, path: Path, width: int, height: int, rate_hz: float) -> None:
        self.path = path
        self.frames = 0
        self.repeated = 0
        self.dropped = 0
        self._rate_hz = rate_hz
        self._first_ns: int | None = None
        self._last: Any = None
        if path.suffix.lower() not in CONTAINERS:
            raise OutputError(f"{path} is of an unknown kind; end its name with {' or '.join(CONTAINERS)}")
        if width % 2 or height % 2:
            raise OutputError(f"{path} cannot be {width}×{height}; H.264 needs a display of even width and height")
        if not path.parent.is_dir():
            raise OutputError(f"{path} cannot be written: its folder does not exist; make it first")
        rate = Fraction(rate_hz).limit_denominator(1001)
        self.encoder = _first_that_opens(width, height, rate)
        self._container: Any = None
        try:
            self._container = av.open(path, "w", options=CONTAINERS[path.suffix.lower()])
            self._stream: Any = self._container.add_stream(self.encoder, rate, ENCODERS[self.encoder])
            _set_up(self._stream.codec_context, width, height, rate)
            self._container.start_encoding()
        except av.error.FFmpegError as error:
            self._give_up()
            raise OutputError(f"{path} cannot be written ({error.strerror}); choose another place") from error

    def write(self, i420: NDArray[np.uint8], time_ns: int) -> None:
        """Add a picture: the planes Y, U and V below each other, (height × 3/2, width)."""
        if self._container is None:
            return
        if self._first_ns is None:
            self._first_ns = time_ns
        place = round((time_ns - self._first_ns) * self._rate_hz / SECOND_NS)
        if place < self.frames:
            self.dropped += 1
            return
        try:
            while self.frames < place:
                self._encode(self._last)
                self.repeated += 1
            self._last = av.VideoFrame.from_ndarray(i420, format="yuv420p")
            self._last.colorspace, self._last.color_range = BT709, ColorRange.MPEG
            self._encode(self._last)
        except av.error.FFmpegError as error:
            self._give_up()
            raise OutputError(f"{self.path} cannot be written on ({error.strerror}); make room on its disk") from error

    def close(self) -> None:
        """Write what the encoder still holds, and close the file. May be called twice."""
        if self._container is None:
            return
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
            self._container = None
        except av.error.FFmpegError as error:
            self._give_up()
            raise OutputError(f"{self.path} lacks its end ({error.strerror}); make room on its disk") from error

    def _encode(self, frame: Any) -> None:
        frame.pts = self.frames
        self.frames += 1
        self._container.mux(self._stream.encode(frame))

    def _give_up(self) -> None:
        """Close the file without asking whether that works."""
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(av.error.FFmpegError):
                container.close()


def _set_up(encoder: Any, width: int, height: int, rate: Fraction) -> None:
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.framerate, encoder.time_base = rate, 1 / rate
    encoder.gop_size = max(1, round(KEY_S * rate))
    encoder.colorspace, encoder.color_range = BT709, ColorRange.MPEG
    encoder.color_primaries, encoder.color_trc = ColorPrimaries.BT709, ColorTrc.BT709


def _first_that_opens(width: int, height: int, rate: Fraction) -> str:
    """Return the best encoder that really opens on this machine for this size."""
    for name in ENCODERS:
        if name not in av.codecs_available:
            continue
        encoder: Any = av.CodecContext.create(name, "w")
        encoder.options = ENCODERS[name]
        _set_up(encoder, width, height, rate)
        try:
            encoder.open()
        except (av.error.FFmpegError, ValueError):
            continue
        return name
    raise OutputError(f"no H.264 encoder opens for {width}×{height}; choose a smaller display")
