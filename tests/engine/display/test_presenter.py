"""What a display shows of the stage: its part, its way up, its tones, and its logo."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.picture import decode, encode, save_png
from tests.shows import Air

Array = NDArray[Any]

COLOURS = {"r": (255, 0, 0), "g": (0, 255, 0), "b": (0, 0, 255), "w": (255, 255, 255), ".": (0, 0, 0)}
WIDTH, HEIGHT = 96, 54


@pytest.fixture
def quarters(tmp_path: Path) -> str:
    """A scene whose stage is red, green, blue and white: upper left, upper right, lower left, lower right."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    for index, name in enumerate("rgbw"):
        rows = slice(None, HEIGHT // 2) if index < 2 else slice(HEIGHT // 2, None)
        columns = slice(None, WIDTH // 2) if index % 2 == 0 else slice(WIDTH // 2, None)
        picture[rows, columns] = COLOURS[name]
    save_png(tmp_path / "quarters.png", picture)
    return '[front.camera]\nsource = "quarters.png"\n[front.layer]\n'


def seen(shown: Array, *points: tuple[float, float]) -> str:
    """Name the colours at points of a display, in fractions; else those in the middle of its quarters."""
    places = points or ((0.25, 0.25), (0.75, 0.25), (0.25, 0.75), (0.75, 0.75))
    names = ""
    for x, y in places:
        colour = shown[int(y * shown.shape[0]), int(x * shown.shape[1])].astype(int)
        names += min(COLOURS, key=lambda name: int(np.abs(colour - COLOURS[name]).sum()))
    return names


def test_a_display_takes_the_stages_size_unless_it_has_its_own(air: Air, quarters: str) -> None:
    on_air = air(quarters + "[one.display]\n[two.display]\nwidth = 60\nheight = 40\n", WIDTH, HEIGHT)
    assert on_air.shown("one").shape == (HEIGHT, WIDTH, 3)
    assert on_air.shown("two").shape == (40, 60, 3)
    assert seen(on_air.shown("one")) == "rgbw"


@pytest.mark.parametrize(("fit", "expected"), [("contain", ".."), ("cover", "rw"), ("stretch", "rw")])
def test_the_stage_fits_as_the_word_says(air: Air, quarters: str, fit: str, expected: str) -> None:
    shown = air(quarters + f'[d.display]\nwidth = 60\nheight = 60\nfit = "{fit}"\n', WIDTH, HEIGHT).shown()
    assert seen(shown, (0.25, 0.05), (0.75, 0.95)) == expected
    assert seen(shown, (0.25, 0.4), (0.75, 0.4), (0.25, 0.6), (0.75, 0.6)) == "rgbw"


def test_a_crop_shows_a_part_of_the_stage(air: Air, quarters: str) -> None:
    shown = air(quarters + '[d.display]\ncrop = [0.5, 0.0, 0.0, 0.5]\nfit = "stretch"\n', WIDTH, HEIGHT).shown()
    assert seen(shown) == "gggg"


@pytest.mark.parametrize(("degrees", "expected"), [(0, "rgbw"), (90, "brwg"), (180, "wbgr"), (270, "gwrb")])
def test_a_turned_display_turns_clockwise(air: Air, quarters: str, degrees: int, expected: str) -> None:
    size = (WIDTH, HEIGHT) if degrees % 180 == 0 else (HEIGHT, WIDTH)
    display = f"[d.display]\nrotate = {degrees}\nwidth = {size[0]}\nheight = {size[1]}\n"
    assert seen(air(quarters + display, WIDTH, HEIGHT).shown()) == expected


RAMP = '[a.fill]\nshape = "linear"\ncolour = "#000"\nto = "#fff"\nangle = 0.0\n[a.layer]\n'


def test_light_is_encoded_as_srgb(air: Air) -> None:
    on_air = air(RAMP + "[d.display]\ndither = false\n", 256, 16)
    expected = 255 * encode(np.clip(on_air.light(), 0, 1))
    np.testing.assert_allclose(on_air.shown(), expected, atol=0.7)


@pytest.mark.parametrize("gamma", [0.5, 1.0, 1.4, 2.2])
def test_gamma_bends_the_tones_and_keeps_black_and_white(air: Air, gamma: float) -> None:
    on_air = air(RAMP + f"[d.display]\ndither = false\ngamma = {gamma}\n", 256, 16)
    expected = 255 * encode(np.clip(on_air.light(), 0, 1)) ** (1 / gamma)
    np.testing.assert_allclose(on_air.shown(), expected, atol=1.0)
    black = air('[a.fill]\ncolour = "#000"\n[a.layer]\n[d.display]\ndither = false\n' + f"gamma = {gamma}\n").shown()
    white = air('[a.fill]\ncolour = "#fff"\n[a.layer]\n[d.display]\ndither = false\n' + f"gamma = {gamma}\n").shown()
    assert (black.max(), white.min()) == (0, 255)


def test_dither_hides_steps_and_keeps_the_mean(air: Air) -> None:
    level = 100.37
    light = float(decode(np.array(level / 255)))
    text = f'[a.fill]\ncolour = "#fff"\n[a.layer]\nopacity = {light}\n'
    plain = air(text + "[d.display]\ndither = false\n", 128, 72).shown()
    dithered = air(text + "[d.display]\n", 128, 72).shown()
    assert set(plain.ravel().tolist()) == {100}
    assert set(dithered.ravel().tolist()) == {100, 101}, "half a step of noise reaches one level up"
    assert dithered.mean() == pytest.approx(level, abs=0.06)


def test_dither_never_moves_a_pixel_by_more_than_a_step(air: Air) -> None:
    plain, dithered = (
        air(RAMP + f"[d.display]\ndither = {on}\n", 256, 32).shown().astype(int) for on in ("false", "true")
    )
    assert np.abs(dithered - plain).max() == 1
    assert np.abs((dithered - plain).mean()) < 0.05


@pytest.mark.parametrize(
    ("corner", "middle"),
    [
        ("top_left", (22, 15)),
        ("top_right", (138, 15)),
        ("bottom_left", (22, 75)),
        ("bottom_right", (138, 75)),
    ],
)
def test_a_logo_lies_in_its_corner_of_one_display_only(
    air: Air, tmp_path: Path, corner: str, middle: tuple[int, int]
) -> None:
    save_png(tmp_path / "logo.png", np.broadcast_to(np.array([255, 0, 0, 255], np.uint8), (20, 40, 4)).copy())
    text = (
        '[a.fill]\ncolour = "#0000ff"\n[a.layer]\n[one.display]\ndither = false\n[two.display]\ndither = false\n'
        f'[one.logo]\nfile = "logo.png"\ncorner = "{corner}"\nheight = 0.2\nmargin = 0.06666\n'
    )
    on_air = air(text, 160, 90)
    red = on_air.shown("one")[..., 0] > 128
    rows, columns = np.flatnonzero(red.any(axis=1)), np.flatnonzero(red.any(axis=0))
    assert (len(rows), len(columns)) == (18, 36), "a fifth of the height, as wide as the picture's shape asks"
    assert (columns.mean() + 0.5, rows.mean() + 0.5) == pytest.approx((middle[0] + 2, middle[1]), abs=4)
    distance = min(rows[0], 89 - rows[-1]), min(columns[0], 159 - columns[-1])
    assert distance == pytest.approx((6, 6), abs=1)
    assert on_air.shown("two")[..., 0].max() == 0


def test_a_logos_alpha_and_opacity_let_the_stage_through(air: Air, tmp_path: Path) -> None:
    logo = np.zeros((20, 20, 4), np.uint8)
    logo[:, :10] = (255, 0, 0, 255)
    save_png(tmp_path / "logo.png", logo)
    text = (
        '[a.fill]\ncolour = "#0000ff"\n[a.layer]\n[one.display]\ndither = false\n'
        '[one.logo]\nfile = "logo.png"\ncorner = "top_left"\nheight = 1.0\nmargin = 0.0\nopacity = 0.5\n'
    )
    shown = air(text, 90, 90).shown()
    assert shown[45, 10].tolist() == pytest.approx([128, 0, 128], abs=1)
    assert shown[45, 80].tolist() == [0, 0, 255]


def test_a_logo_that_goes_bad_on_air_is_said_and_the_display_goes_on(air: Air, tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(b"no picture")
    on_air = air('[a.fill]\ncolour = "#fff"\n[a.layer]\n[one.display]\n[one.logo]\nfile = "logo.png"\n', ticks=2)
    (said,) = on_air.said
    assert said.startswith("display one: ")
    assert said.endswith("it shows no logo")
    assert on_air.shown()[20, 20].min() >= 254


def test_every_display_presents_every_stage_where_time_steps(air: Air, quarters: str) -> None:
    on_air = air(quarters + "[a.display]\n[b.display]\n[c.display]\n", ticks=9)
    presenters = on_air.show.present.presenters.values()
    assert [presenter.presents for presenter in presenters] == [9, 9, 9]
