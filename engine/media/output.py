"""Writing pictures and sound to a file, a folder of HLS, or a server: one encoder, one container.

PyAV keeps the interpreter to itself while it opens an encoder or an address, and while it writes a file's end: a server
that takes the connection and says nothing freezes every thread of the program for good. So a show runs this in a
process of its own (output_process.py); what has time may use it as it is.
"""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from numpy.typing import NDArray

from engine.errors import OutputError
from engine.media.address import Address
from engine.media.encoder import EncoderError, frame_of, set_up, working_encoder

SOUND_RATE_HZ = 48_000

LEAST_FREE_BYTES = 16_000_000
LEAST_FREE_S = 4
"""What must be free on a disk, and how much more in seconds of the output: a file that is ended before its disk is full
has its end, and libav writes a whole folder of HLS full of empty files without a word."""

SOUND_BLOCK = 1024
"""Samples in one packet of AAC."""

Samples = NDArray[np.float32]
"""Sound: (count, 2), left and right, from -1 to 1, 48 kHz."""

OPTIONS: dict[str, dict[str, str]] = {
    # In fragments, each flushed: what is on the disk plays even if the program is killed.
    "mp4": {"movflags": "frag_keyframe+empty_moov+default_base_moof", "flush_packets": "1"},
    "matroska": {"flush_packets": "1", "cluster_time_limit": "1000"},
    "hls": {"hls_time": "2", "hls_list_size": "15", "hls_flags": "delete_segments+independent_segments"},
    "flv": {"flvflags": "no_duration_filesize"},
    "rtsp": {"rtsp_transport": "tcp"},
    "mpegts": {"mpegts_flags": "resend_headers", "flush_packets": "1"},
}
"""How each kind of container is written."""

DEEP_HLS = {"hls_segment_type": "fmp4"}
"""HEVC in HLS lies in parts of MP4 (RFC 8216bis, Apple's authoring specification 1.5)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What an output is to be."""

    address: Address
    width: int
    height: int
    rate_hz: float
    bitrate_kbps: int = 0
    """0: a constant look, whatever it takes."""
    encoder: str = "auto"
    without: tuple[str, ...] = ()
    """Encoders that have failed."""
    depth_bits: int = 8
    """Of each colour: 10 are two bytes in every picture that is given."""
    sound_kbps: int = 0
    """0: no sound."""

    @property
    def rate(self) -> Fraction:
        """The rate as libav wants it: 29.97 becomes 30000/1001."""
        return Fraction(self.rate_hz).limit_denominator(1001)

    @property
    def shape(self) -> tuple[int, int]:
        """Rows and bytes a row of a picture: the planes Y, U and V below each other."""
        return (self.height * 3 // 2, self.width * (1 if self.depth_bits == 8 else 2))

    def to_plain(self) -> dict[str, Any]:
        """Return it as JSON can say it."""
        return dataclasses.asdict(self)

    @classmethod
    def from_plain(cls, plain: dict[str, Any]) -> Settings:
        """Read what `to_plain` wrote."""
        return cls(**{**plain, "address": Address(**plain["address"]), "without": tuple(plain["without"])})


class Sink(Protocol):
    """Takes pictures and sound that are placed already.

    Thread: one at a time. Blocks: for encoding, disk and network. Owns: the file or connection.
    Fails: OutputError; then only `close` is of use.
    """

    encoder: str
    """What encodes, in libav's words."""

    def picture(self, i420: NDArray[np.uint8] | None, place: int) -> None:
        """Write a picture, of the settings' shape; None repeats the last. Places count up."""

    def sound(self, samples: Samples) -> None:
        """Write the next block of sound."""

    def close(self) -> None:
        """Write what is still held, and the end. May be called twice. Fails: OutputError."""


class Output:
    """A Sink into a file or to a server, in this process."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._shown = settings.address.shown
        self._last: Any = None
        self._samples = 0
        self._container: Any = None
        self._sound: Any = None
        size, rate, depth_bits = (settings.width, settings.height), settings.rate, settings.depth_bits
        if size[0] % 2 or size[1] % 2:
            raise OutputError(
                f"{self._shown} cannot be {size[0]}×{size[1]}; a film needs a display of even width and height"
            )
        self.encoder = working_encoder(
            settings.encoder, size, rate, settings.bitrate_kbps, settings.without, depth_bits
        )
        address = settings.address
        self._folder = None if address.kind == "stream" else Path(address.url).parent
        if (left := self._too_little_room()) is not None:
            raise OutputError(f"{self._shown} cannot be written ({left}); {_remedy(settings)}")
        try:
            if address.kind == "recording":
                Path(address.url).open("ab").close()  # it is opened with its first picture; say now if it cannot be
            options = {**OPTIONS[address.format], **(DEEP_HLS if depth_bits > 8 and address.kind == "hls" else {})}
            self._container = av.open(address.url, "w", format=address.format, container_options=options)
            self._stream = self._container.add_stream(self.encoder, rate)
            set_up(self._stream.codec_context, self.encoder, size, rate, settings.bitrate_kbps, depth_bits)
            if self._stream.codec_context.codec.canonical_name == "hevc" and address.format in ("mp4", "hls"):
                self._stream.codec_context.codec_tag = "hvc1"  # the other name, hev1, is unknown to Apple's players
            if settings.sound_kbps:
                self._sound = self._container.add_stream("aac", SOUND_RATE_HZ, layout="stereo", format="fltp")
                self._sound.codec_context.bit_rate = 1000 * settings.sound_kbps
            if address.kind == "stream":
                self._container.start_encoding()
        except (OSError, ValueError) as error:
            self._give_up()
            raise OutputError(f"{self._shown} {_refusal(address, error)}") from error

    def begin(self, timecode: str) -> None:
        """Say, before the first picture, what time of day it is of: "HH:MM:SS:FF"."""
        if self._container is not None and self.settings.address.kind == "recording":
            self._container.metadata["timecode"] = timecode

    def picture(self, i420: NDArray[np.uint8] | None, place: int) -> None:
        """Encode and write."""
        if self._container is None:
            return
        if place % round(self._stream.codec_context.gop_size) == 0 and (left := self._too_little_room()) is not None:
            self.close()
            raise OutputError(
                f"{self._shown} ended while there was room for its end ({left}); {_remedy(self.settings)}"
            )
        if i420 is not None:
            self._last = frame_of(i420, self.settings.depth_bits)
        self._last.pts = place
        self._write(self._stream, self._last)

    def sound(self, samples: Samples) -> None:
        """Encode and write."""
        if self._container is None or self._sound is None:
            return
        place, self._samples = self._samples, self._samples + len(samples)
        if place == 0:
            # AAC's first packet lies a block before its sound. Times below zero would make an MP4 move all others, its
            # second picture on by 21 ms; so as much of the sound is left out.
            return
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(samples.T), format="fltp", layout="stereo")
        frame.sample_rate, frame.pts, frame.time_base = SOUND_RATE_HZ, place, Fraction(1, SOUND_RATE_HZ)
        self._write(self._sound, frame)

    def close(self) -> None:
        """Write what the encoders still hold, and the end."""
        if self._container is None:
            return
        try:
            for stream in (self._stream, self._sound):
                if stream is not None and (stream is self._sound or self._last is not None):
                    self._container.mux(stream.encode(None))
            self._container.close()
            self._container = None
        except (OSError, ValueError) as error:
            self._give_up()
            raise OutputError(f"{self._shown} lacks its end ({_why(error)}); {_remedy(self.settings)}") from error

    def _too_little_room(self) -> str | None:
        """Say how much is left on the disk, where that is too little to go on."""
        if self._folder is None:
            return None
        left = shutil.disk_usage(self._folder).free
        wanted = LEAST_FREE_BYTES + LEAST_FREE_S * 125 * self.settings.bitrate_kbps
        return f"{left / 1e6:.0f} MB are left on its disk" if left < wanted else None

    def _write(self, stream: Any, frame: Any) -> None:
        try:
            packets = stream.encode(frame)
        except (OSError, ValueError) as error:
            self._give_up()
            raise EncoderError(f"{self._shown}: {self.encoder} stopped encoding ({_why(error)})") from error
        try:
            self._container.mux(packets)
        except (OSError, ValueError) as error:
            self._give_up()
            doing = "took no more" if self.settings.address.comes_back else "cannot be written on"
            raise OutputError(f"{self._shown} {doing} ({_why(error)}); {_remedy(self.settings)}") from error

    def _give_up(self) -> None:
        """Close without asking whether that works."""
        container, self._container = self._container, None
        if container is not None:
            with contextlib.suppress(OSError, ValueError):
                container.close()


class Steady:
    """Gives a sink pictures at a constant rate, with their sound.

    A picture goes to the place that its time asks for: gaps are filled by repeating the last one, and of two for one
    place the second is dropped. Where an encoder or a server takes so long that a gap is wider than WIDEST_GAP_S, its
    places are left out: to encode all of them would only widen the next one, and a stream of an overloaded machine was
    34 s behind after a minute. All three are counted. Places are counted from the first picture's time, never added up,
    so that nothing drifts; sound is asked for up to the end of the last picture, and written as soon as it is there.

    Thread: one at a time. Blocks: for its sink. Owns: nothing. Fails: with its sink.
    """

    def __init__(self, sink: Sink, rate_hz: float, sound: Sound | None = None) -> None:
        self.frames = 0
        self.repeated = 0
        self.dropped = 0
        self.left_out = 0
        self.silent_blocks = 0
        self._places = 0  # that are over
        self._sink = sink
        self._rate_hz = rate_hz
        self._sound = sound
        self._samples = 0
        self.first_ns: int | None = None

    def place_of(self, time_ns: int) -> int:
        """Return where a picture of this time belongs."""
        assert self.first_ns is not None
        return round((time_ns - self.first_ns) * self._rate_hz / 1e9)

    def write(self, i420: NDArray[np.uint8], time_ns: int) -> None:
        """Add a picture: the planes Y, U and V below each other, (height × 3/2, width × bytes)."""
        if self.first_ns is None:
            self.first_ns = time_ns
        place = self.place_of(time_ns)
        if place < self._places:
            self.dropped += 1
            return
        self._repeat_until(place)
        self._picture(i420)
        self._write_sound(LATEST_SOUND_S)

    def keep_up(self, time_ns: int) -> None:
        """Repeat the last picture up to this time, so that whoever watches is not left waiting."""
        if self.first_ns is not None:
            self._repeat_until(self.place_of(time_ns))
            self._write_sound(LATEST_SOUND_S)

    def end(self) -> None:
        """Write the sound of the last pictures; the sink is closed by its owner."""
        self._write_sound(0.0)

    def _repeat_until(self, place: int) -> None:
        if place - self._places > WIDEST_GAP_S * self._rate_hz:
            self.left_out += place - self._places
            self._places = place
        while self._places < place:
            self._picture(None)
            self.repeated += 1
            self._write_sound(LATEST_SOUND_S)

    def _picture(self, i420: NDArray[np.uint8] | None) -> None:
        self._sink.picture(i420, self._places)
        self._places += 1
        self.frames += 1

    def _write_sound(self, patience_s: float) -> None:
        """Write whole blocks up to the end of the last picture; what does not come within `patience_s` is silent."""
        if self._sound is None or self.first_ns is None:
            return
        wanted = self._places * SOUND_RATE_HZ / self._rate_hz
        while self._samples + SOUND_BLOCK <= wanted:
            time_ns = self.first_ns + round(self._samples * 1e9 / SOUND_RATE_HZ)
            samples = self._sound.read(time_ns, SOUND_BLOCK)
            if samples is None:
                if wanted - self._samples < patience_s * SOUND_RATE_HZ:
                    return
                self._sound.skip(SOUND_BLOCK)
                samples = np.zeros((SOUND_BLOCK, 2), np.float32)
                self.silent_blocks += 1
            self._sink.sound(samples)
            self._samples += SOUND_BLOCK


WIDEST_GAP_S = 1.25
"""A show that stalls is filled half a second later, so wider gaps come from whoever takes the pictures."""

LATEST_SOUND_S = 0.5
"""Sound that comes later than this is replaced by silence: a muxer holds the pictures back until it has their sound."""


class Sound(Protocol):
    """Where a steady output gets its sound."""

    def read(self, time_ns: int, count: int) -> Samples | None:
        """Return the next samples; those that belong to the picture of `time_ns`. None: they have not come yet."""

    def skip(self, count: int) -> None:
        """Go on without these."""


def _refusal(address: Address, error: Exception) -> str:
    if address.kind == "stream":
        return f"does not answer ({_why(error)}); check the address and start its server"
    return f"cannot be written ({_why(error)}); choose another place"


def _remedy(settings: Settings) -> str:
    return "its server stopped" if settings.address.comes_back else "make room on its disk"


def _why(error: Exception) -> str:
    """Return libav's reason in its words; none of them hold a path or an address."""
    return getattr(error, "strerror", None) or str(error) or type(error).__name__
