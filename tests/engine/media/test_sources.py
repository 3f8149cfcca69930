"""Every kind of file becomes the right pictures, or one clear sentence."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import av
import cv2
import numpy as np
import pytest

from engine.components.camera import Camera
from engine.errors import CameraError
from engine.media.picture import Picture, PictureBuffer
from engine.media.source import open_source
from tests.engine.media.videos import bars, make_still, make_video, number_of, shows_bars


def pictures(path: Path | str, said: list[str] | None = None, **camera: Any) -> list[Picture]:
    """Return all pictures of one round, each in a buffer of its own."""
    heard = list[str]() if said is None else said
    source = open_source(str(path), Camera(**camera), heard.append)
    found = []
    while (shot := source.next()) is not None:
        found.append(shot.write(PictureBuffer()))
    source.close()
    return found


def test_a_video_gives_all_its_pictures_in_order(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", count=12)
    found = pictures(tmp_path / "a.mp4")
    assert [number_of(picture) for picture in found] == list(range(12))
    assert all(picture.layout == "nv12" and shows_bars(picture) for picture in found)


def test_times_begin_at_zero_and_the_length_is_where_a_loop_goes_on(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", count=6, rate_hz=25)
    source = open_source(str(tmp_path / "a.mp4"), Camera(), list[str]().append)
    times = [shot.time_ns for shot in iter(source.next, None)]
    assert times == [index * 40_000_000 for index in range(6)]
    assert source.length_ns == 240_000_000
    assert source.interval_ns == 40_000_000
    assert source.description == "video h264, 192×128, 25 Hz, yuv420p"
    source.rewind()
    first = source.next()
    assert first is not None
    assert first.time_ns == 0
    source.close()


@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv422p", "yuv444p", "yuv420p10le"])
@pytest.mark.parametrize(("width", "height"), [(192, 128), (193, 127)])
def test_every_subsampling_and_odd_size_becomes_nv12(tmp_path: Path, pix_fmt: str, width: int, height: int) -> None:
    make_video(tmp_path / "a.mkv", count=1, width=width, height=height, pix_fmt=pix_fmt, codec="ffv1")
    (picture,) = pictures(tmp_path / "a.mkv")
    assert [plane.shape for plane in picture.planes] == [(height, width), ((height + 1) // 2, (width + 1) // 2, 2)]
    assert shows_bars(picture)


@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("pix_fmt", ["yuv420p", "yuv444p"])
def test_matrix_and_levels_come_from_the_file(tmp_path: Path, matrix: Any, full: bool, pix_fmt: str) -> None:
    make_video(tmp_path / "a.mp4", count=1, matrix=matrix, full=full, pix_fmt=pix_fmt)
    (picture,) = pictures(tmp_path / "a.mp4")
    assert (picture.matrix, picture.full_range) == (matrix, full)
    assert shows_bars(picture)


def test_the_camera_overrides_matrix_and_levels(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", count=1, matrix="bt709")
    (picture,) = pictures(tmp_path / "a.mp4", matrix="bt601", levels="full")
    assert (picture.matrix, picture.full_range) == ("bt601", True)


@pytest.mark.parametrize(("height", "matrix"), [(576, "bt601"), (578, "bt709")])
def test_an_untagged_file_is_judged_by_its_lines(tmp_path: Path, height: int, matrix: str) -> None:
    make_video(tmp_path / "a.mp4", count=1, height=height)
    assert pictures(tmp_path / "a.mp4")[0].matrix == matrix


@pytest.mark.parametrize(("degrees", "quarter_turns"), [(0, 0), (90, 3), (180, 2), (-90, 1)])
def test_rotation_is_told_not_done(tmp_path: Path, degrees: int, quarter_turns: int) -> None:
    make_video(tmp_path / "a.mp4", count=1, rotation=degrees)
    (picture,) = pictures(tmp_path / "a.mp4")
    assert picture.quarter_turns == quarter_turns
    assert (picture.width, picture.height) == (192, 128)


@pytest.mark.parametrize(
    ("name", "codec", "pix_fmt"),
    [("a.mov", "qtrle", "argb"), ("a.avi", "png", "rgba"), ("a.webm", "libvpx-vp9", "yuva420p")],
)
def test_alpha_is_kept(tmp_path: Path, name: str, codec: str, pix_fmt: str) -> None:
    options = {"cpu-used": "8"} if codec == "libvpx-vp9" else {}
    make_video(tmp_path / name, count=3, codec=codec, pix_fmt=pix_fmt, alpha=90, options=options)
    found = pictures(tmp_path / name)
    assert len(found) == 3
    for picture in found:
        assert picture.layout == "rgba"
        assert abs(int(picture.planes[0][10, 10, 3]) - 90) <= 3
        assert shows_bars(picture)


def test_sound_is_left_alone(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", count=8, sound=True)
    assert len(pictures(tmp_path / "a.mp4")) == 8


def test_a_gif_of_many_pictures_is_a_video(tmp_path: Path) -> None:
    make_video(tmp_path / "a.gif", count=4, codec="gif", pix_fmt="rgb8", rate_hz=10)
    found = pictures(tmp_path / "a.gif")
    assert [picture.layout for picture in found] == ["rgba"] * 4


@pytest.mark.parametrize(("name", "options"), [("a.mp4", {"movflags": "faststart"}), ("a.mkv", {})])
def test_a_file_cut_in_half_gives_its_first_half_and_says_so(
    tmp_path: Path, name: str, options: dict[str, str]
) -> None:
    path, said = tmp_path / name, list[str]()
    make_video(path, count=40, container_options=options, options={"crf": "4"})
    data = path.read_bytes()
    path.write_bytes(data[: len(data) * 6 // 10])
    numbers = [number_of(picture) for picture in pictures(path, said)]
    assert numbers[:6] == list(range(6))
    assert numbers == sorted(set(numbers))
    assert len(numbers) < 40
    assert any("breaks off" in text for text in said)


def test_a_hole_in_a_file_costs_only_what_was_in_it(tmp_path: Path) -> None:
    path, said = tmp_path / "a.mp4", list[str]()
    make_video(path, count=40, container_options={"movflags": "faststart"}, options={"crf": "4"})
    data = bytearray(path.read_bytes())
    middle = len(data) // 2
    data[middle : middle + 200] = b"\xff" * 200
    path.write_bytes(data)
    source = open_source(str(path), Camera(), said.append)
    shots = list(iter(source.next, None))
    times = [shot.time_ns for shot in shots]
    assert 20 < len(times) < 40
    assert times == sorted(set(times))
    assert number_of(shots[0].write(PictureBuffer())) == 0
    assert number_of(shots[-1].write(PictureBuffer())) == 39
    source.close()
    assert any("broken pictures" in text for text in said)


@pytest.mark.parametrize("suffix", ["png", "jpg", "webp", "bmp"])
def test_a_still_is_one_picture(tmp_path: Path, suffix: str) -> None:
    make_still(tmp_path / f"a.{suffix}")
    (picture,) = pictures(tmp_path / f"a.{suffix}")
    assert picture.planes[0].shape == (40, 60, 4)
    assert (picture.planes[0][..., 3] == 255).all()
    assert shows_bars(picture, tolerance=40 if suffix == "jpg" else 12)


def test_a_still_keeps_its_alpha(tmp_path: Path) -> None:
    make_still(tmp_path / "a.png", alpha=70)
    (picture,) = pictures(tmp_path / "a.png")
    assert (picture.planes[0][..., 3] == 70).all()
    assert shows_bars(picture, tolerance=0)


def test_a_still_of_16_bit_and_a_grey_one_become_8_bit_colour(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((4, 4, 3), 257 * 100, np.uint16))
    cv2.imwrite(str(tmp_path / "grey.png"), np.full((4, 4), 100, np.uint8))
    for name in ("deep.png", "grey.png"):
        (picture,) = pictures(tmp_path / name)
        assert (picture.planes[0] == (100, 100, 100, 255)).all()


def test_a_still_obeys_exif(tmp_path: Path) -> None:
    make_still(tmp_path / "a.jpg")
    data = (tmp_path / "a.jpg").read_bytes()
    tiff = b"MM\0*\0\0\0\x08" + b"\0\x01" + b"\x01\x12\0\x03\0\0\0\x01\0\x06\0\0" + b"\0\0\0\0"  # orientation 6
    exif = b"Exif\0\0" + tiff
    (tmp_path / "a.jpg").write_bytes(data[:2] + b"\xff\xe1" + (len(exif) + 2).to_bytes(2, "big") + exif + data[2:])
    (picture,) = pictures(tmp_path / "a.jpg")
    assert (picture.width, picture.height) == (40, 60)


def _nothing(path: Path) -> None:
    path.write_bytes(b"")


def _text(path: Path) -> None:
    path.write_text("not a picture\n" * 100)


def _only_sound(path: Path) -> None:
    with av.open(path, "w", format="mp4") as container:
        speaker: Any = container.add_stream("aac", 48000)
        hum = av.AudioFrame.from_ndarray(np.zeros((1, 4800), np.float32), "fltp", "mono")
        hum.sample_rate = 48000
        container.mux(speaker.encode(hum))
        container.mux(speaker.encode(None))


def _cut_off(path: Path) -> None:
    make_video(path, count=10, container_format="mp4")
    data = path.read_bytes()
    path.write_bytes(data[: len(data) // 2])  # its index was at the end


@pytest.mark.parametrize(
    ("name", "make", "message"),
    [
        ("a.mp4", _nothing, "is not a video"),
        ("a.mp4", _text, "is not a video"),
        ("a.mp4", _cut_off, "is cut off"),
        ("a.mp4", _only_sound, "has no pictures in it"),
        ("a.mp4", Path.mkdir, "is a folder"),
        ("a.mp4", lambda _path: None, "does not exist"),
        ("a.png", _nothing, "is not a picture"),
        ("a.png", _text, "is not a picture"),
    ],
)
def test_what_cannot_be_shown_is_one_sentence(
    tmp_path: Path, name: str, make: Callable[[Path], object], message: str
) -> None:
    make(tmp_path / name)
    with pytest.raises(CameraError, match=message) as caught:
        pictures(tmp_path / name)
    assert str(caught.value).startswith(str(tmp_path / name))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("source", ["device:", "device:x", "device:-1"])
def test_a_device_without_number_says_how_to_write_it(source: str) -> None:
    with pytest.raises(CameraError, match='write "device:0"'):
        open_source(source, Camera(), print)


@pytest.mark.parametrize(
    ("clip", "count", "size", "matrix", "full"),
    [
        ("asl_book.mkv", None, (640, 480), "bt601", True),
        ("comp_bbaf2n.mp4", 75, (640, 360), "bt601", False),
        ("grid_bbaf2n.mpg", 75, (360, 288), "bt601", False),
        ("thoughtful_35590.mp4", None, (640, 360), "bt601", False),
    ],
)
def test_real_clips_decode(
    media: Callable[[str], Path], clip: str, count: int | None, size: tuple[int, int], matrix: str, full: bool
) -> None:
    said = list[str]()
    found = pictures(media(f"clips/{clip}"), said)
    assert len(found) > 30
    assert count in (None, len(found))
    assert {(picture.width, picture.height) for picture in found} == {size}
    assert {(picture.matrix, picture.full_range) for picture in found} == {(matrix, full)}
    assert not said


def test_bars_read_back_as_they_were_written() -> None:
    rgba = np.dstack((bars(60, 40), np.full((40, 60), 255, np.uint8)))
    assert shows_bars(Picture(1, 0, 60, 40, "rgba", (rgba,)), tolerance=0)


# Parts of videos ------------------------------------------------------------------------------------------------------


def test_a_part_of_a_video_is_given_from_zero_at_its_own_speed(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", count=30, rate_hz=30)
    camera = Camera(from_s=0.3, to_s=0.6, speed=2.0)
    source = open_source(str(tmp_path / "a.mp4"), camera, list[str]().append)
    for _ in range(2):
        shots = list(iter(source.next, None))
        assert [number_of(shot.write(PictureBuffer())) for shot in shots] == list(range(9, 18))
        np.testing.assert_allclose([shot.time_ns for shot in shots], [i * 1e9 / 60 for i in range(9)], atol=1e5)
        assert source.length_ns == pytest.approx(0.15e9, abs=1e5)
        source.rewind()
    assert source.interval_ns == pytest.approx(1e9 / 60, abs=2)
    assert source.description == "video h264, 192×128, 30 Hz, yuv420p"
    source.close()


def test_half_speed_takes_twice_as_long(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", count=6, rate_hz=25)
    source = open_source(str(tmp_path / "a.mp4"), Camera(speed=0.5), list[str]().append)
    assert [shot.time_ns for shot in iter(source.next, None)] == [index * 80_000_000 for index in range(6)]
    assert source.length_ns == 480_000_000
    source.close()


def test_a_part_that_begins_after_the_end_is_one_sentence(tmp_path: Path) -> None:
    make_video(tmp_path / "a.mp4", count=30, rate_hz=30)
    with pytest.raises(CameraError, match=r"is over after 1\.0 s, before from_s = 4; begin earlier"):
        open_source(str(tmp_path / "a.mp4"), Camera(from_s=4.0), list[str]().append)
