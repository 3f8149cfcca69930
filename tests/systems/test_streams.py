"""Shows that go out: to real servers that stay, refuse, say nothing or die, into files that are killed, with sound."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.display.recorder import Recorder
from engine.errors import OutputError, SceneError
from engine.media.address import parse_address
from engine.media.output import Output, Settings, Steady
from engine.scene.load import load_scene
from tests.conftest import ROOT
from tests.servers import WAIT_S, RtmpServer, free_port, rtmp_server
from tests.shows import Air, Live, OnAir, airing
from tools.report import make_report

SCENE = """
[front.camera]
source = "synthetic"
width = 160
height = 96
backdrop = "room"
[front.layer]
[click.sound]
source = "synthetic"
[stage.stage]
width = 160
height = 96
[out.display]
kind = "offscreen"
dither = false
[out.stream]
url = "URL"
sound = "click"
bitrate_kbps = 3000
"""

RATE_HZ = 30


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Air]:
    yield from airing(tmp_path)


@pytest.fixture
def server(tmp_path: Path) -> Iterator[RtmpServer]:
    server = rtmp_server(tmp_path, unique=True)
    yield server
    server.kill()


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Callable[[str], Live]]:
    shows: list[Live] = []

    def go(text: str) -> Live:
        shows.append(Live(tmp_path, text))
        return shows[-1]

    yield go
    for each in shows:
        each.show.close()


def recorder_of(live: Live) -> Recorder:
    return live.show.present.outputs.recorders[0]


class Read:
    """What a file or stream holds: luma pictures and sound, with their times."""

    def __init__(self, source: str | Path) -> None:
        self.pictures: list[NDArray[np.uint8]] = []
        self.times_s: list[float] = []
        sound: list[NDArray[np.float32]] = []
        self.sound_start_s = 0.0
        with av.open(str(source)) as container:
            streams = [stream for stream in container.streams if stream.type in ("video", "audio")]
            self.timecode = streams[0].metadata.get("timecode") or container.metadata.get("TIMECODE")
            for frame in container.decode(*streams):
                assert isinstance(frame, av.VideoFrame | av.AudioFrame)
                assert frame.time is not None
                if isinstance(frame, av.VideoFrame):
                    self.pictures.append(frame.to_ndarray(format="yuv420p")[: frame.height].astype(np.uint8))
                    self.times_s.append(frame.time)
                else:
                    self.sound_start_s = self.sound_start_s if sound else frame.time
                    sound.append(frame.to_ndarray()[0].astype(np.float32))
        self.sound = np.concatenate(sound) if sound else np.zeros(0, np.float32)

    @property
    def clicks_s(self) -> list[float]:
        """When the sound begins after silence."""
        loud = np.flatnonzero(np.abs(self.sound) > 0.15)
        first = loud[np.diff(loud, prepend=-48_000) > 4800]
        return [float(self.sound_start_s + place / 48_000) for place in first]


def luma(rgb: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Return limited-range luma. ITU-R BT.709-6, item 3.2."""
    red, green, blue = np.moveaxis(rgb.astype(np.float32), -1, 0)
    weighed: NDArray[np.float32] = 16 + 219 / 255 * (0.2126 * red + 0.7152 * green + 0.0722 * blue)
    return weighed


def difference(one: NDArray[Any], other: NDArray[Any]) -> float:
    return float(np.abs(one.astype(np.float32) - other.astype(np.float32)).mean())


def scene(url: object) -> str:
    return SCENE.replace("URL", str(url))


# On a clock that steps: every picture arrives, in its place.


def test_what_is_streamed_arrives_picture_by_picture_and_does_not_drift(air: Air, server: RtmpServer) -> None:
    seconds = 20
    on_air = air(scene(server.url), ticks=0)
    shown: dict[int, NDArray[np.uint8]] = {}
    for index in range(seconds * RATE_HZ):
        on_air.ticks()
        if index % 37 == 0:
            shown[index] = on_air.shown()
    report = make_report(on_air.show)
    on_air.show.close()
    server.stop()

    (file,) = server.recorded
    read = Read(file)
    assert len(read.pictures) == seconds * RATE_HZ
    np.testing.assert_allclose(
        np.array(read.times_s) - read.times_s[0], np.arange(seconds * RATE_HZ) / RATE_HZ, atol=0.0011
    )  # FLV counts in milliseconds
    for index, rgb in shown.items():
        assert difference(read.pictures[index], luma(rgb)) < 3
    clicks_s = [time_s - read.times_s[0] for time_s in read.clicks_s]
    np.testing.assert_allclose(clicks_s, np.arange(1, seconds), atol=0.002)  # the very first is cut off
    (output,) = report["outputs"]
    assert output["kind"] == "stream"
    assert output["url"] == f"rtmp://127.0.0.1:{server.port}/live/…"
    assert (output["repeated"], output["dropped"], output["reconnects"], output["sound_drift_ppm"]) == (0, 0, 0, 0.0)


@pytest.mark.parametrize("name", ["show.mp4", "show.mkv", "show.m3u8"])
def test_files_and_folders_hold_every_picture(air: Air, tmp_path: Path, name: str) -> None:
    on_air = air(scene(tmp_path / name), ticks=65)
    on_air.show.close()
    read = Read(tmp_path / name)
    assert len(read.pictures) == 65
    assert read.times_s[-1] - read.times_s[0] == pytest.approx(64 / RATE_HZ, abs=0.002)
    assert read.clicks_s == pytest.approx([1.0 + read.times_s[0], 2.0 + read.times_s[0]], abs=0.002)
    if not name.endswith("m3u8"):
        assert read.timecode == "00:00:00:00"


def test_a_volume_that_changes_with_time_is_heard_at_its_time(air: Air, tmp_path: Path) -> None:
    keyed = "[click.keyframes]\ntimes_s = [1.5, 1.6]\nsound.gain_db = [0.0, -20.0]\n"
    on_air = air(scene(tmp_path / "show.mkv") + keyed, ticks=40)
    on_air.show.world.revision += 1  # what an edit of the scene does
    on_air.ticks(35)
    on_air.show.close()
    assert [path.name for path in tmp_path.glob("show*.mkv")] == ["show.mkv"], "nothing began anew"
    sound = Read(tmp_path / "show.mkv").sound
    first, second = (np.abs(sound[place : place + 2000]).max() for place in (47_500, 95_500))
    assert second / first == pytest.approx(0.1, abs=0.02)


def test_another_rate_than_the_stages_is_kept(air: Air, tmp_path: Path) -> None:
    text = scene(tmp_path / "show.mp4") + "rate_hz = 20\n"
    on_air = air(text, ticks=61)
    on_air.show.close()
    (recorder,) = on_air.show.present.recorders
    assert (recorder.file.frames, recorder.file.repeated, recorder.file.dropped) == (41, 0, 0)
    read = Read(tmp_path / "show.mp4")
    np.testing.assert_allclose(read.times_s, np.arange(41) / 20, atol=0.001)


def flashes(path: Path, count: int) -> None:
    """Write a film with a white picture and a click at each full second but the first."""

    class Clicking:
        def __init__(self) -> None:
            self.place = 0

        def read(self, _time_ns: int, count: int) -> NDArray[np.float32]:
            index = np.arange(self.place, self.place + count)
            self.place += count
            on = (index % 48_000 < 960) & (index >= 48_000)
            tone = np.where(on, np.cos(2 * np.pi * 1000 * index / 48_000), 0).astype(np.float32)
            return np.stack([tone, tone], axis=1)

        def skip(self, count: int) -> None:
            self.place += count

    output = Output(Settings(parse_address(str(path)), 160, 96, RATE_HZ, sound_kbps=160))
    steady = Steady(output, RATE_HZ, Clicking())
    for index in range(count):
        i420 = np.full((144, 160), 128, np.uint8)
        i420[:96] = 235 if index >= RATE_HZ and index % RATE_HZ < 3 else 16
        steady.write(i420, round(index * 1e9 / RATE_HZ))
    steady.end()
    output.close()


def test_flashes_and_clicks_stay_together(air: Air, tmp_path: Path) -> None:
    flashes(tmp_path / "clip.mp4", 60)
    text = """
        [front.camera]
        source = "clip.mp4"
        [front.layer]
        [front.sound]
        source = "clip.mp4"
        [stage.stage]
        width = 160
        height = 96
        [out.display]
        kind = "offscreen"
        [out.stream]
        url = "URL"
        sound = "front"
        """.replace("URL", str(tmp_path / "show.mp4"))
    on_air = air(text, ticks=7 * RATE_HZ)
    on_air.show.close()
    read = Read(tmp_path / "show.mp4")
    bright = np.array([picture.mean() > 120 for picture in read.pictures])
    flashes_s = [read.times_s[place] for place in np.flatnonzero(np.diff(bright.astype(int)) == 1) + 1]
    assert flashes_s == pytest.approx([1.0, 3.0, 5.0], abs=0.02)  # the clip is two seconds long, and loops
    assert read.clicks_s == pytest.approx(flashes_s, abs=0.02)


def test_a_display_that_is_renamed_or_resized_leaves_whole_films_and_says_so(air: Air, tmp_path: Path) -> None:
    on_air = air(scene(tmp_path / "streamed.mp4"), ticks=0)
    on_air.show.record(tmp_path / "asked.mp4", "out")

    def change(*replaced: tuple[str, str]) -> None:
        text = on_air.path.read_text("utf-8")
        for old, new in replaced:
            text = text.replace(old, new)
        on_air.path.write_text(text, encoding="utf-8")
        on_air.show._reload(load_scene(on_air.path))

    on_air.ticks(20)
    change(('kind = "offscreen"', 'kind = "offscreen"\nwidth = 80\nheight = 48'))
    on_air.ticks(30)
    change(("[out.", "[wall."))
    on_air.ticks(10)
    on_air.show.close()
    counts = {path.name: len(Read(path).pictures) for path in tmp_path.glob("*.mp4")}
    assert counts == {
        "asked.mp4": 20, "asked-2.mp4": 30, "streamed.mp4": 20, "streamed-2.mp4": 30, "streamed-3.mp4": 10,
    }  # fmt: skip
    assert Read(tmp_path / "asked-2.mp4").pictures[0].shape == (48, 80)
    assert sorted(on_air.said) == [
        "recording asked-2.mp4: display out is gone, so it ended",
        "recording asked.mp4: it goes on in asked-2.mp4",
        "recording streamed-2.mp4: display out is gone, so it ended",
        "recording streamed.mp4: it goes on in streamed-2.mp4",
        "recording streamed.mp4: it goes on in streamed-3.mp4",
    ]


# On the real clock: what goes wrong is said once, and the show goes on.


def test_a_server_that_dies_is_streamed_to_again(live: Callable[[str], Live], server: RtmpServer) -> None:
    on_air = live(scene(server.url))
    on_air.until(lambda: recorder_of(on_air).file.frames > RATE_HZ)
    probe = subprocess.Popen(
        ["ffprobe", "-v", "error", "-show_entries", "stream=codec_name,width,r_frame_rate", "-of", "json", server.url],
        stdout=subprocess.PIPE,
    )
    on_air.until(lambda: probe.poll() is not None)
    streams = {each["codec_name"]: each for each in json.loads(probe.communicate()[0])["streams"]}
    assert streams.keys() == {"h264", "aac"}
    assert (streams["h264"]["width"], streams["h264"]["r_frame_rate"]) == (160, "30/1")

    server.kill()
    on_air.until(lambda: on_air.show.notices.all())
    before = recorder_of(on_air).file.frames
    server.start()
    on_air.until(lambda: recorder_of(on_air).file.frames > before + RATE_HZ)
    on_air.show.present.stop()
    assert recorder_of(on_air).file.reconnects == 1
    shown = f"rtmp://127.0.0.1:{server.port}/live/…"
    assert len(on_air.said) == 2
    assert on_air.said[0].startswith(f"stream of out: {shown} ")
    assert on_air.said[1] == f"stream of out: {shown} is back"
    server.stop()
    assert len(Read(server.recorded[-1]).pictures) > RATE_HZ


def test_a_server_that_freezes_holds_nobody_up(live: Callable[[str], Live], server: RtmpServer) -> None:
    on_air = live(scene(server.url).replace("3000", "20000"))
    on_air.until(lambda: recorder_of(on_air).file.frames > RATE_HZ)
    with server.frozen():
        presents = on_air.show.present.presenters["out"].presents
        on_air.until(lambda: on_air.show.present.presenters["out"].presents > presents + 20)
        on_air.show.close()
    assert [said for said in on_air.said if "did not stop" in said] == []


def test_a_server_that_refuses_is_said_once(live: Callable[[str], Live]) -> None:
    on_air = live(scene(f"rtmp://me:secret@127.0.0.1:{free_port()}/live/key"))
    on_air.until(lambda: on_air.show.notices.all() and on_air.show.loop.tick.index > 45)
    assert len(on_air.said) == 1
    assert "does not answer (Connection refused); check the address and start its server" in on_air.said[0]
    assert "secret" not in on_air.said[0]
    assert "key" not in on_air.said[0]


@pytest.mark.parametrize("protocol", ["rtmp", "rtsp"])
def test_a_server_that_says_nothing_holds_nobody_up(live: Callable[[str], Live], protocol: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        on_air = live(scene(f"{protocol}://127.0.0.1:{silent.getsockname()[1]}/live/show"))
        presenter = on_air.show.present.presenters["out"]
        on_air.until(lambda: presenter.presents > 30)
        assert not recorder_of(on_air).ready
        on_air.show.close()
        assert not recorder_of(on_air).ready
        assert [said for said in on_air.said if "did not stop" in said] == []


def test_a_reader_of_udp_sees_the_show(live: Callable[[str], Live]) -> None:
    port = free_port(socket.SOCK_DGRAM)
    pictures: list[float] = []

    def read() -> None:
        options = {"fflags": "nobuffer", "timeout": "10000000"}
        with av.open(f"udp://127.0.0.1:{port}", options=options, timeout=(WAIT_S, WAIT_S)) as container:
            for frame in container.decode(video=0):
                pictures.append(frame.to_ndarray(format="gray").mean())
                if len(pictures) == 20:
                    return

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    on_air = live(scene(f"udp://127.0.0.1:{port}"))
    on_air.until(lambda: not reader.is_alive())
    assert len(pictures) == 20
    assert np.mean(pictures) > 30


def test_a_recording_whose_process_is_killed_goes_on_in_another_file(
    live: Callable[[str], Live], tmp_path: Path
) -> None:
    on_air = live(scene(tmp_path / "show.mp4"))
    on_air.until(lambda: recorder_of(on_air).file.frames > 2 * RATE_HZ)
    process_id = recorder_of(on_air).process_id
    assert process_id is not None
    os.kill(process_id, signal.SIGKILL)
    on_air.until(lambda: recorder_of(on_air).process_id not in (None, process_id))
    before = recorder_of(on_air).file.frames
    on_air.until(lambda: recorder_of(on_air).file.frames > before + 20)
    on_air.show.close()
    assert len(Read(tmp_path / "show.mp4").pictures) >= RATE_HZ
    assert len(Read(tmp_path / "show-2.mp4").pictures) >= 20
    assert len(on_air.said) == 2
    assert on_air.said[0].endswith("it goes on in show-2.mp4")


def test_a_show_that_is_killed_leaves_a_whole_recording(tmp_path: Path) -> None:
    (tmp_path / "show.toml").write_text(scene(""))
    film = tmp_path / "show.mp4"
    command = [
        sys.executable,
        "-m",
        "tools.cli",
        "run",
        str(tmp_path / "show.toml"),
        "--headless",
        "--record",
        str(film),
    ]
    show = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
    deadline_s = time.monotonic() + 2 * WAIT_S

    def wait_for(condition: Callable[[], object]) -> None:
        while not condition():
            assert time.monotonic() < deadline_s
            assert show.returncode is not None or show.poll() is None
            time.sleep(0.05)

    wait_for(lambda: film.exists() and film.stat().st_size > 30_000)
    show.kill()
    show.wait()

    def is_whole() -> bool:
        return film.read_bytes()[-16:-8].endswith(b"mfro")  # the last box of an MP4 in fragments that was closed

    wait_for(is_whole)
    assert len(Read(film).pictures) >= RATE_HZ


def test_a_full_disk_ends_the_recording_and_not_the_show(live: Callable[[str], Live], tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (60_000, limits[1]))
    try:
        on_air = live(scene(tmp_path / "show.mkv").replace("3000", "20000"))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
    on_air.until(lambda: recorder_of(on_air).failed_for_good)
    presents = on_air.show.present.presenters["out"].presents
    on_air.until(lambda: on_air.show.present.presenters["out"].presents > presents + 5)
    (said,) = on_air.said
    assert said.startswith("recording show.mkv: ")
    assert said.endswith("make room on its disk")
    assert len(Read(tmp_path / "show.mkv").pictures) > 5


# What cannot be is said before a window opens; a virtual camera may come later.


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("srt://127.0.0.1:9000", r"srt://127\.0\.0\.1:9000 cannot be streamed to: .*rtmp://"),
        ("show.avi", r"show\.avi is of an unknown kind; end its name with \.mp4"),
        ("none/show.mp4", "its folder does not exist; make it first"),
        ("rtmp://", "names no host"),
    ],
)
def test_an_address_that_cannot_be_is_refused_at_the_start(air: Air, url: str, message: str) -> None:
    with pytest.raises((OutputError, SceneError), match=message):
        air(scene(url))


def test_without_a_virtual_camera_one_line_says_what_to_do(
    live: Callable[[str], Live], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "pyvirtualcam.py").write_text("raise ImportError")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    on_air = live(scene("virtual-camera"))
    on_air.until(lambda: on_air.show.notices.all() and on_air.show.loop.tick.index > 45)
    assert on_air.said == ["virtual-camera of out: the virtual camera needs a package; run: pip install pyvirtualcam"]


FAKE_CAMERA = """
import enum
class PixelFormat(enum.Enum):
    I420 = 1
class Camera:
    device = "/dev/video9"
    def __init__(self, width, height, fps, fmt):
        self.file = open(__file__ + ".sent", "ab")
    def send(self, frame):
        self.file.write(frame.tobytes())
        self.file.flush()
    def close(self):
        self.file.close()
"""


def test_a_virtual_camera_gets_the_pictures(air: Air, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "pyvirtualcam.py").write_text(FAKE_CAMERA)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    on_air: OnAir = air(scene("virtual-camera"), ticks=5)
    shown = on_air.shown()
    on_air.show.close()
    sent = np.fromfile(tmp_path / "pyvirtualcam.py.sent", np.uint8).reshape(-1, 144, 160)
    assert len(sent) == 5
    assert difference(sent[-1][:96], luma(shown)) < 1
