"""Every blend mode in every space is the formula of W3C Compositing and Blending Level 1."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from systems.drawings.drawing import BLENDS
from tests.picture import decode, encode
from tests.shows import Air
from tests.systems.conftest import Still
from tools.bench.blends import mixed

Array = NDArray[Any]

LEVELS = np.round(np.linspace(0, 255, 16)).astype(int)
ALPHAS = np.round(np.linspace(0, 255, 5)).astype(int)
WIDTH = 40


def grids() -> tuple[Array, Array]:
    """Return a backdrop and a source, 8-bit straight RGBA, that hold every pair of levels at every alpha."""
    values = np.array(list(itertools.product(LEVELS, LEVELS, ALPHAS)))
    backdrop, source, alpha = (values[:, i].reshape(-1, WIDTH) for i in range(3))
    opaque = np.full_like(alpha, 255)
    # Other pairs in the other channels: what mixes channels is found out.
    return (
        np.dstack([backdrop, 255 - backdrop, np.roll(backdrop, 7, axis=1), opaque]),
        np.dstack([source, np.roll(source, 3, axis=0), 255 - source, alpha]),
    )


def placed(names: Iterable[str], layer: Callable[[str], str]) -> str:
    """Return a layer for each name, side by side, each showing front.png pixel by pixel."""
    listed = list(names)
    return "".join(
        f"""
        [{name}.place]
        fit = "none"
        x = {(position + 0.5) / len(listed)}
        [{name}.layer]
        camera = "front"
        {layer(name)}
        """
        for position, name in enumerate(listed)
    )


@pytest.mark.parametrize("opacity", [1.0, 0.6])
@pytest.mark.parametrize("space", ["linear", "srgb"])
def test_every_blend_mode_is_its_formula(air: Air, still: Still, space: str, opacity: float) -> None:
    backdrop, source = grids()
    still(np.tile(backdrop, (1, len(BLENDS), 1)), "behind.png")
    still(source, "front.png")
    text = """
    [behind.camera]
    source = "behind.png"
    [behind.layer]
    order = -1
    [front.camera]
    source = "front.png"
    """
    layers = placed(BLENDS, lambda blend: f'blend = "{blend}"\nspace = "{space}"\nopacity = {opacity}')
    size = (WIDTH * len(BLENDS), backdrop.shape[0])
    found = np.clip(air(text + layers, *size).light(), 0, 1)
    # What is behind is what a stage of half floats holds of it: differences come near to their last bit.
    b = np.clip(air(text, *size).light()[:, :WIDTH].astype(float), 0, 1)

    # Mode and coverage are both worked out in the layer's space.
    s, alpha = source[..., :3] / 255, opacity * source[..., 3:] / 255
    for blend, part in zip(BLENDS, np.split(found, len(BLENDS), axis=1), strict=True):
        if space == "srgb":
            encoded = np.round(encode(b), 9)  # white is 1, not just below
            expected = decode((1 - alpha) * encoded + alpha * mixed(blend, encoded, s))
        elif blend == "add":
            expected = np.minimum(b + alpha * decode(s), 1)  # light adds up before it is clipped
        else:
            expected = (1 - alpha) * b + alpha * mixed(blend, b, decode(s))
        np.testing.assert_allclose(255 * encode(part), 255 * encode(expected), atol=1.0, err_msg=blend)


def test_a_fill_blends_as_a_picture_does(air: Air, still: Still) -> None:
    still(np.full((17, 17, 3), (0x40, 0xA0, 0xE0)), "front.png")
    front = '[front.camera]\nsource = "front.png"\n'
    back = '[back.fill]\ncolour = "#a06030"\n[back.layer]\norder = -1\n'
    layer = 'blend = "{0}"\nspace = "srgb"\nopacity = 0.7\n'.format
    fills = "".join(f'[{blend}.fill]\ncolour = "#40a0e0"\n' for blend in BLENDS)
    fill_layers = (
        placed(BLENDS, layer).replace('camera = "front"', "").replace('fit = "none"', f"scale = {1 / len(BLENDS)}")
    )
    size = (17 * len(BLENDS), 17)
    fill, camera = (
        air(text, *size).light()[8] for text in (back + fills + fill_layers, back + front + placed(BLENDS, layer))
    )
    np.testing.assert_allclose(255 * encode(fill), 255 * encode(camera), atol=0.5)
    assert len(np.unique(np.round(camera, 2), axis=0)) > 10


def test_several_layers_that_read_what_is_behind_them_see_each_other(air: Air) -> None:
    grey = [f'[l{i}.fill]\ncolour = "#808080"\n[l{i}.layer]\norder = {i}\nblend = "overlay"\n' for i in range(1, 4)]
    found = air('[l0.fill]\ncolour = "#c0c0c0"\n[l0.layer]\norder = 0\n' + "".join(grey), 32, 18).light()
    expected, grey_light = decode(np.array(0xC0 / 255)), decode(np.array(0x80 / 255))
    for _ in grey:
        expected = mixed("overlay", expected, grey_light)
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
    expected = np.broadcast_to(255 * encode(mixed("soft_light", b, s)), shown.shape)
    np.testing.assert_allclose(shown, expected, atol=1.0)
