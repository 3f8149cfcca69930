"""A display faster than the stage shows what lies between two stages: a fade, or things on their way."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.display.target import OffscreenTarget
from tests.shows import Air, OnAir

WIDTH, HEIGHT = 320, 180
STEP_PX = 12.0
RADIUS_PX = 24.0
"""A disc that moves by a quarter of its width from stage to stage."""


def disc(x: float) -> NDArray[np.uint8]:
    """Return a textured disc before a textured wall."""
    columns, rows = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    wall = 60 + 25 * np.sin(columns / 17) * np.cos(rows / 13)
    inside = np.clip(RADIUS_PX + 0.5 - np.hypot(columns - x, rows - HEIGHT / 2), 0, 1)
    body = 190 + 40 * np.sin((columns - x) / 6) * np.sin((rows - HEIGHT / 2) / 6)
    return np.repeat((wall + inside * (body - wall)).astype(np.uint8)[..., None], 3, axis=2)


def film(path: Path, pictures: Sequence[NDArray[np.uint8]]) -> None:
    """Write pictures at 30 a second, without loss but for 8-bit YUV."""
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", Fraction(30), options={"qp": "0", "preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, "yuv444p"
        for picture in pictures:
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, "rgb24")))
        file.mux(stream.encode(None))


def scene(path: Path, fill: str, more: str = "rate_hz = 60.0") -> str:
    return (
        f'[c.camera]\nsource = "{path}"\n[c.layer]\n[stage.stage]\nwidth = {WIDTH}\nheight = {HEIGHT}\n'
        f'[wall.display]\nkind = "offscreen"\ndither = false\nfill = "{fill}"\n{more}\n'
    )


def shown(on_air: OnAir, ticks: int) -> list[NDArray[np.int64]]:
    """Go on for so many ticks; return every picture that the display shows meanwhile, one colour of it."""
    target = on_air.show.present.presenters["wall"].target
    assert isinstance(target, OffscreenTarget)
    pictures = []

    def see() -> None:
        assert isinstance(target, OffscreenTarget)
        pictures.append(on_air.show.gpu.read(target.texture)[..., 1].astype(np.int64))

    target.present = see  # type: ignore[method-assign]
    on_air.ticks(ticks)
    return pictures


@pytest.fixture
def moving(tmp_path: Path) -> Path:
    path = tmp_path / "moving.mkv"
    film(path, [disc(60 + STEP_PX * n) for n in range(12)])
    return path


def error(picture: NDArray[np.int64], x: float) -> float:
    """Return the mean error near the disc, in levels."""
    true = disc(x)[..., 0].astype(np.int64)
    left, right = max(0, int(x - 2 * RADIUS_PX)), int(x + 2 * RADIUS_PX)
    return float(np.abs(picture - true)[60:120, left:right].mean())


def test_holding_shows_each_stage_once(air: Air, moving: Path) -> None:
    assert len(shown(air(scene(moving, "hold"), WIDTH, HEIGHT), 4)) == 4


@pytest.mark.parametrize("fill", ["blend", "motion"])
def test_every_second_picture_lies_between_two_stages(air: Air, moving: Path, fill: str) -> None:
    pictures = shown(air(scene(moving, fill), WIDTH, HEIGHT, ticks=2), 4)
    assert len(pictures) == 8
    at = [min(np.arange(40, 200, 1.0), key=lambda x, p=picture: error(p, x)) for picture in pictures[1::2]]  # type: ignore[misc]
    np.testing.assert_allclose(np.diff(at), STEP_PX, atol=1.0, err_msg="whole stages come as they are")
    middles = [error(picture, x - STEP_PX / 2) for picture, x in zip(pictures[::2], at, strict=True)]
    held = [error(picture, x - STEP_PX / 2) for picture, x in zip(pictures[1::2], at, strict=True)]
    assert max(middles) < (0.4 if fill == "motion" else 1.0) * min(held), "nearer to the truth than to hold"


def test_motion_is_sharper_than_a_fade(air: Air, moving: Path) -> None:
    fade, motion = (shown(air(scene(moving, fill), WIDTH, HEIGHT, ticks=3), 1)[0] for fill in ("blend", "motion"))
    x = min(np.arange(40, 200, 0.5), key=lambda x: error(motion, x))
    assert error(motion, x) < 0.4 * min(error(fade, at) for at in np.arange(x - 8, x + 8, 0.5))


@pytest.mark.parametrize("fill", ["blend", "motion"])
def test_a_cut_stays_a_cut(air: Air, tmp_path: Path, fill: str) -> None:
    dark, bright = (np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (40, 200))
    film(tmp_path / "cut.mkv", [dark] * 4 + [bright] * 4)
    levels = [int(p.mean()) for p in shown(air(scene(tmp_path / "cut.mkv", fill), WIDTH, HEIGHT), 6)]
    assert {min((40, 200), key=lambda level, seen=seen: abs(level - seen)) for seen in levels} == {40, 200}  # type: ignore[misc]
    assert all(min(abs(level - 40), abs(level - 200)) < 4 for level in levels), "nothing in between"


def test_it_is_the_same_every_time(air: Air, moving: Path) -> None:
    first, second = (shown(air(scene(moving, "motion"), WIDTH, HEIGHT), 4) for _ in range(2))
    assert len(first) == len(second)
    assert all((a == b).all() for a, b in zip(first, second, strict=True))


def test_a_recording_has_the_displays_rate(air: Air, moving: Path, tmp_path: Path) -> None:
    on_air = air(scene(moving, "blend"), WIDTH, HEIGHT)
    on_air.show.record(tmp_path / "filled.mp4")
    on_air.ticks(8)
    on_air.show.present.stop()
    with av.open(str(tmp_path / "filled.mp4")) as file:
        assert file.streams.video[0].average_rate == 60
        assert sum(1 for _ in file.decode(video=0)) == pytest.approx(16, abs=1)


def test_its_delay_is_said(air: Air, moving: Path) -> None:
    for fill, expected_ns in (("hold", 0), ("motion", 16_666_667)):
        presenter = air(scene(moving, fill), WIDTH, HEIGHT, ticks=3).show.present.presenters["wall"]
        assert presenter.fill_delay_ns == pytest.approx(expected_ns, abs=2)
