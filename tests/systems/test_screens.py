"""Screens found in pictures, plates, and edges that are moved or fade."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.media.picture import Picture
from engine.media.screen import find_screen
from tests.shows import Air
from tests.systems.conftest import Still
from tests.systems.test_masks import alpha_of

Array = NDArray[Any]

GREEN = (0x00, 0xB1, 0x40)
SIZE = (160, 90)


def scene(key: str, mask: str = "") -> str:
    return f"""
[front.camera]
source = "still.png"
[front.mask]
source = "key"
{mask}
[front.key]
{key}
[front.layer]
order = 1
"""


def before(screen: tuple[int, int, int], radius: int = 25) -> tuple[Array, Array]:
    """Return a picture of a disc before a screen, and its alpha."""
    width, height = SIZE
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    alpha = np.clip(0.5 + radius - np.hypot(x - 80, y - 45), 0, 1)
    return np.round(alpha[..., None] * (205, 150, 130) + (1 - alpha[..., None]) * screen), alpha


@pytest.mark.parametrize("screen", [GREEN, (20, 60, 190), (54, 190, 219), (200, 30, 150)])
def test_a_screen_of_any_colour_is_found(screen: tuple[int, int, int]) -> None:
    rgb, _ = before(screen)
    rgb[40:, 60:100] = (90, 60, 40)
    rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255)]).astype(np.uint8)
    found = find_screen(Picture(1, 0, *SIZE, "rgba", (rgba,)))
    assert found is not None
    np.testing.assert_allclose(255 * found, screen, atol=2)


def test_a_screen_is_found_in_yuv_too() -> None:
    i420: Any = cv2.cvtColor(np.full((90, 160, 3), GREEN, np.uint8), cv2.COLOR_RGB2YUV_I420)
    chroma = np.dstack([i420[90:].reshape(2, 45, 80)[0], i420[90:].reshape(2, 45, 80)[1]])
    found = find_screen(Picture(1, 0, *SIZE, "nv12", (i420[:90].copy(), chroma), matrix="bt601"))
    assert found is not None
    np.testing.assert_allclose(255 * found, GREEN, atol=4)


def test_a_room_is_no_screen() -> None:
    rng = np.random.default_rng(1)
    for rgb in (np.full((90, 160, 3), 128), rng.integers(0, 256, (90, 160, 3)), np.full((90, 160, 3), (190, 170, 150))):
        rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255)]).astype(np.uint8)
        assert find_screen(Picture(1, 0, *SIZE, "rgba", (rgba,))) is None


def test_auto_keys_as_if_the_colour_had_been_named(air: Air, still: Still) -> None:
    rgb, alpha = before((30, 70, 200))
    still(rgb)
    found, on_air = alpha_of(air, scene('screen = "auto"'), SIZE)
    assert np.abs(found - alpha).mean() < 0.01
    assert not on_air.said


def test_no_screen_is_said_once_and_nothing_is_cut_out(air: Air, still: Still) -> None:
    still(np.full((90, 160, 3), 128))
    _, on_air = alpha_of(air, scene('screen = "auto"'), SIZE, ticks=3)
    assert [words for words in on_air.said if "no screen" in words] == [
        "masks: front: no screen at the borders of the picture; nothing is cut out; name its colour with key.screen"
    ]


def test_a_plate_keys_a_screen_that_has_no_one_colour(air: Air, still: Still) -> None:
    rng = np.random.default_rng(2)
    shades = cv2.resize(rng.uniform(0.45, 1.0, (9, 16)).astype(np.float32), SIZE)[..., None]
    rgb, alpha = before(GREEN)
    empty = np.array(GREEN) * shades
    still(empty, "plate.png")
    still(np.round(alpha[..., None] * rgb + (1 - alpha[..., None]) * empty))
    errors = [
        np.abs(alpha_of(air, scene(f'screen = "#00b140"\neven = false\n{plate}'), SIZE)[0] - alpha).mean()
        for plate in ("", 'plate = "plate.png"')
    ]
    assert errors[1] < 0.012
    assert errors[1] < 0.7 * errors[0]


def test_a_plate_of_another_shape_is_told_of(air: Air, still: Still) -> None:
    rgb, _ = before(GREEN)
    still(rgb)
    still(np.full((64, 64, 3), GREEN), "plate.png")
    _, on_air = alpha_of(air, scene('plate = "plate.png"'), SIZE)
    assert any("the plate is 64×64 px, its camera 160×90" in words for words in on_air.said)


@pytest.mark.parametrize(("choke_px", "feather_px"), [(2.0, 0.0), (-3.0, 0.0), (0.0, 6.0), (0.0, -6.0)])
def test_an_edge_is_moved_and_fades_as_far_as_it_says(
    air: Air, still: Still, choke_px: float, feather_px: float
) -> None:
    rgb, _ = before(GREEN)
    still(rgb)
    moved = f"choke_px = {choke_px}\nfeather_px = {feather_px}"
    alpha, _ = alpha_of(air, scene('screen = "#00b140"', moved), SIZE)
    x, y = np.meshgrid(np.arange(SIZE[0]), np.arange(SIZE[1]))
    depth = 25 - np.hypot(x - 80, y - 45)
    for where in (-8, -4, -1, 1, 4, 8):
        ring = (np.abs(depth - where) < 0.5) & (np.abs(x - 80) > 3)
        expected = np.clip(0.5 + where - choke_px, 0, 1)
        if feather_px:
            steps = where - np.linspace(0, feather_px, 33)
            expected = np.clip(0.5 + steps, 0, 1).mean()
        assert alpha[ring].mean() == pytest.approx(expected, abs=0.14), where
