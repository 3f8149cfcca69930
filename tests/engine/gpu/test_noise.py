"""Noise is what its formula says, its slopes are its own, and the flow made of it comes from nowhere."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from tests.engine.gpu.harness import Harness

Array = NDArray[Any]

RNG = np.random.default_rng(3)
PLACES = RNG.uniform(-6.0, 6.0, (400, 3)).astype(np.float32)


def random(x: Array, y: Array, z: Array) -> tuple[Array, Array, Array]:
    """PCG of three numbers, as Jarzynski and Olano 2020 have it."""
    v = [
        np.asarray(part, np.int64).astype(np.uint32) * np.uint32(1664525) + np.uint32(1013904223) for part in (x, y, z)
    ]

    def mix() -> None:
        v[0] += v[1] * v[2]
        v[1] += v[2] * v[0]
        v[2] += v[0] * v[1]

    mix()
    v[:] = [part ^ (part >> np.uint32(16)) for part in v]
    mix()
    a, b, c = ((part >> np.uint32(8)) / 16777216.0 for part in v)
    return a, b, c


def noise(p: Array) -> Array:
    """Value noise at (n, 3) places: trilinear between lattice points, along Perlin's quintic."""
    cell = np.floor(p).astype(np.int64)
    f = p - cell
    u = f**3 * (f * (f * 6 - 15) + 10)
    total = np.zeros(len(p))
    for corner in np.ndindex(2, 2, 2):
        weight = np.prod([u[:, axis] if corner[axis] else 1 - u[:, axis] for axis in range(3)], axis=0)
        total += weight * (random(*(cell + np.array(corner)).T)[0] * 2 - 1)
    return total


def test_random_numbers_are_those_of_the_formula(harness: Harness) -> None:
    seeds = np.array([[0, 0, 0], [1, 2, 3], [70000, 5, 77], [4, 4, 4]], np.float32)
    found = harness.each("common/noise.wgsl", "vec4f(random(vec3u(v.xyz)), 0.0)", seeds)
    np.testing.assert_allclose(found[:, :3], np.stack(random(*seeds.T), axis=1), atol=1e-6)


def test_noise_is_that_of_the_formula(harness: Harness) -> None:
    found = harness.each("common/noise.wgsl", "noise(v.xyz)", PLACES)
    np.testing.assert_allclose(found[:, 0], noise(PLACES.astype(np.float64)), atol=2e-5)
    assert found[:, 0].std() > 0.2


def test_its_slopes_are_its_own(harness: Harness) -> None:
    found = harness.each("common/noise.wgsl", "noise(v.xyz)", PLACES)
    places, step = PLACES.astype(np.float64), 1e-4
    for axis in range(3):
        aside = np.eye(3)[axis] * step
        slope = (noise(places + aside) - noise(places - aside)) / (2 * step)
        np.testing.assert_allclose(found[:, 1 + axis], slope, atol=2e-3)


def test_the_flow_has_no_source_and_no_sink(harness: Harness) -> None:
    step = 2e-3

    def flow(dx: float, dy: float) -> Array:
        moved = PLACES + np.array([dx, dy, 0.0], np.float32)
        return harness.each("common/noise.wgsl", "vec4f(curl_noise(v.xy, v.z), 0.0, 0.0)", moved)[:, :2]

    across = (flow(step, 0)[:, 0] - flow(-step, 0)[:, 0]) / (2 * step)
    down = (flow(0, step)[:, 1] - flow(0, -step)[:, 1]) / (2 * step)
    assert np.abs(across).mean() > 0.3, "it does flow"
    assert np.abs(across + down).mean() < 0.02
