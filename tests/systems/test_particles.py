"""Particles: the same cloud every time, born where they should be, and never off the GPU."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
import wgpu
from numpy.typing import NDArray

from systems.particles import Cloud
from tests.engine.gpu.harness import read_storage
from tests.shows import Air, OnAir
from tests.systems.conftest import Still

Array = NDArray[Any]

SNOW = """
[snow.particles]
count = 400
life_s = 2.0
size_px = 24.0
speed = 0.2
seed = {seed}
[snow.layer]
blend = "add"
"""
WIDTH, HEIGHT = 192, 108
ASPECT = WIDTH / HEIGHT


def particles_of(on_air: OnAir, name: str = "snow") -> Array:
    """Return every particle of a cloud as the shader's struct."""
    cloud = on_air.show.world.get(name, Cloud)
    assert cloud is not None
    struct = on_air.show.passes.shaders.struct("particles.wgsl", "Particle")
    return read_storage(on_air.show.gpu, cloud.buffer).view(struct)


def test_the_same_seed_is_the_same_cloud_and_another_seed_another(air: Air) -> None:
    one, same, other = (air(SNOW.format(seed=seed), WIDTH, HEIGHT, ticks=5).light() for seed in (1, 1, 2))
    np.testing.assert_array_equal(one, same)
    assert np.abs(one - other).max() > 0.1
    assert one.mean() == pytest.approx(other.mean(), rel=0.3), "another cloud, not more or less of it"


def test_as_many_are_alive_as_the_author_says_from_the_first_picture(air: Air) -> None:
    on_air = air(SNOW.format(seed=1), WIDTH, HEIGHT)
    for _ in range(3):
        cloud = particles_of(on_air)
        alive = (cloud["age_s"] >= 0) & (cloud["age_s"] < cloud["life_s"]) & (cloud["size"] > 0)
        assert (len(cloud), alive.sum()) == (400, 400)
        on_air.ticks(20)


def test_ages_are_spread_so_that_they_do_not_die_together(air: Air) -> None:
    cloud = particles_of(air(SNOW.format(seed=1), WIDTH, HEIGHT))
    shares, _ = np.histogram(cloud["age_s"] / cloud["life_s"], bins=5, range=(0, 1))
    assert shares.min() > 400 / 5 / 3


def test_a_life_varies_by_a_third(air: Air) -> None:
    lives = particles_of(air(SNOW.format(seed=1), WIDTH, HEIGHT))["life_s"]
    assert lives.min() >= 2.0 * 0.66
    assert lives.max() <= 2.0 * 1.34
    assert lives.max() - lives.min() > 1.0


def test_particles_age_by_the_time_that_passes(air: Air) -> None:
    on_air = air(SNOW.format(seed=1), WIDTH, HEIGHT)
    before = particles_of(on_air)
    after = particles_of(on_air.ticks(3))
    going_on = after["age_s"] > before["age_s"]
    assert going_on.sum() > 300
    np.testing.assert_allclose((after["age_s"] - before["age_s"])[going_on], 0.1, atol=1e-4)


def still_cloud(emit: str, more: str = "") -> str:
    """Return a cloud whose particles stay where they are born."""
    return f"""
[snow.particles]
count = 600
life_s = 0.3
speed = 0.0
turbulence = 0.0
size_px = 3.0
emit = "{emit}"
{more}
[snow.layer]
"""


def places(on_air: OnAir) -> Array:
    """Return where the particles are, in fractions of the stage."""
    cloud = particles_of(on_air)
    found: Array = cloud["place"][cloud["size"] > 0] / np.array([ASPECT, 1.0])
    return found


def test_they_are_born_in_their_box(air: Air) -> None:
    found = places(air(still_cloud("area", "x = 0.25\ny = 0.7\nwidth = 0.3\nheight = 0.2"), WIDTH, HEIGHT))
    low, high = found.min(axis=0), found.max(axis=0)
    assert low == pytest.approx((0.10, 0.60), abs=0.01)
    assert high == pytest.approx((0.40, 0.80), abs=0.01)


def test_they_are_born_on_the_upper_side(air: Air) -> None:
    found = places(air(still_cloud("top", "y = 0.5\nheight = 0.4"), WIDTH, HEIGHT))
    np.testing.assert_allclose(found[:, 1], 0.3, atol=1e-4)
    assert found[:, 0].max() - found[:, 0].min() > 0.9


def test_they_are_born_at_the_centre(air: Air) -> None:
    found = places(air(still_cloud("point", "x = 0.2\ny = 0.8"), WIDTH, HEIGHT))
    np.testing.assert_allclose(found, np.broadcast_to([0.2, 0.8], found.shape), atol=1e-4)


DISC = """
[front.camera]
source = "still.png"
[guest.mask]
camera = "front"
source = "key"
[guest.key]
screen = "#00b140"
[guest.layer]
[guest.place]
{place}
"""


@pytest.mark.parametrize(
    ("place", "centre", "radius_px"),
    [("", (0.5, 0.5), 40.0), ("x = 0.3\nscale = 0.5\n", (0.3, 0.5), 20.0), ("mirror = true\n", (0.5, 0.5), 40.0)],
)
def test_those_of_an_edge_are_born_along_the_masks_edge(
    air: Air, still: Still, place: str, centre: tuple[float, float], radius_px: float
) -> None:
    picture = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    picture[:] = (0x00, 0xB1, 0x40)
    cv2.circle(picture, (WIDTH // 2, HEIGHT // 2), 40, (200, 150, 120), -1)
    still(picture)
    on_air = air(DISC.format(place=place) + still_cloud("edge", 'mask = "guest"'), WIDTH, HEIGHT, ticks=40)
    found = places(on_air)
    assert len(found) > 60
    away = (found - np.array(centre)) * np.array([WIDTH, HEIGHT])
    distance = np.hypot(*away.T)
    np.testing.assert_allclose(distance, radius_px, atol=2.5)
    directions, _ = np.histogram(np.arctan2(away[:, 1], away[:, 0]), bins=8)
    assert directions.min() > 0, "all around"


def test_they_go_where_they_are_sent_and_gravity_pulls_them_down(air: Air) -> None:
    text = """
    [snow.particles]
    count = 300
    emit = "point"
    life_s = 100.0
    speed = 0.3
    direction = 0.0
    spread = 0.0
    turbulence = 0.0
    drag = 0.0
    gravity = {}
    [snow.layer]
    """
    flat, pulled = (particles_of(air(text.format(gravity), WIDTH, HEIGHT)) for gravity in (0.0, 0.5))
    moving = flat["age_s"] > 1
    assert moving.sum() > 100
    speeds = flat["velocity"][moving]
    assert speeds[:, 0].min() >= 0.3 * 0.59
    assert np.abs(speeds[:, 1]).max() < 1e-5
    fallen = pulled["velocity"][pulled["age_s"] > 1]
    np.testing.assert_allclose(fallen[:, 1], 0.5 * pulled["age_s"][pulled["age_s"] > 1], rtol=0.02, atol=0.5)


def test_the_cloud_is_drawn_where_its_particles_are(air: Air) -> None:
    on_air = air(still_cloud("area", "x = 0.25\nwidth = 0.4\ny = 0.5\nheight = 0.8"), WIDTH, HEIGHT)
    light = on_air.light().sum(axis=2)
    assert light[:, int(0.05 * WIDTH) : int(0.45 * WIDTH)].mean() > 0.005
    assert light[:, int(0.5 * WIDTH) :].max() == 0


def test_opacity_and_glow_are_shares_of_light(air: Air) -> None:
    base = air(SNOW.format(seed=1), WIDTH, HEIGHT).light()
    half = air(SNOW.format(seed=1) + "opacity = 0.5\n", WIDTH, HEIGHT).light()
    np.testing.assert_allclose(half, base / 2, atol=0.003)
    glowing = air(SNOW.format(seed=1).replace("speed", "glow = 2.0\nspeed"), WIDTH, HEIGHT).light()
    np.testing.assert_allclose(glowing, 2 * base, rtol=0.02, atol=0.01)


def test_a_clouds_memory_can_only_be_reached_by_the_gpu(air: Air) -> None:
    cloud = air(SNOW.format(seed=1), WIDTH, HEIGHT).show.world.get("snow", Cloud)
    assert cloud is not None
    usage = wgpu.BufferUsage
    assert cloud.buffer.usage & (usage.MAP_READ | usage.MAP_WRITE | usage.COPY_SRC | usage.COPY_DST) == 0


def test_a_change_of_colour_keeps_the_cloud_and_a_change_of_seed_makes_another(air: Air) -> None:
    import dataclasses

    from engine.components import Particles

    on_air = air(SNOW.format(seed=1), WIDTH, HEIGHT)
    world = on_air.show.world
    cloud, said = world.get("snow", Cloud), world.get("snow", Particles)
    assert cloud is not None
    assert said is not None
    buffer = cloud.buffer
    world.add("snow", dataclasses.replace(said, glow=3.0))
    on_air.ticks()
    assert cloud.buffer is buffer
    assert on_air.light().max() > 1.5
    world.add("snow", dataclasses.replace(said, seed=9))
    on_air.ticks()
    assert cloud.buffer is not buffer


# Shapes ---------------------------------------------------------------------------------------------------------------


def one(shape: str, more: str = "") -> str:
    """Return a cloud of a single large particle in the middle, young and not yet fading."""
    return f"""
[snow.particles]
shape = "{shape}"
count = 1
emit = "point"
life_s = 100.0
size_px = 300.0
soft = 0.05
turbulence = 0.0
drag = 0.0
{more}
[snow.layer]
"""


def lit_area(on_air: OnAir) -> Any:
    return on_air.light().sum(axis=2) > 0.02


def test_a_disc_is_round(air: Air) -> None:
    seen = lit_area(air(one("disc", "speed = 0.0"), WIDTH, HEIGHT, ticks=30))
    rows, columns = np.nonzero(seen)
    across, down = np.ptp(columns) + 1, np.ptp(rows) + 1
    assert across == pytest.approx(down, abs=2)
    assert seen.sum() == pytest.approx(np.pi / 4 * across * down, rel=0.08)


def test_squares_tumble(air: Air) -> None:
    on_air = air(one("square", "speed = 0.0\nspin = 3.0"), WIDTH, HEIGHT, ticks=30)
    areas = [int(lit_area(on_air.ticks()).sum()) for _ in range(15)]
    assert max(areas) > 2 * min(areas) > 0


def test_a_streak_lies_behind_its_head_along_its_way(air: Air) -> None:
    text = one("streak", "speed = 0.006\ndirection = 0.0\nspread = 0.0\nstretch = 20.0").replace("300.0", "20.0")
    on_air = air(text, WIDTH, HEIGHT, ticks=30)
    rows, columns = np.nonzero(lit_area(on_air))
    (particle,) = particles_of(on_air)
    assert np.ptp(columns) > 2 * np.ptp(rows)
    assert columns.max() <= particle["place"][0] * HEIGHT + particle["size"] * HEIGHT
    assert columns.min() < particle["place"][0] * HEIGHT - 5


RIBBONS = """
[snow.particles]
shape = "ribbon"
count = 20
life_s = 6.0
size_px = 14.0
speed = 0.3
spread = 180.0
turbulence = 0.4
stretch = 1.0
[snow.layer]
"""


def test_a_ribbon_is_a_chain_that_follows_its_head(air: Air) -> None:
    on_air = air(RIBBONS, WIDTH, HEIGHT, ticks=20)
    chains = particles_of(on_air)["place"].reshape(20, 24, 2)
    ages = particles_of(on_air)["age_s"].reshape(20, 24)[:, 0]
    old = chains[ages > 1.5]
    assert len(old) > 5
    links = np.linalg.norm(np.diff(old, axis=1), axis=2)
    ends = np.linalg.norm(old[:, -1] - old[:, 0], axis=1)
    assert links.max() < 0.15, "whole"
    assert ends.mean() > 0.08, "long"
    assert lit_area(on_air).any()


def test_a_ribbon_is_born_in_one_place(air: Air) -> None:
    on_air = air(RIBBONS, WIDTH, HEIGHT, ticks=2)
    found = particles_of(on_air)
    chains, ages = found["place"].reshape(20, 24, 2), found["age_s"].reshape(20, 24)[:, 0]
    young = chains[(ages >= 0) & (ages < 0.1)]
    assert np.ptp(young, axis=1).max(initial=0.0) < 0.1


def test_pull_below_0_drives_them_out_of_the_middle(air: Air) -> None:
    text = SNOW.format(seed=1).replace("speed = 0.2", "speed = 0.0\nturbulence = 0.0\ndrag = 0.0\npull = -2.0")
    cloud = particles_of(air(text, WIDTH, HEIGHT, ticks=5))
    outwards = ((cloud["place"] - np.array([ASPECT / 2, 0.5])) * cloud["velocity"]).sum(axis=1)
    assert (outwards >= -1e-6).all()
    assert outwards.mean() > 0.01


def test_near_ones_are_larger_and_faster(air: Air) -> None:
    text = SNOW.format(seed=1).replace("speed = 0.2", "speed = 0.2\nturbulence = 0.0\ndrag = 0.0\ndepth = 1.0")
    cloud = particles_of(air(text, WIDTH, HEIGHT))
    near, far = cloud["drift"] > 0.7, cloud["drift"] < 0.3
    assert cloud["size"][near].mean() > 2 * cloud["size"][far].mean()
    speed = np.linalg.norm(cloud["velocity"], axis=1)
    assert speed[near].mean() > 2 * speed[far].mean()


def test_hues_differ_as_far_as_is_said(air: Air) -> None:
    text = SNOW.format(seed=1).replace("speed", 'colour = "#ff4040"\nto = "#ff4040"\nhue = {}\nspeed')
    same, all_of_them = (air(text.replace("{}", str(hue)), WIDTH, HEIGHT).light() for hue in (0.0, 1.0))
    seen = same.sum(axis=2) > 0.1
    assert (same[seen][:, 0] > 2 * same[seen][:, 2]).all()
    colourful = all_of_them[all_of_them.sum(axis=2) > 0.1]
    assert all((colourful.argmax(axis=1) == channel).mean() > 0.1 for channel in range(3))
