"""Where an output goes: what its URL or path means, and how it is shown to people."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from engine.errors import OutputError

Kind = Literal["recording", "hls", "stream", "virtual-camera"]

VIRTUAL_CAMERA = "virtual-camera"

FILES = {".mp4": "mp4", ".mkv": "matroska", ".m3u8": "hls"}
"""Ends of file names, and libav's name of what is written there."""

STREAMS = {"rtmp": "flv", "rtmps": "flv", "rtsp": "rtsp", "udp": "mpegts", "tcp": "mpegts"}
"""Protocols, and libav's name of what is sent by them."""

TS_PACKETS_BYTES = 1316
"""Seven packets of 188 bytes: the most that fits an Ethernet frame."""


@dataclass(frozen=True, slots=True)
class Address:
    """A place to write to. `url` is what libav opens, `shown` the same without passwords and stream keys."""

    kind: Kind
    url: str
    format: str
    shown: str

    @property
    def comes_back(self) -> bool:
        """Whether a failure may pass, so that it is tried again: a server, a camera driver; not a full disk."""
        return self.kind in ("stream", "virtual-camera")

    @property
    def takes_deep(self) -> bool:
        """Whether 10 bits can go there: many servers of RTMP take no HEVC, and a webcam has 8 bits."""
        return self.format not in ("flv", VIRTUAL_CAMERA)


def parse_address(text: str) -> Address:
    """Read an output's address. Fails: OutputError for one that cannot be written to."""
    if text == VIRTUAL_CAMERA:
        return Address("virtual-camera", text, VIRTUAL_CAMERA, text)
    protocol, found, rest = text.partition("://")
    if found:
        return _stream(protocol.lower(), rest)
    path = Path(text)
    kind = FILES.get(path.suffix.lower())
    if kind is None:
        raise OutputError(
            f"{text} is of an unknown kind; end its name with .mp4 or .mkv, or .m3u8 for HLS, "
            f'or give a URL such as rtmp://HOST/APP/KEY, or "{VIRTUAL_CAMERA}"'
        )
    if path.is_dir():
        raise OutputError(f"{path} cannot be written: it is a folder; choose another name")
    if not path.parent.is_dir():
        raise OutputError(f"{path} cannot be written: its folder does not exist; make it first")
    return Address("hls" if kind == "hls" else "recording", str(path), kind, str(path))


def _stream(protocol: str, rest: str) -> Address:
    shown = f"{protocol}://{re.sub(r'^[^/@]*@', '', rest).partition('?')[0]}"
    if protocol not in STREAMS:
        known = ", ".join(f"{name}://" for name in STREAMS)
        raise OutputError(f"{shown} cannot be streamed to: libav here does not speak {protocol}; use {known} or a file")
    if not re.search(r"[^/?]", rest):
        raise OutputError(f"{shown} names no host; write {protocol}://HOST/…")
    if STREAMS[protocol] == "flv":
        # The last part is the stream key, which is all that it takes to stream in somebody's name.
        shown = re.sub(r"(?<=[^/:])/[^/]+$", "/…", shown)
    if protocol == "udp" and "pkt_size" not in rest:
        rest += f"{'&' if '?' in rest else '?'}pkt_size={TS_PACKETS_BYTES}"
    return Address("stream", f"{protocol}://{rest}", STREAMS[protocol], shown)
