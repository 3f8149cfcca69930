"""Displays bend their picture as the arithmetic says, and overlapping projectors add up to one even light."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.display.warp import homography
from engine.errors import SceneError
from engine.geometry import Vector
from tests.shows import Air
from tests.systems.conftest import Still

Array = NDArray[Any]

SIZE = (128, 72)
CORNERS: tuple[Vector, ...] = ((0.1, 0.05), (0.85, 0.2), (0.95, 0.9), (0.02, 0.8))
PINNED = "".join(
    f"{name} = [{x}, {y}]\n"
    for name, (x, y) in zip(("top_left", "top_right", "bottom_right", "bottom_left"), CORNERS, strict=True)
)
SCENE = '[front.camera]\nsource = "still.png"\n[front.layer]\n[d.display]\ndither = false\n'


def places() -> Array:
    """Return a picture whose red is its x and whose green its y: it says of each pixel where it came from."""
    picture = np.zeros((SIZE[1], SIZE[0], 3))
    picture[..., 0] = np.linspace(0, 255, SIZE[0])[None]
    picture[..., 1] = np.linspace(0, 255, SIZE[1])[:, None]
    return np.round(picture)


def test_a_homography_is_that_of_opencv() -> None:
    square = np.array([(0, 0), (1, 0), (1, 1), (0, 1)], np.float32)
    expected = cv2.getPerspectiveTransform(square, np.array(CORNERS, np.float32))
    np.testing.assert_allclose(homography(CORNERS), expected, atol=1e-5)


def test_corners_are_pinned_as_perspective_has_it(air: Air, still: Still) -> None:
    still(places())
    shown = air(SCENE + "[d.warp]\n" + PINNED, *SIZE).shown().astype(float)
    scale = np.diag([*map(float, SIZE), 1.0])
    pixels = scale @ homography(CORNERS) @ np.linalg.inv(scale)
    shift = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])  # OpenCV's pixels have their middles at whole numbers
    expected = cv2.warpPerspective(
        places().astype(np.float32), np.linalg.inv(shift) @ pixels @ shift, SIZE, flags=cv2.INTER_LINEAR
    )
    covered = cv2.warpPerspective(np.ones((SIZE[1], SIZE[0])), np.linalg.inv(shift) @ pixels @ shift, SIZE)
    inside = cv2.erode(covered, np.ones((3, 3))) == 1
    assert inside.mean() > 0.4
    assert np.abs(shown - expected)[inside].max() < 3  # of 255 over 128 pixels: a step is 2
    assert np.abs(shown - expected)[inside].mean() < 0.5
    assert (shown[cv2.dilate(covered, np.ones((3, 3))) == 0] == 0).all()


def test_a_mesh_takes_each_point_to_its_place(air: Air, still: Still) -> None:
    still(places())
    columns, rows = 4, 3
    x, y = np.meshgrid(np.linspace(0.05, 0.95, columns), np.linspace(0.05, 0.95, rows))
    points = np.stack([x, y], axis=-1)
    points[1, 1] += (0.08, -0.1)
    points[1, 2] += (-0.05, 0.12)
    mesh = f"columns = {columns}\nrows = {rows}\npoints = {[round(float(v), 6) for v in points.ravel()]}\n"
    shown = air(SCENE + "[d.warp]\n" + mesh, *SIZE).shown().astype(float)
    for row, column in np.ndindex(rows, columns):
        px, py = points[row, column] * SIZE - 0.5
        inset = np.clip([px, py], [8, 5], np.array(SIZE) - [9, 6])
        seen = cv2.getRectSubPix(shown.astype(np.float32), (1, 1), (float(inset[0]), float(inset[1])))[0, 0]
        if (abs(inset - [px, py]) < 1e-9).all():
            assert seen[0] / 255 == pytest.approx(column / (columns - 1), abs=0.02)
            assert seen[1] / 255 == pytest.approx(row / (rows - 1), abs=0.02)


def test_an_even_warp_changes_nothing_to_be_seen(air: Air, still: Still) -> None:
    still(places())
    plain = air(SCENE, *SIZE).shown().astype(float)
    for warp in ("[d.warp]\n", "[d.warp]\ncolumns = 5\nrows = 4\n", "[d.edges]\n"):
        assert np.abs(air(SCENE + warp, *SIZE).shown() - plain).max() <= 1, warp


@pytest.mark.parametrize("gamma", [1.8, 2.2, 2.4])
@pytest.mark.parametrize("curve", [1.0, 2.0])
def test_overlapping_projectors_add_up_to_even_light(air: Air, gamma: float, curve: float) -> None:
    """Two projectors 160 wide share 64 of a wall of 256 pixels."""
    text = '[grey.fill]\ncolour = "#d0d0d0"\n[grey.layer]\n'
    for name, crop, side in (("left", "[0.0, 0.0, 0.375, 0.0]", "right"), ("right", "[0.375, 0.0, 0.0, 0.0]", "left")):
        text += f"[{name}.display]\nwidth = 160\nheight = 16\ncrop = {crop}\n"
        text += f"[{name}.edges]\n{side} = 0.4\ngamma = {gamma}\ncurve = {curve}\n"
    on_air = air(text + "[stage.stage]\nwidth = 256\nheight = 16\n")
    # Both are dithered, so that the mean of a column tells more than 8 bits.
    left, right = ((on_air.shown(name)[..., 0].astype(float) / 255) ** gamma for name in ("left", "right"))
    wall = np.zeros(256)
    wall[:160] += left.mean(axis=0)
    wall[96:] += right.mean(axis=0)
    even = (0xD0 / 255) ** gamma
    np.testing.assert_allclose(wall, even, rtol=0.012)
    assert left.mean(axis=0)[-1] < 0.02 * even
    assert np.diff(left.mean(axis=0)[96:]).max() < 0.004


@pytest.mark.parametrize(
    ("warp", "said"),
    [
        ("top_left = [0.9, 0.9]", "the corners fold the picture over"),
        ("top_left = [1.0, 0.0]\ntop_right = [0.0, 0.0]", "the corners fold the picture over"),
        ("columns = 3\npoints = [0.0, 1.0]", "a mesh of 3 × 2 has 12 numbers, not 2"),
    ],
)
def test_a_warp_that_cannot_be_is_refused(air: Air, warp: str, said: str) -> None:
    with pytest.raises(SceneError, match=said):
        air("[a.fill]\n[a.layer]\n[d.display]\n[d.warp]\n" + warp)


def test_the_test_card_shows_every_pixel_of_the_stage(air: Air) -> None:
    text = '[card.camera]\nsource = "test-card"\nwidth = 320\nheight = 180\n[card.layer]\n[d.display]\ndither = false\n'
    shown = air(text, 320, 180).shown()
    border = np.concatenate([shown[0], shown[-1], shown[:, 0], shown[:, -1]])
    assert (border == 255).all()
    ramp = shown[90, 110:210, 0].astype(int)
    assert (np.diff(ramp) >= 0).all()
    assert len({tuple(pixel) for row in shown for pixel in row}) > 100
