"""Portraits before a plain wall, cut out by their distance from its colour: with the hair that a teacher cuts off."""

from __future__ import annotations

from typing import Any, NamedTuple

import cv2
import numpy as np
from numpy.typing import NDArray

Image = NDArray[np.uint8]
Array = NDArray[Any]

OUTSIDE_PX, INSIDE_PX = 20, 8
"""How far to each side of the teacher's outline it is corrected, in a picture whose shorter side is 512 px."""

WALL_PX = 22
"""From how far outside the teacher's outline a pixel shows the wall for certain."""

LEAST_WALL = 2000
"""Fewer pixels of wall than this are not enough to fit its light by."""

LEAST_CONTRAST, ENOUGH_CONTRAST = 50, 90
"""Levels between wall and person: below the first the teacher is believed, above the second the difference."""


class CutOut(NamedTuple):
    """R'G'B' without the wall's part, (height, width, 3), and how much of each pixel is person; both 0 to 255."""

    image: Image
    mask: Image


def cut_out(image: Image, mask: Image) -> CutOut:
    """Return a better cut than the teacher's `mask`, where wall and person differ enough; elsewhere the teacher's.

    Of the matting equation I = αF + (1 − α)B both colours are known well enough: B is the wall, a cubic in x and y
    fitted to what is far from the person, F that of the nearest pixel well inside, so α is |I − B| / |F − B|.
    """
    unit = min(mask.shape) / 512
    outside = _distance(mask <= 5)
    inside = _distance(mask >= 250)
    teacher = sharpened(mask) / 255
    far = outside > WALL_PX * unit
    if np.count_nonzero(far) < LEAST_WALL:
        return CutOut(image, sharpened(mask))
    colours = image.astype(np.float64)
    wall, noise = _wall(colours, far)
    person = _nearest(colours, inside > 7 * unit, 3 * unit)
    contrast = np.linalg.norm(person - wall, axis=-1)
    difference = np.linalg.norm(colours - wall, axis=-1)
    alpha = np.clip((difference - noise) / np.maximum(0.75 * contrast - noise, 1), 0, 1)
    trust = np.clip((contrast - LEAST_CONTRAST) / (ENOUGH_CONTRAST - LEAST_CONTRAST), 0, 1)
    near = np.clip((OUTSIDE_PX * unit - outside) / (6 * unit), 0, 1)
    near *= np.clip((INSIDE_PX * unit - inside) / (3 * unit), 0, 1)
    weight: Any = cv2.GaussianBlur(trust * near, (0, 0), 2)
    alpha = teacher * (1 - weight) + alpha * weight
    mask = np.asarray(np.round(255 * alpha), np.uint8)
    alpha, weight = alpha[..., None], np.where(alpha < 0.98, weight, 0)[..., None]
    own = (colours - (1 - alpha) * wall) / np.maximum(alpha, 0.1)
    unmixed = person + (own - person) * np.clip((alpha - 0.05) / 0.2, 0, 1)
    unmixed = colours + (unmixed - colours) * weight
    return CutOut(np.asarray(np.clip(unmixed, 0, 255), np.uint8), mask)


def sharpened(mask: Image) -> Image:
    """Return a teacher's mask with outlines as narrow as a lens draws them."""
    return np.asarray(np.round(255 * np.clip((mask / 255 - 0.2) / 0.6, 0, 1)), np.uint8)


def _distance(where: NDArray[np.bool_]) -> Array:
    found: Any = cv2.distanceTransform(where.astype(np.uint8), cv2.DIST_L2, 3)
    return np.asarray(found)


def _wall(colours: Array, far: NDArray[np.bool_]) -> tuple[Array, float]:
    """Return the wall's colour everywhere, and how far from it a pixel of the wall may be."""
    rows, columns = far.shape
    y, x = np.mgrid[-1 : 1 : rows * 1j, -1 : 1 : columns * 1j]
    powers = np.stack([x**i * y**j for i in range(4) for j in range(4 - i)], -1)
    kept = far
    wall, spread = colours, 0.0
    for _ in range(2):  # the second time without what is not wall after all
        fitted, *_ = np.linalg.lstsq(powers[kept][::7], colours[kept][::7], rcond=None)
        wall = powers @ fitted
        error = np.abs(colours - wall).max(-1)
        spread = 1.5 * float(np.median(error[kept]))
        kept = far & (error < 4 * spread + 2)
    return wall, 3 * spread + 4


def _nearest(colours: Array, known: NDArray[np.bool_], blur_px: float) -> Array:
    """Return the colours of the nearest pixels that are known, smooth."""
    _, labels = cv2.distanceTransformWithLabels(
        (~known).astype(np.uint8), cv2.DIST_L2, 5, labelType=cv2.DIST_LABEL_PIXEL
    )
    of_label = np.zeros((int(labels.max()) + 1, 3))
    calm: Any = cv2.GaussianBlur(colours, (0, 0), 2)
    of_label[labels[known]] = calm[known]
    smooth: Any = cv2.GaussianBlur(of_label[labels], (0, 0), blur_px)
    return np.asarray(smooth)
