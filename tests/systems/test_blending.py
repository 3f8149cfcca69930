"""Every blend mode in every space is the formula of W3C Compositing and Blending Level 1."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components.layer import Blend
from systems.layers import BLENDS
from tests.picture import decode, encode
from tests.shows import Air
from tests.systems.conftest import Still

Array = NDArray[Any]

LEVELS = np.round(np.linspace(0, 255, 12)).astype(int)
ALPHAS = np.round(np.linspace(0, 255, 5)).astype(int)
WIDTH = 36


def formula(blend: Blend, b: Array, s: Array) -> Array:
    """Return B(cb, cs), sections 9.1.2 (add: plus-lighter) and 10.1 of the specification."""
    d = np.where(b <= 0.25, ((16 * b - 12) * b + 4) * b, np.sqrt(b))
    formulas: dict[Blend, Array] = {
        "normal": s,
        "add": np.minimum(b + s, 1),
        "multiply": b * s,
        "screen": b + s - b * s,
        "overlay": np.where(b <= 0.5, 2 * b * s, 1 - 2 * (1 - b) * (1 - s)),
        "soft_light": np.where(s <= 0.5, b - (1 - 2 * s) * b * (1 - b), b + (2 * s - 1) * (d - b)),
    }
    return formulas[blend]


def grids() -> tuple[Array, Array]:
    """Return a backdrop and a source, 8-bit straight RGBA, that hold every pair of levels at every alpha."""
    values = np.array(list(itertools.product(LEVELS, LEVELS, ALPHAS)))
    backdrop, source, alpha = (values[:, i].reshape(-1, WIDTH) for i in range(3))
    opaque = np.full_like(alpha, 255)
    # Other pairs in the other channels: what mixes channels is found out.
    return (
        np.dstack([backdrop, 255 - backdrop, np.roll(backdrop, 7, axis=1), opaque]),
        np.dstack([source, source, 255 - source, alpha]),
    )


SCENE = """
[behind.camera]
source = "behind.png"
[behind.layer]
order = 0
[front.camera]
source = "front.png"
[front.layer]
order = 1
blend = "{blend}"
space = "{space}"
opacity = {opacity}
"""


@pytest.mark.parametrize("opacity", [1.0, 0.6])
@pytest.mark.parametrize("space", ["linear", "srgb"])
@pytest.mark.parametrize("blend", list(BLENDS))
def test_a_blend_mode_is_its_formula(air: Air, still: Still, blend: Blend, space: str, opacity: float) -> None:
    backdrop, source = grids()
    still(backdrop, "behind.png")
    still(source, "front.png")
    text = SCENE.format(blend=blend, space=space, opacity=opacity)
    found = np.clip(air(text, backdrop.shape[1], backdrop.shape[0]).light(), 0, 1)

    # Mode and coverage are both worked out in the layer's space.
    b, s, alpha = backdrop[..., :3] / 255, source[..., :3] / 255, opacity * source[..., 3:] / 255
    linear = space == "linear"
    if linear:
        expected = (1 - alpha) * decode(b) + alpha * formula(blend, decode(b), decode(s))
    else:
        expected = decode((1 - alpha) * b + alpha * formula(blend, b, s))
    if blend == "add" and linear:
        expected = np.minimum(decode(b) + alpha * decode(s), 1)  # light adds up before it is clipped
    np.testing.assert_allclose(255 * encode(found), 255 * encode(expected), atol=1.0)


@pytest.mark.parametrize("blend", list(BLENDS))
def test_a_fill_blends_as_a_picture_does(air: Air, still: Still, blend: Blend) -> None:
    size = (32, 18)
    picture = np.full((size[1], size[0], 3), (0x40, 0xA0, 0xE0))
    still(picture)
    over = '[back.fill]\ncolour = "#a06030"\n[back.layer]\n'
    layer = f'[front.layer]\norder = 1\nblend = "{blend}"\nspace = "srgb"\nopacity = 0.7\n'
    fill = air(over + layer + '[front.fill]\ncolour = "#40a0e0"\n', *size).light()
    camera = air(over + layer + '[front.camera]\nsource = "still.png"\n', *size).light()
    np.testing.assert_allclose(255 * encode(fill), 255 * encode(camera), atol=0.5)


def test_several_layers_that_read_what_is_behind_them_see_each_other(air: Air) -> None:
    grey = [f'[l{i}.fill]\ncolour = "#808080"\n[l{i}.layer]\norder = {i}\nblend = "overlay"\n' for i in range(1, 4)]
    found = air('[l0.fill]\ncolour = "#c0c0c0"\n[l0.layer]\norder = 0\n' + "".join(grey), 32, 18).light()
    expected, grey_light = decode(np.array(0xC0 / 255)), decode(np.array(0x80 / 255))
    for _ in grey:
        expected = formula("overlay", expected, grey_light)
    np.testing.assert_allclose(found, expected, atol=0.5 / 255)


@pytest.mark.parametrize("stage_format", ["rgba16float", "rgba8unorm-srgb"])
def test_blending_works_on_both_kinds_of_stage(air: Air, stage_format: str) -> None:
    text = f"""
    [stage.stage]
    width = 32
    height = 18
    format = "{stage_format}"
    [back.fill]
    colour = "#a06030"
    [back.layer]
    [front.fill]
    colour = "#40a0e0"
    [front.layer]
    order = 1
    blend = "soft_light"
    """
    shown = air(text + "[d.display]\ndither = false\n").shown()
    b, s = (decode(np.array(c) / 255) for c in ((0xA0, 0x60, 0x30), (0x40, 0xA0, 0xE0)))
    expected = np.broadcast_to(255 * encode(formula("soft_light", b, s)), shown.shape)
    np.testing.assert_allclose(shown, expected, atol=1.0)
