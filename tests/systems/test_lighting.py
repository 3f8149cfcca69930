"""Light falls where it should, and where nobody asks for it a person stays as they were."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.component import Colour
from engine.components import Fill
from engine.errors import CameraError
from engine.gpu.light import Around, shrunk_by
from engine.media.panorama import harmonics, read_panorama
from systems.lighting import Lit
from tests.engine.gpu.harness import Harness
from tests.picture import decode, encode
from tests.shows import Air, OnAir, the_gpu
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
def harness(tmp_path: Path) -> Harness:
    return Harness(the_gpu(), tmp_path / "shaders")


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


def lighting(**said: float) -> str:
    """Return a lighting table of which all is off that is not said."""
    off = dict.fromkeys(("lights", "ambience", "rim", "matching", "wrap"), 0.0)
    return "[guest.lighting]\nwrap_px = 12.0\n" + "".join(f"{key} = {value}\n" for key, value in (off | said).items())


def lamp(name: str = "lamp", **said: object) -> str:
    return f"[{name}.light]\n" + "".join(f"{key} = {value!r}\n" for key, value in said.items())


def off_by(found: Array, expected: Array) -> float:
    """Return the greatest difference in levels of 255, encoded."""
    return float(np.abs(255 * (encode(np.clip(found, 0, 1)) - encode(np.clip(expected, 0, 1)))).max())


def test_lighting_that_is_all_nothing_leaves_the_picture_as_it_was(disc: Any) -> None:
    plain = disc(wall="#e08040")
    lit = disc(lighting() + lamp(strength=5.0) + lamp("other", kind="ambient", strength=2.0), wall="#e08040")
    np.testing.assert_array_equal(lit, plain)


def test_strength_0_leaves_the_picture_bit_exact_whatever_else_is_said(disc: Any) -> None:
    every = dict.fromkeys(("lights", "ambience", "rim", "matching", "wrap", "grain", "shadow"), 1.0)
    more = lighting(strength=0.0, exposure=-2.0, **every) + lamp(strength=5.0)
    np.testing.assert_array_equal(disc(more, wall="#e08040"), disc(wall="#e08040"))


def test_lamps_without_strength_leave_the_picture_as_it_was(disc: Any) -> None:
    np.testing.assert_array_equal(disc(lighting(lights=1.0) + lamp(strength=0.0)), disc())


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
    # Straight in front, as far as its reach: half its strength, nearly (the disc is round).
    assert lit[CORE].mean() == pytest.approx(0.5 * grey, rel=0.15)
    assert lit[CORE].mean() > 1.5 * lit[LEFT].mean()


def test_a_lamp_behind_is_a_rim(disc: Any) -> None:
    lit = disc(lighting(lights=1.0) + lamp(strength=8.0, x=0.9, y=0.5, z=-0.1, reach=1.0)) - disc()
    middle = np.hypot(*np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54)) < 4
    assert np.abs(lit[middle]).max() < 0.02
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


@pytest.mark.parametrize("wrap_px", [4.0, 12.0])
def test_a_wide_blur_is_made_of_fewer_pixels_and_looks_the_same(
    disc: Any, monkeypatch: pytest.MonkeyPatch, wrap_px: float
) -> None:
    more = lighting(wrap=0.3, lights=1.0, rim=0.3, ambience=0.5) + lamp(x=0.0, y=0.2, z=0.3, strength=2.0)
    more = more.replace("wrap_px = 12.0", f"wrap_px = {wrap_px}")
    assert shrunk_by(wrap_px) == 2, "as wide as the silhouette, the stage has its pixels"
    shrunk = disc(more, wall="#e08040")
    monkeypatch.setattr("systems.lighting.shrunk_by", lambda _: 1)
    assert 0 < off_by(shrunk, disc(more, wall="#e08040")) < 4


def test_what_is_in_front_of_a_person_gives_them_no_ambience(disc: Any) -> None:
    front = '[veil.fill]\ncolour = "#ff0000"\n[veil.place]\nx = 0.1\nscale = 0.2\n[veil.layer]\norder = 5\n'
    black = disc(lighting(ambience=1.0, wrap=1.0))
    veiled = disc(lighting(ambience=1.0, wrap=1.0) + front)
    np.testing.assert_allclose(veiled[INSIDE], black[INSIDE], atol=0.003)


def test_more_lamps_than_fit_are_said(air: Air) -> None:
    lamps = "".join(lamp(f"lamp{i}", strength=0.1) for i in range(18))
    on_air = air(lamps + '[a.fill]\ncolour = "#fff"\n[a.layer]\n')
    assert "lighting: only the first 16 of 18 lights shine" in on_air.said


# The light around --------------------------------------------------------------------------------------------------


def around_of(harness: Harness, on_air: OnAir) -> Array:
    """Return the newest estimate of the light around the guest: (11, 4)."""
    lit = on_air.show.world.get("guest", Lit)
    assert lit is not None
    assert lit.around is not None
    _, newest, _ = lit.around.rows(1 << 60)
    return np.asarray(harness.seen(lit.around.history, (11, 16))[newest], np.float64)


def split(left: str, right: str) -> str:
    """Return a wall whose halves have two colours."""
    half = '[{name}.fill]\ncolour = "{colour}"\n[{name}.layer]\norder = 0\n[{name}.place]\nx = {x}\n'
    return half.format(name="left", colour=left, x=0.0) + half.format(name="right", colour=right, x=1.0)


def test_the_light_around_is_the_harmonics_of_what_is_behind(air: Air, disc: Any, harness: Harness) -> None:  # noqa: ARG001 - its still
    on_air = air(DISC.format(wall="#000000") + split("#ff8040", "#203060") + lighting(ambience=1.0), WIDTH, HEIGHT)
    found = around_of(harness, on_air)[:9, :3]
    panorama = np.zeros((90, 360, 3), np.float32)
    bright, dark = (decode(np.array(colour) / 255) for colour in ((255, 128, 64), (32, 48, 96)))
    panorama[:, 90:180], panorama[:, 180:270] = bright, dark
    panorama[:, :90], panorama[:, 270:] = bright, dark  # what is in front mirrors what is behind
    expected = harmonics(panorama)
    np.testing.assert_allclose(found, expected, atol=0.06 * float(np.abs(expected).max()))
    assert np.abs(found[[2, 5, 7]]).max() < 1e-3, "front and back are alike"


def test_what_lies_to_the_left_lights_the_left(air: Air, disc: Any) -> None:
    plain = disc()
    scene = DISC.format(wall="#000000") + split("#ffffff", "#101010") + lighting(ambience=1.0)
    lit = air(scene, WIDTH, HEIGHT, ticks=2).light()
    assert lit[LEFT].mean() > 1.5 * lit[RIGHT].mean()
    assert lit[CORE].mean() == pytest.approx(plain[CORE].mean(), rel=0.15)


def test_a_mirrored_person_is_lit_from_the_same_side_of_the_stage(air: Air, disc: Any) -> None:  # noqa: ARG001
    scene = DISC.format(wall="#000000") + split("#ffffff", "#101010") + lighting(ambience=1.0)
    lit = air(scene + "[guest.place]\nmirror = true\n", WIDTH, HEIGHT, ticks=2).light()
    assert lit[LEFT].mean() > 1.5 * lit[RIGHT].mean()


def test_matching_draws_the_exposure_towards_what_is_behind(disc: Any) -> None:
    plain, dark, bright = (
        disc(more, wall)[CORE].mean()
        for more, wall in (("", "#303030"), (lighting(matching=1.0), "#303030"), (lighting(matching=1.0), "#ffffff"))
    )
    assert dark < 0.8 * plain
    assert bright > 1.2 * plain


def test_a_rim_is_on_the_edge_and_not_in_the_middle(disc: Any) -> None:
    rimmed = disc(lighting(rim=1.0), "#ffffff") - disc(wall="#ffffff")
    edge = (np.hypot(*np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54)) > 33) & INSIDE
    assert rimmed[edge].mean() > 0.03
    assert np.abs(rimmed[CORE]).max() < 0.01


def test_a_shadow_darkens_the_wall_below_and_never_the_person(disc: Any) -> None:
    plain, shaded = disc(wall="#ffffff"), disc(lighting(shadow=0.8), "#ffffff")
    away = np.hypot(*np.meshgrid(np.arange(WIDTH) - 96, np.arange(HEIGHT) - 54))
    ring = (away > 42) & (away < 50)
    below = ring & (np.arange(HEIGHT) > 80)[:, None]
    above = ring & (np.arange(HEIGHT) < 28)[:, None]
    assert shaded[below].mean() < 0.8 * plain[below].mean()
    assert shaded[below].mean() < shaded[above].mean() - 0.05
    np.testing.assert_allclose(shaded[CORE], plain[CORE], atol=0.01)


def test_a_spot_shines_within_its_cone(disc: Any) -> None:
    def spot(aim_x: float) -> str:
        shape = lamp(kind="spot", strength=2.0, x=0.5, y=0.5, z=1.0, reach=10.0, angle=20.0, soft=0.2, aim_x=aim_x)
        return lighting(lights=1.0) + shape

    plain = disc()
    narrow, aside = (disc(spot(aim_x)) - plain for aim_x in (0.5, 0.1))
    assert narrow[CORE].mean() > 0.2
    assert narrow[LEFT].mean() < 0.3 * narrow[CORE].mean()
    assert np.abs(aside[CORE]).max() < 0.01


def test_a_warm_lamp_is_red_and_as_bright_as_a_white_one(disc: Any) -> None:
    weights = np.array([0.2126, 0.7152, 0.0722])
    plain = disc()[CORE].mean(axis=0)
    warm, white = (
        disc(lighting(lights=1.0) + lamp(kind="ambient", strength=0.5, temperature_k=kelvin))[CORE].mean(axis=0) - plain
        for kelvin in (3200.0, 6504.0)
    )
    assert warm[0] > 2 * warm[2]
    assert white == pytest.approx(white.mean(), rel=0.02)
    assert warm @ weights == pytest.approx(white @ weights, rel=0.05)


def test_light_follows_what_moves_behind_within_its_time(air: Air, disc: Any, harness: Harness) -> None:  # noqa: ARG001
    scene = "[air.environment]\nsmooth_s = 0.5\n" + DISC.format(wall="#ff0000") + lighting(ambience=1.0)
    on_air = air(scene, WIDTH, HEIGHT, ticks=3)
    world = on_air.show.world
    before = around_of(harness, on_air)[0, 0]
    world.add("wall", Fill(colour=Colour.parse("#000000")))
    after = [around_of(harness, on_air.ticks())[0, 0] / before for _ in range(15)]
    np.testing.assert_allclose(after, np.exp(-np.arange(1, 16) / 30 / 0.5), atol=0.03)


def test_a_person_is_lit_by_the_light_of_when_the_picture_was_taken(harness: Harness) -> None:
    around = Around(harness.passes, "test")
    for index in range(40):
        encoder = harness.gpu.device.create_command_encoder()
        around.estimate(encoder, index * 1000, 0.4)
        harness.gpu.submit(encoder.finish())
    assert around.rows(39_000) == (38 % 16, 39 % 16, 1.0)
    assert around.rows(50_000) == (38 % 16, 39 % 16, 1.0)
    assert around.rows(34_250) == (34 % 16, 35 % 16, 0.25)
    row, _, between = around.rows(0)
    assert (row, between) == (24 % 16, 0.0), "the oldest that is kept"


# Panoramas -----------------------------------------------------------------------------------------------------------


def write_hdr(path: Path, light: Array) -> Path:
    assert cv2.imwrite(str(path), np.ascontiguousarray(light[..., ::-1], np.float32))
    return path


def test_harmonics_of_even_light_are_that_light_from_everywhere() -> None:
    found = harmonics(np.full((32, 64, 3), 0.7, np.float32))
    np.testing.assert_allclose(found[0] * 0.282095, 0.7, rtol=1e-4)
    np.testing.assert_allclose(found[1:], 0.0, atol=0.01)


@pytest.mark.parametrize(("turn", "index", "sign"), [(0.0, 2, -1), (90.0, 3, 1), (180.0, 2, 1), (-90.0, 3, -1)])
def test_the_middle_of_a_panorama_lies_behind_and_turns_to_the_right(turn: float, index: int, sign: int) -> None:
    panorama = np.zeros((32, 64, 3), np.float32)
    panorama[12:20, 28:36] = 1.0
    found = harmonics(panorama, turn)[1:4, 0]
    assert np.abs(found).argmax() == index - 1
    assert np.sign(found[index - 1]) == sign


def test_a_panorama_lights_a_person_from_its_side(air: Air, disc: Any, tmp_path: Path) -> None:  # noqa: ARG001
    panorama = np.full((64, 128, 3), 0.05, np.float32)
    panorama[16:40, 24:40] = (8.0, 4.0, 1.0)  # a quarter to the left of the middle
    write_hdr(tmp_path / "room.hdr", panorama)
    scene = DISC.format(wall="#808080") + '[air.environment]\nfile = "room.hdr"\n' + lighting(ambience=1.0)
    lit = air(scene, WIDTH, HEIGHT, ticks=2).light()
    assert lit[LEFT].mean() > 2 * lit[RIGHT].mean()
    assert lit[LEFT][:, 0].mean() > 1.5 * lit[LEFT][:, 2].mean()


def test_what_is_no_light_is_left_out_and_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    light = np.full((16, 32, 3), 0.5, np.float32)
    light[3, 4], light[5, 6], light[7, 8] = np.nan, np.inf, -1.0
    monkeypatch.setattr(cv2, "imread", lambda *_: light)
    said: list[str] = []
    coarse = read_panorama(tmp_path / "bad.hdr", said.append)
    np.testing.assert_allclose(coarse, 0.5, rtol=1e-5)
    assert said == ["bad.hdr: 3 pixels are no light, and are left out; make or copy it again"]
    light[:] = np.nan
    with pytest.raises(CameraError, match="holds no number that could be light"):
        read_panorama(tmp_path / "bad.hdr", said.append)


def test_a_panorama_that_is_none_is_one_line_before_the_show(air: Air, tmp_path: Path) -> None:
    (tmp_path / "room.hdr").write_bytes(b"#?RADIANCE\nnothing of the kind")
    with pytest.raises(CameraError, match=r"room\.hdr is no panorama of light; choose a Radiance file"):
        air('[a.fill]\n[a.layer]\n[air.environment]\nfile = "room.hdr"\n')
