"""The silhouette stage of a key, step by step, against numpy: slope, thinning, and which weak pieces count."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.gpu.keyer import LEAST_SLOPE, MIDDLE, SURELY
from engine.gpu.shader import FOLDER
from tests.engine.gpu.harness import Harness

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

FARTHEST = 1.5
SIZE = (96, 64)
BACKGROUNDS = [(seed, blur_px) for seed in range(3) for blur_px in (0.6, 1.5, 4.0)]


def everywhere(harness: Harness, name: str, extra: str = "") -> str:
    """Return a copy of a shader that draws the whole target instead of tiles in a list."""
    text = (FOLDER / name).read_text(encoding="utf-8")
    whole = text.replace("tile_of_whole(index, instance)", "whole(index)")
    assert whole != text
    return harness.file(whole + extra)


def keyed(seed: int, blur_px: float) -> NDArray[np.float16]:
    """Return what the first stage may have made of a picture: distances, as half floats, in the alpha of `keyed`."""
    noise: Any = np.random.default_rng(seed).random(SIZE[::-1])
    smooth: Any = cv2.GaussianBlur(noise, (0, 0), blur_px)
    distance = np.clip(0.5 + 0.6 * (smooth - smooth.mean()) / smooth.std(), 0, 1)
    return np.dstack([np.zeros((*SIZE[::-1], 3)), distance]).astype(np.float16)


def moved(values: Array, down: int, across: int) -> Array:
    """Return the value `down` and `across` from each place; beyond the border is what is at it."""
    height, width = values.shape[:2]
    rows, columns = np.clip(np.arange(height) + down, 0, height - 1), np.clip(np.arange(width) + across, 0, width - 1)
    return values[rows][:, columns]


def slope(distance: Array) -> Array:
    """Return the gradient (…, 2: across, down) by Sobel and Feldman's operator, per texel."""
    smooth, difference = np.array([1, 2, 1]) / 4, np.array([-1, 0, 1]) / 2
    parts = []
    for across, down in ((difference, smooth), (smooth, difference)):
        weights = np.outer(down, across)
        parts.append(sum(weights[i, j] * moved(distance, i - 1, j - 1) for i in range(3) for j in range(3)))
    return np.stack(parts, axis=-1)


@pytest.mark.parametrize(("seed", "blur_px"), BACKGROUNDS)
def test_the_slope_is_sobels(harness: Harness, seed: int, blur_px: float) -> None:
    pixels = keyed(seed, blur_px)
    texture = harness.texture(SIZE, "rgba16float", pixels)
    found = harness.draw(everywhere(harness, "key_slope.wgsl"), SIZE, textures=(texture.create_view(),))
    expected = slope(FARTHEST * pixels[..., 3].astype(float))
    np.testing.assert_allclose(found[..., 3:] * unpacked(found[..., :2]), expected, atol=2e-6)
    np.testing.assert_allclose(found[..., 3], np.linalg.norm(expected, axis=-1), atol=2e-6)


def unpacked(packed: Array) -> Array:
    """Return numbers from -1 to 1 that a shader has packed."""
    return np.asarray((255 * packed - 128) / 127)


def thinned(distance: Array, steep: Array, way: Array) -> tuple[Flags, Flags, Flags]:
    """Return where the line is, where it is strong, and where that is not a matter of rounding.

    Canny 1986: on the line is what is as steep as its neighbours along its own direction, to the nearest of eight.
    """
    y, x = np.mgrid[: steep.shape[0], : steep.shape[1]]

    def at(values: Array, offset: Array) -> Array:
        rows = np.clip(y + offset[..., 1].astype(int), 0, values.shape[0] - 1)
        return np.asarray(values[rows, np.clip(x + offset[..., 0].astype(int), 0, values.shape[1] - 1)])

    beside = np.stack([at(steep, np.rint(sign * way)) for sign in (1, -1)])
    usual = sum(moved(steep, down, across) for down in (-2, 2) for across in (-2, 2)) / 4
    threshold = np.maximum(LEAST_SLOPE, usual)
    line = (steep >= beside.max(axis=0)) & (steep >= threshold)
    inside, outside = (at(distance, np.rint(sign * 2 * way)) for sign in (1, -1))
    strong = line & (outside <= SURELY[1]) & (inside >= MIDDLE)
    halves = np.abs(np.stack([way, 2 * way]) % 1 - 0.5).min(axis=(0, -1))
    near = [np.abs(steep - beside).min(axis=0), np.abs(steep - threshold), halves]
    near += [np.abs(outside - SURELY[1]), np.abs(inside - MIDDLE)]
    return line, strong, (steep < threshold - 1e-5) | (np.stack(near).min(axis=0) > 1e-5)


@pytest.mark.parametrize(("seed", "blur_px"), BACKGROUNDS)
def test_the_line_is_thin_and_strong_where_screen_and_person_meet(harness: Harness, seed: int, blur_px: float) -> None:
    pixels = keyed(seed, blur_px)
    distance = FARTHEST * pixels[..., 3].astype(float)
    gradient = slope(distance)
    steep = np.linalg.norm(gradient, axis=-1, keepdims=True)
    packed = (128 + 127 * gradient / np.maximum(steep, 1e-6)) / 255
    sloped = np.dstack([packed, np.zeros_like(steep), steep]).astype(np.float16)
    block = harness.uniforms.block(harness.shaders.struct("key_edge.wgsl", "Edge"))
    block.data["screen"], block.data["person"], block.data["least"] = SURELY[1], MIDDLE, LEAST_SLOPE
    views = [harness.texture(SIZE, "rgba16float", each).create_view() for each in (pixels, sloped)]
    found = harness.draw(everywhere(harness, "key_edge.wgsl"), SIZE, block=block, textures=views)
    line, strong, sure = thinned(distance, sloped[..., 3].astype(float), unpacked(sloped[..., :2].astype(float)))
    assert sure.mean() > 0.99
    assert 20 < line.sum() < 0.4 * line.size
    np.testing.assert_array_equal(found[sure][:, 0] > 0.5, line[sure])
    np.testing.assert_array_equal(found[sure][:, 1] > 0.5, strong[sure])
    if blur_px > 1:
        assert 5 < strong.sum() < line.sum(), "there are strong pieces and weak ones"


@pytest.mark.parametrize("seed", range(4))
def test_a_weak_piece_counts_where_a_strong_one_is_beside_it(harness: Harness, seed: int) -> None:
    random = np.random.default_rng(seed)
    line = random.random(SIZE[::-1]) < 0.15
    strong = line & (random.random(SIZE[::-1]) < 0.3)
    pixels = np.dstack([line, strong]).astype(np.uint8) * 255
    asked = "nearness(vec2i(corner.position.xy))"
    near = f"@fragment fn fs_near(corner: Corner) -> @location(0) vec4f {{ return vec4f({asked}); }}"
    shader = everywhere(harness, "key_matte.wgsl", near)
    target = harness.texture(SIZE, "rgba32float")
    pipeline = harness.passes.pipeline(shader, "rgba32float", fragment="fs_near")
    harness.fill(pipeline, target, None, (None, harness.texture(SIZE, "rg8unorm", pixels).create_view()))
    around = ((0, 0), (-1, -1), (-1, 1), (1, -1), (1, 1))
    lines, strongs = (sum(moved(each.astype(float), *place) for place in around) for each in (line, strong))
    expected = np.minimum(1, 2.5 * lines) * np.minimum(1, 4 * strongs)
    np.testing.assert_allclose(harness.gpu.read(target)[..., 0], expected, atol=1e-3)
    assert 0.1 < (expected == 0)[line].mean() < 0.9, "there are weak pieces that count for nothing, and others"
