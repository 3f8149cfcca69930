"""Holes and specks of a mask: those that are small enough go, with their rims, and nothing else does."""

from __future__ import annotations

from typing import Any

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from engine.models.tidy import Tidying

Mask = NDArray[np.uint8]

FOUR = ((-1, 0), (1, 0), (0, -1), (0, 1))
EIGHT = (*FOUR, (-1, -1), (-1, 1), (1, -1), (1, 1))


def regions(where: NDArray[np.bool_], neighbours: tuple[tuple[int, int], ...]) -> list[list[tuple[int, int]]]:
    """Return the places of every region, found by walking from pixel to pixel."""
    left = set(zip(*(axis.tolist() for axis in np.nonzero(where)), strict=True))
    found = []
    while left:
        region = [left.pop()]
        for y, x in region:
            near = {(y + down, x + across) for down, across in neighbours} & left
            left -= near
            region += near
        found.append(region)
    return found


def expected(mask: Mask, tidying: Tidying) -> Mask:
    """Tidy by the definition."""
    tidied, (height, width) = mask.copy(), mask.shape
    for region in regions(mask < tidying.most, FOUR):
        within = all(0 < y < height - 1 and 0 < x < width - 1 for y, x in region)
        if within and len(region) < tidying.hole * mask.size:
            for place in region:
                tidied[place] = 255
    for region in regions(tidied > tidying.least, EIGHT):
        if len(region) < tidying.speck * mask.size:
            for place in region:
                tidied[place] = 0
    return tidied


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("blur_px", [0.8, 1.5, 2.5])
def test_random_masks_are_tidied_as_the_definition_says(seed: int, blur_px: float) -> None:
    noise: Any = cv2.GaussianBlur(np.random.default_rng(seed).random((60, 90), np.float32), (0, 0), blur_px)
    level = np.where(np.arange(90) < 45, 235, 45)  # on the left a person with holes, on the right specks
    mask = np.clip(level + 40 * (noise - noise.mean()) / noise.std(), 0, 255).astype(np.uint8)
    tidying = Tidying(hole=0.02, speck=0.015, least=255 * 0.35, most=255 * 0.75)
    wanted, tidied = expected(mask, tidying), mask.copy()
    tidying.tidy(tidied)
    assert ((wanted == 255) & (mask != 255)).sum() > 20, "there are holes to fill"
    assert ((wanted == 0) & (mask != 0)).sum() > 20, "there are specks to drop"
    np.testing.assert_array_equal(tidied, wanted)


def person() -> Mask:
    """Return a person who fills the picture's middle down to its lower border."""
    mask = np.zeros((40, 60), np.uint8)
    mask[8:, 20:40] = 255
    return mask


def test_a_hole_goes_with_its_soft_rim_and_a_gap_that_is_open_stays() -> None:
    mask = person()
    mask[15:20, 25:30] = 150
    mask[16:19, 26:29] = 0  # a hole, its rim half there
    mask[30:, 33:35] = 0  # between the legs, open at the picture's border
    tidied = mask.copy()
    Tidying(hole=0.05, most=191).tidy(tidied)
    wanted = mask.copy()
    wanted[15:20, 25:30] = 255
    np.testing.assert_array_equal(tidied, wanted)


@pytest.mark.parametrize(("area_px", "goes"), [(24, True), (25, False)])
def test_the_area_is_a_share_of_the_picture(area_px: int, goes: bool) -> None:
    mask = person()
    mask[15, 25 : 25 + area_px // 5] = 0
    mask[16:20, 25 : 25 + area_px // 5] = 0
    mask[15, 25 + area_px // 5 : 25 + area_px // 5 + area_px % 5] = 0
    assert (person() != mask).sum() == area_px
    Tidying(hole=25 / mask.size).tidy(mask)
    assert (mask[15:20, 25:30] == 255).all() == goes


def test_a_mask_without_holes_or_specks_and_one_without_a_person_stay_as_they_are() -> None:
    tidying = Tidying(hole=0.1, speck=0.1, least=89.25, most=191.25)
    for mask in (person(), np.zeros((40, 60), np.uint8), np.full((40, 60), 255, np.uint8)):
        tidied = mask.copy()
        tidying.tidy(tidied)
        np.testing.assert_array_equal(tidied, mask)


def test_an_edge_wider_than_the_mask_has_levels_tidies_nothing() -> None:
    mask = person()
    mask[20, 30] = 0
    mask[2, 2] = 255
    tidied = mask.copy()
    Tidying(hole=0.1, speck=0.1, least=-20.0, most=300.0).tidy(tidied)
    np.testing.assert_array_equal(tidied, mask)


def test_two_who_use_one_mask_get_what_harms_neither() -> None:
    joined = Tidying(0.001, 0.02, 50.0, 200.0).joined(Tidying(0.01, 0.0, 80.0, 230.0))
    assert joined == Tidying(0.001, 0.0, 50.0, 230.0)
