"""A recorded display decodes to what the display showed, every tick of it, and says in which colours."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import OutputError
from tests.picture import psnr
from tests.shows import Air

SCENE = """
[sky.fill]
shape = "linear"
colour = "#203870"
to = "#e08850"
[sky.layer]
[front.camera]
source = "synthetic"
backdrop = "room"
width = 320
height = 180
[guest.mask]
camera = "front"
source = "truth"
[guest.layer]
order = 1
"""
TICKS = 24


def frames_of(path: Path) -> list[Any]:
    with av.open(str(path)) as container:
        return list(container.decode(video=0))


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_a_recording_is_what_the_display_showed(air: Air, tmp_path: Path, suffix: str) -> None:
    on_air = air(SCENE + "[one.display]\n[two.display]\nrotate = 180\n", 320, 180, ticks=0)
    path = tmp_path / f"two{suffix}"
    on_air.show.record(path, "two")
    shown: list[NDArray[np.uint8]] = [on_air.ticks().shown("two") for _ in range(TICKS)]
    on_air.show.present.stop()
    frames = frames_of(path)
    assert len(frames) == TICKS, "none twice, none lost"
    for index in (0, 7, TICKS - 1):
        picture = frames[index].to_ndarray(format="rgb24", src_colorspace="ITU709", dst_colorspace="ITU709")
        assert psnr(picture, shown[index]) > 30, index
    order = [int(np.argmax([psnr(frame.to_ndarray(format="rgb24"), other) for other in shown])) for frame in frames]
    assert order == list(range(TICKS)), "each in its place"


def test_a_recording_says_in_which_colours_it_is_and_at_which_rate(air: Air, tmp_path: Path) -> None:
    on_air = air(SCENE, 160, 90, ticks=0)
    path = tmp_path / "show.mp4"
    on_air.show.record(path)
    on_air.ticks(10)
    on_air.show.present.stop()
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert stream.average_rate == 30
        first = next(container.decode(stream))
    assert (first.width, first.height) == (160, 90)
    assert (first.colorspace, first.color_range, first.color_primaries, first.color_trc) == (1, 1, 1, 1)


def test_two_displays_can_be_recorded_at_once(air: Air, tmp_path: Path) -> None:
    on_air = air(SCENE + "[one.display]\n[two.display]\nwidth = 80\nheight = 44\n", 160, 90, ticks=0)
    on_air.show.record(tmp_path / "one.mp4", "one")
    on_air.show.record(tmp_path / "two.mp4", "two")
    on_air.ticks(12)
    on_air.show.present.stop()
    one, two = frames_of(tmp_path / "one.mp4"), frames_of(tmp_path / "two.mp4")
    assert (len(one), len(two)) == (12, 12)
    assert [(frames[0].width, frames[0].height) for frames in (one, two)] == [(160, 90), (80, 44)]


def test_a_recording_begins_with_the_tick_after_it_was_asked_for(air: Air, tmp_path: Path) -> None:
    on_air = air(SCENE, 160, 90, ticks=5)
    on_air.show.record(tmp_path / "late.mp4")
    first = on_air.ticks().shown()
    on_air.ticks(5)
    on_air.show.present.stop()
    frames = frames_of(tmp_path / "late.mp4")
    assert len(frames) == 6
    assert psnr(frames[0].to_ndarray(format="rgb24", src_colorspace="ITU709"), first) > 30


def test_a_display_that_is_not_there_cannot_be_recorded_and_those_that_are_are_named(air: Air, tmp_path: Path) -> None:
    on_air = air(SCENE + "[one.display]\n[two.display]\n", 160, 90)
    with pytest.raises(OutputError, match="cannot record 'three': there is no such display; there are one, two"):
        on_air.show.record(tmp_path / "x.mp4", "three")
