"""H.264 encoders: which really work on this machine, and how each is asked for live pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc

from engine.errors import OutputError


@dataclass(frozen=True, slots=True)
class Encoder:
    """How an encoder is asked for live pictures: always, for a constant look, and for a constant rate of bits."""

    always: dict[str, str]
    look: dict[str, str]
    rate: dict[str, str]


ENCODERS: dict[str, Encoder] = {
    "h264_nvenc": Encoder({"preset": "p4", "tune": "ll"}, {"rc": "vbr", "cq": "20"}, {"rc": "cbr"}),
    "h264_videotoolbox": Encoder({"realtime": "1"}, {"b": "8M"}, {}),
    "h264_qsv": Encoder({"preset": "veryfast"}, {"global_quality": "20"}, {}),
    "h264_amf": Encoder({"usage": "lowlatency"}, {"rc": "cqp", "qp_i": "20", "qp_p": "22"}, {"rc": "cbr"}),
    # Without its own key pictures at cuts, the regular ones come exactly once a second.
    "libx264": Encoder({"preset": "veryfast", "tune": "zerolatency", "sc_threshold": "0"}, {"crf": "20"}, {}),
}
"""Best first. That libav lists one says nothing (h264_nvenc is listed without a GPU): it must encode."""

KEY_S = 1
"""A key picture this often, and so a fragment: as much is lost when the program is killed."""

BT709 = 1
"""AVColorSpace of BT.709."""


class EncoderError(OutputError):
    """An encoder that opened, and then failed; another may do."""


def working_encoder(
    wanted: str, size: tuple[int, int], rate: Fraction, bitrate_kbps: int, without: Iterable[str] = ()
) -> str:
    """Return the wanted encoder if it works here, else the best that does. Fails: OutputError when none does."""
    names = sorted(ENCODERS.keys() - set(without), key=list(ENCODERS).index)
    if wanted in names:
        names = [wanted, *(name for name in names if name != wanted)]
    for name in names:
        if encodes(name, size, rate, bitrate_kbps):
            return name
    raise OutputError(f"no H.264 encoder works for {size[0]}×{size[1]}; choose a smaller display")


def set_up(context: Any, name: str, size: tuple[int, int], rate: Fraction, bitrate_kbps: int) -> None:
    """Ask an encoder that is not open yet for these pictures: BT.709 in limited range, none held back."""
    options = ENCODERS[name]
    context.width, context.height = size
    context.pix_fmt = "yuv420p"
    context.framerate, context.time_base = rate, 1 / rate
    context.gop_size = max(1, round(KEY_S * rate))
    context.max_b_frames = 0
    context.colorspace, context.color_range = BT709, ColorRange.MPEG
    context.color_primaries, context.color_trc = ColorPrimaries.BT709, ColorTrc.BT709
    context.bit_rate = 1000 * bitrate_kbps
    if bitrate_kbps:
        # Half a second of buffer: what a server or a viewer's line can take without stuttering.
        limits = {"maxrate": f"{bitrate_kbps}k", "bufsize": f"{bitrate_kbps // 2}k"}
        context.options = {**options.always, **options.rate, **limits}
    else:
        context.options = {**options.always, **options.look}


def frame_of(i420: Any) -> Any:
    """Return planes Y, U and V below each other, (height × 3/2, width), as a frame of libav's."""
    frame = av.VideoFrame.from_ndarray(i420, format="yuv420p")
    frame.colorspace, frame.color_range = BT709, ColorRange.MPEG
    return frame


def encodes(name: str, size: tuple[int, int], rate: Fraction, bitrate_kbps: int = 0) -> bool:
    """Whether an encoder opens and encodes: some open without the hardware, or with all its sessions taken."""
    if name not in av.codecs_available:
        return False
    context: Any = av.CodecContext.create(name, "w")
    set_up(context, name, size, rate, bitrate_kbps)
    try:
        context.open()
        frame = frame_of(np.full((size[1] * 3 // 2, size[0]), 128, np.uint8))
        frame.pts = 0
        return bool([*context.encode(frame), *context.encode(None)])
    except (av.error.FFmpegError, ValueError):
        return False
