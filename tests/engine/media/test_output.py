"""Addresses and encoders, and what crosses the pipe to an output's process."""

from __future__ import annotations

import shutil
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.display import recorder
from engine.display.recorder import Recorder
from engine.errors import OutputError
from engine.media import encoder, output_process
from engine.media.address import parse_address
from engine.media.encoder import ENCODERS, Encoder, EncoderError, working_encoder
from engine.media.output import SOUND_BLOCK, WIDEST_GAP_S, Output, Settings, Steady
from engine.media.output_process import OutputProcess
from engine.media.virtual_camera import VirtualCamera
from engine.notices import Notices
from engine.timing.clock import HandClock
from engine.trace import Trace
from tests.engine.media.waiting import WAIT_S, wait_for
from tests.servers import free_port

SIZE = (160, 96)


def settings(url: object, **more: Any) -> Settings:
    return Settings(parse_address(str(url)), *SIZE, **{"rate_hz": 30.0, **more})


def grey(level: int = 128) -> NDArray[np.uint8]:
    return np.full((SIZE[1] * 3 // 2, SIZE[0]), level, np.uint8)


@pytest.mark.parametrize(
    ("url", "shown", "container"),
    [
        ("rtmp://me:secret@host:1935/live/key", "rtmp://host:1935/live/…", "flv"),
        ("rtmps://host/app/instance/key?auth=1", "rtmps://host/app/instance/…", "flv"),
        ("RTSP://me:secret@host/show", "rtsp://host/show", "rtsp"),
        ("udp://239.0.0.1:5000?ttl=2", "udp://239.0.0.1:5000", "mpegts"),
        ("virtual-camera", "virtual-camera", "virtual-camera"),
    ],
)
def test_an_address_is_shown_without_what_is_secret(url: str, shown: str, container: str) -> None:
    address = parse_address(url)
    assert (address.shown, address.format) == (shown, container)
    assert address.comes_back


def test_settings_cross_the_pipe_whole() -> None:
    before = settings("rtmp://host/live/key", rate_hz=29.97, without=("h264_nvenc",), sound_kbps=96)
    assert Settings.from_plain(before.to_plain()) == before
    assert before.rate == Fraction(30000, 1001) or before.rate == Fraction(2997, 100)


def test_the_encoder_is_one_that_encodes(monkeypatch: pytest.MonkeyPatch) -> None:
    best = working_encoder("auto", SIZE, Fraction(30), 0)
    assert best in ENCODERS[8]
    assert working_encoder("libx264", SIZE, Fraction(30), 2000) == "libx264"
    monkeypatch.setitem(encoder.ENCODERS[8], "h264_v4l2m2m", Encoder({}, {}, {}))  # there, and never without a device
    assert working_encoder("h264_v4l2m2m", SIZE, Fraction(30), 0) == best
    with pytest.raises(OutputError, match=r"no H\.264 encoder works for 160×96"):
        working_encoder("auto", SIZE, Fraction(30), 0, without=list(ENCODERS[8]))


@pytest.mark.parametrize(("depth_bits", "name"), [(8, "libx264"), (10, "libx265")])
def test_key_pictures_come_once_a_second(tmp_path: Path, depth_bits: int, name: str) -> None:
    film = settings(tmp_path / "show.mkv", encoder=name, bitrate_kbps=500, depth_bits=depth_bits)
    shape = (90, film.shape[0], SIZE[0])
    noise = np.random.default_rng(1).integers(64, 940, shape, "<u2") >> 10 - depth_bits
    output = Output(film)
    for place, i420 in enumerate(noise):  # every picture is a cut
        output.picture(i420.view(np.uint8) if depth_bits > 8 else i420.astype(np.uint8), place)
    output.close()
    with av.open(str(tmp_path / "show.mkv")) as container:
        keys = [frame.time for frame in container.decode(video=0) if frame.key_frame]
    assert keys == pytest.approx([0.0, 1.0, 2.0], abs=0.002)


@pytest.mark.parametrize("name", ["deep.mp4", "deep.mkv", "deep.m3u8"])
def test_ten_bits_are_still_there_when_a_film_is_read_back(tmp_path: Path, name: str) -> None:
    film = Settings(parse_address(str(tmp_path / name)), 1024, 64, 30.0, depth_bits=10)
    ramp = np.linspace(64, 940, film.width).round()
    i420 = np.full((film.shape[0], film.width), 512, "<u2")
    i420[: film.height] = ramp
    process = OutputProcess(film)
    assert process.wait_until_ready()
    for place in range(3):
        process.picture(i420.view(np.uint8), place)
    process.close()
    with av.open(str(tmp_path / name)) as container:
        assert container.streams.video[0].codec_context.pix_fmt == "yuv420p10le"
        assert name.endswith(".mkv") or container.streams.video[0].codec_context.codec_tag == "hvc1"
        luma = [frame.to_ndarray()[: film.height] for frame in container.decode(video=0)][-1]
    assert len(np.unique(luma)) > 256
    assert np.abs(luma.mean(axis=0) - ramp).max() < 2.0  # 8 bits would be as far off, and encoding adds to that


def test_where_no_encoder_has_ten_bits_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(
        encoder.ENCODERS, 10, {"hevc_v4l2m2m": Encoder({}, {}, {})}
    )  # there, and never without a device
    with pytest.raises(OutputError, match=r"no encoder of 10 bits works for 160×96; set depth_bits = 8, or"):
        working_encoder("auto", SIZE, Fraction(30), 0, depth_bits=10)


class Quiet:
    """Sound that comes only up to a moment."""

    def __init__(self, until_ns: int) -> None:
        self.until_ns = until_ns
        self.skipped = 0

    def read(self, time_ns: int, count: int) -> NDArray[np.float32] | None:
        return np.zeros((count, 2), np.float32) if time_ns < self.until_ns else None

    def skip(self, count: int) -> None:
        self.skipped += count


class Listing:
    """A sink that only counts."""

    encoder = "none"

    def __init__(self) -> None:
        self.places: list[int] = []
        self.blocks = 0

    def picture(self, _i420: NDArray[np.uint8] | None, place: int) -> None:
        self.places.append(place)

    def sound(self, _samples: NDArray[np.float32]) -> None:
        self.blocks += 1

    def close(self) -> None:
        pass


def test_sound_that_stops_is_waited_for_a_little_and_then_silent() -> None:
    sink, sound = Listing(), Quiet(10**9)
    steady = Steady(sink, 30.0, sound)
    for index in range(35):
        steady.write(grey(), round(index * 1e9 / 30))
    assert sink.blocks == 47  # what begins in the first second
    assert steady.silent_blocks == 0
    for index in range(35, 120):
        steady.write(grey(), round(index * 1e9 / 30))
    steady.end()
    assert sink.blocks == 4 * 48_000 // SOUND_BLOCK
    assert sound.skipped == steady.silent_blocks * SOUND_BLOCK > 0


def test_a_show_that_stalls_is_kept_alive_with_its_last_picture() -> None:
    sink = Listing()
    steady = Steady(sink, 30.0)
    steady.keep_up(10**9)
    assert sink.places == []  # nothing to repeat yet
    steady.write(grey(), 5 * 10**9)
    steady.keep_up(6 * 10**9)
    steady.write(grey(), 5 * 10**9 + 5 * 10**8)
    assert sink.places == list(range(30))
    assert (steady.frames, steady.repeated, steady.dropped) == (30, 29, 1)


def fill(film: Output, count: int) -> None:
    for place in range(count):
        film.picture(grey(place), place)


@pytest.mark.parametrize("name", ["show.mp4", "show.mkv", "show.m3u8"])
def test_a_disk_that_is_nearly_full_ends_a_film_while_there_is_room_for_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    free = [10**9, 10**9, 10**6]
    monkeypatch.setattr(shutil, "disk_usage", lambda _folder: SimpleNamespace(free=free.pop(0)))
    film = Output(settings(tmp_path / name))
    with pytest.raises(OutputError, match=r"ended while .* \(1 MB are left on its disk\); make room on its disk"):
        fill(film, 90)
    film.close()
    with av.open(str(tmp_path / name)) as container:
        assert sum(1 for _ in container.decode(video=0)) == 30
    free.append(0)
    with pytest.raises(OutputError, match=r"cannot be written \(0 MB are left on its disk\)"):
        Output(settings(tmp_path / name))


class Slow(Listing):
    """A sink that takes 77 ms for each picture of 33."""

    now_ns = 0

    def picture(self, i420: NDArray[np.uint8] | None, place: int) -> None:
        super().picture(i420, place)
        self.now_ns += 77_000_000


def test_a_sink_that_is_too_slow_falls_behind_by_seconds_at_most() -> None:
    sink = Slow()
    steady = Steady(sink, 30.0)
    behind_s = []
    while sink.now_ns < 60 * 10**9:
        time_ns = sink.now_ns  # the newest picture, whenever there is time for one
        steady.write(grey(), time_ns)
        behind_s.append((sink.now_ns - time_ns) / 1e9)
    assert max(behind_s) < 2 * WIDEST_GAP_S * 77 / 33
    assert sink.places == sorted(set(sink.places))
    assert steady.left_out > 0
    assert steady.frames + steady.left_out == sink.places[-1] + 1


def test_a_process_that_is_killed_says_nothing_and_is_missed(tmp_path: Path) -> None:
    process = OutputProcess(settings(tmp_path / "show.mp4"))
    assert process.wait_until_ready()
    for place in range(70):
        process.picture(grey(place), place)
    wait_for(lambda: (tmp_path / "show.mp4").stat().st_size > 2000)
    process.kill()
    with pytest.raises(output_process.DiedError, match=r"show\.mp4 does not answer"):
        process.picture(grey(), 70)
    process.close()
    with av.open(str(tmp_path / "show.mp4")) as container:
        assert len(list(container.decode(video=0))) >= 30


def test_a_stream_over_rtsp_is_received() -> None:
    url = f"rtsp://127.0.0.1:{free_port()}/show"
    counted: list[int] = []

    def serve() -> None:
        options = {"rtsp_flags": "listen", "listen_timeout": str(round(WAIT_S))}
        with av.open(url, options=options, timeout=(WAIT_S, WAIT_S)) as container:
            for frame in container.decode(video=0):
                counted.append(frame.width)
                if len(counted) == 10:
                    return

    server = threading.Thread(target=serve, daemon=True)
    server.start()
    while True:
        process = OutputProcess(settings(url))
        try:
            process.wait_until_ready()
            break
        except OutputError:
            process.close()
            assert server.is_alive(), "the server gave up"  # else it does not listen yet
    place = 0
    while server.is_alive() and place < 900:
        try:
            process.picture(grey(place % 200), place)
        except OutputError:
            break  # it has seen enough
        place += 1
        server.join(0.01)
    process.kill()
    process.close()
    server.join(WAIT_S)
    assert counted == [SIZE[0]] * 10


# A recorder, whose process is replaced by one that fails as it is told.


class Ring:
    """Stands for a tap and its readback: gives pictures for ever."""

    size = SIZE
    dropped = 0
    has_room = True
    pending = 0

    def __init__(self) -> None:
        self.wanted = False
        self.readback = self
        self.given = 0

    @contextmanager
    def read(self) -> Iterator[tuple[NDArray[np.uint8], int]]:
        yield grey(), round(self.given * 1e9 / 30)
        self.given += self.wanted


class Failing:
    """Stands for an output's process: every encoder but libx264 fails after ten pictures."""

    made: ClassVar[list[Settings]] = []

    def __init__(self, wanted: Settings) -> None:
        self.made.append(wanted)
        self.pid = 0
        self.encoder = next(name for name in ENCODERS[8] if name not in wanted.without)

    def wait_until_ready(self, _stopped: object) -> bool:
        return True

    def begin(self, timecode: str) -> None:
        assert timecode.startswith("00:00:")

    def picture(self, _i420: object, place: int) -> None:
        if place >= 10 and self.encoder != "libx264":
            raise EncoderError(f"{self.encoder} stopped encoding")

    def close(self) -> None:
        pass


@pytest.mark.parametrize("url", ["show.mp4", "rtmp://host/live/key"])
def test_an_encoder_that_fails_on_air_is_followed_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, notices: Notices, url: str
) -> None:
    monkeypatch.setattr(recorder, "OutputProcess", Failing)
    monkeypatch.setattr(Failing, "made", [])
    monkeypatch.chdir(tmp_path)
    tap: Any = Ring()
    it = Recorder("wall", tap, settings(url), HandClock(), notices, Trace())
    it.start()
    wait_for(lambda: it.file.encoder == "libx264" and it.file.frames > 60)
    it.finish()
    tried = list(ENCODERS[8])
    assert [made.without for made in Failing.made] == [tuple(tried[:count]) for count in range(len(tried))]
    said = [notice.text for notice in notices.all()]
    assert said[0].startswith("h264_nvenc stopped encoding; another encoder goes on")
    assert len(said) == len(tried) - 1
    if url == "show.mp4":
        assert it.file.path == f"show-{len(tried)}.mp4"
        assert said[0].endswith("it goes on in show-2.mp4")


def test_a_virtual_camera_that_is_not_there_says_how_to_get_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Package:
        class PixelFormat:
            I420 = 1

        @staticmethod
        def Camera(*_sizes: object, **_how: object) -> None:  # noqa: N802 - pyvirtualcam's
            raise RuntimeError("no backend: 'v4l2loopback' backend: No v4l2loopback device found")

    monkeypatch.setitem(sys.modules, "pyvirtualcam", Package)
    monkeypatch.setattr(sys, "platform", "linux")
    with pytest.raises(OutputError, match=r"there is no virtual camera; load its driver .*modprobe v4l2loopback"):
        VirtualCamera(settings("virtual-camera"))
