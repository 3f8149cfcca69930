"""What the shaders calculate is what the standards say, on dense grids."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pytest
from numpy.typing import NDArray

from engine.component import Colour
from engine.gpu.planes import LAYOUTS, Planes
from engine.media.picture import Picture
from engine.media.stills import halves
from tests.engine.gpu.harness import Harness
from tests.picture import decode, encode

GREY = np.linspace(0, 1, 20001)[:, None].repeat(3, axis=1)


def grid(steps: int) -> NDArray[np.float64]:
    """Return every colour of a grid in the RGB cube, (steps³, 3)."""
    axis = np.linspace(0, 1, steps)
    return np.stack(np.meshgrid(axis, axis, axis), axis=-1).reshape(-1, 3)


def test_decoding_srgb_is_within_a_tenth_of_a_level(harness: Harness) -> None:
    light = harness.each("common/colour.wgsl", "vec4f(decode_srgb(v.rgb), 0.0)", GREY)[:, :3]
    # Compared where it will be seen: encoded again. Near black the toe is a straight line, exact on its own.
    np.testing.assert_allclose(255 * encode(np.maximum(light, 0)), 255 * GREY, atol=0.1)
    np.testing.assert_allclose(light, decode(GREY), atol=0.1 / 255)


def test_encoding_srgb_is_within_a_tenth_of_a_level(harness: Harness) -> None:
    # Evenly spread over encoded levels, since most of linear light is bright.
    light = decode(GREY)
    encoded = harness.each("common/colour.wgsl", "vec4f(encode_srgb(v.rgb), 0.0)", light)[:, :3]
    np.testing.assert_allclose(255 * encoded, 255 * GREY, atol=0.1)


def test_encoding_and_decoding_undo_each_other(harness: Harness) -> None:
    there_and_back = harness.each("common/colour.wgsl", "vec4f(encode_srgb(decode_srgb(v.rgb)), 0.0)", GREY)[:, :3]
    np.testing.assert_allclose(255 * there_and_back, 255 * GREY, atol=0.1)


def test_both_curves_only_rise(harness: Harness) -> None:
    for function in ("decode_srgb", "encode_srgb"):
        curve = harness.each("common/colour.wgsl", f"vec4f({function}(v.rgb), 0.0)", GREY)[:, 0]
        # At the join of toe and fit a step back of a tenth of a level is allowed.
        assert np.diff(curve).min() > -0.1 / 255, function
        assert curve[0] == 0
        assert curve[-1] == pytest.approx(1, abs=0.1 / 255)


def test_luminance_weighs_as_rec_709(harness: Harness) -> None:
    colours = grid(9)
    found = harness.each("common/colour.wgsl", "vec4f(luminance(v.rgb))", colours)[:, 0]
    np.testing.assert_allclose(found, colours @ [0.2126, 0.7152, 0.0722], atol=1e-6)


@pytest.mark.parametrize("text", ["#00b140", "#0000ff", "#123456", "#808080", "#000000", "#ff0080", "#0f0"])
def test_a_colour_in_a_scene_is_decoded_by_the_formula(text: str) -> None:
    digits = text[1:] if len(text) == 7 else "".join(2 * digit for digit in text[1:])
    encoded = np.array([int(digits[i : i + 2], 16) / 255 for i in (0, 2, 4)])
    assert Colour.parse(text) == pytest.approx(decode(encoded))
    assert Colour.parse(text).hex() == f"#{digits}"


# YUV ------------------------------------------------------------------------------------------------------------------

READ = """
#include "common/colour.wgsl"
#include "common/frame.wgsl"
#include "common/quad.wgsl"
#include "common/picture.wgsl"
struct Test { reading: Reading, }
@group(1) @binding(0) var<uniform> test: Test;
@vertex fn vs_main(@builtin(vertex_index) index: u32) -> Corner { return whole(index); }
@fragment fn fs_main(corner: Corner) -> @location(0) vec4f { return picture(test.reading, corner.uv); }
"""
TILE = 8
WEIGHTS = {"bt601": (0.299, 0.587, 0.114), "bt709": (0.2126, 0.7152, 0.0722)}


def rgb_of(yuv: NDArray[np.float64], matrix: str, full_range: bool) -> NDArray[np.float64]:
    """Turn 8-bit (Y, Cb, Cr) into R'G'B', 0 to 1, by solving what ITU-R BT.601 and BT.709 define."""
    red, green, blue = weights = np.array(WEIGHTS[matrix])
    forth = np.array(
        [weights, (np.array([0, 0, 1]) - weights) / (2 - 2 * blue), (np.eye(3)[0] - weights) / (2 - 2 * red)]
    )
    assert forth[0].sum() == pytest.approx(red + green + blue)
    steps, zero = (255, 0) if full_range else (219, 16)
    chroma_steps = 255 if full_range else 224
    analogue = np.stack(
        [(yuv[:, 0] - zero) / steps, (yuv[:, 1] - 128) / chroma_steps, (yuv[:, 2] - 128) / chroma_steps], axis=1
    )
    return np.clip(analogue @ np.linalg.inv(forth).T, 0, 1)


@pytest.mark.parametrize("exact", [False, True])
@pytest.mark.parametrize("full_range", [False, True])
@pytest.mark.parametrize("matrix", ["bt601", "bt709"])
def test_yuv_becomes_the_rgb_that_the_standard_says(
    harness: Harness, matrix: Literal["bt601", "bt709"], full_range: bool, exact: bool
) -> None:
    levels = np.round(np.linspace(16, 240, 11)).astype(np.uint8)
    yuv = np.stack(np.meshgrid(levels, levels, levels), axis=-1).reshape(-1, 3)
    side = int(np.ceil(np.sqrt(len(yuv))))
    tiles = np.full((side * side, 3), 128, np.uint8)
    tiles[: len(yuv)] = yuv
    wide = tiles.reshape(side, side, 3).repeat(TILE, axis=0).repeat(TILE, axis=1)
    size = (side * TILE, side * TILE)
    planes = (np.ascontiguousarray(wide[..., 0]), np.ascontiguousarray(wide[::2, ::2, 1:]))
    shown = Planes(harness.gpu, "test")
    shown.upload(Picture(1, 0, *size, "nv12", planes, matrix=matrix, full_range=full_range))
    name = harness.file(READ)
    block = harness.uniforms.block(harness.shaders.struct(name, "Test"))
    shown.write_reading(block.data["reading"])
    drawn = harness.draw(
        name, size, block=block, textures=shown.views, constants={"LAYOUT": LAYOUTS["nv12"], "EXACT": float(exact)}
    )
    middles = drawn[TILE // 2 :: TILE, TILE // 2 :: TILE, :3].reshape(-1, 3)[: len(yuv)]
    np.testing.assert_allclose(255 * middles, 255 * rgb_of(yuv.astype(float), matrix, full_range), atol=1.0)
    assert (drawn[..., 3] == 1).all()


@pytest.mark.parametrize("exact", [False, True])
def test_an_rgba_picture_is_read_as_it_is(harness: Harness, exact: bool) -> None:
    rgba = np.random.default_rng(3).integers(0, 256, (36, 64, 4), np.uint8)
    shown = Planes(harness.gpu, "test")
    shown.upload(Picture(1, 0, 64, 36, "rgba", (rgba,)))
    name = harness.file(READ)
    block = harness.uniforms.block(harness.shaders.struct(name, "Test"))
    shown.write_reading(block.data["reading"])
    drawn = harness.draw(
        name, (64, 36), block=block, textures=shown.views, constants={"LAYOUT": LAYOUTS["rgba"], "EXACT": float(exact)}
    )
    np.testing.assert_allclose(255 * drawn, rgba, atol=0.01)


def test_a_stills_smaller_sizes_are_means_of_it(harness: Harness) -> None:
    rgba = np.random.default_rng(4).integers(0, 256, (64, 64, 4), np.uint8)
    shown = Planes(harness.gpu, "test")
    shown.upload(Picture(1, 0, 64, 64, "rgba", (rgba,), still=True, smaller=halves(rgba)))
    name = harness.file(READ)
    block = harness.uniforms.block(harness.shaders.struct(name, "Test"))
    shown.write_reading(block.data["reading"], lod=2.0)
    drawn = harness.draw(name, (16, 16), block=block, textures=shown.views)
    # Means of light, weighed by alpha: what is not there has no colour.
    alpha = rgba[..., 3:] / 255
    light, alpha = (
        part.reshape(16, 4, 16, 4, -1).mean(axis=(1, 3)) for part in (decode(rgba[..., :3] / 255) * alpha, alpha)
    )
    means = np.dstack([encode(light / alpha), alpha])
    np.testing.assert_allclose(255 * drawn, 255 * means, atol=2.0)


def test_planes_are_made_anew_only_when_size_or_layout_change(harness: Harness) -> None:
    shown = Planes(harness.gpu, "test")
    rgba = np.zeros((8, 8, 4), np.uint8)
    picture = Picture(1, 0, 8, 8, "rgba", (rgba,), quarter_turns=1, mirrored=True)
    shown.upload(picture)
    views, version = list(shown.views), shown.version  # versions count over all cameras
    shown.upload(picture)
    assert (shown.views, shown.version) == (views, version)
    assert (shown.upright_size, shown.quarter_turns, shown.mirrored) == ((8, 8), 1, True)
    shown.upload(Picture(2, 0, 8, 4, "nv12", (np.zeros((4, 8), np.uint8), np.zeros((2, 4, 2), np.uint8))))
    assert (len(shown.views), shown.version > version, shown.layout) == (2, True, "nv12")
