"""Layers lie where the author puts them, in the author's order, and show what the author names."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.picture import decode, encode
from tests.shows import Air, OnAir
from tests.systems.conftest import Still

Array = NDArray[Any]

COLOURS = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255), "w": (255, 255, 255), ".": (0, 0, 0)}


def quarters(width: int, height: int, names: str = "rgbw") -> Array:
    """Return a picture of four colours: upper left, upper right, lower left, lower right."""
    picture = np.zeros((height, width, 3), np.uint8)
    halves = ((slice(0, height // 2), slice(height // 2, None)), (slice(0, width // 2), slice(width // 2, None)))
    for index, name in enumerate(names):
        picture[halves[0][index // 2], halves[1][index % 2]] = COLOURS[name]
    return picture


def seen(on_air: OnAir, points: str | list[tuple[float, float]] = "quarters") -> str:
    """Name the colours at points of the stage, in fractions; else those in the middle of its quarters."""
    light = on_air.light()
    if isinstance(points, str):
        points = [(0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75)]
    names = ""
    for x, y in points:
        colour = 255 * light[int(y * light.shape[0]), int(x * light.shape[1])]
        names += min(COLOURS, key=lambda name: float(np.abs(colour - COLOURS[name]).sum()))
    return names


def camera(source: str, layer: str = "", place: str = "", more: str = "") -> str:
    return f'[front.camera]\nsource = "{source}"\n{more}\n[front.layer]\n{layer}\n[front.place]\n{place}\n'


def fill(name: str, colour: str, layer: str = "", place: str = "") -> str:
    return f'[{name}.fill]\ncolour = "{colour}"\n[{name}.layer]\n{layer}\n[{name}.place]\n{place}\n'


# Order and opacity ----------------------------------------------------------------------------------------------------


def test_lower_orders_are_behind(air: Air) -> None:
    front, behind = fill("a", "#f00", "order = 5"), fill("b", "#0f0", "order = -2")
    assert seen(air(front + behind)) == "rrrr"


def test_equal_orders_are_drawn_as_they_stand_in_the_file(air: Air) -> None:
    assert seen(air(fill("a", "#f00") + fill("b", "#0f0"))) == "gggg"
    assert seen(air(fill("b", "#0f0") + fill("a", "#f00"))) == "rrrr"


def test_an_invisible_layer_is_not_drawn(air: Air) -> None:
    assert seen(air(fill("a", "#f00") + fill("b", "#0f0", "visible = false"))) == "rrrr"


@pytest.mark.parametrize("opacity", [0.0, 0.25, 0.5, 1.0])
def test_opacity_is_a_share_of_light(air: Air, opacity: float) -> None:
    light = air(fill("a", "#fff", f"opacity = {opacity}")).light()
    np.testing.assert_allclose(light, opacity, atol=0.001)


def test_the_stage_has_its_colour_where_no_layer_is(air: Air) -> None:
    light = air('[stage.stage]\nwidth = 32\nheight = 18\ncolour = "#336699"\n').light()
    np.testing.assert_allclose(255 * encode(light), np.broadcast_to([0x33, 0x66, 0x99], light.shape), atol=0.2)


def test_a_cameras_picture_comes_out_as_it_went_in(air: Air, still: Still) -> None:
    picture = np.random.default_rng(1).integers(0, 256, (54, 96, 3))
    still(picture)
    shown = air(camera("still.png") + "[d.display]\ndither = false\n").shown()
    np.testing.assert_array_equal(shown, picture)


def test_a_stills_alpha_shows_what_is_behind(air: Air, still: Still) -> None:
    picture = np.zeros((54, 96, 4))
    picture[...] = (255, 0, 0, 0)
    picture[:, :48, 3] = 128
    still(picture)
    light = air(fill("b", "#00f") + camera("still.png", "order = 1")).light()
    np.testing.assert_allclose(light[:, 10], np.broadcast_to([128 / 255, 0, 1 - 128 / 255], (54, 3)), atol=0.002)
    np.testing.assert_allclose(light[:, 90], np.broadcast_to([0, 0, 1], (54, 3)), atol=0.002)


# Place ----------------------------------------------------------------------------------------------------------------


def test_a_picture_is_upright(air: Air, still: Still) -> None:
    still(quarters(96, 54))
    assert seen(air(camera("still.png"))) == "rgbw"


def test_x_and_y_are_the_centre(air: Air, still: Still) -> None:
    still(quarters(96, 54, "rrrr"))
    assert seen(air(camera("still.png", place="x = 0.25\ny = 0.25\nscale = 0.5"))) == "r..."
    assert seen(air(camera("still.png", place="x = 0.75\ny = 0.75\nscale = 0.5"))) == "...r"


def test_fits_differ_as_their_words_say(air: Air, still: Still) -> None:
    still(quarters(54, 54, "rgbw"))
    edges = [(0.02, 0.5), (0.98, 0.5), (0.5, 0.02), (0.5, 0.98)]
    assert seen(air(camera("still.png", place='fit = "contain"')), edges[:2]) == ".."
    assert seen(air(camera("still.png", place='fit = "stretch"')), [(0.02, 0.02), (0.98, 0.98)]) == "rw"
    assert seen(air(camera("still.png", place='fit = "cover"')), [(0.02, 0.02), (0.98, 0.98)]) == "rw"
    still(quarters(20, 20, "rgbw"), "small.png")
    small = air(camera("small.png", place='fit = "none"'))
    light = small.light().sum(axis=2) > 0.5
    assert (light.any(axis=1).sum(), light.any(axis=0).sum()) == (20, 20)


def test_a_crop_cuts_off_and_the_rest_is_fitted(air: Air, still: Still) -> None:
    still(quarters(96, 54))
    assert seen(air(camera("still.png", place="crop = [0.5, 0.0, 0.0, 0.5]"))) == "gggg"
    assert seen(air(camera("still.png", place="crop = [0.0, 0.5, 0.0, 0.0]\nfit = 'stretch'"))) == "bwbw"


@pytest.mark.parametrize(("degrees", "expected"), [(0, "rgbw"), (90, "brwg"), (180, "wbgr"), (-90, "gwrb")])
def test_a_turned_layer_turns_clockwise(air: Air, still: Still, degrees: int, expected: str) -> None:
    still(quarters(64, 64))
    assert seen(air(camera("still.png", place=f"rotate = {degrees}"), 64, 64)) == expected


@pytest.mark.parametrize(("degrees", "expected"), [(0, "rgbw"), (90, "brwg"), (180, "wbgr"), (270, "gwrb")])
def test_a_turned_camera_turns_clockwise_and_fits_again(air: Air, still: Still, degrees: int, expected: str) -> None:
    still(quarters(96, 54))
    size = (96, 54) if degrees % 180 == 0 else (54, 96)
    assert seen(air(camera("still.png", more=f"rotate = {degrees}"), *size)) == expected


def test_mirrors_of_camera_and_layer_undo_each_other(air: Air, still: Still) -> None:
    still(quarters(96, 54))
    assert seen(air(camera("still.png", more="mirror = true"))) == "grwb"
    assert seen(air(camera("still.png", place="mirror = true"))) == "grwb"
    assert seen(air(camera("still.png", place="mirror = true", more="mirror = true"))) == "rgbw"


def test_a_turned_camera_is_mirrored_as_it_is_seen(air: Air, still: Still) -> None:
    still(quarters(96, 54))
    assert seen(air(camera("still.png", more="rotate = 90\nmirror = true"), 54, 96)) == "rbgw"


def test_a_fill_is_placed_as_a_picture_is(air: Air) -> None:
    assert seen(air(fill("a", "#f00", place="x = 0.25\ny = 0.75\nscale = 0.5"))) == "..r."


def test_a_gradient_goes_from_one_colour_to_the_other_in_light(air: Air) -> None:
    text = '[a.fill]\nshape = "{}"\ncolour = "#fff"\nto = "#000"\nangle = {}\n[a.layer]\n'
    right = air(text.format("linear", 0.0), 100, 50).light()[..., 0]
    np.testing.assert_allclose(right[25], 1 - (np.arange(100) + 0.5) / 100, atol=0.002)
    down = air(text.format("linear", 90.0), 100, 50).light()[..., 0]
    np.testing.assert_allclose(down[:, 25], 1 - (np.arange(50) + 0.5) / 50, atol=0.002)
    radial = air(text.format("radial", 0.0), 100, 50).light()[..., 0]
    assert radial[25, 50] > 0.97
    assert radial[25, 25] == pytest.approx(radial[25, 74], abs=0.01)
    assert radial[0, 0] == 0


def test_a_layer_may_draw_another_entitys_camera(air: Air, still: Still) -> None:
    still(quarters(96, 54))
    text = '[front.camera]\nsource = "still.png"\n'
    text += '[a.layer]\ncamera = "front"\n[a.place]\nx = 0.25\ny = 0.25\nscale = 0.5\n'
    text += '[b.layer]\ncamera = "front"\n[b.place]\nx = 0.75\ny = 0.75\nscale = 0.5\nmirror = true\n'
    eighths = [(0.125, 0.125), (0.375, 0.125), (0.625, 0.625), (0.875, 0.625)]
    assert seen(air(text), eighths) == "rggr"


# Blur and parallax ----------------------------------------------------------------------------------------------------


def test_a_blurred_picture_is_soft_and_as_bright(air: Air, still: Still) -> None:
    picture = np.zeros((54, 96, 3), np.uint8)
    picture[:, 32:64] = 255
    still(picture)
    sharp = air(camera("still.png")).light()[27, :, 0]
    soft = air(camera("still.png", "blur_px = 6.0")).light()[27, :, 0]
    assert np.abs(np.diff(sharp)).max() == pytest.approx(1, abs=0.01)
    assert np.abs(np.diff(soft)).max() < 0.1
    assert soft.mean() == pytest.approx(sharp.mean(), abs=0.01)
    assert soft[32] == pytest.approx(0.5, abs=0.05)


def test_a_wide_blur_of_a_camera_keeps_its_light(air: Air, still: Still) -> None:
    rng = np.random.default_rng(2)
    picture = np.repeat(np.repeat(rng.integers(0, 256, (9, 16, 3)), 12, 0), 12, 1)
    still(picture)
    light = air(camera("still.png", "blur_px = 20.0"), 192, 108).light()
    expected = cv2.GaussianBlur(decode(picture / 255), (161, 161), 20.0, borderType=cv2.BORDER_REPLICATE)
    assert np.abs(light - expected).mean() < 0.03
    assert np.abs(light - expected).max() < 0.06


def middle(light: Array) -> float:
    """Return the centre of what is bright, across, in fractions."""
    columns = light[..., 0].sum(axis=0)
    return float((columns * (np.arange(len(columns)) + 0.5)).sum() / columns.sum() / len(columns))


@pytest.mark.parametrize("depth", [-0.5, 0.0, 0.5, 1.0])
def test_layers_move_against_the_viewpoint_as_far_as_they_are_deep(air: Air, depth: float) -> None:
    text = fill("a", "#fff", place=f"scale = 0.2\ndepth = {depth}")
    text += "[eye.viewpoint]\nsway_x = 0.1\nperiod_s = 4.0\n"
    on_air = air(text, 192, 108)
    assert middle(on_air.light()) == pytest.approx(0.5, abs=0.002)
    on_air.ticks(30)  # a quarter of the period: swayed to the right as far as it goes
    assert middle(on_air.light()) == pytest.approx(0.5 - 0.1 * depth, abs=0.003)


@pytest.mark.parametrize("drawn", ["fill", "picture"])
def test_layers_move_up_and_down_as_far_as_they_are_deep_too(air: Air, still: Still, drawn: str) -> None:
    still(np.full((54, 96, 3), 255, np.uint8))
    place = "scale = 0.2\ndepth = 0.5"
    text = fill("a", "#fff", place=place) if drawn == "fill" else camera("still.png", place=place)
    text += "[eye.viewpoint]\nsway_y = 0.2\nperiod_s = 2.0\n"
    light = air(text, 192, 108).ticks(30).light()  # half the period: as low as it goes
    assert middle(light.transpose(1, 0, 2)) == pytest.approx(0.4, abs=0.005)


def test_a_picture_takes_part_in_parallax_too(air: Air, still: Still) -> None:
    still(np.full((54, 96, 3), 255, np.uint8))
    text = camera("still.png", place="scale = 0.3\ndepth = 1.0")
    text += "[eye.viewpoint]\nsway_x = 0.1\nperiod_s = 4.0\n"
    on_air = air(text, 192, 108).ticks(30)
    assert middle(on_air.light()) == pytest.approx(0.4, abs=0.003)
