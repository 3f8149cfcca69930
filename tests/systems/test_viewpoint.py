"""The viewpoint follows where a person is, smoothly, and stays where nobody is."""

from __future__ import annotations

import numpy as np
import pytest

from systems.masks import Matte
from systems.viewpoint import Followed, middle_of, viewpoint_shift
from tests.shows import Air

SCENE = """
[view.viewpoint]
follow = "guest"
follow_x = 0.2
smooth_s = {smooth_s}
[front.camera]
source = "synthetic"
width = 160
height = 90
[guest.mask]
camera = "front"
source = "truth"
[guest.layer]
"""


def test_the_middle_of_a_mask_is_its_centroid() -> None:
    mask = np.zeros((90, 160), np.uint8)
    mask[45:90, 120:160] = 255
    assert middle_of(mask) == pytest.approx((0.75, 0.5), abs=0.01)
    assert middle_of(np.zeros((90, 160), np.uint8)) is None
    assert middle_of(np.full((720, 1280), 255, np.uint8)) == pytest.approx((0.0, 0.0), abs=0.02)


def test_it_goes_where_the_person_is(air: Air) -> None:
    on_air = air(SCENE.format(smooth_s=0.0), ticks=90)
    world = on_air.show.world
    followed = world.get("view", Followed)
    assert followed is not None
    assert abs(followed.target_x) + abs(followed.target_y) > 0.05, "the performer is not in the middle"
    assert followed.y == pytest.approx(followed.target_y, abs=1e-3)
    assert followed.x == pytest.approx(followed.target_x, abs=1e-3)
    assert viewpoint_shift(world, on_air.clock.now_ns)[0] == pytest.approx(-0.2 * followed.x)


def test_it_goes_where_the_person_is_whom_a_key_finds_a_tick_later(air: Air) -> None:
    text = SCENE.format(smooth_s=0.0)
    keyed = text.replace('source = "truth"', 'source = "key"\n[guest.key]\nscreen = "#00b140"')
    keyed = keyed.replace('source = "synthetic"', 'source = "synthetic"\nbackdrop = "green"')
    true, found = air(text, ticks=90).show.world.get("view", Followed), air(keyed, ticks=91)
    followed = found.show.world.get("view", Followed)
    assert true is not None
    assert followed is not None
    assert abs(true.x) + abs(true.y) > 0.05, "the performer is not in the middle"
    assert (followed.x, followed.y) == pytest.approx((true.x, true.y), abs=0.02)


def test_a_viewpoint_that_follows_nobody_asks_for_no_shape(air: Air) -> None:
    still = air(SCENE.format(smooth_s=0.0).replace('follow = "guest"', 'follow = ""'))
    matte = still.show.world.get("guest", Matte)
    assert matte is not None
    assert matte.silhouette is None


def test_it_goes_there_smoothly(air: Air) -> None:
    on_air = air(SCENE.format(smooth_s=2.0), ticks=90)
    followed = on_air.show.world.get("view", Followed)
    assert followed is not None
    before = followed.x
    on_air.ticks()
    assert abs(followed.x - before) < 0.03 * 2
    assert followed.x != followed.target_x
