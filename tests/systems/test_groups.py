"""Groups are composed by themselves as the specification has it, and clips keep layers inside a person's outline."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from systems.drawings.drawing import BLENDS
from systems.drawings.group import GroupDrawing
from systems.inference import Shown
from tests.picture import decode, encode
from tests.shows import Air, OnAir
from tests.systems.conftest import Still
from tests.systems.test_blending import WIDTH, grids, placed
from tools.bench.blends import mixed

Array = NDArray[Any]

PICTURES = """
[behind.camera]
source = "behind.png"
[behind.layer]
order = -1
{}
[front.camera]
source = "front.png"
"""


def fill(name: str, colour: str, layer: str) -> str:
    return f'[{name}.fill]\ncolour = "{colour}"\n[{name}.layer]\n{layer}\n'


def group_of(on_air: OnAir) -> Array:
    """Return what the only group holds: premultiplied light and coverage."""
    (group,) = (each for each in on_air.show.layers.drawings if isinstance(each, GroupDrawing))
    return on_air.show.gpu.read(group.image.texture).astype(float)


@pytest.mark.parametrize("space", ["linear", "srgb"])
def test_modes_in_a_group_are_the_formula_where_what_is_behind_lets_through(air: Air, still: Still, space: str) -> None:
    backdrop, source = grids()
    backdrop[..., 3] = np.resize([0, 51, 128, 255], len(backdrop))[:, None]
    still(np.tile(backdrop, (1, len(BLENDS), 1)), "behind.png")
    still(source, "front.png")
    text = PICTURES.format('group = "g"') + "[g.group]\n[g.layer]\n"
    layers = placed(BLENDS, lambda blend: f'blend = "{blend}"\nspace = "{space}"\ngroup = "g"')
    size = (WIDTH * len(BLENDS), backdrop.shape[0])
    found = group_of(air(text + layers, *size))
    own = group_of(air(text, *size))[:, :WIDTH]
    b, behind = np.clip(own[..., :3] / np.maximum(own[..., 3:], 1e-5), 0, 1), own[..., 3:]
    s, alpha = source[..., :3] / 255, source[..., 3:] / 255
    covered = alpha + behind * (1 - alpha)
    for blend, part in zip(BLENDS, np.split(found, len(BLENDS), axis=1), strict=True):
        cb, cs = (b, decode(s)) if space == "linear" else (np.round(encode(b), 9), s)
        lit = alpha * ((1 - behind) * cs + behind * mixed(blend, cb, cs)) + (1 - alpha) * behind * cb
        if space == "srgb":
            lit = decode(lit / np.maximum(covered, 1e-5)) * covered
        elif blend == "add":
            lit = np.minimum(alpha * cs + behind * cb, 1)
        shown = np.clip(part[..., :3], 0, 1)
        np.testing.assert_allclose(255 * encode(shown), 255 * encode(lit), atol=1.0, err_msg=blend)
        np.testing.assert_allclose(part[..., 3:], covered, atol=0.5 / 255, err_msg=blend)


@pytest.mark.parametrize("space", ["linear", "srgb"])
def test_a_group_that_is_not_isolated_changes_nothing_at_full_opacity(air: Air, still: Still, space: str) -> None:
    backdrop, source = grids()
    backdrop, source = backdrop[::2], source[::2]
    still(np.tile(backdrop, (1, len(BLENDS), 1)), "behind.png")
    still(source, "front.png")
    middle = fill("middle", "#804020", "order = -1\nopacity = 0.5\n{}")

    def text(first: str, then: str) -> str:
        layers = placed(BLENDS, lambda blend: f'blend = "{blend}"\nspace = "{space}"\n{then}')
        return PICTURES.format("") + middle.format(first) + layers

    size = (WIDTH * len(BLENDS), backdrop.shape[0])
    expected = np.clip(air(text("", ""), *size).light(), 0, 1)
    group = "[g.group]\nisolated = false\n[g.layer]\n"
    found = np.clip(air(text('group = "g"', 'group = "g"') + group, *size).light(), 0, 1)
    np.testing.assert_allclose(255 * encode(found), 255 * encode(expected), atol=1.5)
    nested = group + '[h.group]\nisolated = false\n[h.layer]\ngroup = "g"\norder = 1\n'
    found = np.clip(air(text('group = "g"', 'group = "h"') + nested, *size).light(), 0, 1)
    np.testing.assert_allclose(255 * encode(found), 255 * encode(expected), atol=1.5)


def test_a_groups_opacity_is_that_of_its_whole(air: Air) -> None:
    """Two opaque layers at half opacity let half through, not a quarter; a blend mode inside mixes there first."""
    layers = fill("back", "#ffffff", "") + fill("one", "#ff0000", 'group = "g"')
    layers += fill("two", "#00ff00", 'group = "g"\norder = 1\nblend = "add"')
    light = air(layers + "[g.group]\n[g.layer]\norder = 1\nopacity = 0.5\n").light()
    np.testing.assert_allclose(light, np.broadcast_to([1, 1, 0.5], light.shape), atol=0.002)


def test_a_group_is_placed_and_blended_as_one_layer(air: Air) -> None:
    layers = fill("back", "#808080", "") + fill("one", "#ff0000", 'group = "g"')
    layers += '[g.group]\n[g.place]\nx = 0.25\nscale = 0.5\n[g.layer]\norder = 1\nblend = "multiply"\n'
    light = air(layers).light()
    grey = decode(np.array(128 / 255))
    np.testing.assert_allclose(light[27, 24], np.array([grey, 0, 0]), atol=0.002)
    np.testing.assert_allclose(light[27, 72], grey, atol=0.002)
    np.testing.assert_allclose(light[5, 24], grey, atol=0.002)


@pytest.mark.parametrize("isolated", ["true", "false"])
def test_in_a_knockout_group_layers_do_not_see_each_other(air: Air, isolated: str) -> None:
    layers = fill("back", "#0000ff", "") + fill("one", "#ff0000", 'group = "g"')
    layers += fill("two", "#00ff00", 'group = "g"\norder = 1\nopacity = 0.5\n')
    layers += "[two.place]\nx = 0.25\nscale = 0.5\n"
    light = air(layers + f"[g.group]\nknockout = true\nisolated = {isolated}\n[g.layer]\norder = 1\n").light()
    np.testing.assert_allclose(light[27, 24], [0, 0.5, 0.5], atol=0.002)  # blue shows through, and no red
    np.testing.assert_allclose(light[27, 72], [1, 0, 0], atol=0.002)


def test_a_mode_in_a_knockout_group_mixes_with_what_is_beneath_the_group(air: Air) -> None:
    layers = fill("back", "#ff8000", "") + fill("one", "#0000ff", 'group = "g"')
    layers += fill("two", "#ffff00", 'group = "g"\norder = 1\nblend = "difference"\n')
    text = layers + "[g.group]\nknockout = true\nisolated = {}\n[g.layer]\norder = 1\n"
    orange = decode(np.array(128 / 255))
    np.testing.assert_allclose(air(text.format("false")).light()[0, 0], np.array([0, 1 - orange, 0]), atol=0.002)
    np.testing.assert_allclose(air(text.format("true")).light()[0, 0], [1, 1, 0], atol=0.002)


def test_a_group_whose_layers_stand_still_is_composed_once(air: Air) -> None:
    layers = fill("one", "#ff0000", 'group = "g"') + "[g.group]\n[g.layer]\nopacity = 1.0\n"
    on_air = air(layers + '[moving.camera]\nsource = "synthetic"\n[moving.layer]\norder = -1\n', ticks=2)
    (group,) = (each for each in on_air.show.layers.drawings if isinstance(each, GroupDrawing))
    assert (group.stale, group.changed) == (False, False)
    on_air.ticks()
    assert (group.stale, group.changed) == (False, False)
    np.testing.assert_allclose(on_air.light()[0, 0], [1, 0, 0], atol=0.002)


PERSON = """
[front.camera]
source = "synthetic"
width = 96
height = 54
[guest.mask]
camera = "front"
"""


def test_a_clip_draws_inside_a_persons_outline_or_outside(air: Air) -> None:
    inside = fill("a", "#ffffff", 'clip = "guest"')
    outside = fill("b", "#ff0000", 'clip = "guest"\nclip_side = "outside"')
    on_air = air(PERSON + inside + outside, ticks=3)
    shown = on_air.show.world.get("front", Shown)
    assert shown is not None
    assert shown.picture is not None
    assert shown.picture.truth is not None
    alpha = shown.picture.truth / 255
    assert 0.05 < alpha.mean() < 0.9
    light = on_air.light()
    np.testing.assert_allclose(light[..., 1], alpha * alpha, atol=0.02)  # white as far as alpha, then red over it
    np.testing.assert_allclose(light[alpha == 1][:, 1], 1.0, atol=0.01)
    np.testing.assert_allclose(light[alpha == 0], np.broadcast_to([1, 0, 0], light[alpha == 0].shape), atol=0.01)


def test_a_clip_follows_the_persons_place(air: Air) -> None:
    text = PERSON + "[guest.place]\nx = 0.25\nscale = 0.5\n" + fill("a", "#ffffff", 'clip = "guest"')
    lit = air(text, ticks=3).light()[..., 1] > 0.5
    assert lit[:, :48].any()
    assert not lit[:, 48:].any()
    assert not lit[:10].any()
