"""Video files and network streams, through libav; sound is left alone."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from functools import partial
from typing import Any, Literal

import av
import cv2
import numpy as np
from av.video.reformatter import Colorspace, VideoReformatter

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media.alpha import read_alpha, seems_premultiplied
from engine.media.picture import Picture, PictureBuffer, Plane
from engine.media.shot import SECOND_NS, Say, Shot, Source

OPEN_TIMEOUT_S = 4.0
READ_TIMEOUT_S = 2.0

STREAM_OPTIONS = {
    # Without these three the first picture of a stream takes 8 s.
    "fflags": "nobuffer",
    "probesize": "4096",
    "analyzeduration": "0",
    "rtsp_transport": "tcp",  # a lost packet costs a wait, not a broken picture
}

HTTP_OPTIONS = {"analyzeduration": "1000000"}
"""A file behind HTTP would lose its first pictures to `nobuffer`."""

SD_LINES = 576
"""Untagged pictures of at most this many lines are BT.601, larger ones BT.709: the custom of all players."""

MATRICES: dict[int, Literal["bt601", "bt709"]] = {1: "bt709", 4: "bt601", 5: "bt601", 6: "bt601"}
"""AVColorSpace to matrix."""

SWS_MATRICES = {"bt601": Colorspace.ITU601, "bt709": Colorspace.ITU709}

LIMITED, FULL = 1, 2
"""AVColorRange."""


class Video(Source):
    """A file or a stream. Broken parts are left out, and said once; a stream that ends or stalls is a CameraError.

    A file is opened anew for each round: that takes some 5 ms, well inside one picture, and unlike seeking it
    works for every container.
    """

    def __init__(self, address: str, camera: Camera, say: Say, *, network: bool = False) -> None:
        self._address = address
        self._shown = re.sub(r"(?<=://)[^/@]*@", "", address)  # without its password
        self._camera = camera
        self._say = say
        self._network = network
        self._reformatter = VideoReformatter()
        self._judged = False  # whether its alpha was looked at
        self._container: Any = None
        self._first_ns: int | None = None
        self._open()

    def next(self) -> Shot | None:
        """Return the next picture that decodes, or None at the end of a file."""
        frame = next((frame for frame in self._frames if not self._is_stale(frame)), None)
        if frame is None:
            if self.live:
                raise CameraError(f"{self._shown} ended; start its sender again")
            if self.length_ns < 0.9 * self.promised_ns:
                seconds, promised = self.length_ns / SECOND_NS, self.promised_ns / SECOND_NS
                self._say(f"{self._shown} breaks off after {seconds:.1f} of {promised:.1f} s; make or copy it again")
            return None
        time_ns = self._newest_ns = self._time_ns(frame)
        self.length_ns = time_ns + (_in_ns(frame.duration, frame) or self.interval_ns)
        self._describe(frame)
        return Shot(time_ns, partial(self._write, frame))

    def rewind(self) -> None:
        """Open the file again."""
        self._open()

    def skip_to(self, time_ns: int) -> None:
        """Go to the last key picture before a time; where a container cannot, all is decoded from its start."""
        if time_ns <= 0:
            return
        start = self._stream.start_time
        begun_ns = int((start or 0) * SECOND_NS * self._stream.time_base)
        try:
            self._container.seek((begun_ns + time_ns) // 1000)  # libav counts microseconds here
        except av.error.FFmpegError:
            self._open()
            return
        self._first_ns = begun_ns  # times stay those of the whole file

    def close(self) -> None:
        """Close the file or the connection."""
        if self._container is not None:
            self._container.close()
            self._container = None
            self._frames: Iterator[Any] = iter(())

    def _open(self) -> None:
        self.close()
        try:
            if self._network:
                options = HTTP_OPTIONS if self._address.startswith("http") else STREAM_OPTIONS
                self._container = av.open(self._address, options=options, timeout=(OPEN_TIMEOUT_S, READ_TIMEOUT_S))
            else:
                self._container = av.open(self._address)
        except av.error.FFmpegError as error:
            raise CameraError(self._refusal(error)) from error
        if not self._container.streams.video:
            self.close()
            raise CameraError(f"{self._shown} has no pictures in it; choose a video file")
        stream = self._stream = self._container.streams.video[0]
        self._decoder = _decoder(stream)
        self._decoder.thread_count = min(4, os.cpu_count() or 1)
        duration_ns = (self._container.duration or 0) * 1000  # libav counts microseconds here
        self.live = self._network and (duration_ns <= 0 or not self._address.startswith("http"))
        self._decoder.thread_type = "SLICE" if self.live else "AUTO"  # frame threads would hold pictures back
        self.paced = not self.live or self._container.format.name in ("hls", "dash")  # those come in bursts
        rate = stream.average_rate or stream.guessed_rate
        self.interval_ns = int(SECOND_NS / rate) if rate else SECOND_NS // 25
        self.length_ns = 0
        if stream.duration is not None:
            duration_ns = int(stream.duration * stream.time_base * SECOND_NS)
        elif self._container.streams.audio:
            duration_ns = 0  # unknown: the sound may go on when the pictures end
        self.promised_ns = max(0, duration_ns)
        self._first_ns = None
        self._newest_ns = -1
        self._frames = self._decode(stream)

    def _decode(self, stream: Any) -> Iterator[Any]:
        """Yield every frame that is whole."""
        packets = self._container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                if self.live:
                    raise CameraError(f"{self._shown} stopped ({_why(error)}); start its sender again") from error
                self._say(f"{self._shown} cannot be read to its end; make or copy it again")
                packet = None
            try:
                frames = self._decoder.decode(packet)
            except av.error.EOFError:
                return
            except av.error.FFmpegError:
                frames = []
                self._complain()
            for frame in frames:
                if frame.is_corrupt:
                    self._complain()
                else:
                    yield frame
            if packet is None:
                return

    def _complain(self) -> None:
        if self.live and self._first_ns is None:
            return  # joined between two key pictures
        self._say(f"{self._shown} has broken pictures, which are left out; make or copy it again")

    def _refusal(self, error: av.error.FFmpegError) -> str:
        if isinstance(error, av.error.ProtocolNotFoundError):
            return f"{self._shown} has a protocol that libav here does not speak; use rtsp, rtmp, http, tcp or udp"
        if self._network:
            return f"{self._shown} does not answer ({_why(error)}); check the address and start its sender"
        if isinstance(error, av.error.InvalidDataError):
            return f"{self._shown} is not a video, or is cut off; choose another, or make or copy it again"
        return f"{self._shown} cannot be read ({error.strerror}); choose another file"

    def _time_ns(self, frame: Any) -> int:
        if frame.pts is None:
            return self.length_ns
        stamp_ns = _in_ns(frame.pts, frame)
        if self._first_ns is None:
            self._first_ns = stamp_ns
        if stamp_ns - self._first_ns <= self._newest_ns:
            self._first_ns = stamp_ns - self.length_ns  # joined from parts, each with its own zero
        return stamp_ns - self._first_ns

    def _is_stale(self, frame: Any) -> bool:
        """Whether it comes a little after its time: a decoder that lost its way gives pictures out of order."""
        if frame.pts is None or self._first_ns is None:
            return False
        behind_ns = self._newest_ns - (_in_ns(frame.pts, frame) - self._first_ns)
        return 0 <= behind_ns < SECOND_NS

    def _describe(self, frame: Any) -> None:
        if not self.description:
            rate_hz = SECOND_NS / self.interval_ns
            kind = "stream" if self.live else "video"
            self.description = (
                f"{kind} {self._decoder.name}, {frame.width}×{frame.height}, {rate_hz:.4g} Hz, {frame.format.name}"
            )

    def _write(self, frame: Any, buffer: PictureBuffer) -> Picture:
        camera, layout = self._camera, frame.format
        matrix = MATRICES.get(frame.colorspace, "bt601" if frame.height <= SD_LINES else "bt709")
        matrix = matrix if camera.matrix == "auto" else camera.matrix
        full = frame.color_range == FULL or layout.name.startswith("yuvj")
        full = full if camera.levels == "auto" else camera.levels == "full"
        levels = FULL if full else LIMITED
        has_alpha = any(part.is_alpha for part in layout.components)
        if layout.is_rgb or layout.has_palette or has_alpha:
            planes = buffer.shape("rgba", frame.width, frame.height)
            is_yuv = not (layout.is_rgb or layout.has_palette)
            how = {"src_colorspace": SWS_MATRICES[matrix], "src_color_range": levels} if is_yuv else {}
            rgba = self._reformatter.reformat(frame, format="rgba", **how)
            np.copyto(planes[0], _view(rgba.planes[0], 4))
            opaque = True
            if has_alpha or layout.has_palette:
                if camera.alpha == "straight" and not self._judged:
                    self._judged = True
                    if seems_premultiplied(planes[0]):
                        words = 'has dark rims: its alpha seems to be in its colours; set alpha = "premultiplied"'
                        self._say(f"{self._shown} {words}")
                opaque = read_alpha(planes[0], camera.alpha)
            picture = Picture(0, 0, frame.width, frame.height, "rgba", planes, opaque=opaque)
        else:
            luma, chroma = planes = buffer.shape("nv12", frame.width, frame.height)
            if layout.name in ("yuv420p", "yuvj420p"):
                cv2.merge((_view(frame.planes[1]), _view(frame.planes[2])), chroma)
            else:
                how = {"src_color_range": levels, "dst_color_range": levels}
                frame = self._reformatter.reformat(frame, format="nv12", **how)
                np.copyto(chroma, _view(frame.planes[1], 2))
            np.copyto(luma, _view(frame.planes[0]))
            picture = Picture(0, 0, frame.width, frame.height, "nv12", planes, matrix, full, opaque=True)
        picture.quarter_turns = round(-frame.rotation / 90) % 4  # libav counts against the clock
        return picture


def _decoder(stream: Any) -> Any:
    """Return what decodes this stream: libav's own VP8 and VP9 decoders drop alpha, libvpx's keep it."""
    name = "libvpx-vp9" if stream.codec_context.name == "vp9" else "libvpx"
    if stream.metadata.get("alpha_mode") == "1" and name in av.codecs_available:
        return av.CodecContext.create(name, "r")
    return stream.codec_context


def _why(error: av.error.FFmpegError) -> str:
    """Return libav's reason; what it calls an exit is our own timeout."""
    return "silence" if isinstance(error, av.error.ExitError) else error.strerror or "no reason given"


def _in_ns(stamp: int, frame: Any) -> int:
    return int(stamp * SECOND_NS * frame.time_base.numerator // frame.time_base.denominator)


def _view(plane: Any, channels: int = 1) -> Plane:
    """Look at a libav plane as an array, without its padding."""
    rows = np.frombuffer(plane, np.uint8)[: plane.height * plane.line_size].reshape(plane.height, plane.line_size)
    pixels = rows[:, : plane.width * channels]
    return pixels if channels == 1 else pixels.reshape(plane.height, plane.width, channels)
