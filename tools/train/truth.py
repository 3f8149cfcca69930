"""The test set: clips whose masks are exact or keyed. Nothing here is trained on."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from tools.train.data import Image

CLIPS = {
    "comp_bbaf2n": "comp_bbaf2n.mp4",
    "comp_lbbc2a": "comp_lbbc2a.mp4",
    "grid_bbaf2n": "grid_bbaf2n.mpg",
    "grid_lbbc2a": "grid_lbbc2a.mpg",
    "grid_id2_vcd_swwp2s": "grid_id2_vcd_swwp2s.mpg",
}
"""Each folder of masks, and its clip."""

Finder = Callable[[Image], Image]
"""A picture, R'G'B' at any size, in; how much of each pixel is person, 0 to 255 at any size, out."""


def read(media: Path, name: str) -> list[tuple[Image, Image]]:
    """Return the frames of a clip that have a mask, R'G'B', each with its mask."""
    video = cv2.VideoCapture(str(media / "clips" / CLIPS[name]))
    pairs = []
    index = 0
    while True:
        there, frame = video.read()
        if not there:
            break
        path = media / "masks" / name / f"{index:04d}.png"
        if path.exists():
            mask: Any = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
            rgb: Any = cv2.cvtColor(frame, cv2.COLOR_BGR2RGB)
            pairs.append((rgb, mask))
        index += 1
    if not pairs:
        raise FileNotFoundError(f"{name}: no frames with masks under {media}")
    return pairs


def overlap(found: Image, truth: Image) -> float:
    """Return intersection over union of what is more than half there, at the size of the truth."""
    height, width = truth.shape
    mask: Any = cv2.resize(found, (width, height), interpolation=cv2.INTER_LINEAR)
    one, other = mask > 127, truth > 127
    return float((one & other).sum() / max(1, (one | other).sum()))


def scores(pairs: list[tuple[Image, Image]], find: Finder) -> tuple[float, float, float]:
    """Return mean and least overlap, and how much more the mask changes from frame to frame than the truth, levels."""
    found = [find(picture) for picture, _ in pairs]
    overlaps = [overlap(mask, truth) for mask, (_, truth) in zip(found, pairs, strict=True)]
    flicker = [
        np.abs(change.astype(float)).mean()
        for mask, before, (_, truth), (_, truth_before) in zip(found[1:], found, pairs[1:], pairs, strict=False)
        for change in [_change(mask, before) - _change(_small(truth, mask), _small(truth_before, mask))]
    ]
    return float(np.mean(overlaps)), min(overlaps), float(np.mean(flicker))


def _change(mask: Image, before: Image) -> Any:
    return mask.astype(np.int16) - before


def _small(truth: Image, mask: Image) -> Image:
    height, width = mask.shape
    smaller: Any = cv2.resize(truth, (width, height), interpolation=cv2.INTER_AREA)
    return smaller
