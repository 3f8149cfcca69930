"""Sound on its way out: files, microphones and clicks, read in step with the picture.

A microphone's clock is not the show's: 50 parts in a million make a frame in ten minutes. So sound is not played but
read: where the picture's time lies in it is followed, and how fast it is read is bent by at most half a per cent, which
nobody hears, until it is there. It never jumps.
"""

from __future__ import annotations

import importlib
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Protocol

import av
import numpy as np
from av.audio.resampler import AudioResampler

from engine.components.sound import Sound
from engine.errors import DeviceError
from engine.media.output import SOUND_RATE_HZ, Samples
from engine.media.resampler import REACH, between
from engine.notices import Notices
from engine.threads.worker import Worker
from engine.timing.clock import Clock

MOST_BEND = 0.005
"""How much faster or slower than it came sound is read at most: a twelfth of a semitone."""

SETTLE_S = 2.0
"""How long it takes to be where it should: far slower than the noise of what is measured."""

CLOSE_ENOUGH = 0.5
"""Samples: as near as this, nothing is bent, and what is not bent is not resampled either."""


class SoundError(DeviceError):
    """A source of sound that does not open, or stopped."""


class SoundSource(Protocol):
    """Sound on a clock of its own.

    Thread: one reader's. Blocks: for decoding. Owns: its file. Fails: never; what it lacks is silent.
    """

    rate_hz: float

    @property
    def drift_ppm(self) -> float:
        """How much faster than the show's clock it runs."""

    def position_at(self, time_ns: int) -> float | None:
        """Return which sample was heard at a time of the show; None: it has not begun."""

    def read(self, first: int, count: int) -> Samples | None:
        """Return these samples; None: they have not come yet. What lies before the last ones read is forgotten."""

    def close(self) -> None:
        """Give everything back. May be called twice."""


class SoundReader:
    """Reads a source for one output, in step with its pictures.

    `delay_ns` says how late the pictures are at present: so much is the sound held back; `gain_db` how loud it is at a
    time of the show, where that changes. With `exact` nothing is measured or bent: the sound of a moment goes with the
    picture of that moment, sample by sample.

    Thread: its output's worker. Blocks: for its source. Owns: its source, if it is `own`. Fails: never.
    """

    def __init__(
        self,
        source: SoundSource,
        sound: Sound,
        delay_ns: Callable[[], int],
        *,
        exact: bool,
        own: bool = True,
        gain_db: Callable[[int], float] | None = None,
    ) -> None:
        self.source = source
        self.error_s = 0.0  # how far the newest sound is from where it should be
        self._gain_db = gain_db or (lambda _time_ns: sound.gain_db)
        self._more_ns = round(1e6 * sound.delay_ms)
        self._delay_ns = delay_ns
        self._exact = exact
        self._own = own
        self._base = source.rate_hz / SOUND_RATE_HZ
        self._position: float | None = None

    def read(self, time_ns: int, count: int) -> Samples | None:
        """Return the next samples; those that belong to the picture of `time_ns`. None: they have not come yet."""
        delay_ns = self._more_ns + (0 if self._exact else self._delay_ns())
        target = self.source.position_at(time_ns - delay_ns)
        if target is None:
            return None
        begin = self._position
        if begin is None:
            begin = float(round(target))
        error = target - begin
        self.error_s = error / self.source.rate_hz
        bend = 0.0
        if not self._exact and abs(error) > CLOSE_ENOUGH:
            bend = min(MOST_BEND, max(-MOST_BEND, self.error_s / SETTLE_S))
        speed = self._base * (1 + bend)
        first = int(np.floor(begin)) - REACH
        length = int(np.ceil(count * speed)) + 2 * REACH + 1
        samples = self.source.read(first, length)
        if samples is None:
            return None
        self._position = begin + count * speed
        if speed == 1.0 and begin.is_integer():
            read = samples[REACH : REACH + count]
        else:
            read = between(samples, begin - first + speed * np.arange(count, dtype=np.float64))
        # Evenly from block to block: a step is heard as a click.
        first_db, last_db = self._gain_db(time_ns), self._gain_db(time_ns + round(count * 1e9 / SOUND_RATE_HZ))
        gain = np.linspace(10 ** (first_db / 20), 10 ** (last_db / 20), count, endpoint=False, dtype=np.float32)
        louder: Samples = np.clip(read * gain[:, None], -1.0, 1.0)
        return louder

    def skip(self, count: int) -> None:
        """Go on without these."""
        if self._position is not None:
            self._position += count * self._base

    def restart(self) -> None:
        """Begin again where the picture is: a new file, a new connection."""
        self._position = None

    def close(self) -> None:
        """Close the source."""
        if self._own:
            self.source.close()


class Clicks:
    """A click at each full second of the show."""

    rate_hz = float(SOUND_RATE_HZ)
    drift_ppm = 0.0

    LENGTH = SOUND_RATE_HZ // 50

    def __init__(self) -> None:
        time_s = np.arange(self.LENGTH) / SOUND_RATE_HZ
        self._click = (0.5 * np.cos(2 * np.pi * 1000 * time_s) * np.linspace(1, 0, self.LENGTH)).astype(np.float32)

    def position_at(self, time_ns: int) -> float:
        """Return the show's time in samples."""
        return time_ns * SOUND_RATE_HZ / 1e9

    def read(self, first: int, count: int) -> Samples:
        """Draw them."""
        since = np.arange(first, first + count) % SOUND_RATE_HZ
        heard = np.where(since < self.LENGTH, self._click[np.minimum(since, self.LENGTH - 1)], np.float32(0))
        return np.repeat(heard[:, None], 2, axis=1)

    def close(self) -> None:
        """Do nothing."""


class FileSound:
    """The sound of a file, decoded as it is read, from the moment that `began_ns` gives.

    Where the file has pictures, it loops with them: sound is seldom exactly as long as its pictures.
    """

    rate_hz = float(SOUND_RATE_HZ)
    drift_ppm = 0.0

    def __init__(self, path: Path, began_ns: Callable[[], int | None], *, loop: bool) -> None:
        self._path = path
        self._began_ns = began_ns
        self._loop = loop
        self._container: Any = None
        self._length = 0  # of one round, in samples; 0 until it is known
        self._ended = False
        self._kept = np.zeros((0, 2), np.float32)
        self._kept_first = 0
        self._open()

    def position_at(self, time_ns: int) -> float | None:
        """Return where the file is."""
        began_ns = self._began_ns()
        return None if began_ns is None else (time_ns - began_ns) * SOUND_RATE_HZ / 1e9

    def read(self, first: int, count: int) -> Samples:
        """Decode as far as these; silence lies before the beginning, and after the end."""
        self._forget(first)
        while self._kept_first + len(self._kept) < first + count and not self._ended:
            block = next(self._blocks, None)
            if block is not None:
                self._kept = np.concatenate((self._kept, block))
                self._forget(first)
            elif self._loop and self._length > 0:
                self._open()
            else:
                self._ended = True
        samples = np.zeros((count, 2), np.float32)
        offset = first - self._kept_first
        piece = self._kept[max(0, offset) : max(0, offset + count)]
        start = max(0, -offset)
        samples[start : start + len(piece)] = piece
        return samples

    def close(self) -> None:
        """Close the file."""
        container, self._container = self._container, None
        self._blocks: Iterator[Samples] = iter(())
        if container is not None:
            container.close()

    def _forget(self, first: int) -> None:
        """Let go of what lies a second before; nobody reads backwards further than that."""
        old = min(len(self._kept), first - SOUND_RATE_HZ - self._kept_first)
        if old > 0:
            self._kept = self._kept[old:]
            self._kept_first += old

    def _open(self) -> None:
        self.close()
        try:
            self._container = av.open(str(self._path))
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "not a file with sound"
            raise SoundError(f"{self._path} cannot be read ({reason}); choose another file") from error
        if not self._container.streams.audio:
            self.close()
            raise SoundError(f"{self._path} has no sound in it; choose another file")
        self._blocks = self._decode()

    def _decode(self) -> Iterator[Samples]:
        """Yield one round of the file, from its first picture to its last."""
        container = self._container
        stream = container.streams.audio[0]
        start_s = (container.start_time or 0) / 1e6
        length = 0
        if container.streams.video:
            video = container.streams.video[0]
            duration_s = float(video.duration * video.time_base) if video.duration else 0.0
            length = round(duration_s * SOUND_RATE_HZ)
        resampler = AudioResampler(format="flt", layout="stereo", rate=SOUND_RATE_HZ)
        done = 0
        for frame in self._frames(container, stream):
            for part in resampler.resample(frame):
                block: Samples = part.to_ndarray().astype(np.float32, copy=False).reshape(-1, 2)
                if done == 0 and frame is not None and frame.time is not None:
                    late = round((frame.time - start_s) * SOUND_RATE_HZ)
                    block = np.concatenate((np.zeros((late, 2), np.float32), block)) if late > 0 else block[-late:]
                if length:
                    block = block[: max(0, length - done)]
                done += len(block)
                yield block
        if done < length:
            yield np.zeros((length - done, 2), np.float32)
        self._length = max(done, length)

    @staticmethod
    def _frames(container: Any, stream: Any) -> Iterator[Any]:
        """Yield every frame that decodes, then None, for what the resampler still holds."""
        packets = container.demux(stream)
        while True:
            try:
                packet = next(packets, None)
                if packet is None:
                    break
                yield from packet.decode()
            except av.error.EOFError:
                break
            except av.error.FFmpegError:
                continue  # a broken part; what follows may be whole
        yield None


class ClockFollower:
    """Which sample of a device belongs to which time, from when its blocks arrived.

    Blocks come late, by anything up to tens of milliseconds, but never early: the earliest of each second is believed,
    and a line through the last two minutes of them gives the rate, to about one part in a million.

    Thread: one at a time. Blocks: never. Owns: two minutes of points. Fails: never.
    """

    KEPT = 120
    ENOUGH = 10  # seconds; before, the device's own word for its rate is better than a line

    def __init__(self, rate_hz: float) -> None:
        self.rate_hz = rate_hz
        self.drift_ppm = 0.0
        self._points: deque[tuple[int, float]] = deque(maxlen=self.KEPT)  # position, and lateness against the rate
        self._second = -1
        self._origin: tuple[int, int] | None = None
        self._line = (0.0, 0.0)  # lateness at position 0 in seconds, and its growth per sample

    def heard(self, position: int, time_ns: int) -> None:
        """Take that the device was at `position` at this time, or earlier."""
        if self._origin is None:
            self._origin = (position, time_ns)
        position -= self._origin[0]
        late_s = (time_ns - self._origin[1]) / 1e9 - position / self.rate_hz
        second = int(position / self.rate_hz)
        if second != self._second:
            self._second = second
            self._points.append((position, late_s))
            self._fit()
        elif late_s < self._points[-1][1]:
            self._points[-1] = (position, late_s)
            if len(self._points) < self.ENOUGH:
                self._fit()

    def position_at(self, time_ns: int) -> float | None:
        """Return where the device is at a time; None: nothing was heard yet."""
        if self._origin is None:
            return None
        base_s, growth_s = self._line
        elapsed_s = (time_ns - self._origin[1]) / 1e9
        # elapsed = position / rate + base + growth × position
        return self._origin[0] + (elapsed_s - base_s) / (1 / self.rate_hz + growth_s)

    def _fit(self) -> None:
        if len(self._points) < self.ENOUGH:
            self._line = (min(late_s for _, late_s in self._points), 0.0)
            return
        whole = list(self._points)[:-1]  # the newest second has only begun
        positions = np.array([position for position, _ in whole], np.float64)
        growth_s, base_s = np.polyfit(positions, np.array([late_s for _, late_s in whole]), 1)
        self._line = (float(base_s), float(growth_s))
        # A device that is late more and more gives fewer samples a second than it says.
        self.drift_ppm = -1e6 * float(growth_s) * self.rate_hz


class Microphone(Worker):
    """A microphone, shared by all outputs: it fills a ring, which they read at their own pace.

    Thread: PortAudio's fills the ring, its own opens it and gets it back, any reads. Blocks: `read` for a copy.
    Owns: the device. Fails: a device that is lost is said once and opened again; until then it is silent.
    """

    KEPT_S = 10
    SILENT_S = 2.0  # a device that gives nothing for so long is lost

    def __init__(self, name: str, source: str, clock: Clock, notices: Notices) -> None:
        super().__init__(f"sound {name}", notices)
        self.rate_hz = float(SOUND_RATE_HZ)
        self._device = int(source.removeprefix("device:")) if source.startswith("device:") else None
        self._clock = clock
        self._lock = threading.Lock()
        self._ring = np.zeros((self.KEPT_S * SOUND_RATE_HZ, 2), np.float32)
        self._written = 0
        self._follower = ClockFollower(self.rate_hz)
        self._stream: Any = None
        self._gone_for_good = False
        self._arrived_s = 0.0

    @property
    def drift_ppm(self) -> float:
        """How much faster than the show's clock the device runs."""
        return self._follower.drift_ppm

    def position_at(self, time_ns: int) -> float | None:
        """Return which sample was heard at a time."""
        with self._lock:
            return self._follower.position_at(time_ns)

    def read(self, first: int, count: int) -> Samples | None:
        """Copy from the ring."""
        with self._lock:
            if first + count > self._written:
                return None
            samples = self._ring[np.arange(first, first + count) % len(self._ring)]
            oldest = self._written - len(self._ring)
            if first < max(0, oldest):
                samples[: max(0, oldest) - first] = 0.0
            return samples

    def arrived(self, samples: Samples, time_ns: int) -> None:
        """Take what the device heard up to a time. Thread: PortAudio's."""
        stereo = samples if samples.shape[1] == 2 else np.repeat(samples[:, :1], 2, axis=1)
        with self._lock:
            places = np.arange(self._written, self._written + len(stereo)) % len(self._ring)
            self._ring[places] = stereo
            self._written += len(stereo)
            self._follower.heard(self._written, time_ns)
        self._arrived_s = time.monotonic()

    def open(self) -> None:
        """Open the device."""
        try:
            package: Any = importlib.import_module("sounddevice")
        except ImportError:
            self._give_up("a microphone needs a package; run: pip install sounddevice")
            return
        except OSError:
            self._give_up("a microphone needs PortAudio; install it (Debian and Ubuntu: libportaudio2)")
            return
        try:
            channels = min(2, int(package.query_devices(self._device, "input")["max_input_channels"]))
            self._stream = package.InputStream(
                device=self._device,
                samplerate=SOUND_RATE_HZ,
                channels=max(1, channels),
                dtype="float32",
                latency="low",
                callback=self._called,
            )
            self._skip_gap()
            self._arrived_s = time.monotonic()
            self._stream.start()
        except (package.PortAudioError, ValueError) as error:
            which = "no microphone" if self._device is None else f"no microphone device:{self._device}"
            raise SoundError(f"there is {which} ({_first_line(error)}); plug one in, or choose another") from error

    def turn(self) -> None:
        """See whether the device still gives sound."""
        if self._gone_for_good:
            self.pause(3600.0)
            return
        self.pause(0.2)
        if not self.stopping and time.monotonic() - self._arrived_s > self.SILENT_S:
            raise SoundError("the microphone stopped; plug it in again")

    def close(self) -> None:
        """Close the device."""
        stream, self._stream = self._stream, None
        if stream is not None:
            stream.close()

    def _called(self, samples: Samples, frames: int, times: Any, _status: Any) -> None:
        since_s = times.currentTime - times.inputBufferAdcTime  # since the first of them was heard
        now_ns = self._clock.now_ns
        if 0 < since_s < 1.0:
            now_ns += round(1e9 * (frames / SOUND_RATE_HZ - since_s))
        self.arrived(samples, now_ns)

    def _skip_gap(self) -> None:
        """Go on as if silence had come while the device was away, and learn its clock anew."""
        with self._lock:
            now = self._follower.position_at(self._clock.now_ns)
            if now is not None and now > self._written:
                missing = int(now) - self._written
                silent = self._written + np.arange(min(missing, len(self._ring)))
                self._ring[silent % len(self._ring)] = 0
                self._written += missing
            self._follower = ClockFollower(self.rate_hz)

    def _give_up(self, text: str) -> None:
        self.notices.say("visible", self.name, f"{text}; until then it is silent")
        self._gone_for_good = True


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
