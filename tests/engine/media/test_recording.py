"""What was recorded can be played, looks as it did, and says in which colours."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import OutputError
from engine.media.encoder import ENCODERS
from engine.media.recording import VideoFile
from engine.media.shot import SECOND_NS

WIDTH, HEIGHT, RATE_HZ = 160, 96, 30
DISK_FULL_BYTES = 60_000


def picture(index: int) -> NDArray[np.uint8]:
    """Return a slope with a bar that moves, as I420."""
    i420 = np.full((HEIGHT * 3 // 2, WIDTH), 128, np.uint8)
    i420[:HEIGHT] = np.linspace(30, 200, WIDTH)
    i420[:HEIGHT, 2 * index : 2 * index + 12] = 220
    i420[HEIGHT : HEIGHT * 5 // 4] = 100
    return i420


def record(path: Path, places: list[float]) -> VideoFile:
    """Record one picture at each of these places."""
    recording = VideoFile(path, WIDTH, HEIGHT, RATE_HZ)
    for index, place in enumerate(places):
        recording.write(picture(index), 5 * SECOND_NS + int(place * SECOND_NS / RATE_HZ))
    return recording


def frames_of(path: Path) -> list[Any]:
    with av.open(path) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_decodes_to_what_was_written(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"show{suffix}"
    recording = record(path, [float(place) for place in range(45)])
    recording.close()
    recording.close()
    frames = frames_of(path)
    assert (len(frames), recording.frames, recording.repeated, recording.dropped) == (45, 45, 0, 0)
    assert recording.encoder in ENCODERS[8]
    for index in (0, 20, 44):
        error = frames[index].to_ndarray(format="yuv420p").astype(float) - picture(index)
        assert 10 * np.log10(255**2 / np.mean(error**2)) > 34
    first = frames[0]
    assert (first.colorspace, first.color_range, first.color_primaries, first.color_trc) == (1, 1, 1, 1)
    assert frames[-1].time == pytest.approx(44 / RATE_HZ, abs=0.001)


def test_gaps_are_filled_and_too_many_are_dropped(tmp_path: Path) -> None:
    recording = record(tmp_path / "show.mp4", [0, 1.2, 1.4, 5, 5.1, 6])
    recording.close()
    assert (recording.frames, recording.repeated, recording.dropped) == (7, 3, 2)
    assert len(frames_of(tmp_path / "show.mp4")) == 7


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_killed_recording_plays_up_to_its_last_second(tmp_path: Path, suffix: str) -> None:
    recording = record(tmp_path / f"show{suffix}", [float(place) for place in range(75)])
    shutil.copy(tmp_path / f"show{suffix}", tmp_path / f"killed{suffix}")
    recording.close()
    assert 75 - RATE_HZ <= len(frames_of(tmp_path / f"killed{suffix}")) <= 75


@pytest.fixture
def small_disk() -> Iterator[None]:
    """Let no file grow beyond `DISK_FULL_BYTES`."""
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (DISK_FULL_BYTES, limits[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, limits)


@pytest.mark.usefixtures("small_disk")
def test_a_full_disk_is_said_and_ends_it_cleanly(tmp_path: Path) -> None:
    recording = VideoFile(tmp_path / "show.mp4", WIDTH, HEIGHT, RATE_HZ)
    noise = np.random.default_rng(1).integers(0, 255, (300, HEIGHT * 3 // 2, WIDTH), np.uint8)

    def write_all() -> None:
        for index, i420 in enumerate(noise):
            recording.write(i420, index * SECOND_NS // RATE_HZ)

    with pytest.raises(OutputError, match=r"show\.mp4 cannot be written on .*make room on its disk"):
        write_all()
    recording.write(picture(0), 20 * SECOND_NS)
    recording.close()


@pytest.mark.parametrize(
    ("name", "width", "message"),
    [
        ("show.avi", WIDTH, r"end its name with \.mp4 or \.mkv"),
        ("show", WIDTH, "of an unknown kind"),
        ("none/show.mp4", WIDTH, "its folder does not exist"),
        ("show.mp4", WIDTH + 1, "even width and height"),
        ("folder.mp4", WIDTH, "cannot be written"),
    ],
)
def test_what_cannot_be_written_is_one_sentence(tmp_path: Path, name: str, width: int, message: str) -> None:
    (tmp_path / "folder.mp4").mkdir()
    with pytest.raises(OutputError, match=message) as caught:
        VideoFile(tmp_path / name, width, HEIGHT, RATE_HZ)
    assert str(caught.value).startswith(str(tmp_path / name))
