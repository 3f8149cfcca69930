"""A time code is read after all that a show does to a picture, and never read wrongly."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from engine.components.camera import Camera
from engine.media.backdrop import backdrop
from engine.media.picture import Picture, PictureBuffer
from engine.media.recording import VideoFile
from engine.media.synthetic import Synthetic
from engine.media.timecode import AREA, PERIOD_MS, Area, Pixels, decode, draw
from tests.shows import Air, airing

SIZE = (640, 360)

TIMES_MS = (0, 1, 33, 1234, 65_535, 3_600_000, 123_456_789, PERIOD_MS - 1)


def coded(time_ms: int, size: tuple[int, int] = SIZE) -> Pixels:
    """The room with a time code."""
    rgba = backdrop("room", *size, 1)
    draw(rgba, time_ms * 1_000_000)
    return rgba


@pytest.mark.parametrize("time_ms", TIMES_MS)
def test_what_was_drawn_is_read(time_ms: int) -> None:
    assert decode(coded(time_ms)) == time_ms


@pytest.mark.parametrize("size", [(1920, 1080), (1280, 720), (720, 1280), (333, 217), (160, 90)])
def test_any_size_will_do(size: tuple[int, int]) -> None:
    assert decode(coded(1234, size)) == 1234


def test_milliseconds_are_whole_ones_that_are_over_and_begin_again_in_the_end() -> None:
    rgba = backdrop("room", *SIZE, 1)
    draw(rgba, 1_999_999)
    assert decode(rgba) == 1
    draw(rgba, PERIOD_MS * 1_000_000 + 5_000_000)
    assert decode(rgba) == 5


@pytest.mark.parametrize("size", [(1280, 720), (1000, 700), (320, 180), (160, 90)])
@pytest.mark.parametrize("how", [cv2.INTER_LINEAR, cv2.INTER_AREA, cv2.INTER_NEAREST, cv2.INTER_CUBIC])
def test_scaling(size: tuple[int, int], how: int) -> None:
    assert decode(np.asarray(cv2.resize(coded(1234), size, interpolation=how), np.uint8)) == 1234


def test_a_crop_of_a_known_area() -> None:
    cropped = coded(1234)[10:300, 40:630]
    crop = (40 / 640, 10 / 360, 10 / 640, 60 / 360)
    assert decode(cropped, AREA.within(crop)) == 1234
    only = coded(1234)[AREA.box_px(*SIZE)[1] : AREA.box_px(*SIZE)[3], AREA.box_px(*SIZE)[0] : AREA.box_px(*SIZE)[2]]
    assert decode(only, Area(0, 0, 1, 1)) == 1234


@pytest.mark.parametrize("shift_px", [-4, 4])
def test_a_strip_that_lies_a_little_beside(shift_px: int) -> None:
    assert decode(np.roll(coded(1234), shift_px, axis=1)) == 1234


@pytest.mark.parametrize("gamma", [0.4, 1.0, 2.4])
def test_gamma_and_contrast(gamma: float) -> None:
    bent = 40 + 130 * (coded(1234) / 255.0) ** gamma
    assert decode(bent.astype(np.uint8)) == 1234


def test_blur_and_noise() -> None:
    cell_px = SIZE[0] * 0.75 / 24
    blurred = cv2.GaussianBlur(coded(1234), (0, 0), cell_px / 3)
    noisy = blurred + np.random.default_rng(1).normal(0, 20, blurred.shape)
    assert decode(np.clip(noisy, 0, 255).astype(np.uint8)) == 1234


@pytest.mark.parametrize("layout", [cv2.COLOR_RGBA2YUV_I420, cv2.COLOR_RGBA2YUV_YV12])
def test_luma_of_limited_range_is_enough(layout: int) -> None:
    yuv = np.asarray(cv2.cvtColor(coded(1234), layout), np.uint8)
    assert decode(yuv[: SIZE[1]]) == 1234


def test_a_recording_is_read_picture_by_picture(tmp_path: Path) -> None:
    file = VideoFile(tmp_path / "coded.mp4", *SIZE, 30.0)
    times_ms = [round(index * 1000 / 30) for index in range(10)]
    for index, time_ms in enumerate(times_ms):
        i420 = np.asarray(cv2.cvtColor(coded(time_ms), cv2.COLOR_RGBA2YUV_I420), np.uint8)
        file.write(i420, round(index * 1e9 / 30))
    file.close()
    with av.open(str(file.path)) as container:
        pictures = [np.asarray(frame.to_ndarray(format="rgb24"), np.uint8) for frame in container.decode(video=0)]
    assert [decode(picture) for picture in pictures] == times_ms


# What is not there is not read ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "picture",
    [
        backdrop("room", *SIZE, 1),
        np.zeros((360, 640, 4), np.uint8),
        np.full((360, 640), 255, np.uint8),
        np.random.default_rng(1).integers(0, 256, (360, 640, 3), np.uint8),
        np.zeros((8, 8), np.uint8),
    ],
    ids=["room", "black", "white", "noise", "tiny"],
)
def test_a_picture_without_one(picture: Pixels) -> None:
    assert decode(picture) is None


@pytest.mark.parametrize("axes", [0, 1, (0, 1)])
def test_mirrored_or_turned(axes: Any) -> None:
    assert decode(np.ascontiguousarray(np.flip(coded(1234), axes)), AREA) is None
    box = Area(0, 0, 1, 1)
    left, top, right, bottom = AREA.box_px(*SIZE)
    only = coded(1234)[top:bottom, left:right]
    assert decode(np.ascontiguousarray(np.flip(only, axes)), box) is None


@pytest.mark.parametrize("share", [0.4, 0.5, 0.6])
def test_two_pictures_mixed(share: float) -> None:
    mixed = share * coded(1234) + (1 - share) * coded(1267)
    assert decode(mixed.astype(np.uint8)) is None


def test_two_pictures_torn() -> None:
    torn = coded(0xABCDEF)
    middle = (AREA.box_px(*SIZE)[1] + AREA.box_px(*SIZE)[3]) // 2
    torn[middle:] = coded(0xFEDCBA)[middle:]
    assert decode(torn) is None


def test_any_wrong_cell() -> None:
    left, top, right, bottom = AREA.box_px(*SIZE)
    wide, high = (right - left) / 24, (bottom - top) / 2
    for row in range(2):
        for column in range(24):
            wrong = coded(1234)
            box = np.s_[
                round(top + row * high) : round(top + (row + 1) * high),
                round(left + column * wide) : round(left + (column + 1) * wide),
                :3,
            ]
            wrong[box] = 255 - wrong[box]
            assert decode(wrong) is None


# In a show -----------------------------------------------------------------------------------------------------------


def test_the_synthetic_camera_shows_one_only_when_asked() -> None:
    def picture(**more: Any) -> Picture:
        camera = Camera(width=320, height=180, **more)
        source = Synthetic(camera)
        picture = source.picture_at(0, PictureBuffer())
        source.stamp(picture, 1_234_000_000)
        return picture

    plain, shown = picture(), picture(timecode=True)
    assert decode(plain.planes[0]) is None
    assert decode(shown.planes[0]) == 1234
    left, top, right, bottom = AREA.box_px(320, 180)
    assert shown.truth is not None
    assert (shown.truth[top:bottom, left:right] == 255).all()
    shown.planes[0][top:bottom, left:right] = plain.planes[0][top:bottom, left:right]
    assert (shown.planes[0] == plain.planes[0]).all()


@pytest.fixture
def air(tmp_path: Path) -> Iterator[Air]:
    """Put a scene on air, headless, on a clock that steps."""
    yield from airing(tmp_path)


SCENE = """
[front.camera]
source = "synthetic"
width = 320
height = 180
backdrop = "{backdrop}"
timecode = true
{cut}
[screen.display]
[small.display]
width = 160
height = 90
gamma = 1.2
[cropped.display]
crop = [0.05, 0.0, 0.1, 0.2]
"""

CUTS = {
    "plain": '[whole.layer]\ncamera = "front"',
    "key": '[guest.mask]\ncamera = "front"\nsource = "key"\n[guest.key]\n[guest.layer]',
    "truth": '[guest.mask]\ncamera = "front"\nsource = "truth"\n[guest.layer]',
}


@pytest.mark.parametrize(
    ("backdrop", "cut"),
    [("room", "plain"), ("green", "key"), ("room", "truth"), ("green", "truth")],
)
def test_every_display_shows_when_its_picture_was_taken(air: Air, backdrop: str, cut: str) -> None:
    on_air = air(SCENE.format(backdrop=backdrop, cut=CUTS[cut]), 320, 180, ticks=8)
    expected = round(7 * 1000 / 30)
    areas = {"screen": AREA, "small": AREA, "cropped": AREA.within((0.05, 0.0, 0.1, 0.2))}
    found = {display: decode(on_air.shown(display), area) for display, area in areas.items()}
    assert all(time_ms is not None and abs(time_ms - expected) <= 1 for time_ms in found.values()), found
