"""Small videos with known pictures, and reading pictures back as colours."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

import av
import cv2
import numpy as np
from av.video.reformatter import ColorRange, Colorspace
from numpy.typing import NDArray

from engine.media.picture import Picture

RED, GREEN, BLUE = (200, 40, 40), (40, 180, 60), (50, 60, 210)
BARS = (RED, GREEN, BLUE)
"""Left, middle and right third of every test picture."""

AV_MATRIX = {"bt601": 6, "bt709": 1}
SWS_MATRIX = {"bt601": Colorspace.ITU601, "bt709": Colorspace.ITU709}


def bars(width: int, height: int) -> NDArray[np.uint8]:
    """Return red, green and blue side by side."""
    third = np.minimum(np.arange(width) * 3 // width, 2)
    return np.broadcast_to(np.array(BARS, np.uint8)[third], (height, width, 3)).copy()


def number(image: NDArray[np.uint8], index: int) -> None:
    """Write a picture's number into its lower left as eight black or white blocks."""
    side = image.shape[0] // 8
    for bit in range(8):
        image[-side:, bit * side : (bit + 1) * side] = 255 if index >> bit & 1 else 0


def number_of(picture: Picture) -> int:
    """Read what `number` wrote."""
    side = picture.height // 8
    plane = picture.planes[0] if picture.layout == "nv12" else picture.planes[0][..., 1]
    row = plane[picture.height - side // 2]
    return sum(int(row[bit * side + side // 2] > 128) << bit for bit in range(8))


def make_video(
    path: Path | str,
    count: int = 10,
    width: int = 192,
    height: int = 128,
    rate_hz: int = 30,
    codec: str = "libx264",
    pix_fmt: str = "yuv420p",
    matrix: Literal["bt601", "bt709"] | None = None,
    full: bool = False,
    rotation: int = 0,
    sound: bool = False,
    alpha: int | None = None,
    key_every: int = 5,
    options: dict[str, str] | None = None,
    container_options: dict[str, str] | None = None,
    container_format: str | None = None,
) -> None:
    """Write a video of numbered bars; `matrix` None leaves its colours untagged and converts as BT.601."""
    with av.open(path, "w", format=container_format, options=container_options or {}) as container:
        stream: Any = container.add_stream(codec, rate_hz, options or {})
        stream.width, stream.height, stream.pix_fmt = width, height, pix_fmt
        stream.codec_context.gop_size = key_every
        if matrix is not None:
            stream.codec_context.colorspace = AV_MATRIX[matrix]
        if full:
            stream.codec_context.color_range = ColorRange.JPEG
        if rotation:
            stream.set_display_rotation(rotation)
        speaker: Any = container.add_stream("aac", 48000) if sound else None
        for frame in _frames(count, width, height, pix_fmt, matrix, full, alpha):
            frame.time_base = Fraction(1, rate_hz)
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
        if speaker is not None:
            hum = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), "fltp", "mono")
            hum.sample_rate = 48000
            container.mux(speaker.encode(hum))
            container.mux(speaker.encode(None))


def _frames(
    count: int, width: int, height: int, pix_fmt: str, matrix: str | None, full: bool, alpha: int | None
) -> Iterator[Any]:
    for index in range(count):
        image = bars(width, height)
        number(image, index)
        if alpha is not None:
            image = np.dstack((image, np.full((height, width), alpha, np.uint8)))
        frame = av.VideoFrame.from_ndarray(image, "rgb24" if alpha is None else "rgba")
        frame = frame.reformat(
            format=pix_fmt,
            dst_colorspace=None if pix_fmt in ("argb", "rgba", "rgb24") else SWS_MATRIX[matrix or "bt601"],
            dst_color_range=ColorRange.JPEG if full else None,
        )
        frame.pts = index
        yield frame


def colours_of(picture: Picture) -> list[tuple[int, ...]]:
    """Return the colour in the middle of each bar, as the picture says that it is to be read."""
    y = picture.height // 3
    spots = [(y, picture.width * (2 * i + 1) // 6) for i in range(3)]
    if picture.layout == "rgba":
        return [tuple(int(v) for v in picture.planes[0][spot][:3]) for spot in spots]
    luma, chroma = picture.planes
    red, blue = (0.299, 0.114) if picture.matrix == "bt601" else (0.2126, 0.0722)
    found: list[tuple[int, ...]] = []
    for row, column in spots:
        light = float(luma[row, column])
        cb, cr = (float(v) - 128 for v in chroma[row // 2, column // 2])
        if not picture.full_range:
            light, cb, cr = (light - 16) * 255 / 219, cb * 255 / 224, cr * 255 / 224
        r, b = light + 2 * (1 - red) * cr, light + 2 * (1 - blue) * cb
        found.append((round(r), round((light - red * r - blue * b) / (1 - red - blue)), round(b)))
    return found


def shows_bars(picture: Picture, tolerance: int = 8) -> bool:
    """Whether a picture holds the bars."""
    return bool(np.abs(np.array(colours_of(picture)) - BARS).max() <= tolerance)


def make_still(path: Path, width: int = 60, height: int = 40, alpha: int | None = None) -> None:
    """Write the bars as a picture file."""
    image = cv2.cvtColor(bars(width, height), cv2.COLOR_RGB2BGR)
    if alpha is not None:
        image = np.dstack((image, np.full((height, width), alpha, np.uint8)))
    assert cv2.imwrite(str(path), image)
