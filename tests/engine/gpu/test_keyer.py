"""A key's formulas against numpy, and its stages on a painted screen whose truth is known."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components import Key, Mask
from engine.gpu.keyer import Keyer
from engine.gpu.planes import Planes
from engine.gpu.tiles import AROUND, CALM, EDGE, KEY, PAST, SOLID, Tiles
from engine.media.picture import Picture
from systems.masks import Matte
from tests.engine.gpu.harness import Harness, listed

Array = NDArray[Any]

SCREEN = np.array([0x00, 0xB1, 0x40]) / 255
COLOURS = np.stack(np.meshgrid(*[np.linspace(0, 1, 9)] * 3), axis=-1).reshape(-1, 3)
SIZE = (400, 240)


def chroma(rgb: Array) -> Array:
    """Return hue and saturation × value as a vector: the hexagon of HSV from above."""
    return np.stack([rgb[..., 0] - (rgb[..., 1] + rgb[..., 2]) / 2, np.sqrt(3) / 2 * (rgb[..., 1] - rgb[..., 2])], -1)


def distance(rgb: Array, screen: Array, darkness: float) -> Array:
    """Return the distance from the screen, with hue and saturation as angle and length."""
    own, pixel = chroma(screen), chroma(rgb)
    turned = np.arctan2(pixel[..., 1], pixel[..., 0]) - np.arctan2(own[1], own[0])
    length = np.linalg.norm(pixel, axis=-1) / np.linalg.norm(own)
    less = np.maximum(1 - length * np.cos(turned), 0)
    darker = np.maximum(1 - rgb.max(axis=-1) / screen.max(), 0) * darkness
    found: Array = np.sqrt(less**2 + (length * np.sin(turned)) ** 2 + darker**2)
    return found


@pytest.mark.parametrize("darkness", [0.0, 0.25, 1.0])
def test_the_distance_from_the_screen_is_that_of_hsv(harness: Harness, darkness: float) -> None:
    screen = ", ".join(map(str, SCREEN))
    found = harness.each(
        "common/key.wgsl", f"vec4f(key_distance(screen_scale(vec3f({screen})), {darkness}, v.rgb))", COLOURS
    )
    np.testing.assert_allclose(found[:, 0], distance(COLOURS, SCREEN, darkness), atol=1e-4)


def test_despill_takes_off_what_points_in_the_screens_hue_and_no_more(harness: Harness) -> None:
    spill = (SCREEN - SCREEN.min()) / np.linalg.norm(chroma(SCREEN))
    clean = harness.each("common/key.wgsl", f"vec4f(despill(vec3f({list_of(spill)}), 1.0, v.rgb), 0.0)", COLOURS)
    unit = chroma(SCREEN) / np.linalg.norm(chroma(SCREEN))
    before = chroma(COLOURS) @ unit
    clipped = (COLOURS - spill * np.maximum(before, 0)[:, None]).min(axis=1) < 0
    assert (chroma(clean[:, :3]) @ unit)[~clipped].max() < 1e-5
    np.testing.assert_allclose(clean[before <= 0, :3], COLOURS[before <= 0], atol=1e-6)


def list_of(values: Array) -> str:
    return ", ".join(f"{value:.8f}" for value in values)


# On a painted screen --------------------------------------------------------------------------------------------------


def painted(light: Array | float = 1.0) -> tuple[NDArray[np.uint8], Array]:
    """Return a picture of a round person in stripes before a screen in some light, and its alpha; edges two pixels."""
    width, height = SIZE
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    alpha = np.clip(0.5 + (70 - np.hypot(x - 190, y - 130)) / 2, 0, 1)[..., None]
    stripes = np.where((x // 6 % 2)[..., None] == 1, [0.85, 0.65, 0.55], [0.3, 0.34, 0.36])
    screen = np.broadcast_to(SCREEN, (height, width, 3)) * np.broadcast_to(light, (height, width))[..., None]
    rgb = alpha * stripes + (1 - alpha) * screen
    noise = np.random.default_rng(3).normal(0, 0.008, rgb.shape)
    return np.round(255 * np.clip(rgb + noise, 0, 1)).astype(np.uint8), alpha[..., 0]


class Keying:
    """A keyer and a picture to give it."""

    def __init__(self, harness: Harness, rgb: Array, **key: Any) -> None:
        self.harness = harness
        rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
        height, width = rgb.shape[:2]
        self.planes = Planes(harness.gpu, "test")
        self.planes.upload(Picture(1, 0, width, height, "rgba", (rgba,)))
        self.tiles = Tiles(harness.passes, "test")
        self.keyer = Keyer(harness.passes, "test", (width, height), self.tiles)
        mask = Mask(camera="front")
        self.matte = Matte(
            kind=KEY, view=self.keyer.view, version=1, screen=SCREEN, key=Key(**key), mask=mask, keyer=self.keyer
        )
        self.size = ((width + 1) // 2, (height + 1) // 2)

    def run(self) -> Keying:
        harness = self.harness
        encoder = harness.gpu.device.create_command_encoder()
        self.keyer.look(encoder, self.planes, self.matte)
        self.keyer.weigh(encoder)
        harness.uniforms.upload()
        harness.gpu.wait(harness.gpu.submit(encoder.finish()))
        return self

    @property
    def share(self) -> Array:
        """How much of each texel is person, (height, width) at half size."""
        return self.harness.seen(self.keyer.view, self.size)[..., 3]

    def lists(self, kind: int) -> Array:
        """Which tiles are in a list, (down, across)."""
        return listed(self.harness, self.tiles, kind)


def halved(alpha: Array) -> Array:
    return np.asarray(cv2.resize(alpha, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA))


def test_an_edge_is_as_soft_as_it_is_and_stripes_inside_are_left_alone(harness: Harness) -> None:
    rgb, alpha = painted()
    share = Keying(harness, rgb).run().share
    truth = halved(alpha)
    soft = (truth > 0.02) & (truth < 0.98)
    assert soft.sum() > 150
    assert np.abs(share - truth)[soft].mean() < 0.13  # two stripes have one colour beside the edge
    assert share[cv2.erode((truth == 1).astype(np.uint8), np.ones((7, 7))) == 1].min() > 0.98
    assert share[cv2.dilate((truth > 0).astype(np.uint8), np.ones((7, 7))) == 0].max() < 0.02


def test_uneven_light_is_evened_out_also_behind_the_person(harness: Harness) -> None:
    x = np.linspace(0.6, 1.35, SIZE[0])[None]
    rgb, alpha = painted(np.broadcast_to(x, SIZE[::-1]))
    truth = halved(alpha)
    errors = [np.abs(Keying(harness, rgb, even=even).run().share - truth).mean() for even in (False, True)]
    assert errors[1] < 0.006
    assert errors[1] < 0.5 * errors[0]
    keying = Keying(harness, rgb).run()
    learned = harness.seen(keying.keyer._light.view, (20, 12))[..., :3]
    expected = SCREEN * x[0, 10::20][:, None]  # in the middle of each cell
    np.testing.assert_allclose(learned, np.broadcast_to(expected, (12, 20, 3)), atol=0.09)


def test_what_was_seen_of_the_screen_is_remembered_where_somebody_steps_before_it(harness: Harness) -> None:
    shade = np.ones(SIZE[::-1])
    shade[90:170, 140:240] = 0.8  # a shade where the person will be
    empty = np.round(255 * SCREEN * shade[..., None]).astype(np.uint8)
    keying = Keying(harness, empty).run()
    rgb, _ = painted(shade)
    rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    keying.planes.upload(Picture(2, 0, *SIZE, "rgba", (rgba,)))
    keying.run()
    learned = harness.seen(keying.keyer._light.view, (20, 12))
    np.testing.assert_allclose(learned[6, 9, :3], 0.8 * SCREEN, atol=0.03)


def test_only_edges_are_worked_out_and_no_hair_and_no_gap_is_overlooked(harness: Harness) -> None:
    rgb = np.full((240, 400, 3), 255, np.uint8)
    rgb[...] = np.round(255 * SCREEN)
    rgb[100:160, 50:250] = (200, 150, 120)
    rgb[100:160, 150:152] = np.round(255 * SCREEN)  # a gap, two pixels wide
    rgb[:, 355] = (60, 40, 30)  # and a hair
    keying = Keying(harness, rgb).run()
    edge, solid = keying.lists(EDGE), keying.lists(SOLID)
    assert edge[:, 355 // 24].all()
    assert edge[100 // 24 : 160 // 24, 150 // 24].all()
    assert solid[5, 4] and solid[5, 8]  # noqa: PT018 - both sides of the gap
    assert not (edge & solid).any()
    assert (edge | solid).mean() < 0.5
    assert keying.share[20:100, 177].min() > 0.25
    assert keying.share[54:76, 75].max() < 0.5


def test_what_lies_around_edges_is_listed_and_what_was_drawn_before(harness: Harness) -> None:
    rgb = np.full((240, 400, 3), 255, np.uint8)
    rgb[...] = np.round(255 * SCREEN)
    rgb[:, 200:202] = (60, 40, 30)
    keying = Keying(harness, rgb).run()
    edge = keying.lists(EDGE)
    columns = np.flatnonzero(edge.all(axis=0))
    assert np.array_equal(columns, np.flatnonzero(edge.any(axis=0)))
    assert not keying.lists(PAST).any()
    assert np.array_equal(keying.lists(AROUND), cv2.dilate(edge.astype(np.uint8), np.ones((1, 5))) == 1)
    rgba = np.dstack([np.broadcast_to(np.round(255 * SCREEN), (240, 400, 3)), np.full((240, 400), 255)])
    keying.planes.upload(Picture(2, 0, *SIZE, "rgba", (np.ascontiguousarray(rgba.astype(np.uint8)),)))
    keying.run()
    assert not keying.lists(EDGE).any()
    assert np.array_equal(keying.lists(PAST), edge)
    assert np.array_equal(keying.lists(CALM), edge)
    assert keying.share.max() == 0.0


def test_edges_know_nothing_of_the_pictures_before(harness: Harness) -> None:
    rgb, _ = painted()
    fresh = Keying(harness, rgb, even=False).run()
    x, y = np.meshgrid(*(np.arange(side) for side in SIZE))
    checks = np.where(((x // 9 + y // 9) % 2)[..., None] == 1, np.round(255 * SCREEN), 255).astype(np.uint8)
    keying = Keying(harness, checks, even=False).run()
    assert keying.lists(EDGE).all()
    rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
    keying.planes.upload(Picture(2, 0, *SIZE, "rgba", (rgba,)))
    keying.run()
    lines = [harness.seen(each.keyer._edge, each.size)[..., :2] for each in (keying, fresh)]
    assert lines[1].any()
    in_edges = np.kron(fresh.lists(EDGE), np.ones((12, 12), bool))[: SIZE[1] // 2, : SIZE[0] // 2]
    assert np.array_equal(lines[0][in_edges], lines[1][in_edges])
    assert np.array_equal(keying.share, fresh.share)


@pytest.mark.parametrize("size", [(37, 23), (16, 16), (401, 241)])
def test_pictures_of_any_size_are_keyed(harness: Harness, size: tuple[int, int]) -> None:
    rgb = np.empty((size[1], size[0], 3), np.uint8)
    rgb[...] = np.round(255 * SCREEN)
    rgb[:, size[0] // 2 :] = (210, 160, 140)
    share = Keying(harness, rgb).run().share
    assert share[:, : size[0] // 4 - 2].max() < 0.05
    assert share[:, size[0] // 4 + 3 :].min() > 0.95


# The colours beside an edge -------------------------------------------------------------------------------------------


def test_the_colours_beside_an_edge_are_those_of_its_sides(harness: Harness) -> None:
    rgb, _ = painted()
    keying = Keying(harness, rgb).run()
    width, height = keying.keyer.sides.size
    sums = harness.seen(keying.keyer.sides.view, (2 * width, height))
    row, left = round(130 / SIZE[1] * height), int((190 - 70) / SIZE[0] * width)
    person, behind = sums[row, left], sums[row, left + width]
    assert min(person[3], behind[3]) > 0.05
    np.testing.assert_allclose(behind[:3] / behind[3], SCREEN, atol=0.03)
    stripes = person[:3] / person[3]
    assert np.all((stripes > [0.28, 0.32, 0.34]) & (stripes < [0.87, 0.67, 0.57]))


def test_a_pixels_share_is_its_place_between_both_colours(harness: Harness) -> None:
    text = "vec4f(share_of_person(Sides(vec3f(0.8, 0.6, 0.5), vec3f(0.0, 0.7, 0.25), 1.0, 0.0), v.rgb))"
    shares = np.linspace(0, 1, 11)[:, None]
    found = harness.each("common/sides.wgsl", text, shares * [0.8, 0.6, 0.5] + (1 - shares) * [0.0, 0.7, 0.25])
    np.testing.assert_allclose(found[:, 0], shares[:, 0], atol=1e-5)


def test_an_edge_gets_the_persons_colour_and_keeps_their_detail(harness: Harness) -> None:
    person, behind = np.array([0.8, 0.6, 0.5]), np.array([0.0, 0.7, 0.25])
    sides = f"Sides(vec3f({list_of(person)}), vec3f({list_of(behind)}), 1.0, 0.0)"
    shares = np.linspace(0, 1, 11)[:, None]
    values = np.hstack([shares * person + (1 - shares) * behind, shares])
    plain = harness.each("common/sides.wgsl", f"vec4f(own_colour({sides}, v.rgb, v.a), 0.0)", values)
    np.testing.assert_allclose(plain[:, :3], np.broadcast_to(person, (11, 3)), atol=1e-5)
    detail = np.array([0.06, 0.0, 0.01])  # redder: not towards the screen
    values[:, :3] += shares * detail
    found = harness.each("common/sides.wgsl", f"vec4f(own_colour({sides}, v.rgb, v.a), 0.0)", values)
    assert found[-1, :3] == pytest.approx(person + detail, abs=0.02)
    bled = values.copy()
    bled[:, :3] = 0.8 * person + 0.2 * behind  # hue of the screen that alpha, 1, does not tell of
    bled[:, 3] = 1.0
    left = harness.each("common/sides.wgsl", f"vec4f(own_colour({sides}, v.rgb, v.a), 0.0)", bled)[0, :3]
    towards = chroma(behind - person) / np.linalg.norm(chroma(behind - person))
    assert (chroma(left) - chroma(person)) @ towards == pytest.approx(0.0, abs=1e-4)
