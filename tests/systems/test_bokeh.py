"""Out of focus a point is a disc, light is kept, and nothing of the person is in what lies behind them."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.picture import decode
from tests.shows import Air
from tests.systems.conftest import Still

Array = NDArray[Any]

WIDTH, HEIGHT = 192, 108
ROOM = """
[front.camera]
source = "still.png"
[room.layer]
camera = "front"
blur_px = 6.0
blur_shape = "disc"
{without}
[guest.mask]
camera = "front"
source = "key"
[guest.key]
screen = "#00b140"
"""


def blurred(air: Air, still: Still, picture: Array, without: str = "") -> Array:
    still(picture)
    return air(ROOM.format(without=without), WIDTH, HEIGHT, ticks=2).light()


def test_a_point_becomes_a_disc_and_keeps_its_light(air: Air, still: Still) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    cv2.circle(picture, (96, 54), 3, (128, 128, 128), -1)
    light = blurred(air, still, picture)[..., 0]
    away = np.hypot(*np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54))
    assert light.sum() == pytest.approx(decode(picture / 255)[..., 0].sum(), rel=0.2)
    inside, outside = light[away < 7], light[away > 18]
    assert outside.max() < 0.1 * inside.mean()
    assert inside.std() < 0.5 * inside.mean(), "as bright everywhere, unlike a Gaussian"


def test_what_is_bright_everywhere_stays_as_it_is(air: Air, still: Still) -> None:
    picture = np.full((HEIGHT, WIDTH, 3), 150, np.uint8)
    np.testing.assert_allclose(blurred(air, still, picture), decode(np.array(150 / 255)), atol=0.01)


def test_nothing_of_the_person_bleeds_into_what_is_behind(air: Air, still: Still) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = (0x00, 0xB1, 0x40)
    cv2.circle(picture, (96, 54), 30, (255, 0, 0), -1)
    away = np.hypot(*np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54))
    close = (away > 31) & (away < 38)
    with_them = blurred(air, still, picture)
    without_them = blurred(air, still, picture, 'blur_without = "guest"')
    assert with_them[close][:, 0].mean() > 0.1
    assert without_them[close][:, 0].max() < 0.03
    np.testing.assert_allclose(without_them[close][:, 1], decode(np.array(0xB1 / 255)), atol=0.03)
    under = (away > 24) & (away < 28)
    assert without_them[under][:, 1].mean() > 0.3, "the background goes on under them"


@pytest.mark.parametrize("upright", [True, False])
def test_a_line_is_seen_once_and_as_wide_as_a_disc(air: Air, still: Still, upright: bool) -> None:
    """A disc makes half an ellipse of a line's profile; samples that stand in rows would make several lines of it."""
    side = 108
    picture = np.zeros((side, side, 3), np.uint8)
    picture[:, 53:55] = 128
    still(picture if upright else np.ascontiguousarray(picture.transpose(1, 0, 2)))
    light = air(ROOM.format(without="").replace("6.0", "10.0"), side, side, ticks=2).light()[..., 0]
    profile = light[30:78].mean(axis=0) if upright else light[:, 30:78].mean(axis=1)
    ideal = np.sqrt(np.maximum(0.0, 20.0**2 - (np.arange(side) + 0.5 - 54) ** 2))
    ideal *= profile.sum() / ideal.sum()
    assert np.sqrt(np.square(profile - ideal).mean()) < 0.06 * ideal.max()
