"""Motion is found where things moved by what is known, and a mask goes the way that it says."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.gpu.flow import Flow
from tests.engine.gpu.harness import Harness

WIDTH, HEIGHT = 512, 288
FLOW = (128, 72)
KEPT = 3

Array = NDArray[Any]


def pattern(x: float, y: float) -> NDArray[np.uint8]:
    """Return a picture of blobs of many sizes, moved by so many pixels."""
    chance = np.random.default_rng(3)
    noise = chance.normal(size=(HEIGHT + 128, WIDTH + 128)).astype(np.float32)
    blobs = sum(cv2.GaussianBlur(noise, (0, 0), sigma) * sigma for sigma in (4.0, 12.0))
    step = np.array([[1, 0, x], [0, 1, y]], np.float32)
    moved = cv2.warpAffine(np.asarray(blobs, np.float32), step, (WIDTH + 128, HEIGHT + 128))
    return np.asarray(np.clip(128 + 90 * moved[64 : 64 + HEIGHT, 64 : 64 + WIDTH], 0, 255), np.uint8)


def motions(harness: Harness, pictures: list[Array], *, halfway: bool = False) -> list[Array]:
    """Show pictures to a flow; return the newest motions in pixels, (height, width, 2), the newest first."""
    flow = Flow(harness.passes, "test", (WIDTH, HEIGHT), halfway=halfway, kept=KEPT)
    texture = harness.texture((WIDTH, HEIGHT), "r8unorm")
    flow.bind([texture.create_view()], "brightness")
    for picture in pictures:
        harness.gpu.upload(texture, np.ascontiguousarray(picture))
        encoder = harness.gpu.device.create_command_encoder()
        flow.take(encoder)
        harness.uniforms.upload()
        harness.gpu.wait(harness.gpu.submit(encoder.finish()))
    assert flow.taken == len(pictures)
    found = harness.seen(flow.view, (FLOW[0], FLOW[1] * KEPT))[..., :2].reshape(KEPT, FLOW[1], FLOW[0], 2)
    return [found[(flow.newest - ago) % KEPT] * (WIDTH, HEIGHT) for ago in range(min(KEPT, len(pictures) - 1))]


@pytest.mark.parametrize("halfway", [False, True])
@pytest.mark.parametrize("step", [(3.0, 0.0), (-7.0, 4.0), (0.0, -18.0)])
def test_a_picture_that_moves_as_a_whole_moves_everywhere(
    harness: Harness, step: tuple[float, float], halfway: bool
) -> None:
    (found,) = motions(harness, [pattern(0, 0), pattern(*step)], halfway=halfway)
    inner = found[12:-12, 12:-12]
    off = np.hypot(*np.moveaxis(inner - step, -1, 0))
    assert np.median(off) < 0.5
    assert np.quantile(off, 0.95) < 2.0


def test_the_newest_motions_are_kept_each_in_its_place(harness: Harness) -> None:
    steps = [2.0, 8.0, -6.0, 5.0, 10.0]
    places = np.cumsum([0.0, *steps])
    found = motions(harness, [pattern(x, 0) for x in places])
    medians = [float(np.median(each[12:-12, 12:-12, 0])) for each in found]
    assert medians == pytest.approx(steps[: -KEPT - 1 : -1], abs=0.5)


def test_what_only_is_noisy_stands_still(harness: Harness) -> None:
    chance = np.random.default_rng(1)
    noisy = [np.clip(pattern(0, 0) + chance.normal(0, 3, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8) for _ in range(2)]
    (found,) = motions(harness, noisy)
    assert np.abs(found).mean() < 0.01, "a hundredth of a pixel"
    assert np.abs(found).max() < 1.0


def test_what_moves_before_what_stands_is_told_from_it(harness: Harness) -> None:
    wall, body = pattern(0, 0), pattern(40, 30)
    box = np.s_[100:200, 150:300]

    def picture(x: int) -> Array:
        seen = wall.copy()
        seen[100:200, 150 + x : 300 + x] = body[box]
        return seen

    (found,) = motions(harness, [picture(0), picture(8)])
    assert np.median(found[30:45, 47:70, 0]) == pytest.approx(8.0, abs=0.5)
    assert np.median(found[30:45, 47:70, 1]) == pytest.approx(0.0, abs=0.5)
    beside = found[:18]
    assert np.quantile(np.abs(beside), 0.95) < 0.25


def test_a_mask_goes_back_through_every_motion_since_its_picture(harness: Harness) -> None:
    """Motions of whole texels, other ones in either half: numpy looks up the same texels."""
    width, height, kept, newest = 64, 36, 4, 1
    mask = np.random.default_rng(7).integers(0, 256, (height, width)).astype(np.uint8)
    steps = np.zeros((kept, height, width, 2), np.int64)
    steps[1, :, : width // 2], steps[1, :, width // 2 :] = (3, 0), (0, 2)
    steps[0] = (-5, 1)
    steps[3] = (2, -4)
    steps[2] = (30, 30)  # older than the mask
    moved = (steps / (width, height)).astype(np.float16).reshape(kept * height, width, 2)
    block = harness.uniforms.block(harness.shaders.struct("mask_move.wgsl", "Route"))
    block.data["pictures"], block.data["newest"], block.data["kept"] = 3, newest, kept
    views = [
        harness.texture((width, height), "r8unorm", mask).create_view(),
        harness.texture((width, height * kept), "rg16float", moved).create_view(),
    ]
    found = harness.draw("mask_move.wgsl", (width, height), block=block, textures=views)[..., 0]
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    for index in (1, 0, 3):
        step = steps[index, np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
        x, y = x - step[..., 0], y - step[..., 1]
    expected = mask[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1)]
    inner = np.s_[8:-8, 8:-8]  # near the middle and the borders a sample between texels is of two motions
    apart = np.abs(found[inner] * 255 - expected[inner])
    assert np.median(apart) < 3
    assert (apart < 12).mean() > 0.9
