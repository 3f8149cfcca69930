"""Encoders, of 8 bits a colour and of 10: which really work on this machine, and how each makes live pictures."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import av
import numpy as np
from av.video.reformatter import ColorPrimaries, ColorRange, ColorTrc
from numpy.typing import NDArray

from engine.errors import OutputError

DEEP_PIXELS = "yuv420p10le"
"""Planes of 16-bit words that hold 10 bits, in libav's words."""


@dataclass(frozen=True, slots=True)
class Encoder:
    """How an encoder is asked for live pictures: always, for a constant look, and for a constant rate of bits."""

    always: dict[str, str]
    look: dict[str, str]
    rate: dict[str, str]
    pixels: str = "yuv420p"
    """What it takes, in libav's words; frames of another kind of the same depth are repacked."""


NVENC = Encoder({"preset": "p4", "tune": "ll"}, {"rc": "vbr", "cq": "20"}, {"rc": "cbr"})
VIDEOTOOLBOX = Encoder({"realtime": "1"}, {"b": "8M"}, {})
QSV = Encoder({"preset": "veryfast"}, {"global_quality": "20"}, {})
AMF = Encoder({"usage": "lowlatency"}, {"rc": "cqp", "qp_i": "20", "qp_p": "22"}, {"rc": "cbr"})
# Without its own key pictures at cuts, the regular ones come exactly once a second.
X264 = Encoder({"preset": "veryfast", "tune": "zerolatency", "sc_threshold": "0"}, {"crf": "20"}, {})
X265 = Encoder(
    {"preset": "ultrafast", "tune": "zerolatency", "x265-params": "scenecut=0:open-gop=0:log-level=error"},
    {"crf": "20"},
    {},
    DEEP_PIXELS,
)


def _deep(encoder: Encoder) -> Encoder:
    """Return an encoder of graphics hardware as it is asked for HEVC of 10 bits."""
    return replace(encoder, always={**encoder.always, "profile": "main10"}, pixels="p010le")


ENCODERS: dict[int, dict[str, Encoder]] = {
    8: {
        "h264_nvenc": NVENC,
        "h264_videotoolbox": VIDEOTOOLBOX,
        "h264_qsv": QSV,
        "h264_amf": AMF,
        "libx264": X264,
    },
    10: {
        "hevc_nvenc": _deep(NVENC),
        "hevc_videotoolbox": _deep(VIDEOTOOLBOX),
        "hevc_qsv": _deep(QSV),
        "hevc_amf": _deep(AMF),
        "libx265": X265,
        # H.264 of 10 bits is for who cuts: half of libx265's work, and few players decode it in hardware.
        "libx264": replace(X264, pixels=DEEP_PIXELS),
    },
}
"""By bits a colour, best first. That libav lists one says nothing (h264_nvenc, without a GPU): it must encode."""

KEY_S = 1
"""A key picture this often, and so a fragment: as much is lost when the program is killed."""

BT709 = 1
"""AVColorSpace of BT.709."""


class EncoderError(OutputError):
    """An encoder that opened, and then failed; another may do."""


def working_encoder(
    wanted: str,
    size: tuple[int, int],
    rate: Fraction,
    bitrate_kbps: int,
    without: Iterable[str] = (),
    depth_bits: int = 8,
) -> str:
    """Return the wanted encoder if it works here, else the best that does. Fails: OutputError when none does."""
    names = [name for name in ENCODERS[depth_bits] if name not in without]
    for name in sorted(names, key=lambda name: name != wanted):
        if encodes(name, size, rate, bitrate_kbps, depth_bits):
            return name
    here = f"works for {size[0]}×{size[1]}"
    if depth_bits > 8:
        raise OutputError(f"no encoder of {depth_bits} bits {here}; set depth_bits = 8, or choose a smaller display")
    raise OutputError(f"no H.264 encoder {here}; choose a smaller display")


def set_up(
    context: Any, name: str, size: tuple[int, int], rate: Fraction, bitrate_kbps: int, depth_bits: int = 8
) -> None:
    """Ask an encoder that is not open yet for these pictures: BT.709 in limited range, none held back."""
    options = ENCODERS[depth_bits][name]
    context.width, context.height = size
    context.pix_fmt = options.pixels
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


def frame_of(i420: NDArray[np.uint8], depth_bits: int = 8) -> Any:
    """Return planes Y, U and V below each other, (height × 3/2, width × bytes), as a frame of libav's."""
    if depth_bits > 8:
        frame = av.VideoFrame.from_ndarray(i420.view("<u2"), format=DEEP_PIXELS)
    else:
        frame = av.VideoFrame.from_ndarray(i420, format="yuv420p")
    frame.colorspace, frame.color_range = BT709, ColorRange.MPEG
    return frame


def encodes(name: str, size: tuple[int, int], rate: Fraction, bitrate_kbps: int = 0, depth_bits: int = 8) -> bool:
    """Whether an encoder opens and encodes: some open without the hardware, or with all its sessions taken."""
    if name not in av.codecs_available:
        return False
    context: Any = av.CodecContext.create(name, "w")
    set_up(context, name, size, rate, bitrate_kbps, depth_bits)
    try:
        context.open()
        grey = np.full((size[1] * 3 // 2, size[0]), 1 << depth_bits - 1, "<u2" if depth_bits > 8 else np.uint8)
        frame = frame_of(grey.view(np.uint8), depth_bits)
        frame.pts = 0
        return bool([*context.encode(frame), *context.encode(None)])
    except (av.error.FFmpegError, ValueError):
        return False
