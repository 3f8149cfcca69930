"""Sound goes with its picture: exactly where time steps, and where clocks drift within what nobody hears."""

from __future__ import annotations

import sys
import threading
import time
import types
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components.sound import Sound
from engine.display.outputs import CameraTimes
from engine.media.address import parse_address
from engine.media.output import SOUND_BLOCK, SOUND_RATE_HZ, Output, Settings
from engine.media.resampler import REACH, between
from engine.media.sound import (
    MOST_BEND,
    Clicks,
    ClockFollower,
    FileSound,
    Microphone,
    SoundError,
    SoundReader,
    SoundSource,
)
from engine.notices import Notices
from engine.timing.clock import HandClock, RealClock
from tests.engine.media.waiting import wait_for

SECOND_NS = 10**9


def sine(count: int, hertz: float = 1000.0) -> NDArray[np.float32]:
    wave = np.sin(2 * np.pi * hertz * np.arange(count) / SOUND_RATE_HZ).astype(np.float32)
    return np.stack([wave, -wave], axis=1)


class Ramp:
    """A source whose every sample says its own place, in parts of ten million; it runs as fast as it is told."""

    rate_hz = float(SOUND_RATE_HZ)
    drift_ppm = 0.0

    def __init__(self, faster_ppm: float = 0.0) -> None:
        self.faster_ppm = faster_ppm

    def position_at(self, time_ns: int) -> float:
        return time_ns * self.rate_hz * (1 + self.faster_ppm / 1e6) / 1e9

    def read(self, first: int, count: int) -> NDArray[np.float32]:
        return np.repeat((np.arange(first, first + count)[:, None] / 1e7).astype(np.float32), 2, axis=1)

    def close(self) -> None:
        pass


def reader_of(source: SoundSource, *, delay_ns: int = 0, exact: bool = False, **sound: Any) -> SoundReader:
    return SoundReader(source, Sound(**sound), lambda: delay_ns, exact=exact)


def test_a_volume_that_changes_goes_evenly_from_block_to_block() -> None:
    class Ones(Ramp):
        def read(self, first: int, count: int) -> NDArray[np.float32]:
            return np.full((count, 2), 0.1 * (first > -SOUND_RATE_HZ), np.float32)

    def gain_db(time_ns: int) -> float:
        return -20.0 * time_ns / SECOND_NS

    reader = SoundReader(Ones(), Sound(), lambda: 0, exact=True, gain_db=gain_db)
    blocks = [
        reader.read(round(place * SECOND_NS / SOUND_RATE_HZ), SOUND_BLOCK) for place in range(0, 48_000, SOUND_BLOCK)
    ]
    heard = np.concatenate([block[:, 0] for block in blocks if block is not None])
    expected = 0.1 * 10 ** (gain_db(1) * SECOND_NS * np.arange(len(heard)) / SOUND_RATE_HZ / 20)
    np.testing.assert_allclose(heard, expected, rtol=1e-3)
    assert np.abs(np.diff(heard)).max() < 1e-5, "no step"


def test_resampling_keeps_a_tone_and_adds_none() -> None:
    wave = sine(20_000, 9000)
    places = 100 + 1.003 * np.arange(16_000, dtype=np.float64)
    expected = np.sin(2 * np.pi * 9000 * places / SOUND_RATE_HZ)
    error = between(wave, places)[:, 0] - expected
    assert 20 * np.log10(np.sqrt(np.mean(error**2) / 0.5)) < -80
    whole = np.arange(100.0, 300.0)
    np.testing.assert_allclose(between(wave, whole), wave[100:300], atol=1e-6)


def test_with_a_clock_that_steps_every_sample_is_itself() -> None:
    reader = reader_of(Ramp(), exact=True, delay_ns=77_000_000, gain_db=6.0)
    for block in range(2000):
        samples = reader.read(round(block * SOUND_BLOCK * 1e9 / SOUND_RATE_HZ), SOUND_BLOCK)
        assert samples is not None
        if block < 100:
            expected = (block * SOUND_BLOCK + np.arange(SOUND_BLOCK)) / 1e7 * 10**0.3
            np.testing.assert_allclose(samples[:, 1], expected, rtol=1e-5, atol=1e-7)
    assert abs(reader.error_s) < 1e-8


def test_a_delay_that_changes_is_followed_without_a_jump() -> None:
    delay_ns = 40_000_000
    reader = SoundReader(Ramp(), Sound(delay_ms=10.0), lambda: delay_ns, exact=False)
    heard: list[NDArray[np.float32]] = []

    def listen(seconds: float) -> None:
        for _ in range(round(seconds * SOUND_RATE_HZ / SOUND_BLOCK)):
            time_ns = SECOND_NS + round(len(heard) * SOUND_BLOCK * 1e9 / SOUND_RATE_HZ)
            samples = reader.read(time_ns, SOUND_BLOCK)
            assert samples is not None
            heard.append(samples)

    listen(1.0)
    assert heard[0][0, 0] * 1e7 == pytest.approx(0.95 * SOUND_RATE_HZ, abs=1)  # 40 ms, and 10 more
    assert reader.error_s == pytest.approx(0.0, abs=1e-4)
    delay_ns = 75_000_000
    listen(1.0)
    assert reader.error_s < -0.02  # on its way
    listen(15.0)
    assert reader.error_s == pytest.approx(0.0, abs=1e-3)
    steps = np.diff(np.concatenate(heard)[:, 0].astype(np.float64)) * 1e7
    assert np.abs(steps - 1).max() < 1  # as finely as 32 bits say it; a jump would be 1680
    speeds = [float(samples[-1, 0] - samples[0, 0]) * 1e7 / (SOUND_BLOCK - 1) for samples in heard]
    assert max(abs(speed - 1) for speed in speeds) < MOST_BEND + 0.002


def test_a_device_that_drifts_stays_with_the_picture() -> None:
    reader = reader_of(Ramp(faster_ppm=300.0))
    for block in range(20 * SOUND_RATE_HZ // SOUND_BLOCK):
        reader.read(round(block * SOUND_BLOCK * 1e9 / SOUND_RATE_HZ), SOUND_BLOCK)
    assert abs(reader.error_s) < 0.001  # left alone it would be 6 ms by now


@pytest.mark.parametrize("drift_ppm", [-180.0, 0.0, 45.0])
def test_a_devices_clock_is_known_to_a_few_parts_in_a_million(drift_ppm: float) -> None:
    random = np.random.default_rng(1)
    follower = ClockFollower(SOUND_RATE_HZ)
    rate_hz = SOUND_RATE_HZ * (1 + drift_ppm / 1e6)
    worst_s = 0.0
    for block in range(1, 2 * 3600 * 10):
        position = block * 4800
        heard_s = 5.0 + position / rate_hz + random.exponential(0.004) + 0.3 * (random.random() < 0.01)
        follower.heard(position, round(heard_s * 1e9))
        if block % 100 == 0 and block > 200:
            found = follower.position_at(round((5.0 + position / rate_hz) * 1e9))
            assert found is not None
            worst_s = max(worst_s, abs(found - position) / SOUND_RATE_HZ)
    assert worst_s < 0.003
    assert follower.drift_ppm == pytest.approx(drift_ppm, abs=5)


def test_the_pictures_delay_is_the_usual_one() -> None:
    camera = CameraTimes()
    assert (camera.began_ns, camera.delay_ns) == (None, 0)
    for sequence in range(4, 60):  # the first three went by unseen
        captured_ns = 7 * SECOND_NS + (sequence - 1) * 40_000_000
        for late_ns in (33_000_000, 50_000_000):  # shown by two ticks, of which the first counts
            camera.saw(sequence, captured_ns, captured_ns + late_ns + (200_000_000 if sequence == 30 else 0))
    assert camera.delay_ns == 33_000_000
    assert camera.began_ns == 7 * SECOND_NS


# Files.


def sound_file(path: Path, samples: NDArray[np.float32], pictures: int) -> Path:
    output = Output(Settings(parse_address(str(path)), 160, 96, 30.0, sound_kbps=256))
    for place in range(pictures):
        output.picture(np.full((144, 160), 128, np.uint8), place)
    for start in range(0, len(samples) - SOUND_BLOCK + 1, SOUND_BLOCK):
        output.sound(samples[start : start + SOUND_BLOCK])
    output.close()
    return path


def test_a_file_is_read_from_its_beginning_and_loops_with_its_pictures(tmp_path: Path) -> None:
    clip = np.zeros((2 * SOUND_RATE_HZ, 2), np.float32)
    clip[SOUND_RATE_HZ // 2 : SOUND_RATE_HZ // 2 + 2400] = sine(2400)
    path = sound_file(tmp_path / "clip.mp4", clip, 45)  # a second and a half of pictures, two of sound
    source = FileSound(path, lambda: 3 * SECOND_NS, loop=True)
    assert source.position_at(4 * SECOND_NS) == SOUND_RATE_HZ
    parts = [source.read(first, 4096) for first in range(-4096, 7 * SOUND_RATE_HZ, 4096)]
    heard = np.concatenate(parts)[4096:, 0]
    loud = np.flatnonzero(np.abs(heard) > 0.1)
    begins = loud[np.diff(loud, prepend=-SOUND_RATE_HZ) > 4800] / SOUND_RATE_HZ
    assert begins == pytest.approx([0.5, 2.0, 3.5, 5.0, 6.5], abs=0.002)
    assert np.abs(parts[0]).max() == 0  # before its beginning
    source.close()
    source.close()


def test_a_file_that_does_not_loop_is_followed_by_silence(tmp_path: Path) -> None:
    path = sound_file(tmp_path / "clip.mp4", np.full((SOUND_RATE_HZ, 2), 0.25, np.float32), 30)
    source = FileSound(path, lambda: None, loop=False)
    assert source.position_at(0) is None  # until its camera has a picture
    heard = source.read(0, 3 * SOUND_RATE_HZ)
    assert np.abs(heard[2400:40_000]).mean() > 0.2
    assert np.abs(heard[SOUND_RATE_HZ + 4096 :]).max() == 0
    source.close()


@pytest.mark.parametrize(
    ("text", "message"),
    [(b"no film", "cannot be read"), (None, "cannot be read"), (b"silent", "has no sound in it; choose another file")],
)
def test_a_file_without_sound_is_one_sentence(tmp_path: Path, text: bytes | None, message: str) -> None:
    path = tmp_path / "clip.mp4"
    if text == b"silent":
        with av.open(str(path), "w") as container:
            stream = container.add_stream("libx264", 30)
            stream.width, stream.height, stream.pix_fmt = 160, 96, "yuv420p"
            container.mux(stream.encode(av.VideoFrame(160, 96, "yuv420p")))
            container.mux(stream.encode(None))
    elif text is not None:
        path.write_bytes(text)
    with pytest.raises(SoundError, match=message) as caught:
        FileSound(path, lambda: 0, loop=True)
    assert str(caught.value).startswith(str(path))


def test_clicks_come_each_second() -> None:
    reader = reader_of(Clicks(), exact=True)
    samples = reader.read(0, 3 * SOUND_RATE_HZ)
    assert samples is not None
    assert sorted(np.flatnonzero(np.abs(samples[:, 0]) == 0.5)[[0, -1]]) == [0, 2 * SOUND_RATE_HZ]


# Microphones, through a stand-in for PortAudio: there is no sound card here.


class Card:
    """Stands for sounddevice: a stereo microphone that counts, until it is pulled out."""

    class PortAudioError(Exception):
        pass

    def __init__(self, clock: RealClock, channels: int = 1) -> None:
        self.clock = clock
        self.channels = channels
        self.plugged = True
        self.opened = 0

    def query_devices(self, _device: object, _kind: str) -> dict[str, int]:
        if not self.plugged:
            raise self.PortAudioError("Error querying device -1\nmore")
        return {"max_input_channels": self.channels}

    def InputStream(self, callback: Any, **_how: Any) -> Any:  # noqa: N802 - sounddevice's
        card = self
        card.opened += 1
        done = threading.Event()

        def run() -> None:
            began_s, count = time.perf_counter(), 0
            while card.plugged and not done.is_set():
                time.sleep(0.01)
                until = int((time.perf_counter() - began_s) * SOUND_RATE_HZ)
                if until > count:
                    times = types.SimpleNamespace(currentTime=1.0, inputBufferAdcTime=1.0 - (until - count) / 48_000)
                    samples = np.full((until - count, card.channels), 0.5, np.float32)
                    callback(samples, len(samples), times, None)
                    count = until

        def close() -> None:
            done.set()
            thread.join()

        thread = threading.Thread(target=run, daemon=True)
        return types.SimpleNamespace(start=thread.start, close=close)


def test_a_microphone_is_heard_and_comes_back(monkeypatch: pytest.MonkeyPatch, notices: Notices) -> None:
    clock = RealClock()
    card = Card(clock)
    monkeypatch.setitem(sys.modules, "sounddevice", card)
    monkeypatch.setattr(Microphone, "SILENT_S", 0.3)
    microphone = Microphone("voice", "auto", clock, notices)
    reader = SoundReader(microphone, Sound(), lambda: 0, exact=False, own=False)
    assert reader.read(0, SOUND_BLOCK) is None
    microphone.start()
    wait_for(lambda: microphone.read(REACH, 20 * SOUND_BLOCK) is not None)
    began_ns = clock.now_ns - 200_000_000
    samples = reader.read(began_ns, SOUND_BLOCK)
    assert samples is not None
    assert samples.shape == (SOUND_BLOCK, 2)
    np.testing.assert_allclose(samples[:, 1], 0.5, atol=1e-3)

    card.plugged = False
    wait_for(lambda: notices.all())
    card.plugged = True
    wait_for(lambda: card.opened == 2)
    wait_for(lambda: (samples := reader.read(clock.now_ns - 50_000_000, SOUND_BLOCK)) is not None and samples.any())
    microphone.stop()
    assert notices.all()[0].text == "the microphone stopped; plug it in again"


@pytest.mark.parametrize(
    ("module", "message"),
    [
        (None, "a microphone needs a package; run: pip install sounddevice; until then it is silent"),
        ("no card", "there is no microphone (Error querying device -1); plug one in, or choose another"),
    ],
)
def test_without_a_microphone_one_line_says_so(
    monkeypatch: pytest.MonkeyPatch, notices: Notices, module: str | None, message: str
) -> None:
    card = Card(RealClock())
    card.plugged = False
    monkeypatch.setitem(sys.modules, "sounddevice", card if module else None)
    microphone = Microphone("voice", "auto", HandClock(), notices)
    microphone.start()
    wait_for(lambda: notices.all())
    microphone.stop()
    assert [notice.text for notice in notices.all()] == [message]
