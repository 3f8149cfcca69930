"""The blur is a round Gaussian, and keeps the light there is."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.gpu.blur import Blur
from engine.gpu.planes import Planes
from engine.media.picture import Picture
from engine.media.stills import halves
from tests.engine.gpu.harness import Harness
from tests.picture import decode

WIDTH, HEIGHT = 96, 64


def scene() -> NDArray[np.float32]:
    """Return shapes with hard edges, (height, width, 4)."""
    picture = np.zeros((HEIGHT, WIDTH, 4), np.float32)
    picture[..., 3] = 1
    cv2.circle(picture, (40, 30), 17, (1.0, 0.2, 0.0, 1.0), -1)
    cv2.rectangle(picture, (60, 0), (70, 63), (0.0, 0.9, 0.4, 1.0), -1)
    picture[50:, :, 2] = 0.7
    return picture


def blurred(harness: Harness, blur: Blur, source: Any, sigma_px: float) -> NDArray[np.float32]:
    harness.uniforms.upload()
    encoder = harness.gpu.device.create_command_encoder()
    blur.run(encoder, source, sigma_px)
    harness.uniforms.upload()
    harness.gpu.submit(encoder.finish())
    return harness.gpu.read(blur.texture).astype(np.float32)


def gaussian(picture: NDArray[np.float32], sigma_px: float) -> NDArray[Any]:
    reach = 2 * int(np.ceil(4 * sigma_px)) + 1
    return np.asarray(cv2.GaussianBlur(picture, (reach, reach), sigma_px, borderType=cv2.BORDER_REPLICATE))


@pytest.mark.parametrize("sigma_px", [0.8, 2.0, 4.5, 6.0])
def test_a_blur_is_a_gaussian(harness: Harness, sigma_px: float) -> None:
    picture = scene()
    source = harness.texture((WIDTH, HEIGHT), "rgba16float", picture.astype(np.float16))
    blur = Blur(harness.passes, "test", WIDTH, HEIGHT, "rgba16float", "light")
    found = blurred(harness, blur, harness.passes.textures(source.create_view()), sigma_px)
    np.testing.assert_allclose(found, gaussian(picture, sigma_px), atol=0.015)  # the tails end at 2.5 σ
    blur.free()


def test_a_plain_picture_stays_as_it_is(harness: Harness) -> None:
    source = harness.texture((WIDTH, HEIGHT), "rgba16float", np.full((HEIGHT, WIDTH, 4), 0.5, np.float16))
    blur = Blur(harness.passes, "test", WIDTH, HEIGHT, "rgba16float", "light")
    found = blurred(harness, blur, harness.passes.textures(source.create_view()), 5.0)
    np.testing.assert_allclose(found, 0.5, atol=0.001)
    blur.free()


def test_a_cameras_picture_is_blurred_as_light(harness: Harness) -> None:
    rgba = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    rgba[..., 3] = 255
    rgba[:, ::2, :3] = 255  # half the columns white: half the light, which is not half the levels
    planes = Planes(harness.gpu, "test")
    planes.upload(Picture(1, 0, WIDTH, HEIGHT, "rgba", (rgba,)))
    blur = Blur(harness.passes, "test", WIDTH, HEIGHT, "rgba16float", "rgba")
    blur.read_planes(planes, 0.0)
    found = blurred(harness, blur, harness.passes.textures(*planes.views), 4.0)
    np.testing.assert_allclose(found[:, 16:-16, :3], 0.5, atol=0.01)
    blur.free()


def test_a_smaller_target_averages_what_it_covers(harness: Harness) -> None:
    picture = scene()
    encoded = np.zeros((HEIGHT, WIDTH, 4), np.uint8)
    encoded[...] = np.round(255 * picture)
    planes = Planes(harness.gpu, "test")
    planes.upload(Picture(1, 0, WIDTH, HEIGHT, "rgba", (encoded,), still=True, smaller=halves(encoded)))
    blur = Blur(harness.passes, "test", WIDTH // 2, HEIGHT // 2, "rgba16float", "rgba")
    blur.read_planes(planes, 1.0)
    found = blurred(harness, blur, harness.passes.textures(*planes.views), 4.0)
    light = decode(encoded / 255).astype(np.float32)
    expected = cv2.resize(gaussian(light, 8.0), (WIDTH // 2, HEIGHT // 2), interpolation=cv2.INTER_AREA)
    assert np.abs(found[..., :3] - expected[..., :3]).mean() < 0.005
    blur.free()


def test_blocks_come_back_when_a_blur_goes(harness: Harness) -> None:
    before = len(harness.uniforms._free)
    blur = Blur(harness.passes, "test", 8, 8, "r8unorm")
    blur.free()
    assert len(harness.uniforms._free) == max(before, 2)
