"""Pictures and clips with the truth beside them: what models are measured on."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np

from engine.errors import ModelError
from engine.media.picture import Picture, Plane

Pair = tuple[Plane, Plane]
"""A picture, R'G'B' (height, width, 3), and how much of each of its pixels is person, 0 to 255, (height, width)."""


@dataclass(frozen=True, slots=True)
class Item:
    """A picture or a clip, and where its masks are: a file for a picture, a folder of `0000.png` for a clip's frames.

    Fails: `pairs` with ModelError where a file is not what its name says.
    """

    name: str
    source: Path
    masks: Path

    @property
    def moves(self) -> bool:
        """Whether it is a clip."""
        return self.masks.is_dir()

    def pairs(self) -> Iterator[Pair]:
        """Read the picture, or the frames of the clip that have a mask, in order."""
        if not self.moves:
            picture: Any = cv2.imread(str(self.source), cv2.IMREAD_COLOR)
            if picture is None:
                raise ModelError(f"{self.source}: this is no picture that can be read: remove it or its mask")
            yield _rgb(picture), _mask(self.masks)
            return
        video = cv2.VideoCapture(str(self.source))
        count = 0
        try:
            for index in range(10_000_000):
                frame: Any
                there, frame = video.read()
                if not there:
                    break
                path = self.masks / f"{index:04d}.png"
                if path.exists():
                    count += 1
                    yield _rgb(frame), _mask(path)
        finally:
            video.release()
        if not count:
            raise ModelError(f"{self.source}: no frame of it has a mask: {self.masks} has none named 0000.png and on")


def read(folder: Path) -> list[Item]:
    """Return what a folder holds: for each of `masks/NAME.png` and `masks/NAME/` the NAME.* of `images`, `clips` or it.

    Fails: ModelError where there is no mask, or nothing that a mask belongs to.
    """
    masks = sorted(path for path in (folder / "masks").glob("*") if path.is_dir() or path.suffix == ".png")
    if not masks:
        raise ModelError(
            f"{folder}: there are no masks: put NAME.png for each picture images/NAME.jpg, and NAME/0000.png and "
            "on for each clip clips/NAME.mp4, into its folder `masks`"
        )
    items = []
    for mask in masks:
        places = (folder / "clips", folder / "images", folder)
        found = [path for place in places for path in sorted(place.glob(f"{mask.stem}.*")) if path.suffix != ".toml"]
        if not found:
            raise ModelError(f"{mask}: there is no clips/{mask.stem}.* or images/{mask.stem}.* that it is the mask of")
        if mask.is_dir() or _is_grey(mask):
            items.append(Item(mask.stem, found[0], mask))
        else:
            print(f"{mask}: left out, since it is in colours: write how much is person as grey", file=sys.stderr)
    if not items:
        raise ModelError(f"{folder}: none of its masks can be used: write them as grey PNGs")
    return items


def picture_of(rgb: Plane) -> Picture:
    """Return R'G'B' as a camera's picture."""
    rgba: Any = cv2.cvtColor(rgb, cv2.COLOR_RGB2RGBA)
    height, width = rgb.shape[:2]
    return Picture(0, 0, width, height, "rgba", (rgba,))


def _rgb(bgr: Plane) -> Plane:
    return np.asarray(cv2.cvtColor(bgr, cv2.COLOR_BGR2RGB), np.uint8)


def _is_grey(path: Path) -> bool:
    """Return whether a mask means levels; one that cannot be read is told of when it is measured."""
    mask: Any = cv2.imread(str(path), cv2.IMREAD_COLOR)
    return mask is None or bool((mask == mask[..., :1]).all())


def _mask(path: Path) -> Plane:
    mask: Any = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
    if mask is None:
        raise ModelError(f"{path}: this is no picture that can be read: write the mask as a grey PNG")
    return np.asarray(mask, np.uint8)
