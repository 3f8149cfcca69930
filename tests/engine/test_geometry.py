"""Where pictures lie: every corner, for every fit, turn and mirror."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from engine.geometry import WHOLE, Quad, Vector, lay, stored

STAGE = (1600, 900)


def corner(quad: Quad, s: float, t: float) -> tuple[Vector, Vector]:
    """Return where the point (s, t) of a quad lies, in fractions of the target, and what it shows."""
    place = tuple(quad.origin[i] + s * quad.axis_x[i] + t * quad.axis_y[i] for i in (0, 1))
    shown = tuple(quad.uv_origin[i] + s * quad.uv_x[i] + t * quad.uv_y[i] for i in (0, 1))
    return (place[0], place[1]), (shown[0], shown[1])


def box(quad: Quad, target: tuple[int, int] = STAGE) -> tuple[float, float, float, float]:
    """Return left, top, width and height of an upright quad in pixels."""
    (left, top), _ = corner(quad, 0, 0)
    (right, bottom), _ = corner(quad, 1, 1)
    return (left * target[0], top * target[1], (right - left) * target[0], (bottom - top) * target[1])


@pytest.mark.parametrize(
    ("fit", "picture", "expected"),
    [
        ("cover", (800, 600), (0, -150, 1600, 1200)),
        ("cover", (1600, 400), (-1000, 0, 3600, 900)),
        ("contain", (800, 600), (200, 0, 1200, 900)),
        ("contain", (1600, 400), (0, 250, 1600, 400)),
        ("stretch", (800, 600), (0, 0, 1600, 900)),
        ("none", (800, 600), (400, 150, 800, 600)),
    ],
)
def test_a_picture_fits_as_its_word_says(
    fit: str, picture: tuple[int, int], expected: tuple[float, float, float, float]
) -> None:
    assert box(lay(STAGE, picture, fit=fit)) == pytest.approx(expected)  # type: ignore[arg-type]


def test_a_picture_as_large_as_the_stage_covers_it_exactly() -> None:
    np.testing.assert_allclose(lay(STAGE, STAGE), WHOLE, atol=1e-9)


def test_centre_and_scale_move_and_grow_about_the_centre() -> None:
    quad = lay(STAGE, STAGE, centre=(0.25, 0.75), scale=0.5)
    assert box(quad) == pytest.approx((0, 450, 800, 450))


def test_a_crop_shows_a_part_and_fits_that_part() -> None:
    quad = lay(STAGE, (1600, 900), crop=(0.5, 0.0, 0.0, 0.5))  # the upper right quarter
    assert box(quad) == pytest.approx((0, 0, 1600, 900))
    assert corner(quad, 0, 0)[1] == pytest.approx((0.5, 0.0))
    assert corner(quad, 1, 1)[1] == pytest.approx((1.0, 0.5))


def test_a_crop_of_everything_does_not_divide_by_nothing() -> None:
    quad = lay(STAGE, STAGE, crop=(0.5, 0.0, 0.5, 0.0))
    assert np.isfinite(np.array(quad)).all()


def test_turning_clockwise_brings_the_upper_left_corner_to_the_upper_right() -> None:
    quad = lay((100, 100), (100, 100), rotate_degrees=90)
    assert corner(quad, 0, 0)[0] == pytest.approx((1, 0))
    assert corner(quad, 1, 0)[0] == pytest.approx((1, 1))


@pytest.mark.parametrize("degrees", [0, 17, 90, 135, 260])
def test_turning_keeps_size_and_centre_in_pixels(degrees: float) -> None:
    quad = lay(STAGE, (300, 200), fit="none", centre=(0.3, 0.6), rotate_degrees=degrees)
    across = np.hypot(quad.axis_x[0] * STAGE[0], quad.axis_x[1] * STAGE[1])
    down = np.hypot(quad.axis_y[0] * STAGE[0], quad.axis_y[1] * STAGE[1])
    assert (across, down) == pytest.approx((300, 200))
    assert corner(quad, 0.5, 0.5)[0] == pytest.approx((0.3, 0.6))


@pytest.mark.parametrize(("turns", "mirrored"), list(itertools.product(range(4), (False, True))))
def test_what_is_shown_is_the_stored_picture_turned_and_then_mirrored(turns: int, mirrored: bool) -> None:
    picture = np.arange(12).reshape(3, 4)
    shown = np.rot90(picture, -turns)
    if mirrored:
        shown = shown[:, ::-1]
    height, width = shown.shape
    for y, x in itertools.product(range(height), range(width)):
        u, v = stored((x + 0.5) / width, (y + 0.5) / height, turns, mirrored)
        assert picture[int(v * 3), int(u * 4)] == shown[y, x]
    quad = lay(STAGE, (width, height), fit="stretch", quarter_turns=turns, mirrored=mirrored)
    for s, t in itertools.product((0.0, 0.3, 1.0), repeat=2):
        assert corner(quad, s, t)[1] == pytest.approx(stored(s, t, turns, mirrored))


def test_exact_means_one_texel_on_one_whole_pixel_upright() -> None:
    assert lay(STAGE, STAGE).is_exact(STAGE, STAGE)
    assert lay(STAGE, (800, 600), fit="none").is_exact(STAGE, (800, 600))
    assert lay(STAGE, STAGE, crop=(0.25, 0, 0.25, 0), fit="none").is_exact(STAGE, STAGE)
    assert not lay(STAGE, (801, 600), fit="none").is_exact(STAGE, (801, 600)), "half a pixel off"
    assert not lay(STAGE, (800, 450)).is_exact(STAGE, (800, 450)), "twice as large"
    assert not lay(STAGE, STAGE, rotate_degrees=1).is_exact(STAGE, STAGE)
    assert not lay(STAGE, STAGE, mirrored=True).is_exact(STAGE, STAGE)
    assert not lay(STAGE, STAGE, quarter_turns=2).is_exact(STAGE, STAGE)
    assert not lay((90, 90), (90, 90), quarter_turns=1).is_exact((90, 90), (90, 90))


def test_texels_a_pixel_is_how_much_smaller_it_is_shown() -> None:
    assert lay(STAGE, STAGE).texels_a_pixel(STAGE, STAGE) == pytest.approx(1)
    assert lay(STAGE, (3200, 1800)).texels_a_pixel(STAGE, (3200, 1800)) == pytest.approx(2)
    assert lay(STAGE, (400, 225)).texels_a_pixel(STAGE, (400, 225)) == pytest.approx(0.25)
    turned = lay(STAGE, (1800, 3200), quarter_turns=1, fit="stretch")
    assert turned.texels_a_pixel(STAGE, (3200, 1800)) == pytest.approx(3200 / 900)
