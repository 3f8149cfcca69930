"""From a network's mask to a matte: held still where nothing moves, fitted to edges, and sorted into tiles."""

from __future__ import annotations

import math
from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.components import Mask
from engine.gpu.planes import Planes
from engine.gpu.settled import Settled
from engine.gpu.tiles import EDGE, GUIDED, SIDE_PX, SOLID, TEXTURE, OwnAlpha, Sorted, Tiles
from engine.media.picture import Picture
from systems.masks import FLAT_VARIANCE, Matte, Refiner
from tests.engine.gpu.harness import Harness, listed

WIDTH, HEIGHT = 64, 36
TIMES = 4  # picture pixels under a mask pixel, along an axis
RADIUS = 2
EMPTY = 0

Array = NDArray[Any]


class Studio:
    """A refiner, and a picture and mask to give it."""

    def __init__(self, harness: Harness) -> None:
        self.harness = harness
        self.refiner = Refiner(harness.passes, "test", (WIDTH, HEIGHT))
        self.planes = Planes(harness.gpu, "test")
        self.sequence = 0
        self.matte = Matte(kind=GUIDED, mask=Mask(camera="front", smooth=0.5))
        self.settled: Settled | None = None

    def refine(self, guide: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Refine a mask of a picture whose pixels are TIMES as small; return the lines (height, width, 4)."""
        rgb = guide.repeat(TIMES, axis=0).repeat(TIMES, axis=1)
        rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
        self.planes.upload(Picture(1, 0, rgba.shape[1], rgba.shape[0], "rgba", (rgba,)))
        harness = self.harness
        encoder = harness.gpu.device.create_command_encoder()
        self.sequence += 1
        self.matte.refiner = self.refiner
        self.refiner.run(encoder, self.planes, mask, self.sequence, self.matte)
        if self.settled is not None:
            self.settled.run(encoder, self.planes, self.refiner.tiles, self.matte, self.refiner.held, self.refiner.keep)
        harness.uniforms.upload()
        harness.gpu.wait(harness.gpu.submit(encoder.finish()))
        return harness.seen(self.refiner.view, (WIDTH, HEIGHT))

    def settle(self, guide: NDArray[np.uint8], mask: NDArray[np.uint8]) -> tuple[Array, Array, Array]:
        """Refine a mask; return alpha as it is held still, alpha as the lines say, and for how many frames the picture
        has been still, all at the picture's size."""
        size = (TIMES * WIDTH, TIMES * HEIGHT)
        if self.settled is None:
            self.settled = Settled(self.harness.passes, "test", size)
        lines = cv2.resize(self.refine(guide, mask), size, interpolation=cv2.INTER_LINEAR)
        colours = guide.repeat(TIMES, axis=0).repeat(TIMES, axis=1) / 255
        value = (lines[..., :3] * colours).sum(-1) + lines[..., 3]
        at_once = np.clip((value - 0.5) / self.matte.fitted + 0.5, 0, 1)
        frames = self.harness.seen(self.refiner.held, (WIDTH, HEIGHT))[..., 1]
        around = [np.arange(TIMES * side) / TIMES + 0.5 / TIMES - 0.5 for side in (HEIGHT, WIDTH)]
        rows, columns = (
            [np.clip(np.floor(each + step).astype(int), 0, side - 1) for step in (0, 1)]
            for each, side in zip(around, (HEIGHT, WIDTH), strict=True)
        )
        least = np.min([frames[np.ix_(row, column)] for row in rows for column in columns], axis=0)
        return self.harness.seen(self.settled.view, size)[..., 0], at_once, least

    def show(self, guide: NDArray[np.uint8]) -> Array:
        """Show a picture that has no mask yet with the last one's lines; return alpha at the picture's size."""
        assert self.settled is not None
        rgb = guide.repeat(TIMES, axis=0).repeat(TIMES, axis=1)
        rgba = np.dstack([rgb, np.full(rgb.shape[:2], 255, np.uint8)])
        self.planes.upload(Picture(1, 0, rgba.shape[1], rgba.shape[0], "rgba", (rgba,)))
        encoder = self.harness.gpu.device.create_command_encoder()
        self.settled.run(encoder, self.planes, self.refiner.tiles, self.matte, self.refiner.held, None)
        self.harness.uniforms.upload()
        self.harness.gpu.wait(self.harness.gpu.submit(encoder.finish()))
        return self.harness.seen(self.settled.view, self.settled.size)[..., 0]

    def held(self, guide: NDArray[np.uint8], mask: NDArray[np.uint8]) -> NDArray[np.float64]:
        """Return what of a mask is held still, 0 to 255, (height, width), where it is cut by ALL and not refined."""
        seen = self.refine(guide, mask)[..., 3].astype(np.float64)
        return 255 * (0.5 - np.sin(np.arcsin(np.clip(1 - 2 * seen, -1, 1)) / 3))  # the inverse of smoothstep


ALL: dict[str, Any] = {"threshold": 0.5, "softness": 1.0, "refine": 0.0}
"""An edge from the least value of a mask to the greatest."""


def cut(mask: NDArray[Any], threshold: float = 0.55, softness: float = 0.4) -> NDArray[np.float64]:
    """Return how much of a mask, 0 to 255, is seen."""
    share = np.clip((mask / 255 - threshold) / softness + 0.5, 0, 1)
    return np.asarray(share * share * (3 - 2 * share))


@pytest.fixture
def studio(harness: Harness) -> Studio:
    return Studio(harness)


def person() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Return a guide with an edge, and a mask that has that edge too soft and a little beside it."""
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    distance = np.hypot(x - 30, y - 20)
    noise = np.random.default_rng(5).integers(-6, 7, (HEIGHT, WIDTH, 3))
    inside = (distance < 11)[..., None]
    guide = np.clip(np.where(inside, [190, 140, 110], [40, 90, 60]) + noise, 0, 255).astype(np.uint8)
    mask = np.round(255 * np.clip((13 - distance) / 5, 0, 1)).astype(np.uint8)
    return guide, mask


def guided_filter(guide: NDArray[Any], mask: NDArray[Any]) -> NDArray[np.float64]:
    """Return the lines of He, Sun and Tang 2010, equation 19: (a, b) at every pixel, by solving, pixel by pixel."""
    pad = ((RADIUS, RADIUS), (RADIUS, RADIUS))
    colours = np.pad(guide, (*pad, (0, 0)), mode="edge")
    alphas = np.pad(mask, pad, mode="edge")
    lines = np.zeros((HEIGHT, WIDTH, 4))
    for y in range(HEIGHT):
        for x in range(WIDTH):
            window = np.s_[y : y + 2 * RADIUS + 1, x : x + 2 * RADIUS + 1]
            i, p = colours[window].reshape(-1, 3), alphas[window].ravel()
            covariance = np.cov(i.T, bias=True) + FLAT_VARIANCE * np.eye(3)
            a = np.linalg.solve(covariance, (i * p[:, None]).mean(0) - i.mean(0) * p.mean())
            lines[y, x] = (*a, p.mean() - a @ i.mean(0))
    return lines


def spread(lines: NDArray[Any]) -> NDArray[np.float64]:
    """Return the mean over 5 × 5, its rim at half weight: nine bilinear samples 1.5 texels apart."""
    for axis in (0, 1):
        padding = [(2, 2) if each == axis else (0, 0) for each in range(3)]
        padded = np.pad(lines, padding, mode="edge")
        length = lines.shape[axis]
        parts = [padded.take(range(start, start + length), axis) for start in range(5)]
        lines = np.tensordot([0.5, 0.5, 1.0, 0.5, 0.5], np.stack(parts), axes=1) / 3
    return lines


def test_lines_are_those_of_the_guided_filter(studio: Studio) -> None:
    guide, mask = person()
    studio.matte.mask = Mask(camera="front", refine=1.0, threshold=0.5, softness=1.0)  # nothing counts as no edge
    found = studio.refine(guide, mask)
    flat = (mask == 0) | (mask == 255)
    expected = spread(guided_filter(guide / 255, cut(mask, 0.5, 1.0)))
    colours = guide / 255
    alpha = (found[..., :3] * colours).sum(-1) + found[..., 3]
    true = (expected[..., :3] * colours).sum(-1) + expected[..., 3]
    edge = ~flat
    assert edge.sum() > 200
    assert np.abs(alpha - true).mean() < 0.004
    assert np.abs(alpha - true).max() < 0.03  # half floats, times three


def test_without_refinement_the_lines_are_what_is_seen_of_the_mask(studio: Studio) -> None:
    guide, mask = person()
    studio.matte.mask = Mask(camera="front", refine=0.0)
    found = studio.refine(guide, mask)
    assert np.abs(found[..., :3]).max() == 0
    expected = spread(cut(mask)[..., None].repeat(4, axis=2))[..., 3]
    np.testing.assert_allclose(found[..., 3], expected, atol=0.002)


def test_refinement_brings_the_matte_closer_to_the_edge_in_the_picture(studio: Studio) -> None:
    guide, mask = person()
    x, y = np.meshgrid(np.arange(WIDTH), np.arange(HEIGHT))
    true = (np.hypot(x - 30, y - 20) < 11).astype(float)

    def error(refine: float) -> float:
        studio.matte.mask = Mask(camera="front", refine=refine)
        studio.refiner = Refiner(studio.harness.passes, "test", (WIDTH, HEIGHT))
        lines = studio.refine(guide, mask)
        value = (lines[..., :3] * guide / 255).sum(-1) + lines[..., 3]
        return float(np.abs(np.clip(value, 0, 1) - true).mean())

    assert error(1.0) < 0.8 * error(0.0)


def test_the_mask_is_kept_in_part_where_the_picture_is_still(studio: Studio) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    studio.matte.mask = Mask(camera="front", smooth=0.5, **ALL)
    low, high = np.full((HEIGHT, WIDTH), 100, np.uint8), np.full((HEIGHT, WIDTH), 140, np.uint8)
    assert studio.held(grey, low).mean() == pytest.approx(100, abs=0.5), "the first has no past"
    assert studio.held(grey, high).mean() == pytest.approx(120, abs=0.5)
    assert studio.held(grey, high).mean() == pytest.approx(130, abs=0.5)


def test_the_mask_is_new_at_once_where_the_picture_moves(studio: Studio) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    moved = grey.copy()
    moved[:, WIDTH // 2 :] = 200
    studio.matte.mask = Mask(camera="front", smooth=0.9, **ALL)
    low, high = np.full((HEIGHT, WIDTH), 100, np.uint8), np.full((HEIGHT, WIDTH), 140, np.uint8)
    studio.refine(grey, low)
    found = studio.held(moved, high)
    assert found[:, : WIDTH // 2 - 3].mean() == pytest.approx(120, abs=0.5)
    assert found[:, WIDTH // 2 + 3 :].mean() == pytest.approx(140, abs=0.5)


def test_what_a_hand_has_uncovered_is_settled_within_two_frames(studio: Studio) -> None:
    hand, wall = (np.full((HEIGHT, WIDTH, 3), level, np.uint8) for level in (180, 128))
    all_of_it, most, nothing = (np.full((HEIGHT, WIDTH), level, np.uint8) for level in (255, 200, 0))
    studio.matte.mask = Mask(camera="front", smooth=0.95, **ALL)
    for _ in range(5):
        studio.refine(hand, all_of_it)
    assert studio.held(wall, most).max() == pytest.approx(200, abs=0.5), "a network that sees it late"
    assert studio.held(wall, nothing).max() == pytest.approx(100, abs=0.5), "under a threshold of .55"
    assert studio.held(wall, nothing).max() == pytest.approx(64, abs=1), "less than 67, since it had changed its mind"


def test_a_network_that_blinks_before_a_still_picture_is_held(studio: Studio) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    studio.matte.mask = Mask(camera="front", smooth=0.9, **ALL)
    for _ in range(12):
        studio.refine(grey, np.full((HEIGHT, WIDTH), 255, np.uint8))
    assert studio.held(grey, np.zeros((HEIGHT, WIDTH), np.uint8)).min() == pytest.approx(0.9 * 255, abs=2)


def test_a_network_that_says_so_again_is_believed(studio: Studio) -> None:
    grey = np.full((HEIGHT, WIDTH, 3), 128, np.uint8)
    studio.matte.mask = Mask(camera="front", smooth=0.9, **ALL)
    for _ in range(12):
        studio.refine(grey, np.full((HEIGHT, WIDTH), 255, np.uint8))
    nobody = np.zeros((HEIGHT, WIDTH), np.uint8)
    held = [studio.held(grey, nobody).mean() for _ in range(3)]
    assert held == pytest.approx([0.9 * 255, 0.45 * 255, 60], abs=2), "once not; then it counts as much as the past"


def noisy_person(seed: int) -> NDArray[np.uint8]:
    guide, _ = person()
    noise = np.random.default_rng(seed).integers(-5, 6, guide.shape)
    return np.clip(guide.astype(int) + noise, 0, 255).astype(np.uint8)


def test_alpha_is_the_mean_over_the_frames_in_which_the_picture_was_still(studio: Studio) -> None:
    _, mask = person()
    studio.matte.mask = Mask(camera="front", smooth=0.7)
    expected: Any = None
    for frame in range(5):
        guide = noisy_person(frame)
        if frame == 3:
            guide[15:25, 20:26] = 250  # something moves at the edge, and goes again
        settled, at_once, frames = studio.settle(guide, mask)
        if expected is None:
            expected = at_once
        else:
            change = np.clip((np.abs(at_once - expected) - 0.5) / 0.5, 0, 1)
            share = np.minimum(0.7, (frames - 1) / (frames + 0.4)) * (1 - change * change * (3 - 2 * change))
            expected = share * expected + (1 - share) * at_once
        np.testing.assert_allclose(settled, expected, atol=0.03)  # half floats, times the slope of an edge
        assert np.abs(settled - expected).mean() < 0.002
    assert frames[4 * 12 : 4 * 14].max() == 5
    assert frames[4 * 18, 4 * 22] < 2.1, "there the picture has just moved"


def test_what_is_held_still_hardly_flickers(studio: Studio) -> None:
    _, mask = person()
    studio.matte.mask = Mask(camera="front", smooth=0.9)
    seen = [studio.settle(noisy_person(frame), mask) for frame in range(16)]
    ours, at_once = (np.abs(np.diff([each[part] for each in seen[8:]], axis=0)).mean() for part in (0, 1))
    assert at_once > 0.0005
    assert ours < 0.3 * at_once


def test_what_becomes_solid_or_empty_is_so_at_once(studio: Studio) -> None:
    guide, mask = person()
    studio.matte.mask = Mask(camera="front", smooth=0.9)
    for _ in range(3):
        studio.settle(guide, mask)
    for level, shade in ((255, 250), (0, 20), (255, 120)):
        settled, _, _ = studio.settle(np.full_like(guide, shade), np.full_like(mask, level))
        assert np.abs(settled - level / 255).max() < 0.002


def test_a_picture_shown_before_its_mask_leaves_nothing_behind(studio: Studio) -> None:
    _, mask = person()
    studio.matte.mask = Mask(camera="front", smooth=0.9)
    flash = noisy_person(0) // 2 + 60
    expected: Any = 0.0
    for frame in range(4):
        settled, at_once, frames = studio.settle(noisy_person(frame), mask)
        share = np.minimum(0.9, (frames - 1) / (frames + 0.4))
        expected = share * expected + (1 - share) * at_once
        np.testing.assert_allclose(settled, expected, atol=0.03)
        assert np.abs(studio.show(flash) - expected).max() > 0.2, "it is seen, as it is"


def test_alpha_of_another_size_of_picture_begins_anew(studio: Studio) -> None:
    guide, mask = person()
    studio.matte.mask = Mask(camera="front", smooth=0.9)
    for _ in range(4):
        studio.settle(guide, mask)
    studio.settled = None
    settled, at_once, frames = studio.settle(guide, mask)
    assert frames.min() == 5, "the mask is still the mean of all"
    np.testing.assert_allclose(settled, at_once, atol=0.03)


# Tiles ----------------------------------------------------------------------------------------------------------------


PICTURE = (960, 576)


def sorted_tiles(least: Array, most: Array, low: float, high: float, size: tuple[int, int], margin: int = 1) -> Array:
    """Return the kind of every tile of a picture, from the least and most that each texel of its matte may be, `margin`
    texels to each side."""
    height, width = least.shape
    across, down = (-(-side // SIDE_PX) for side in size)
    kinds = np.zeros((down, across), np.int64)
    for y in range(down):
        for x in range(across):
            top, bottom = (row * SIDE_PX * height / size[1] for row in (y, y + 1))
            left, right = (column * SIDE_PX * width / size[0] for column in (x, x + 1))
            rows = slice(max(math.floor(top) - margin, 0), math.ceil(bottom) + margin)
            columns = slice(max(math.floor(left) - margin, 0), math.ceil(right) + margin)
            if most[rows, columns].max() <= low:
                kinds[y, x] = EMPTY
            elif least[rows, columns].min() >= high:
                kinds[y, x] = SOLID
            else:
                kinds[y, x] = EDGE
    return kinds


def check_tiles(
    found: Array, least: Array, most: Array, low: float, high: float, size: tuple[int, int] = PICTURE
) -> None:
    """Compare with what numpy sorts. Where a tile begins on a texel's border a GPU may round one texel further."""
    expected, further = (sorted_tiles(least, most, low, high, size, margin) for margin in (1, 2))
    assert set(expected.ravel()) == {EMPTY, EDGE, SOLID}
    assert ((found == expected) | (found == further)).all()
    assert (found == expected).mean() > 0.98


def sort(harness: Harness, matte: Sorted, rgba: Array | None = None, fine: Any = None) -> Array:
    tiles = Tiles(harness.passes, "test")
    encoder = harness.gpu.device.create_command_encoder()
    planes = Planes(harness.gpu, "test")
    rgba = np.zeros((PICTURE[1], PICTURE[0], 4), np.uint8) if rgba is None else rgba
    planes.upload(Picture(1, 0, rgba.shape[1], rgba.shape[0], "rgba", (rgba,)))
    tiles.sort(encoder, planes, matte, fine)
    harness.uniforms.upload()
    harness.gpu.wait(harness.gpu.submit(encoder.finish()))
    edge, solid = listed(harness, tiles, EDGE), listed(harness, tiles, SOLID)
    return np.where(solid, SOLID, np.where(edge, EDGE, EMPTY))


def blobs(width: int, height: int) -> NDArray[np.uint8]:
    """Return a matte with empty, soft and solid places, and one lone pixel of each kind in the other."""
    x, y = np.meshgrid(np.linspace(0, 1, width), np.linspace(0, 1, height))
    alpha = np.clip(0.5 + 4 * (0.28 - np.hypot(x - 0.45, y - 0.6)), 0, 1)
    matte = np.round(255 * alpha).astype(np.uint8)
    matte[height // 20, width // 20] = 1
    matte[int(0.6 * height), int(0.5 * width)] = 254
    return matte


@pytest.mark.parametrize("size", [(640, 384), (200, 144), (321, 181), (40, 24)])
def test_tiles_of_an_alpha_matte_are_sorted_as_numpy_sorts_them(harness: Harness, size: tuple[int, int]) -> None:
    alpha = blobs(*size)
    view = harness.texture(size, "r8unorm", alpha).create_view()
    kinds = sort(harness, Matte(kind=TEXTURE, view=view, version=1))
    check_tiles(kinds, alpha / 255, alpha / 255, 0.0, 1.0)


def test_tiles_of_a_guided_matte_are_edges_wherever_colour_decides(harness: Harness) -> None:
    size = (256, 144)
    lines = np.zeros((144, 256, 4), np.float16)
    lines[..., 3] = blobs(*size) / 255
    lines[90:94, 30:60, :3] = 0.5  # a line with a slope: alpha hangs on the colour, so this is an edge
    view = harness.texture(size, "rgba16float", lines).create_view()
    slope = np.abs(lines[..., :3]).sum(-1) >= 1e-4
    value = lines[..., 3].astype(np.float32)
    least, most = np.where(slope, 0, value), np.where(slope, 1, value)
    matte = Matte(kind=GUIDED, view=view, version=1)
    check_tiles(sort(harness, matte), least, most, float(np.float32(matte.least)), float(np.float32(matte.most)))


def test_alpha_decides_where_a_guided_matte_leaves_it_open(harness: Harness) -> None:
    lines = np.zeros((144, 256, 4), np.float16)
    lines[:, 96:, 3] = 1.0
    lines[:, 64:160, :3] = 0.5
    alpha = np.zeros((288, 480), np.float16)
    alpha[:, 240:] = 1.0
    alpha[:, 230:240] = 0.5
    alpha[:, 130:140] = 0.001  # less than half a level is nothing
    alpha[:, :40] = 0.5  # but where the lines say that nothing is seen it does not count
    view = harness.texture((256, 144), "rgba16float", lines).create_view()
    fine = harness.texture((480, 288), "r16float", alpha).create_view()
    kinds = sort(harness, Matte(kind=GUIDED, view=view, version=1), fine=fine)
    assert (kinds == kinds[0]).all()
    row = "".join("-e#"[kind] for kind in kinds[0])  # a tile is 12 px of alpha wide
    assert row == "-------------------e#" + "#" * 19


def test_tiles_of_a_picture_with_alpha_are_sorted_by_its_alpha(harness: Harness) -> None:
    rgba = np.zeros((300, 500, 4), np.uint8)
    rgba[..., 3] = blobs(500, 300)
    check_tiles(sort(harness, OwnAlpha(), rgba), rgba[..., 3] / 255, rgba[..., 3] / 255, 0.0, 1.0, (500, 300))


def test_a_picture_taller_than_a_run_of_tiles_can_be_has_larger_ones(harness: Harness) -> None:
    kinds = sort(harness, OwnAlpha(), np.full((SIDE_PX * 260, 48, 4), 255, np.uint8))
    assert (kinds == SOLID).all()
