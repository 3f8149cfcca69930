"""Colours are graded as the formulas say: exposure, white balance, look-up tables, tone curves; and nothing bands."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.errors import CameraError, LutError
from engine.gpu.grading import white_balance
from engine.media.cube import read_cube
from engine.media.stills import sane_light
from engine.temperature import light_of
from tests.picture import decode, encode
from tests.shows import Air
from tests.systems.conftest import Still

Array = NDArray[Any]

LEVELS = np.round(np.linspace(0, 255, 16)).astype(int)


def colours() -> Array:
    """Return every colour of a grid of 16 levels, as a picture (64, 64, 3)."""
    return np.stack(np.meshgrid(LEVELS, LEVELS, LEVELS), axis=-1).reshape(64, 64, 3)


def graded(grade: str) -> str:
    return f'[front.camera]\nsource = "still.png"\n[front.layer]\n[front.grade]\n{grade}\n'


def write_cube(path: Path, side: int, look: Callable[[Array], Array], low: float = 0.0, high: float = 1.0) -> None:
    axis = np.linspace(low, high, side)
    blue, green, red = np.meshgrid(axis, axis, axis, indexing="ij")
    rows = look(np.stack([red, green, blue], axis=-1).reshape(-1, 3))
    text = f'TITLE "a look"\n# made by a test\nLUT_3D_SIZE {side}\n'
    text += f"DOMAIN_MIN {low} {low} {low}\nDOMAIN_MAX {high} {high} {high}\n"
    path.write_text(text + "\n".join(" ".join(f"{v:.6f}" for v in row) for row in rows), encoding="utf-8")


def trilinear(table: Array, encoded: Array, low: float = 0.0, high: float = 1.0) -> Array:
    """Look colours (…, 3) up in a table (blue, green, red, 3)."""
    side = len(table)
    at = np.clip((encoded - low) / (high - low), 0, 1) * (side - 1)
    first = np.minimum(at.astype(int), side - 2)
    share = at - first
    found = np.zeros_like(encoded, dtype=float)
    for corner in np.ndindex(2, 2, 2):
        index = first + np.array(corner)
        weight = np.prod(np.where(np.array(corner) == 1, share, 1 - share), axis=-1, keepdims=True)
        found += weight * table[index[..., 2], index[..., 1], index[..., 0]]
    return found


def teal_and_orange(rgb: Array) -> Array:
    mixed: Array = rgb @ np.array([[1.0, 0.1, -0.1], [0.05, 0.8, 0.2], [-0.2, 0.1, 0.9]]) + np.array([0.05, 0, -0.02])
    return np.clip(mixed, 0, 1)


def test_no_grade_and_a_neutral_grade_are_bit_for_bit_the_same(air: Air, still: Still) -> None:
    still(colours())
    plain = air(graded("").replace("[front.grade]", ""), 64, 64).light()
    np.testing.assert_array_equal(air(graded("exposure = 0.0"), 64, 64).light(), plain)


@pytest.mark.parametrize("stops", [-2.0, 1.0])
def test_exposure_is_stops_of_light(air: Air, still: Still, stops: float) -> None:
    still(colours())
    light = air(graded(f"exposure = {stops}"), 64, 64).light()
    np.testing.assert_allclose(light, decode(colours() / 255) * 2**stops, rtol=2e-3, atol=1e-4)


def test_white_balance_makes_the_light_of_its_temperature_white() -> None:
    for kelvin in (2000.0, 3200.0, 5000.0, 9000.0):
        balanced = np.array(white_balance(kelvin, 0.0)) @ np.array(light_of(kelvin))
        np.testing.assert_allclose(balanced / balanced[1], 1.0, atol=2e-3)
    np.testing.assert_allclose(white_balance(6504.0, 0.0), np.eye(3), atol=1e-9)
    for kelvin in (3200.0, 6504.0):
        more, less = (np.array(white_balance(kelvin, tint)) @ np.ones(3) for tint in (0.5, -0.5))
        assert more[1] / (more[0] + more[2]) < less[1] / (less[0] + less[2])


def test_white_balance_is_its_matrix_on_light(air: Air, still: Still) -> None:
    still(colours())
    light = air(graded("temperature_k = 4800.0\ntint = 0.3"), 64, 64).light()
    expected = np.maximum(decode(colours() / 255) @ np.array(white_balance(4800.0, 0.3)).T, 0)
    np.testing.assert_allclose(light, expected, rtol=3e-3, atol=3e-4)


@pytest.mark.parametrize(("side", "low", "high"), [(2, 0.0, 1.0), (17, 0.0, 1.0), (33, -0.2, 1.3)])
def test_a_cube_is_looked_up_trilinearly(
    air: Air, still: Still, tmp_path: Path, side: int, low: float, high: float
) -> None:
    still(colours())
    write_cube(tmp_path / "look.cube", side, lambda rgb: teal_and_orange(rgb) ** 1.2, low, high)
    light = air(graded('lut = "look.cube"'), 64, 64).light()
    table = read_cube(tmp_path / "look.cube").table.astype(float)
    expected = np.clip(trilinear(table, colours() / 255, low, high), 0, 1)
    np.testing.assert_allclose(255 * encode(np.clip(light, 0, 1)), 255 * expected, atol=1.0)
    half = air(graded('lut = "look.cube"\nlut_share = 0.5'), 64, 64).light()
    np.testing.assert_allclose(255 * encode(np.clip(half, 0, 1)), 255 * (expected + colours() / 255) / 2, atol=1.0)


def test_curves_are_looked_up_by_channel(air: Air, still: Still, tmp_path: Path) -> None:
    still(colours())
    rows = [(v**0.5, v, 1 - v) for v in np.linspace(0, 1, 1024)]
    text = "LUT_1D_SIZE 1024\n" + "\n".join(" ".join(f"{v:.7f}" for v in row) for row in rows)
    (tmp_path / "curves.cube").write_text(text, encoding="utf-8")
    light = air(graded('lut = "curves.cube"'), 64, 64).light()
    v = colours() / 255
    expected = np.stack(
        [np.interp(v[..., 0], np.linspace(0, 1, 1024), [r[0] for r in rows]), v[..., 1], 1 - v[..., 2]], -1
    )
    np.testing.assert_allclose(255 * encode(np.clip(light, 0, 1)), 255 * expected, atol=1.0)


def test_a_display_is_graded_alone(air: Air, still: Still, tmp_path: Path) -> None:
    still(colours())
    write_cube(tmp_path / "look.cube", 9, teal_and_orange)
    text = '[front.camera]\nsource = "still.png"\n[front.layer]\n'
    text += '[plain.display]\ndither = false\n[wall.display]\ndither = false\n[wall.grade]\nlut = "look.cube"\n'
    on_air = air(text, 64, 64)
    np.testing.assert_array_equal(on_air.shown("plain"), colours())
    expected = 255 * trilinear(read_cube(tmp_path / "look.cube").table.astype(float), colours() / 255)
    np.testing.assert_allclose(on_air.shown("wall"), expected, atol=1.0)


@pytest.mark.parametrize("tone", ["clip", "reinhard", "aces"])
def test_a_tone_curve_is_its_formula(air: Air, still: Still, tone: str) -> None:
    still(colours())
    text = graded("exposure = 2.0") + f'[d.display]\ndither = false\ntone = "{tone}"\n'
    shown = air(text, 64, 64).shown()
    light = 4 * decode(colours() / 255)
    brightness = light @ np.array([0.2126, 0.7152, 0.0722])
    expected = {
        "clip": light,
        "reinhard": light * ((1 + brightness / 16) / (1 + brightness))[..., None],
        "aces": light * (2.51 * light + 0.03) / (light * (2.43 * light + 0.59) + 0.14),
    }[tone]
    np.testing.assert_allclose(shown, 255 * encode(np.clip(expected, 0, 1)), atol=1.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("hello", "is no look-up table"),
        ("", "is no look-up table"),
        ("LUT_3D_SIZE 2\n0 0 0\n", "holds 1 colours, not 8"),
        ("LUT_3D_SIZE 500\n", "a size of 500 cannot be read"),
        ("LUT_3D_SIZE two\n", "is not understood"),
        ("LUT_1D_SIZE 2\n0 0 0\n1 1\n", r"look\.cube:3: '1 1' is not understood"),
        ("LUT_1D_SIZE 2\n0 0 0\nnan 1 1\n", "no numbers"),
        ("LUT_1D_SIZE 2\nDOMAIN_MIN 1 1 1\n0 0 0\n1 1 1\n", "DOMAIN_MIN must be below"),
    ],
)
def test_what_is_no_table_is_said_in_a_line(tmp_path: Path, text: str, said: str) -> None:
    (tmp_path / "look.cube").write_text(text, encoding="utf-8")
    with pytest.raises(LutError, match=said) as caught:
        read_cube(tmp_path / "look.cube")
    assert "\n" not in str(caught.value)


def test_a_bad_table_on_air_is_said_and_the_last_grade_stays(air: Air, still: Still, tmp_path: Path) -> None:
    still(colours())
    write_cube(tmp_path / "look.cube", 5, lambda rgb: 1 - rgb)
    on_air = air(graded('lut = "look.cube"'), 64, 64)
    before = on_air.light()
    (tmp_path / "bad.cube").write_bytes(bytes(range(256)))
    from engine.components import Grade

    on_air.show.change("front", Grade(lut=str(tmp_path / "bad.cube")))
    for _ in range(50):
        on_air.ticks()
        if on_air.said:
            break
        time.sleep(0.02)
    np.testing.assert_array_equal(on_air.ticks().light(), before)
    assert any("bad.cube" in said and "the last grade stays" in said for said in on_air.said)


def test_a_picture_of_light_is_brighter_than_white_and_sane(air: Air, tmp_path: Path) -> None:
    light = np.full((54, 96, 3), 3.0, np.float32)
    light[:, 48:] = (0.5, 0.25, 0.125)
    cv2.imwrite(str(tmp_path / "sky.hdr"), light[..., ::-1])
    text = '[sky.camera]\nsource = "sky.hdr"\n[sky.layer]\n[d.display]\ndither = false\ntone = "reinhard"\n'
    on_air = air(text, 96, 54)
    np.testing.assert_allclose(on_air.light(), light, rtol=0.01)
    assert on_air.shown()[20, 20, 0] < 250
    said: list[str] = []
    light[3, 4] = (np.nan, 1, 1)
    light[5, 6] = (np.inf, 1, 1)
    light[7, 8] = (-1, 1, 1)
    light[9, 10] = 1e9
    sane = sane_light(light, "sky.hdr", said.append)
    assert said == ["sky.hdr: 3 pixels are no light, and are black; make or copy it again"]
    assert np.isfinite(sane.astype(np.float16)).all()
    assert (sane[3, 4] == 0).all()


def test_a_picture_that_is_too_large_is_made_smaller_and_that_is_said(air: Air, still: Still) -> None:
    still(np.full((16, 20_000, 3), (255, 0, 0)), "wide.png")
    on_air = air('[front.camera]\nsource = "wide.png"\n[front.layer]\n')
    np.testing.assert_allclose(on_air.light()[27, 48], [1, 0, 0], atol=0.002)
    assert on_air.said == ["camera front: wide.png has 20000×16 px; it is shown with 8192×7"]


def test_a_broken_picture_of_light_is_refused_before_the_show(air: Air, tmp_path: Path) -> None:
    (tmp_path / "sky.hdr").write_bytes(b"#?RADIANCE\nFORMAT=32-bit_rle_rgbe\n\n-Y 54 +X 96\n\x02\x02")
    with pytest.raises(CameraError, match=r"sky\.hdr is no picture of light, or is cut off"):
        air('[sky.camera]\nsource = "sky.hdr"\n[sky.layer]\n')
