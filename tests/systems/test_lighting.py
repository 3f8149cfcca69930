"""Light falls where it should, and where nobody asks for it a person stays as they were."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from tests.picture import decode, encode
from tests.shows import Air
from tests.systems.conftest import Still

Array = NDArray[Any]

WIDTH, HEIGHT = 192, 108
GREY = 0x80
DISC = """
[wall.fill]
colour = "{wall}"
[wall.layer]
order = 0
[front.camera]
source = "still.png"
[guest.mask]
camera = "front"
source = "key"
[guest.key]
screen = "#00b140"
[guest.layer]
order = 1
"""
INSIDE = np.hypot(*np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54)) < 36
CORE = np.hypot(*np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54)) < 12
LEFT = INSIDE & (np.arange(WIDTH) < 76)[None]
RIGHT = INSIDE & (np.arange(WIDTH) > 116)[None]


@pytest.fixture
def disc(air: Air, still: Still) -> Any:
    """Light a grey disc before a wall; return the light of the stage."""
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = (0x00, 0xB1, 0x40)
    cv2.circle(picture, (96, 54), 40, (GREY, GREY, GREY), -1)
    still(picture)

    def light(more: str = "", wall: str = "#000000") -> Array:
        return air(DISC.format(wall=wall) + more, WIDTH, HEIGHT, ticks=2).light()

    return light


def lighting(lights: float = 0.0, ambience: float = 0.0, wrap: float = 0.0) -> str:
    return f"[guest.lighting]\nlights = {lights}\nambience = {ambience}\nwrap = {wrap}\nwrap_px = 12.0\n"


def lamp(name: str = "lamp", **said: object) -> str:
    return f"[{name}.light]\n" + "".join(f"{key} = {value!r}\n" for key, value in said.items())


def off_by(found: Array, expected: Array) -> float:
    """Return the greatest difference in levels of 255, encoded."""
    return float(np.abs(255 * (encode(np.clip(found, 0, 1)) - encode(np.clip(expected, 0, 1)))).max())


def test_lighting_that_is_all_nothing_leaves_the_picture_as_it_was(disc: Any) -> None:
    plain = disc(wall="#e08040")
    lit = disc(lighting() + lamp(strength=5.0) + lamp("other", kind="ambient", strength=2.0), wall="#e08040")
    assert off_by(lit, plain) <= 1.0


def test_lamps_without_strength_leave_the_picture_as_it_was(disc: Any) -> None:
    assert off_by(disc(lighting(lights=1.0) + lamp(strength=0.0)), disc()) <= 1.0


def test_lamps_do_nothing_to_who_takes_no_light(disc: Any) -> None:
    assert off_by(disc(lamp(strength=8.0)), disc()) == 0


def test_ambient_light_brightens_all_of_a_person_alike(disc: Any) -> None:
    lit = disc(lighting(lights=1.0) + lamp(kind="ambient", strength=0.5, colour="#ff0000"))
    grey = decode(np.array(GREY / 255))
    np.testing.assert_allclose(lit[CORE], np.broadcast_to([1.5 * grey, grey, grey], lit[CORE].shape), atol=0.01)
    np.testing.assert_allclose(lit[LEFT], np.broadcast_to([1.5 * grey, grey, grey], lit[LEFT].shape), atol=0.03)


def test_half_as_willing_is_half_as_lit(disc: Any) -> None:
    plain = disc()[CORE].mean()
    whole, half = (
        disc(lighting(lights=lights) + lamp(kind="ambient", strength=0.8))[CORE].mean() for lights in (1.0, 0.5)
    )
    assert half - plain == pytest.approx((whole - plain) / 2, abs=0.003)


def test_a_lamp_at_the_left_lights_the_left(disc: Any) -> None:
    plain = disc()
    lit = disc(lighting(lights=1.0) + lamp(strength=2.0, x=0.1, y=0.5, z=0.2, colour="#ffc080")) - plain
    assert lit[LEFT].mean() > 2 * lit[RIGHT].mean()
    red, green, blue = lit[LEFT].mean(axis=0)
    expected = decode(np.array([0xFF, 0xC0, 0x80]) / 255)
    assert np.array([red, green, blue]) / red == pytest.approx(expected, abs=0.02)


def test_a_lamp_in_front_lights_the_middle(disc: Any) -> None:
    lit = disc(lighting(lights=1.0) + lamp(strength=1.0, x=0.5, y=0.5, z=0.3, reach=0.3)) - disc()
    grey = decode(np.array(GREY / 255))
    # Straight in front, as far as its reach: half its strength (the disc is not quite flat).
    assert lit[CORE].mean() == pytest.approx(0.5 * grey, rel=0.1)
    assert lit[CORE].mean() > 1.5 * lit[LEFT].mean()


def test_a_lamp_behind_is_a_rim(disc: Any) -> None:
    lit = disc(lighting(lights=1.0) + lamp(strength=8.0, x=0.9, y=0.5, z=-0.1, reach=1.0)) - disc()
    assert np.abs(lit[CORE]).max() < 0.01
    assert lit[RIGHT].max() > 0.1
    assert lit[RIGHT].max() > 5 * lit[LEFT].max()


def test_the_background_tints_a_person_and_keeps_them_as_bright(disc: Any) -> None:
    weights = np.array([0.2126, 0.7152, 0.0722])
    plain, tinted = disc(wall="#2040ff")[CORE].mean(axis=0), disc(lighting(ambience=1.0), "#2040ff")[CORE].mean(axis=0)
    assert tinted[2] > 1.5 * tinted[0]
    assert tinted @ weights == pytest.approx(plain @ weights, rel=0.05)


def test_the_background_creeps_over_the_edge_and_not_into_the_middle(disc: Any) -> None:
    plain, wrapped = disc(wall="#ffffff"), disc(lighting(wrap=1.0), "#ffffff")
    x, y = np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54)
    radius = np.hypot(x, y)
    rim, middle = (radius > 33) & (radius < 37), radius < 10
    assert (wrapped - plain)[rim].mean() > 0.02
    assert np.abs((wrapped - plain)[middle]).max() < 0.02


def test_what_is_in_front_of_a_person_gives_them_no_ambience(disc: Any) -> None:
    front = '[veil.fill]\ncolour = "#ff0000"\n[veil.place]\nx = 0.1\nscale = 0.2\n[veil.layer]\norder = 5\n'
    black = disc(lighting(ambience=1.0, wrap=1.0))
    veiled = disc(lighting(ambience=1.0, wrap=1.0) + front)
    np.testing.assert_allclose(veiled[INSIDE], black[INSIDE], atol=0.003)


def test_more_lamps_than_fit_are_said(air: Air) -> None:
    lamps = "".join(lamp(f"lamp{i}", strength=0.1) for i in range(18))
    on_air = air(lamps + '[a.fill]\ncolour = "#fff"\n[a.layer]\n')
    assert "lighting: only the first 16 of 18 lights shine" in on_air.said


def test_a_synthetic_person_with_all_lighting_off_is_as_they_were(air: Air) -> None:
    person = """
    [front.camera]
    source = "synthetic"
    width = 320
    height = 180
    [guest.mask]
    camera = "front"
    source = "truth"
    [guest.layer]
    [lamp.light]
    strength = 4.0
    """
    plain = air(person, 320, 180, ticks=4).light()
    lit = air(person + "[guest.lighting]\nlights = 0.0\nambience = 0.0\nwrap = 0.0\n", 320, 180, ticks=4).light()
    assert off_by(lit, plain) <= 1.0
