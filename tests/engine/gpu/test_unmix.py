"""At a mask's edge the person's own colour, by the colours on both sides of it."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components import Mask, Place
from engine.gpu.planes import Planes
from engine.gpu.quads import lay_picture, write_quad
from engine.gpu.tiles import TEXTURE
from engine.media.picture import Picture
from systems.masks import Matte
from tests.engine.gpu.harness import Harness
from tools.bench.cutouts import encoded

Array = NDArray[Any]

WIDTH, HEIGHT = 64, 48
SKIN, LEAF = np.array([0.8, 0.6, 0.5]), np.array([0.1, 0.5, 0.2])
EDGE_PX = 32.0


def share_of(edge_px: float, width_px: float = 3.0) -> Array:
    """Return how much of each pixel lies left of an upright edge, (HEIGHT, WIDTH)."""
    x = np.arange(WIDTH) + 0.5
    return np.broadcast_to(np.clip(0.5 + (edge_px - x) / width_px, 0.0, 1.0), (HEIGHT, WIDTH))


def drawn(harness: Harness, picture: Array, alpha: Array) -> tuple[Array, Array]:
    """Draw a person, of encoded colours, by a mask of their picture's size; return alpha and encoded colours."""
    rgba = np.full((HEIGHT, WIDTH, 4), 255, np.uint8)
    rgba[..., :3] = np.round(255 * picture)
    planes = Planes(harness.gpu, "test")
    planes.upload(Picture(1, 0, WIDTH, HEIGHT, "rgba", (rgba,)))
    matte = Matte(kind=TEXTURE, mask=Mask(camera="front"))
    view = harness.texture((WIDTH, HEIGHT), "r8unorm", np.round(255 * alpha).astype(np.uint8)).create_view()
    block = harness.uniforms.block(harness.shaders.struct("layer.wgsl", "Layer"))
    data = block.data
    write_quad(data["quad"], lay_picture((WIDTH, HEIGHT), planes, Place(), (0.0, 0.0)))
    planes.write_reading(data["reading"], lod=0.0)
    matte.write(data["cutout"])
    data["crop_to"], data["opacity"] = (1.0, 1.0), 1.0
    constants = {"MATTE": float(TEXTURE), "EXACT": 1.0}
    shown = harness.draw(
        "layer.wgsl", (WIDTH, HEIGHT), block=block, textures=(planes.views[0], None, view), constants=constants
    )
    return shown[..., 3], encoded(shown[..., :3] / np.maximum(shown[..., 3:], 1e-3))


def unmixed(pixel: Array, person: Array, behind: Array) -> Array:
    """Return the person's colours (n, 3) in pixels (n, 3), as shaders/common/unmix.wgsl says."""
    back = (behind[:3] + 0.01 * pixel) / (behind[3] + 0.01)
    front = (person[:3] + 0.01 * pixel) / (person[3] + 0.01)
    way = front - back
    apart = (way**2).sum(1)
    place = np.clip(((pixel - back) * way).sum(1) / np.maximum(apart, 1e-4), 0, 1)
    off = ((pixel - back - place[:, None] * way) ** 2).sum(1)
    known = np.clip(min(person[3], behind[3]) / 0.5, 0, 1)
    known = known**2 * (3 - 2 * known)
    weight = apart / (off + 0.02**2)
    other = (1 - place) * known * weight / (weight + 4)
    own = 1 - other
    kept = np.minimum(own / (own**2 + 1000 * other**2), 1)[:, None]
    return np.asarray(np.clip(front + kept * (pixel - own[:, None] * front - other[:, None] * back), 0, 1))


@pytest.mark.parametrize("sure", [(1.0, 1.0), (0.3, 0.8), (1.0, 0.0), (0.0, 1.0), (0.0, 0.0)])
def test_the_formula_is_that_of_numpy(harness: Harness, sure: tuple[float, float]) -> None:
    rng = np.random.default_rng(3)
    values = rng.random((200, 3))
    person, behind = (np.append(colour, 1.0) * weight for colour, weight in zip((SKIN, LEAF), sure, strict=True))
    sides = ", ".join(f"vec4f({', '.join(f'{value:.6f}' for value in side)})" for side in (person, behind))
    found = harness.each("common/unmix.wgsl", f"vec4f(unmixed(v.rgb, {sides}), 1.0)", values)
    np.testing.assert_allclose(found[:, :3], unmixed(values, person, behind), atol=2e-4)


@pytest.mark.parametrize("off_px", [-1.0, 0.0, 1.0])
def test_no_rim_is_left_where_a_mask_is_a_pixel_off(harness: Harness, off_px: float) -> None:
    true = share_of(EDGE_PX)
    mixed = true[..., None] * SKIN + (1 - true[..., None]) * LEAF
    alpha, colour = drawn(harness, mixed, share_of(EDGE_PX + off_px))
    seen = (alpha > 0.05) & (true > 0.05)
    rim, plain = (np.abs(each - SKIN).mean(-1)[seen] * true[seen] for each in (colour, mixed))
    assert rim.sum() < 0.6 * plain.sum()


def test_what_is_no_mix_stays_as_it_is_where_a_mask_fades(harness: Harness) -> None:
    y, x = np.indices((HEIGHT, WIDTH, 1))[:2]
    checks = np.where((x // 4 + y // 4) % 2, SKIN, [0.5, 0.2, 0.9])
    true = share_of(EDGE_PX, 0.1)
    picture = np.where(true[..., None] > 0.5, checks, LEAF)
    alpha, colour = drawn(harness, picture, share_of(EDGE_PX - 4, 8.0))  # the mask fades inside the person
    changed = np.abs(colour - picture).mean(-1) * (alpha > 0.05)
    assert (alpha[:, 26:30] < 0.95).all()
    assert changed[:, 24:29].mean() < 0.01


def test_alpha_is_what_the_mask_says(harness: Harness) -> None:
    true = share_of(EDGE_PX)
    mixed = true[..., None] * SKIN + (1 - true[..., None]) * LEAF
    alpha, colour = drawn(harness, mixed, true)
    np.testing.assert_allclose(alpha, np.round(255 * true) / 255, atol=2e-3)
    assert np.abs(colour - SKIN)[true > 0.2].max() < 0.1
