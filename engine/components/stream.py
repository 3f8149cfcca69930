"""A display's way out of the house: a server, a file, a virtual camera."""

from typing import Literal

from engine.component import component, field


@component
class Stream:
    """Sends what this display shows to a server or a virtual camera, or records it. A lost server is tried again."""

    url: str = field(
        "",
        "Where to: rtmp://, rtmps://, rtsp://, udp:// or tcp:// (MPEG-TS), a file .mp4 or .mkv, .m3u8 (HLS, into its "
        'folder), or "virtual-camera"; empty sends nothing. Paths are relative to where the show is started.',
    )
    rate_hz: float = field(0.0, "Pictures a second; 0 takes the stage's.", low=0.0, high=240.0, unit="Hz")
    bitrate_kbps: int = field(
        0,
        "Bits of picture; 0 is 6000 for a server or HLS, and a constant look for a file.",
        low=0,
        high=200_000,
        unit="kbit/s",
    )
    depth_bits: Literal[8, 10] = field(
        8,
        "Bits of each colour. 8 is H.264, which plays everywhere; 10 is HEVC, without bands in slow gradients, for "
        "files, HLS, rtsp://, udp:// and tcp://. Without graphics hardware it is about twice the work.",
    )
    encoder: Literal[
        "auto", "h264_nvenc", "h264_videotoolbox", "h264_qsv", "h264_amf", "libx264",
        "hevc_nvenc", "hevc_videotoolbox", "hevc_qsv", "hevc_amf", "libx265",
    ] = field(
        "auto",
        "What encodes; where it does not work, and with auto, the best that does. Those of HEVC are for 10 bits, and "
        "libx264 is for both.",
    )  # fmt: skip
    sound: str = field("", "The entity whose sound goes with it; empty is silent.", refers="sound")
    sound_kbps: int = field(160, "Bits of sound.", low=32, high=512, unit="kbit/s")
